/* SPDX-License-Identifier: MIT
 *
 * The load program: plays one scenario, in the classic dialect unless told otherwise, against a server on this machine, .bin/alo or the floor
 * (.bin/alo-floor), checks every notification, and prints what that cost the server, one figure a line. Exit status 1 when
 * a notification is missing, one too many or malformed, or the time is up.
 *
 * One thread; bench/run starts it against both servers in turn and compares.
 */
#include "support/failure.h"
#include "support/stage.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct scenario {
    const char *name;
    void (*play)(struct stage *stage);
    struct stage defaults;
    const char *about;
};

static const struct scenario scenarios[] = {
    {"fanout", scenario_fanout, {.sessions = 8000, .friends = 50, .flapping = 200, .in_flight = 16, .notifications = 400000},
        "some users come and go among many: processor time per notification"},
    {"login", scenario_login, {.sessions = 8000, .friends = 50, .in_flight = 64, .rounds = 5},
        "all log in, all log out: processor time per login and per logout"},
    {"celebrity", scenario_celebrity, {.sessions = 15000, .rounds = 10}, "everybody watches one: time until all are told"},
    {"idle", scenario_idle, {.sessions = 15000, .friends = 0}, "sessions that say nothing: memory per session"},
    {"udp", scenario_udp, {.sessions = 1000000, .friends = 10, .rounds = 10},
        "sessions over UDP are kept alive: processor time per login and heartbeat, memory"},
    {"beat", scenario_beat, {.sessions = 8000, .friends = 10, .rounds = 10}, "the same over TCP"},
};

enum {
    SCENARIOS = sizeof scenarios / sizeof scenarios[0],
    SECONDS_DEFAULT = 120,
    GRACE_SECONDS = 5, /* what a blocked call may add to the deadline */
};

static void
usage_print(FILE *file)
{
    fprintf(file,
        "usage: alo-load SCENARIO --port N --pid N [--floor] [--jsonrpc] [--seed N] [--sessions N] [--friends N]\n"
        "                [--flapping N] [--in-flight N] [--rounds N] [--notifications N] [--seconds N]\n\n");
    for (int i = 0; i < SCENARIOS; i++)
        fprintf(file, "  %-10s %s\n", scenarios[i].name, scenarios[i].about);
}

static uint32_t
number_read(const char *option, const char *text, unsigned long most)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || number > most)
        failure_exit("--%s takes a number of at most %lu", option, most);
    return (uint32_t)number;
}

static void
options_read(int argc, char **argv, struct stage *stage)
{
    enum { FLOOR = 1 << 8, JSONRPC };
    static const struct option options[] = {
        {"port", required_argument, NULL, 'p'},
        {"pid", required_argument, NULL, 'P'},
        {"floor", no_argument, NULL, FLOOR},
        {"jsonrpc", no_argument, NULL, JSONRPC},
        {"seed", required_argument, NULL, 's'},
        {"sessions", required_argument, NULL, 'n'},
        {"friends", required_argument, NULL, 'f'},
        {"flapping", required_argument, NULL, 'm'},
        {"in-flight", required_argument, NULL, 'i'},
        {"rounds", required_argument, NULL, 'r'},
        {"notifications", required_argument, NULL, 'N'},
        {"seconds", required_argument, NULL, 't'},
        {NULL, 0, NULL, 0},
    };
    uint32_t seconds = SECONDS_DEFAULT;
    int option, index = 0;

    while ((option = getopt_long(argc, argv, "", options, &index)) != -1) {
        switch (option) {
        case FLOOR: stage->floor = true; break;
        case JSONRPC: stage->jsonrpc = true; break;
        case 'p': stage->port = (uint16_t)number_read("port", optarg, UINT16_MAX); break;
        case 'P': stage->process = (pid_t)number_read("pid", optarg, 1UL << 30); break;
        case 's': stage->seed = number_read("seed", optarg, UINT32_MAX); break;
        case 'n': stage->sessions = number_read("sessions", optarg, 10000000); break;
        case 'f': stage->friends = number_read("friends", optarg, 10000); break;
        case 'm': stage->flapping = number_read("flapping", optarg, 10000); break;
        case 'i': stage->in_flight = number_read("in-flight", optarg, 100000); break;
        case 'r': stage->rounds = number_read("rounds", optarg, 10000); break;
        case 'N': stage->notifications = number_read("notifications", optarg, 1UL << 30); break;
        case 't': seconds = number_read("seconds", optarg, 86400); break;
        default: usage_print(stderr); exit(2);
        }
    }
    if (stage->port == 0 || stage->process == 0 || stage->sessions == 0)
        failure_exit("--port, --pid and at least one session are needed");
    stage->deadline_ns = crowd_clock_ns() + seconds * INT64_C(1000000000);
    alarm(seconds + GRACE_SECONDS);
}

static void
alarm_ring(int number)
{
    static const char text[] = "alo-load: the time is up\n";

    (void)number;
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
        _exit(3);
    _exit(1);
}

int
main(int argc, char **argv)
{
    static struct stage stage;
    struct rlimit limit;
    const struct scenario *scenario = NULL;

    for (int i = 0; argc > 1 && i < SCENARIOS; i++)
        if (strcmp(argv[1], scenarios[i].name) == 0)
            scenario = &scenarios[i];
    if (scenario == NULL) {
        usage_print(argc > 1 && strcmp(argv[1], "--help") == 0 ? stdout : stderr);
        return argc > 1 && strcmp(argv[1], "--help") == 0 ? 0 : 2;
    }
    stage = scenario->defaults;
    stage.scenario = scenario->name;
    stage.seed = 1;
    signal(SIGALRM, alarm_ring);
    options_read(argc - 1, argv + 1, &stage);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    stage.random.state = stage.seed;
    fprintf(stderr, "alo-load: %s, seed %llu\n", scenario->name, (unsigned long long)stage.seed);
    scenario->play(&stage);
    return 0;
}
