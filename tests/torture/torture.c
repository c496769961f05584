/* SPDX-License-Identifier: MIT
 *
 * Torture: the real server, some hundred normal users who come and go and are judged word by word (folk.h), and meanwhile every fault that there
 * is (torture.h), one after the other and then all at once. Each prints what was held; the first thing that is not held fails all of it.
 *
 *   TORTURE_SECONDS  how long all of it may take, about; 240 when unset
 *   TORTURE_SEED     repeats what is done, though not how threads and packets are scheduled; printed when it begins
 *   TORTURE_ONLY     of the faults, those whose name has this in it
 */
#include "torture/torture.h"

#include "support/pace.h"
#include "support/process.h"
#include "support/unit.h"

#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum {
    USERS = 300,
    FAR_USERS = 30,
    FAR_FRIENDS = 12, /* on this side of the link, who hear of those on the other */
    FAR_PATIENCE_S = 240,
    SECONDS = 240,
    SECONDS_MIN = 30,
    TOGETHER_SHARES = 3, /* of what one fault gets */
    END_SECONDS = 600,   /* that a slow machine may take on top of it until all of it is ended */
    TURN_MS = 5,
    DEATH_MS = 2000,
    BAD_MS = 20000,  /* so long packets are lost at most, while a sender waits at most 26 s from one try to the next, */
    GOOD_MS = 30000, /* and then none are, so that no try of a sender is its last (DAEMON_PEER_TIMEOUT_S) */
    FAULTS_MAX = 24,
};

static char folder[] = "/tmp/alo-torture-XXXXXX";
static char program[PATH_MAX];
static unsigned seconds;
static uint64_t seed;

void
torture_say(const char *format, ...)
{
    va_list values;

    va_start(values, format);
    vprintf(format, values);
    va_end(values);
    fflush(stdout);
}

static uint64_t
number_given(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text != NULL && text[0] != '\0' ? strtoull(text, NULL, 10) : otherwise;
}

void
torture_weather(struct torture *torture, const struct link_weather *weather)
{
    torture->weather = *weather;
    torture->is_bad = weather->loss_percent > 0 || weather->delay_ms > 0;
    torture->weather_ms = pace_now_ms() + BAD_MS;
    link_set(torture->link, weather);
}

/* What was sent in bad weather, and again and again, is sent again in good weather before the server's patience with its peer is over. */
static void
weather_turn(struct torture *torture)
{
    static const struct link_weather good = {.cut = false};

    if (torture->weather.loss_percent == 0 || pace_now_ms() < torture->weather_ms)
        return;
    torture->is_bad = !torture->is_bad;
    torture->weather_ms = pace_now_ms() + (torture->is_bad ? BAD_MS : GOOD_MS);
    link_set(torture->link, torture->is_bad ? &torture->weather : &good);
}

void
torture_turn(struct torture *torture)
{
    struct pollfd pollers[] = {{.fd = torture->folk.poller, .events = POLLIN}, {.fd = torture->far.poller, .events = POLLIN}};

    poll(pollers, 2, TURN_MS);
    folk_turn(&torture->folk);
    folk_turn(&torture->far);
    daemon_check(&torture->daemon);
    weather_turn(torture);
}

void
torture_rest(struct torture *torture)
{
    torture->folk.pauses = torture->far.pauses = true;
    while (!folk_rests(&torture->folk) || !folk_rests(&torture->far))
        torture_turn(torture);
    torture->folk.pauses = torture->far.pauses = false;
}

void
torture_rounds(struct torture *torture, struct folk *folk, uint64_t rounds)
{
    for (uint64_t target = folk->books.rounds + rounds; folk->books.rounds < target;)
        torture_turn(torture);
}

void
torture_shortage(struct torture *torture, bool begins)
{
    torture->folk.shortage = torture->folk.balanced = torture->far.shortage = torture->far.balanced = begins;
    torture->folk.room = torture->far.room = 0;
    folk_be_patient(&torture->folk);
    folk_be_patient(&torture->far);
}

/* The faults chosen, without those that are no part of all at once if so. */
static unsigned
choose(const struct fault **chosen, bool together)
{
    const struct fault *const tables[] = {datagram_faults, network_faults, process_faults, shortage_faults, crowd_faults, garbage_faults};
    const char *only = getenv("TORTURE_ONLY");
    unsigned count = 0;

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (const struct fault *fault = tables[i]; fault->name != NULL; fault++)
            if ((only == NULL || strstr(fault->name, only) != NULL) && !(together && fault->alone))
                chosen[count++] = fault;
    return count;
}

/* What the table at the end says of a fault. */
struct row {
    const char *name;
    const char *left_out; /* NULL, or why */
    double seconds;
    struct folk_books near, far;
};

static struct row rows[FAULTS_MAX + 1];
static unsigned row_count;

/* Writes down what was held, and says it. */
static void
say_held(struct torture *torture, const char *name, int64_t begun_ms, const char *held)
{
    struct row *row = &rows[row_count++];

    *row = (struct row){.name = name, .seconds = (double)(pace_now_ms() - begun_ms) / 1000, .near = torture->folk.books, .far = torture->far.books};
    torture->folk.books = torture->far.books = (struct folk_books){.rounds = 0};
    torture_say("%s, %.1f s: %s%s%" PRIu64 " changes told to normal users, none missed, none wrong; slowest %" PRId64 " ms\n", name, row->seconds,
        held, held[0] != '\0' ? ". " : "", row->near.told + row->far.told, row->near.slowest_ms);
}

static void
say_left_out(const char *name, const char *why)
{
    rows[row_count++] = (struct row){.name = name, .left_out = why};
    torture_say("%s: LEFT OUT, for this machine has %s\n", name, why);
}

static void
say_table(void)
{
    unsigned left_out = 0;

    torture_say("\n%-40s %8s %8s %8s %10s %10s %10s %10s\n", "held", "s", "rounds", "told", "let in", "slowest", "told at", "slowest");
    torture_say("%-40s %8s %8s %8s %10s %10s %10s %10s\n", "", "", "", "", "later", "ms", "the link", "ms");
    for (unsigned i = 0; i < row_count; i++) {
        const struct row *row = &rows[i];

        left_out += row->left_out != NULL;
        if (row->left_out != NULL)
            torture_say("%-40s LEFT OUT: %s\n", row->name, row->left_out);
        else
            torture_say("%-40s %8.1f %8" PRIu64 " %8" PRIu64 " %10" PRIu64 " %10" PRId64 " %10" PRIu64 " %10" PRId64 "\n", row->name, row->seconds,
                row->near.rounds, row->near.told, row->near.refused + row->far.refused, row->near.slowest_ms, row->far.told, row->far.slowest_ms);
    }
    torture_say("torture: %u held, %u left out\n", row_count - left_out, left_out);
}

static void
run_for(struct torture *torture, const struct fault *const *faults, unsigned count, int64_t until_ms)
{
    while (pace_now_ms() < until_ms) {
        torture_turn(torture);
        for (unsigned i = 0; i < count; i++)
            if (faults[i]->turn != NULL)
                faults[i]->turn(torture);
    }
}

static void
run_fault(struct torture *torture, const struct fault *fault, int64_t share_ms)
{
    char held[HELD_BYTES] = "";
    int64_t begun_ms = pace_now_ms();

    torture_rest(torture);
    const char *missing = fault->begin(torture);
    if (missing != NULL) {
        say_left_out(fault->name, missing);
        return;
    }
    run_for(torture, &fault, 1, begun_ms + share_ms);
    fault->end(torture, held, sizeof held);
    torture_rest(torture);
    say_held(torture, fault->name, begun_ms, held);
}

static void
run_together(struct torture *torture, int64_t share_ms)
{
    const struct fault *chosen[FAULTS_MAX], *begun[FAULTS_MAX];
    unsigned count = choose(chosen, true), there = 0;
    int64_t begun_ms = pace_now_ms();
    char held[HELD_BYTES];

    torture->together = true;
    torture_rest(torture);
    for (unsigned i = 0; i < count; i++)
        if (chosen[i]->begin(torture) == NULL)
            begun[there++] = chosen[i];
    run_for(torture, begun, there, begun_ms + share_ms);
    while (there > 0) {
        held[0] = '\0';
        there--;
        begun[there]->end(torture, held, sizeof held);
        torture_say("    %s: %s\n", begun[there]->name, held);
    }
    torture_rest(torture);
    say_held(torture, "all at once", begun_ms, "");
}

/* What this machine cannot do is done otherwise, and that is said. */
static void
make_link(struct torture *torture, const char *no_spaces)
{
    torture->link = link_new(seed, torture->daemon.port, no_spaces == NULL);
    if (!link_is_real(torture->link))
        torture_say("NOTE: this machine has %s, so there is no real link: a relay holds back what users say, and a cut is a reset\n",
            no_spaces != NULL ? no_spaces : "no TUN devices (/dev/net/tun)");
    else if (!link_has_netem(torture->link))
        torture_say("NOTE: this kernel has no netem, so the link loses, delays and doubles packets by itself\n");
    if (!torture->daemon.has_disk)
        torture_say("NOTE: this machine has no file system of its own for the log, so instead of a full disk its length is limited\n");
}

static struct torture torture;

/* The kernel closes the connections of a process before it says that the process has ended. */
static void
look_for_death(void)
{
    for (int64_t until_ms = pace_now_ms() + DEATH_MS; pace_now_ms() < until_ms; poll(NULL, 0, TURN_MS))
        daemon_check(&torture.daemon);
}

static void
torture_init(void)
{
    bool mounts;
    const char *no_spaces = link_enter(&mounts);

    prctl(PR_SET_PDEATHSIG, SIGKILL); /* what it starts ends with it, and it with the program; entering a user namespace takes this back */
    torture.dice.state = seed;
    process_raise_descriptors();
    daemon_init(&torture.daemon, folder, program, mounts);
    make_link(&torture, no_spaces);
    struct way near = {.port = torture.daemon.port, .address = "127.0.0.1", .space = -1}, far = link_way(torture.link);
    folk_init(&torture.folk, "normal users", pace_scaled(USERS), 0, seed + 1, &near, &far);
    folk_init(&torture.far, "users at the link", pace_scaled(FAR_USERS) + FAR_FRIENDS, pace_scaled(FAR_USERS), seed + 2, &near, &far);
    torture.far.patience_s = FAR_PATIENCE_S;
    torture.folk.on_lost = torture.far.on_lost = look_for_death;
}

START_TEST(torture_all)
{
    const struct fault *faults[FAULTS_MAX];
    unsigned count = choose(faults, false);

    ck_assert_msg(count > 0, "no fault has TORTURE_ONLY=%s in its name", getenv("TORTURE_ONLY"));
    int64_t share_ms = (int64_t)seconds * 1000 / (count + TOGETHER_SHARES);

    torture_init();
    torture_rounds(&torture, &torture.folk, 5);
    for (unsigned i = 0; i < count; i++)
        run_fault(&torture, faults[i], share_ms);
    run_together(&torture, share_ms * TOGETHER_SHARES);
    folk_done(&torture.folk);
    folk_done(&torture.far);
    daemon_stop(&torture.daemon);
    link_free(torture.link);
    say_table();
}
END_TEST

int
main(void)
{
    struct timespec now;
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);

    clock_gettime(CLOCK_REALTIME, &now);
    seconds = (unsigned)number_given("TORTURE_SECONDS", SECONDS);
    if (seconds < SECONDS_MIN)
        seconds = SECONDS_MIN;
    seed = number_given("TORTURE_SEED", (uint64_t)(now.tv_sec ^ now.tv_nsec) % 1000000000);
    if (length < 0 || mkdtemp(folder) == NULL) {
        perror("torture");
        return EXIT_FAILURE;
    }
    torture_say("torture: some %u s; TORTURE_SEED=%" PRIu64 " repeats what is done\n", seconds, seed);

    Suite *suite = suite_create("torture");
    TCase *tests = tcase_create("torture");
    tcase_set_timeout(tests, seconds + pace_seconds(END_SECONDS));
    tcase_add_test(tests, torture_all);
    suite_add_tcase(suite, tests);
    int status = unit_run(suite);
    daemon_remove(folder);
    if (status != EXIT_SUCCESS)
        torture_say("torture: FAILED; TORTURE_SEED=%" PRIu64 " repeats what was done\n", seed);
    return status;
}
