/* SPDX-License-Identifier: MIT
 *
 * The table at the end of a run: what was run, how fast it was, how long the news took, what it cost the server, what went wrong.
 */
#include "report/readable.h"
#include "report/report.h"

#include <string.h>

enum {
    TABLE_COLUMNS = 100,
    FACT_COLUMNS = 49, /* two facts on a line */
    LABEL_COLUMNS = 50,
    NUMBER_COLUMNS = 14,
    LATENCY_NAME_COLUMNS = 22,
    LATENCY_COUNT_COLUMNS = 13,
    LATENCY_COLUMNS = 9,
};

static void
print_left(FILE *file, const char *text, size_t columns)
{
    size_t used = readable_columns(text);

    fprintf(file, "%s%*s", text, (int)(used < columns ? columns - used : 0), "");
}

static void
print_right(FILE *file, const char *text, size_t columns)
{
    size_t used = readable_columns(text);

    fprintf(file, "%*s%s", (int)(used < columns ? columns - used : 0), "", text);
}

/* A key of the JSON in words. */
static void
print_name(FILE *file, const char *name, size_t columns)
{
    char words[REPORT_NAME_BYTES];

    snprintf(words, sizeof words, "%s", name);
    readable_words(words);
    print_left(file, words, columns);
}

static void
print_facts(const struct report *report, FILE *file)
{
    size_t widest = 0, column = 0;

    for (uint32_t i = 0; i < report->facts; i++) {
        size_t columns = readable_columns(report->fact[i].name);

        widest = columns > widest ? columns : widest;
    }
    for (uint32_t i = 0; i < report->facts; i++) {
        const struct report_fact *fact = &report->fact[i];
        size_t columns = 2 + widest + 2 + readable_columns(fact->text);
        bool second = column > 0 && column < FACT_COLUMNS && FACT_COLUMNS + columns <= TABLE_COLUMNS;

        fprintf(file, "%*s  ", second ? (int)(FACT_COLUMNS - column) : 0, column > 0 && !second ? "\n" : "");
        print_name(file, fact->name, widest + 2);
        fprintf(file, "%s", fact->text);
        column = second ? TABLE_COLUMNS : columns;
    }
    if (report->facts > 0)
        fprintf(file, "\n");
}

static void
print_part(const struct report *report, enum report_part part, const char *title, FILE *file)
{
    bool begun = false;

    for (uint32_t i = 0; i < report->figures; i++) {
        const struct report_figure *figure = &report->figure[i];
        struct readable value = readable_value(figure->value, figure->unit);
        char *unit = strchr(value.text, ' ');

        if (figure->part != part)
            continue;
        if (!begun)
            fprintf(file, "\n%s\n", title);
        begun = true;
        if (unit != NULL)
            *unit++ = '\0';
        fprintf(file, "  ");
        print_left(file, figure->text, LABEL_COLUMNS);
        print_right(file, value.text, NUMBER_COLUMNS);
        fprintf(file, "%s%s\n", unit != NULL ? " " : "", unit != NULL ? unit : "");
    }
}

static void
print_latencies(const struct report *report, FILE *file)
{
    static const double percents[] = {50, 90, 99, 99.9, 99.99};
    static const char *const titles[] = {"mean", "p50", "p90", "p99", "p99.9", "p99.99", "max"};

    if (report->latencies == 0)
        return;
    fprintf(file, "\n");
    print_left(file, "Latency", LATENCY_NAME_COLUMNS);
    print_right(file, "count", LATENCY_COUNT_COLUMNS);
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
        print_right(file, titles[i], LATENCY_COLUMNS);
    fprintf(file, "\n");
    for (uint32_t i = 0; i < report->latencies; i++) {
        const struct histogram *histogram = report->latency[i].histogram;

        fprintf(file, "  ");
        print_name(file, report->latency[i].name, LATENCY_NAME_COLUMNS - 2);
        print_right(file, readable_number((double)histogram->count).text, LATENCY_COUNT_COLUMNS);
        if (histogram->count > 0) {
            print_right(file, readable_duration(histogram_mean(histogram)).text, LATENCY_COLUMNS);
            for (size_t p = 0; p < sizeof percents / sizeof percents[0]; p++)
                print_right(file, readable_duration((double)histogram_percentile(histogram, percents[p])).text, LATENCY_COLUMNS);
            print_right(file, readable_duration((double)histogram->max_ns).text, LATENCY_COLUMNS);
        }
        fprintf(file, "\n");
    }
}

void
report_print_table(const struct report *report, FILE *file)
{
    print_facts(report, file);
    print_part(report, REPORT_THROUGHPUT, "Throughput", file);
    print_latencies(report, file);
    print_part(report, REPORT_SERVER, "Server", file);
    print_part(report, REPORT_ERRORS, "Errors", file);
}
