/* SPDX-License-Identifier: MIT
 *
 * See log.h. A caller asks whether its event is in flood, makes its line on its own stack and puts it into the buffer; the writer
 * thread takes whole lines out, a chunk at a time, and writes them without the lock. The lock is therefore held only for copying.
 *
 * The writer sleeps without a time-out while there is nothing to write and no summary due, so a quiet process has no wake-ups.
 * The only places where it can be stuck are poll and write on a descriptor that nobody empties; there, and nowhere else, log_stop
 * may cancel it.
 */
#include "base/log.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/log_buffer.h"
#include "base/log_flood.h"
#include "base/log_line.h"
#include "base/log_output.h"
#include "base/sync.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    FAILED_PAUSE_MS = 1000,   /* before the next try on a descriptor that failed (a full disk, a reader gone) */
    DIRECT_PATIENCE_MS = 200, /* how long a line written directly may wait: the thread that logs it has other work */
};

/* What the writer has in hand. Its own; log_stop reads it once the thread is gone. */
struct chunk {
    char text[PIPE_BUF];
    size_t length;
    size_t lines_start; /* what stands before is no line of a caller: the end of a torn line, the report */
    uint64_t reported;  /* how many lines that report speaks for */
    bool torn;          /* the last line written may lack its end */
};

static struct mutex mutex = {PTHREAD_MUTEX_INITIALIZER}; /* over everything from here to `buffer` */
static pthread_cond_t work;                              /* the writer waits on it */
static pthread_cond_t ended;                             /* log_stop waits on it */
static bool running;                                     /* lines go through the buffer */
static bool stopping;
static bool failing; /* the last write failed: a report waits until there is a line beside it, lest each try be a wake-up */
static struct log_flood flood;
static struct log_buffer buffer;

static _Atomic int level_now = LEVEL_INFO; /* one word on its own, hence relaxed */
static pthread_t writer;
static bool prefixed;              /* constant once there are several threads */
static int output = STDERR_FILENO; /* written only while no writer runs */
static struct chunk chunk;

/* Waits for a signal or the moment due_ms on the monotonic clock; UINT64_MAX is no moment. */
static void
condition_wait(pthread_cond_t *condition, uint64_t due_ms) REQUIRES(mutex)
{
    if (due_ms == UINT64_MAX) {
        ASSERT(pthread_cond_wait(condition, &mutex.native) == 0);
        return;
    }

    struct timespec due = {.tv_sec = (time_t)(due_ms / 1000), .tv_nsec = (long)(due_ms % 1000) * 1000000};
    int error = pthread_cond_timedwait(condition, &mutex.native, &due);

    ASSERT(error == 0 || error == ETIMEDOUT);
}

/* Makes a line as it is written. */
static void
line_make(struct log_line *line, enum log_level level, const char *event, const struct log_field *fields)
{
    log_line_make(line, clock_realtime_ms(), level, event, fields);
    if (prefixed)
        log_line_prefix(line, level);
}

/* The line that accounts for others that were not written. */
static void
report_make(struct log_line *line, enum log_level level, const char *event, const char *of, uint64_t lines)
{
    const struct log_field fields[] = {LOG_FIELD_TEXT("of", of), LOG_FIELD_NUMBER("lines", lines), {.kind = LOG_END}};

    line_make(line, level, event, of == NULL ? &fields[1] : fields);
}

/* Puts the summaries due by now among the lines that wait. */
static void
summaries_put(uint64_t now_ms) REQUIRES(mutex)
{
    struct log_flood_summary summary;
    struct log_line line;

    while (log_flood_take(&flood, now_ms, &summary)) {
        report_make(&line, summary.level, "suppressed", summary.event, summary.lines);
        log_buffer_put(&buffer, line.text, line.length);
    }
}

/* Fills the chunk with what is next to be written; false when there is nothing. */
static bool
chunk_fill(void) REQUIRES(mutex)
{
    chunk.lines_start = 0;
    chunk.reported = 0;
    summaries_put(stopping ? UINT64_MAX : clock_monotonic_ms());
    if (chunk.torn)
        chunk.text[chunk.lines_start++] = '\n'; /* so that what follows is a line of its own */
    chunk.length = chunk.lines_start;
    if (log_buffer_owes_report(&buffer) && (!failing || buffer.used > 0)) {
        struct log_line report;

        chunk.reported = buffer.dropped;
        buffer.dropped = 0;
        report_make(&report, LEVEL_WARN, "log_dropped", NULL, chunk.reported);
        memcpy(chunk.text + chunk.lines_start, report.text, report.length);
        chunk.lines_start += report.length;
        chunk.length = chunk.lines_start;
    }
    chunk.length += log_buffer_take(&buffer, chunk.text + chunk.length, sizeof chunk.text - chunk.length);
    return chunk.reported > 0 || chunk.length > chunk.lines_start;
}

/* How many lines are lost when no more than the first `written` bytes of the chunk get out. */
static uint64_t
chunk_loss(size_t written)
{
    uint64_t lines = written < chunk.lines_start ? chunk.reported : 0;

    for (size_t i = written < chunk.lines_start ? chunk.lines_start : written; i < chunk.length; i++)
        lines += chunk.text[i] == '\n';
    return lines;
}

/* Writes the chunk; what does not get out is counted as dropped. Without the lock, and here the thread may be cancelled. */
static void
chunk_write(void) EXCLUDES(mutex)
{
    bool torn_before = chunk.torn;

    chunk.torn = true; /* as long as nobody knows */
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    size_t written = log_output_write(output, chunk.text, chunk.length, UINT64_MAX);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    chunk.torn = written == 0 ? torn_before : chunk.text[written - 1] != '\n';

    uint64_t retry_ms = clock_monotonic_ms() + FAILED_PAUSE_MS;

    mutex_lock(&mutex);
    failing = written < chunk.length;
    if (failing)
        log_buffer_lose(&buffer, chunk_loss(written));
    chunk.length = 0;
    while (failing && !stopping && clock_monotonic_ms() < retry_ms)
        condition_wait(&work, retry_ms);
    mutex_unlock(&mutex);
}

static void *
writer_run(void *nothing)
{
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    mutex_lock(&mutex);
    for (;;) {
        if (chunk_fill()) {
            mutex_unlock(&mutex);
            chunk_write();
            mutex_lock(&mutex);
            continue;
        }
        if (stopping)
            break;
        condition_wait(&work, log_flood_due(&flood));
    }
    running = false; /* together with "nothing waits", so that no line falls between the buffer and direct writing */
    pthread_cond_signal(&ended);
    mutex_unlock(&mutex);
    return nothing;
}

/* Starts the writer with every signal blocked: none is for it. */
static int
writer_start(void)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&writer, NULL, writer_run, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error == 0)
        pthread_setname_np(writer, "alo-log");
    return -error;
}

static void
condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t monotonic;

    ASSERT(pthread_condattr_init(&monotonic) == 0 && pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    ASSERT(pthread_cond_init(condition, &monotonic) == 0);
    pthread_condattr_destroy(&monotonic);
}

/* Writes a line on the caller's own thread, and before it how many were lost so far. */
static void
line_write_directly(const struct log_line *line) EXCLUDES(mutex)
{
    uint64_t deadline_ms = clock_monotonic_ms() + DIRECT_PATIENCE_MS;

    mutex_lock(&mutex);
    int descriptor = output;
    uint64_t dropped = buffer.dropped;
    buffer.dropped = 0;
    mutex_unlock(&mutex);

    if (dropped > 0) {
        struct log_line report;

        report_make(&report, LEVEL_WARN, "log_dropped", NULL, dropped);
        if (log_output_write(descriptor, report.text, report.length, deadline_ms) == report.length)
            dropped = 0;
    }
    if (log_output_write(descriptor, line->text, line->length, deadline_ms) < line->length)
        dropped++;
    mutex_lock(&mutex);
    log_buffer_lose(&buffer, dropped);
    mutex_unlock(&mutex);
}

int
log_start(int descriptor, enum log_level level)
{
    RACE_IGNORE(&level_now, sizeof level_now); /* helgrind does not know that it is atomic */
    log_set_level(level);
    condition_init(&work);
    condition_init(&ended);

    mutex_lock(&mutex);
    ASSERT(!running);
    running = true;
    stopping = false;
    failing = false;
    flood = (struct log_flood){0};
    output = descriptor;
    chunk.torn = false;
    mutex_unlock(&mutex);

    int error = writer_start();

    if (error < 0) {
        mutex_lock(&mutex);
        running = false;
        output = STDERR_FILENO;
        mutex_unlock(&mutex);
    }
    return error;
}

void
log_stop(int patience_ms)
{
    uint64_t deadline_ms = clock_monotonic_ms() + (uint64_t)(patience_ms > 0 ? patience_ms : 0);

    mutex_lock(&mutex);
    if (!running) {
        mutex_unlock(&mutex);
        return;
    }
    stopping = true;
    pthread_cond_signal(&work);
    while (running && clock_monotonic_ms() < deadline_ms)
        condition_wait(&ended, deadline_ms);
    bool stuck = running;
    mutex_unlock(&mutex);

    if (stuck)
        pthread_cancel(writer);
    ASSERT(pthread_join(writer, NULL) == 0);

    mutex_lock(&mutex);
    if (running) {
        /* It was cancelled: what it had in hand and what waited behind that is lost. */
        running = false;
        log_buffer_lose(&buffer, chunk_loss(0));
        log_buffer_clear(&buffer);
    }
    output = STDERR_FILENO;
    mutex_unlock(&mutex);
    pthread_cond_destroy(&work);
    pthread_cond_destroy(&ended);
}

void
log_prefix_levels(void)
{
    prefixed = true;
}

void
log_set_level(enum log_level level)
{
    atomic_store_explicit(&level_now, (int)level, memory_order_relaxed);
}

int
log_enabled(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&level_now, memory_order_relaxed);
}

void
log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    struct log_line line;

    if (!log_enabled(level))
        return;

    mutex_lock(&mutex);
    enum log_flood_answer answer = running ? log_flood_ask(&flood, event, level, clock_monotonic_ms()) : LOG_FLOOD_WRITE;
    if (answer == LOG_FLOOD_SUPPRESS_FIRST)
        pthread_cond_signal(&work); /* it has to wait for the summary now */
    mutex_unlock(&mutex);
    if (answer != LOG_FLOOD_WRITE)
        return;

    line_make(&line, level, event, fields);

    mutex_lock(&mutex);
    bool direct = !running;
    if (!direct) {
        bool was_empty = buffer.used == 0;

        log_buffer_put(&buffer, line.text, line.length);
        if (was_empty)
            pthread_cond_signal(&work);
    }
    mutex_unlock(&mutex);
    if (direct)
        line_write_directly(&line);
}
