/* SPDX-License-Identifier: MIT
 *
 * The micro benchmarks (bench/micro_*.c): every case runs, and what it prints can be read by bench/micro. Whether the figures are good is not
 * asked here.
 */
#include "support/pace.h"
#include "support/program.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static const char *const parts[] = {"graph", "mailbox", "protocol", "write_queue"};

enum { PARTS = sizeof parts / sizeof parts[0], WORD = 64 };

static struct program *
start(int part, const char *arguments)
{
    char command[256];

    snprintf(command, sizeof command, ".bin/micro_%s %s", parts[part], arguments);
    return program_start(PROGRAM_PIPES, command);
}

/* It ends by itself, with this exit status; returns all that it said, for the caller to free. */
static char *
expect_end(struct program *program, int status)
{
    int ended = program_wait(program);
    char *text = strdup(program->text == NULL ? "" : program->text);

    ck_assert_msg(WIFEXITED(ended) && WEXITSTATUS(ended) == status, "it ended with wait status %#x and said: %s", (unsigned)ended, text);
    program_free(program);
    return text;
}

/* A column that is a number above zero, or "-", or rounded to zero, when that is allowed. */
static void
expect_figure(const char *line, const char *word, bool optional, bool small)
{
    char *end;
    double number = strtod(word, &end);

    if (optional && strcmp(word, "-") == 0)
        return;
    ck_assert_msg(end != word && *end == '\0' && (number > 0 || (small && number == 0)), "'%s' is no figure in: %s", word, line);
}

/* One line of the table: the case, four times, and three that some cases have. */
static void
expect_line(const char *line, const char *name, unsigned items)
{
    char words[8][WORD];
    int count =
        sscanf(line, "%63s %63s %63s %63s %63s %63s %63s %63s", words[0], words[1], words[2], words[3], words[4], words[5], words[6], words[7]);

    ck_assert_msg(count == 8, "%d columns in: %s", count, line);
    ck_assert_str_eq(words[0], name);
    for (int i = 1; i < 8; i++)
        expect_figure(line, words[i], i > 4, i == 7);
    ck_assert_msg((strcmp(words[5], "-") != 0) == (items > 0), "%u items in: %s", items, line);
    ck_assert_msg((strcmp(words[7], "-") != 0) == (strchr(name, '@') != NULL), "scale in: %s", line);
    /* Three rounds in order. */
    ck_assert_msg(atof(words[2]) <= atof(words[1]) && atof(words[1]) <= atof(words[3]), "least, median, most in: %s", line);
}

START_TEST(every_case_prints_its_line)
{
    char *list = expect_end(start(_i, "--list"), 0), *rest = NULL;
    struct program *program = start(_i, "--rounds 3 --milliseconds 1");

    program_expect(program, "\n"); /* the heads of the columns */
    for (char *line = strtok_r(list, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        char name[WORD], measured[512], more;
        const char *end;
        size_t before = program->start;
        unsigned long long once;
        unsigned items;

        ck_assert_msg(sscanf(line, "%63s %llu %u %c", name, &once, &items, &more) == 4, "the list has: %s", line);
        end = program_expect(program, "\n");
        snprintf(measured, sizeof measured, "%.*s", (int)(end - (program->text + before)), program->text + before);
        expect_line(measured, name, items);
    }
    free(expect_end(program, 0));
    free(list);
}
END_TEST

START_TEST(a_case_is_chosen_by_its_name)
{
    char *text = expect_end(start(1, "--once post"), 0); /* for callgrind: nothing is printed */

    ck_assert_str_eq(text, "");
    free(text);
    text = expect_end(start(1, "--list post-1"), 0); /* exactly this one, though it begins another's name too */
    ck_assert_ptr_nonnull(strstr(text, "post-1 "));
    ck_assert_ptr_null(strstr(text, "post-100 "));
    free(text);
    text = expect_end(start(1, "--list post-"), 0);
    ck_assert_ptr_nonnull(strstr(text, "post-1 "));
    ck_assert_ptr_nonnull(strstr(text, "post-100 "));
    ck_assert_ptr_null(strstr(text, "wake "));
    free(text);
}
END_TEST

START_TEST(wrong_usage_is_refused)
{
    static const char *const wrong[] = {"no-such-case", "--rounds 0", "--rounds 1x", "--milliseconds 100000", "--unknown"};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        free(expect_end(start(1, wrong[i]), 1));
}
END_TEST

/* The script reads all of that. */
START_TEST(the_script_makes_a_table)
{
    char *text = expect_end(program_start(PROGRAM_PIPES, "bench/micro quick flush-1 write-pong"), 0);

    ck_assert_ptr_nonnull(strstr(text, "\n## micro_protocol\n"));
    ck_assert_ptr_nonnull(strstr(text, "\n## micro_write_queue\n"));
    ck_assert_ptr_nonnull(strstr(text, "\n| write-pong | the answer to a ping is written | **"));
    ck_assert_ptr_nonnull(strstr(text, "\n| flush-1 | "));
    ck_assert_ptr_null(strstr(text, "## micro_graph"));
    free(text);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("micro");
    TCase *tests = tcase_create("micro");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_loop_test(tests, every_case_prints_its_line, 0, PARTS);
    tcase_add_test(tests, a_case_is_chosen_by_its_name);
    tcase_add_test(tests, wrong_usage_is_refused);
    tcase_add_test(tests, the_script_makes_a_table);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
