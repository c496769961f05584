/* SPDX-License-Identifier: MIT
 *
 * Nearly right messages: texts made by a grammar of both dialects from a seed, with now and then a word that does not belong there, a number that is none,
 * a nesting too deep, and afterwards a byte too many, too few or wrong. Users in them are never those of normal users.
 */
#ifndef TORTURE_GRAMMAR_H
#define TORTURE_GRAMMAR_H

#include "support/dice.h"

#include <stddef.h>

enum { GRAMMAR_BYTES = 8192 };

/* Writes one message of at most GRAMMAR_BYTES into text, which may hold any bytes; returns its length. */
size_t grammar_write(struct dice *dice, char *text);

#endif
