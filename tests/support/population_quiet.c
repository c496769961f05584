/* SPDX-License-Identifier: MIT
 *
 * The quiet point at the end of a round (population.h says why it is one).
 */
#include "support/pace.h"
#include "support/population_internal.h"
#include "support/process.h"

#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 5, FIRST_LOOK_MS = 200 };

void
population_await_departures(struct population *population)
{
    int64_t deadline = pace_deadline_ms();
    int held;

    population_pump(population, 0);
    while ((held = process_descriptors(population->server->process) - population->base_descriptors) != population->open) {
        if (pace_left_ms(deadline) == 0)
            population_fail(population, "the server holds %d connections, we hold %d", held, population->open);
        population_pump(population, WAIT_MS);
    }
}

/* Waits until the whole choir has heard these words and nothing else. */
static void
choir_await(struct population *population, const struct choir *choir, const char *words)
{
    int64_t deadline = pace_deadline_ms();
    size_t count = strlen(words);

    for (unsigned i = 0; i < choir->count; i++) {
        const struct device *device = choir->devices[i];

        while (device->heard_count < count) {
            if (pace_left_ms(deadline) == 0)
                population_fail(population, "one of the choir does not hear its beacon: %zu of %zu words", device->heard_count, count);
            population_pump(population, WAIT_MS);
        }
        if (device->heard_count > count || memcmp(device->heard, words, count) != 0)
            population_fail(population, "one of the choir, who lists one beacon, heard %.*s", (int)device->heard_count, device->heard);
    }
}

static void
beacon_leave(struct population *population, struct device *beacon)
{
    int64_t deadline = pace_deadline_ms();

    population_leave(population, beacon, LEAVE_GOODBYE);
    while (beacon->phase != DEVICE_GONE) {
        if (pace_left_ms(deadline) == 0)
            population_fail(population, "the server does not close a beacon that said goodbye");
        population_pump(population, WAIT_MS);
    }
    device_free(beacon);
}

/* A beacon comes, and when all have heard it, it goes, and all hear that. */
static void
choir_sing(struct population *population, struct choir *choir)
{
    struct device *beacon = population_beacon(population, choir->beacon);

    choir_await(population, choir, "+");
    beacon_leave(population, beacon);
    choir_await(population, choir, "+-");
    for (unsigned i = 0; i < choir->count; i++)
        choir->devices[i]->heard_count = 0;
}

void
population_fence(struct population *population)
{
    /*
     * The first word heard proves that every worker has ended what it was in the middle of when the last connection was seen to be
     * gone, so that all of it is posted; the second that it is told; the third that it is written.
     */
    for (int times = 0; times < 2; times++)
        for (unsigned choir = 0; choir < population->choir_count; choir++)
            choir_sing(population, &population->choirs[choir]);
    population_pump(population, 0);
}

/* Devices whose new lists are not proved yet, with how much they had heard before the beacons. */
struct listeners {
    struct device **devices;
    size_t *before;
    unsigned count;
};

/* Have all of them heard at least so many of this word? */
static bool
listeners_await(struct population *population, const struct listeners *listeners, unsigned count, char word, int64_t deadline_ms)
{
    for (unsigned i = 0; i < listeners->count; i++) {
        while (device_count_heard(listeners->devices[i], listeners->before[i], word) < count) {
            if (pace_left_ms(deadline_ms) == 0)
                return false;
            population_pump(population, WAIT_MS);
        }
    }
    return true;
}

static void
listeners_add(struct listeners *listeners, struct device *device)
{
    if (!device->listed_anew || device->phase != DEVICE_THERE)
        return;
    listeners->devices[listeners->count] = device;
    listeners->before[listeners->count++] = device->heard_count;
}

static void
listeners_gather(struct population *population, struct listeners *listeners)
{
    unsigned room = population->device_count;

    for (unsigned choir = 0; choir < population->choir_count; choir++)
        room += population->choirs[choir].count;
    listeners->devices = calloc(room + 1, sizeof(struct device *));
    listeners->before = calloc(room + 1, sizeof(size_t));
    ck_assert(listeners->devices != NULL && listeners->before != NULL);
    for (unsigned choir = 0; choir < population->choir_count; choir++)
        for (unsigned i = 0; i < population->choirs[choir].count; i++)
            listeners_add(listeners, population->choirs[choir].devices[i]);
    for (unsigned i = 0; i < population->device_count; i++)
        listeners_add(listeners, population->devices[i]);
}

/* What they heard was said by `came` beacons: each departure, and the arrivals since their lists are in force. */
static void
listeners_check(const struct population *population, const struct listeners *listeners, unsigned came)
{
    for (unsigned i = 0; i < listeners->count; i++) {
        struct device *device = listeners->devices[i];
        size_t before = listeners->before[i];
        unsigned arrivals = device_count_heard(device, before, '+'), departures = device_count_heard(device, before, '-');

        if (arrivals < 1 || arrivals > came || departures != came)
            population_fail(population, "%u beacons came and went, but device %u of user %" PRId64 " heard %.*s (before that: %.*s)", came,
                device->number, device->user_id, (int)(device->heard_count - before), device->heard + before, (int)before, device->heard);
        device->heard_count = before;
    }
}

void
population_settle(struct population *population)
{
    struct device *beacons[POPULATION_BEACONS];
    struct listeners listeners = {.count = 0};
    unsigned came = 0;
    int look_ms = pace_stretched_ms(FIRST_LOOK_MS);
    bool heard;

    listeners_gather(population, &listeners);
    heard = listeners.count == 0;
    while (!heard && came < POPULATION_BEACONS) {
        beacons[came] = population_beacon(population, population->round_beacon + came);
        came++;
        heard = listeners_await(population, &listeners, 1, '+', pace_now_ms() + look_ms);
        look_ms *= 2;
    }
    if (!heard)
        population_fail(population, "the lists of %u devices do not come into force", listeners.count);
    /* The first time nobody has left yet, and all connections have been accepted: the other descriptors are not ours. */
    if (population->base_descriptors == 0)
        population->base_descriptors = process_descriptors(population->server->process) - population->open;
    for (unsigned i = 0; i < came; i++)
        beacon_leave(population, beacons[i]);
    if (!listeners_await(population, &listeners, came, '-', pace_deadline_ms()))
        population_fail(population, "not every device hears of its beacons' departure");
    listeners_check(population, &listeners, came);
    free(listeners.devices);
    free(listeners.before);
}
