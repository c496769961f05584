/* SPDX-License-Identifier: MIT
 *
 * Numbers that are well-formed JSON and too much for jansson's types, replaced in the text before it reads them. A pure function.
 */
#ifndef PROTOCOL_JSON_NUMBERS_H
#define PROTOCOL_JSON_NUMBERS_H

#include <stddef.h>

/*
 * Replaces in text[0..length), in place, each number outside of strings that is an integer beyond 64 bits or not an integer at
 * all by a small real of the same length. What is no number by JSON's grammar stays as it is, so text that is not JSON does not
 * become JSON. One pass, nothing is allocated.
 */
void json_numbers_tame(char *text, size_t length);

#endif
