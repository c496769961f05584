/* SPDX-License-Identifier: MIT */
#include "report/report.h"

#include "base/assert.h"
#include "report/readable.h"

#include <string.h>

static struct report_fact *
fact_named(struct report *report, const char *name)
{
    struct report_fact *fact = report->fact;

    while (fact < report->fact + report->facts && strcmp(fact->name, name) != 0)
        fact++;
    if (fact == report->fact + report->facts) {
        ASSERT(report->facts < REPORT_FACTS);
        report->facts++;
        readable_clean(fact->name, sizeof fact->name, name);
    }
    return fact;
}

void
report_fact(struct report *report, const char *name, const char *text)
{
    struct report_fact *fact = fact_named(report, name);

    fact->is_number = false;
    readable_clean(fact->text, sizeof fact->text, text);
}

void
report_fact_number(struct report *report, const char *name, int64_t number)
{
    struct report_fact *fact = fact_named(report, name);
    struct readable readable = readable_number((double)number);

    fact->is_number = true;
    fact->number = number;
    readable_clean(fact->text, sizeof fact->text, readable.text);
}

void
report_figure(struct report *report, enum report_part part, const char *name, double value, const char *unit, const char *text)
{
    struct report_figure *figure = report->figure;

    while (figure < report->figure + report->figures && strcmp(figure->name, name) != 0)
        figure++;
    if (figure == report->figure + report->figures) {
        ASSERT(report->figures < REPORT_FIGURES);
        report->figures++;
    }
    figure->part = part;
    figure->value = value;
    readable_clean(figure->name, sizeof figure->name, name);
    readable_clean(figure->unit, sizeof figure->unit, unit);
    readable_clean(figure->text, sizeof figure->text, text);
}

void
report_latency(struct report *report, const char *name, const struct histogram *histogram)
{
    ASSERT(report->latencies < REPORT_LATENCIES);

    struct report_latency *latency = &report->latency[report->latencies++];

    readable_clean(latency->name, sizeof latency->name, name);
    latency->histogram = histogram;
}

void
report_phase(struct report *report, const char *name, double start_s, double seconds)
{
    ASSERT(report->phases < REPORT_PHASES);

    struct report_phase *phase = &report->phase[report->phases++];

    readable_clean(phase->name, sizeof phase->name, name);
    phase->start_s = start_s;
    phase->seconds = seconds;
}

void
report_series(struct report *report, const struct series *series)
{
    report->series = series;
}

const char *
report_fact_text(const struct report *report, const char *name)
{
    for (uint32_t i = 0; i < report->facts; i++) {
        if (strcmp(report->fact[i].name, name) == 0)
            return report->fact[i].text;
    }
    return "";
}
