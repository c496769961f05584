/* SPDX-License-Identifier: MIT */
#include "support/pace.h"

#include <stdlib.h>
#include <time.h>

enum { PATIENCE_MS = 30000, TEST_TIMEOUT_S = 300, POPULATION_MIN = 8 };

static long
environment_number(const char *name, long otherwise)
{
    const char *text = getenv(name);
    long number = text != NULL ? strtol(text, NULL, 10) : 0;

    return number > 0 ? number : otherwise;
}

static long
slowness(void)
{
    return environment_number("ALO_TEST_SLOWNESS", 1);
}

int64_t
pace_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
pace_deadline_ms(void)
{
    return pace_now_ms() + PATIENCE_MS * slowness();
}

int
pace_left_ms(int64_t deadline_ms)
{
    int64_t left = deadline_ms - pace_now_ms();

    return left > 0 ? (int)left : 0;
}

int
pace_seconds(int seconds)
{
    return (int)(seconds * slowness());
}

int
pace_stretched_ms(int milliseconds)
{
    return (int)(milliseconds * slowness());
}

bool
pace_is_tooled(void)
{
    return slowness() > 1;
}

unsigned
pace_scaled(unsigned count)
{
    long scaled = (long)count * environment_number("ALO_TEST_SCALE", 100) / 100;

    return scaled > POPULATION_MIN ? (unsigned)scaled : POPULATION_MIN;
}

double
pace_test_timeout_s(void)
{
    return (double)TEST_TIMEOUT_S * (double)slowness();
}
