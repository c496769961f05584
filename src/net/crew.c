/* SPDX-License-Identifier: MIT
 *
 * All workers of a server: making them, starting and stopping their threads, freeing them. On the thread that does so, while no worker runs.
 */
#include "base/assert.h"
#include "net/session_internal.h"
#include "net/worker.h"
#include "net/worker_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

_Static_assert(
    offsetof(struct worker, counters) >= offsetof(struct worker, turn) + sizeof(struct baton) + WORKER_COUNTERS_APART, "too near what others write");

void
worker_lose_ring(struct worker *worker, int error)
{
    log_event(LEVEL_INFO, "no_io_uring", LOG_FIELD_NUMBER("worker", worker->number), LOG_FIELD_TEXT("reason", strerror(-error)));
    ring_free(worker->ring);
    worker->ring = NULL;
}

static void
ring_init(struct worker *worker)
{
    int error = worker->config->io_uring ? ring_new(&worker->ring) : 0;

    if (error < 0)
        worker_lose_ring(worker, error);
}

static int
worker_init(struct worker *worker, struct worker *crew, uint32_t crew_count, uint32_t number, const struct worker_config *config)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = WORKER_WAKE_EVENT}; /* edge: nobody has to read the eventfd */
    int error;

    *worker = (struct worker){
        .number = number, .config = config, .crew = crew, .crew_count = crew_count, .poller = -1, .peer_timeout_slot = HANDLE_SLOTS_MAX};
    error = mailbox_init(&worker->mailbox, config->pressure);
    if (error < 0)
        return error;
    baton_init(&worker->turn);
    worker->read_buffer = malloc(READ_BYTES);
    worker->write_buffer = malloc(WRITE_BYTES);
    worker->poller = epoll_create1(EPOLL_CLOEXEC);
    if (worker->read_buffer == NULL || worker->write_buffer == NULL)
        error = -ENOMEM;
    else if (worker->poller < 0 || epoll_ctl(worker->poller, EPOLL_CTL_ADD, worker->mailbox.wake_descriptor, &event) < 0)
        error = -errno;
    slots_init(&worker->sessions, config->handler->session_bytes);
    list_init(&worker->due);
    list_init(&worker->ended);
    for (enum deadline_kind kind = 0; kind < DEADLINE_KINDS; kind++)
        deadlines_init(&worker->deadlines[kind], config->timeouts_ms[kind]);
    entrance_init(&worker->entrance);
    counters_init(&worker->counters.opened, COUNTERS_IN(struct worker_counters));
    if (error == 0)
        ring_init(worker);
    return error;
}

static void
worker_done(struct worker *worker, void (*drop)(struct mail *mail))
{
    struct mail *mail = mailbox_take(&worker->mailbox);

    while (mail != NULL) {
        struct mail *next = mail->next;

        if (mail->tag == MAIL_SOCKET) {
            close(((struct socket_mail *)(void *)mail)->descriptor);
            free(mail);
        } else if (mail->tag == MAIL_NEWS || mail->tag == MAIL_RETURN) {
            drop(mail);
        }
        mail = next;
    }
    mailbox_done(&worker->mailbox);
    baton_done(&worker->turn);
    datagrams_done(&worker->datagrams);
    slots_done(&worker->sessions);
    queue_pool_trim(&worker->pool, 0);
    if (worker->poller >= 0)
        close(worker->poller);
    ring_free(worker->ring);
    free(worker->read_buffer);
    free(worker->write_buffer);
}

int
workers_init(struct worker *workers, uint32_t count, const struct worker_config *config)
{
    for (uint32_t number = 0; number < count; number++) {
        int error = worker_init(&workers[number], workers, count, number, config);

        if (error < 0) {
            for (uint32_t made = 0; made <= number; made++)
                if (workers[made].mailbox.pressure != NULL)
                    worker_done(&workers[made], NULL);
            return error;
        }
    }
    return 0;
}

int
workers_start(struct worker *workers, uint32_t count)
{
    char name[24]; /* the kernel takes 15 characters, enough for HANDLE_WORKERS_MAX */

    for (uint32_t number = 0; number < count; number++) {
        int error = pthread_create(&workers[number].thread, NULL, worker_run, &workers[number]);

        if (error != 0) {
            workers_stop(workers, number);
            return -error;
        }
        snprintf(name, sizeof name, "alo-worker-%u", number);
        pthread_setname_np(workers[number].thread, name); /* for whoever looks at threads */
    }
    return 0;
}

void
workers_stop(struct worker *workers, uint32_t count)
{
    for (uint32_t number = 0; number < count; number++) {
        workers[number].stop_mail = (struct mail){.tag = MAIL_STOP};
        mailbox_order(&workers[number].mailbox, &workers[number].stop_mail);
    }
    for (uint32_t number = 0; number < count; number++)
        ASSERT(pthread_join(workers[number].thread, NULL) == 0);
}

void
workers_done(struct worker *workers, uint32_t count, void (*drop)(struct mail *mail))
{
    for (uint32_t number = 0; number < count; number++)
        worker_done(&workers[number], drop);
}
