/* SPDX-License-Identifier: MIT */
#include "load/draw.h"

#include "load/failure.h"

#include <math.h>

/* Popularity must not go with the number, or the popular would be neighbours in every table of the server. */
static uint32_t
rank_scatter(uint32_t rank, uint32_t span)
{
    /* A step that has no divisor in common with the span reaches every number once. */
    uint32_t step = span * 5 / 8 + 1;

    for (;; step++) {
        uint32_t a = step, b = span;

        while (b != 0) {
            uint32_t rest = a % b;

            a = b;
            b = rest;
        }
        if (a == 1)
            return (uint32_t)((uint64_t)rank * step % span);
    }
}

/* The powers of span + 1, evenly drawn in the exponent, rounded down: r comes with the probability ln(1 + 1/r) / ln(span + 1). */
static uint32_t
rank_draw(struct random *random, uint32_t span)
{
    double even = (double)(random_next(random) >> 11) * 0x1p-53;
    uint32_t rank = (uint32_t)exp(even * log((double)span + 1)) - 1;

    return rank < span ? rank : span - 1;
}

uint32_t
draw_one(struct random *random, enum plan_graph graph, uint32_t first, uint32_t span)
{
    if (graph == PLAN_UNIFORM)
        return first + random_below(random, span);
    return first + rank_scatter(rank_draw(random, span), span);
}

void
draw_row(struct rows *rows, struct random *random, enum plan_graph graph, uint32_t count, uint32_t first, uint32_t span, uint32_t but)
{
    if (count >= span && count > 0)
        failure_usage("%u friends of %u users: the population is too small", count, span);
    while (count > 0) {
        uint32_t item = draw_one(random, graph, first, span);

        if (item == but || rows_has(rows, item))
            continue;
        rows_put(rows, item);
        count--;
    }
}

void
draw_mutual(struct rows *rows, uint32_t users)
{
    struct rows back, both;

    rows_init(&back);
    rows_init(&both);
    rows_reverse(rows, users, &back);
    for (uint32_t row = 0; row < rows->count; row++) {
        for (uint32_t i = 0; i < rows_length(rows, row); i++)
            rows_put(&both, rows_at(rows, row)[i]);
        for (uint32_t i = 0; row < users && i < rows_length(&back, row); i++)
            if (!rows_has(&both, rows_at(&back, row)[i]))
                rows_put(&both, rows_at(&back, row)[i]);
        rows_end(&both);
    }
    rows_done(&back);
    rows_done(rows);
    *rows = both;
}
