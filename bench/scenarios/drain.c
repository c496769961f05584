/* SPDX-License-Identifier: MIT
 *
 * drain: a population is there, the server is sent SIGUSR2, and whoever is let go comes to another server (--back-to) when it was told to. The figures
 * are how evenly they go and come back: the most in a slot of 100 ms, and that to the mean. Who comes back counts at the moment for which it was asked, so that
 * a load that is late does not smooth what it measures; how late it was is a figure, too.
 */
#include "load/failure.h"
#include "load/options.h"
#include "scenarios/stage.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t second_ns = 1000000000, ms_ns = 1000000, slot_ns = 100000000;

/* Of one client; moments of the monotonic clock, 0 is never. */
struct journey {
    int64_t gone_ns, due_ns, back_ns;
};

struct drain {
    struct stage *stage;
    struct journey *journeys;
    uint32_t gone, back, ready;
    int64_t late_ns;   /* the load's own worst */
    int64_t moving_ns; /* when anybody went or came last */
};

/* The server's last word says when to come back, in either dialect. */
static bool
client_gone(void *context, uint32_t client, const char *why)
{
    static const char *const keys[] = {"\"retry_after_ms\": ", "come back in "};
    struct drain *drain = context;
    struct journey *journey = &drain->journeys[client];

    for (int i = 0; i < 2 && journey->gone_ns == 0; i++) {
        const char *key = strstr(why, keys[i]);

        if (key == NULL)
            continue;
        journey->gone_ns = drain->moving_ns = crowd_clock_ns();
        journey->due_ns = journey->gone_ns + strtoll(key + strlen(keys[i]), NULL, 10) * ms_ns;
        drain->gone++;
        return true;
    }
    return false;
}

static bool
word_took(void *context, uint32_t client, const struct talk_word *word)
{
    struct drain *drain = context;

    drain->ready += word->kind == TALK_READY && drain->journeys[client].back_ns != 0;
    return false;
}

/* Those whose moment has come. */
static void
due_come(struct drain *drain, const struct hellos *hellos)
{
    struct stage *stage = drain->stage;

    for (uint32_t client = 0; client < stage->sessions; client++) {
        struct journey *journey = &drain->journeys[client];
        int64_t now_ns = crowd_clock_ns();
        size_t length;
        const char *hello;

        if (journey->gone_ns == 0 || journey->back_ns != 0 || journey->due_ns > now_ns)
            continue;
        hello = hellos_at(hellos, client, &length);
        journey->back_ns = drain->moving_ns = now_ns;
        drain->late_ns = now_ns - journey->due_ns > drain->late_ns ? now_ns - journey->due_ns : drain->late_ns;
        drain->back++;
        crowd_join(&stage->crowd, client, hello, length);
    }
}

static void
move_play(struct drain *drain, const struct hellos *hellos)
{
    struct stage *stage = drain->stage;
    bool answers = stage->plan->talk->snapshot != NULL;

    drain->moving_ns = crowd_clock_ns();
    while (drain->back < stage->sessions || (answers && drain->ready < stage->sessions)) {
        crowd_poll(&stage->crowd, ms_ns);
        due_come(drain, hellos);
        stage_stop_check(stage);
        if (crowd_clock_ns() - drain->moving_ns > 60 * second_ns)
            failure_exit("of %" PRIu32 " sessions %" PRIu32 " were let go, and %" PRIu32 " came back", stage->sessions, drain->gone, drain->back);
    }
}

static int
moments_compare(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return a < b ? -1 : a > b;
}

/* What the moments come to: how long from the first to the last, the most in a slot, and that to the mean. */
static void
moments_tell(struct stage *stage, int64_t *moments, const char *what, const char *text)
{
    uint32_t count = stage->sessions, most = 0;
    char names[3][64], texts[3][64];
    int64_t span_ns;

    qsort(moments, count, sizeof *moments, moments_compare);
    span_ns = moments[count - 1] - moments[0] + slot_ns;
    for (uint32_t i = 0, first = 0; i < count; i++) {
        if ((moments[i] - moments[0]) / slot_ns != (moments[first] - moments[0]) / slot_ns)
            first = i;
        most = i - first + 1 > most ? i - first + 1 : most;
    }
    snprintf(names[0], sizeof names[0], "%s_seconds", what);
    snprintf(texts[0], sizeof texts[0], "from the first to the last %s", text);
    snprintf(names[1], sizeof names[1], "%s_most_per_100_ms", what);
    snprintf(texts[1], sizeof texts[1], "the most in 100 ms that were %s", text);
    snprintf(names[2], sizeof names[2], "%s_peak_to_mean", what);
    snprintf(texts[2], sizeof texts[2], "that, to the mean");
    stage_figure(stage, REPORT_THROUGHPUT, names[0], (double)(span_ns - slot_ns) / 1e9, "s", texts[0]);
    stage_figure(stage, REPORT_THROUGHPUT, names[1], most, "", texts[1]);
    stage_figure(stage, REPORT_THROUGHPUT, names[2], (double)most * (double)span_ns / (double)slot_ns / count, "", texts[2]);
}

static void
drain_play(struct stage *stage)
{
    static struct target back;
    struct drain drain = {.stage = stage, .journeys = memory_new(stage->sessions, sizeof *drain.journeys)};
    int64_t *moments = memory_new(stage->sessions, sizeof *moments);
    struct hellos hellos;

    if (stage->plan->back_to == NULL || stage->shares->count > 1 || (stage->plan->talk != &talk_classic && stage->plan->talk != &talk_jsonrpc))
        failure_usage("drain needs --back-to, a server of this kind, and so few sessions that one process can have them");
    if (stage->target->process == 0)
        failure_exit("the server's process is not known, so it cannot be sent SIGUSR2");
    target_resolve(&back, stage->plan->back_to);
    stage_crowd(stage, stage->sessions);
    stage_hellos(stage, &hellos);
    for (uint32_t client = 0; client < stage->sessions; client++)
        hellos_add(&hellos, client, NULL, 0);
    stage_gather(stage, 0, stage->sessions, &hellos, 0);
    stage_quiet(stage, 300);
    stage->crowd.context = &drain;
    stage->crowd.ended = client_gone;
    stage->crowd.took = word_took;
    stage->crowd.setting.target = &back;
    if (kill(stage->target->process, SIGUSR2) != 0)
        failure_errno("SIGUSR2");
    move_play(&drain, &hellos);
    for (uint32_t client = 0; client < stage->sessions; client++)
        moments[client] = drain.journeys[client].gone_ns;
    moments_tell(stage, moments, "let_go", "let go");
    for (uint32_t client = 0; client < stage->sessions; client++)
        moments[client] = drain.journeys[client].due_ns;
    moments_tell(stage, moments, "return", "asked back");
    stage_figure(stage, REPORT_THROUGHPUT, "load_late_ms", (double)drain.late_ns / 1e6, "ms", "the load was late by, at most");
    crowd_done(&stage->crowd);
    hellos_done(&hellos);
    free(drain.journeys);
    free(moments);
}

const struct scenario scenario_drain = {
    .name = "drain",
    .about = "the server is drained (SIGUSR2), all come to another one when they are told to: how evenly",
    .takes = OPTION_SESSIONS | OPTION_BACK_TO,
    .defaults = {.sessions = 8000},
    .play = drain_play,
};
