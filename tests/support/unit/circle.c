/* SPDX-License-Identifier: MIT
 *
 * The record is allocated when the circle is opened, so that telling and asking allocate nothing while faults are armed.
 */
#include "support/unit/circle.h"

#include "base/assert.h"
#include "support/unit/audience_check.h"
#include "support/unit/require.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 1 << 18, TEXT_MAX = 1 << 12 };

struct word {
    struct handle handle;
    struct transition transition;
    bool heard;
};

static struct circle {
    struct graph *graph;
    uint32_t workers;
    struct word *words;
    size_t count, audience;
    uint32_t generation;
    uint32_t slots_used[CIRCLE_WORKERS_MAX];
    uint32_t *slots_free[CIRCLE_WORKERS_MAX];
    uint32_t slots_free_count[CIRCLE_WORKERS_MAX];
    uint32_t *told[CIRCLE_WORKERS_MAX]; /* per slot, the audience in which it was last told: nobody stands in one twice */
    uint32_t audiences;
} circle;

static void
write_down(void *context, uint32_t worker, struct audience *audience)
{
    uint32_t count = audience_check(audience);

    ASSERT(context == &circle && worker < circle.workers);
    ASSERT(circle.count + count <= WORDS_MAX);
    circle.audiences++;
    for (uint32_t i = 0; i < count; i++) {
        struct handle handle = audience->handles[i];
        uint32_t *told = &circle.told[handle_worker(handle)][handle_slot(handle)];

        ASSERT(*told != circle.audiences);
        *told = circle.audiences;
        circle.words[circle.count++] = (struct word){.handle = handle, .transition = audience->transition};
    }
    circle.audience = count;
    audience_consume(audience);
}

void
circle_open(uint32_t workers)
{
    ck_assert_uint_le(workers, CIRCLE_WORKERS_MAX);
    circle = (struct circle){.workers = workers};
    circle.graph = graph_new(workers, write_down, &circle);
    ck_assert_ptr_nonnull(circle.graph);
    circle.words = malloc(WORDS_MAX * sizeof *circle.words);
    ck_assert_ptr_nonnull(circle.words);
    for (uint32_t worker = 0; worker < workers; worker++) {
        circle.told[worker] = calloc(CIRCLE_SLOTS_MAX, sizeof *circle.told[worker]);
        circle.slots_free[worker] = malloc(CIRCLE_SLOTS_MAX * sizeof *circle.slots_free[worker]);
        ck_assert(circle.told[worker] != NULL && circle.slots_free[worker] != NULL);
    }
}

void
circle_close(void)
{
    graph_free(circle.graph);
    free(circle.words);
    for (uint32_t worker = 0; worker < circle.workers; worker++) {
        free(circle.told[worker]);
        free(circle.slots_free[worker]);
    }
    circle = (struct circle){0};
}

/* A handle for a new session, as a worker gives them out: slots are used again, generations are not. */
static struct handle
handle_take(uint32_t worker)
{
    uint32_t slot = circle.slots_free_count[worker] > 0 ? circle.slots_free[worker][--circle.slots_free_count[worker]] : circle.slots_used[worker]++;

    ASSERT(slot < CIRCLE_SLOTS_MAX);
    return handle_of(worker, slot, ++circle.generation);
}

static void
handle_give(struct handle handle)
{
    uint32_t worker = handle_worker(handle);

    circle.slots_free[worker][circle.slots_free_count[worker]++] = handle_slot(handle);
}

static const struct user_id *
ids(const int64_t *users)
{
    _Static_assert(sizeof(struct user_id) == sizeof(int64_t), "an array of one is an array of the other");
    return (const struct user_id *)(const void *)users;
}

int
circle_try_come(struct visit *visit, uint32_t worker, int64_t user, const int64_t *friends, uint32_t count)
{
    int error;

    *visit = (struct visit){.handle = handle_take(worker), .user = user, .worker = worker};
    error =
        graph_login(circle.graph, worker, visit->handle, (struct user_id){.number = user}, ids(friends), count, &visit->member, &visit->transition);
    if (error < 0)
        handle_give(visit->handle);
    return error;
}

int
circle_try_relist(const struct visit *visit, const int64_t *friends, uint32_t count)
{
    return graph_relist(circle.graph, visit->worker, visit->member, ids(friends), count);
}

int
circle_try_leave(struct visit *visit)
{
    int error = graph_logout(circle.graph, visit->worker, visit->member, &visit->transition);

    if (error == 0)
        handle_give(visit->handle);
    return error;
}

struct visit
come(uint32_t worker, int64_t user, const int64_t *friends, uint32_t count)
{
    struct visit visit;

    int error = circle_try_come(&visit, worker, user, friends, count);

    REQUIRE(error == 0, "login: error %d", error);
    REQUIRE(graph_user(circle.graph, worker, visit.member).number == user, "the session is another user's");
    return visit;
}

void
relist(const struct visit *visit, const int64_t *friends, uint32_t count)
{
    int error = circle_try_relist(visit, friends, count);

    REQUIRE(error == 0, "relist: error %d", error);
}

void
leave(struct visit *visit)
{
    int error = circle_try_leave(visit);

    REQUIRE(error == 0, "logout: error %d", error);
}

const char *
circle_heard(const struct visit *visit)
{
    static char text[TEXT_MAX];
    size_t length = 0;

    text[0] = '\0';
    for (size_t i = 0; i < circle.count && length < TEXT_MAX; i++) {
        struct word *word = &circle.words[i];

        if (word->heard || !handle_equal(word->handle, visit->handle))
            continue;
        word->heard = true;
        length += (size_t)snprintf(text + length, TEXT_MAX - length, "%s%" PRId64 "%c", length == 0 ? "" : " ", word->transition.user.number,
            word->transition.online ? '+' : '-');
    }
    ASSERT(length < TEXT_MAX);
    return text;
}

size_t
circle_unheard(void)
{
    size_t unheard = 0;

    for (size_t i = 0; i < circle.count; i++)
        unheard += !circle.words[i].heard;
    circle.count = 0;
    return unheard;
}

size_t
circle_latest_audience(void)
{
    return circle.audience;
}

bool
circle_latest_told(const struct visit *visit)
{
    return circle.told[handle_worker(visit->handle)][handle_slot(visit->handle)] == circle.audiences;
}

struct graph_census
circle_census(void)
{
    return graph_census(circle.graph);
}
