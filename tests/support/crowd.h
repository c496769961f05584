/* SPDX-License-Identifier: MIT
 *
 * Many sessions at once, of which each hears so many arrivals and departures. What support/session.h does for one session, with the same
 * beacons, this does for all of them; words are counted, not put in order.
 */
#ifndef SUPPORT_CROWD_H
#define SUPPORT_CROWD_H

#include "support/client.h"
#include "support/server.h"

#include <stdint.h>

enum { CROWD_BEACONS = 8 };

struct crowd_member {
    struct client *client;
    int64_t user;
    unsigned arrivals, departures; /* heard and not yet asked for */
};

struct crowd {
    const struct server *server;
    struct crowd_member *members;
    unsigned count, room;
    int64_t beacon;
};

struct crowd *crowd_new(const struct server *server);

/* One more session: connects and says hello with these friends ("" for none). Connections come from many loopback addresses. */
void crowd_add(struct crowd *crowd, int64_t user, const char *friends);

/* Waits until the lists of all are in force. Nothing else may be told to them meanwhile. */
void crowd_settle(struct crowd *crowd);

/* Each member hears exactly so many arrivals and departures: waits for them, and fails on one more. */
#define crowd_expect(crowd, arrivals, departures) crowd_expect_at((crowd), (arrivals), (departures), __func__, __LINE__)
void crowd_expect_at(struct crowd *crowd, unsigned arrivals, unsigned departures, const char *function, int line);

/* The same for one member; the others are not looked at. */
#define crowd_member_expect(crowd, member, arrivals, departures) \
    crowd_member_expect_at((crowd), (member), (arrivals), (departures), __func__, __LINE__)
void crowd_member_expect_at(struct crowd *crowd, unsigned member, unsigned arrivals, unsigned departures, const char *function, int line);

/* Nothing else was said to any of them because of what had happened before. */
#define crowd_fence(crowd) crowd_fence_at((crowd), __func__, __LINE__)
void crowd_fence_at(struct crowd *crowd, const char *function, int line);

/* Closes the connections that are still there, and frees. A member whose client is NULL has been closed by the test. */
void crowd_free(struct crowd *crowd);

#endif
