/* SPDX-License-Identifier: MIT
 *
 * See clock.h. The calendar is computed here because gmtime_r takes glibc's time zone lock, which every thread that logs would
 * then share.
 */
#include "base/clock.h"

#include "base/assert.h"

#include <time.h>

enum { MS_PER_DAY = 24 * 60 * 60 * 1000 };

/* The first and last millisecond that four digits of year can name. */
static const int64_t earliest_ms = -62167219200000; /* 0000-01-01T00:00:00.000Z */
static const int64_t latest_ms = 253402300799999;   /* 9999-12-31T23:59:59.999Z */

static struct timespec
clock_read(clockid_t clock)
{
    struct timespec now;

    ASSERT(clock_gettime(clock, &now) == 0); /* fails only for a clock that does not exist */
    return now;
}

/* Writes `value` in exactly `digits` digits and returns where the text goes on. */
static char *
put_digits(char *text, unsigned value, int digits)
{
    for (int place = digits - 1; place >= 0; place--) {
        text[place] = (char)('0' + value % 10);
        value /= 10;
    }
    return text + digits;
}

uint64_t
clock_monotonic_ms(void)
{
    return clock_monotonic_ns() / 1000000;
}

uint64_t
clock_monotonic_ns(void)
{
    struct timespec now = clock_read(CLOCK_MONOTONIC);

    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int64_t
clock_realtime_ms(void)
{
    struct timespec now = clock_read(CLOCK_REALTIME);

    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
clock_format_rfc3339(int64_t realtime_ms, char text[static CLOCK_RFC3339_BYTES])
{
    if (realtime_ms < earliest_ms)
        realtime_ms = earliest_ms;
    if (realtime_ms > latest_ms)
        realtime_ms = latest_ms;

    /*
     * Counting from 0000-03-01, so that a leap day is the last of its year and the calendar repeats every 400 years
     * (146,097 days). The earliest moment is in the 400 years before that, hence the shift by one such era.
     */
    const int64_t since_era_ms = realtime_ms - earliest_ms + (int64_t)(146097 - 60) * MS_PER_DAY;
    const unsigned day_number = (unsigned)(since_era_ms / MS_PER_DAY);
    const unsigned ms_of_day = (unsigned)(since_era_ms % MS_PER_DAY);
    const unsigned era = day_number / 146097, day_of_era = day_number % 146097;
    const unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const unsigned month_from_march = (5 * day_of_year + 2) / 153; /* 31, 30, 31, 30, 31: 153 days every five months */
    const unsigned day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    const unsigned month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    const unsigned year = era * 400 + year_of_era + (month <= 2) - 400;

    text = put_digits(text, year, 4);
    *text++ = '-';
    text = put_digits(text, month, 2);
    *text++ = '-';
    text = put_digits(text, day, 2);
    *text++ = 'T';
    text = put_digits(text, ms_of_day / 3600000, 2);
    *text++ = ':';
    text = put_digits(text, ms_of_day / 60000 % 60, 2);
    *text++ = ':';
    text = put_digits(text, ms_of_day / 1000 % 60, 2);
    *text++ = '.';
    text = put_digits(text, ms_of_day % 1000, 3);
    *text++ = 'Z';
    *text = '\0';
}
