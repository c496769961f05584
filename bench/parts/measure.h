/* SPDX-License-Identifier: MIT
 *
 * What the micro benchmarks share. A program is a table of cases; this runs those that are asked for, and prints a line for each:
 *
 *   .bin/micro_<part> [--list] [--once] [--rounds N] [--milliseconds N] [name ...]
 *
 *   --list          of each case: name, how many operations --once does, items in an operation (0: not counted), what it is
 *   --once          each case's fixed number of operations, no clock: for a tool that counts the instructions in micro_measured (bench/micro)
 *   --rounds        how many rounds of a case the median is taken of (11)
 *   --milliseconds  how long the measured part of a round takes at least (20)
 *   name            that case or, where none has exactly that name, every case whose name has this in it
 *
 * The line tells the processor time of an operation, median, least and most of the rounds, because that is what it costs on a machine that has
 * other work too; by it the time of an item and the megabytes a second. The median of the real time is told beside it, and by that, how
 * many times as much is done on several threads as on one.
 *
 * A round is made of batches: an untimed preparation, the operations on as many threads as the case has, an untimed cleaning.
 */
#ifndef PARTS_MEASURE_H
#define PARTS_MEASURE_H

#include <stddef.h>
#include <stdint.h>

enum { MICRO_THREADS_MAX = 8 };

struct micro {
    const char *name;  /* without spaces. Cases whose names differ behind an '@' only are the same work on more threads */
    const char *about; /* what one operation is */
    uint32_t size;     /* how much of whatever it is about: the case's own */
    uint32_t items;    /* in an operation, such as friends or watchers; 0: they are not counted */
    uint32_t threads;  /* that do the operations; 0 is one */
    uint32_t helpers;  /* threads beside them, whose work is no operation; they have the numbers from `threads` on */
    uint64_t batch;    /* operations of a thread between two preparations; 0: any number */
    uint64_t once;     /* operations for --once; 0: not for counting instructions, for it is several threads or mostly the kernel */
    uint32_t kind;     /* of what it is about: the case's own too */

    /* Makes what is measured; it may be NULL then. */
    void *(*open)(const struct micro *micro);
    /* Before and after a batch of so many operations for each thread; may be NULL. */
    void (*prepare)(void *subject, uint64_t operations);
    void (*clean)(void *subject, uint64_t operations);
    /* Does the operations, on the thread of this number; 0 is the main thread. */
    void (*run)(void *subject, uint32_t thread, uint64_t operations);
    void (*close)(void *subject);
    /* Bytes that one operation goes through; may be NULL. */
    size_t (*bytes)(const void *subject);
    /* More to say about what was measured, a few words; may be NULL. */
    void (*note)(const void *subject, char *text, size_t size);
};

/* The whole program: returns its exit status. */
int micro_main(int argc, char **argv, const struct micro *cases, size_t count);

/* The measured part, which a profiler finds by this name: calls run(). */
void micro_measured(const struct micro *micro, void *subject, uint32_t thread, uint64_t operations);

#endif
