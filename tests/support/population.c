/* SPDX-License-Identifier: MIT */
#include "support/population.h"

#include "support/pace.h"
#include "support/population_internal.h"
#include "support/session.h"

#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 256, HELLO_EXTRA_BYTES = 64, ID_BYTES = 24, PROBLEM_BYTES = 512 };

void
population_fail(const struct population *population, const char *format, ...)
{
    char problem[PROBLEM_BYTES];
    va_list values;

    va_start(values, format);
    vsnprintf(problem, sizeof problem, format, values);
    va_end(values);
    ck_abort_msg("ALO_TEST_SEED=%" PRIu64 ", round %u: %s", population->seed, population->round, problem);
    abort(); /* not reached; ck_abort_msg is not declared to stay away */
}

/* Fails if this device was told what is no word, or its connection has ended by itself. */
static void
look_for_trouble(const struct population *population, const struct device *device, bool expected_end)
{
    if (device->troubled)
        population_fail(
            population, "device %u of user %" PRId64 " was told: %.*s", device->number, device->user_id, (int)device->line_length, device->line);
    if (device->ended && device->line_length > 0)
        population_fail(population, "the stream of device %u of user %" PRId64 " ended within: %.*s", device->number, device->user_id,
            (int)device->line_length, device->line);
    if (device->ended && (!expected_end || device->end_error != 0))
        population_fail(population, "the server ended device %u of user %" PRId64 " %s (%s)", device->number, device->user_id,
            expected_end ? "not in order" : "unasked", strerror(device->end_error));
}

void
population_pump(struct population *population, int timeout_ms)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(population->poller, events, EVENTS, timeout_ms);

    for (int i = 0; i < count; i++) {
        struct device *device = events[i].data.ptr;
        bool leaving = device->phase == DEVICE_LEAVING;
        size_t heard = device->heard_count;

        if (!device_listen(device))
            population->open--;
        population->words += device->heard_count - heard;
        look_for_trouble(population, device, leaving);
    }
}

void
population_connect(struct population *population, struct device *device)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = device};

    device_connect(device, population->server);
    population->open++;
    ck_assert_int_eq(epoll_ctl(population->poller, EPOLL_CTL_ADD, device->socket, &event), 0);
}

void
population_leave(struct population *population, struct device *device, enum device_leaving how)
{
    device_leave(device, how);
    population->open -= device->phase == DEVICE_GONE;
    look_for_trouble(population, device, false);
}

/* The length of a hello's text, made in *text, which the caller frees. The way it is written differs from device to device. */
static size_t
hello_text(const struct population *population, const struct device *device, const struct friends *friends, char **text)
{
    struct dice dice = {.state = population->seed ^ (uint64_t)device->number << 32 ^ population->round};
    const char *space = dice_chance(&dice, 80) ? "" : dice_chance(&dice, 50) ? "\n  " : " ";
    size_t room = HELLO_EXTRA_BYTES + (friends->count * 2 + POPULATION_BEACONS + 1) * (ID_BYTES + 4);
    size_t length = 0;
    char *made = malloc(room);

    ck_assert_ptr_nonnull(made);
    length += (size_t)snprintf(made, room, "{%s\"user_id\": %" PRId64 ",%s\"friends\": [", space, device->user_id, space);
    if (dice_chance(&dice, 10))
        length += (size_t)snprintf(made + length, room - length, "%" PRId64 ",", device->user_id);
    for (unsigned i = 0; i < friends->count; i++)
        for (int times = dice_chance(&dice, 3) ? 2 : 1; times > 0; times--)
            length += (size_t)snprintf(made + length, room - length, "%" PRId64 ",%s", population->persons[friends->users[i]].id, space);
    for (int i = 0; i < POPULATION_BEACONS; i++)
        length += (size_t)snprintf(made + length, room - length, "%s%" PRId64, i > 0 ? "," : "", population->round_beacon + i);
    length += (size_t)snprintf(made + length, room - length, "]%s}%s", space, dice_chance(&dice, 30) ? "\r\n" : "");
    ck_assert_uint_lt(length, room);
    *text = made;
    return length;
}

void
population_hello(struct population *population, struct device *device, const struct friends *friends)
{
    char *text;
    size_t length = hello_text(population, device, friends, &text);
    size_t first = (device->number + population->round) % 8 == 0 ? length / 2 : length;

    device_send(device, text, first);
    if (first < length)
        device_send(device, text + first, length - first);
    free(text);
    device->phase = DEVICE_THERE;
    device->listed_anew = true;
}

struct device *
population_beacon(struct population *population, int64_t user_id)
{
    struct device *device = device_new(population->device_numbers++, DEVICE_NOBODY, user_id);
    char text[HELLO_EXTRA_BYTES + ID_BYTES];
    int length = snprintf(text, sizeof text, "{\"user_id\": %" PRId64 "}", user_id);

    population_connect(population, device);
    device_send(device, text, (size_t)length);
    device->phase = DEVICE_THERE;
    return device;
}

static struct device *
device_add(struct population *population, unsigned user, int64_t user_id)
{
    struct device *device = device_new(population->device_numbers++, user, user_id);

    if (population->device_count == population->device_room) {
        population->device_room = population->device_room * 2 + 256;
        population->devices = realloc(population->devices, population->device_room * sizeof(struct device *));
        ck_assert_ptr_nonnull(population->devices);
    }
    population->devices[population->device_count++] = device;
    return device;
}

struct device *
population_device(struct population *population, unsigned user)
{
    return device_add(population, user, population->persons[user].id);
}

void
population_unplan(struct population *population, struct device *device)
{
    unsigned place = population->device_count;

    device_unplan(device);
    if (device_last_state(device)->exists)
        return;
    do
        place--;
    while (population->devices[place] != device);
    population->devices[place] = population->devices[--population->device_count];
    device_free(device);
}

struct device *
population_observe(struct population *population, struct friends *friends)
{
    struct device *device = device_add(population, DEVICE_NOBODY, user_ids_reserve(1));

    device_plan(device, friends);
    population_connect(population, device);
    population_hello(population, device, friends);
    return device;
}

void
population_assign(struct population *population, unsigned user, struct script *script)
{
    struct person *person = &population->persons[user];
    static const char *kinds[] = {"come", "relist", "beat", ""};
    static const char *ways[] = {"goodbye", "half-close", "close", "crash"};
    char *text = person->history[person->history_count++ % PERSON_HISTORY];
    int length = snprintf(text, HISTORY_TEXT, "round %u:", population->round);

    ck_assert_ptr_null(person->script);
    person->script = script;
    person->outcome_count = script_outcomes(script, person->device_count, person->outcomes);
    for (unsigned i = 0; i < script->count && length < HISTORY_TEXT; i++) {
        const struct step *step = &script->steps[i];

        length += snprintf(text + length, (size_t)(HISTORY_TEXT - length), "%s %s d%u;", step->waits ? " then" : "",
            step->kind == STEP_LEAVE ? ways[step->how] : kinds[step->kind], step->device->number);
    }
}

void
population_end_round(struct population *population)
{
    unsigned kept = 0;

    for (unsigned user = 0; user < population->count; user++) {
        struct person *person = &population->persons[user];

        free(person->script);
        person->script = NULL;
        person->outcome_count = 0;
        person->device_count = 0;
    }
    for (unsigned i = 0; i < population->device_count; i++) {
        struct device *device = population->devices[i];
        struct person *person = device->user == DEVICE_NOBODY ? NULL : &population->persons[device->user];

        if (!device_last_state(device)->exists) {
            device_free(device);
            continue;
        }
        device_begin_round(device);
        population->devices[kept++] = device;
        if (person != NULL)
            person->devices[person->device_count++] = device;
    }
    population->device_count = kept;
    population->round++;
    population->round_beacon = user_ids_reserve(POPULATION_BEACONS);
}

/* An id of any size and sign, but none that user_ids_reserve gives out. */
static int64_t
person_id(struct dice *dice, unsigned user)
{
    uint64_t thrown = dice_throw(dice);

    if (user == 0)
        return INT64_MIN;
    return dice_chance(dice, 50) ? (int64_t)(user + 1) : (int64_t)(thrown >> 1 | UINT64_C(1) << 61) * (thrown & 1 ? 1 : -1);
}

/* Its beacon is the first of the round in which it comes. */
void
population_add_choir(struct population *population, unsigned size)
{
    struct choir *choir = &population->choirs[population->choir_count];
    struct friends *nobody = friends_new(NULL, 0);

    ck_assert_uint_lt(population->choir_count, POPULATION_CHOIRS);
    choir->devices = calloc(size, sizeof *choir->devices);
    ck_assert_ptr_nonnull(choir->devices);
    choir->beacon = population->round_beacon;
    for (; choir->count < size; choir->count++) {
        struct device *device = device_new(population->device_numbers++, DEVICE_NOBODY, user_ids_reserve(1));

        population_connect(population, device);
        population_hello(population, device, nobody);
        choir->devices[choir->count] = device;
    }
    free(nobody);
    population->choir_count++;
    population_settle(population);
    for (unsigned i = 0; i < choir->count; i++)
        device_begin_round(choir->devices[i]);
    population_end_round(population);
}

struct population *
population_new(unsigned count, uint64_t seed, const char *flags)
{
    struct population *population = calloc(1, sizeof *population);

    ck_assert_ptr_nonnull(population);
    population->dice.state = population->seed = seed;
    population->count = count;
    population->persons = calloc(count, sizeof *population->persons);
    ck_assert_ptr_nonnull(population->persons);
    population->server = server_start("%s", flags);
    population->poller = epoll_create1(EPOLL_CLOEXEC);
    ck_assert_int_ge(population->poller, 0);
    population->round_beacon = user_ids_reserve(POPULATION_BEACONS);
    population_add_choir(population, POPULATION_CHOIR);
    for (unsigned user = 0; user < count; user++)
        population->persons[user].id = person_id(&population->dice, user);
    for (unsigned user = 0; user < count; user++)
        population->persons[user].auditor = population_observe(population, friends_new(&user, 1));
    population_settle(population);
    population_end_round(population);
    return population;
}

static void
choir_free(struct choir *choir)
{
    for (unsigned i = 0; i < choir->count; i++)
        device_free(choir->devices[i]);
    free(choir->devices);
}

void
population_free(struct population *population)
{
    for (unsigned i = 0; i < population->device_count; i++)
        population_leave(population, population->devices[i], LEAVE_GOODBYE);
    for (unsigned choir = 0; choir < population->choir_count; choir++)
        for (unsigned i = 0; i < population->choirs[choir].count; i++)
            population_leave(population, population->choirs[choir].devices[i], LEAVE_GOODBYE);
    population_await_departures(population);
    for (unsigned i = 0; i < population->device_count; i++) {
        const struct device *device = population->devices[i];

        if (device->heard_count > 0)
            population_fail(population, "at the end device %u of user %" PRId64 " was still told %.*s", device->number, device->user_id,
                (int)device->heard_count, device->heard);
        device_free(population->devices[i]);
    }
    for (unsigned choir = 0; choir < population->choir_count; choir++)
        choir_free(&population->choirs[choir]);
    close(population->poller);
    server_stop(population->server);
    free(population->devices);
    free(population->persons);
    free(population);
}
