/* SPDX-License-Identifier: MIT
 *
 * An axis of a plot: which values it spans, where a value lies on it, and where its ticks are.
 */
#ifndef REPORT_AXIS_H
#define REPORT_AXIS_H

#include <stdbool.h>
#include <stdint.h>

enum { AXIS_TICKS = 64 };

struct axis_tick {
    double value;
    bool labelled; /* the others are the thin lines between them on a logarithmic axis */
};

struct axis {
    bool logarithmic;
    double low, high;
    uint32_t ticks;
    struct axis_tick tick[AXIS_TICKS];
};

/* From 0 to `high` (nothing or less counts as 1) with about `wanted` ticks at 1, 2 or 5 times a power of ten; a `rounded` axis
 * goes on to the next tick. */
struct axis axis_linear(double high, uint32_t wanted, bool rounded);

/* From the power of ten below `low` to the one above `high`, at least one decade; 0 < low <= high. Where there are at most two
 * decades, 2 and 5 have labels as well. */
struct axis axis_logarithmic(double low, double high);

/* 0 at the low end, 1 at the high one; what is outside of the axis lies on its end. */
double axis_place(const struct axis *axis, double value);

#endif
