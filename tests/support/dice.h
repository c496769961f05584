/* SPDX-License-Identifier: MIT
 *
 * Random choices that are the same for the same seed (splitmix64), so that a test that found something can be repeated:
 * it prints its seed, and ALO_TEST_SEED gives it back.
 */
#ifndef SUPPORT_DICE_H
#define SUPPORT_DICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dice {
    uint64_t state;
};

/* $ALO_TEST_SEED, or a new one. Says on standard output which, for `test`. */
uint64_t dice_seed(const char *test);

uint64_t dice_throw(struct dice *dice);

/* 0 to bound - 1; 0 when there is nothing to choose from. */
unsigned dice_below(struct dice *dice, unsigned bound);

bool dice_chance(struct dice *dice, unsigned percent);

/* Puts an array of numbers into a random order. */
void dice_shuffle(struct dice *dice, unsigned *numbers, size_t count);

#endif
