/* SPDX-License-Identifier: MIT */
#include "torture/relay.h"

#include "support/dice.h"
#include "support/pace.h"
#include "torture/link.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAIRS = 128, CHUNK_BYTES = 8192, BACKLOG = 128, TURN_MS = 5, RESEND_MS_MIN = 200, RESEND_MS_MAX = 1000 };

/* What one side says to the other: a chunk at a time, so that nothing overtakes anything. */
struct stream {
    size_t length, sent; /* of the chunk in hand */
    int64_t due_ms;
    bool ended;
    char chunk[CHUNK_BYTES];
};

/* sockets[0] is the user's, sockets[1] the server's; -1 when the place is free. streams[i] is what sockets[i] says. */
struct pair {
    int sockets[2];
    struct stream streams[2];
};

struct relay {
    int listener;
    struct sockaddr_in server;
    uint16_t port;
    pthread_t thread;
    _Atomic bool ends, cut;
    _Atomic unsigned loss_percent, delay_ms, jitter_ms;
    _Atomic uint64_t carried, lost, late;
    /* The thread's. */
    struct dice dice;
    struct pair *pairs;
};

static void
pair_close(struct pair *pair, bool reset)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    for (int i = 0; i < 2; i++) {
        if (reset)
            setsockopt(pair->sockets[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close(pair->sockets[i]);
        pair->sockets[i] = -1;
    }
}

/* One more user. Without a server behind it, it is reset at once. */
static void
pair_open(struct relay *relay, int user)
{
    struct pair *pair = NULL;

    for (unsigned i = 0; i < PAIRS && pair == NULL; i++)
        if (relay->pairs[i].sockets[0] < 0)
            pair = &relay->pairs[i];
    if (pair == NULL) {
        close(user);
        return;
    }
    pair->streams[0] = pair->streams[1] = (struct stream){.length = 0};
    pair->sockets[0] = user;
    pair->sockets[1] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connect(pair->sockets[1], (struct sockaddr *)&relay->server, sizeof relay->server) < 0 && errno != EINPROGRESS)
        pair_close(pair, true);
}

static int64_t
lateness_ms(struct relay *relay)
{
    unsigned jitter = atomic_load_explicit(&relay->jitter_ms, memory_order_relaxed);
    int64_t late = (int64_t)atomic_load_explicit(&relay->delay_ms, memory_order_relaxed) - jitter + dice_below(&relay->dice, 2 * jitter + 1);

    atomic_fetch_add_explicit(&relay->carried, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&relay->late, late > 0, memory_order_relaxed);
    if (dice_chance(&relay->dice, atomic_load_explicit(&relay->loss_percent, memory_order_relaxed))) {
        atomic_fetch_add_explicit(&relay->lost, 1, memory_order_relaxed);
        late += RESEND_MS_MIN + dice_below(&relay->dice, RESEND_MS_MAX - RESEND_MS_MIN);
    }
    return late > 0 ? late : 0;
}

static bool
is_only_not_now(void)
{
    return errno == EAGAIN || errno == EINTR || errno == ENOTCONN;
}

/* Takes a chunk in hand, or passes on the one that is; false when the pair is broken. */
static bool
stream_turn(struct relay *relay, struct stream *stream, int from, int to)
{
    if (stream->length == 0 && !stream->ended) {
        ssize_t got = recv(from, stream->chunk, CHUNK_BYTES, 0);

        if (got < 0)
            return is_only_not_now();
        stream->ended = got == 0;
        stream->length = (size_t)got;
        stream->sent = 0;
        stream->due_ms = pace_now_ms() + lateness_ms(relay);
    }
    if (pace_now_ms() < stream->due_ms)
        return true;
    if (stream->length == 0) {
        shutdown(to, SHUT_WR);
        stream->due_ms = INT64_MAX;
        return true;
    }
    ssize_t sent = send(to, stream->chunk + stream->sent, stream->length - stream->sent, MSG_NOSIGNAL);
    if (sent < 0)
        return is_only_not_now();
    stream->sent += (size_t)sent;
    if (stream->sent == stream->length)
        stream->length = 0;
    return true;
}

static void
pair_turn(struct relay *relay, struct pair *pair)
{
    bool whole = !atomic_load_explicit(&relay->cut, memory_order_relaxed);

    for (int i = 0; i < 2 && whole; i++)
        whole = stream_turn(relay, &pair->streams[i], pair->sockets[i], pair->sockets[1 - i]);
    if (!whole || (pair->streams[0].due_ms == INT64_MAX && pair->streams[1].due_ms == INT64_MAX))
        pair_close(pair, !whole);
}

static void *
relay_run(void *context)
{
    struct relay *relay = context;

    while (!atomic_load_explicit(&relay->ends, memory_order_acquire)) {
        poll(NULL, 0, TURN_MS);
        for (int user = accept4(relay->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC); user >= 0;
             user = accept4(relay->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC))
            pair_open(relay, user);
        for (unsigned i = 0; i < PAIRS; i++)
            if (relay->pairs[i].sockets[0] >= 0)
                pair_turn(relay, &relay->pairs[i]);
    }
    return NULL;
}

struct relay *
relay_new(uint64_t seed, uint16_t server_port)
{
    struct relay *relay = calloc(1, sizeof *relay);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;

    ck_assert_ptr_nonnull(relay);
    relay->dice.state = seed;
    relay->server = address;
    relay->server.sin_port = htons(server_port);
    relay->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ck_assert(bind(relay->listener, (struct sockaddr *)&address, length) == 0 && listen(relay->listener, BACKLOG) == 0 &&
        getsockname(relay->listener, (struct sockaddr *)&address, &length) == 0);
    relay->port = ntohs(address.sin_port);
    relay->pairs = calloc(PAIRS, sizeof *relay->pairs);
    ck_assert_ptr_nonnull(relay->pairs);
    for (unsigned i = 0; i < PAIRS; i++)
        relay->pairs[i].sockets[0] = relay->pairs[i].sockets[1] = -1;
    ck_assert_int_eq(pthread_create(&relay->thread, NULL, relay_run, relay), 0);
    return relay;
}

void
relay_free(struct relay *relay)
{
    if (relay == NULL)
        return;
    atomic_store_explicit(&relay->ends, true, memory_order_release);
    pthread_join(relay->thread, NULL);
    for (unsigned i = 0; i < PAIRS; i++)
        if (relay->pairs[i].sockets[0] >= 0)
            pair_close(&relay->pairs[i], true);
    close(relay->listener);
    free(relay->pairs);
    free(relay);
}

uint16_t
relay_port(const struct relay *relay)
{
    return relay->port;
}

void
relay_set(struct relay *relay, const struct link_weather *weather)
{
    atomic_store_explicit(&relay->cut, weather->cut, memory_order_relaxed);
    atomic_store_explicit(&relay->loss_percent, weather->loss_percent, memory_order_relaxed);
    atomic_store_explicit(&relay->delay_ms, weather->delay_ms, memory_order_relaxed);
    atomic_store_explicit(&relay->jitter_ms, weather->jitter_ms, memory_order_relaxed);
}

struct link_books
relay_books(const struct relay *relay)
{
    return (struct link_books){.carried = relay->carried, .lost = relay->lost, .late = relay->late};
}
