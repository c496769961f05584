/* SPDX-License-Identifier: MIT */
#include "service/signals.h"

#include "support/unit.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

static const int faults_and_job_control[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGTSTP, SIGCONT, SIGTTIN, SIGTTOU};

static bool
keeps_its_default(int number)
{
    for (size_t i = 0; i < sizeof faults_and_job_control / sizeof faults_and_job_control[0]; i++)
        if (faults_and_job_control[i] == number)
            return true;
    return number == SIGKILL || number == SIGSTOP;
}

/* Signals that the C library keeps for itself lie between the last ordinary one and SIGRTMIN; valgrind keeps the very last. */
static bool
can_be_sent(int number)
{
    return number < 32 || (number >= SIGRTMIN && number < SIGRTMAX);
}

/* Sends it to this process and takes it. */
static enum signals_word
word_for(int number)
{
    int taken = 0;

    ck_assert_int_eq(kill(getpid(), number), 0);
    enum signals_word word = signals_wait(&taken);
    ck_assert_int_eq(taken, number);
    return word;
}

START_TEST(three_signals_ask_to_stop)
{
    signals_block();
    ck_assert_int_eq(word_for(SIGTERM), SIGNALS_STOP);
    ck_assert_int_eq(word_for(SIGINT), SIGNALS_STOP);
    ck_assert_int_eq(word_for(SIGQUIT), SIGNALS_STOP);
}
END_TEST

START_TEST(one_signal_asks_to_reload)
{
    signals_block();
    ck_assert_int_eq(word_for(SIGHUP), SIGNALS_RELOAD);
}
END_TEST

/* A descriptor that is readable and a time that is up end the wait as well; a signal goes over both, and stays to be taken. */
START_TEST(a_wait_ends_with_a_signal_a_descriptor_or_the_time)
{
    int ends[2], taken = 0;

    signals_block();
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert(!signals_await(-1, 0));
    ck_assert(!signals_await(ends[0], 1));
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    ck_assert(!signals_await(ends[0], -1));
    ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
    ck_assert(signals_await(ends[0], -1));
    ck_assert(signals_await(-1, -1));
    ck_assert_int_eq(signals_wait(&taken), SIGNALS_OTHER);
    ck_assert_int_eq(taken, SIGUSR1);
    ck_assert(!signals_await(-1, 0));
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(one_signal_asks_to_drain_and_so_may_any_thread)
{
    int taken = 0;

    signals_block();
    ck_assert_int_eq(word_for(SIGUSR2), SIGNALS_DRAIN);
    signals_ask_drain();
    ck_assert_int_eq(signals_wait(&taken), SIGNALS_DRAIN);
    ck_assert_int_eq(taken, SIGUSR2);
}
END_TEST

START_TEST(no_other_signal_ends_the_process)
{
    signals_block();
    for (int number = 1; number <= SIGRTMAX; number++) {
        bool asks = number == SIGTERM || number == SIGINT || number == SIGQUIT || number == SIGHUP || number == SIGUSR2;

        if (!asks && !keeps_its_default(number) && can_be_sent(number))
            ck_assert_msg(word_for(number) == SIGNALS_OTHER, "signal %d", number);
    }
}
END_TEST

START_TEST(faults_and_job_control_stay_as_they_were)
{
    sigset_t blocked;

    signals_block();
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    for (size_t i = 0; i < sizeof faults_and_job_control / sizeof faults_and_job_control[0]; i++)
        ck_assert_int_eq(sigismember(&blocked, faults_and_job_control[i]), 0);
}
END_TEST

START_TEST(a_stop_signal_that_the_starter_ignored_is_heard_all_the_same)
{
    struct sigaction action;

    signal(SIGINT, SIG_IGN);
    signals_block();
    ck_assert_int_eq(word_for(SIGINT), SIGNALS_STOP);
    /* And once unblocked, it ends the process again. */
    sigaction(SIGINT, NULL, &action);
    ck_assert(action.sa_handler == SIG_DFL);
}
END_TEST

static void *
mask_read(void *mask)
{
    pthread_sigmask(SIG_BLOCK, NULL, mask);
    return NULL;
}

START_TEST(threads_started_later_block_the_same)
{
    sigset_t mask;
    pthread_t thread;

    signals_block();
    ck_assert_int_eq(pthread_create(&thread, NULL, mask_read, &mask), 0);
    pthread_join(thread, NULL);
    for (int number = 1; number <= SIGRTMAX; number++)
        if (can_be_sent(number) && !keeps_its_default(number))
            ck_assert_msg(sigismember(&mask, number) == 1, "signal %d", number);
}
END_TEST

START_TEST(a_signal_that_came_before_the_wait_is_not_lost)
{
    int number;

    signals_block();
    raise(SIGHUP);
    kill(getpid(), SIGTERM);
    /* The order among different signals is the kernel's. */
    enum signals_word one = signals_wait(&number), other = signals_wait(&number);
    ck_assert(one != other);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("signals");
    TCase *tests = tcase_create("signals");

    tcase_add_test(tests, three_signals_ask_to_stop);
    tcase_add_test(tests, one_signal_asks_to_reload);
    tcase_add_test(tests, a_wait_ends_with_a_signal_a_descriptor_or_the_time);
    tcase_add_test(tests, one_signal_asks_to_drain_and_so_may_any_thread);
    tcase_add_test(tests, no_other_signal_ends_the_process);
    tcase_add_test(tests, faults_and_job_control_stay_as_they_were);
    tcase_add_test(tests, a_stop_signal_that_the_starter_ignored_is_heard_all_the_same);
    tcase_add_test(tests, threads_started_later_block_the_same);
    tcase_add_test(tests, a_signal_that_came_before_the_wait_is_not_lost);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
