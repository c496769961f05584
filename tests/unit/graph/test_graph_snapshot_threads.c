/* SPDX-License-Identifier: MIT
 *
 * Snapshots and the news after them fit together while the friends flap on other workers: a session that begins with a snapshot and applies each
 * change that it is told of always knows the state from which that change began, so none was missed and none was told twice; and when
 * everything is quiet it knows the truth. Every status is another, so that no two states of a user in a row look alike.
 *
 * Workers 0 and 1 are those of the sessions that look on, the others' sessions flap. Threads assert with ASSERT, because Check's own
 * assertions are for one thread.
 */
#include "graph/graph.h"

#include "base/assert.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/audience_check.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ONLOOKERS = 2,
    FLAPPERS = 2,
    WORKERS = ONLOOKERS + FLAPPERS,
    USERS = 16, /* the first half are integers, the others strings */
    SEATS = 5,  /* sessions of a worker; those of the first seat of worker 0 watch everybody all the time, so that everything is published */
    ROUNDS = 30,
    STEPS = 800, /* operations of a worker in a round */
    ONLOOKER_FIRST = 1000,
    TEXT_BYTES = 16,
};

struct state {
    bool online;
    unsigned status; /* 0: none */
};

/* What a session is told: the user's state before and after. */
struct word {
    struct word *next;
    struct handle handle;
    int user;
    struct state before, after;
};

static struct graph *graph;
static pthread_barrier_t barrier;
static _Alignas(struct text) char names[USERS][sizeof(struct text) + TEXT_BYTES];
static struct state truth[USERS]; /* under the lock of the user's shard; anybody's between the barriers */
static uint64_t latest_ms[USERS];
static struct {
    pthread_mutex_t mutex;
    struct word *first, **last;
} boxes[ONLOOKERS];

static struct user_id
id_of(int user)
{
    if (user < USERS / 2)
        return (struct user_id){.number = user};
    return (struct user_id){.name = (struct text *)(void *)names[user]};
}

static unsigned
number_in(const struct text *text)
{
    unsigned number = 0;

    for (uint32_t i = 0; text != NULL && i < text->length; i++)
        number = number * 10 + (unsigned)(text->bytes[i] - '0');
    return number;
}

static bool
state_equal(struct state a, struct state b)
{
    return a.online == b.online && a.status == b.status;
}

static void
post(struct handle handle, const struct word *word)
{
    struct word *copy = malloc(sizeof *copy);

    ASSERT(copy != NULL);
    *copy = *word;
    copy->handle = handle;
    copy->next = NULL;
    pthread_mutex_lock(&boxes[handle_worker(handle)].mutex);
    *boxes[handle_worker(handle)].last = copy;
    boxes[handle_worker(handle)].last = &copy->next;
    pthread_mutex_unlock(&boxes[handle_worker(handle)].mutex);
}

static void
tell(void *context, uint32_t worker, struct audience *audience)
{
    const struct transition *transition = &audience->transition;
    int user = transition->user.name != NULL ? (int)number_in(transition->user.name) : (int)transition->user.number;
    struct word word = {.user = user, .after = {.online = transition->online, .status = number_in(transition->status)}};

    (void)context;
    (void)worker;
    audience_check(audience);
    if (user >= USERS) { /* a session that looks on is a friend of some who flap */
        audience_consume(audience);
        return;
    }
    word.before = truth[user];
    ASSERT(word.before.online == (transition->status_only || !transition->online));
    ASSERT(transition->at_ms >= latest_ms[user]);
    latest_ms[user] = transition->at_ms;
    truth[user] = word.after;
    for (uint32_t to = 0; to < ONLOOKERS; to++)
        for (uint32_t i = 0; i < audience->parts[to].count; i++)
            post(audience->handles[audience->parts[to].first + i], &word);
    audience_consume(audience);
}

/* A session that looks on, and what it knows. */
struct onlooker {
    bool there;
    struct handle handle;
    uint32_t member;
    bool follows[USERS];
    struct state known[USERS];
};

struct task {
    pthread_t thread;
    uint32_t worker;
    unsigned seed;
    uint32_t generation;
    struct onlooker onlookers[SEATS];
    struct snapshot snapshot;
    uint64_t changes, seen;
};

/* Applies what has come. Only just after an edge has ended may there be news of somebody who is not followed. */
static void
read_news(struct task *task, bool ended)
{
    struct word *word;

    pthread_mutex_lock(&boxes[task->worker].mutex);
    word = boxes[task->worker].first;
    boxes[task->worker].first = NULL;
    boxes[task->worker].last = &boxes[task->worker].first;
    pthread_mutex_unlock(&boxes[task->worker].mutex);
    while (word != NULL) {
        struct word *next = word->next;
        struct onlooker *onlooker = &task->onlookers[handle_slot(word->handle)];

        if (onlooker->there && handle_equal(onlooker->handle, word->handle)) {
            ASSERT(onlooker->follows[word->user] || ended);
            if (onlooker->follows[word->user]) {
                ASSERT(state_equal(onlooker->known[word->user], word->before));
                onlooker->known[word->user] = word->after;
                task->changes++;
            }
        }
        free(word);
        word = next;
    }
}

/* Some users, perhaps twice. */
static uint32_t
choose(struct task *task, int users[2 * USERS], struct user_id ids[2 * USERS])
{
    uint32_t count = (uint32_t)rand_r(&task->seed) % (2 * USERS);

    for (uint32_t i = 0; i < count; i++) {
        users[i] = rand_r(&task->seed) % USERS;
        ids[i] = id_of(users[i]);
    }
    return count;
}

/* The session follows these: what the snapshot says of those who are new to it is what it knows now. */
static void
take_snapshot(struct task *task, struct onlooker *onlooker, const int *users, uint32_t count)
{
    bool fresh[USERS] = {false};

    for (uint32_t i = 0; i < count; i++) {
        fresh[users[i]] = fresh[users[i]] || !onlooker->follows[users[i]];
        if (!onlooker->follows[users[i]])
            onlooker->known[users[i]] = (struct state){0};
        onlooker->follows[users[i]] = true;
    }
    for (uint32_t i = 0; i < task->snapshot.count; i++) {
        const struct snapshot_entry *entry = &task->snapshot.entries[i];

        ASSERT(entry->which < count && fresh[users[entry->which]]);
        fresh[users[entry->which]] = false;
        onlooker->known[users[entry->which]] = (struct state){.online = true, .status = number_in(entry->status)};
        task->seen++;
    }
    snapshot_clear(&task->snapshot);
}

static void
look_on(struct task *task, uint32_t seat, const int *users, const struct user_id *ids, uint32_t count)
{
    struct onlooker *onlooker = &task->onlookers[seat];
    struct graph_hello hello = {.handle = handle_of(task->worker, seat, ++task->generation),
        .user = {.number = ONLOOKER_FIRST + task->worker * SEATS + seat},
        .friends = ids,
        .friend_count = count,
        .follows_only = true};
    struct graph_arrival arrival;

    *onlooker = (struct onlooker){.there = true, .handle = hello.handle};
    ASSERT(graph_enter(graph, task->worker, &hello, &onlooker->member, &arrival, &task->snapshot) == 0);
    take_snapshot(task, onlooker, users, count);
}

static void
count_ended(void *context, uint32_t index)
{
    uint32_t *ended = context;

    (void)index;
    ++*ended;
}

/* The session leaves off following these, or everybody. */
static void
look_away(struct task *task, struct onlooker *onlooker, const int *users, const struct user_id *ids, uint32_t count, bool all)
{
    uint32_t ended = 0, expected = 0;

    if (all)
        ended = graph_unlist(graph, task->worker, onlooker->member);
    else
        ASSERT(graph_unfollow(graph, task->worker, onlooker->member, ids, count, count_ended, &ended) == 0);
    for (uint32_t i = 0; i < (all ? USERS : count); i++) {
        int user = all ? (int)i : users[i];

        expected += onlooker->follows[user];
        onlooker->follows[user] = false;
    }
    ASSERT(ended == expected);
    read_news(task, true);
}

static void
look_on_step(struct task *task)
{
    uint32_t reserved = task->worker == 0; /* the first seat there stays as it is */
    uint32_t seat = reserved + (uint32_t)rand_r(&task->seed) % (SEATS - reserved);
    struct onlooker *onlooker = &task->onlookers[seat];
    struct user_id ids[2 * USERS];
    int users[2 * USERS], dice = rand_r(&task->seed) % 8;
    uint32_t count = choose(task, users, ids);
    bool transition;

    read_news(task, false);
    if (!onlooker->there) {
        look_on(task, seat, users, ids, count);
    } else if (dice < 4) {
        ASSERT(graph_follow(graph, task->worker, onlooker->member, ids, count, USERS, &task->snapshot) == 0);
        take_snapshot(task, onlooker, users, count);
    } else if (dice < 7) {
        look_away(task, onlooker, users, ids, count / 4, dice == 6);
    } else {
        ASSERT(graph_logout(graph, task->worker, onlooker->member, LEAVE_CLOSED, &transition) == 0);
        onlooker->there = false;
    }
}

/* Nothing happens now: every session knows the truth, and so does who asks. */
static void
check_truth(struct task *task)
{
    struct user_id everybody[USERS];
    struct state asked[USERS] = {{0}};

    read_news(task, false);
    for (int user = 0; user < USERS; user++)
        everybody[user] = id_of(user);
    ASSERT(graph_ask(graph, task->worker, everybody, USERS, &task->snapshot) == 0);
    for (uint32_t i = 0; i < task->snapshot.count; i++)
        asked[task->snapshot.entries[i].which] = (struct state){.online = true, .status = number_in(task->snapshot.entries[i].status)};
    snapshot_clear(&task->snapshot);
    for (int user = 0; user < USERS; user++) {
        ASSERT(state_equal(asked[user], truth[user]));
        for (uint32_t seat = 0; seat < SEATS; seat++)
            if (task->onlookers[seat].there && task->onlookers[seat].follows[user])
                ASSERT(state_equal(task->onlookers[seat].known[user], truth[user]));
    }
}

static void *
look_on_all_the_time(void *argument)
{
    struct task *task = argument;
    unsigned steps = pace_scaled(STEPS);

    for (int round = 0; round < ROUNDS; round++) {
        for (unsigned step = 0; step < steps; step++)
            look_on_step(task);
        pthread_barrier_wait(&barrier);
        check_truth(task);
        pthread_barrier_wait(&barrier);
    }
    snapshot_done(&task->snapshot);
    return NULL;
}

/* A status that nobody else sets, or none. */
static struct text *
new_status(struct task *task)
{
    char text[TEXT_BYTES];
    int length = snprintf(text, sizeof text, "%u", ++task->generation * WORKERS + task->worker);
    struct text *status = text_new(text, (size_t)length);

    ASSERT(status != NULL);
    return status;
}

static void *
flap(void *argument)
{
    struct task *task = argument;
    unsigned steps = pace_scaled(STEPS);
    struct {
        bool there, absent; /* absent: it was lost, and only its logout is left, or another takes its place */
        uint32_t member;
    } held[SEATS] = {{0}};

    for (unsigned step = 0; step < steps * ROUNDS; step++) {
        uint32_t seat = (uint32_t)rand_r(&task->seed) % SEATS;
        struct text *status = rand_r(&task->seed) % 3 == 0 ? NULL : new_status(task);
        struct user_id friends[] = {id_of(rand_r(&task->seed) % USERS), {.number = ONLOOKER_FIRST + rand_r(&task->seed) % SEATS}};
        bool transition;

        if (!held[seat].there) {
            struct graph_hello hello = {.handle = handle_of(task->worker, seat, ++task->generation),
                .user = id_of(rand_r(&task->seed) % USERS),
                .friends = friends,
                .friend_count = 2,
                .follows_only = rand_r(&task->seed) % 2 == 0,
                .status = status};
            struct graph_arrival arrival;

            ASSERT(graph_enter(graph, task->worker, &hello, &held[seat].member, &arrival, NULL) == 0);
            held[seat].there = true;
            held[seat].absent = false;
        } else if (!held[seat].absent && rand_r(&task->seed) % 4 == 0) {
            ASSERT(graph_lose(graph, task->worker, held[seat].member, &held[seat].absent) == 0);
            held[seat].there = held[seat].absent;
        } else if (!held[seat].absent && rand_r(&task->seed) % 2 == 0) {
            ASSERT(graph_set_status(graph, task->worker, held[seat].member, status) == 0);
        } else {
            ASSERT(graph_logout(graph, task->worker, held[seat].member, LEAVE_CLOSED, &transition) == 0);
            held[seat].there = false;
        }
        text_drop(status);
        if (step % steps == steps - 1) {
            pthread_barrier_wait(&barrier);
            pthread_barrier_wait(&barrier);
        }
    }
    return NULL;
}

START_TEST(what_a_session_knows_is_the_truth)
{
    static struct task tasks[WORKERS];
    struct user_id everybody[USERS];
    int users[USERS];

    graph = graph_new(WORKERS, tell, NULL);
    ck_assert_ptr_nonnull(graph);
    for (int i = 0; i < ONLOOKERS; i++) {
        ck_assert_int_eq(pthread_mutex_init(&boxes[i].mutex, NULL), 0);
        boxes[i].last = &boxes[i].first;
    }
    for (int user = 0; user < USERS; user++) {
        char digits[TEXT_BYTES];

        text_place(names[user], digits, (size_t)snprintf(digits, sizeof digits, "%d", user));
        users[user] = user;
        everybody[user] = id_of(user);
    }
    for (uint32_t i = 0; i < WORKERS; i++)
        tasks[i] = (struct task){.worker = i, .seed = 31 * (i + 1)};
    look_on(&tasks[0], 0, users, everybody, USERS);
    ck_assert_int_eq(pthread_barrier_init(&barrier, NULL, WORKERS), 0);
    for (int i = 0; i < WORKERS; i++)
        ck_assert_int_eq(pthread_create(&tasks[i].thread, NULL, i < ONLOOKERS ? look_on_all_the_time : flap, &tasks[i]), 0);
    for (int i = 0; i < WORKERS; i++)
        ck_assert_int_eq(pthread_join(tasks[i].thread, NULL), 0);
    for (int i = 0; i < ONLOOKERS; i++) {
        ck_assert_uint_gt(tasks[i].changes, 0);
        ck_assert_uint_gt(tasks[i].seen, 0);
        pthread_mutex_destroy(&boxes[i].mutex);
    }
    pthread_barrier_destroy(&barrier);
    graph_free(graph);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("graph_snapshot_threads");
    TCase *tests = tcase_create("graph_snapshot_threads");

    tcase_add_test(tests, what_a_session_knows_is_the_truth);
    tcase_set_timeout(tests, 600);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
