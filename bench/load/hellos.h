/* SPDX-License-Identifier: MIT
 *
 * What the clients of a population say to log in, as text, made before the clock starts.
 */
#ifndef LOAD_HELLOS_H
#define LOAD_HELLOS_H

#include "talk/talk.h"

#include <stddef.h>
#include <stdint.h>

struct hellos {
    const struct talk *talk;
    uint32_t first_user; /* added to every number: the users of one share of the population */
    struct talk_text text;
    size_t *end; /* hello i ends before text.bytes[end[i]] */
    uint32_t count;
    uint32_t room;
};

void hellos_init(struct hellos *hellos, const struct talk *talk, uint32_t first_user);
void hellos_done(struct hellos *hellos);

/* Adds the hello of a user with these friends, and returns its number. */
uint32_t hellos_add(struct hellos *hellos, uint32_t user, const uint32_t *friends, uint32_t count);

const char *hellos_at(const struct hellos *hellos, uint32_t hello, size_t *length);

#endif
