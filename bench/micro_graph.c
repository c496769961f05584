/* SPDX-License-Identifier: MIT
 *
 * What the friend graph costs, without a server: sessions that come, go and change their lists, and transitions of users with few and many
 * watchers, on one thread and on several (each a worker with its own seat). Nobody is told: the audience is freed (parts/town.h).
 */
#include "base/hash.h"
#include "base/slots.h"
#include "load/failure.h"
#include "parts/measure.h"
#include "parts/town.h"

#include <stdio.h>

enum {
    RESIDENTS = 4000, /* online all the time, with as many friends as most of the cases have */
    FRIENDS = 50,
    NEWCOMERS = 500, /* of each worker */
};

/* Kinds of cases. */
enum {
    STRANGERS = 1, /* newcomers list nobody who is there */
    ONE_SHARD = 2, /* the celebrities are of one shard of the graph */
};

/* What the machine itself makes of more threads: work that shares nothing. */
static void
run_hashes(void *subject, uint32_t thread, uint64_t operations)
{
    struct hash_key key = {{thread, 0}};

    (void)subject;
    for (uint64_t i = 0; i < operations; i++)
        key.words[1] ^= hash_bytes(&key, &i, sizeof i);
}

/* ---- Coming and going ---- */

static void *
open_town(const struct micro *micro)
{
    struct town *town = town_open(micro);

    town_populate(town, RESIDENTS, FRIENDS);
    town_expect_newcomers(town, NEWCOMERS, micro->size, micro->kind == STRANGERS);
    return town;
}

/* All newcomers list the same user, whom so many residents watch already. */
static void *
open_fans(const struct micro *micro)
{
    struct town *town = town_open(micro);

    town_gather_crowd(town, micro->size, false);
    town_expect_newcomers(town, NEWCOMERS, 1, false);
    town_login(town, 0, town_user(TOWN_CELEBRITY), NULL, 0);
    for (uint32_t worker = 0; worker < TOWN_WORKERS; worker++)
        for (uint32_t i = 0; i < NEWCOMERS; i++)
            town->bands[worker].friends[i] = town_user(TOWN_CELEBRITY);
    return town;
}

static void
run_logins(void *subject, uint32_t thread, uint64_t operations)
{
    for (uint32_t i = 0; i < operations; i++)
        town_newcomer_enters(subject, thread, i);
}

static void
run_logouts(void *subject, uint32_t thread, uint64_t operations)
{
    for (uint32_t i = 0; i < operations; i++)
        town_newcomer_leaves(subject, thread, i);
}

/* The same from the main thread, before and after. */
static void
all_enter(void *subject, uint64_t operations)
{
    const struct town *town = subject;

    for (uint32_t worker = 0; worker < town->micro->threads || worker == 0; worker++)
        run_logins(subject, worker, operations);
}

static void
all_leave(void *subject, uint64_t operations)
{
    const struct town *town = subject;

    for (uint32_t worker = 0; worker < town->micro->threads || worker == 0; worker++)
        run_logouts(subject, worker, operations);
}

static void
run_logins_with_snapshot(void *subject, uint32_t thread, uint64_t operations)
{
    struct town *town = subject;
    struct band *band = &town->bands[thread];

    for (uint32_t i = 0; i < operations; i++) {
        struct graph_hello hello = {
            .handle = handle_of(thread, band->next_slot++ & (HANDLE_SLOTS_MAX - 1), 1),
            .user = town_user(TOWN_NEWCOMER + (int64_t)thread * town->newcomers + i),
            .friends = band->friends + (size_t)i * town->friend_count,
            .friend_count = town->friend_count,
            .follows_only = true,
        };
        struct graph_arrival arrival;

        if (graph_enter(town->graph, thread, &hello, &band->members[i], &arrival, &band->snapshot) < 0)
            failure_exit("a login failed");
        town_settle(town, thread);
        snapshot_clear(&band->snapshot);
    }
}

/* ---- Lists ---- */

static void *
open_listed(const struct micro *micro)
{
    struct town *town = open_town(micro);

    all_enter(town, NEWCOMERS);
    return town;
}

/* Each newcomer in turn says the list of the one that is `step` behind it. */
static void
relist(struct town *town, uint32_t thread, uint64_t operations, uint32_t step)
{
    const struct band *band = &town->bands[thread];

    for (uint32_t i = 0; i < operations; i++) {
        const struct user_id *friends = band->friends + (size_t)((i + step) % NEWCOMERS) * town->friend_count;

        if (graph_relist(town->graph, thread, band->members[i], friends, town->friend_count) < 0)
            failure_exit("a list could not be set");
    }
}

static void
run_same_lists(void *subject, uint32_t thread, uint64_t operations)
{
    relist(subject, thread, operations, 0);
}

static void
run_other_lists(void *subject, uint32_t thread, uint64_t operations)
{
    relist(subject, thread, operations, 1);
}

static void
lists_as_before(void *subject, uint64_t operations)
{
    relist(subject, 0, operations, 0);
}

static void
run_questions(void *subject, uint32_t thread, uint64_t operations)
{
    struct town *town = subject;
    struct band *band = &town->bands[thread];

    for (uint32_t i = 0; i < operations; i++) {
        if (graph_ask(town->graph, thread, band->friends + (size_t)i * town->friend_count, town->friend_count, &band->snapshot) < 0)
            failure_exit("a question failed");
        snapshot_clear(&band->snapshot);
    }
}

/* ---- Fan-out ---- */

static void *
open_crowd(const struct micro *micro)
{
    struct town *town = town_open(micro);

    town_gather_crowd(town, micro->size, micro->kind == ONE_SHARD);
    return town;
}

static void
run_flaps(void *subject, uint32_t thread, uint64_t operations)
{
    struct town *town = subject;
    uint32_t *member = &town->bands[thread].celebrity;

    for (uint64_t i = 0; i < operations; i++) {
        if (*member == SLOTS_NONE) {
            *member = town_login(town, thread, town_user(town->celebrities[thread]), NULL, 0);
        } else {
            town_logout(town, thread, *member);
            *member = SLOTS_NONE;
        }
    }
}

/* clang-format off */
#define NEWS .batch = NEWCOMERS, .close = town_close
#define LOGIN NEWS, .run = run_logins, .clean = all_leave
#define LOGOUT NEWS, .run = run_logouts, .prepare = all_enter
#define LISTS NEWS, .open = open_listed, .size = FRIENDS, .items = FRIENDS, .once = NEWCOMERS
#define FLAP .run = run_flaps, .close = town_close
/* clang-format on */

static const struct micro cases[] = {
    {"machine@1", "a hash, of nothing that is shared: what more threads can bring here", .threads = 1, .run = run_hashes, .once = 10000},
    {"machine@2", "the same on 2 threads", .threads = 2, .run = run_hashes},
    {"machine@4", "the same on 4 threads", .threads = 4, .run = run_hashes},
    {"login-0", "a session without friends comes, one witness", .open = open_town, LOGIN, .once = NEWCOMERS},
    {"login-50@1", "a session with 50 friends who are online comes, one witness", 50, 50, 1, .open = open_town, LOGIN, .once = NEWCOMERS},
    {"login-50@2", "the same on 2 threads", 50, 50, 2, .open = open_town, LOGIN},
    {"login-50@4", "the same on 4 threads", 50, 50, 4, .open = open_town, LOGIN},
    {"login-50-snapshot", "the same on one, told who of the friends is online (JSON-RPC)", 50, 50, .open = open_town, NEWS,
        .run = run_logins_with_snapshot, .clean = all_leave, .once = NEWCOMERS},
    {"login-50-strangers", "the 50 friends are nobody's before", 50, 50, .open = open_town, .kind = STRANGERS, LOGIN, .once = NEWCOMERS},
    {"logout-0", "a session without friends goes, one witness", .open = open_town, LOGOUT, .once = NEWCOMERS},
    {"logout-50@1", "a session with 50 friends who are online goes, one witness, all friends are told", 50, 50, 1, .open = open_town, LOGOUT,
        .once = NEWCOMERS},
    {"logout-50@2", "the same on 2 threads", 50, 50, 2, .open = open_town, LOGOUT},
    {"logout-50@4", "the same on 4 threads", 50, 50, 4, .open = open_town, LOGOUT},
    {"logout-50-strangers", "the 50 friends are nobody's afterwards", 50, 50, .open = open_town, .kind = STRANGERS, LOGOUT, .once = NEWCOMERS},
    {"login-fan@1", "a session comes that watches a user whom 10,000 others watch", 10000, 1, 1, .open = open_fans, LOGIN, .once = NEWCOMERS},
    {"login-fan@2", "the same on 2 threads, all the same user", 10000, 1, 2, .open = open_fans, LOGIN},
    {"login-fan@4", "the same on 4 threads, all the same user", 10000, 1, 4, .open = open_fans, LOGIN},
    {"relist-50-same", "a session says its list again", LISTS, .run = run_same_lists},
    {"relist-50-other", "a session says quite another list", LISTS, .run = run_other_lists, .prepare = lists_as_before},
    {"ask-50", "who of 50 is online?", LISTS, .run = run_questions},
    {"fanout-1@1", "a transition of a user with 1 watcher", 1, 1, 1, .open = open_crowd, FLAP, .once = 2000},
    {"fanout-1@2", "the same on 2 threads, a user each", 1, 1, 2, .open = open_crowd, FLAP},
    {"fanout-1@4", "the same on 4 threads, a user each", 1, 1, 4, .open = open_crowd, FLAP},
    {"fanout-100@1", "a transition of a user with 100 watchers", 100, 100, 1, .open = open_crowd, FLAP, .once = 1000},
    {"fanout-100@2", "the same on 2 threads, a user each", 100, 100, 2, .open = open_crowd, FLAP},
    {"fanout-100@4", "the same on 4 threads, a user each", 100, 100, 4, .open = open_crowd, FLAP},
    {"fanout-100-one-shard@1", "a transition of a user with 100 watchers", 100, 100, 1, .open = open_crowd, .kind = ONE_SHARD, FLAP, .once = 1000},
    {"fanout-100-one-shard@2", "the same on 2 threads, users of one shard", 100, 100, 2, .open = open_crowd, .kind = ONE_SHARD, FLAP},
    {"fanout-100-one-shard@4", "the same on 4 threads, users of one shard", 100, 100, 4, .open = open_crowd, .kind = ONE_SHARD, FLAP},
    {"fanout-1000000", "a transition of a user with 1,000,000 watchers", 1000000, 1000000, .open = open_crowd, FLAP, .once = 2},
};

int
main(int argc, char **argv)
{
    return micro_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
