/* SPDX-License-Identifier: MIT
 *
 * What the server says, as short words that tests can be read by. The classic dialect's are "+", "-" and an error's code. Those of the
 * JSON-RPC dialect, of which every key is looked at:
 *
 *     1:pong  "a":{}              results of calls with these ids
 *     2:[7,8=away]                who is online, of them with a status (=)
 *     3:hi[7]                     the same from a login
 *     null:-32700/bad_json        an error: its code and its data
 *     (1:pong,2:{})               a batch
 *     <7+,8-timeout,9+=away>      news, each change with its reason or status
 *     <#1:7+>                     the same in a datagram, with its number
 *
 * A name stands in quotes.
 */
#ifndef SUPPORT_UNIT_WORDS_H
#define SUPPORT_UNIT_WORDS_H

#include <stddef.h>

/* Writes the word for one line, which ends with its newline; returns its length. Fails the test when the line is strange. */
size_t word_of_line(const char *line, size_t length, char *word, size_t size);

#endif
