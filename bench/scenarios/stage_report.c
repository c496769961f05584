/* SPDX-License-Identifier: MIT
 *
 * The stage's measuring: phases that all shares go through together, and the figures that come of them.
 */
#include "load/cost.h"
#include "scenarios/stage.h"

#include <stdio.h>
#include <string.h>

enum { EXTRA_MS = 200 /* how long to wait for what must not come */, SERIES_INTERVAL_NS = 100000000 };

static struct meter
meter_read(const struct stage *stage)
{
    pid_t process = stage->target->process;
    struct meter meter = {.wall_ns = crowd_clock_ns()};

    if (process == 0)
        return meter;
    meter.cpu_ns = cost_cpu_ns(process);
    meter.switches = cost_switches(process);
    cost_cpu_split(process, &meter.user_ns, &meter.system_ns);
    return meter;
}

static void
meeting_wait(void *context)
{
    struct stage *stage = context;

    /* Who has abandoned the run will never come. */
    if (stage->share == 0 && atomic_load_explicit(&stage->shares->abandoned, memory_order_relaxed))
        stage_abandon(stage);
    crowd_poll(&stage->crowd, 1000000);
}

void
stage_meet(struct stage *stage)
{
    shares_meet(stage->shares, meeting_wait, stage);
}

bool
stage_over(struct stage *stage)
{
    stage_meet(stage);
    if (stage->share == 0) {
        stage->shares->over = stage_stopping(stage);
        for (uint32_t share = 0; share < stage->shares->count; share++)
            stage->shares->over = stage->shares->over || stage->shares->tallies[share].counts.missing > 0;
    }
    /* It is written anew when all have come here again, and so have read it. */
    stage_meet(stage);
    return stage->shares->over;
}

void
stage_phase_begin(struct stage *stage)
{
    struct tally *tally = &stage->shares->tallies[stage->share];

    stage_meet(stage);
    if (stage->share == 0) {
        stage->start = meter_read(stage);
        stage->shares->start_ns = stage->start.wall_ns;
    }
    stage_meet(stage);
    stage->start.wall_ns = stage->shares->start_ns;
    tally->counts.due = tally->counts.heard = tally->counts.transitions = 0;
    memset(&tally->latency, 0, sizeof tally->latency);
    stage->measuring = true;
    if (stage->begun)
        return;
    stage->begun = true;
    memset(&tally->series, 0, sizeof tally->series);
    series_begin(&tally->series, stage->shares->start_ns, SERIES_INTERVAL_NS);
}

void
stage_phase_end(struct stage *stage, struct phase *phase)
{
    stage_meet(stage);
    stage->measuring = false;
    if (stage->share == 0) {
        struct meter now = meter_read(stage);

        phase->start_ns = stage->start.wall_ns;
        phase->spent = (struct meter){
            .cpu_ns = now.cpu_ns - stage->start.cpu_ns,
            .user_ns = now.user_ns - stage->start.user_ns,
            .system_ns = now.system_ns - stage->start.system_ns,
            .switches = now.switches - stage->start.switches,
            .wall_ns = now.wall_ns - stage->start.wall_ns,
        };
        memset(&phase->sum, 0, sizeof phase->sum);
        shares_sum(stage->shares, &phase->sum);
    }
    stage_meet(stage);
}

void
stage_finish(struct stage *stage)
{
    int64_t end_ns = crowd_clock_ns() + EXTRA_MS * INT64_C(1000000);

    while (crowd_clock_ns() < end_ns)
        crowd_poll(&stage->crowd, EXTRA_MS * INT64_C(1000000) / 10);
    stage_meet(stage);
}

void
stage_figure(struct stage *stage, enum report_part part, const char *name, double value, const char *unit, const char *text)
{
    if (stage->share == 0)
        report_figure(&stage->report, part, name, value, unit, text);
}

void
stage_rate(struct stage *stage, const struct phase *phase, const char *rate, double events, const char *name)
{
    char text[REPORT_TEXT_BYTES], figure[REPORT_NAME_BYTES];

    if (stage->share != 0)
        return;
    snprintf(figure, sizeof figure, "%s_per_second", rate);
    snprintf(text, sizeof text, "%s", rate);
    stage_figure(stage, REPORT_THROUGHPUT, figure, events / ((double)phase->spent.wall_ns / 1e9), "1/s", text);
    report_latency(&stage->report, name, &phase->sum.latency);
}

static void
cost_figure(struct stage *stage, const char *format, const char *event, double value, const char *unit, const char *what)
{
    char name[REPORT_NAME_BYTES], text[REPORT_TEXT_BYTES];

    snprintf(name, sizeof name, "%s_per_%s", format, event);
    snprintf(text, sizeof text, "%s per %s", what, event);
    stage_figure(stage, REPORT_SERVER, name, value, unit, text);
}

void
stage_cost(struct stage *stage, const struct phase *phase, const char *event, double events)
{
    const struct meter *spent = &phase->spent;
    double ticks = (double)(spent->user_ns + spent->system_ns), cpu_us = (double)spent->cpu_ns / 1e3 / events;

    if (stage->target->process == 0 || stage->share != 0 || events == 0)
        return;
    cost_figure(stage, "cpu_us", event, cpu_us, "us", "CPU");
    /* The clock is exact and the ticks are not, so the ticks only say how the whole is split. */
    cost_figure(stage, "user_us", event, ticks > 0 ? cpu_us * (double)spent->user_ns / ticks : 0, "us", "of that user");
    cost_figure(stage, "system_us", event, ticks > 0 ? cpu_us * (double)spent->system_ns / ticks : 0, "us", "of that system");
    cost_figure(stage, "switches", event, (double)spent->switches / events, "", "context switches");
}

void
stage_counts(struct stage *stage, const struct phase *phase)
{
    const struct tally_counts *counts = &phase->sum.counts;

    stage_figure(stage, REPORT_THROUGHPUT, "seconds", (double)phase->spent.wall_ns / 1e9, "s", "measured");
    stage_figure(stage, REPORT_THROUGHPUT, "transitions", (double)counts->transitions, "", "arrivals and departures");
    stage_figure(stage, REPORT_THROUGHPUT, "notifications", (double)counts->heard, "", "notifications delivered");
    if (stage->share == 0 && stage->target->process != 0)
        stage_figure(stage, REPORT_SERVER, "rss_bytes", (double)cost_memory_now(stage->target->process).rss_bytes, "B", "RSS");
    stage->checked = true;
}

/* "logins: <what>" */
static void
phase_figure(struct stage *stage, const char *name, const char *figure, double value, const char *unit, const char *what)
{
    char key[REPORT_NAME_BYTES], text[REPORT_TEXT_BYTES];

    snprintf(key, sizeof key, "%s_%s", name, figure);
    snprintf(text, sizeof text, "%s: %s", name, what);
    stage_figure(stage, REPORT_THROUGHPUT, key, value, unit, text);
}

void
stage_phase_counts(struct stage *stage, const struct phase *phase, const char *name, const char *events)
{
    double seconds = (double)phase->spent.wall_ns / 1e9;

    if (stage->share != 0)
        return;
    phase_figure(stage, name, "seconds", seconds, "s", "measured");
    phase_figure(stage, name, "transitions", (double)phase->sum.counts.transitions, "", events);
    phase_figure(stage, name, "notifications", (double)phase->sum.counts.heard, "", "notifications delivered");
    report_phase(&stage->report, name, (double)(phase->start_ns - stage->shares->tallies[0].series.start_ns) / 1e9, seconds);
}

void
stage_phase_add(struct phase *sum, const struct phase *phase)
{
    sum->spent.cpu_ns += phase->spent.cpu_ns;
    sum->spent.user_ns += phase->spent.user_ns;
    sum->spent.system_ns += phase->spent.system_ns;
    sum->spent.switches += phase->spent.switches;
    sum->spent.wall_ns += phase->spent.wall_ns;
    sum->sum.counts.due += phase->sum.counts.due;
    sum->sum.counts.transitions += phase->sum.counts.transitions;
    sum->sum.counts.heard += phase->sum.counts.heard;
    histogram_add(&sum->sum.latency, &phase->sum.latency);
}

void
stage_end(struct stage *stage)
{
    static struct tally all;
    const struct tally_counts *counts = &all.counts;

    shares_sum(stage->shares, &all);
    report_series(&stage->report, &all.series);
    if (!stage->checked)
        return;
    if (stage->plan->talk->may_merge)
        stage_figure(stage, REPORT_ERRORS, "merged", (double)counts->merged, "", "left out because undone, no error");
    if (stage->plan->udp)
        stage_figure(stage, REPORT_ERRORS, "lost", (double)counts->lost, "", "lost over UDP, no error");
    stage_figure(stage, REPORT_ERRORS, "missing", (double)counts->missing, "", "missing");
    stage_figure(stage, REPORT_ERRORS, "extra", (double)counts->extra, "", "one too many");
    stage_figure(stage, REPORT_ERRORS, "late", (double)counts->late, "", "late");
    stage->errors = tally_errors(counts);
    /* Over UDP a goodbye may be lost, and what the server says when that session's time is over is right. */
    if (stage->plan->udp && counts->lost > 0)
        stage->errors -= counts->extra;
    if (stage->errors > 0)
        report_fact(&stage->report, "first_error", all.first_error);
}
