/* SPDX-License-Identifier: MIT
 *
 * News in the JSON-RPC dialect, and how it is merged for who does not read.
 */
#include "presence/changes.h"
#include "presence/rpc.h"

#include "net/session_internal.h"
#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/require.h"
#include "support/unit/rpc.h"
#include "transport/tcp.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ["first", first + 1, ...] */
static const char *
list_of(int first, int count)
{
    static char list[1 << 16];
    char *at = list;

    for (int i = 0; i < count; i++)
        at += sprintf(at, "%s%d", i == 0 ? "" : ", ", first + i);
    *at = '\0';
    return list;
}

START_TEST(what_comes_in_one_turn_is_told_in_one_line)
{
    struct actor *watcher = rpc_login(0, "1", "2, 3, 4", "");

    stage_login(1, 2, NULL);
    stage_login(2, 3, NULL);
    stage_end_input(stage_login(1, 4, NULL));
    stage_settle();
    stage_expect(watcher, "<2+,3+,4-closed>");
}
END_TEST

/* Whoever does not read has at most one change for each user waiting, the newest; all the rest costs nothing. */
START_TEST(a_blocked_client_is_told_the_newest_of_each)
{
    enum { FRIENDS = 200, FLAPS = 20 };
    struct actor *watcher = rpc_login(0, "1", list_of(1000, FRIENDS), "");
    int asked = rpc_ask_until_blocked(watcher);
    uint32_t queued = watcher->session->queue.count;
    const char *heard;
    char word[64];

    for (int flap = 0; flap < FLAPS; flap++) {
        for (int i = 0; i < FRIENDS; i++) {
            struct actor *friend = stage_connect(1);

            stage_hello(friend, 1000 + i, NULL);
            stage_settle();
            if (i % 2 == 1 && flap + 1 == FLAPS)
                continue; /* it stays */
            stage_lose(friend);
            stage_settle();
            stage_forget_last();
        }
        REQUIRE(changes_count(stage_client(watcher)->changes) == FRIENDS, "%u changes", changes_count(stage_client(watcher)->changes));
        REQUIRE(watcher->session->queue.count == queued, "the queue has grown");
    }
    heard = stage_heard_out(watcher);
    ck_assert_int_eq(rpc_count(heard, "1:pong"), asked);
    ck_assert_ptr_null(stage_client(watcher)->changes);
    for (int i = 0; i < FRIENDS; i++) {
        sprintf(word, "%d%s", 1000 + i, i % 2 == 0 ? "-closed" : "+");
        REQUIRE(rpc_count(heard, word) == 1, "%s: %d times", word, rpc_count(heard, word));
        sprintf(word, "%d%s", 1000 + i, i % 2 == 0 ? "+" : "-");
        REQUIRE(rpc_count(heard, word) == 0, "%s: %d times", word, rpc_count(heard, word));
    }
    ck_assert(stage_is_read(watcher));
    rpc_expect(watcher, "ping", NULL, "1:pong");
}
END_TEST

/* A socket that takes so many bytes more. */
static size_t narrow_room;

static ssize_t
narrow_send(int descriptor, const char *bytes, size_t length)
{
    size_t part = length < narrow_room ? length : narrow_room;

    narrow_room -= part;
    return part == 0 ? -EAGAIN : transport_tcp.send(descriptor, bytes, part);
}

/* Follows 2, 3 and 4 through such a socket; they are there. */
static struct actor *
narrow_watcher(struct actor *friends[3])
{
    static struct transport narrow;
    struct actor *watcher = rpc_login(0, "1", "2, 3, 4", "");

    narrow = transport_tcp;
    narrow.send = narrow_send;
    narrow.is_plain = false;
    watcher->session->transport = &narrow;
    narrow_room = SIZE_MAX;
    for (int i = 0; i < 3; i++)
        friends[i] = rpc_login(1, (const char *[]){"2", "3", "4"}[i], "", "");
    stage_settle();
    (void)stage_heard(watcher);
    return watcher;
}

static void
all_set(struct actor *friends[3], const char *status)
{
    char params[32];

    snprintf(params, sizeof params, "'status': '%s'", status);
    for (int i = 0; i < 3; i++)
        rpc_call(friends[i], "status", params, NULL);
    stage_settle();
}

/* The socket has room again. */
static const char *
heard_after_all(struct actor *watcher)
{
    narrow_room = SIZE_MAX;
    stage_room(watcher);
    stage_settle();
    return stage_heard(watcher);
}

/*
 * Wherever the socket's room ends within a notification: the changes that have begun to leave are told to their end, the others give way to newer ones, and
 * nothing else waits in the queue.
 */
START_TEST(what_has_not_left_gives_way_wherever_the_room_ends)
{
    static const char *const expected[] = {
        "<2+=b,3+=b,4+=b>", "<2+=a> <3+=b,4+=b,2+=b>", "<2+=a,3+=a> <4+=b,2+=b,3+=b>", "<2+=a,3+=a,4+=a> <2+=b,3+=b,4+=b>"};
    const struct desk *desk = &stage.presence->desks[0];
    struct actor *friends[3], *watcher = narrow_watcher(friends);
    size_t all, change;

    all_set(friends, "a");
    stage_expect(watcher, "<2+=a,3+=a,4+=a>");
    all = stage.heard_bytes;
    change = (all - desk->changes_begin - desk->changes_end - 4) / 3;
    for (size_t room = 0; room <= all; room++) {
        uint32_t begun = room == 0 ? 0 : 1 + (room > desk->changes_begin + change) + (room > desk->changes_begin + 2 * change + 2);
        const char *heard;

        all_set(friends, "c");
        (void)stage_heard(watcher);
        narrow_room = room;
        all_set(friends, "a");
        REQUIRE(
            changes_count(stage_client(watcher)->changes) == 3 - begun, "room for %zu: %u wait", room, changes_count(stage_client(watcher)->changes));
        all_set(friends, "d");
        all_set(friends, "b");
        REQUIRE(watcher->session->queue.count == (room > 0 && room < all), "room for %zu: %u in the queue", room, watcher->session->queue.count);
        heard = heard_after_all(watcher);
        REQUIRE(strcmp(heard, expected[begun]) == 0, "room for %zu: %s", room, heard);
        ck_assert_ptr_null(stage_client(watcher)->changes);
    }
}
END_TEST

/* The same for several whose notifications leave in one system call, as far as this machine's kernel has a ring for us. */
START_TEST(what_has_not_left_together_gives_way_too)
{
    enum { WATCHERS = 5 };
    static const char *const expected[] = {NULL, "<2+=a> <3+=b,4+=b,2+=b>", "<2+=a,3+=a> <4+=b,2+=b,3+=b>", "<2+=a,3+=a,4+=a> <2+=b,3+=b,4+=b>"};
    const struct desk *desk = &stage.presence->desks[0];
    struct actor *friends[3], *watchers[WATCHERS];
    size_t all, change;

    for (int i = 0; i < 3; i++)
        friends[i] = rpc_login(1, (const char *[]){"2", "3", "4"}[i], "", "");
    for (int i = 0; i < WATCHERS; i++)
        watchers[i] = rpc_login(0, (const char *[]){"11", "12", "13", "14", "15"}[i], "2, 3, 4", "2,3,4");
    all_set(friends, "a");
    stage_expect(watchers[0], "<2+=a,3+=a,4+=a>");
    all = stage.heard_bytes;
    change = (all - desk->changes_begin - desk->changes_end - 4) / 3;
    for (int begun = 1; begun <= 3; begun++) {
        all_set(friends, "c");
        for (int i = 0; i < WATCHERS; i++)
            (void)stage_heard(watchers[i]);
        if (stage.workers[0].ring == NULL)
            return;
        faults_ring_short(begun == 1 ? 1 : (int)(desk->changes_begin + (unsigned)(begun - 1) * (change + 2)));
        all_set(friends, "a");
        all_set(friends, "d");
        all_set(friends, "b");
        for (int i = 0; i < WATCHERS; i++) {
            ck_assert(watchers[i]->session->blocked);
            ck_assert_uint_eq(watchers[i]->session->queue.count, 1);
        }
        for (int i = 0; i < WATCHERS; i++) {
            stage_room(watchers[i]);
            stage_settle();
            stage_expect(watchers[i], expected[begun]);
            ck_assert_ptr_null(stage_client(watchers[i])->changes);
        }
    }
}
END_TEST

/* Nothing is written to a peer that is known to be lost: that would find another reason. What waits for it is forgotten. */
START_TEST(who_is_lost_is_not_written_to)
{
    struct worker *worker = &stage.workers[0];
    struct actor *friends[3], *watcher = narrow_watcher(friends);
    uint64_t writes;

    narrow_room = 0;
    all_set(friends, "a");
    watcher->session->transport = &transport_tcp;
    watcher->session->timed_out = true;
    writes = counter_read(&worker->counters.writes);
    session_mute(worker, watcher->session);
    stage_settle();
    ck_assert_uint_eq(counter_read(&worker->counters.writes), writes);
    ck_assert(watcher->session->timed_out);
    ck_assert_ptr_null(stage_client(watcher)->changes);
    all_set(friends, "b");
    ck_assert_ptr_null(stage_client(watcher)->changes);
    ck_assert_uint_eq(counter_read(&worker->counters.writes), writes);
}
END_TEST

/* Of somebody who is not followed any more nothing waits, nor when it is followed again. */
START_TEST(what_has_not_left_is_forgotten_with_the_friend)
{
    struct actor *friends[3], *watcher = narrow_watcher(friends);

    narrow_room = 1;
    all_set(friends, "a");
    all_set(friends, "b");
    rpc_say(watcher,
        "[{'jsonrpc': '2.0', 'method': 'unfollow', 'params': {'friends': [2, 3]}, 'id': 1},"
        " {'jsonrpc': '2.0', 'method': 'follow', 'params': {'friends': [3]}, 'id': 2}]");
    stage_settle();
    ck_assert_str_eq(heard_after_all(watcher), "<2+=a> (1:{},2:[3=b]) <4+=b>");
}
END_TEST

/* The notification that has begun is told to its end before the last word, and when the server stops, or is drained, all others are too. */
START_TEST(what_has_begun_is_finished_before_the_end)
{
    struct actor *friends[3], *watcher = narrow_watcher(friends);

    narrow_room = 1;
    all_set(friends, "a");
    rpc_say(watcher, "}");
    ck_assert_str_eq(heard_after_all(watcher), "<2+=a> null:-32700/bad_json .");

    stage_close();
    stage_open_three();
    watcher = narrow_watcher(friends);
    narrow_room = 1;
    all_set(friends, "c");
    all_set(friends, "d");
    presence_handler.stopping(stage.presence, &stage.workers[0], watcher->session);
    ck_assert_str_eq(heard_after_all(watcher), "<2+=c> <3+=d,4+=d,2+=d> null:-32000/shutting_down .");

    stage_close();
    stage_open_three();
    watcher = narrow_watcher(friends);
    narrow_room = 1;
    all_set(friends, "e");
    all_set(friends, "f");
    presence_handler.draining(stage.presence, &stage.workers[0], watcher->session, 1234);
    ck_assert_str_eq(heard_after_all(watcher), "<2+=e> <3+=f,4+=f,2+=f> <drain:1234> .");
}
END_TEST

/* The answers have left, so it is read from again, and in the same step news fills the socket: the poller is asked for both. */
START_TEST(who_is_read_from_again_still_waits_for_room)
{
    struct actor *friends[3], *watcher = narrow_watcher(friends);

    narrow_room = 0;
    all_set(friends, "a");
    rpc_call(watcher, "ping", NULL, "1");
    stage_settle();
    ck_assert(!stage_is_read(watcher));
    ck_assert_uint_eq(watcher->session->interest, INTEREST_WRITE);
    narrow_room = strlen("{\"jsonrpc\": \"2.0\", \"result\": \"pong\", \"id\": 1}\n") + 1;
    stage_room(watcher);
    stage_settle();
    ck_assert(stage_is_read(watcher));
    ck_assert_uint_eq(watcher->session->interest, INTEREST_READ | INTEREST_WRITE);
    ck_assert_str_eq(heard_after_all(watcher), "1:pong <2+=a> <3+=a,4+=a>");
    ck_assert_uint_eq(watcher->session->interest, INTEREST_READ);
}
END_TEST

/* What has begun and cannot be finished, because there is no memory to keep it, costs the connection, and nothing is said in the middle of a line. */
START_TEST(without_memory_for_the_rest_the_connection_is_given_up)
{
    enum { ROOM = 100 };
    int given_up = 0;

    for (long nth = 1;; nth++) {
        struct actor *friends[3], *watcher = narrow_watcher(friends);
        char bytes[ROOM + 1];
        bool failed;

        for (int i = 0; i < 3; i++)
            rpc_call(friends[i], "status", "'status': 'a'", NULL);
        narrow_room = ROOM;
        queue_pool_trim(&stage.workers[0].pool, 0);
        faults_allocation(nth, 0);
        (void)stage_turn(0);
        failed = faults_allocations() >= nth;
        faults_allocation(0, 0);
        if (!failed) {
            ck_assert_str_eq(heard_after_all(watcher), "<2+=a> <3+=a,4+=a>");
            break;
        }
        if (watcher->session->mute) {
            given_up++;
            ck_assert_int_eq(recv(watcher->peer, bytes, sizeof bytes, 0), ROOM);
            ck_assert_int_eq(recv(watcher->peer, bytes, sizeof bytes, 0), 0);
            ck_assert_ptr_null(stage_client(watcher)->changes);
            ck_assert(stage_is_read(watcher)); /* which finds the end */
        } else {
            ck_assert_str_eq(heard_after_all(watcher), "null:-32000/server_full .");
        }
        stage_close();
        stage_open_three();
    }
    ck_assert_int_eq(given_up, 1);
}
END_TEST

START_TEST(a_status_is_merged_too)
{
    struct actor *watcher = rpc_login(0, "1", "2", ""), *client = rpc_login(1, "2", "", "");

    stage_expect(watcher, "<2+>");
    (void)rpc_ask_until_blocked(watcher);
    rpc_call(client, "status", "'status': 'a'", NULL);
    rpc_call(client, "status", "'status': 'b'", NULL);
    stage_settle();
    rpc_call(client, "status", "'status': 'c'", NULL);
    stage_settle();
    ck_assert_uint_eq(changes_count(stage_client(watcher)->changes), 1);

    const char *heard = stage_heard_out(watcher);

    ck_assert_int_eq(rpc_count(heard, "<2+=c>"), 1);
    ck_assert_int_eq(rpc_count(heard, "<"), 1);
}
END_TEST

static Suite *
news_suite(void)
{
    Suite *suite = suite_create("rpc_news");
    TCase *tests = tcase_create("rpc_news");

    tcase_add_checked_fixture(tests, stage_open_three, stage_close);
    tcase_set_timeout(tests, 10 * pace_test_timeout_s());
    tcase_add_test(tests, what_comes_in_one_turn_is_told_in_one_line);
    tcase_add_test(tests, a_blocked_client_is_told_the_newest_of_each);
    tcase_add_test(tests, what_has_not_left_gives_way_wherever_the_room_ends);
    tcase_add_test(tests, what_has_not_left_together_gives_way_too);
    tcase_add_test(tests, who_is_lost_is_not_written_to);
    tcase_add_test(tests, what_has_not_left_is_forgotten_with_the_friend);
    tcase_add_test(tests, what_has_begun_is_finished_before_the_end);
    tcase_add_test(tests, who_is_read_from_again_still_waits_for_room);
    tcase_add_test(tests, without_memory_for_the_rest_the_connection_is_given_up);
    tcase_add_test(tests, a_status_is_merged_too);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(news_suite());
}
