/* SPDX-License-Identifier: MIT
 *
 * Numbers as the text protocols write them, read from bytes that may end anywhere.
 */
#ifndef TALK_NUMBER_H
#define TALK_NUMBER_H

#include "talk/talk.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* Every id of a population has as many digits, so that a message is as long in a small one as in a large one. */
enum { NUMBER_ID_BYTES = 6, NUMBER_ID_MAX = 999999, NUMBER_USERS = NUMBER_ID_MAX - TALK_ID_FIRST + 1 };

/* The id by which other servers know the user. */
static inline unsigned
number_id(uint32_t user)
{
    assert(user < NUMBER_USERS);
    return TALK_ID_FIRST + user;
}

/* The number whose digits begin at *at, at most UINT32_MAX, and *at is set behind them; UINT64_MAX when there is none. */
static inline uint64_t
number_read(const char **at, const char *end)
{
    uint64_t number = 0;
    const char *first = *at;

    while (*at < end && **at >= '0' && **at <= '9') {
        number = number * 10 + (uint64_t)(*(*at)++ - '0');
        if (number > UINT32_MAX)
            return UINT64_MAX;
    }
    return *at > first ? number : UINT64_MAX;
}

/* Whether the list holds the user. */
static inline bool
number_listed(const uint32_t *list, uint32_t count, uint32_t user)
{
    for (uint32_t i = 0; i < count; i++)
        if (list[i] == user)
            return true;
    return false;
}

/* The user whose id is all that stands between the two; TALK_NOBODY when it is none of the population. */
static inline uint32_t
number_user(const char *at, const char *end)
{
    uint64_t id = number_read(&at, end);

    return at == end && id >= TALK_ID_FIRST && id <= NUMBER_ID_MAX ? (uint32_t)id - TALK_ID_FIRST : TALK_NOBODY;
}

#endif
