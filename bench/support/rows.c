/* SPDX-License-Identifier: MIT */
#include "support/rows.h"

#include "support/failure.h"

#include <stdlib.h>

/* An array of at least `wanted` elements of 32 bits. */
static uint32_t *
array_grow(uint32_t *array, uint32_t *room, uint32_t wanted)
{
    if (wanted <= *room)
        return array;
    if (wanted > UINT32_MAX / 8)
        failure_exit("the population is too large");
    *room = wanted * 2;
    array = realloc(array, (size_t)*room * sizeof *array);
    if (array == NULL)
        failure_exit("out of memory");
    return array;
}

void
rows_init(struct rows *rows)
{
    *rows = (struct rows){.count = 0};
    rows->start = array_grow(NULL, &rows->rows_room, 2);
    rows->items = array_grow(NULL, &rows->items_room, 16);
    rows->start[0] = rows->start[1] = 0;
}

void
rows_done(struct rows *rows)
{
    free(rows->start);
    free(rows->items);
    *rows = (struct rows){.count = 0};
}

void
rows_put(struct rows *rows, uint32_t item)
{
    uint32_t *end = &rows->start[rows->count + 1];

    rows->items = array_grow(rows->items, &rows->items_room, *end + 1);
    rows->items[(*end)++] = item;
}

uint32_t
rows_end(struct rows *rows)
{
    rows->count++;
    rows->start = array_grow(rows->start, &rows->rows_room, rows->count + 2);
    rows->start[rows->count + 1] = rows->start[rows->count];
    return rows->count - 1;
}

bool
rows_has(const struct rows *rows, uint32_t item)
{
    for (uint32_t i = rows->start[rows->count]; i < rows->start[rows->count + 1]; i++)
        if (rows->items[i] == item)
            return true;
    return false;
}

void
rows_pick(struct rows *rows, struct random *random, uint32_t count, uint32_t first, uint32_t span, uint32_t but)
{
    if (count >= span)
        failure_exit("%u friends of %u users: the population is too small", count, span);
    while (count > 0) {
        uint32_t item = first + random_below(random, span);

        if (item == but || rows_has(rows, item))
            continue;
        rows_put(rows, item);
        count--;
    }
}
