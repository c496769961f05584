/* SPDX-License-Identifier: MIT
 *
 * The stage's measuring: phases that all shares go through together, and the figures that come of them.
 */
#include "load/cost.h"
#include "scenarios/stage.h"

#include <stdio.h>
#include <string.h>

enum { EXTRA_MS = 200 }; /* how long to wait for what must not come */

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

    crowd_poll(&stage->crowd, 1000000);
}

void
stage_phase_begin(struct stage *stage)
{
    struct tally *tally = &stage->shares->tallies[stage->share];
    struct tally_counts kept = tally->counts;

    shares_meet(stage->shares, meeting_wait, stage);
    if (stage->share == 0) {
        stage->shares->start_ns = crowd_clock_ns();
        stage->start = meter_read(stage);
    }
    shares_meet(stage->shares, meeting_wait, stage);
    if (stage->share != 0)
        stage->start.wall_ns = stage->shares->start_ns;
    kept.due = kept.heard = kept.transitions = 0;
    tally->counts = kept;
    memset(&tally->latency, 0, sizeof tally->latency);
    memset(&tally->series, 0, sizeof tally->series);
    series_begin(&tally->series, stage->shares->start_ns, 100000000);
}

struct meter
stage_phase_end(struct stage *stage)
{
    struct meter now = {0};

    shares_meet(stage->shares, meeting_wait, stage);
    if (stage->share == 0) {
        now = meter_read(stage);
        now.cpu_ns -= stage->start.cpu_ns;
        now.user_ns -= stage->start.user_ns;
        now.system_ns -= stage->start.system_ns;
        now.switches -= stage->start.switches;
        now.wall_ns -= stage->start.wall_ns;
    }
    shares_meet(stage->shares, meeting_wait, stage);
    return now;
}

void
stage_finish(struct stage *stage, struct tally *sum)
{
    int64_t end_ns = crowd_clock_ns() + EXTRA_MS * INT64_C(1000000);

    while (crowd_clock_ns() < end_ns)
        crowd_poll(&stage->crowd, 10000000);
    shares_meet(stage->shares, meeting_wait, stage);
    if (stage->share == 0)
        shares_sum(stage->shares, sum);
}

void
stage_figure(const struct stage *stage, const char *name, double value, const char *unit, const char *about)
{
    (void)about;
    if (stage->share == 0)
        printf("%s.%s %.3f %s\n", stage->scenario->name, name, value, unit);
}

void
stage_cost_figures(const struct stage *stage, const struct meter *spent, double events, const char *event)
{
    char name[64];

    if (stage->target->process == 0)
        return;
    snprintf(name, sizeof name, "cpu_us_per_%s", event);
    stage_figure(stage, name, (double)spent->cpu_ns / 1e3 / events, "us", "processor time of the server");
    double user = (double)spent->user_ns / (double)(spent->user_ns + spent->system_ns + 1);

    snprintf(name, sizeof name, "user_us_per_%s", event);
    stage_figure(stage, name, (double)spent->cpu_ns / 1e3 / events * user, "us", "of that in the program itself");
    snprintf(name, sizeof name, "system_us_per_%s", event);
    stage_figure(stage, name, (double)spent->cpu_ns / 1e3 / events * (1 - user), "us", "and in the kernel");
    snprintf(name, sizeof name, "switches_per_%s", event);
    stage_figure(stage, name, (double)spent->switches / events, "1", "context switches");
}

void
stage_tally_figures(const struct stage *stage, const struct tally *sum, double seconds)
{
    stage_figure(stage, "notifications_per_second", (double)sum->counts.heard / seconds, "1/s", "delivered");
    stage_figure(stage, "notifications", (double)sum->counts.heard, "1", "delivered");
    stage_figure(stage, "transitions", (double)sum->counts.transitions, "1", "arrivals and departures");
    stage_figure(stage, "p50", (double)histogram_percentile(&sum->latency, 50) / 1e3, "us", "");
    stage_figure(stage, "p99", (double)histogram_percentile(&sum->latency, 99) / 1e3, "us", "");
}
