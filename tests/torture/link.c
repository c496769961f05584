/* SPDX-License-Identifier: MIT */
#include "torture/link.h"

#include "support/dice.h"
#include "support/pace.h"
#include "torture/relay.h"
#include "torture/tunnel.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PACKET_BYTES = 1600, QUEUE_PACKETS = 4096, IDLE_MS = 100 };

/* A packet on its way. */
struct parcel {
    int64_t due_ms;
    int to; /* a device; -1: the place is free */
    size_t length;
    char bytes[PACKET_BYTES];
};

struct link {
    struct relay *relay; /* instead of all that follows; NULL: there is a real link */
    int near_device, far_device, near_space, far_space;
    bool has_netem;
    uint16_t server_port;
    pthread_t thread;
    _Atomic bool ends;
    /* Written by whoever makes the weather, read by the thread. */
    _Atomic bool cut;
    _Atomic unsigned loss_percent, doubled_percent, delay_ms, jitter_ms;
    _Atomic uint64_t carried, lost, late, doubled;
    /* The thread's. */
    struct dice dice;
    struct parcel *parcels;
    unsigned waiting;
};

static int
space_here(void)
{
    return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

/* Runs a command in that namespace; true when it succeeded. */
static bool
run_in(struct link *link, int space, const char *command)
{
    ck_assert_int_eq(setns(space, CLONE_NEWNET), 0);
    bool done = system(command) == 0;
    ck_assert_int_eq(setns(link->near_space, CLONE_NEWNET), 0);
    return done;
}

/* Puts a packet on its way. Without room it is lost, as it would be in any queue. */
static void
parcel_send(struct link *link, int to, const char *bytes, size_t length)
{
    unsigned jitter = atomic_load_explicit(&link->jitter_ms, memory_order_relaxed),
             delay = atomic_load_explicit(&link->delay_ms, memory_order_relaxed);
    int64_t late = (int64_t)delay - jitter + dice_below(&link->dice, 2 * jitter + 1);

    for (unsigned i = 0; i < QUEUE_PACKETS; i++) {
        struct parcel *parcel = &link->parcels[i];

        if (parcel->to >= 0)
            continue;
        parcel->to = to;
        parcel->length = length;
        parcel->due_ms = pace_now_ms() + (late > 0 ? late : 0);
        memcpy(parcel->bytes, bytes, length);
        link->waiting++;
        return;
    }
    atomic_fetch_add_explicit(&link->lost, 1, memory_order_relaxed);
}

static void
packet_carry(struct link *link, int to, const char *bytes, size_t length)
{
    if (atomic_load_explicit(&link->cut, memory_order_relaxed) ||
        dice_chance(&link->dice, atomic_load_explicit(&link->loss_percent, memory_order_relaxed))) {
        atomic_fetch_add_explicit(&link->lost, 1, memory_order_relaxed);
        return;
    }
    unsigned copies = 1 + dice_chance(&link->dice, atomic_load_explicit(&link->doubled_percent, memory_order_relaxed));
    atomic_fetch_add_explicit(&link->doubled, copies - 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&link->carried, 1, memory_order_relaxed);
    for (; copies > 0; copies--)
        if (atomic_load_explicit(&link->delay_ms, memory_order_relaxed) == 0) {
            (void)!write(to, bytes, length);
        } else {
            parcel_send(link, to, bytes, length);
            atomic_fetch_add_explicit(&link->late, 1, memory_order_relaxed);
        }
}

/* Delivers what is due; returns in how many milliseconds the next is, or IDLE_MS. */
static int
parcels_deliver(struct link *link)
{
    int64_t now = pace_now_ms(), next = now + IDLE_MS;

    for (unsigned i = 0; i < QUEUE_PACKETS && link->waiting > 0; i++) {
        struct parcel *parcel = &link->parcels[i];

        if (parcel->to < 0)
            continue;
        if (parcel->due_ms > now) {
            next = parcel->due_ms < next ? parcel->due_ms : next;
            continue;
        }
        (void)!write(parcel->to, parcel->bytes, parcel->length);
        parcel->to = -1;
        link->waiting--;
    }
    return (int)(next - now);
}

static void *
link_run(void *context)
{
    struct link *link = context;
    struct pollfd devices[] = {{.fd = link->near_device, .events = POLLIN}, {.fd = link->far_device, .events = POLLIN}};
    char bytes[PACKET_BYTES];

    while (!atomic_load_explicit(&link->ends, memory_order_acquire)) {
        poll(devices, 2, parcels_deliver(link));
        for (int from = 0; from < 2; from++)
            for (ssize_t got = read(devices[from].fd, bytes, sizeof bytes); got > 0; got = read(devices[from].fd, bytes, sizeof bytes))
                packet_carry(link, devices[1 - from].fd, bytes, (size_t)got);
    }
    return NULL;
}

/* Makes both ends. Afterwards the caller is in the near namespace, as before. */
static bool
make_ends(struct link *link)
{
    link->near_space = space_here();
    link->near_device = tunnel_new("near", LINK_NEAR_ADDRESS);
    if (link->near_space < 0 || link->near_device < 0 || unshare(CLONE_NEWNET) != 0)
        return false;
    link->far_space = space_here();
    link->far_device = tunnel_new("far", LINK_FAR_ADDRESS);
    ck_assert_int_eq(setns(link->near_space, CLONE_NEWNET), 0);
    return link->far_space >= 0 && link->far_device >= 0;
}

struct link *
link_new(uint64_t seed, uint16_t server_port, bool has_spaces)
{
    struct link *link = calloc(1, sizeof *link);

    ck_assert_ptr_nonnull(link);
    *link = (struct link){.near_device = -1, .far_device = -1, .near_space = -1, .far_space = -1, .server_port = server_port, .dice.state = seed};
    if (!has_spaces || !make_ends(link)) {
        link->relay = relay_new(seed, server_port);
        return link;
    }
    link->has_netem = run_in(link, link->near_space, "tc qdisc add dev near root netem delay 1ms 2>/dev/null") &&
        run_in(link, link->far_space, "tc qdisc add dev far root netem delay 1ms 2>/dev/null");
    link->parcels = calloc(QUEUE_PACKETS, sizeof *link->parcels);
    ck_assert_ptr_nonnull(link->parcels);
    for (unsigned i = 0; i < QUEUE_PACKETS; i++)
        link->parcels[i].to = -1;
    ck_assert_int_eq(pthread_create(&link->thread, NULL, link_run, link), 0);
    return link;
}

void
link_free(struct link *link)
{
    int descriptors[] = {link->near_device, link->far_device, link->near_space, link->far_space};

    relay_free(link->relay);
    if (link->parcels != NULL) {
        atomic_store_explicit(&link->ends, true, memory_order_release);
        pthread_join(link->thread, NULL);
    }
    for (size_t i = 0; i < sizeof descriptors / sizeof descriptors[0]; i++)
        if (descriptors[i] >= 0)
            close(descriptors[i]);
    free(link->parcels);
    free(link);
}

bool
link_is_real(const struct link *link)
{
    return link->relay == NULL;
}

struct way
link_way(const struct link *link)
{
    if (link->relay != NULL)
        return (struct way){.port = relay_port(link->relay), .address = "127.0.0.1", .space = -1};
    return (struct way){.port = link->server_port, .address = LINK_NEAR_ADDRESS, .space = link->far_space, .home = link->near_space};
}

bool
link_has_netem(const struct link *link)
{
    return link->has_netem;
}

/* With netem the kernel makes the weather, but for the cut, and the thread only carries. */
static void
set_netem(struct link *link, const struct link_weather *weather)
{
    static const char *const devices[] = {"near", "far"};
    char command[256];

    for (int i = 0; i < 2; i++) {
        snprintf(command, sizeof command, "tc qdisc replace dev %s root netem loss %u%% duplicate %u%% delay %ums %ums", devices[i],
            weather->loss_percent, weather->doubled_percent, weather->delay_ms, weather->jitter_ms);
        ck_assert_msg(run_in(link, i == 0 ? link->near_space : link->far_space, command), "%s: failed", command);
    }
}

void
link_set(struct link *link, const struct link_weather *weather)
{
    if (link->relay != NULL) {
        relay_set(link->relay, weather);
        return;
    }
    atomic_store_explicit(&link->cut, weather->cut, memory_order_relaxed);
    if (link->has_netem) {
        set_netem(link, weather);
        return;
    }
    atomic_store_explicit(&link->loss_percent, weather->loss_percent, memory_order_relaxed);
    atomic_store_explicit(&link->doubled_percent, weather->doubled_percent, memory_order_relaxed);
    atomic_store_explicit(&link->delay_ms, weather->delay_ms, memory_order_relaxed);
    atomic_store_explicit(&link->jitter_ms, weather->jitter_ms, memory_order_relaxed);
}

struct link_books
link_books(struct link *link)
{
    if (link->relay != NULL)
        return relay_books(link->relay);
    return (struct link_books){.carried = link->carried, .lost = link->lost, .late = link->late, .doubled = link->doubled};
}

void
link_forge(struct link *link, const void *packet, size_t length)
{
    (void)!write(link->near_device, packet, length);
}
