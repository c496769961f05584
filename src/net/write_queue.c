/* SPDX-License-Identifier: MIT */
#include "net/write_queue.h"

#include "base/assert.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct queue_block) == 128, "two cache lines");

struct line *
line_new(const char *bytes, size_t length)
{
    struct line *line = malloc(sizeof *line + length);

    if (line == NULL)
        return NULL;
    line->references = 1;
    line->length = (uint32_t)length;
    memcpy(line->bytes, bytes, length);
    return line;
}

void
line_drop(struct line *line)
{
    if (line != NULL && --line->references == 0)
        free(line);
}

void
queue_pool_trim(struct queue_pool *pool, uint32_t kept)
{
    while (pool->count > kept) {
        struct queue_block *block = pool->free;

        pool->free = block->next;
        pool->count--;
        free(block);
    }
}

/* An empty block, from the pool or a new one. */
static struct queue_block *
block_take(struct queue_pool *pool)
{
    struct queue_block *block = pool->free;

    if (block != NULL) {
        pool->free = block->next;
        pool->count--;
    } else {
        block = malloc(sizeof *block);
        if (block == NULL)
            return NULL;
    }
    block->next = NULL;
    block->first = block->end = 0;
    return block;
}

static void
block_give(struct queue_pool *pool, struct queue_block *block)
{
    block->next = pool->free;
    pool->free = block;
    pool->count++;
}

int
write_queue_append(struct write_queue *queue, struct queue_pool *pool, struct line *line)
{
    struct queue_block *block = queue->last;

    if (block == NULL || block->end == QUEUE_BLOCK_LINES) {
        block = block_take(pool);
        if (block == NULL)
            return -ENOMEM;
        if (queue->last == NULL)
            queue->first = block;
        else
            queue->last->next = block;
        queue->last = block;
    }
    block->lines[block->end++] = line;
    line->references++;
    queue->count++;
    return 0;
}

size_t
write_queue_peek(const struct write_queue *queue, char *bytes, size_t size)
{
    size_t offset = queue->offset;
    size_t length = 0;

    for (const struct queue_block *block = queue->first; block != NULL; block = block->next) {
        for (uint32_t i = block->first; i < block->end; i++) {
            const struct line *line = block->lines[i];
            size_t part = line->length - offset;

            if (part > size - length)
                part = size - length;
            memcpy(bytes + length, line->bytes + offset, part);
            length += part;
            if (length == size)
                return length;
            offset = 0;
        }
    }
    return length;
}

/* Takes the first line away. */
static void
drop_first(struct write_queue *queue, struct queue_pool *pool)
{
    struct queue_block *block = queue->first;

    line_drop(block->lines[block->first++]);
    queue->count--;
    queue->offset = 0;
    if (block->first < block->end)
        return;
    queue->first = block->next;
    if (queue->first == NULL)
        queue->last = NULL;
    block_give(pool, block);
}

void
write_queue_advance(struct write_queue *queue, struct queue_pool *pool, size_t length)
{
    while (length > 0) {
        ASSERT(queue->count > 0);
        size_t left = queue->first->lines[queue->first->first]->length - queue->offset;

        if (length < left) {
            queue->offset += (uint32_t)length;
            return;
        }
        length -= left;
        drop_first(queue, pool);
    }
}

struct line *
write_queue_take(struct write_queue *queue, struct queue_pool *pool)
{
    ASSERT(queue->count > 0 && queue->offset == 0);
    struct line *line = queue->first->lines[queue->first->first];

    line->references++;
    drop_first(queue, pool);
    return line;
}

void
write_queue_cut(struct write_queue *queue, struct queue_pool *pool)
{
    struct line *begun = NULL;
    uint32_t offset = queue->offset;

    if (offset == 0) {
        write_queue_clear(queue, pool);
        return;
    }
    begun = queue->first->lines[queue->first->first];
    begun->references++;
    write_queue_clear(queue, pool);
    /* The pool has a block now, so this cannot fail. */
    ASSERT(write_queue_append(queue, pool, begun) == 0);
    queue->offset = offset;
    line_drop(begun);
}

void
write_queue_clear(struct write_queue *queue, struct queue_pool *pool)
{
    while (queue->count > 0)
        drop_first(queue, pool);
}
