/* SPDX-License-Identifier: MIT */
#include "support/flood.h"

#include "support/pace.h"

#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* So much in one call, so that the kernel's buffers are the limit and not the calls; and how soon to see that it is to end. */
enum { BLOCK_BYTES = 64 << 10, LOOK_MS = 20 };

struct flood {
    struct client *client;
    pthread_t thread;
    char *block; /* a whole number of texts */
    size_t text_length, block_length;
    atomic_bool told_to_end;
    pthread_mutex_t lock; /* guards what follows, which the thread writes */
    pthread_cond_t progress;
    uint64_t bytes;
    bool over;
};

/* May the thread end here? Only between two texts. */
static bool
flood_may_end(struct flood *flood, size_t at)
{
    return at % flood->text_length == 0 && atomic_load(&flood->told_to_end);
}

/* So much was taken, or the server has closed (-1). */
static void
flood_note(struct flood *flood, ssize_t sent)
{
    pthread_mutex_lock(&flood->lock);
    if (sent < 0)
        flood->over = true;
    else
        flood->bytes += (uint64_t)sent;
    pthread_cond_signal(&flood->progress);
    pthread_mutex_unlock(&flood->lock);
}

static void *
flood_run(void *argument)
{
    struct flood *flood = argument;
    size_t at = 0;

    while (!flood_may_end(flood, at)) {
        struct pollfd room = {.fd = flood->client->socket, .events = POLLOUT};
        /* Told to end within a text: only the rest of it is still sent. */
        size_t until = atomic_load(&flood->told_to_end) ? at + flood->text_length - at % flood->text_length : flood->block_length;
        ssize_t sent = client_send_now(flood->client, flood->block + at, until - at);

        flood_note(flood, sent);
        if (sent < 0)
            break;
        at = (at + (size_t)sent) % flood->block_length;
        if (sent == 0)
            (void)poll(&room, 1, LOOK_MS);
    }
    return NULL;
}

struct flood *
flood_start(struct client *client, const char *text)
{
    struct flood *flood = calloc(1, sizeof *flood);
    pthread_condattr_t attributes;
    size_t times;

    ck_assert_ptr_nonnull(flood);
    flood->client = client;
    pthread_mutex_init(&flood->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&flood->progress, &attributes);
    pthread_condattr_destroy(&attributes);
    flood->text_length = strlen(text);
    times = flood->text_length < BLOCK_BYTES ? BLOCK_BYTES / flood->text_length : 1;
    flood->block_length = times * flood->text_length;
    flood->block = malloc(flood->block_length);
    ck_assert_ptr_nonnull(flood->block);
    for (size_t i = 0; i < times; i++)
        memcpy(flood->block + i * flood->text_length, text, flood->text_length);
    ck_assert_int_eq(pthread_create(&flood->thread, NULL, flood_run, flood), 0);
    return flood;
}

void
flood_expect_progress_at(struct flood *flood, uint64_t bytes, const char *function, int line)
{
    int64_t deadline_ms = pace_deadline_ms();
    struct timespec until = {.tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000};

    pthread_mutex_lock(&flood->lock);
    uint64_t wanted = flood->bytes + bytes;
    while (flood->bytes < wanted && !flood->over)
        if (pthread_cond_timedwait(&flood->progress, &flood->lock, &until) != 0)
            ck_abort_msg("%s, line %d: the server does not read any more from a client that sends without end", function, line);
    ck_assert_msg(!flood->over, "%s, line %d: the server has closed a connection that sends without end", function, line);
    pthread_mutex_unlock(&flood->lock);
}

void
flood_expect_end(struct flood *flood)
{
    int64_t deadline_ms = pace_deadline_ms();
    struct timespec until = {.tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000};

    pthread_mutex_lock(&flood->lock);
    while (!flood->over)
        if (pthread_cond_timedwait(&flood->progress, &flood->lock, &until) != 0)
            ck_abort_msg("the server does not close a connection that sends without end");
    pthread_mutex_unlock(&flood->lock);
}

void
flood_stop(struct flood *flood)
{
    atomic_store(&flood->told_to_end, true);
    ck_assert_int_eq(pthread_join(flood->thread, NULL), 0);
    pthread_cond_destroy(&flood->progress);
    pthread_mutex_destroy(&flood->lock);
    free(flood->block);
    free(flood);
}
