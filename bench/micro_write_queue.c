/* SPDX-License-Identifier: MIT
 *
 * What waits to be written to sessions: lines appended to a queue, gathered into the buffer that a system call gets, and taken away when they
 * were written, without the system call. The usual session has one line due in a turn, a slow reader thousands.
 */
#include "load/failure.h"
#include "net/write_queue.h"
#include "parts/measure.h"
#include "protocol/dialect.h"

#include <stdlib.h>
#include <string.h>

enum {
    BUFFER_BYTES = 64 * 1024, /* as a worker's */
    QUEUES = 1000,            /* sessions that hear the same line */
};

struct writer {
    const struct micro *micro;
    struct queue_pool pool;
    struct line *line;
    struct write_queue queues[QUEUES];
    char buffer[BUFFER_BYTES];
};

static void *
open_writer(const struct micro *micro)
{
    struct writer *writer = memory_new(1, sizeof *writer);

    writer->micro = micro;
    writer->line = line_new(dialect_classic.online_line, strlen(dialect_classic.online_line));
    if (writer->line == NULL)
        failure_exit("no memory");
    return writer;
}

static void
close_writer(void *subject)
{
    struct writer *writer = subject;

    line_drop(writer->line);
    queue_pool_trim(&writer->pool, 0);
    free(writer);
}

static void
append(struct writer *writer, struct write_queue *queue, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (write_queue_append(queue, &writer->pool, writer->line) < 0)
            failure_exit("no memory");
}

/* Writes everything, in pieces of at most this size. */
static void
flush(struct writer *writer, struct write_queue *queue, size_t piece)
{
    while (!write_queue_is_empty(queue))
        write_queue_advance(queue, &writer->pool, write_queue_peek(queue, writer->buffer, piece));
}

static void
run_flushes(void *subject, uint32_t thread, uint64_t operations)
{
    struct writer *writer = subject;

    (void)thread;
    for (uint64_t i = 0; i < operations; i++) {
        append(writer, writer->queues, writer->micro->size);
        flush(writer, writer->queues, BUFFER_BYTES);
    }
}

/* The kernel takes little at a time: what was gathered and not taken is gathered again. */
static void
run_trickles(void *subject, uint32_t thread, uint64_t operations)
{
    struct writer *writer = subject;
    const size_t taken = 2048;

    (void)thread;
    for (uint64_t i = 0; i < operations; i++) {
        append(writer, writer->queues, writer->micro->size);
        while (!write_queue_is_empty(writer->queues)) {
            size_t length = write_queue_peek(writer->queues, writer->buffer, BUFFER_BYTES);

            write_queue_advance(writer->queues, &writer->pool, length < taken ? length : taken);
        }
    }
}

/* One line for many sessions, then each is written. */
static void
run_fan_outs(void *subject, uint32_t thread, uint64_t operations)
{
    struct writer *writer = subject;

    (void)thread;
    for (uint64_t i = 0; i < operations; i++) {
        for (uint32_t which = 0; which < QUEUES; which++)
            append(writer, &writer->queues[which], 1);
        for (uint32_t which = 0; which < QUEUES; which++)
            flush(writer, &writer->queues[which], BUFFER_BYTES);
    }
}

static void
run_clears(void *subject, uint32_t thread, uint64_t operations)
{
    struct writer *writer = subject;

    (void)thread;
    for (uint64_t i = 0; i < operations; i++) {
        append(writer, writer->queues, writer->micro->size);
        write_queue_advance(writer->queues, &writer->pool, 1);
        write_queue_cut(writer->queues, &writer->pool);
        write_queue_clear(writer->queues, &writer->pool);
    }
}

/* Line by line, as datagrams leave. */
static void
run_takes(void *subject, uint32_t thread, uint64_t operations)
{
    struct writer *writer = subject;

    (void)thread;
    for (uint64_t i = 0; i < operations; i++) {
        append(writer, writer->queues, writer->micro->size);
        while (!write_queue_is_empty(writer->queues))
            line_drop(write_queue_take(writer->queues, &writer->pool));
    }
}

static void
run_lines(void *subject, uint32_t thread, uint64_t operations)
{
    const struct writer *writer = subject;

    (void)thread;
    for (uint64_t i = 0; i < operations; i++) {
        struct line *line = line_new(writer->line->bytes, writer->line->length);

        if (line == NULL)
            failure_exit("no memory");
        line_drop(line);
    }
}

static size_t
bytes_written(const void *subject)
{
    const struct writer *writer = subject;

    return (size_t)writer->line->length * writer->micro->items;
}

#define WRITER .open = open_writer, .close = close_writer, .bytes = bytes_written

static const struct micro cases[] = {
    {"line", "a line is made and dropped", .items = 1, .run = run_lines, WRITER, .once = 10000},
    {"flush-1", "a line is appended, gathered and taken away", 1, 1, .run = run_flushes, WRITER, .once = 10000},
    {"flush-16", "16 lines are appended, gathered and taken away", 16, 16, .run = run_flushes, WRITER, .once = 1000},
    {"flush-4096", "4,096 lines are appended, gathered and taken away", 4096, 4096, .run = run_flushes, WRITER, .once = 20},
    {"trickle-4096", "the same, where the kernel takes 2 KiB at a time", 4096, 4096, .run = run_trickles, WRITER, .once = 5},
    {"fanout-1000", "a line is appended to 1,000 queues, then each is gathered and taken away", 1, QUEUES, .run = run_fan_outs, WRITER, .once = 20},
    {"take-16", "16 lines are appended and taken one by one (UDP)", 16, 16, .run = run_takes, WRITER, .once = 1000},
    {"clear-4096", "4,096 lines are appended, the first begun, and all but that cut", 4096, 4096, .run = run_clears, WRITER, .once = 20},
};

int
main(int argc, char **argv)
{
    return micro_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
