/* SPDX-License-Identifier: MIT
 *
 * alo-bench as a program under test, and the report that it writes. $ALO_BENCH is the program, .bin/alo-bench when unset.
 */
#ifndef SUPPORT_BENCH_H
#define SUPPORT_BENCH_H

#include "support/program.h"

#include <jansson.h>
#include <stdint.h>

/* What no slow machine makes late. */
#define BENCH_PATIENT "--quiet --late-after 600"

/* Starts it with these arguments. */
struct program *bench_start(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* At a terminal, where the line of progress is written anew all the time. */
struct program *bench_start_at_terminal(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* It ends by itself with this exit status and has said this; frees it. */
void bench_expect_end(struct program *program, int status, const char *said);

/* Its only output is a report in JSON, and all went well; frees it. The caller frees the report. */
json_t *bench_expect_json(struct program *program);

double bench_figure(const json_t *report, const char *name);
int64_t bench_latency(const json_t *report, const char *name, const char *part);

#endif
