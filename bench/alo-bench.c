/* SPDX-License-Identifier: MIT
 *
 * alo-bench: plays a whole population against a presence server, checks every notification, and prints how long they took and what that cost the
 * server. This file reads what is asked for, finds the server, splits the run into processes and starts the scenario in each of them.
 *
 * Every process has one thread. The one that was started plays the first share and reports; the others count into memory that all share.
 */
#include "load/failure.h"
#include "load/options.h"
#include "scenarios/stage.h"
#include "service/version.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

enum { DESCRIPTORS_SPARE = 64, STATUS_INTERRUPTED = 130 };

static const struct scenario *const scenarios[] = {
    &scenario_fanout, &scenario_storm, &scenario_celebrity, &scenario_idle, &scenario_slow, &scenario_churn, &scenario_drain};

enum { SCENARIOS = sizeof scenarios / sizeof scenarios[0] };

static void
help_print(void)
{
    printf("alo-bench - a load benchmark for friend presence servers\n\n"
           "USAGE\n"
           "  alo-bench SCENARIO [OPTION ...]\n\n"
           "SCENARIOS, each with its options and their defaults\n");
    for (int i = 0; i < SCENARIOS; i++) {
        printf("  %-10s %s\n            ", scenarios[i]->name, scenarios[i]->about);
        options_defaults_print(stdout, scenarios[i]->takes, &scenarios[i]->defaults);
    }
    printf("\nOPTIONS\n");
    options_print(stdout);
    printf("  %-22s %s\n  %-22s %s\n", "--version", "say which version this is", "--help", "say this");
    printf("\nPROTOCOLS\n");
    for (size_t i = 0; talk_at(i) != NULL; i++)
        printf("  %-10s %s\n", talk_at(i)->name, talk_at(i)->about);
    printf("\nLatency is counted from the moment at which a change was due, so a server that makes the load wait does not look fast.\n"
           "Every notification is accounted for: one that is missing, one too many or late is an error.\n\n"
           "EXIT STATUS\n"
           "  0    all notifications came as they had to\n"
           "  1    some did not, or the server cannot be used; one sentence says which\n"
           "  2    wrong arguments\n"
           "  130  stopped by Ctrl-C; what was measured until then is reported\n");
}

/* How many descriptors this program may have. */
static uint64_t
descriptors_raise(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        failure_errno("getrlimit");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        failure_errno("setrlimit");
    return limit.rlim_cur;
}

static uint32_t
processes_count(const struct scenario *scenario, const struct plan *plan)
{
    uint64_t may_have = descriptors_raise(), each = DESCRIPTORS_SPARE + scenario->descriptors_each, most, count;
    uint64_t needed = scenario->descriptors != NULL ? scenario->descriptors(plan) : (uint64_t)plan->sessions + plan->flapping;

    if (may_have <= each)
        failure_exit("%llu file descriptors are all that a process may have here, and that is too few", (unsigned long long)may_have);
    most = may_have - each;
    count = plan->processes > 0 ? plan->processes : (needed + most - 1) / most;
    if (count > 1 && plan->talk == &talk_floor)
        failure_usage("the floor takes its load from one process, and this one is too large for it");
    if (count > SHARES_MAX || needed > count * most)
        failure_usage("%llu connections are too many for %llu processes of %llu each", (unsigned long long)needed, (unsigned long long)count,
            (unsigned long long)most);
    return count > 0 ? (uint32_t)count : 1;
}

/* How many numbers each share may use for users: as many again as its sessions only stand in lists, and there are witnesses and pilots. */
static uint32_t
users_each(const struct plan *plan, uint32_t shares)
{
    uint32_t users = 2 * (plan->sessions / shares + plan->flapping / shares + 1) + 1024;

    if (plan->talk->users_most > 0 && (uint64_t)users * shares > plan->talk->users_most)
        failure_usage("--protocol %s has names for %u users, and that many sessions need %llu", plan->talk->name, plan->talk->users_most,
            (unsigned long long)users * shares);
    return users;
}

static void
target_find(struct target *target, const struct plan *plan)
{
    target_resolve(target, plan->target);
    if (plan->process != 0 && !target_process_readable((pid_t)plan->process))
        failure_exit("what process %u costs cannot be read", plan->process);
    target->process = plan->process != 0 ? (pid_t)plan->process : target_process_find(target, plan->udp);
    target->accepts = plan->process == 0 || target_process_listens(target, target->process, plan->udp);
    if (target->process == 0 && !plan->quiet)
        fprintf(stderr, "alo-bench: the server's process was not found on this machine, so its own cost is not reported\n");
}

static void
facts_tell(struct stage *stage)
{
    const struct plan *plan = stage->plan;
    char text[64];
    time_t now = time(NULL);
    struct tm utc;

    report_fact(&stage->report, "scenario", stage->scenario->name);
    report_fact(&stage->report, "target", *plan->target != '\0' ? plan->target : "localhost:8080");
    report_fact(&stage->report, "transport", plan->udp ? "UDP" : "TCP");
    report_fact(&stage->report, "protocol", plan->talk->name);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    report_fact(&stage->report, "date", text);
    report_fact(&stage->report, "version", version_text());
    options_facts(&stage->report, stage->scenario->takes, plan);
    report_fact_number(&stage->report, "processes", stage->shares->count);
}

/* Such a thing is better known before the run than after it. */
static void
plot_check(const char *path)
{
    FILE *file = fopen(path, "ae");

    if (file == NULL || fclose(file) != 0)
        failure_exit("%s cannot be written: %s", path, strerror(errno));
}

/* Returns the exit status. */
static int
report_show(struct stage *stage)
{
    int result = 0;

    progress_clear(&stage->progress);
    if (stage_stopping(stage))
        report_fact(&stage->report, "stopped", "by Ctrl-C; this is what was measured until then");
    if (stage->plan->json)
        result = report_print_json(&stage->report, stdout);
    else
        report_print_table(&stage->report, stdout);
    if (result < 0 || fflush(stdout) != 0)
        failure_exit("the report cannot be written");
    if (stage->plan->plot != NULL && (result = report_write_plot(&stage->report, stage->plan->plot)) < 0)
        failure_exit("%s cannot be written: %s", stage->plan->plot, strerror(-result));
    if (stage->errors > 0)
        failure_exit(
            "%llu notifications were wrong; the first: %s", (unsigned long long)stage->errors, report_fact_text(&stage->report, "first_error"));
    return stage_stopping(stage) ? STATUS_INTERRUPTED : 0;
}

int
main(int argc, char **argv)
{
    static struct stage stage;
    static struct target target;
    const struct scenario *scenario = NULL;
    struct plan plan;
    uint32_t shares, users;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            help_print();
            return 0;
        }
        if (strcmp(argv[i], "--version") == 0) {
            printf("alo-bench %s\n", version_text());
            return 0;
        }
    }
    if (argc < 2)
        failure_usage("name a scenario; --help lists them");
    for (int i = 0; i < SCENARIOS; i++)
        if (strcmp(argv[1], scenarios[i]->name) == 0)
            scenario = scenarios[i];
    if (scenario == NULL)
        failure_usage("there is no scenario \"%s\"; --help lists them", argv[1]);

    plan = scenario->defaults;
    plan.target = "";
    plan.talk = &talk_classic;
    plan.seed = 1;
    plan.late_ns = 5 * INT64_C(1000000000);
    options_read(argc - 2, argv + 2, scenario->name, scenario->takes, &plan);
    if (plan.udp && !plan.talk->datagrams)
        failure_usage("--protocol %s is not spoken over UDP", plan.talk->name);
    if (plan.plot != NULL)
        plot_check(plan.plot);
    target_find(&target, &plan);

    shares = processes_count(scenario, &plan);
    users = users_each(&plan, shares);
    stage = (struct stage){.plan = &plan, .scenario = scenario, .target = &target, .shares = shares_new(shares)};
    stage.share = shares_start(stage.shares);
    stage.sessions = stage_part(&stage, plan.sessions);
    stage.flapping = stage_part(&stage, plan.flapping);
    stage.users = users;
    stage.random.state = ((uint64_t)stage.share << 32) + plan.seed;
    prctl(PR_SET_TIMERSLACK, 1);
    progress_begin(&stage.progress, stderr, plan.quiet || stage.share != 0);
    if (stage.share == 0)
        facts_tell(&stage);
    scenario->play(&stage);
    shares_end(stage.shares, stage.share);
    stage_end(&stage);
    return report_show(&stage);
}
