/* SPDX-License-Identifier: MIT
 *
 * The hellos of a population as text, made before the clock starts. User i has the id HELLO_ID_FIRST + i, so that every id
 * takes six digits and a message is as long in a small population as in a large one.
 */
#ifndef SUPPORT_HELLOS_H
#define SUPPORT_HELLOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HELLO_ID_FIRST = 100000 };

struct hellos {
    char *bytes;
    size_t *end; /* hello i ends before bytes[end[i]] */
    size_t used;
    size_t room;
    uint32_t count;
    uint32_t ends_room;
    bool jsonrpc; /* logins of that dialect */
};

void hellos_init(struct hellos *hellos);
void hellos_done(struct hellos *hellos);

/* Adds the hello of a user with these friends, and returns its number. */
uint32_t hellos_add(struct hellos *hellos, uint32_t user, const uint32_t *friends, uint32_t count);

const char *hellos_at(const struct hellos *hellos, uint32_t hello, size_t *length);

#endif
