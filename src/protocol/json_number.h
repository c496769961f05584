/* SPDX-License-Identifier: MIT
 *
 * The grammar of JSON's numbers. A pure function.
 */
#ifndef PROTOCOL_JSON_NUMBER_H
#define PROTOCOL_JSON_NUMBER_H

#include <stdbool.h>

/*
 * Past the longest number that begins at `at`, before `end`; *is_integer says whether it has neither fraction nor exponent. NULL when none
 * begins there, or one that is not finished. What follows it is for the caller to judge.
 */
const char *json_number_end(const char *at, const char *end, bool *is_integer);

#endif
