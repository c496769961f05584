/* SPDX-License-Identifier: MIT
 *
 * A population whose sessions stay, each with a list of friends, and some users who come and go: by a fixed schedule (--rate), or as fast as a bounded
 * number of changes in flight allows. What fanout and slow play.
 *
 * What each session must hear is known beforehand, because the users who come and go list only such as stay. Each of them has one witness, a session
 * that hears of nobody else who comes and goes: when the witness has heard it, the transition has happened and the user's next one may be ordered. A
 * schedule does not wait for that: the next one is due when it is due, and what it waits for its turn counts as latency.
 *
 * Clients: 0 to stay - 1 stay (the first stage->flapping of them are the witnesses), then those who come and go, then the pilots, then the slow ones, who
 * list such as come and go and are listed by nobody.
 */
#ifndef SCENARIOS_FLAPPING_H
#define SCENARIOS_FLAPPING_H

#include "load/belief.h"
#include "scenarios/stage.h"

enum { FLAPPING_PILOTS = 3 /* the last one is the slow ones' */ };

struct flapping {
    struct stage *stage;
    uint32_t stay, slow;  /* of this share; the scenario says how many */
    struct rows friends;  /* of every client */
    struct rows arrive;   /* whom each user's arrival is told */
    struct rows leave;    /* whom its departure is told: its watchers, and those it lists where the dialect does so */
    struct hellos hellos; /* by client */
    uint32_t *ready;      /* ring of users, counted from the first who comes and goes, whose last transition has been told */
    uint32_t ready_first, ready_count;
    int64_t *ordered_ns;         /* when each user's transition was ordered that has not been told; 0: it has */
    uint64_t told;               /* notifications of one transition, at the mean, without those to the slow */
    uint64_t limit;              /* notifications under way */
    bool rush;                   /* without the schedule, if there is one */
    double unordered;            /* due by the schedule and not ordered so far */
    int64_t next_ns;             /* when the next transition is due */
    struct belief_truth *truths; /* of each user who comes and goes */
    uint64_t (*slow_due)[2];     /* departures and arrivals that were due to each slow one, or NULL while none of them is there */
};

/* Draws the lists and gathers all but those who come and go and the slow ones. stage, stay and slow are filled in, the rest is zero. */
void flapping_gather(struct flapping *flapping);
void flapping_done(struct flapping *flapping);

/* Lets them come and go for so long, or until so many notifications have been ordered, and waits for what is due. */
void flapping_play(struct flapping *flapping, int64_t run_ns, uint64_t wanted);

/* With a schedule: reports, of the phase that flapping_play has been played in last, how much of it was due and never ordered, because users still waited
 * for their witnesses. That is in no histogram. */
void flapping_schedule_report(struct stage *stage, const struct phase *phase);

/* How many notifications (without those to the slow) must be ordered so that about `changes` become due to each slow one. */
uint64_t flapping_slow_told(const struct flapping *flapping, uint32_t changes);

static inline uint32_t
flapping_slow_first(const struct flapping *flapping)
{
    return flapping->stay + flapping->stage->flapping + FLAPPING_PILOTS;
}

#endif
