/* SPDX-License-Identifier: MIT */
#include "parts/measure.h"

#include "base/assert.h"
#include "load/failure.h"
#include "parts/crew.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ROUNDS = 11,
    ROUNDS_MAX = 101,
    ROUND_MS = 20,
    ROUND_MS_MAX = 10000,
    BATCHES = 8,   /* of a round, about, where their length is free */
    PATIENCE = 50, /* rounds that a batch lasts at most, when its processor time is little for its length */
    NOTE_BYTES = 96,
};

struct plan {
    bool list, once;
    uint32_t rounds;
    double round_ns;
    char **names;
    int name_count;
};

/* What the case of one thread took, to compare the same on more with. */
struct alone {
    const char *name;
    double wall_ns;
};

static int
compare_costs(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

static uint64_t
batch_at_most(const struct micro *micro, uint64_t operations)
{
    return micro->batch > 0 && operations > micro->batch ? micro->batch : operations;
}

/*
 * How many operations a batch has so that a round is a few of them; everything is warm afterwards. Processor time decides: one interruption
 * must not make all batches tiny.
 */
static uint64_t
find_batch(struct crew *crew, const struct micro *micro, double round_ns)
{
    uint64_t operations = micro->batch > 0 ? micro->batch : 1;

    for (;;) {
        struct cost cost = {0};

        crew_run(crew, operations, &cost);
        if (operations == micro->batch || cost.cpu_ns >= round_ns / BATCHES || cost.wall_ns >= round_ns * PATIENCE)
            return operations;
        operations *= 2;
    }
}

/* Wall time of an operation in *wall, processor time in *cpu. */
static void
measure_round(struct crew *crew, uint64_t operations, double round_ns, double *wall, double *cpu)
{
    struct cost cost = {0};

    while (cost.wall_ns < round_ns)
        crew_run(crew, operations, &cost);
    *wall = cost.wall_ns / (double)cost.operations;
    *cpu = cost.cpu_ns / (double)cost.operations;
}

/* The ratio of the throughputs, 0 when there is nothing to compare with. */
static double
scale_of(const struct micro *micro, double wall_ns, struct alone *alone)
{
    const char *at = strchr(micro->name, '@');
    size_t length = at == NULL ? 0 : (size_t)(at - micro->name) + 1;

    if (length == 0)
        return 0;
    if (micro->threads == 1)
        *alone = (struct alone){.name = micro->name, .wall_ns = wall_ns};
    return alone->name != NULL && strncmp(alone->name, micro->name, length) == 0 ? alone->wall_ns / wall_ns : 0;
}

static void
print_optional(double value, int decimals)
{
    if (value > 0)
        printf(" %9.*f", decimals, value);
    else
        printf(" %9s", "-");
}

static void
measure(const struct micro *micro, void *subject, const struct plan *plan, struct alone *alone)
{
    double walls[ROUNDS_MAX], cpus[ROUNDS_MAX];
    struct crew *crew = crew_start(micro, subject);
    uint64_t operations = find_batch(crew, micro, plan->round_ns);
    char note[NOTE_BYTES] = "";

    for (uint32_t i = 0; i < plan->rounds; i++)
        measure_round(crew, operations, plan->round_ns, &walls[i], &cpus[i]);
    crew_stop(crew);
    qsort(walls, plan->rounds, sizeof *walls, compare_costs);
    qsort(cpus, plan->rounds, sizeof *cpus, compare_costs);

    double wall = walls[plan->rounds / 2], cpu = cpus[plan->rounds / 2];

    printf("%-28s %13.1f %13.1f %13.1f %13.1f", micro->name, cpu, cpus[0], cpus[plan->rounds - 1], wall);
    print_optional(micro->items == 0 ? 0 : cpu / micro->items, 2);
    print_optional(micro->bytes == NULL ? 0 : (double)micro->bytes(subject) * 1e3 / cpu, 0);
    print_optional(scale_of(micro, wall, alone), 2);
    if (micro->note != NULL)
        micro->note(subject, note, sizeof note);
    printf("%s%s\n", note[0] == '\0' ? "" : "  ", note);
}

static void
run_unmeasured(const struct micro *micro, void *subject, uint32_t thread, uint64_t operations)
{
    micro->run(subject, thread, operations);
}

/*
 * The fixed number of operations, twice: the first time nothing is measured (micro_measured is not called), so that what a tool counts in
 * there is a warm state's.
 */
static void
run_once(const struct micro *micro, void *subject)
{
    ASSERT(micro->threads <= 1 && micro->helpers == 0);
    for (int time = 0; time < 2; time++) {
        for (uint64_t done = 0, part; done < micro->once; done += part) {
            part = batch_at_most(micro, micro->once - done);
            if (micro->prepare != NULL)
                micro->prepare(subject, part);
            (time == 0 ? run_unmeasured : micro_measured)(micro, subject, 0, part);
            if (micro->clean != NULL)
                micro->clean(subject, part);
        }
    }
}

static void
run_case(const struct micro *micro, const struct plan *plan, struct alone *alone)
{
    if (plan->list) {
        printf("%-28s %8llu %8u  %s\n", micro->name, (unsigned long long)micro->once, micro->items, micro->about);
        return;
    }
    if (plan->once && micro->once == 0)
        return;

    void *subject = micro->open == NULL ? NULL : micro->open(micro);

    if (plan->once)
        run_once(micro, subject);
    else
        measure(micro, subject, plan, alone);
    if (micro->close != NULL)
        micro->close(subject);
    fflush(stdout);
}

static bool
is_exact(const char *name, const struct micro *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(cases[i].name, name) == 0)
            return true;
    return false;
}

static bool
is_asked_for(const struct micro *micro, const struct plan *plan, const struct micro *cases, size_t count)
{
    for (int i = 0; i < plan->name_count; i++)
        if (is_exact(plan->names[i], cases, count) ? strcmp(plan->names[i], micro->name) == 0 : strstr(micro->name, plan->names[i]) != NULL)
            return true;
    return plan->name_count == 0;
}

static uint32_t
read_number(const char *text, long most, const char *what)
{
    char *end;
    long number;

    errno = 0;
    number = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < 1 || number > most)
        failure_exit("%s: 1 to %ld, not %s", what, most, text);
    return (uint32_t)number;
}

static void
read_arguments(int argc, char **argv, struct plan *plan)
{
    static const struct option options[] = {{"list", no_argument, NULL, 'l'}, {"once", no_argument, NULL, 'o'},
        {"rounds", required_argument, NULL, 'r'}, {"milliseconds", required_argument, NULL, 'm'}, {0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'l': plan->list = true; break;
        case 'o': plan->once = true; break;
        case 'r': plan->rounds = read_number(optarg, ROUNDS_MAX, "--rounds"); break;
        case 'm': plan->round_ns = read_number(optarg, ROUND_MS_MAX, "--milliseconds") * 1e6; break;
        default: failure_exit("usage: %s [--list] [--once] [--rounds N] [--milliseconds N] [name ...]", argv[0]);
        }
    }
    plan->names = argv + optind;
    plan->name_count = argc - optind;
}

int
micro_main(int argc, char **argv, const struct micro *cases, size_t count)
{
    struct plan plan = {.rounds = ROUNDS, .round_ns = ROUND_MS * 1e6};
    struct alone alone = {0};
    bool found = false;

    read_arguments(argc, argv, &plan);
    if (!plan.list && !plan.once)
        printf("%-28s %13s %13s %13s %13s %9s %9s %9s\n", "case", "CPU-ns", "least", "most", "wall-ns", "ns/item", "MB/s", "scale");
    for (size_t i = 0; i < count; i++) {
        if (!is_asked_for(&cases[i], &plan, cases, count))
            continue;
        found = true;
        run_case(&cases[i], &plan, &alone);
    }
    if (!found)
        failure_exit("no such case; --list names them");
    return 0;
}
