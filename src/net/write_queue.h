/* SPDX-License-Identifier: MIT
 *
 * What waits to be written to one session: a queue of lines. A line's text is made once and shared by all queues that hold it.
 * An empty queue has no memory; the small blocks that a queue is made of come from its worker's pool and go back
 * there, so that telling a session something allocates nothing once the pool is warm.
 *
 * All of this belongs to one worker: lines too, so their reference counts are plain numbers.
 */
#ifndef NET_WRITE_QUEUE_H
#define NET_WRITE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct line {
    size_t references; /* a line that everybody is told waits in as many queues as there are slow readers */
    uint32_t length;
    char bytes[];
};

/* A line with one reference, which is the caller's, or NULL without memory. */
struct line *line_new(const char *bytes, size_t length);
/* Gives up a reference; NULL is allowed. */
void line_drop(struct line *line);

enum { QUEUE_BLOCK_LINES = 14 }; /* a block is 128 bytes: two cache lines, one allocation size */

struct queue_block {
    struct queue_block *next;
    uint32_t first, end; /* lines[first..end) wait */
    struct line *lines[QUEUE_BLOCK_LINES];
};

enum { QUEUE_POOL_KEPT = 1024 }; /* blocks that stay in the pool after a busy turn: 128 KiB a worker */

struct queue_pool {
    struct queue_block *free;
    uint32_t count;
};

struct write_queue {
    struct queue_block *first, *last;
    uint32_t count;  /* lines */
    uint32_t offset; /* bytes of the first line that were written already */
};

/* Frees the blocks beyond `kept`. */
void queue_pool_trim(struct queue_pool *pool, uint32_t kept);

static inline bool
write_queue_is_empty(const struct write_queue *queue)
{
    return queue->count == 0;
}

/* Appends a line, taking a reference of its own. Returns 0 or -ENOMEM. */
int write_queue_append(struct write_queue *queue, struct queue_pool *pool, struct line *line);
/* Copies what waits, from its beginning, into bytes[0..size); returns how many bytes that are. Takes nothing away. */
size_t write_queue_peek(const struct write_queue *queue, char *bytes, size_t size);
/* Takes away the first `length` bytes, which were written. */
void write_queue_advance(struct write_queue *queue, struct queue_pool *pool, size_t length);
/* Takes the first line, of which nothing was written, out; its reference is the caller's then. The queue is not empty. */
struct line *write_queue_take(struct write_queue *queue, struct queue_pool *pool);
/* Takes away every line but one that is partly written: a line once begun must be finished. */
void write_queue_cut(struct write_queue *queue, struct queue_pool *pool);
/* Takes away everything. */
void write_queue_clear(struct write_queue *queue, struct queue_pool *pool);

#endif
