/* SPDX-License-Identifier: MIT
 *
 * The graph under several workers at once. The publisher keeps what it knows of a user in plain variables, because the graph promises
 * to call it with that user's shard locked; ThreadSanitizer and helgrind hold it to that. Threads assert with ASSERT, because Check's
 * own assertions are for one thread.
 */
#include "graph/graph.h"

#include "base/assert.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/audience_check.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    WORKERS = 4, /* worker 0 is the observer's */
    USERS = 12,
    HELD = 6, /* sessions that a worker has at a time */
    OBSERVER = 1000,
    OPERATIONS = 40000,
    ROUNDS = 4000,
};

/* Under the lock of the user's shard. */
static struct {
    uint64_t published;
    bool online;
    bool disorder;   /* two arrivals or two departures in a row */
    uint64_t missed; /* transitions that the observer was not told of */
} users[USERS];

static struct graph *graph;
static const struct handle observer = {.place = 0, .generation = 1};

static void
observe(void *context, uint32_t worker, struct audience *audience)
{
    int64_t user = audience->transition.user.number;
    uint32_t told = 0;

    (void)context;
    ASSERT(worker < WORKERS);
    audience_check(audience);
    if (user < USERS) {
        users[user].published++;
        users[user].disorder = users[user].disorder || users[user].online == audience->transition.online;
        users[user].online = audience->transition.online;
        for (uint32_t i = 0; i < audience->parts[0].count; i++)
            told += handle_equal(audience->handles[audience->parts[0].first + i], observer);
        users[user].missed += told != 1;
    }
    audience_consume(audience);
}

static uint32_t
log_in(uint32_t worker, uint32_t slot, uint32_t generation, int64_t user, const struct user_id *friends, uint32_t count, bool *transition)
{
    uint32_t member;

    ASSERT(
        graph_login(graph, worker, handle_of(worker, slot, generation), (struct user_id){.number = user}, friends, count, &member, transition) == 0);
    return member;
}

/* What one worker's thread does, and how many transitions its own logins and logouts were, of each user. */
struct task {
    pthread_t thread;
    uint32_t worker;
    unsigned seed;
    uint64_t transitions[USERS];
};

static uint32_t
random_list(unsigned *seed, struct user_id friends[USERS])
{
    uint32_t count = (uint32_t)rand_r(seed) % USERS;

    for (uint32_t i = 0; i < count; i++)
        friends[i] = (struct user_id){.number = rand_r(seed) % USERS};
    return count;
}

static void *
hammer(void *argument)
{
    struct task *task = argument;
    struct {
        bool there, absent;
        uint32_t member;
        int64_t user;
    } held[HELD] = {{0}};
    unsigned operations = pace_scaled(OPERATIONS);
    struct user_id friends[USERS];
    bool transition;

    for (unsigned operation = 0; operation < operations + HELD; operation++) {
        bool tidying = operation >= operations;
        uint32_t slot = tidying ? operation - operations : (uint32_t)rand_r(&task->seed) % HELD;

        if (!held[slot].there && !tidying) {
            uint32_t count = random_list(&task->seed, friends);

            held[slot].user = rand_r(&task->seed) % USERS;
            held[slot].member = log_in(task->worker, slot, operation + 1, held[slot].user, friends, count, &transition);
            ASSERT(graph_user(graph, task->worker, held[slot].member).number == held[slot].user);
            held[slot].there = true;
            task->transitions[held[slot].user] += transition;
        } else if (held[slot].there && !held[slot].absent && !tidying && rand_r(&task->seed) % 3 == 0) {
            ASSERT(graph_lose(graph, task->worker, held[slot].member, &held[slot].absent) == 0);
            held[slot].there = held[slot].absent;
        } else if (held[slot].there && (tidying || rand_r(&task->seed) % 3 > 0)) {
            struct user_id user = {.number = held[slot].user};

            ASSERT(!held[slot].absent || !graph_absent_user(graph, task->worker, held[slot].member, &user) || user.number == held[slot].user);
            ASSERT(graph_logout(graph, task->worker, held[slot].member, LEAVE_CLOSED, &transition) == 0);
            held[slot].there = held[slot].absent = false;
            task->transitions[held[slot].user] += transition;
        } else if (held[slot].there && !held[slot].absent) {
            uint32_t count = random_list(&task->seed, friends);

            ASSERT(graph_relist(graph, task->worker, held[slot].member, friends, count) == 0);
        }
    }
    return NULL;
}

static void
tasks_run(struct task *tasks, int count, void *(*run)(void *))
{
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(pthread_create(&tasks[i].thread, NULL, run, &tasks[i]), 0);
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(pthread_join(tasks[i].thread, NULL), 0);
}

START_TEST(a_users_transitions_alternate_whatever_the_workers_do)
{
    struct task tasks[WORKERS - 1];
    struct user_id everybody[USERS];
    bool transition;

    graph = graph_new(WORKERS, observe, NULL);
    ck_assert_ptr_nonnull(graph);
    for (int i = 0; i < USERS; i++)
        everybody[i] = (struct user_id){.number = i};
    uint32_t member = log_in(0, 0, 1, OBSERVER, everybody, USERS, &transition);

    for (uint32_t i = 0; i < WORKERS - 1; i++)
        tasks[i] = (struct task){.worker = i + 1, .seed = 17 * (i + 1)};
    tasks_run(tasks, WORKERS - 1, hammer);

    struct graph_census census = graph_census(graph);
    ck_assert_uint_eq(census.users, USERS + 1); /* the observer, and all whom it watches */
    ck_assert_uint_eq(census.users_online, 1);
    ck_assert_uint_eq(graph_users_online(graph), 1);
    ck_assert_uint_eq(census.edges, USERS);
    ck_assert_uint_eq(census.members, 1);
    for (int user = 0; user < USERS; user++) {
        uint64_t transitions = 0;

        for (int i = 0; i < WORKERS - 1; i++)
            transitions += tasks[i].transitions[user];
        ck_assert(!users[user].disorder);
        ck_assert(!users[user].online);
        ck_assert_uint_eq(users[user].missed, 0);
        ck_assert_uint_eq(users[user].published, transitions);
        ck_assert_uint_gt(transitions, 0);
    }
    ck_assert_int_eq(graph_logout(graph, 0, member, LEAVE_CLOSED, &transition), 0);
    census = graph_census(graph);
    ck_assert_uint_eq(census.users + census.users_online + census.edges + census.members, 0);
    ck_assert_uint_eq(graph_users_online(graph), 0);
    graph_free(graph);
}
END_TEST

/* Two friends, users 0 and 1, on two workers. */
static pthread_barrier_t barrier;
static bool told[2]; /* user u was told of the other; between the barriers only the publisher or only user u's worker touches it */

static void
friends_hear(void *context, uint32_t worker, struct audience *audience)
{
    (void)context;
    (void)worker;
    ASSERT(audience_check(audience) == 1);
    told[!audience->transition.user.number] = true;
    audience_consume(audience);
}

static void *
come_and_go_at_once(void *argument)
{
    const struct task *task = argument;
    unsigned rounds = pace_scaled(ROUNDS);
    struct user_id other = {.number = !task->worker};

    for (uint32_t round = 1; round <= rounds; round++) {
        bool transition;

        pthread_barrier_wait(&barrier);
        uint32_t member = log_in(task->worker, 0, round, task->worker, &other, 1, &transition);
        ASSERT(transition);
        pthread_barrier_wait(&barrier);
        ASSERT(told[0] || told[1]);
        pthread_barrier_wait(&barrier);
        told[task->worker] = false;
        pthread_barrier_wait(&barrier);
        ASSERT(graph_logout(graph, task->worker, member, LEAVE_CLOSED, &transition) == 0);
        ASSERT(transition);
        pthread_barrier_wait(&barrier);
        ASSERT(told[0] || told[1]);
        pthread_barrier_wait(&barrier);
        told[task->worker] = false;
    }
    return NULL;
}

START_TEST(of_two_friends_who_come_and_go_at_once_one_hears_of_the_other)
{
    struct task tasks[2] = {{.worker = 0}, {.worker = 1}};

    graph = graph_new(2, friends_hear, NULL);
    ck_assert_ptr_nonnull(graph);
    ck_assert_int_eq(pthread_barrier_init(&barrier, NULL, 2), 0);
    tasks_run(tasks, 2, come_and_go_at_once);
    pthread_barrier_destroy(&barrier);
    ck_assert_uint_eq(graph_census(graph).users, 0);
    graph_free(graph);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("graph_threads");
    TCase *tests = tcase_create("graph_threads");

    tcase_add_test(tests, a_users_transitions_alternate_whatever_the_workers_do);
    tcase_add_test(tests, of_two_friends_who_come_and_go_at_once_one_hears_of_the_other);
    tcase_set_timeout(tests, 600);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
