/* SPDX-License-Identifier: MIT
 *
 * The log as a whole, read from the other end of a pipe. The parts have tests of their own: test_log_line, test_log_flood,
 * test_log_buffer, test_log_output.
 */
#include "base/log.h"

#include "support/faults.h"
#include "support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Generous: a busy machine may need long, and no test waits for it to pass. */
enum { PATIENCE_MS = 120000 };

static int log_end, reader_end; /* of the pipe that is logged to */
static FILE *reader;

static void
pipe_open(void)
{
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    reader_end = ends[0];
    log_end = ends[1];
    reader = fdopen(reader_end, "r");
}

static void
pipe_close(void)
{
    if (log_end >= 0)
        close(log_end);
    fclose(reader);
}

/* The next line as an object, NULL at the end of input. Whoever takes it frees it. */
static json_t *
line_next(void)
{
    char text[8192];

    if (fgets(text, sizeof text, reader) == NULL)
        return NULL;

    json_error_t error;
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &error);

    ck_assert_msg(object != NULL && text[strlen(text) - 1] == '\n', "not a line: %s", text);
    return object;
}

static const char *
text_of(json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text == NULL ? "" : text;
}

static long long
number_of(json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* Expects the next line to be of this event; gives its "lines", 0 when it has none. */
static long long
expect_event(const char *event)
{
    json_t *object = line_next();

    ck_assert_msg(object != NULL, "the log ended before %s", event);
    ck_assert_str_eq(text_of(object, "event"), event);
    long long lines = number_of(object, "lines");
    json_decref(object);
    return lines;
}

static void
expect_end(void)
{
    close(log_end);
    log_end = -1;
    ck_assert_ptr_null(line_next());
}

/* Logs `lines` long lines under ever new events, so that none counts as a flood. Returns once all were accepted or dropped. */
static void
log_much(int lines)
{
    static char events[1000][16];
    static char value[500];

    memset(value, 'v', sizeof value - 1);
    for (int i = 0; i < lines; i++) {
        char *event = events[i / LOG_BURST];

        snprintf(event, sizeof events[0], "much%d", i / LOG_BURST);
        log_event(LEVEL_INFO, event, LOG_FIELD_TEXT("a", value), LOG_FIELD_TEXT("b", value), LOG_FIELD_TEXT("c", value), LOG_FIELD_TEXT("d", value),
            LOG_FIELD_TEXT("e", value), LOG_FIELD_TEXT("f", value));
    }
}

START_TEST(a_line_says_when_how_bad_what_and_the_fields)
{
    struct tm calendar;

    ck_assert_int_eq(log_start(log_end, LEVEL_INFO), 0);
    log_event(LEVEL_WARN, "peer_lost", LOG_FIELD_TEXT("session", "a1\n"), LOG_FIELD_NUMBER("silent_ms", 61000));
    json_t *object = line_next();
    log_stop(PATIENCE_MS);

    ck_assert_ptr_nonnull(strptime(text_of(object, "time"), "%Y-%m-%dT%H:%M:%S", &calendar));
    ck_assert_int_lt(llabs((long long)timegm(&calendar) - (long long)time(NULL)), 300);
    ck_assert_str_eq(text_of(object, "level"), "warn");
    ck_assert_str_eq(text_of(object, "event"), "peer_lost");
    ck_assert_str_eq(text_of(object, "session"), "a1\n");
    ck_assert_int_eq(number_of(object, "silent_ms"), 61000);
    ck_assert_uint_eq(json_object_size(object), 5);
    json_decref(object);
}
END_TEST

START_TEST(lines_above_the_level_are_not_made_and_the_level_can_change)
{
    ck_assert_int_eq(log_start(log_end, LEVEL_WARN), 0);
    ck_assert(log_enabled(LEVEL_ERROR) && log_enabled(LEVEL_WARN) && !log_enabled(LEVEL_INFO) && !log_enabled(LEVEL_DEBUG));
    log_event(LEVEL_INFO, "unwanted");
    log_event(LEVEL_WARN, "wanted");
    log_set_level(LEVEL_DEBUG);
    ck_assert(log_enabled(LEVEL_DEBUG));
    log_event(LEVEL_DEBUG, "detail");
    log_stop(PATIENCE_MS);

    expect_event("wanted");
    expect_event("detail");
    expect_end();
}
END_TEST

/* As the journal takes them: every line, those that account for others too, begins with its level. */
START_TEST(levels_stand_before_lines_if_wanted)
{
    char line[8192];
    unsigned lines = 0;

    log_prefix_levels();
    ck_assert_int_eq(log_start(log_end, LEVEL_INFO), 0);
    for (int i = 0; i < 2 * LOG_BURST; i++)
        log_event(LEVEL_WARN, "again");
    log_stop(PATIENCE_MS);
    close(log_end);
    log_end = -1;
    for (; fgets(line, sizeof line, reader) != NULL; lines++)
        ck_assert_msg(strncmp(line, "<4>{\"time\":", 11) == 0, "the line is: %s", line);
    ck_assert_uint_eq(lines, LOG_BURST + 1);
}
END_TEST

START_TEST(stopping_writes_what_waits_in_order)
{
    static const char *const events[] = {"one", "two", "three", "four"};

    ck_assert_int_eq(log_start(log_end, LEVEL_INFO), 0);
    for (int i = 0; i < 4; i++)
        log_event(LEVEL_INFO, events[i]);
    log_stop(PATIENCE_MS);
    for (int i = 0; i < 4; i++)
        expect_event(events[i]);
    expect_end();
}
END_TEST

START_TEST(a_reader_that_does_not_read_blocks_nobody_and_what_was_dropped_is_reported)
{
    enum { LINES = 2000 }; /* 6 MB: more than pipe and buffer hold */
    long long read = 0, dropped = 0;
    bool ended = false;

    ck_assert_int_eq(log_start(log_end, LEVEL_INFO), 0);
    log_much(LINES); /* returns although nobody has read */
    log_event(LEVEL_INFO, "last");

    /* Now somebody reads: everything is either there or accounted for, and the account stands where the gap is. */
    while (read + dropped < LINES + 1) {
        json_t *object = line_next();

        if (strcmp(text_of(object, "event"), "log_dropped") == 0) {
            ck_assert_str_eq(text_of(object, "level"), "warn");
            ck_assert_int_gt(number_of(object, "lines"), 0);
            ck_assert_int_gt(read, 0);
            dropped += number_of(object, "lines");
        } else {
            ended = strcmp(text_of(object, "event"), "last") == 0;
            read++;
        }
        json_decref(object);
    }
    ck_assert_int_gt(dropped, LINES / 2);
    ck_assert_int_eq(read + dropped, LINES + 1);

    if (!ended) /* "last" was among the dropped */
        log_event(LEVEL_INFO, "afterwards");
    log_stop(PATIENCE_MS);
    if (!ended)
        expect_event("afterwards");
    expect_end();
}
END_TEST

/* Standard error as something to read from; puts the real one aside into *aside. */
static void
stderr_to_pipe(int *aside)
{
    fflush(stderr);
    *aside = dup(STDERR_FILENO);
    dup2(log_end, STDERR_FILENO);
}

static void
stderr_restore(int aside)
{
    dup2(aside, STDERR_FILENO);
    close(aside);
}

START_TEST(without_a_writer_lines_go_straight_to_standard_error)
{
    int aside;

    stderr_to_pipe(&aside);
    log_event(LEVEL_INFO, "before");
    ck_assert_int_eq(log_start(log_end, LEVEL_INFO), 0);
    log_stop(PATIENCE_MS);
    log_stop(PATIENCE_MS); /* nothing runs any more, nothing to do */
    log_event(LEVEL_INFO, "after");
    stderr_restore(aside);

    expect_event("before");
    expect_event("after");
    expect_end();
}
END_TEST

START_TEST(a_reader_that_does_not_read_delays_the_stop_by_the_patience_at_most)
{
    int stuck[2], aside;
    enum { LINES = 100 }; /* more than a pipe holds, less than the buffer */

    ck_assert_int_eq(pipe2(stuck, O_CLOEXEC), 0);
    ck_assert_int_eq(log_start(stuck[1], LEVEL_INFO), 0);
    log_much(LINES);
    log_stop(50);

    /* What was in the pipe is there, the rest is on account. */
    stderr_to_pipe(&aside);
    log_event(LEVEL_INFO, "stopped");
    stderr_restore(aside);
    long long dropped = expect_event("log_dropped");
    expect_event("stopped");
    expect_end();

    fclose(reader);
    close(stuck[1]);
    reader = fdopen(stuck[0], "r");
    long long read = 0;
    char text[8192];

    while (fgets(text, sizeof text, reader) != NULL)
        read += strchr(text, '\n') != NULL;
    ck_assert_int_gt(dropped, 0);
    ck_assert_int_eq(read + dropped, LINES);
}
END_TEST

START_TEST(a_full_disk_costs_the_lines_and_they_are_accounted_for)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC), aside;

    ck_assert_int_eq(log_start(full, LEVEL_INFO), 0);
    log_event(LEVEL_INFO, "one");
    log_event(LEVEL_ERROR, "two");
    log_event(LEVEL_INFO, "three");
    log_stop(PATIENCE_MS);
    close(full);

    stderr_to_pipe(&aside);
    log_event(LEVEL_INFO, "stopped");
    stderr_restore(aside);
    ck_assert_int_eq(expect_event("log_dropped"), 3);
    expect_event("stopped");
    expect_end();
}
END_TEST

START_TEST(a_reader_that_is_gone_ends_nothing)
{
    int gone[2], aside;

    ck_assert_int_eq(pipe2(gone, O_CLOEXEC), 0);
    close(gone[0]);
    ck_assert_int_eq(log_start(gone[1], LEVEL_INFO), 0);
    log_event(LEVEL_INFO, "one");
    log_stop(PATIENCE_MS);
    close(gone[1]);

    stderr_to_pipe(&aside);
    log_event(LEVEL_INFO, "stopped");
    stderr_restore(aside);
    ck_assert_int_eq(expect_event("log_dropped"), 1);
    expect_event("stopped");
}
END_TEST

START_TEST(a_line_torn_by_a_full_disk_does_not_spoil_the_next)
{
    enum { FULL_BYTES = 100 };
    struct rlimit before, full;
    struct stat state = {0};
    FILE *file = tmpfile();

    /* No assertion in between: the test framework writes a file of its own at each. */
    getrlimit(RLIMIT_FSIZE, &before);
    full = before;
    full.rlim_cur = FULL_BYTES;
    setrlimit(RLIMIT_FSIZE, &full);
    int started = log_start(fileno(file), LEVEL_INFO);
    log_event(LEVEL_INFO, "torn", LOG_FIELD_TEXT("value", "this makes the line longer than the disk has room for"));
    while (fstat(fileno(file), &state) == 0 && state.st_size < FULL_BYTES)
        sched_yield();
    for (int i = 0; i < 10000; i++)
        sched_yield(); /* nothing tells when it has tried the rest; by now it nearly always has */
    setrlimit(RLIMIT_FSIZE, &before);
    log_event(LEVEL_INFO, "whole");
    log_stop(PATIENCE_MS);
    ck_assert_int_eq(started, 0);

    /* Either the rest of the first line was in time for the disk to have room again, or it is reported as dropped. */
    char first[1024];

    rewind(file);
    ck_assert_ptr_nonnull(fgets(first, sizeof first, file));
    fclose(reader);
    reader = file;
    json_t *object = json_loads(first, 0, NULL);
    if (object == NULL) {
        ck_assert_uint_eq(strlen(first), FULL_BYTES + 1);
        ck_assert_int_eq(expect_event("log_dropped"), 1);
    }
    json_decref(object);
    expect_event("whole");
    ck_assert_ptr_null(line_next());
}
END_TEST

START_TEST(a_flood_is_cut_and_summed_up_by_itself)
{
    enum { LINES = 1000 };
    long long written = 0, suppressed = 0;

    ck_assert_int_eq(log_start(log_end, LEVEL_INFO), 0);
    for (; written < LOG_BURST; written++) {
        log_event(LEVEL_ERROR, "flood");
        expect_event("flood");
    }
    log_event(LEVEL_INFO, "other");
    expect_event("other");
    for (int i = LOG_BURST; i < LINES; i++)
        log_event(LEVEL_ERROR, "flood");

    /* The summary comes although nothing else is logged. */
    while (written + suppressed < LINES) {
        json_t *object = line_next();

        if (strcmp(text_of(object, "event"), "suppressed") == 0) {
            ck_assert_str_eq(text_of(object, "of"), "flood");
            ck_assert_str_eq(text_of(object, "level"), "error");
            suppressed += number_of(object, "lines");
        } else {
            ck_assert_str_eq(text_of(object, "event"), "flood");
            written++;
        }
        json_decref(object);
    }
    ck_assert_int_gt(suppressed, 0);
    ck_assert_int_eq(written + suppressed, LINES);
    log_stop(PATIENCE_MS);
    expect_end();
}
END_TEST

START_TEST(stopping_sums_up_a_flood_that_still_lasts)
{
    long long lines = 0;

    ck_assert_int_eq(log_start(log_end, LEVEL_INFO), 0);
    for (int i = 0; i < 10L * LOG_BURST; i++)
        log_event(LEVEL_INFO, "flood");
    log_stop(PATIENCE_MS);
    close(log_end);
    log_end = -1;

    for (json_t *object; (object = line_next()) != NULL; json_decref(object))
        lines += strcmp(text_of(object, "event"), "suppressed") == 0 ? number_of(object, "lines") : 1;
    ck_assert_int_eq(lines, 10L * LOG_BURST);
}
END_TEST

enum { LINES_PER_THREAD = 100 }; /* all of them fit into a pipe that is read later */

static void *
logger_run(void *argument)
{
    static char names[4][16];
    int number = *(int *)argument;

    snprintf(names[number], sizeof names[0], "t%d", number);
    for (int i = 0; i < LINES_PER_THREAD; i++) {
        if (i % 10 == 0)
            log_set_level(i % 20 == 0 ? LEVEL_INFO : LEVEL_DEBUG);
        log_event(LEVEL_INFO, names[number], LOG_FIELD_NUMBER("number", i));
    }
    return NULL;
}

START_TEST(many_threads_may_log_at_once)
{
    pthread_t threads[4];
    int numbers[4];
    long long lines = 0;

    ck_assert_int_eq(log_start(log_end, LEVEL_INFO), 0);
    for (int i = 0; i < 4; i++) {
        numbers[i] = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, logger_run, &numbers[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    log_stop(PATIENCE_MS);
    close(log_end);
    log_end = -1;

    for (json_t *object; (object = line_next()) != NULL; json_decref(object))
        lines += strcmp(text_of(object, "event"), "suppressed") == 0 ? number_of(object, "lines") : 1;
    ck_assert_int_eq(lines, 4L * LINES_PER_THREAD);
}
END_TEST

START_TEST(a_thread_that_cannot_be_made_is_an_error_and_lines_go_straight_out)
{
    int aside;

    faults_thread(1);
    ck_assert_int_eq(log_start(reader_end, LEVEL_INFO), -EAGAIN);
    stderr_to_pipe(&aside);
    log_event(LEVEL_INFO, "direct");
    stderr_restore(aside);
    expect_event("direct");
    expect_end();
}
END_TEST

START_TEST(it_can_be_started_again)
{
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(log_start(log_end, LEVEL_INFO), 0);
        log_event(LEVEL_INFO, "again");
        log_stop(PATIENCE_MS);
        expect_event("again");
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("log");
    TCase *tests = tcase_create("log");

    tcase_add_checked_fixture(tests, pipe_open, pipe_close);
    tcase_add_test(tests, a_line_says_when_how_bad_what_and_the_fields);
    tcase_add_test(tests, lines_above_the_level_are_not_made_and_the_level_can_change);
    tcase_add_test(tests, levels_stand_before_lines_if_wanted);
    tcase_add_test(tests, stopping_writes_what_waits_in_order);
    tcase_add_test(tests, a_reader_that_does_not_read_blocks_nobody_and_what_was_dropped_is_reported);
    tcase_add_test(tests, without_a_writer_lines_go_straight_to_standard_error);
    tcase_add_test(tests, a_reader_that_does_not_read_delays_the_stop_by_the_patience_at_most);
    tcase_add_test(tests, a_full_disk_costs_the_lines_and_they_are_accounted_for);
    tcase_add_test(tests, a_reader_that_is_gone_ends_nothing);
    tcase_add_test(tests, a_line_torn_by_a_full_disk_does_not_spoil_the_next);
    tcase_add_test(tests, a_flood_is_cut_and_summed_up_by_itself);
    tcase_add_test(tests, stopping_sums_up_a_flood_that_still_lasts);
    tcase_add_test(tests, many_threads_may_log_at_once);
    tcase_add_test(tests, a_thread_that_cannot_be_made_is_an_error_and_lines_go_straight_out);
    tcase_add_test(tests, it_can_be_started_again);
    tcase_set_timeout(tests, 240);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
