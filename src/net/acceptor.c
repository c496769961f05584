/* SPDX-License-Identifier: MIT */
#include "net/acceptor.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* What is written to the wake-up descriptor. Its counter adds them up, so that none hides another. */
#define WAKE_TO_ANSWER UINT64_C(1)
#define WAKE_TO_DRAIN (UINT64_C(1) << 16)
#define WAKE_TO_STOP (UINT64_C(1) << 32)

enum {
    ACCEPTS_PER_ROUND = 64, /* of one listener, before the others and the workers have their turn */
    STORM_MS = 1,           /* connections that come faster than this are taken together */
    PAUSE_MS = 100,         /* how soon to try again when not even the reserve helps */
    LAST_ROUNDS = 128,      /* more than a listener's backlog holds */
    REFUSE_DRAIN_BYTES = 16 << 10,
};

/* Says that the server is full to a connection that becomes no session. What it has sent is read first, or its reset would destroy the line. */
static void
refuse(struct acceptor *acceptor, const struct transport *transport, int descriptor) REQUIRES(acceptor_role)
{
    char unread[REFUSE_DRAIN_BYTES];

    counter_add(&acceptor->refused, 1);
    (void)transport->send(descriptor, acceptor->config->refusal, acceptor->config->refusal_length);
    transport->finish(descriptor);
    (void)transport->receive(descriptor, unread, sizeof unread);
    close(descriptor);
}

static void
hand_over(struct acceptor *acceptor, const struct listener *listener, int descriptor) REQUIRES(acceptor_role)
{
    struct admission *admission = acceptor->config->admission;
    uint32_t before = admission_enter(admission), limit = admission_limit(admission);
    struct socket_mail *socket = before < limit + REFUSED_MAX ? malloc(sizeof *socket) : NULL;
    uint32_t worker = acceptor->next;

    if (before >= limit)
        log_event(LEVEL_WARN, "server_full", LOG_FIELD_NUMBER("max_sessions", limit));
    if (socket == NULL) {
        admission_leave(admission);
        refuse(acceptor, listener->transport, descriptor);
        return;
    }
    *socket = (struct socket_mail){.mail.tag = MAIL_SOCKET,
        .descriptor = descriptor,
        .transport = listener->transport,
        .proxied = listener->proxied,
        .refused = before >= limit};
    acceptor->next = worker + 1 == acceptor->worker_count ? 0 : worker + 1;
    if (mailbox_post(&acceptor->workers[worker].mailbox, &socket->mail))
        acceptor->posted[worker] = true;
}

static void
pause_accepting(struct acceptor *acceptor, int error) REQUIRES(acceptor_role)
{
    log_event(LEVEL_WARN, "accept_paused", LOG_FIELD_TEXT("error", strerror(error)), LOG_FIELD_NUMBER("retry_ms", PAUSE_MS));
    acceptor->paused_until_ms = clock_monotonic_ms() + PAUSE_MS;
}

/* There are no descriptors: gives up the reserve to tell one newcomer. False: that did not work either. */
static bool
refuse_with_reserve(struct acceptor *acceptor, const struct listener *listener) REQUIRES(acceptor_role)
{
    int descriptor;

    if (acceptor->reserve >= 0)
        close(acceptor->reserve);
    descriptor = accept4(listener->descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0)
        refuse(acceptor, listener->transport, descriptor);
    acceptor->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return descriptor >= 0;
}

/* Accepts one connection. False: this listener has no more for now. */
static bool
accept_one(struct acceptor *acceptor, const struct listener *listener) REQUIRES(acceptor_role)
{
    int descriptor = accept4(listener->descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    int error = errno;

    if (descriptor >= 0) {
        hand_over(acceptor, listener, descriptor);
        return true;
    }
    switch (error) {
    case EAGAIN: return false;
    case EMFILE:
    case ENFILE:
        log_event(LEVEL_WARN, "descriptors_exhausted", LOG_FIELD_TEXT("error", strerror(error)));
        if (refuse_with_reserve(acceptor, listener))
            return true;
        pause_accepting(acceptor, error);
        return false;
    case ENOMEM:
    case ENOBUFS: pause_accepting(acceptor, error); return false;
    default: return true; /* accept(2): what went wrong with a connection before it was accepted concerns only that one */
    }
}

/* Accepts what is there. True when there may be more. */
static bool
accept_round(struct acceptor *acceptor, const struct listener *listener) REQUIRES(acceptor_role)
{
    int count = 0;

    while (count < ACCEPTS_PER_ROUND && accept_one(acceptor, listener))
        count++;
    for (uint32_t worker = 0; worker < acceptor->worker_count; worker++) {
        if (acceptor->posted[worker])
            mailbox_wake(&acceptor->workers[worker].mailbox);
        acceptor->posted[worker] = false;
    }
    return count == ACCEPTS_PER_ROUND;
}

/*
 * After a round that left nothing: when the one before was just now, there is a storm of logins, and the listeners rest for a moment, so that
 * what comes meanwhile is taken in one round and wakes each worker once. A lone connection never waits.
 */
static void
rest_in_storm(struct acceptor *acceptor) REQUIRES(acceptor_role)
{
    uint64_t now = clock_monotonic_ms();

    if (now - acceptor->round_ms <= STORM_MS && acceptor->paused_until_ms <= now)
        acceptor->paused_until_ms = now + STORM_MS;
    acceptor->round_ms = now;
}

/* How long not to look at the listeners; 0 when they may be looked at. */
static int
pause_left_ms(const struct acceptor *acceptor)
{
    uint64_t now = acceptor->paused_until_ms == 0 ? 0 : clock_monotonic_ms();

    return acceptor->paused_until_ms > now ? (int)(acceptor->paused_until_ms - now) : 0;
}

/* Nobody is let in any more but those whom the kernel has connected already: closing the listeners would reset them. */
static void
accept_last(struct acceptor *acceptor) REQUIRES(acceptor_role)
{
    bool more = true;

    for (int round = 0; more && round < LAST_ROUNDS; round++) {
        more = false;
        for (int i = 0; i < acceptor->listener_count; i++)
            more = accept_round(acceptor, &acceptor->listeners[i]) || more;
    }
}

static void
close_listeners(struct acceptor *acceptor)
{
    while (acceptor->listener_count > 0)
        listener_close(&acceptor->listeners[--acceptor->listener_count]);
}

/* The thread goes on, without listeners: it still gives signs of life. */
static void
begin_drain(struct acceptor *acceptor) REQUIRES(acceptor_role)
{
    const struct worker_config *config = acceptor->config;

    accept_last(acceptor);
    close_listeners(acceptor);
    log_event(LEVEL_INFO, "draining", LOG_FIELD_NUMBER("connections", admission_count(config->admission)),
        LOG_FIELD_NUMBER("udp_sessions", admission_count(config->datagram_admission)),
        LOG_FIELD_NUMBER("drain_time_s", acceptor->drain->time_ms / 1000));
    workers_drain(acceptor->workers, acceptor->worker_count, acceptor->drain);
}

/* Somebody wrote to the wake-up descriptor. False: the thread is to end. */
static bool
woken(struct acceptor *acceptor) REQUIRES(acceptor_role)
{
    uint64_t wishes = 0;

    /* EAGAIN: a poll that failed left its former answer there. */
    ASSERT(read(acceptor->wake_descriptor, &wishes, sizeof wishes) == (ssize_t)sizeof wishes || errno == EAGAIN);
    RACE_HAPPENS_AFTER(acceptor);
    if (wishes >= WAKE_TO_STOP)
        return false;
    if (wishes >= WAKE_TO_DRAIN)
        begin_drain(acceptor);
    pulse_look(acceptor->config->pulse, acceptor->worker_count);
    return true;
}

static void *
run(void *argument)
{
    struct acceptor *acceptor = argument;
    struct pollfd polled[LISTENERS_MAX + 1] = {{.fd = acceptor->wake_descriptor, .events = POLLIN}};

    thread_role_enter(&acceptor_role);
    for (int i = 0; i < acceptor->listener_count; i++)
        polled[i + 1] = (struct pollfd){.fd = acceptor->listeners[i].descriptor, .events = POLLIN};
    while (polled[0].revents == 0 || woken(acceptor)) {
        int pause_ms = pause_left_ms(acceptor);

        if (poll(polled, pause_ms > 0 ? 1 : (nfds_t)acceptor->listener_count + 1, pause_ms > 0 ? pause_ms : -1) < 0)
            ASSERT(errno == EINTR || errno == ENOMEM);
        bool more = false;

        for (int i = 1; pause_ms == 0 && i <= acceptor->listener_count; i++)
            if (polled[i].revents != 0)
                more = accept_round(acceptor, &acceptor->listeners[i - 1]) || more;
        if (pause_ms == 0 && !more)
            rest_in_storm(acceptor);
    }
    accept_last(acceptor);
    thread_role_leave(&acceptor_role);
    return NULL;
}

static void
close_all(struct acceptor *acceptor)
{
    close_listeners(acceptor);
    if (acceptor->reserve >= 0)
        close(acceptor->reserve);
    if (acceptor->wake_descriptor >= 0)
        close(acceptor->wake_descriptor);
}

int
acceptor_start(struct acceptor *acceptor)
{
    int error = 0;

    counter_init(&acceptor->refused);
    acceptor->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    acceptor->wake_descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (acceptor->reserve < 0 || acceptor->wake_descriptor < 0)
        error = -errno;
    else
        error = -pthread_create(&acceptor->thread, NULL, run, acceptor);
    if (error < 0)
        close_all(acceptor);
    else
        pthread_setname_np(acceptor->thread, "alo-acceptor");
    return error;
}

static void
wake(const struct acceptor *acceptor, uint64_t wish)
{
    RACE_HAPPENS_BEFORE(acceptor); /* helgrind does not know that a descriptor's writer comes before its reader */
    ASSERT(write(acceptor->wake_descriptor, &wish, sizeof wish) == (ssize_t)sizeof wish);
}

void
acceptor_ask(struct acceptor *acceptor)
{
    wake(acceptor, WAKE_TO_ANSWER);
}

void
acceptor_drain(struct acceptor *acceptor, struct drain *drain)
{
    acceptor->drain = drain; /* the write to the descriptor publishes it */
    wake(acceptor, WAKE_TO_DRAIN);
}

void
acceptor_stop(struct acceptor *acceptor)
{
    wake(acceptor, WAKE_TO_STOP);
    ASSERT(pthread_join(acceptor->thread, NULL) == 0);
    close_all(acceptor);
}
