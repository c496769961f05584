/* SPDX-License-Identifier: MIT
 *
 * The floor: a server that makes the unavoidable system calls for the traffic of a presence server and nothing else, as the
 * measure for what .bin/alo costs. Accept, epoll_ctl, one read a message, one send a notification, close. It knows no
 * friends and reads no JSON: alo-bench sends a table first (load/floor_table.h) that says whom each user's news
 * goes to, so that the same bytes go to the same kind of sessions.
 *
 * What is made as cheap as the kernel allows: options are those of the server, set on the listening socket; events are
 * edge-triggered, epoll_wait is asked for many at once, an accepted socket goes straight into the poller of the thread that
 * will serve it, and a thread sends on any session's socket itself, without lock or hand-over. There are as many threads as
 * the server under test has workers (--threads), because what a send costs depends on how many of them share the cores.
 *
 * It trusts its peer: it is for measuring, not for use.
 */
#include "load/failure.h"
#include "load/floor_table.h"
#include "talk/talk.h"
#include "transport/tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    EVENTS = 256,
    READ_BYTES = 64 * 1024,
    THREADS_MAX = 64,
    PEER_TIMEOUT_S = 60,                 /* the default of the server */
    ACCEPTS = 64,                        /* in a row, so that newcomers do not starve the others */
    ID_AT = sizeof "{\"user_id\": " - 1, /* where the id stands in every hello of alo-bench */
    ID_FIRST = TALK_ID_FIRST,
    DESCRIPTORS_MAX = 1 << 20,
    NOBODY = -1,
};

struct table {
    struct floor_header header;
    uint32_t *arrive_start, *arrive_items;
    uint32_t *leave_start, *leave_items;
    _Atomic int *descriptor; /* of each user's session; NOBODY */
};

struct floor {
    int listener;
    unsigned threads;
    int poller[THREADS_MAX];
    unsigned next; /* thread that the next socket goes to; thread 0 */
    struct table *_Atomic table;
    int32_t *user; /* by descriptor: who said hello there, or NOBODY; the thread that serves it */
    size_t descriptors;
};

struct thread {
    struct floor *floor;
    unsigned number;
    char bytes[READ_BYTES];
};

static void
bytes_receive(int descriptor, void *bytes, size_t length)
{
    if (length > 0 && recv(descriptor, bytes, length, MSG_WAITALL) != (ssize_t)length)
        failure_exit("the table ended early");
}

static uint32_t *
numbers_receive(int descriptor, size_t count)
{
    uint32_t *numbers = memory_new(count, sizeof *numbers);

    bytes_receive(descriptor, numbers, count * sizeof *numbers);
    return numbers;
}

/* Reads the whole table, blocking: nothing is measured yet. */
static void
table_receive(struct floor *floor, int descriptor)
{
    struct table *table = memory_new(1, sizeof *table);
    size_t users;

    fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK);
    bytes_receive(descriptor, &table->header, sizeof table->header);
    users = table->header.users;
    table->arrive_start = numbers_receive(descriptor, users + 1);
    table->arrive_items = numbers_receive(descriptor, table->header.arrive_items);
    table->leave_start = numbers_receive(descriptor, users + 1);
    table->leave_items = numbers_receive(descriptor, table->header.leave_items);
    table->descriptor = memory_new(users, sizeof *table->descriptor);
    for (size_t user = 0; user < users; user++)
        atomic_init(&table->descriptor[user], NOBODY);
    atomic_store_explicit(&floor->table, table, memory_order_release);
    if (send(descriptor, "k", 1, MSG_NOSIGNAL) != 1)
        failure_errno("send");
}

static void
news_send(const struct table *table, const uint32_t *start, const uint32_t *items, int32_t user, const char *line, size_t length)
{
    for (uint32_t i = start[user]; i < start[user + 1]; i++) {
        int descriptor = atomic_load_explicit(&table->descriptor[items[i]], memory_order_acquire);

        if (descriptor != NOBODY && send(descriptor, line, length, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)length && errno == EAGAIN)
            failure_exit("a session does not read: the floor has no queues");
    }
}

static void
hello_take(struct floor *floor, int descriptor, const char *bytes, size_t length)
{
    static const char line[] = "{\"online\": true}\n";
    struct table *table = atomic_load_explicit(&floor->table, memory_order_acquire);

    if (length <= ID_AT || table == NULL)
        failure_exit("a hello before the table, or a short one");

    int32_t user = (int32_t)strtol(bytes + ID_AT, NULL, 10) - ID_FIRST;

    if (user < 0 || (uint32_t)user >= table->header.users)
        failure_exit("a user that is not in the table");
    floor->user[descriptor] = user;
    atomic_store_explicit(&table->descriptor[user], descriptor, memory_order_release);
    news_send(table, table->arrive_start, table->arrive_items, user, line, sizeof line - 1);
}

static void
session_end(struct floor *floor, int descriptor)
{
    static const char line[] = "{\"online\": false}\n";
    int32_t user = floor->user[descriptor];

    if (user != NOBODY) {
        struct table *table = atomic_load_explicit(&floor->table, memory_order_acquire);

        floor->user[descriptor] = NOBODY;
        atomic_store_explicit(&table->descriptor[user], NOBODY, memory_order_release);
        news_send(table, table->leave_start, table->leave_items, user, line, sizeof line - 1);
    }
    close(descriptor);
}

static void
session_serve(struct thread *thread, int descriptor, uint32_t events)
{
    struct floor *floor = thread->floor;
    bool ending = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;

    /* One read, unless the end is known to wait behind it. */
    do {
        ssize_t length;

        if (floor->user[descriptor] == NOBODY && atomic_load_explicit(&floor->table, memory_order_relaxed) == NULL) {
            table_receive(floor, descriptor);
            return;
        }
        length = recv(descriptor, thread->bytes, sizeof thread->bytes - 1, MSG_DONTWAIT);
        if (length < 0 && errno == EAGAIN)
            return;
        if (length <= 0) {
            session_end(floor, descriptor);
            return;
        }
        thread->bytes[length] = '\0';
        if (floor->user[descriptor] == NOBODY)
            hello_take(floor, descriptor, thread->bytes, (size_t)length);
    } while (ending);
}

static void
newcomers_accept(struct floor *floor)
{
    for (int i = 0; i < ACCEPTS; i++) {
        int descriptor = accept4(floor->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (descriptor < 0 && (errno == EAGAIN || errno == ECONNABORTED))
            return;
        if (descriptor < 0 || (size_t)descriptor >= floor->descriptors)
            failure_errno("accept4");
        floor->user[descriptor] = NOBODY;

        struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.fd = descriptor};

        if (epoll_ctl(floor->poller[floor->next++ % floor->threads], EPOLL_CTL_ADD, descriptor, &event) != 0)
            failure_errno("epoll_ctl");
    }
}

static void *
thread_run(void *argument)
{
    struct thread *thread = argument;
    struct floor *floor = thread->floor;
    struct epoll_event events[EVENTS];

    for (;;) {
        int count = epoll_wait(floor->poller[thread->number], events, EVENTS, -1);

        if (count < 0 && errno != EINTR)
            failure_errno("epoll_wait");
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == floor->listener)
                newcomers_accept(floor);
            else
                session_serve(thread, events[i].data.fd, events[i].events);
        }
    }
    return NULL;
}

/* Listens on 127.0.0.1 with the options of the server under test, which accepted sockets inherit; returns the port. */
static uint16_t
floor_listen(struct floor *floor, uint16_t port)
{
    struct tcp_address address = {
        .v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
        .length = sizeof address.v4,
    };

    floor->listener = tcp_listen(&address, port, PEER_TIMEOUT_S);
    if (floor->listener < 0)
        failure_exit("cannot listen: %s", strerror(-floor->listener));
    return tcp_address_port(&address);
}

static void
floor_init(struct floor *floor)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        failure_errno("getrlimit");
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    floor->descriptors = limit.rlim_cur < DESCRIPTORS_MAX ? limit.rlim_cur : DESCRIPTORS_MAX;
    floor->user = memory_new(floor->descriptors, sizeof *floor->user);
    for (unsigned i = 0; i < floor->threads; i++) {
        floor->poller[i] = epoll_create1(EPOLL_CLOEXEC);
        if (floor->poller[i] < 0)
            failure_errno("epoll_create1");
    }

    struct epoll_event event = {.events = EPOLLIN, .data.fd = floor->listener};

    if (epoll_ctl(floor->poller[0], EPOLL_CTL_ADD, floor->listener, &event) != 0)
        failure_errno("epoll_ctl");
}

int
main(int argc, char **argv)
{
    static struct floor floor = {.threads = 2};
    unsigned long port = 0;

    for (int i = 1; i < argc; i++) {
        if (i + 1 < argc && strcmp(argv[i], "--port") == 0)
            port = strtoul(argv[++i], NULL, 10);
        else if (i + 1 < argc && strcmp(argv[i], "--threads") == 0)
            floor.threads = (unsigned)strtoul(argv[++i], NULL, 10);
        else
            failure_exit("usage: alo-floor [--port N] [--threads N]");
    }
    if (port > UINT16_MAX || floor.threads < 1 || floor.threads > THREADS_MAX)
        failure_exit("--port takes 0 to 65535, --threads 1 to %d", THREADS_MAX);

    uint16_t bound = floor_listen(&floor, (uint16_t)port);
    struct thread *threads = memory_new(floor.threads, sizeof *threads);

    floor_init(&floor);
    for (unsigned i = 0; i < floor.threads; i++)
        threads[i] = (struct thread){.floor = &floor, .number = i};
    for (unsigned i = 1; i < floor.threads; i++) {
        pthread_t id;

        if (pthread_create(&id, NULL, thread_run, &threads[i]) != 0)
            failure_exit("cannot start a thread");
    }
    fprintf(stderr, "{\"event\": \"listening\", \"port\": %u}\n", bound);
    thread_run(&threads[0]);
    return 0;
}
