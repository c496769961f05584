/* SPDX-License-Identifier: MIT */
#include "report/axis.h"

#include <math.h>

/* More decades would be grey with lines. */
enum { DECADES_DIVIDED = 6 };

/* The lowest of 1, 2 and 5 times a power of ten that is not below the number. */
static double
round_step(double number)
{
    double power = pow(10, floor(log10(number))), digits = number / power;

    return power * (digits <= 1.0001 ? 1 : digits <= 2.0001 ? 2 : digits <= 5.0001 ? 5 : 10);
}

struct axis
axis_linear(double high, uint32_t wanted, bool rounded)
{
    struct axis axis = {.high = high > 0 && isfinite(high) ? high : 1};
    double step = round_step(axis.high / wanted);

    if (rounded)
        axis.high = ceil(axis.high / step - 0.0001) * step;
    /* Multiplied rather than added up, so that no error adds up either. */
    while (axis.ticks < AXIS_TICKS && axis.ticks * step <= axis.high * 1.0001) {
        axis.tick[axis.ticks] = (struct axis_tick){axis.ticks * step, true};
        axis.ticks++;
    }
    return axis;
}

struct axis
axis_logarithmic(double low, double high)
{
    int first = (int)floor(log10(low) + 0.0001), end = (int)ceil(log10(high) - 0.0001);
    struct axis axis = {.logarithmic = true, .low = pow(10, first)};

    if (end < first + 1)
        end = first + 1;
    axis.high = pow(10, end);
    for (int decade = first; decade <= end; decade++) {
        int digits = decade < end && end - first <= DECADES_DIVIDED ? 9 : 1;

        for (int digit = 1; digit <= digits && axis.ticks < AXIS_TICKS; digit++) {
            bool labelled = digit == 1 || (end - first <= 2 && (digit == 2 || digit == 5));

            axis.tick[axis.ticks++] = (struct axis_tick){digit * pow(10, decade), labelled};
        }
    }
    return axis;
}

double
axis_place(const struct axis *axis, double value)
{
    if (!(value > axis->low))
        return 0;
    if (value > axis->high)
        return 1;
    return axis->logarithmic ? log(value / axis->low) / log(axis->high / axis->low) : (value - axis->low) / (axis->high - axis->low);
}
