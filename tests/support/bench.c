/* SPDX-License-Identifier: MIT */
#include "support/bench.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static struct program *__attribute__((format(printf, 2, 0))) bench_start_between(enum program_between between, const char *format, va_list list)
{
    const char *path = getenv("ALO_BENCH");
    char arguments[512], command[1024];

    vsnprintf(arguments, sizeof arguments, format, list);
    snprintf(command, sizeof command, "%s %s", path != NULL && path[0] != '\0' ? path : ".bin/alo-bench", arguments);
    return program_start(between, command);
}

struct program *
bench_start(const char *format, ...)
{
    va_list list;

    va_start(list, format);

    struct program *program = bench_start_between(PROGRAM_PIPES, format, list);

    va_end(list);
    return program;
}

struct program *
bench_start_at_terminal(const char *format, ...)
{
    va_list list;

    va_start(list, format);

    struct program *program = bench_start_between(PROGRAM_TERMINAL, format, list);

    va_end(list);
    return program;
}

void
bench_expect_end(struct program *program, int status, const char *said)
{
    int ended = program_wait(program);
    const char *text = program->text == NULL ? "" : program->text;

    ck_assert_msg(WIFEXITED(ended) && WEXITSTATUS(ended) == status, "it ended with wait status %#x and said: %s", (unsigned)ended, text);
    ck_assert_msg(strstr(text, said) != NULL, "not \"%s\" but: %s", said, text);
    program_free(program);
}

json_t *
bench_expect_json(struct program *program)
{
    int ended = program_wait(program);
    const char *text = program->text == NULL ? "" : program->text;
    json_error_t error;
    json_t *report = json_loads(text, JSON_REJECT_DUPLICATES, &error);

    ck_assert_msg(WIFEXITED(ended) && WEXITSTATUS(ended) == 0, "it ended with wait status %#x and said: %s", (unsigned)ended, text);
    ck_assert_msg(report != NULL, "%s in: %s", error.text, text);
    program_free(program);
    return report;
}

double
bench_figure(const json_t *report, const char *name)
{
    const json_t *value = json_object_get(json_object_get(report, "figures"), name);

    ck_assert_msg(json_is_number(value), "no figure %s", name);
    return json_number_value(value);
}

int64_t
bench_latency(const json_t *report, const char *name, const char *part)
{
    const json_t *value = json_object_get(json_object_get(json_object_get(report, "latency"), name), part);

    ck_assert_msg(json_is_integer(value), "no %s of %s", part, name);
    return json_integer_value(value);
}
