/* SPDX-License-Identifier: MIT */
#include "report/panel.h"

#include "report/readable.h"
#include "report/svg.h"

#include <string.h>

/* In pixels; at least so much can be seen. */
static const double BAND_WIDTH = 2;

static double
place_x(const struct panel_run *run, double seconds)
{
    return run->left + axis_place(&run->time, seconds / run->time_unit_s) * (run->right - run->left);
}

static double
place_y(const struct panel *panel, double value)
{
    return panel->bottom - axis_place(&panel->axis, value) * (panel->bottom - panel->top);
}

static bool
is_there(const struct panel *panel, const struct panel_line *line, const struct series_sample *sample)
{
    return !panel->axis.logarithmic || line->value(sample) > 0;
}

/* From the beginning of the first sample through the middles to the end of the last: a line for one sample alone, too. */
static void
draw_stretch(const struct panel *panel, const struct panel_run *run, FILE *file, const struct panel_line *line, uint32_t first, uint32_t end)
{
    const struct series_sample *begin = &run->sample[first], *last = &run->sample[end - 1];
    double from = place_x(run, begin->start_s), to = place_x(run, last->start_s + last->seconds);

    for (int filled = line->fill != NULL; filled >= 0; filled--) {
        fprintf(file, "<path d='M%.1f %.1f", from, place_y(panel, line->value(begin)));
        for (uint32_t i = first; i < end; i++)
            fprintf(
                file, "L%.1f %.1f", place_x(run, run->sample[i].start_s + run->sample[i].seconds / 2), place_y(panel, line->value(&run->sample[i])));
        fprintf(file, "L%.1f %.1f", to, place_y(panel, line->value(last)));
        if (filled)
            fprintf(file, "L%.1f %.1fL%.1f %.1fZ' fill='%s' fill-opacity='0.12'/>\n", to, panel->bottom, from, panel->bottom, line->fill);
        else
            fprintf(file, "' fill='none' stroke-linejoin='round' %s/>\n", line->style);
    }
}

static void
draw_band(const struct panel *panel, const struct panel_run *run, FILE *file, const struct panel_line *line)
{
    for (uint32_t i = 0; i < run->samples; i++) {
        const struct series_sample *sample = &run->sample[i];
        double from = place_x(run, sample->start_s), to = place_x(run, sample->start_s + sample->seconds);

        if (line->value(sample) > 0)
            fprintf(file, "<rect x='%.1f' y='%.1f' width='%.1f' height='%.1f' fill='%s' fill-opacity='0.35'/>\n", from, panel->top,
                to - from > BAND_WIDTH ? to - from : BAND_WIDTH, panel->bottom - panel->top, line->fill);
    }
}

static void
draw_series(const struct panel *panel, const struct panel_run *run, FILE *file, const struct panel_line *line)
{
    if (line->band) {
        draw_band(panel, run, file, line);
        return;
    }
    for (uint32_t first = 0; first < run->samples; first++) {
        uint32_t end = first;

        while (end < run->samples && is_there(panel, line, &run->sample[end]))
            end++;
        if (end > first) {
            draw_stretch(panel, run, file, line, first, end);
            first = end;
        }
    }
}

static bool
is_used(const struct panel_run *run, const struct panel_line *line)
{
    for (uint32_t i = 0; i < run->samples; i++) {
        if (line->value(&run->sample[i]) > 0)
            return true;
    }
    return false;
}

static void
tick_label(const struct panel *panel, double value, struct readable *label)
{
    if (!panel->axis.logarithmic) {
        if (value < 1000)
            snprintf(label->text, sizeof label->text, "%.4g", value);
        else
            *label = readable_number(value);
        return;
    }
    /* Round numbers all of them: "100 µs", "2 ms". */
    *label = readable_duration(value);

    char *point = strchr(label->text, '.'), *unit = strchr(label->text, ' ');

    if (point != NULL && unit != NULL)
        memmove(point, unit, strlen(unit) + 1);
}

static void
draw_frame(const struct panel *panel, const struct panel_run *run, FILE *file)
{
    for (uint32_t i = 0; i < panel->axis.ticks; i++) {
        const struct axis_tick *tick = &panel->axis.tick[i];
        double y = place_y(panel, tick->value);
        struct readable label;

        svg_line(file, run->left, y, run->right, y, tick->labelled ? "stroke='#d9d9d9'" : "stroke='#f1f1f1'");
        if (!tick->labelled)
            continue;
        tick_label(panel, tick->value, &label);
        svg_text(file, run->left - 9, y + 4, "text-anchor='end'", label.text);
    }
    for (uint32_t i = 0; i < run->time.ticks; i++) {
        double x = place_x(run, run->time.tick[i].value * run->time_unit_s);

        svg_line(file, x, panel->top, x, panel->bottom, "stroke='#ececec'");
        svg_line(file, x, panel->bottom, x, panel->bottom + 5, "stroke='#555555'");
    }
    svg_line(file, run->left, panel->top, run->left, panel->bottom, "stroke='#555555'");
    svg_line(file, run->left, panel->bottom, run->right, panel->bottom, "stroke='#555555'");
}

/* One entry that ends at x, or nearly: how wide a text is depends on the reader's fonts. Returns where the next one ends. */
static double
draw_legend(FILE *file, double x, double y, const struct panel_line *line)
{
    double text = x - (double)readable_columns(line->name) * 7;

    svg_text(file, text, y, "", line->name);
    svg_line(file, text - 34, y - 4.5, text - 6, y - 4.5, line->style);
    return text - 52;
}

void
panel_draw(const struct panel *panel, const struct panel_run *run, FILE *file)
{
    double legend = run->right, title = panel->top - 12;
    bool empty = true;

    svg_text(file, run->left, title, "font-weight='bold' font-size='13'", panel->title);
    draw_frame(panel, run, file);
    for (uint32_t i = 0; i < panel->count; i++) {
        if (is_used(run, &panel->lines[i])) {
            draw_series(panel, run, file, &panel->lines[i]);
            empty = false;
        }
    }
    for (uint32_t i = panel->count; panel->count > 1 && i-- > 0;) {
        if (is_used(run, &panel->lines[i]))
            legend = draw_legend(file, legend, title, &panel->lines[i]);
    }
    if (empty)
        svg_text(file, (run->left + run->right) / 2, (panel->top + panel->bottom) / 2, "text-anchor='middle' fill='#555555'", "nothing in this run");
}

void
panel_mark(const struct panel *panel, const struct panel_run *run, double seconds, const char *text, double below, FILE *file)
{
    double x = place_x(run, seconds);
    bool right = x > (run->left + run->right) / 2;

    svg_line(file, x, panel->top, x, panel->bottom, "stroke='#222222' stroke-dasharray='2 3'");
    svg_text(file, right ? x - 5 : x + 5, panel->top + below, right ? "text-anchor='end'" : "", text);
}

void
panel_draw_time(const struct panel_run *run, double bottom, FILE *file)
{
    char label[32];

    for (uint32_t i = 0; i < run->time.ticks; i++) {
        snprintf(label, sizeof label, "%.6g", run->time.tick[i].value);
        svg_text(file, place_x(run, run->time.tick[i].value * run->time_unit_s), bottom + 20, "text-anchor='middle'", label);
    }
    svg_text(file, (run->left + run->right) / 2, bottom + 40, "text-anchor='middle'", run->time_title);
}

void
panel_range(const struct panel_run *run, const struct panel_line *lines, uint32_t count, double *low, double *high)
{
    *low = *high = 0;
    for (uint32_t i = 0; i < count * run->samples; i++) {
        double value = lines[i % count].value(&run->sample[i / count]);

        if (lines[i % count].band)
            continue;
        if (value > *high)
            *high = value;
        if (value > 0 && (*low == 0 || value < *low))
            *low = value;
    }
}
