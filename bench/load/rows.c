/* SPDX-License-Identifier: MIT */
#include "load/rows.h"

#include "load/failure.h"

#include <stdlib.h>
#include <string.h>

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
    free(rows->marks);
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

static void
item_mark(struct rows *rows, uint32_t item)
{
    uint32_t room = rows->marks_room;

    rows->marks = array_grow(rows->marks, &rows->marks_room, item + 1);
    memset(rows->marks + room, 0, (size_t)(rows->marks_room - room) * sizeof *rows->marks);
    rows->marks[item] = rows->count + 1;
}

bool
rows_has(struct rows *rows, uint32_t item)
{
    if (rows->marked < rows->start[rows->count])
        rows->marked = rows->start[rows->count];
    while (rows->marked < rows->start[rows->count + 1])
        item_mark(rows, rows->items[rows->marked++]);
    return item < rows->marks_room && rows->marks[item] == rows->count + 1;
}

void
rows_reverse(const struct rows *rows, uint32_t count, struct rows *reversed)
{
    uint32_t items = rows->start[rows->count], *next = memory_new(count, sizeof *next);

    reversed->start = array_grow(reversed->start, &reversed->rows_room, count + 2);
    reversed->items = array_grow(reversed->items, &reversed->items_room, items);
    reversed->count = count;
    for (uint32_t i = 0; i < items; i++)
        if (rows->items[i] < count)
            next[rows->items[i]]++;
    for (uint32_t i = 0, at = 0; i < count; i++) {
        uint32_t length = next[i];

        reversed->start[i] = next[i] = at;
        at += length;
        reversed->start[i + 1] = reversed->start[i + 2] = at; /* the row after the last has begun */
    }
    for (uint32_t row = 0; row < rows->count; row++)
        for (uint32_t i = rows->start[row]; i < rows->start[row + 1]; i++)
            if (rows->items[i] < count)
                reversed->items[next[rows->items[i]]++] = row;
    free(next);
}
