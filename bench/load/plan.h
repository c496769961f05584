/* SPDX-License-Identifier: MIT
 *
 * What a run of the benchmark was asked for. Numbers are those of the whole run; a scenario's defaults are a plan, too.
 */
#ifndef LOAD_PLAN_H
#define LOAD_PLAN_H

#include "talk/talk.h"

#include <stdbool.h>
#include <stdint.h>

enum plan_graph { PLAN_UNIFORM, PLAN_ZIPF };

struct plan {
    const char *target;  /* host:port */
    const char *plot;    /* file, or NULL */
    const char *back_to; /* host:port of another server, or NULL */
    const struct talk *talk;
    enum plan_graph graph;
    bool udp, mutual, json, quiet;
    uint32_t process; /* of the server; 0: to be found */
    uint32_t seed;
    uint32_t processes; /* 0: as many as are needed */
    int64_t late_ns;

    /* What only some scenarios know. */
    uint32_t sessions;
    uint32_t friends;       /* of each session */
    uint32_t flapping;      /* users that come and go */
    uint32_t slow;          /* sessions that do not read */
    uint32_t behind;        /* changes due to each of them before it is measured what they do, and after it */
    uint32_t rate;          /* notifications a second; 0: as fast as in_flight allows */
    uint32_t in_flight;     /* transitions whose news is still under way, at most */
    uint32_t notifications; /* to be delivered in all, about; 0: until the time is up */
    uint32_t rounds;
    int64_t run_ns; /* how long to measure */
    int64_t warm_up_ns;
    int64_t give_back_ns; /* how long to wait for memory to come back at the end */
};

#endif
