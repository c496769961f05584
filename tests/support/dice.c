/* SPDX-License-Identifier: MIT */
#include "support/dice.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

uint64_t
dice_seed(const char *test)
{
    const char *given = getenv("ALO_TEST_SEED");
    struct timespec now;
    uint64_t seed;

    clock_gettime(CLOCK_REALTIME, &now);
    /* Short enough to be typed again. */
    seed = given != NULL && given[0] != '\0'
        ? strtoull(given, NULL, 10)
        : ((uint64_t)now.tv_nsec / 1000 + (uint64_t)now.tv_sec * 7919 + (uint64_t)getpid() * 104729) % 1000000000;
    printf("%s: ALO_TEST_SEED=%" PRIu64 " repeats this\n", test, seed);
    fflush(stdout);
    return seed;
}

uint64_t
dice_throw(struct dice *dice)
{
    uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

unsigned
dice_below(struct dice *dice, unsigned bound)
{
    return (unsigned)((dice_throw(dice) >> 32) * bound >> 32);
}

bool
dice_chance(struct dice *dice, unsigned percent)
{
    return dice_below(dice, 100) < percent;
}

void
dice_shuffle(struct dice *dice, unsigned *numbers, size_t count)
{
    for (size_t left = count; left > 1; left--) {
        unsigned other = dice_below(dice, (unsigned)left);
        unsigned moved = numbers[left - 1];

        numbers[left - 1] = numbers[other];
        numbers[other] = moved;
    }
}
