/* SPDX-License-Identifier: MIT
 *
 * The progress line on a pseudo-terminal, in a log, and when nothing is to be shown.
 */
#include "report/progress.h"

#include "support/unit.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { DEADLINE_MS = 10000 };

static const struct progress_state state = {
    .seconds = 12.7, .seconds_total = 60, .unit = "notifications", .rate = 24010.2, .online = 8200, .delivered = 288120};

#define LINE "12 s of 60 · 24,010 notifications/s · 8,200 online · 288,120 delivered · 0 errors"

static const int64_t MS = 1000000;

static struct progress progress;
static FILE *file;
static int terminal; /* the side where a person would look */
static char *log_text;
static size_t log_bytes;

static void
terminal_open(unsigned short columns)
{
    struct winsize size = {.ws_row = 24, .ws_col = columns};

    setenv("TERM", "xterm", 1);
    terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    ck_assert(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    file = fopen(ptsname(terminal), "r+e");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(ioctl(terminal, TIOCSWINSZ, &size), 0);
    progress_begin(&progress, file, false);
}

/* What comes next on the terminal is just that. */
static void
expect(const char *expected)
{
    char text[600] = "";
    size_t used = 0;

    while (used < strlen(expected)) {
        struct pollfd readable = {.fd = terminal, .events = POLLIN};

        ck_assert_msg(poll(&readable, 1, DEADLINE_MS) == 1, "only '%s'", text);

        ssize_t got = read(terminal, text + used, strlen(expected) - used);

        ck_assert_int_gt(got, 0);
        used += (size_t)got;
    }
    ck_assert_str_eq(text, expected);
}

START_TEST(on_a_terminal_it_is_written_over_itself)
{
    terminal_open(120);
    progress_show(&progress, 0, &state);
    expect("\r" LINE "\x1b[K");
    progress_show(&progress, 199 * MS, &state); /* not due */
    progress_clear(&progress);
    expect("\r\x1b[K");
    progress_clear(&progress); /* nothing is there any more */
    progress_show(&progress, 199 * MS, &state);
    expect("\r" LINE "\x1b[K");
    progress_show(&progress, 399 * MS, &state);
    expect("\r" LINE "\x1b[K");
    fclose(file);
    close(terminal);
}
END_TEST

START_TEST(it_is_cut_to_the_width)
{
    terminal_open(40);
    progress_show(&progress, 0, &state);
    expect("\r12 s of 60 · 24,010 notifications/s · …\x1b[K");
    ck_assert_int_eq(ioctl(terminal, TIOCSWINSZ, &(struct winsize){.ws_row = 24, .ws_col = 12}), 0);
    progress_show(&progress, 1000 * MS, &state);
    expect("\r12 s of 60…\x1b[K");
    ck_assert_int_eq(ioctl(terminal, TIOCSWINSZ, &(struct winsize){.ws_row = 24, .ws_col = 1}), 0);
    progress_show(&progress, 2000 * MS, &state);
    expect("\r…\x1b[K");
    fclose(file);
    close(terminal);
}
END_TEST

START_TEST(a_terminal_that_cannot_clear_gets_lines)
{
    terminal_open(120);
    setenv("TERM", "dumb", 1);
    progress_begin(&progress, file, false);
    progress_show(&progress, 0, &state);
    expect(LINE "\r\n");
    fclose(file);
    close(terminal);
}
END_TEST

static const char *
log_shown(bool quiet)
{
    file = open_memstream(&log_text, &log_bytes);
    progress_begin(&progress, file, quiet);
    progress_show(&progress, 100, &state);
    progress_show(&progress, 4999 * MS, &state);

    struct progress_state later = {.seconds = 17, .unit = "logins", .errors = 1};

    progress_show(&progress, 5001 * MS, &later);
    progress_clear(&progress);
    fclose(file);
    return log_text;
}

START_TEST(in_a_log_there_is_a_line_now_and_then)
{
    ck_assert_str_eq(log_shown(false), LINE "\n17 s · 0 logins/s · 0 online · 0 delivered · 1 error\n");
    free(log_text);
}
END_TEST

START_TEST(quiet_is_quiet)
{
    ck_assert_str_eq(log_shown(true), "");
    free(log_text);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("progress");
    TCase *tests = tcase_create("progress");

    tcase_add_test(tests, on_a_terminal_it_is_written_over_itself);
    tcase_add_test(tests, it_is_cut_to_the_width);
    tcase_add_test(tests, a_terminal_that_cannot_clear_gets_lines);
    tcase_add_test(tests, in_a_log_there_is_a_line_now_and_then);
    tcase_add_test(tests, quiet_is_quiet);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
