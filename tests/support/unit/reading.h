/* SPDX-License-Identifier: MIT
 *
 * What tests of the decoders share: a decoder for each test, and texts in memory of their own size, so that reading on is found out.
 */
#ifndef SUPPORT_UNIT_READING_H
#define SUPPORT_UNIT_READING_H

#include "protocol/decoder.h"

#include <stddef.h>

/* Between reading_set_up and reading_tear_down, which are a checked fixture. A test may put a new one in its place. */
extern struct decoder *reading_decoder;

void reading_set_up(void);
void reading_tear_down(void);

/* The caller frees it. */
char *reading_copy(const char *text, size_t length);

#endif
