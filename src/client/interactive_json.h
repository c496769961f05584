/* SPDX-License-Identifier: MIT
 *
 * Writes JSON values as they stand in a line of a script's output. What is no UTF-8 becomes U+FFFD, so that a line is JSON whatever came from the
 * network. Any thread.
 */
#ifndef CLIENT_INTERACTIVE_JSON_H
#define CLIENT_INTERACTIVE_JSON_H

#include "alo/client.h"

#include <stddef.h>
#include <stdio.h>

/* A string; NULL: null. */
void json_write_text(FILE *out, const char *text);
void json_write_bytes(FILE *out, const char *bytes, size_t length);
/* A user's id: an integer or a string. */
void json_write_user(FILE *out, struct alo_user user);

#endif
