/* SPDX-License-Identifier: MIT */
#include "scenarios/flapping.h"

#include <stdio.h>
#include <stdlib.h>

/* Where a share tells the first one what it has not ordered; scenarios number theirs from 0. */
enum { NUMBER_UNORDERED = TALLY_NUMBERS - 1 };

/* A schedule of which more than this share was not ordered in time has not been kept. */
static const double unordered_share = 0.01;

static const int64_t second_ns = 1000000000;

static void
user_ready(struct flapping *flapping, uint32_t user)
{
    flapping->ready[(flapping->ready_first + flapping->ready_count++) % flapping->stage->flapping] = user;
    flapping->ordered_ns[user] = 0;
}

static void
witness_told(void *context, uint32_t client, bool online)
{
    struct flapping *flapping = context;

    (void)online;
    if (flapping->ordered_ns[client] != 0)
        user_ready(flapping, client);
}

/* Over UDP the news may have been lost, or the change itself. */
static void
witnesses_give_up(struct flapping *flapping, int64_t now_ns)
{
    for (uint32_t user = 0; user < flapping->stage->flapping; user++)
        if (flapping->ordered_ns[user] != 0 && now_ns - flapping->ordered_ns[user] > second_ns)
            user_ready(flapping, user);
}

/* Lets the next user come or go. Returns to how many that is news, without the slow. */
static uint32_t
transition_order(struct flapping *flapping, int64_t now_ns, int64_t due_ns)
{
    struct stage *stage = flapping->stage;
    struct crowd *crowd = &stage->crowd;
    uint32_t flapper = flapping->ready[flapping->ready_first], client = flapping->stay + flapper;
    bool online = !crowd_joined(crowd, client);
    const struct rows *audience = online ? &flapping->arrive : &flapping->leave;
    uint32_t count = rows_length(audience, client), told = 0;

    flapping->ready_first = (flapping->ready_first + 1) % stage->flapping;
    flapping->ready_count--;
    flapping->ordered_ns[flapper] = now_ns;
    belief_change(&flapping->truths[flapper]);
    crowd_transition(crowd, now_ns);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t watcher = rows_at(audience, client)[i];

        if (watcher < flapping->stay) {
            crowd_expect(crowd, watcher, crowd->setting.first_user + client, online, due_ns);
            told++;
        } else if (flapping->slow_due != NULL) {
            flapping->slow_due[watcher - flapping_slow_first(flapping)][online]++;
        }
    }
    if (online) {
        size_t length;
        const char *hello = hellos_at(&flapping->hellos, client, &length);

        crowd_join(crowd, client, hello, length);
    } else {
        crowd_leave(crowd, client);
    }
    return told;
}

/* Orders what may be ordered now. Returns until when nothing more is due. */
static int64_t
transitions_order(struct flapping *flapping, uint64_t *ordered, uint64_t wanted)
{
    const struct stage *stage = flapping->stage;
    double rate = flapping->rush ? 0 : (double)stage->plan->rate / stage->shares->count;
    int64_t now_ns = crowd_clock_ns();

    while (flapping->ready_count > 0 && *ordered < wanted) {
        uint32_t told;

        now_ns = crowd_clock_ns();
        if (rate > 0 ? flapping->next_ns > now_ns : stage->crowd.under_way >= flapping->limit)
            break;
        told = transition_order(flapping, now_ns, rate > 0 ? flapping->next_ns : now_ns);
        *ordered += told;
        if (rate > 0)
            flapping->next_ns += (int64_t)(told / rate * 1e9);
    }
    return rate > 0 && flapping->ready_count > 0 && flapping->next_ns < now_ns + 50000000 ? flapping->next_ns : now_ns + 50000000;
}

/* How many notifications this share's schedule has for so long a time; 0 without one, or for no time. */
static double
rate_behind(const struct stage *stage, int64_t behind_ns)
{
    return behind_ns > 0 ? (double)behind_ns / 1e9 * stage->plan->rate / stage->shares->count : 0;
}

void
flapping_play(struct flapping *flapping, int64_t run_ns, uint64_t wanted)
{
    struct stage *stage = flapping->stage;
    int64_t now_ns = crowd_clock_ns(), end_ns = now_ns + run_ns;
    uint64_t ordered = 0;

    stage->crowd.told = witness_told;
    stage->crowd.told_below = stage->flapping;
    stage->crowd.told_context = flapping;
    stage->end_ns = end_ns;
    flapping->next_ns = now_ns;
    while (now_ns < end_ns && ordered < wanted && !stage_stopping(stage) && !stage_stalled(stage, now_ns)) {
        int64_t next_ns = transitions_order(flapping, &ordered, wanted);

        now_ns = crowd_clock_ns();
        next_ns = next_ns < end_ns ? next_ns : end_ns;
        crowd_poll(&stage->crowd, next_ns > now_ns ? next_ns - now_ns : 0);
        if (stage->plan->udp)
            witnesses_give_up(flapping, now_ns);
    }
    now_ns = now_ns < end_ns ? now_ns : end_ns;
    if (!flapping->rush)
        flapping->unordered += rate_behind(stage, now_ns - flapping->next_ns);
    stage->shares->tallies[stage->share].numbers[NUMBER_UNORDERED] = flapping->unordered;
    crowd_settle(&stage->crowd);
}

void
flapping_schedule_report(struct stage *stage, const struct phase *phase)
{
    double unordered = 0;

    if (stage->plan->rate == 0 || stage->share != 0)
        return;
    for (uint32_t share = 0; share < stage->shares->count; share++)
        unordered += stage->shares->tallies[share].numbers[NUMBER_UNORDERED];
    stage_figure(stage, REPORT_THROUGHPUT, "unordered", unordered, "", "due by the schedule, not ordered");
    if (unordered <= ((double)phase->sum.counts.due + unordered) * unordered_share)
        return;
    report_fact(&stage->report, "schedule", "NOT KEPT, latencies are too low");
    if (!stage->plan->quiet) {
        progress_clear(&stage->progress);
        fprintf(
            stderr, "alo-bench: the schedule was not kept: %.0f notifications were due that nobody had ordered when the time was up\n", unordered);
    }
}
