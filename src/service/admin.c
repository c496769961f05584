/* SPDX-License-Identifier: MIT
 *
 * The thread polls its listeners, and libmicrohttpd's own poller for all that happens on connections. It accepts by itself and hands the connection
 * over, because that library listens on one socket only, and because so the time of each connection is known and can be limited as a
 * whole: the library's own limit is one of silence, which who sends a byte now and then escapes.
 */
#include "service/admin.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/sync.h"
#include "service/admin_routes.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECTION_BYTES = 16 << 10, /* for the head of a request and of its answer */
    FIRST_LISTENER = 3,          /* in what is polled, behind the stop, the library and the answers */
    PAUSE_MS = 100,              /* how soon to accept again when there were no descriptors */
};

#define NEVER UINT64_MAX

enum visit_state {
    VISIT_NONE,     /* nobody is there */
    VISIT_READING,  /* its request has not come to its end, or is answered already */
    VISIT_WAITING,  /* others are to answer; meanwhile the library leaves it alone */
    VISIT_ANSWERED, /* they have; the library will come back to it */
};

/* A connection, and the one request that it is there for. */
struct visit {
    struct admin_request request; /* first */
    struct admin *admin;
    enum visit_state state;
    int descriptor;
    uint32_t body_bytes; /* that have come */
    uint64_t since_ms;
    uint64_t end_at_ms;     /* NEVER when it has been told to end */
    uint64_t give_up_at_ms; /* while it waits */
};

struct admin {
    struct admin_config config;
    struct MHD_Daemon *daemon;
    pthread_t thread;
    struct mutex mutex;
    char token[ADMIN_TOKEN_BYTES]; /* under the mutex; config.token says only whether there is one */
    int stop_descriptor;           /* an eventfd: somebody wants it to end */
    /* The admin thread's: */
    int daemon_poller;
    uint64_t paused_until_ms;
    uint32_t visit_count;
    struct visit visits[ADMIN_CONNECTIONS_MAX];
};

/* The library says that a connection is there, or gone; its descriptor is still open then. */
static void
connection_changed(void *context, struct MHD_Connection *connection, void **place, enum MHD_ConnectionNotificationCode what)
{
    struct admin *admin = context;

    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        struct visit *gone = *place;

        if (gone != NULL) {
            buffer_done(&gone->request.body);
            *gone = (struct visit){0};
            admin->visit_count--;
        }
        return;
    }
    for (int i = 0; i < ADMIN_CONNECTIONS_MAX; i++) {
        struct visit *visit = &admin->visits[i];

        if (visit->state != VISIT_NONE)
            continue;
        visit->admin = admin;
        visit->state = VISIT_READING;
        visit->request.connection = connection;
        visit->descriptor = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        visit->since_ms = clock_monotonic_ms();
        visit->end_at_ms = visit->since_ms + admin->config.connection_ms;
        admin->visit_count++;
        *place = visit;
        return;
    }
    ASSERT(admin->visit_count < ADMIN_CONNECTIONS_MAX); /* no more are accepted */
}

static bool
brings_token(struct admin *admin, const struct admin_request *request)
{
    bool brings;

    if (admin->config.token == NULL)
        return false;
    mutex_lock(&admin->mutex);
    brings = admin_brings_token(request, admin->token);
    mutex_unlock(&admin->mutex);
    return brings;
}

/* Finds the answer to a request, whose path is set. */
static enum admin_outcome
route(struct admin *admin, struct admin_request *request, const char *method)
{
    const struct sockaddr *address = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    char peer[NI_MAXHOST] = "unknown";

    (void)getnameinfo(address, address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in), peer, sizeof peer, NULL, 0,
        NI_NUMERICHOST);
    request->peer = peer;
    return admin_route(&admin->config, request, method, brings_token(admin, request));
}

/*
 * The library calls this when it has read the head of a request, with each piece of a body, at its end, and again when it was suspended there and goes
 * on. A body means nothing here and is dropped.
 */
static enum MHD_Result
request_came(void *context, struct MHD_Connection *connection, const char *path, const char *method, const char *version, const char *body,
    size_t *body_length, void **place)
{
    struct admin *admin = context;
    struct visit *visit = *place;

    (void)version;
    (void)body;
    if (visit == NULL) {
        *place = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
        return MHD_YES;
    }
    if (*body_length > 0) {
        if (*body_length > ADMIN_BODY_BYTES - visit->body_bytes)
            return MHD_NO; /* it is cut off */
        visit->body_bytes += (uint32_t)*body_length;
        *body_length = 0;
        return MHD_YES;
    }
    if (visit->state == VISIT_READING) {
        visit->request.path = path;
        if (route(admin, &visit->request, method) == ADMIN_LATER) {
            visit->state = VISIT_WAITING;
            visit->give_up_at_ms = clock_monotonic_ms() + ADMIN_ANSWER_MS;
            MHD_suspend_connection(connection);
            return MHD_YES;
        }
    }
    visit->state = VISIT_READING;
    return admin_send(&visit->request) ? MHD_YES : MHD_NO;
}

void
admin_answered(struct admin_request *request)
{
    struct visit *visit = (struct visit *)(void *)request;

    ASSERT(visit->state == VISIT_WAITING);
    visit->state = VISIT_ANSWERED;
    MHD_resume_connection(request->connection);
}

/* Answers those who have waited for too long. */
static void
give_up(struct admin *admin, uint64_t now_ms)
{
    for (int i = 0; i < ADMIN_CONNECTIONS_MAX; i++) {
        struct visit *visit = &admin->visits[i];

        if (visit->state != VISIT_WAITING || visit->give_up_at_ms > now_ms)
            continue;
        admin->config.calls->give_up(admin->config.context, &visit->request);
        buffer_reset(&visit->request.body, 0);
        visit->request.status = MHD_HTTP_SERVICE_UNAVAILABLE;
        buffer_append_text(&visit->request.body, "the workers have not answered in time\n");
        admin_answered(&visit->request);
    }
}

/* When all places are taken: whose client has been there the longest and is slow. NULL: there is room, or soon, or all of them wait for others. */
static struct visit *
slowest(struct admin *admin)
{
    struct visit *found = NULL;

    if (admin->visit_count < ADMIN_CONNECTIONS_MAX)
        return NULL;
    for (int i = 0; i < ADMIN_CONNECTIONS_MAX; i++) {
        struct visit *visit = &admin->visits[i];

        if (visit->end_at_ms == NEVER)
            return NULL; /* one is on its way out already */
        if (visit->state == VISIT_READING && (found == NULL || visit->since_ms < found->since_ms))
            found = visit;
    }
    return found;
}

/* May somebody be accepted, be it that another one makes room? Else when that may be; NEVER when it depends on something else that happens. */
static bool
accepts(struct admin *admin, uint64_t now_ms, uint64_t *later_ms)
{
    const struct visit *visit = slowest(admin);

    *later_ms = NEVER;
    if (admin->paused_until_ms > now_ms) {
        *later_ms = admin->paused_until_ms;
        return false;
    }
    if (admin->visit_count < ADMIN_CONNECTIONS_MAX)
        return true;
    if (visit != NULL && visit->since_ms + ADMIN_HURRY_MS > now_ms)
        *later_ms = visit->since_ms + ADMIN_HURRY_MS;
    return visit != NULL && *later_ms == NEVER;
}

/* Takes connections from a listener, as many as may be there. */
static void
accept_from(struct admin *admin, int listener)
{
    struct visit *visit = slowest(admin);

    if (visit != NULL)
        visit->end_at_ms = 0; /* it makes room, and the next round accepts */
    while (admin->visit_count < ADMIN_CONNECTIONS_MAX) {
        struct sockaddr_storage peer;
        socklen_t length = sizeof peer;
        int descriptor = accept4(listener, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (descriptor < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
                admin->paused_until_ms = clock_monotonic_ms() + PAUSE_MS;
            if (errno != ECONNABORTED && errno != EINTR)
                return;
        } else {
            (void)MHD_add_connection(admin->daemon, descriptor, (struct sockaddr *)&peer, length); /* closes it when it fails */
        }
    }
}

/* Ends the connections whose time is over: their next reading or writing fails. */
static void
end_overdue(struct admin *admin, uint64_t now_ms)
{
    for (int i = 0; i < ADMIN_CONNECTIONS_MAX; i++) {
        struct visit *visit = &admin->visits[i];

        if (visit->state != VISIT_NONE && visit->end_at_ms <= now_ms) {
            (void)shutdown(visit->descriptor, SHUT_RDWR);
            visit->end_at_ms = NEVER;
        }
    }
}

static uint64_t
least(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

/* When there is something to do about a visit, whatever its client does. */
static uint64_t
visit_due_ms(const struct visit *visit)
{
    if (visit->state == VISIT_NONE)
        return NEVER;
    return visit->state == VISIT_WAITING ? least(visit->end_at_ms, visit->give_up_at_ms) : visit->end_at_ms;
}

/* How long to wait for something to happen, at most until next_ms; -1: for ever. */
static int
patience_ms(struct admin *admin, uint64_t now_ms, uint64_t next_ms)
{
    MHD_UNSIGNED_LONG_LONG library_ms;

    for (int i = 0; i < ADMIN_CONNECTIONS_MAX; i++)
        next_ms = least(next_ms, visit_due_ms(&admin->visits[i]));
    if (MHD_get_timeout(admin->daemon, &library_ms) == MHD_YES && library_ms < admin->config.connection_ms && now_ms + library_ms < next_ms)
        next_ms = now_ms + library_ms;
    if (next_ms == NEVER)
        return -1;
    return next_ms <= now_ms ? 0 : (int)(next_ms - now_ms);
}

static void *
run(void *argument)
{
    struct admin *admin = argument;
    struct pollfd polled[FIRST_LISTENER + ADMIN_LISTENERS_MAX] = {{.fd = admin->stop_descriptor, .events = POLLIN},
        {.fd = admin->daemon_poller, .events = POLLIN}, {.fd = admin->config.answers, .events = POLLIN}};

    for (int i = 0; i < admin->config.listener_count; i++)
        polled[FIRST_LISTENER + i] = (struct pollfd){.fd = admin->config.listeners[i], .events = POLLIN};
    while ((polled[0].revents & POLLIN) == 0) {
        uint64_t now_ms = clock_monotonic_ms(), later_ms;
        bool listens = accepts(admin, now_ms, &later_ms);
        int ready =
            poll(polled, listens ? FIRST_LISTENER + (nfds_t)admin->config.listener_count : FIRST_LISTENER, patience_ms(admin, now_ms, later_ms));

        ASSERT(ready >= 0 || errno == EINTR || errno == ENOMEM);
        if (ready < 0)
            continue; /* what stands in `polled` is of before */
        for (int i = 0; listens && i < admin->config.listener_count; i++)
            if (polled[FIRST_LISTENER + i].revents != 0)
                accept_from(admin, polled[FIRST_LISTENER + i].fd);
        if (polled[2].revents != 0)
            admin->config.calls->collect(admin->config.context);
        give_up(admin, clock_monotonic_ms());
        end_overdue(admin, clock_monotonic_ms());
        (void)MHD_run(admin->daemon);
    }
    give_up(admin, NEVER);
    return NULL;
}

static void
admin_free(struct admin *admin)
{
    if (admin->daemon != NULL)
        MHD_stop_daemon(admin->daemon);
    for (int i = 0; i < admin->config.listener_count; i++)
        close(admin->config.listeners[i]);
    if (admin->stop_descriptor >= 0)
        close(admin->stop_descriptor);
    mutex_done(&admin->mutex);
    explicit_bzero(admin->token, sizeof admin->token);
    free(admin);
}

static struct MHD_Daemon *
daemon_start(struct admin *admin)
{
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, request_came, admin,
        MHD_OPTION_NOTIFY_CONNECTION, connection_changed, admin, MHD_OPTION_CONNECTION_LIMIT, (unsigned)ADMIN_CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES, MHD_OPTION_END);
}

void
admin_set_token(struct admin *admin, const char *token)
{
    mutex_lock(&admin->mutex);
    snprintf(admin->token, sizeof admin->token, "%s", token);
    mutex_unlock(&admin->mutex);
}

int
admin_start(const struct admin_config *config, struct admin **admin)
{
    struct admin *made = calloc(1, sizeof *made);
    int error = 0;

    if (made == NULL) {
        for (int i = 0; i < config->listener_count; i++)
            close(config->listeners[i]);
        return -ENOMEM;
    }
    made->config = *config;
    mutex_init(&made->mutex);
    if (config->token != NULL)
        admin_set_token(made, config->token);
    if (made->config.connection_ms == 0)
        made->config.connection_ms = ADMIN_CONNECTION_MS;
    made->stop_descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (made->stop_descriptor < 0)
        error = -errno;
    else
        made->daemon = daemon_start(made);
    if (error == 0 && made->daemon == NULL)
        error = errno == EMFILE || errno == ENFILE ? -errno : -ENOMEM;
    if (error == 0) {
        made->daemon_poller = MHD_get_daemon_info(made->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
        error = -pthread_create(&made->thread, NULL, run, made);
    }
    if (error == 0)
        pthread_setname_np(made->thread, "alo-admin");
    if (error < 0) {
        admin_free(made);
        return error;
    }
    *admin = made;
    return 0;
}

void
admin_stop(struct admin *admin)
{
    uint64_t one = 1;

    if (admin == NULL)
        return;
    ASSERT(write(admin->stop_descriptor, &one, sizeof one) == (ssize_t)sizeof one);
    ASSERT(pthread_join(admin->thread, NULL) == 0);
    admin_free(admin);
}
