/* SPDX-License-Identifier: MIT
 *
 * storm: fresh logins as fast as a bounded number in flight allows, each with a whole list of friends and one witness who is told; then all leave at
 * once, and the witnesses are told again. The figures are logins and logouts a second and the server's processor time for one (accept, parse, the edges,
 * its notifications). The first round, in a server that has seen nobody yet, is the one that counts; further rounds are the same in a warm one.
 *
 * One-sided, the listed friends are users who are not there, so that a login tells its witness and nobody else. Mutual, they are such as log in, too, and
 * list the user: whoever of them is there is told. So that it is known who is, nobody logs in while one of its friends is doing so; and what a user
 * has not been told when it leaves is not due any more.
 *
 * A witness is told of one at a time, so it is known who has come, and news for it never comes together. Over UDP that bounds those who leave at once, and
 * what has been lost is said again: a hello or a goodbye of which the witness has not been told after a second. Who is there is then asked the server.
 *
 * Clients: 0 to sessions - 1 log in, then the witnesses, then a pilot; users from there on only stand in lists.
 */
#ifndef SCENARIOS_STORM_H
#define SCENARIOS_STORM_H

#include "load/census.h"
#include "scenarios/stage.h"

enum { STORM_WITNESSES = 250 };

/* THERE: its witness has been told that it came. */
enum storm_state { STORM_AWAY, STORM_COMING, STORM_THERE, STORM_LEAVING };

/* Of a witness: the user of whom it must be told now. */
struct storm_flight {
    uint32_t user; /* UINT32_MAX: nobody */
    int64_t ordered_ns, said_ns;
};

struct storm {
    struct stage *stage;
    struct hellos hellos; /* by client */
    struct rows friends;  /* by client, mutual lists only; else empty */
    enum storm_state *states;
    uint32_t *order; /* the users, in the order in which they may move: those who had to wait come later */
    struct storm_flight flights[STORM_WITNESSES];
    uint32_t flying;
    uint64_t repeats;      /* what was said again, over UDP */
    int64_t looked_ns;     /* when it was last looked for what must be said again */
    struct census *census; /* over UDP */
};

/* Draws the lists; stage is filled in, the rest is zero. */
void storm_people_make(struct storm *storm);
void storm_people_done(struct storm *storm);

/* All users of this share come, and their witnesses are told; or all leave. */
void storm_come(struct storm *storm);
void storm_leave(struct storm *storm);

#endif
