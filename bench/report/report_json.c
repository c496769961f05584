/* SPDX-License-Identifier: MIT
 *
 * A run as one JSON object. Its names are for programs to rely on: they change only together with "format". Durations are in
 * nanoseconds and are integers, except where a name says otherwise; what is no number is null.
 */
#include "report/report.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>

enum { FORMAT = 1 };

/* json_real refuses what is no number. */
static json_t *
json_number(double value)
{
    if (!isfinite(value))
        return json_null();
    return value == floor(value) && fabs(value) < 1e15 ? json_integer((json_int_t)value) : json_real(value);
}

/* Both take the value and fail when it is NULL, as jansson's own do. */
static int
facts_add(json_t *object, const struct report *report)
{
    int failed = 0;

    for (uint32_t i = 0; i < report->facts; i++) {
        const struct report_fact *fact = &report->fact[i];

        failed |= json_object_set_new(object, fact->name, fact->is_number ? json_integer(fact->number) : json_string(fact->text));
    }
    return failed;
}

static int
figures_add(json_t *object, const struct report *report)
{
    int failed = 0;

    for (uint32_t i = 0; i < report->figures; i++)
        failed |= json_object_set_new(object, report->figure[i].name, json_number(report->figure[i].value));
    return failed;
}

static int
latencies_add(json_t *object, const struct report *report)
{
    int failed = 0;

    for (uint32_t i = 0; i < report->latencies; i++) {
        const struct histogram *h = report->latency[i].histogram;

        failed |= json_object_set_new(object, report->latency[i].name,
            json_pack("{s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:I}", "count", (json_int_t)h->count, "min_ns", (json_int_t)h->min_ns, "mean_ns",
                json_number(round(histogram_mean(h))), "p50_ns", (json_int_t)histogram_percentile(h, 50), "p90_ns",
                (json_int_t)histogram_percentile(h, 90), "p99_ns", (json_int_t)histogram_percentile(h, 99), "p99_9_ns",
                (json_int_t)histogram_percentile(h, 99.9), "p99_99_ns", (json_int_t)histogram_percentile(h, 99.99), "max_ns", (json_int_t)h->max_ns));
    }
    return failed;
}

static int
phases_add(json_t *object, const struct report *report)
{
    int failed = 0;

    for (uint32_t i = 0; i < report->phases; i++)
        failed |= json_object_set_new(object, report->phase[i].name,
            json_pack("{s:o, s:o}", "start_s", json_number(report->phase[i].start_s), "seconds", json_number(report->phase[i].seconds)));
    return failed;
}

/* An array for each quantity, all of the same length: what plotting programs want. */
static int
series_add_to(json_t *object, const struct series *series)
{
    static const char *const names[] = {
        "start_s", "seconds", "delivered_per_s", "transitions_per_s", "errors", "online", "p50_ns", "p99_ns", "max_ns"};
    enum { NAMES = sizeof names / sizeof names[0] };
    json_t *columns[NAMES];
    int failed = 0;

    for (uint32_t i = 0; i < NAMES; i++) {
        columns[i] = json_array();
        failed |= json_object_set_new(object, names[i], columns[i]);
    }
    for (uint32_t i = 0; failed == 0 && i < series_length(series); i++) {
        struct series_sample sample = series_sample(series, i);
        const double values[NAMES] = {sample.start_s, sample.seconds, round((double)sample.delivered / sample.seconds),
            round((double)sample.transitions / sample.seconds), (double)sample.errors, (double)sample.online, (double)sample.p50_ns,
            (double)sample.p99_ns, (double)sample.max_ns};

        for (uint32_t j = 0; j < NAMES; j++)
            failed |= json_array_append_new(columns[j], json_number(values[j]));
    }
    return failed;
}

int
report_print_json(const struct report *report, FILE *file)
{
    json_t *facts = json_object(), *figures = json_object(), *latencies = json_object(), *phases = json_object(), *series = json_object();
    int failed = facts_add(facts, report) | figures_add(figures, report) | latencies_add(latencies, report) | phases_add(phases, report);

    if (report->series != NULL)
        failed |= series_add_to(series, report->series);

    /* It takes the five, also when it fails. */
    json_t *whole = json_pack("{s:i, s:o, s:o, s:o, s:o, s:o}", "format", FORMAT, "facts", facts, "figures", figures, "latency", latencies, "phases",
        phases, "series", series);
    int result = failed != 0 || whole == NULL ? -ENOMEM : 0;

    if (result == 0 && (json_dumpf(whole, file, JSON_REAL_PRECISION(9)) != 0 || fputc('\n', file) == EOF || fflush(file) != 0))
        result = -EIO;
    json_decref(whole);
    return result;
}
