/* SPDX-License-Identifier: MIT */
#include "base/assert.h"

#include "support/unit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

START_TEST(what_holds_does_nothing)
{
    int evaluated = 0;

    ASSERT(++evaluated == 1);
    ck_assert_int_eq(evaluated, 1);
}
END_TEST

START_TEST(what_does_not_hold_aborts)
{
    ASSERT(1 > 2);
}
END_TEST

/* Where it stands is said in one line of JSON, as in all of the log. */
static int pipe_ends[2];

static void
expect_line_at_abort(int signal_number)
{
    char line[600];
    ssize_t length = read(pipe_ends[0], line, sizeof line - 1);

    (void)signal_number;
    if (length < 0)
        _exit(1);
    line[length] = '\0';
    if (strncmp(line, "{\"level\": \"error\", \"event\": \"assertion_failed\", \"file\": \"", 57) != 0 ||
        strstr(line, "test_assert.c\", \"line\": ") == NULL || strstr(line, "\"condition\": \"2 + 2 == 5\"}\n") == NULL ||
        strchr(line, '\n')[1] != '\0')
        _exit(2);
    _exit(0);
}

START_TEST(what_does_not_hold_is_named_in_one_line)
{
    ck_assert_int_eq(pipe(pipe_ends), 0);
    ck_assert_int_ge(dup2(pipe_ends[1], STDERR_FILENO), 0);
    signal(SIGABRT, expect_line_at_abort);
    ASSERT(2 + 2 == 5);
}
END_TEST

START_TEST(a_line_that_is_too_long_is_cut)
{
    char condition[2000];

    memset(condition, 'x', sizeof condition - 1);
    condition[sizeof condition - 1] = '\0';
    assert_failed(condition, "file.c", 1);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("assert");
    TCase *tests = tcase_create("assert");

    tcase_add_test(tests, what_holds_does_nothing);
    tcase_add_test_raise_signal(tests, what_does_not_hold_aborts, SIGABRT);
    tcase_add_exit_test(tests, what_does_not_hold_is_named_in_one_line, 0);
    tcase_add_test_raise_signal(tests, a_line_that_is_too_long_is_cut, SIGABRT);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
