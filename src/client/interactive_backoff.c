/* SPDX-License-Identifier: MIT */
#include "client/interactive_backoff.h"

uint32_t
backoff_ms(unsigned tries, uint32_t chance)
{
    uint32_t most = BACKOFF_FIRST_MS;

    for (; tries > 0 && most < BACKOFF_MOST_MS; tries--)
        most *= 2;
    if (most > BACKOFF_MOST_MS)
        most = BACKOFF_MOST_MS;
    return most - chance % (most / 2 + 1);
}
