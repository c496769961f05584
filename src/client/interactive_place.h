/* SPDX-License-Identifier: MIT
 *
 * Where on a terminal a text ends that begins at the left edge: how many rows below. It counts as libedit draws. Any thread that has a locale.
 */
#ifndef CLIENT_INTERACTIVE_PLACE_H
#define CLIENT_INTERACTIVE_PLACE_H

#include <stddef.h>

struct place {
    unsigned columns; /* of the terminal */
    unsigned row, column;
};

/* Moves behind a text. */
void place_advance(struct place *place, const char *text, size_t length);

#endif
