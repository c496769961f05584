/* SPDX-License-Identifier: MIT
 *
 * The record is allocated when the circle is opened, so that telling and asking allocate nothing while faults are armed.
 */
#include "support/unit/circle.h"

#include "base/assert.h"
#include "graph/graph_internal.h"
#include "support/unit/audience_check.h"
#include "support/unit/require.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WORDS_MAX = 1 << 18,
    WORD_MAX = 40, /* bytes of a word and its NUL */
    TEXT_MAX = 1 << 12,
    IDS_MAX = 1 << 15, /* of all calls that are under way */
    NAME_MEMORY = 16,  /* bytes of a name of digits, with its head */
};

struct word {
    struct handle handle;
    bool heard;
    char text[WORD_MAX];
};

static struct circle {
    struct graph *graph;
    uint32_t workers;
    struct word *words;
    size_t count, audience;
    uint64_t at_ms;
    uint32_t generation;
    uint32_t slots_used[CIRCLE_WORKERS_MAX];
    uint32_t *slots_free[CIRCLE_WORKERS_MAX];
    uint32_t slots_free_count[CIRCLE_WORKERS_MAX];
    uint32_t *told[CIRCLE_WORKERS_MAX]; /* per slot, the audience in which it was last told: nobody stands in one twice */
    uint32_t audiences;
    enum leave_reason reason;
    struct user_id *ids; /* what calls under way were given, those of an interrupted call below those of the interrupting one */
    size_t id_count;
    _Alignas(struct text) char names[NAMES_MAX][NAME_MEMORY];
} circle;

/* A transition as a word: see circle.h. */
static void
write_word(char text[WORD_MAX], const struct transition *transition)
{
    static const char *const reasons[] = {[LEAVE_GOODBYE] = "goodbye", [LEAVE_CLOSED] = "", [LEAVE_TIMEOUT] = "timeout"};
    const struct text *name = transition->user.name, *status = transition->status;
    char sign = '-';
    int length;

    if (transition->online)
        sign = transition->status_only ? '=' : '+';
    ASSERT(transition->at_ms > 0 && (transition->online || (!transition->status_only && status == NULL)));
    if (name != NULL)
        length = snprintf(text, WORD_MAX, "\"%.*s\"%c", (int)name->length, name->bytes, sign);
    else
        length = snprintf(text, WORD_MAX, "%" PRId64 "%c", transition->user.number, sign);
    ASSERT(length < WORD_MAX);
    length += snprintf(text + length, (size_t)(WORD_MAX - length), "%.*s%s", status == NULL ? 0 : (int)status->length,
        status == NULL ? "" : status->bytes, transition->online ? "" : reasons[transition->reason]);
    ASSERT(length < WORD_MAX);
}

static void
write_down(void *context, uint32_t worker, struct audience *audience)
{
    uint32_t count = audience_check(audience), user = audience->transition.index;
    char text[WORD_MAX];

    /* Whoever may be heard of must be seen online by others who look without its lock: from before an arrival is told until after a departure is. */
    ASSERT(user_sessions(shard_peek(shard_of_user(circle.graph, user), user)) != SLOTS_NONE);
    write_word(text, &audience->transition);
    ASSERT(context == &circle && worker < circle.workers);
    ASSERT(circle.count + count <= WORDS_MAX);
    circle.audiences++;
    for (uint32_t i = 0; i < count; i++) {
        struct handle handle = audience->handles[i];
        uint32_t *told = &circle.told[handle_worker(handle)][handle_slot(handle)];

        ASSERT(*told != circle.audiences);
        *told = circle.audiences;
        circle.words[circle.count] = (struct word){.handle = handle};
        memcpy(circle.words[circle.count++].text, text, sizeof text);
    }
    circle.audience = count;
    circle.at_ms = audience->transition.at_ms;
    audience_consume(audience);
}

void
circle_open(uint32_t workers)
{
    ck_assert_uint_le(workers, CIRCLE_WORKERS_MAX);
    circle = (struct circle){.workers = workers, .reason = LEAVE_CLOSED};
    circle.ids = malloc(IDS_MAX * sizeof *circle.ids);
    ck_assert_ptr_nonnull(circle.ids);
    for (unsigned number = 0; number < NAMES_MAX; number++) {
        char digits[NAME_MEMORY];

        text_place(circle.names[number], digits, (size_t)snprintf(digits, sizeof digits, "%u", number));
    }
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
    free(circle.ids);
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

static struct user_id
id_of(int64_t user)
{
    uint32_t number = (uint32_t)user;

    if ((uint64_t)user >> 32 != NAMED_HIGH)
        return (struct user_id){.number = user};
    ASSERT(number < NAMES_MAX);
    return (struct user_id){.name = (struct text *)(void *)circle.names[number]};
}

/* The ids of an array of users, until ids_end() with the same count. */
static const struct user_id *
ids_begin(const int64_t *users, uint32_t count)
{
    struct user_id *ids = circle.ids + circle.id_count;

    ASSERT(circle.id_count + count <= IDS_MAX);
    for (uint32_t i = 0; i < count; i++)
        ids[i] = id_of(users[i]);
    circle.id_count += count;
    return ids;
}

static void
ids_end(uint32_t count)
{
    circle.id_count -= count;
}

int
circle_try_enter(struct visit *visit, uint32_t worker, int64_t user, const int64_t *friends, uint32_t count, bool follows_only, struct text *status,
    struct snapshot *snapshot)
{
    struct graph_arrival arrival = {0};
    struct graph_hello hello;
    int error;

    *visit = (struct visit){.handle = handle_take(worker), .user = user, .worker = worker};
    hello = (struct graph_hello){.handle = visit->handle,
        .user = id_of(user),
        .friends = ids_begin(friends, count),
        .friend_count = count,
        .follows_only = follows_only,
        .status = status};
    error = graph_enter(circle.graph, worker, &hello, &visit->member, &arrival, snapshot);
    ids_end(count);
    visit->transition = arrival.transition;
    visit->replaced = arrival.replaced;
    if (error < 0)
        handle_give(visit->handle);
    return error;
}

int
circle_try_come(struct visit *visit, uint32_t worker, int64_t user, const int64_t *friends, uint32_t count)
{
    return circle_try_enter(visit, worker, user, friends, count, false, NULL, NULL);
}

int
circle_try_relist(const struct visit *visit, const int64_t *friends, uint32_t count)
{
    int error = graph_relist(circle.graph, visit->worker, visit->member, ids_begin(friends, count), count);

    ids_end(count);
    return error;
}

int
circle_try_leave(struct visit *visit)
{
    int error = graph_logout(circle.graph, visit->worker, visit->member, circle.reason, &visit->transition);

    if (error == 0)
        handle_give(visit->handle);
    return error;
}

int
circle_try_lose(struct visit *visit)
{
    bool absent;
    int error = graph_lose(circle.graph, visit->worker, visit->member, &absent);

    if (error < 0)
        return error;
    visit->absent = absent;
    if (!absent)
        handle_give(visit->handle);
    return 0;
}

int
circle_try_follow(const struct visit *visit, const int64_t *friends, uint32_t count, uint32_t most, struct snapshot *snapshot)
{
    int error = graph_follow(circle.graph, visit->worker, visit->member, ids_begin(friends, count), count, most, snapshot);

    ids_end(count);
    return error;
}

static void
count_ended(void *context, uint32_t index)
{
    uint32_t *ended = context;

    (void)index;
    ++*ended;
}

int
circle_try_unfollow(const struct visit *visit, const int64_t *friends, uint32_t count, uint32_t *ended)
{
    int error;

    *ended = 0;
    error = graph_unfollow(circle.graph, visit->worker, visit->member, ids_begin(friends, count), count, count_ended, ended);
    ids_end(count);
    return error;
}

uint32_t
circle_unlist(const struct visit *visit)
{
    return graph_unlist(circle.graph, visit->worker, visit->member);
}

int
circle_try_say(const struct visit *visit, struct text *status)
{
    return graph_set_status(circle.graph, visit->worker, visit->member, status);
}

int
circle_try_ask(uint32_t worker, const int64_t *users, uint32_t count, struct snapshot *snapshot)
{
    int error = graph_ask(circle.graph, worker, ids_begin(users, count), count, snapshot);

    ids_end(count);
    return error;
}

void
circle_reason(enum leave_reason reason)
{
    circle.reason = reason;
}

/* A status as a text of its own, to be dropped; NULL is none. */
static struct text *
text_of(const char *status)
{
    struct text *text = status == NULL ? NULL : text_new(status, strlen(status));

    ASSERT(status == NULL || text != NULL);
    return text;
}

struct visit
enter(uint32_t worker, int64_t user, const int64_t *friends, uint32_t count, const char *status, struct snapshot *snapshot)
{
    struct text *text = text_of(status);
    struct visit visit;
    int error = circle_try_enter(&visit, worker, user, friends, count, true, text, snapshot);

    text_drop(text);
    REQUIRE(error == 0, "enter: error %d", error);
    return visit;
}

void
follow(const struct visit *visit, const int64_t *friends, uint32_t count, struct snapshot *snapshot)
{
    int error = circle_try_follow(visit, friends, count, UINT32_MAX, snapshot);

    REQUIRE(error == 0, "follow: error %d", error);
}

uint32_t
unfollow(const struct visit *visit, const int64_t *friends, uint32_t count)
{
    uint32_t ended;
    int error = circle_try_unfollow(visit, friends, count, &ended);

    REQUIRE(error == 0, "unfollow: error %d", error);
    return ended;
}

void
say(const struct visit *visit, const char *status)
{
    struct text *text = text_of(status);
    int error = circle_try_say(visit, text);

    text_drop(text);
    REQUIRE(error == 0, "set status: error %d", error);
}

const char *
circle_snapshot(struct snapshot *snapshot)
{
    static char text[TEXT_MAX];
    size_t length = 0;

    text[0] = '\0';
    for (uint32_t i = 0; i < snapshot->count && length < TEXT_MAX; i++) {
        const struct text *status = snapshot->entries[i].status;

        length += (size_t)snprintf(text + length, TEXT_MAX - length, "%s%u%.*s", length == 0 ? "" : " ", snapshot->entries[i].which,
            status == NULL ? 0 : (int)status->length, status == NULL ? "" : status->bytes);
    }
    ASSERT(length < TEXT_MAX);
    snapshot_clear(snapshot);
    return text;
}

struct visit
come(uint32_t worker, int64_t user, const int64_t *friends, uint32_t count)
{
    struct visit visit;

    int error = circle_try_come(&visit, worker, user, friends, count);

    REQUIRE(error == 0, "login: error %d", error);
    REQUIRE(user_id_equal(graph_user(circle.graph, worker, visit.member), id_of(user)), "the session is another user's");
    return visit;
}

void
relist(const struct visit *visit, const int64_t *friends, uint32_t count)
{
    int error = circle_try_relist(visit, friends, count);

    REQUIRE(error == 0, "relist: error %d", error);
}

bool
lose(struct visit *visit)
{
    int error = circle_try_lose(visit);

    REQUIRE(error == 0, "lose: error %d", error);
    return visit->absent;
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
        length += (size_t)snprintf(text + length, TEXT_MAX - length, "%s%s", length == 0 ? "" : " ", word->text);
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

uint64_t
circle_latest_at_ms(void)
{
    return circle.at_ms;
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
