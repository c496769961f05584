/* SPDX-License-Identifier: MIT
 *
 * slow: some of the sessions never read. The same population comes and goes (scenarios/flapping.h) without them and with them in turn, --rounds times,
 * so that one run says what they do to the others' latency, whatever else the machine does meanwhile; each part with them is compared with the two
 * beside it.
 *
 * A slow one is only slow when the kernel's buffers are full, which takes hundreds of changes: until then it costs what any other costs that is told.
 * So before each part with them, so many changes as --behind says are made as fast as possible: the memory that the server takes from then on is that of
 * whoever does not read. In a dialect that merges, as many again are made afterwards: what the server takes then shows whether that grows with what is
 * due. Then they read again, which says what has become of them, and leave.
 *
 * The slow are listed by nobody, so that their end is no news but (classic) to those whom they list; they list such as come and go and nobody else, so
 * that what they do not read is as much as a list can bring. Their receive buffers are small: what they do not read waits in the server.
 *
 * In the end each must have been told: when it was not cut, in the classic dialect exactly what was due, in one with names nothing twice and the true
 * state of each whom it lists; when it was cut, no more than that. In JSON-RPC nobody may be cut.
 */
#ifndef SCENARIOS_SLOW_H
#define SCENARIOS_SLOW_H

#include "scenarios/flapping.h"

/* What shares hand to the first one: of all rounds, but for the last two. */
enum slow_number {
    SLOW_CUT,
    SLOW_ENDED,
    SLOW_STAYED,
    SLOW_DUE,
    SLOW_HEARD,
    SLOW_SUMS,
    SLOW_THROUGH_S = SLOW_SUMS /* at most */,
    SLOW_ONLINE,
    SLOW_NUMBERS
};

struct reader {
    uint64_t heard[2];
    bool ended, cut; /* cut: it was told that it is too slow */
};

/* What was seen in one round, by the first share. */
struct slow_round {
    double p50_ratio, p99_ratio;
    int64_t later_bytes;           /* the memory that the server took in the second half of what was due */
    double gone_before, gone_then; /* slow ones whose connection the server had ended, before the others' latency was measured and after it */
};

struct slow {
    struct flapping flapping;
    struct reader *readers;
    struct belief *beliefs; /* of each reader, one for each of its list */
    uint64_t (*due)[2];     /* what flapping.slow_due points to while they are there */
    uint64_t ends_told;     /* to those who come and go and are listed by a reader whose session has ended */
    uint64_t ends_allowed;  /* how many those can be */
    int64_t deaf_ns;        /* since when the readers do not read */
    double numbers[SLOW_NUMBERS];

    struct slow_round *rounds;
    uint32_t played;
    struct phase without, with;      /* of all rounds together */
    struct histogram beside, within; /* of the parts beside the round, and of it */
    int64_t rss_before_bytes, rss_most_bytes;
    uint32_t descriptors; /* that the server has beside those of all who are there */
};

/* slow_readers.c: once, when the others have been gathered; and their end. */
void slow_readers_make(struct slow *slow);
void slow_readers_done(struct slow *slow);

/* They come, while nobody else comes or goes, and do not read. */
void slow_readers_come(struct slow *slow);
/* They read until they are through. */
void slow_readers_read(struct slow *slow);
/* Holds what they were told against what was due, and counts what has become of them. */
void slow_readers_check(struct slow *slow);
void slow_readers_leave(struct slow *slow);

#endif
