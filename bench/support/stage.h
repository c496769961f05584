/* SPDX-License-Identifier: MIT
 *
 * What the scenarios of the load program have in common: what was asked for, the crowd that plays, how sessions are
 * gathered so that nobody's listen queue overflows, how one knows that all of them are really there, and how a phase is
 * measured and reported.
 */
#ifndef SUPPORT_STAGE_H
#define SUPPORT_STAGE_H

#include "support/crowd.h"
#include "support/hellos.h"
#include "support/random.h"
#include "support/rows.h"

#include <sys/types.h>

struct stage {
    uint16_t port;
    pid_t process; /* of the server under test */
    bool floor;    /* it is the floor program: send it the table */
    bool jsonrpc;  /* the clients speak the JSON-RPC dialect; celebrity and idle only */
    uint64_t seed;
    uint32_t sessions;
    uint32_t friends;   /* of each session */
    uint32_t flapping;  /* users that come and go */
    uint32_t in_flight; /* events whose news is still under way, at most */
    uint32_t rounds;
    uint32_t notifications; /* to be delivered in all, about */
    int64_t deadline_ns;
    const char *scenario; /* first half of each figure's name */
    struct random random;
    struct crowd crowd;
};

/* Tells the floor whom each user's news goes to; does nothing when the server is a real one. */
void stage_table(const struct stage *stage, const struct rows *arrive, const struct rows *leave);

/* Connects clients first to first + count - 1, with hello first_hello and those after it, no faster than they are accepted. */
void stage_gather(struct stage *stage, uint32_t first, uint32_t count, const struct hellos *hellos, uint32_t first_hello);

/*
 * A pilot whom clients first to first + count - 1 list comes and goes until all of them have heard it: from then on every
 * one of them is known to be there with its list. Counts from 0 again after it, strictly.
 */
void stage_roll_call(struct stage *stage, uint32_t first, uint32_t count, uint32_t pilot, const struct hellos *hellos, uint32_t hello);

/* Waits until nothing has been heard, and the server has used no processor time, for quiet_ms. */
void stage_quiet(struct stage *stage, int quiet_ms);

/* Every line that was due has come; and nothing comes that was not. */
void stage_check(struct stage *stage);

struct meter {
    int64_t cpu_ns, user_ns, system_ns, wall_ns, switches;
};

struct meter meter_read(const struct stage *stage);
struct meter meter_since(const struct stage *stage, const struct meter *start);

/* One line of the report: "<scenario>.<name> <value> <unit>". */
void stage_report(const struct stage *stage, const char *name, double value, const char *unit);

/* Sorts the values and returns the one in the middle. */
double values_median(double *values, size_t count);

void scenario_fanout(struct stage *stage);
void scenario_login(struct stage *stage);
void scenario_celebrity(struct stage *stage);
void scenario_idle(struct stage *stage);
void scenario_udp(struct stage *stage);
void scenario_beat(struct stage *stage);

#endif
