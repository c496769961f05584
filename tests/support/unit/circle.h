/* SPDX-License-Identifier: MIT
 *
 * A circle of friends, for tests of the graph alone: a graph whose publisher writes down who is told what. There is one circle at a time.
 *
 * What a session heard is read as text: "2+ 3-" says that it was told of user 2's arrival, then of user 3's departure; "2+away" that 2 came
 * with a status, "2=busy" and "2=" that its status became another and none. Each word is read once, so that circle_unheard() says whether
 * anybody was told something that the test did not ask for. A departure is read with its reason when it is not LEAVE_CLOSED: "2-goodbye".
 */
#ifndef SUPPORT_UNIT_CIRCLE_H
#define SUPPORT_UNIT_CIRCLE_H

#include "graph/graph.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CIRCLE_WORKERS_MAX = 4,
    CIRCLE_SLOTS_MAX = 1 << 15, /* sessions of one worker at the same time */
};

/* A friend list, as two arguments: the users and how many. */
#define FRIENDS(...) ((const int64_t[]){__VA_ARGS__}), (uint32_t)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))
#define NO_FRIENDS NULL, 0

/* Such a number stands for the user whose id is the string of these digits, and is read as "\"7\"+"; the others are integers. */
#define NAMED(number) ((int64_t)(NAMED_HIGH << 32 | (number)))
#define NAMED_HIGH UINT64_C(0x4e616d65)
enum { NAMES_MAX = 256 };

struct visit {
    struct handle handle;
    int64_t user;
    uint32_t worker;
    uint32_t member;
    bool transition;        /* what login, and then logout, said about it */
    struct handle replaced; /* whose place it took, generation 0: nobody's */
    bool absent;            /* it was lost, and its user stays for a while */
};

/* Begins a circle on this many workers. Everything here is called on one thread. */
void circle_open(uint32_t workers);
/* Frees the graph, whoever is still in it. */
void circle_close(void);

/* A session of a user begins. 0, or the graph's error; then *visit names no session. */
int circle_try_come(struct visit *visit, uint32_t worker, int64_t user, const int64_t *friends, uint32_t count);
int circle_try_relist(const struct visit *visit, const int64_t *friends, uint32_t count);
int circle_try_leave(struct visit *visit);
/* It is lost: visit->absent says whether it must leave yet; if not, it has ended. */
int circle_try_lose(struct visit *visit);

/* The same where it must not fail. */
struct visit come(uint32_t worker, int64_t user, const int64_t *friends, uint32_t count);
void relist(const struct visit *visit, const int64_t *friends, uint32_t count);
void leave(struct visit *visit);
/* Returns visit->absent. */
bool lose(struct visit *visit);

/* The same with all that a session can say; the status is the caller's, and the snapshot may be NULL. */
int circle_try_enter(struct visit *visit, uint32_t worker, int64_t user, const int64_t *friends, uint32_t count, bool follows_only,
    struct text *status, struct snapshot *snapshot);
int circle_try_follow(const struct visit *visit, const int64_t *friends, uint32_t count, uint32_t most, struct snapshot *snapshot);
/* *ended counts the edges that ended. */
int circle_try_unfollow(const struct visit *visit, const int64_t *friends, uint32_t count, uint32_t *ended);
uint32_t circle_unlist(const struct visit *visit);
int circle_try_say(const struct visit *visit, struct text *status);
int circle_try_ask(uint32_t worker, const int64_t *users, uint32_t count, struct snapshot *snapshot);
/* Leaving from now on gives this reason; LEAVE_CLOSED in a new circle. */
void circle_reason(enum leave_reason reason);

/* Where it must not fail. A session that follows only, with a status or NULL; and a status or NULL. */
struct visit enter(uint32_t worker, int64_t user, const int64_t *friends, uint32_t count, const char *status, struct snapshot *snapshot);
void follow(const struct visit *visit, const int64_t *friends, uint32_t count, struct snapshot *snapshot);
/* Returns how many edges ended. */
uint32_t unfollow(const struct visit *visit, const int64_t *friends, uint32_t count);
void say(const struct visit *visit, const char *status);
/* A snapshot as text, and empties it: "0 2away" says that those at places 0 and 2 were online, the latter with a status. */
const char *circle_snapshot(struct snapshot *snapshot);

/* What this session was told since the last time; valid until the next call. */
const char *circle_heard(const struct visit *visit);
/* How many words were told to anybody that circle_heard has not given yet; and forgets them. */
size_t circle_unheard(void);
/* How many sessions were told of the latest transition that anybody was told of, and whether this one was. */
size_t circle_latest_audience(void);
bool circle_latest_told(const struct visit *visit);

/* When the latest transition that anybody was told of happened. */
uint64_t circle_latest_at_ms(void);

/* What the graph holds. */
struct graph_census circle_census(void);

/* This session heard exactly this. */
#define expect_heard(visit, text) ck_assert_str_eq(circle_heard(visit), (text))
/* A snapshot holds exactly this. */
#define expect_snapshot(snapshot, text) ck_assert_str_eq(circle_snapshot(snapshot), (text))
/* Nobody heard anything else. */
#define expect_silence() ck_assert_uint_eq(circle_unheard(), 0)
/* So many users are known, online, watched (an edge each) and logged in (a member each session). */
#define expect_census(known, online, edge_count, member_count) \
    do {                                                       \
        struct graph_census census_now = circle_census();      \
        ck_assert_uint_eq(census_now.users, (known));          \
        ck_assert_uint_eq(census_now.users_online, (online));  \
        ck_assert_uint_eq(census_now.edges, (edge_count));     \
        ck_assert_uint_eq(census_now.members, (member_count)); \
    } while (0)

#endif
