/* SPDX-License-Identifier: MIT
 *
 * Rows of numbers of differing length, packed: friend lists, and whom a user's news goes to. Rows are added in order.
 */
#ifndef LOAD_ROWS_H
#define LOAD_ROWS_H

#include <stdbool.h>
#include <stdint.h>

struct rows {
    uint32_t *start; /* row i is items[start[i]] to items[start[i + 1] - 1] */
    uint32_t *items;
    uint32_t count;
    uint32_t rows_room;
    uint32_t items_room;
    /* For rows_has, which is asked for each of thousands of items: items[0] to items[marked - 1] are marked with the number of their row plus one. */
    uint32_t *marks; /* by item */
    uint32_t marks_room;
    uint32_t marked;
};

void rows_init(struct rows *rows);
void rows_done(struct rows *rows);

/* Puts an item into the row that is being made; rows_end ends it and returns its number. */
void rows_put(struct rows *rows, uint32_t item);
uint32_t rows_end(struct rows *rows);

/* Whether the row that is being made holds the item already. */
bool rows_has(struct rows *rows, uint32_t item);

/* Puts whole rows into `reversed`, which is empty: row i holds the numbers of the rows that hold i, for i below count. */
void rows_reverse(const struct rows *rows, uint32_t count, struct rows *reversed);

static inline uint32_t
rows_length(const struct rows *rows, uint32_t row)
{
    return rows->start[row + 1] - rows->start[row];
}

static inline const uint32_t *
rows_at(const struct rows *rows, uint32_t row)
{
    return rows->items + rows->start[row];
}

#endif
