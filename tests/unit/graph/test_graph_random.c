/* SPDX-License-Identifier: MIT
 *
 * Many users who come, leave and list each other at random, held against a model that is too simple to be wrong: an array of sessions, each
 * with its list. After every operation exactly those heard of it who had to, and now and then everything is counted. ALO_TEST_SEED
 * repeats a run.
 */
#include "graph/graph.h"

#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/circle.h"
#include "support/unit/require.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { USERS = 64, SESSIONS = 160, LIST_MAX = 100, WORKERS = 4, OPERATIONS = 30000 };

/* What the model knows of a session. Users are numbered from 0; user u's id is ids[u]. */
static struct session {
    bool there;
    struct visit visit;
    int user;
    bool lists[2 * USERS]; /* of users who never come, too */
} sessions[SESSIONS];

static int64_t ids[2 * USERS];

static uint64_t random_state;

static uint32_t
random_below(uint32_t limit)
{
    /* splitmix64 (Steele, Lea and Flood, 2014) */
    uint64_t word = random_state += 0x9e3779b97f4a7c15;

    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
    word = (word ^ word >> 27) * 0x94d049bb133111eb;
    return (uint32_t)((word ^ word >> 31) % limit);
}

static void
begin(void)
{
    const char *given = getenv("ALO_TEST_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)pace_now_ms() ^ (uint64_t)getpid() << 32;

    printf("ALO_TEST_SEED=%llu\n", (unsigned long long)seed);
    fflush(stdout);
    random_state = seed;
    for (int i = 0; i < 2 * USERS; i++)
        ids[i] = (int64_t)((uint64_t)random_below(UINT32_MAX) << 32 | (uint32_t)i);
    circle_open(WORKERS);
}

/* A random list: what is sent, with duplicates and perhaps oneself, and what the model makes of it. */
static uint32_t
random_list(int self, int64_t friends[LIST_MAX], bool lists[2 * USERS])
{
    uint32_t count = random_below(4) == 0 ? 0 : random_below(random_below(3) == 0 ? LIST_MAX : 8) + 1;

    memset(lists, 0, 2 * USERS);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t user = random_below(random_below(3) == 0 ? 2 * USERS : USERS / 4);

        friends[i] = ids[user];
        lists[user] = (int)user != self;
    }
    return count;
}

static bool
is_online(int user)
{
    for (int i = 0; i < SESSIONS; i++)
        if (sessions[i].there && sessions[i].user == user)
            return true;
    return false;
}

/* Exactly these sessions heard exactly this, and nobody heard anything else. `list` is a leaver's: the listed users' sessions heard, too. */
static void
expect_told(int user, char sign, bool transition, const bool *list)
{
    char word[32];

    snprintf(word, sizeof word, "%lld%c", (long long)ids[user], sign);
    for (int i = 0; i < SESSIONS; i++) {
        const struct session *session = &sessions[i];

        if (!session->there)
            continue;
        bool told = transition && (session->lists[user] || (list != NULL && list[session->user]));

        const char *heard = circle_heard(&session->visit);

        REQUIRE(strcmp(heard, told ? word : "") == 0, "told \"%s\" where \"%s\" should be", heard, told ? word : "");
    }
    expect_silence();
}

static void
expect_model_census(void)
{
    uint64_t known = 0, online = 0, edges = 0, members = 0;

    for (int user = 0; user < 2 * USERS; user++) {
        bool watched = false, here = is_online(user);

        for (int i = 0; i < SESSIONS; i++)
            watched = watched || (sessions[i].there && sessions[i].lists[user]);
        known += watched || here;
        online += here;
    }
    for (int i = 0; i < SESSIONS; i++) {
        members += sessions[i].there;
        for (int user = 0; sessions[i].there && user < 2 * USERS; user++)
            edges += sessions[i].lists[user];
    }
    expect_census(known, online, edges, members);
}

/* With `faulty`, sometimes an allocation fails. */
static void
faults_begin(bool faulty)
{
    if (faulty)
        faults_allocation(1 + (long)random_below(4), random_below(2) == 0);
}

static void
random_login(struct session *session, bool faulty)
{
    int64_t friends[LIST_MAX];
    int user = (int)random_below(USERS);
    bool first = !is_online(user);
    uint32_t count = random_list(user, friends, session->lists);

    session->user = user;
    faults_begin(faulty);
    int error = circle_try_come(&session->visit, random_below(WORKERS), ids[user], friends, count);
    faults_allocation(0, 0);
    ck_assert(error == 0 || (faulty && error == -ENOMEM));
    session->there = error == 0;
    if (error == 0)
        ck_assert(session->visit.transition == first);
    expect_told(user, '+', first && error == 0, NULL);
}

/* It must go through: the model does not follow lists that were replaced half-way. */
static void
random_logout(struct session *session, const bool *list)
{
    session->there = false;
    bool last = !is_online(session->user);

    leave(&session->visit);
    ck_assert(session->visit.transition == last);
    expect_told(session->user, '-', last, list);
}

static void
random_relist(struct session *session, bool faulty)
{
    int64_t friends[LIST_MAX];
    bool lists[2 * USERS];
    uint32_t count = random_list(session->user, friends, lists);

    faults_begin(faulty);
    int error = circle_try_relist(&session->visit, friends, count);
    faults_allocation(0, 0);
    expect_silence();
    if (error == 0) {
        memcpy(session->lists, lists, sizeof lists);
        return;
    }
    ck_assert(faulty && error == -ENOMEM);
    /* Nobody knows what it watches now: it ends, and whoever hears of that must have been on the old list, on the new one, or a watcher. */
    session->there = false;
    leave(&session->visit);
    (void)circle_unheard();
}

static void
run(bool faulty)
{
    unsigned operations = pace_scaled(OPERATIONS);

    for (unsigned operation = 0; operation < operations; operation++) {
        struct session *session = &sessions[random_below(SESSIONS)];

        if (!session->there)
            random_login(session, faulty);
        else if (random_below(3) == 0)
            random_relist(session, faulty);
        else
            random_logout(session, session->lists);
        if (operation % 64 == 0)
            expect_model_census();
    }
    for (int i = 0; i < SESSIONS; i++)
        if (sessions[i].there)
            random_logout(&sessions[i], sessions[i].lists);
    expect_census(0, 0, 0, 0);
    circle_close();
}

START_TEST(everybody_hears_what_the_model_says)
{
    begin();
    run(false);
}
END_TEST

START_TEST(everybody_hears_what_the_model_says_while_memory_fails)
{
    begin();
    run(true);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("graph_random");
    TCase *tests = tcase_create("graph_random");

    tcase_add_test(tests, everybody_hears_what_the_model_says);
    tcase_add_test(tests, everybody_hears_what_the_model_says_while_memory_fails);
    tcase_set_timeout(tests, 600);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
