/* SPDX-License-Identifier: MIT
 *
 * Many users who come, leave, follow each other and say how they are at random, held against a model that is too simple to be wrong: an array
 * of sessions, each with its list and its status. After every operation exactly those heard of it who had to, every snapshot is what the model says, and
 * now and then everything is counted. ALO_TEST_SEED repeats a run.
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
    bool follows_only;
    const char *status; /* NULL: none */
    uint64_t spoke;     /* when it set that; 0: never */
} sessions[SESSIONS];

static int64_t ids[2 * USERS];
static uint64_t now; /* operations so far */
static struct snapshot snapshot;

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
        ids[i] = i % 3 == 0 ? NAMED((uint32_t)i) : (int64_t)((uint64_t)random_below(UINT32_MAX) << 32 | (uint32_t)i);
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

/* The status of a user, "" when there is none. */
static const char *
status_of(int user)
{
    const struct session *latest = NULL;

    for (int i = 0; i < SESSIONS; i++)
        if (sessions[i].there && sessions[i].user == user && (latest == NULL || sessions[i].spoke > latest->spoke))
            latest = &sessions[i];
    return latest == NULL || latest->status == NULL ? "" : latest->status;
}

/* Exactly these sessions heard exactly this, and nobody heard anything else. `list` is a leaver's: the listed users' sessions heard, too. */
static void
expect_told(int user, char sign, const char *status, bool news, const bool *list)
{
    char word[48];

    if ((uint64_t)ids[user] >> 32 == NAMED_HIGH)
        snprintf(word, sizeof word, "\"%d\"%c%s", user, sign, status);
    else
        snprintf(word, sizeof word, "%lld%c%s", (long long)ids[user], sign, status);
    for (int i = 0; i < SESSIONS; i++) {
        const struct session *session = &sessions[i];

        if (!session->there)
            continue;
        bool told = news && (session->lists[user] || (list != NULL && list[session->user] && !session->follows_only));

        const char *heard = circle_heard(&session->visit);

        REQUIRE(strcmp(heard, told ? word : "") == 0, "told \"%s\" where \"%s\" should be", heard, told ? word : "");
    }
    expect_silence();
}

/* The snapshot says who of these is online, the first time that one is named, and has the status. `lists` are passed over. */
static void
expect_model_snapshot(const int64_t *friends, uint32_t count, int self, const bool *lists)
{
    bool named[2 * USERS] = {false};
    uint32_t at = 0;

    for (uint32_t i = 0; i < count; i++) {
        int user = (int)(uint32_t)friends[i];

        if (user == self || named[user] || lists[user])
            continue;
        named[user] = true;
        if (!is_online(user))
            continue;
        REQUIRE(at < snapshot.count && snapshot.entries[at].which == i, "the snapshot lacks place %u", i);
        const struct text *status = snapshot.entries[at++].status;
        const char *expected = status_of(user);

        REQUIRE((status == NULL ? 0 : status->length) == strlen(expected) && (status == NULL || memcmp(status->bytes, expected, status->length) == 0),
            "the status at place %u is not \"%s\"", i, expected);
    }
    REQUIRE(at == snapshot.count, "the snapshot has %u entries too many", snapshot.count - at);
    snapshot_clear(&snapshot);
}

static const bool nobody[2 * USERS];

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

/* "" is not among them: the model does not tell it from none. */
static const char *
random_status(void)
{
    static const char *const statuses[] = {NULL, "away", "busy", "x"};

    return statuses[random_below(4)];
}

static void
random_login(struct session *session, bool faulty)
{
    int64_t friends[LIST_MAX];
    int user = (int)random_below(USERS);
    bool first = !is_online(user), lists[2 * USERS];
    uint32_t count = random_list(user, friends, lists);
    const char *status = random_status();
    struct text *text = status == NULL ? NULL : text_new(status, strlen(status));
    char before[8];

    snprintf(before, sizeof before, "%s", status_of(user));
    *session = (struct session){.user = user, .follows_only = random_below(2) == 0, .status = status, .spoke = status == NULL ? 0 : now};
    memcpy(session->lists, lists, sizeof lists);
    faults_begin(faulty);
    int error = circle_try_enter(&session->visit, random_below(WORKERS), ids[user], friends, count, session->follows_only, text, &snapshot);
    faults_allocation(0, 0);
    text_drop(text);
    ck_assert(error == 0 || (faulty && error == -ENOMEM));
    expect_model_snapshot(friends, error == 0 ? count : 0, user, nobody);
    session->there = error == 0;
    if (error == 0)
        ck_assert(session->visit.transition == first);
    expect_told(user, first ? '+' : '=', status_of(user), error == 0 && (first || strcmp(before, status_of(user)) != 0), NULL);
}

/* It must go through: the model does not follow lists that were replaced half-way. */
static void
random_logout(struct session *session, const bool *list)
{
    char before[8];

    snprintf(before, sizeof before, "%s", status_of(session->user));
    session->there = false;
    bool last = !is_online(session->user);

    leave(&session->visit);
    ck_assert(session->visit.transition == last);
    if (last)
        expect_told(session->user, '-', "", true, list);
    else
        expect_told(session->user, '=', status_of(session->user), strcmp(before, status_of(session->user)) != 0, NULL);
}

/* Nobody knows what it watches now: it ends, and whoever hears of that must have been on the old list, on the new one, or a watcher. */
static void
give_up(struct session *session)
{
    session->there = false;
    leave(&session->visit);
    (void)circle_unheard();
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
    ck_assert(error == 0 || (faulty && error == -ENOMEM));
    if (error == 0)
        memcpy(session->lists, lists, sizeof lists);
    else
        give_up(session);
}

static void
random_follow(struct session *session, bool faulty)
{
    int64_t friends[LIST_MAX];
    bool lists[2 * USERS];
    uint32_t count = random_list(session->user, friends, lists), most = random_below(2 * USERS), edges = 0, fresh = 0;

    for (int user = 0; user < 2 * USERS; user++) {
        edges += session->lists[user];
        fresh += lists[user] && !session->lists[user];
    }
    faults_begin(faulty);
    int error = circle_try_follow(&session->visit, friends, count, most, &snapshot);
    faults_allocation(0, 0);
    expect_silence();
    if (error == -ENOMEM) {
        ck_assert(faulty && snapshot.count == 0);
        give_up(session);
        return;
    }
    ck_assert_int_eq(error, fresh > 0 && edges + fresh > most ? -E2BIG : 0);
    expect_model_snapshot(friends, error == 0 ? count : 0, session->user, session->lists);
    for (int user = 0; error == 0 && user < 2 * USERS; user++)
        session->lists[user] = session->lists[user] || lists[user];
}

static void
random_unfollow(struct session *session, bool faulty)
{
    int64_t friends[LIST_MAX];
    bool lists[2 * USERS];
    uint32_t count = random_list(session->user, friends, lists), expected = 0, ended;

    faults_begin(faulty);
    int error = circle_try_unfollow(&session->visit, friends, count, &ended);
    faults_allocation(0, 0);
    expect_silence();
    ck_assert(error == 0 || (faulty && error == -ENOMEM));
    for (int user = 0; error == 0 && user < 2 * USERS; user++) {
        expected += session->lists[user] && lists[user];
        session->lists[user] = session->lists[user] && !lists[user];
    }
    ck_assert_uint_eq(ended, expected);
}

static void
random_say(struct session *session, bool faulty)
{
    const char *status = random_status();
    struct text *text = status == NULL ? NULL : text_new(status, strlen(status));
    char before[8];

    snprintf(before, sizeof before, "%s", status_of(session->user));
    faults_begin(faulty);
    int error = circle_try_say(&session->visit, text);
    faults_allocation(0, 0);
    text_drop(text);
    ck_assert(error == 0 || (faulty && error == -ENOMEM));
    if (error == 0) {
        session->status = status;
        session->spoke = now;
    }
    expect_told(session->user, '=', status_of(session->user), strcmp(before, status_of(session->user)) != 0, NULL);
}

static void
random_ask(void)
{
    int64_t users[LIST_MAX];
    bool lists[2 * USERS];
    uint32_t count = random_list(-1, users, lists);

    ck_assert_int_eq(circle_try_ask(random_below(WORKERS), users, count, &snapshot), 0);
    expect_model_snapshot(users, count, -1, nobody);
}

/* A session that is there does something; most often it leaves. */
static void
random_act(struct session *session, bool faulty)
{
    switch (random_below(12)) {
    case 0: random_relist(session, faulty); break;
    case 1:
    case 2: random_follow(session, faulty); break;
    case 3: random_unfollow(session, faulty); break;
    case 4:
    case 5: random_say(session, faulty); break;
    case 6: random_ask(); break;
    default: random_logout(session, session->lists);
    }
}

static void
run(bool faulty)
{
    unsigned operations = pace_scaled(OPERATIONS);

    for (unsigned operation = 0; operation < operations; operation++) {
        struct session *session = &sessions[random_below(SESSIONS)];

        now++;
        if (!session->there)
            random_login(session, faulty);
        else
            random_act(session, faulty);
        if (operation % 64 == 0)
            expect_model_census();
    }
    for (int i = 0; i < SESSIONS; i++)
        if (sessions[i].there)
            random_logout(&sessions[i], sessions[i].lists);
    expect_census(0, 0, 0, 0);
    snapshot_done(&snapshot);
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
