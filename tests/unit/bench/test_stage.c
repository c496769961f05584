/* SPDX-License-Identifier: MIT
 *
 * How the processes of a run end it together: wherever the first one is when another hears that the run is to end, and whichever of them missed
 * something. Each test plays a run in processes of its own and looks at the exit status of the first.
 */
#include "scenarios/flapping.h"
#include "scenarios/stage.h"

#include "support/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STOPPED = 130, OVER = 7, GOES_ON = 8 };

static struct stage stage;
static struct target target;
static struct plan plan;
static const struct scenario scenario = {.name = "test"};

/* Nobody listens there. */
static void
target_set(void)
{
    struct sockaddr_in *address = (struct sockaddr_in *)&target.address;

    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(1)};
    target.length = sizeof *address;
    target.loopback = true;
}

static void
run_begin(uint32_t count)
{
    target_set();
    plan = (struct plan){.talk = &talk_classic, .sessions = 40, .flapping = 4, .friends = 8, .late_ns = 1000000000, .quiet = true};
    stage = (struct stage){.plan = &plan, .scenario = &scenario, .target = &target, .shares = shares_new(count), .users = 100, .sessions = 20};
    stage.share = shares_start(stage.shares);
    stage.flapping = 2;
}

/* Another process plays the run, so that its end can be looked at; returns its exit status. */
static int
run_play(void (*play)(void))
{
    pid_t process = fork();
    int status;

    ck_assert_int_ge(process, 0);
    if (process == 0) {
        play();
        _exit(EXIT_FAILURE);
    }
    ck_assert_int_eq(waitpid(process, &status, 0), process);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void
stop_while_the_first_waits(void)
{
    run_begin(2);
    stage_crowd(&stage, 1);
    if (stage.share == 0)
        stage_meet(&stage);
    while (atomic_load(&stage.shares->arrived) == 0)
        crowd_poll(&stage.crowd, 1000000);
    kill(getppid(), SIGINT);
    for (;;) {
        stage_stop_check(&stage);
        crowd_poll(&stage.crowd, 1000000);
    }
}

START_TEST(the_first_does_not_wait_for_one_who_has_abandoned_the_run)
{
    ck_assert_int_eq(run_play(stop_while_the_first_waits), STOPPED);
}
END_TEST

static void
stop_while_lists_are_drawn(void)
{
    struct flapping flapping = {.stage = &stage, .stay = 20};

    run_begin(1);
    kill(getpid(), SIGINT);
    flapping_gather(&flapping);
}

START_TEST(drawing_ends_before_anybody_connects)
{
    ck_assert_int_eq(run_play(stop_while_lists_are_drawn), STOPPED);
}
END_TEST

static void
over_play(uint64_t missing)
{
    bool over;

    run_begin(2);
    stage_crowd(&stage, 1);
    if (stage.share == 1)
        stage.shares->tallies[1].counts.missing = missing;
    over = stage_over(&stage);
    shares_end(stage.shares, stage.share);
    _exit(over ? OVER : GOES_ON);
}

static void
over_play_missing(void)
{
    over_play(1);
}

static void
over_play_nothing_missing(void)
{
    over_play(0);
}

START_TEST(it_is_over_when_any_of_them_misses_something)
{
    ck_assert_int_eq(run_play(over_play_missing), OVER);
    ck_assert_int_eq(run_play(over_play_nothing_missing), GOES_ON);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("stage");
    TCase *tests = tcase_create("stage");

    tcase_add_test(tests, the_first_does_not_wait_for_one_who_has_abandoned_the_run);
    tcase_add_test(tests, drawing_ends_before_anybody_connects);
    tcase_add_test(tests, it_is_over_when_any_of_them_misses_something);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
