/* SPDX-License-Identifier: MIT */
#include "base/log_output.h"

#include "base/clock.h"
#include "support/unit.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char line[] = "{\"event\":\"test\"}\n";
enum { LINE_BYTES = sizeof line - 1 };

/* Fills a pipe to its last byte; returns how many it holds. */
static size_t
pipe_fill(int descriptor)
{
    char block[PIPE_BUF] = {0};
    size_t bytes = 0;

    fcntl(descriptor, F_SETFL, O_NONBLOCK);
    for (size_t size = sizeof block; size > 0;) {
        ssize_t count = write(descriptor, block, size);

        if (count > 0)
            bytes += (size_t)count;
        else
            size /= 2;
    }
    fcntl(descriptor, F_SETFL, 0);
    return bytes;
}

static bool
signal_is_pending(int number)
{
    sigset_t pending;

    sigpending(&pending);
    return sigismember(&pending, number) == 1;
}

START_TEST(what_is_written_arrives)
{
    int ends[2];
    char room[2 * LINE_BYTES];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_uint_eq(log_output_write(ends[1], line, LINE_BYTES, UINT64_MAX), LINE_BYTES);
    ck_assert_int_eq(read(ends[0], room, sizeof room), LINE_BYTES);
    ck_assert_mem_eq(room, line, LINE_BYTES);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(a_full_pipe_is_waited_for_until_the_deadline)
{
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    pipe_fill(ends[1]);

    uint64_t deadline_ms = clock_monotonic_ms() + 30;

    ck_assert_uint_eq(log_output_write(ends[1], line, LINE_BYTES, deadline_ms), 0);
    ck_assert_uint_ge(clock_monotonic_ms(), deadline_ms);
    ck_assert_uint_eq(log_output_write(ends[1], line, LINE_BYTES, 0), 0); /* a deadline long past */
    ck_assert_int_eq(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

static void *
reader_run(void *argument)
{
    const int *descriptor = argument;
    char room[PIPE_BUF];

    while (read(*descriptor, room, sizeof room) > 0)
        continue;
    return NULL;
}

START_TEST(a_full_pipe_is_written_to_once_it_is_read)
{
    int ends[2];
    pthread_t reader;

    ck_assert_int_eq(pipe(ends), 0);
    pipe_fill(ends[1]);
    ck_assert_int_eq(pthread_create(&reader, NULL, reader_run, &ends[0]), 0);
    ck_assert_uint_eq(log_output_write(ends[1], line, LINE_BYTES, UINT64_MAX), LINE_BYTES);
    close(ends[1]);
    pthread_join(reader, NULL);
    close(ends[0]);
}
END_TEST

START_TEST(a_descriptor_that_somebody_made_non_blocking_is_waited_for_too)
{
    int ends[2];
    pthread_t reader;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    while (write(ends[1], line, LINE_BYTES) > 0)
        continue;
    ck_assert_uint_eq(log_output_write(ends[1], line, LINE_BYTES, clock_monotonic_ms() + 30), 0);

    fcntl(ends[0], F_SETFL, 0);
    ck_assert_int_eq(pthread_create(&reader, NULL, reader_run, &ends[0]), 0);
    ck_assert_uint_eq(log_output_write(ends[1], line, LINE_BYTES, UINT64_MAX), LINE_BYTES);
    close(ends[1]);
    pthread_join(reader, NULL);
    close(ends[0]);
}
END_TEST

START_TEST(a_reader_that_is_gone_costs_the_line_and_nothing_else)
{
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    ck_assert_uint_eq(log_output_write(ends[1], line, LINE_BYTES, UINT64_MAX), 0); /* SIGPIPE would end the test */
    ck_assert(!signal_is_pending(SIGPIPE));

    sigset_t blocked;

    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    ck_assert(!sigismember(&blocked, SIGPIPE));
    close(ends[1]);
}
END_TEST

START_TEST(a_signal_that_waited_before_still_waits_afterwards)
{
    sigset_t pipe_only;
    int ends[2];

    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_only, NULL);
    raise(SIGPIPE);
    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    ck_assert_uint_eq(log_output_write(ends[1], line, LINE_BYTES, UINT64_MAX), 0);
    ck_assert(signal_is_pending(SIGPIPE));

    int number;

    sigwait(&pipe_only, &number);
    pthread_sigmask(SIG_UNBLOCK, &pipe_only, NULL);
    close(ends[1]);
}
END_TEST

START_TEST(a_full_disk_and_a_closed_descriptor_cost_the_line_and_nothing_else)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

    ck_assert_int_ge(full, 0);
    ck_assert_uint_eq(log_output_write(full, line, LINE_BYTES, UINT64_MAX), 0);
    close(full);
    ck_assert_uint_eq(log_output_write(full, line, LINE_BYTES, UINT64_MAX), 0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("log_output");
    TCase *tests = tcase_create("log_output");

    tcase_add_test(tests, what_is_written_arrives);
    tcase_add_test(tests, a_full_pipe_is_waited_for_until_the_deadline);
    tcase_add_test(tests, a_full_pipe_is_written_to_once_it_is_read);
    tcase_add_test(tests, a_descriptor_that_somebody_made_non_blocking_is_waited_for_too);
    tcase_add_test(tests, a_reader_that_is_gone_costs_the_line_and_nothing_else);
    tcase_add_test(tests, a_signal_that_waited_before_still_waits_afterwards);
    tcase_add_test(tests, a_full_disk_and_a_closed_descriptor_cost_the_line_and_nothing_else);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
