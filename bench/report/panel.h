/* SPDX-License-Identifier: MIT
 *
 * One panel of a plot over time: axes, grid, legend and lines. Panels stand one above the other and share the axis of time, which
 * only the last one labels.
 */
#ifndef REPORT_PANEL_H
#define REPORT_PANEL_H

#include "report/axis.h"
#include "report/series.h"

#include <stdbool.h>
#include <stdio.h>

struct panel_line {
    const char *name;
    const char *style; /* attributes of the line's stroke */
    const char *fill;  /* the colour below the line; NULL: none */
    bool band;         /* no line: where it is above zero, a band over the panel's whole height */
    double (*value)(const struct series_sample *sample);
};

/* What all panels of a plot have in common. */
struct panel_run {
    double left, right;
    struct axis time;
    double time_unit_s;
    const char *time_title;
    uint32_t samples;
    struct series_sample sample[SERIES_POINTS];
};

struct panel {
    const char *title;
    double top, bottom;
    struct axis axis;
    const struct panel_line *lines; /* the first one is drawn first, below the others */
    uint32_t count;
};

/* A line that is nowhere above zero is left out; where an axis is logarithmic, a line has gaps where it is not. */
void panel_draw(const struct panel *panel, const struct panel_run *run, FILE *file);

/* Something begins at this moment: a line from top to bottom, with a text beside it, so far below the panel's top. */
void panel_mark(const struct panel *panel, const struct panel_run *run, double seconds, const char *text, double below, FILE *file);

/* The labels of the axis of time, below a panel that ends there. */
void panel_draw_time(const struct panel_run *run, double bottom, FILE *file);

/* The greatest value of the lines (not the bands), and the smallest above zero; both 0 when there is none. */
void panel_range(const struct panel_run *run, const struct panel_line *lines, uint32_t count, double *low, double *high);

#endif
