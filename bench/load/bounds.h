/* SPDX-License-Identifier: MIT
 *
 * What one session has been told in a dialect without names, held against what it had to be told: so many words of each kind at least, and so many more
 * that it may have been told, because two things happened at once and either may have been first. When all it could be told of was one user, its last
 * word must be the one that was due last.
 */
#ifndef LOAD_BOUNDS_H
#define LOAD_BOUNDS_H

#include <stdbool.h>
#include <stdint.h>

#define BOUNDS_SEVERAL UINT32_MAX

enum bounds_verdict { BOUNDS_RIGHT, BOUNDS_MISSING, BOUNDS_EXTRA, BOUNDS_LAST };

/* All zero: nothing was due and nothing has come. Departures stand first, arrivals second. */
struct bounds {
    uint32_t must[2], may[2], heard[2];
    uint32_t mover; /* the user that all of it is about, plus one; 0: nobody; or BOUNDS_SEVERAL */
    bool due_last;  /* what was due last */
    bool last;      /* the last word */
};

/* The user has come or left, which the session is told if `sure`, and may be told otherwise. */
static inline void
bounds_expect(struct bounds *bounds, uint32_t user, bool online, bool sure)
{
    if (sure)
        bounds->must[online]++;
    else
        bounds->may[online]++;
    bounds->due_last = online;
    bounds->mover = bounds->mover == 0 || bounds->mover == user + 1 ? user + 1 : BOUNDS_SEVERAL;
}

static inline void
bounds_hear(struct bounds *bounds, bool online)
{
    bounds->heard[online]++;
    bounds->last = online;
}

/* Whether all has come that must. */
static inline bool
bounds_through(const struct bounds *bounds)
{
    return bounds->heard[0] >= bounds->must[0] && bounds->heard[1] >= bounds->must[1];
}

static inline bool
bounds_exceeded(const struct bounds *bounds)
{
    return bounds->heard[0] > bounds->must[0] + bounds->may[0] || bounds->heard[1] > bounds->must[1] + bounds->may[1];
}

/* When nothing more can come. */
static inline enum bounds_verdict
bounds_judge(const struct bounds *bounds)
{
    bool exact = bounds->may[0] + bounds->may[1] == 0 && bounds->mover != 0 && bounds->mover != BOUNDS_SEVERAL;

    if (!bounds_through(bounds))
        return BOUNDS_MISSING;
    if (bounds_exceeded(bounds))
        return BOUNDS_EXTRA;
    return exact && bounds->last != bounds->due_last ? BOUNDS_LAST : BOUNDS_RIGHT;
}

#endif
