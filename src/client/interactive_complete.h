/* SPDX-License-Identifier: MIT
 *
 * What the word that is being typed could become: a command, the id of a friend, on or off. Any thread.
 */
#ifndef CLIENT_INTERACTIVE_COMPLETE_H
#define CLIENT_INTERACTIVE_COMPLETE_H

#include "client/interactive_friends.h"

#include <stddef.h>

/*
 * `line` is what stands before the cursor; sets *start to where its last word begins. Returns a new array of new texts that ends with NULL, in order; NULL
 * without memory.
 */
char **complete_line(const struct friends *friends, const char *line, size_t *start);

#endif
