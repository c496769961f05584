/* SPDX-License-Identifier: MIT
 *
 * A finished run, and the three ways to show it: a table for a person, JSON for machines, an SVG plot for a paper. Whoever made
 * the run tells its facts (what was run), its figures (what came out) and its latencies in the order in which they shall be read.
 *
 * Names are keys of the JSON: words in lower case joined by underscores, figures with their unit in the name, stable once they
 * are published. Texts are copied, cleaned of what cannot be printed and cut at REPORT_TEXT_BYTES; histograms and the series are
 * borrowed until the report has been shown. A report set to zero is an empty one; nothing is to be freed.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "report/histogram.h"
#include "report/series.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
    REPORT_NAME_BYTES = 64,
    REPORT_TEXT_BYTES = 256,
    REPORT_FACTS = 48,
    REPORT_FIGURES = 64,
    REPORT_LATENCIES = 8,
    REPORT_PHASES = 8,
};

/* The parts of the table. */
enum report_part { REPORT_THROUGHPUT, REPORT_SERVER, REPORT_ERRORS, REPORT_PARTS };

struct report_fact {
    char name[REPORT_NAME_BYTES];
    bool is_number;
    int64_t number;
    char text[REPORT_TEXT_BYTES];
};

struct report_figure {
    enum report_part part;
    char name[REPORT_NAME_BYTES];
    double value;
    char unit[16]; /* of the value; the table shows durations (ns, us, ms, s) and bytes (B) in units that fit */
    char text[REPORT_TEXT_BYTES];
};

struct report_latency {
    char name[REPORT_NAME_BYTES];
    const struct histogram *histogram;
};

struct report_phase {
    char name[REPORT_NAME_BYTES];
    double start_s, seconds;
};

struct report {
    uint32_t facts, figures, latencies, phases;
    struct report_fact fact[REPORT_FACTS];
    struct report_figure figure[REPORT_FIGURES];
    struct report_latency latency[REPORT_LATENCIES];
    struct report_phase phase[REPORT_PHASES];
    const struct series *series; /* NULL: none */
};

/* Whoever tells a name again replaces what it told before. The plot's title has the facts scenario and target, its second line
 * transport, protocol, seed and date. */
void report_fact(struct report *report, const char *name, const char *text);
void report_fact_number(struct report *report, const char *name, int64_t number);

/* text is what the table calls the figure. */
void report_figure(struct report *report, enum report_part part, const char *name, double value, const char *unit, const char *text);

/* The plot sums each up in a line: as the whole run when there is one, else by its name. Empty ones are shown as such. */
void report_latency(struct report *report, const char *name, const struct histogram *histogram);

/* A part of the run that is to be told from the rest: when it began, from the start of the series, and how long it was. */
void report_phase(struct report *report, const char *name, double start_s, double seconds);

void report_series(struct report *report, const struct series *series);

/* The fact's text, for a number as a person reads it; "" if there is none. */
const char *report_fact_text(const struct report *report, const char *name);

/* 100 columns wide. */
void report_print_table(const struct report *report, FILE *file);

/* One object and a line feed. 0, -ENOMEM, or -EIO when it could not be written. */
int report_print_json(const struct report *report, FILE *file);

/* Writes the file anew. 0 or -errno. Without a series there are empty axes. */
int report_write_plot(const struct report *report, const char *path);

#endif
