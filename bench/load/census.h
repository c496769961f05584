/* SPDX-License-Identifier: MIT
 *
 * Asks the server who is online, by libalo over a TCP connection, whatever the sessions that are counted speak: the proof that sessions
 * of which nothing is heard are there, or have gone.
 */
#ifndef LOAD_CENSUS_H
#define LOAD_CENSUS_H

#include "load/target.h"

#include <stdint.h>

struct census;

/* Connects and logs in as a user whom nobody lists. Ends the program when that cannot be done. */
struct census *census_new(const struct target *target, uint32_t share);
void census_free(struct census *census);

/* How many of the users first_user to first_user + count - 1 are online. */
uint32_t census_online(struct census *census, uint32_t first_user, uint32_t count);

#endif
