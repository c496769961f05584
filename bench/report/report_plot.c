/* SPDX-License-Identifier: MIT
 *
 * A run over time as an SVG picture, for a report: throughput, latency on a logarithmic axis, and, where it was told, how many were
 * online. It stands alone: no script, no style sheet, no font of its own. The colours are four of Okabe and Ito's palette, which
 * people with any kind of colour vision can tell apart, and the lines differ in width or dashes too.
 */
#include "report/panel.h"
#include "report/readable.h"
#include "report/report.h"
#include "report/svg.h"

#include <errno.h>
#include <string.h>

enum {
    WIDTH = 960,
    LEFT = 84,
    RIGHT = 932,
    TITLE_COLUMNS = 64, /* what fits at the fonts' sizes */
    LINE_COLUMNS = 108,
    LINE_BYTES = 600,
    LEGEND_HEIGHT = 14,
    SUM_HEIGHT = 18,
};

static double
delivered_rate(const struct series_sample *sample)
{
    return (double)sample->delivered / sample->seconds;
}

static double
error_rate(const struct series_sample *sample)
{
    return (double)sample->errors / sample->seconds;
}

static double
transition_rate(const struct series_sample *sample)
{
    return (double)sample->transitions / sample->seconds;
}

static double
online(const struct series_sample *sample)
{
    return (double)sample->online;
}

static double
latency_p50(const struct series_sample *sample)
{
    return (double)sample->p50_ns;
}

static double
latency_p99(const struct series_sample *sample)
{
    return (double)sample->p99_ns;
}

static double
latency_max(const struct series_sample *sample)
{
    return (double)sample->max_ns;
}

#define BLUE "#0072b2"
#define ORANGE "#e69f00"
#define VERMILION "#d55e00"
#define GREEN "#009e73"

static const struct panel_line throughput_lines[] = {
    {"errors", "stroke='" VERMILION "' stroke-width='10' stroke-opacity='0.35'", VERMILION, true, error_rate},
    {"delivered", "stroke='" BLUE "' stroke-width='2'", BLUE, false, delivered_rate},
    {"transitions", "stroke='" GREEN "' stroke-width='1.5' stroke-dasharray='6 3'", NULL, false, transition_rate},
};
static const struct panel_line latency_lines[] = {
    {"max", "stroke='" VERMILION "' stroke-width='1.2'", NULL, false, latency_max},
    {"p99", "stroke='" ORANGE "' stroke-width='2' stroke-dasharray='7 3'", NULL, false, latency_p99},
    {"p50", "stroke='" BLUE "' stroke-width='2.5'", NULL, false, latency_p50},
};
static const struct panel_line online_lines[] = {
    {"online", "stroke='" GREEN "' stroke-width='2'", GREEN, false, online},
};

#define LINES(lines) (lines), sizeof(lines) / sizeof((lines)[0])

/* Appends to a line of which the parts are separated by dots in the middle. */
static void
part_add(char line[LINE_BYTES], const char *before, const char *text)
{
    size_t used = strlen(line);

    if (text[0] != '\0')
        snprintf(line + used, LINE_BYTES - used, "%s%s%s", used > 0 ? " · " : "", before, text);
}

static void
draw_titles(const struct report *report, FILE *file)
{
    const char *scenario = report_fact_text(report, "scenario"), *target = report_fact_text(report, "target");
    char title[LINE_BYTES] = "", line[LINE_BYTES] = "", clean[LINE_BYTES];

    snprintf(title, sizeof title - 3, "alo-bench %s%s%s", scenario, target[0] != '\0' ? " against " : "", target);
    readable_clip(title, TITLE_COLUMNS);
    svg_text(file, LEFT, 36, "font-size='19' font-weight='bold'", title);

    part_add(line, "", report_fact_text(report, "transport"));
    part_add(line, "", report_fact_text(report, "protocol"));
    part_add(line, "sessions ", report_fact_text(report, "sessions"));
    part_add(line, "friends ", report_fact_text(report, "friends"));
    part_add(line, "seed ", report_fact_text(report, "seed"));
    part_add(line, "", report_fact_text(report, "date"));
    readable_clean(clean, sizeof clean - 3, line);
    readable_clip(clean, LINE_COLUMNS);
    svg_text(file, LEFT, 57, "fill='#555555'", clean);
}

/* A latency in one line. */
static void
draw_sum(const struct report *report, uint32_t number, double y, FILE *file)
{
    static const struct {
        const char *name;
        double percent;
    } percentiles[] = {{"p50 ", 50}, {"p90 ", 90}, {"p99 ", 99}, {"p99.9 ", 99.9}, {"p99.99 ", 99.99}};
    const struct histogram *histogram = report->latency[number].histogram;
    char line[LINE_BYTES] = "", name[REPORT_NAME_BYTES + 16];

    if (histogram->count == 0)
        return;
    snprintf(name, sizeof name, "%s: delivered ", report->latencies == 1 ? "the whole run" : report->latency[number].name);
    readable_words(name);
    part_add(line, name, readable_number((double)histogram->count).text);
    for (size_t i = 0; i < sizeof percentiles / sizeof percentiles[0]; i++)
        part_add(line, percentiles[i].name, readable_duration((double)histogram_percentile(histogram, percentiles[i].percent)).text);
    part_add(line, "max ", readable_duration((double)histogram->max_ns).text);
    svg_text(file, LEFT, y, "fill='#555555'", line);
}

static void
run_prepare(struct panel_run *run, const struct series *series)
{
    double end = 0;

    run->left = LEFT;
    run->right = RIGHT;
    run->samples = series == NULL ? 0 : series_length(series);
    for (uint32_t i = 0; i < run->samples; i++) {
        run->sample[i] = series_sample(series, i);
        end = run->sample[i].start_s + run->sample[i].seconds;
    }
    run->time_unit_s = end > 10800 ? 3600 : end > 300 ? 60 : end > 0.5 || end <= 0 ? 1 : 0.001;
    run->time_title = end > 10800 ? "hours" : end > 300 ? "minutes" : end > 0.5 || end <= 0 ? "seconds" : "milliseconds";
    run->time = axis_linear(end / run->time_unit_s, 10, false);
}

/* Where the parts of the run begin. One name under the other: parts may be short. */
static void
draw_phases(const struct report *report, const struct panel_run *run, const struct panel *panels, FILE *file)
{
    for (uint32_t i = 0; i < report->phases; i++) {
        const struct report_phase *phase = &report->phase[i];
        char text[REPORT_TEXT_BYTES];

        snprintf(text, sizeof text, "%s: %s", phase->name, readable_duration(phase->seconds * 1e9).text);
        for (int panel = 0; panel < 2; panel++)
            panel_mark(&panels[panel], run, phase->start_s, panel == 0 ? text : "", (double)(i + 1) * LEGEND_HEIGHT, file);
    }
}

static void
draw_panels(const struct report *report, const struct panel_run *run, struct panel *panels, uint32_t count, FILE *file)
{
    double bottom = panels[count - 1].bottom, height = bottom + 80 + (report->latencies > 1 ? (report->latencies - 1) * SUM_HEIGHT : 0);

    fprintf(file,
        "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%.0f' viewBox='0 0 %d %.0f' font-size='12' fill='#222222' "
        "font-family=\"Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif\">\n",
        WIDTH, height, WIDTH, height);
    fprintf(file, "<rect width='100%%' height='100%%' fill='#ffffff'/>\n");
    draw_titles(report, file);
    for (uint32_t i = 0; i < count; i++)
        panel_draw(&panels[i], run, file);
    panel_draw_time(run, bottom, file);
    draw_phases(report, run, panels, file);
    for (uint32_t i = 0; i < report->latencies; i++)
        draw_sum(report, i, bottom + 64 + i * SUM_HEIGHT, file);
    fprintf(file, "</svg>\n");
}

int
report_write_plot(const struct report *report, const char *path)
{
    struct panel panels[] = {
        {"Throughput (per second)", 100, 280, {0}, LINES(throughput_lines)},
        {"Latency", 332, 552, {0}, LINES(latency_lines)},
        {"Online", 604, 684, {0}, LINES(online_lines)},
    };
    struct panel_run run = {0};
    double low, high;

    run_prepare(&run, report->series);
    panel_range(&run, LINES(throughput_lines), &low, &high);
    panels[0].axis = axis_linear(high, 5, true);
    panel_range(&run, LINES(latency_lines), &low, &high);
    panels[1].axis = low > 0 ? axis_logarithmic(low, high) : axis_logarithmic(1e5, 1e8);
    panel_range(&run, LINES(online_lines), &low, &high);
    panels[2].axis = axis_linear(high, 3, true);

    FILE *file = fopen(path, "we");

    if (file == NULL)
        return -errno;
    draw_panels(report, &run, panels, high > 0 ? 3 : 2, file);

    bool failed = ferror(file) != 0;

    return fclose(file) != 0 || failed ? -EIO : 0;
}
