/* SPDX-License-Identifier: MIT
 *
 * News in the JSON-RPC dialect: how it is merged for who does not read, how it fits together with snapshots and with unfollowing, what
 * the two dialects hear of each other, and how who does not read the answers is held back.
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
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
begin(void)
{
    stage_open(3);
}

static void
end(void)
{
    stage_close();
}

static struct client *
client_at(const struct actor *actor)
{
    return client_of(actor->session);
}

static void
expect_call(struct actor *actor, const char *method, const char *params, const char *answer)
{
    rpc_call(actor, method, params, "1");
    stage_settle();
    stage_expect(actor, answer);
}

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

/* Asks until the socket takes no more of the answers. Returns how many were asked for. */
static int
ask_until_blocked(struct actor *actor)
{
    int asked = 0;

    stage_shrink(actor);
    while (!actor->session->blocked) {
        REQUIRE(asked < 100000, "its socket takes everything");
        rpc_call(actor, "ping", NULL, "1");
        stage_settle();
        asked++;
    }
    return asked;
}

/* How many times a word is in what was heard. */
static int
count_of(const char *heard, const char *word)
{
    int count = 0;

    for (const char *at = heard; (at = strstr(at, word)) != NULL; at += strlen(word))
        count++;
    return count;
}

/* ---- Merging ---- */

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
    int asked = ask_until_blocked(watcher);
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
        REQUIRE(changes_count(client_at(watcher)->changes) == FRIENDS, "%u changes", changes_count(client_at(watcher)->changes));
        REQUIRE(watcher->session->queue.count == queued, "the queue has grown");
    }
    heard = stage_heard_out(watcher);
    ck_assert_int_eq(count_of(heard, "1:pong"), asked);
    ck_assert_ptr_null(client_at(watcher)->changes);
    for (int i = 0; i < FRIENDS; i++) {
        sprintf(word, "%d%s", 1000 + i, i % 2 == 0 ? "-closed" : "+");
        REQUIRE(count_of(heard, word) == 1, "%s: %d times", word, count_of(heard, word));
        sprintf(word, "%d%s", 1000 + i, i % 2 == 0 ? "+" : "-");
        REQUIRE(count_of(heard, word) == 0, "%s: %d times", word, count_of(heard, word));
    }
    ck_assert(stage_is_read(watcher));
    expect_call(watcher, "ping", NULL, "1:pong");
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
        REQUIRE(changes_count(client_at(watcher)->changes) == 3 - begun, "room for %zu: %u wait", room, changes_count(client_at(watcher)->changes));
        all_set(friends, "d");
        all_set(friends, "b");
        REQUIRE(watcher->session->queue.count == (room > 0 && room < all), "room for %zu: %u in the queue", room, watcher->session->queue.count);
        heard = heard_after_all(watcher);
        REQUIRE(strcmp(heard, expected[begun]) == 0, "room for %zu: %s", room, heard);
        ck_assert_ptr_null(client_at(watcher)->changes);
    }
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

/* The notification that has begun is told to its end before the last word, and when the server stops all others are too. */
START_TEST(what_has_begun_is_finished_before_the_end)
{
    struct actor *friends[3], *watcher = narrow_watcher(friends);

    narrow_room = 1;
    all_set(friends, "a");
    rpc_say(watcher, "}");
    ck_assert_str_eq(heard_after_all(watcher), "<2+=a> null:-32700/bad_json .");

    end();
    begin();
    watcher = narrow_watcher(friends);
    narrow_room = 1;
    all_set(friends, "c");
    all_set(friends, "d");
    presence_handler.stopping(stage.presence, &stage.workers[0], watcher->session);
    ck_assert_str_eq(heard_after_all(watcher), "<2+=c> <3+=d,4+=d,2+=d> null:-32000/shutting_down .");
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
            ck_assert_ptr_null(client_at(watcher)->changes);
            ck_assert(stage_is_read(watcher)); /* which finds the end */
        } else {
            ck_assert_str_eq(heard_after_all(watcher), "null:-32000/server_full .");
        }
        end();
        begin();
    }
    ck_assert_int_eq(given_up, 1);
}
END_TEST

START_TEST(a_status_is_merged_too)
{
    struct actor *watcher = rpc_login(0, "1", "2", ""), *client = rpc_login(1, "2", "", "");

    stage_expect(watcher, "<2+>");
    (void)ask_until_blocked(watcher);
    rpc_call(client, "status", "'status': 'a'", NULL);
    rpc_call(client, "status", "'status': 'b'", NULL);
    stage_settle();
    rpc_call(client, "status", "'status': 'c'", NULL);
    stage_settle();
    ck_assert_uint_eq(changes_count(client_at(watcher)->changes), 1);

    const char *heard = stage_heard_out(watcher);

    ck_assert_int_eq(count_of(heard, "<2+=c>"), 1);
    ck_assert_int_eq(count_of(heard, "<"), 1);
}
END_TEST

/* ---- Following and unfollowing with news under way ---- */

START_TEST(after_unfollow_nothing_more_is_told)
{
    struct actor *watcher = rpc_login(0, "1", "2, 3", "");

    stage_login(1, 2, NULL); /* news under way to worker 0 */
    stage_login(1, 3, NULL);
    rpc_call(watcher, "unfollow", "'friends': [2]", "1");
    stage_write(0);
    stage_expect(watcher, "1:{}");
    stage_settle();
    stage_expect(watcher, "<3+>");
}
END_TEST

/* The same when the news has come in and only waits for room. */
START_TEST(after_unfollow_nothing_is_told_that_waited)
{
    struct actor *watcher = rpc_login(0, "1", "2, 3", "");
    const char *heard;

    (void)ask_until_blocked(watcher);
    stage_login(1, 2, NULL);
    stage_login(1, 3, NULL);
    stage_settle();
    ck_assert_uint_eq(changes_count(client_at(watcher)->changes), 2);
    heard = stage_heard_out(watcher);
    ck_assert_int_eq(count_of(heard, "<2+,3+>"), 1);

    stage_login(2, 7, NULL);
    rpc_call(watcher, "follow", "'friends': [4]", NULL);
    stage_login(1, 4, NULL);
    stage_take_mail(0);
    (void)stage_tell(0);
    ck_assert_uint_eq(changes_count(client_at(watcher)->changes), 1);
    rpc_call(watcher, "unfollow", "'friends': [4]", "8");
    ck_assert_uint_eq(changes_count(client_at(watcher)->changes), 0);
    stage_settle();
    stage_expect(watcher, "8:{}");
}
END_TEST

START_TEST(unfollow_and_follow_in_one_batch_hear_no_old_news)
{
    struct actor *watcher = rpc_login(0, "1", "2, 3", ""), *two;

    two = stage_login(1, 2, NULL);
    rpc_say(watcher,
        "[{'jsonrpc': '2.0', 'method': 'unfollow', 'params': {'friends': [2]}, 'id': 1},"
        " {'jsonrpc': '2.0', 'method': 'follow', 'params': {'friends': [2]}, 'id': 2}]");
    stage_settle();
    stage_expect(watcher, "(1:{},2:[2])");
    stage_end_input(two);
    rpc_say(watcher,
        "[{'jsonrpc': '2.0', 'method': 'unfollow', 'params': {'friends': [2]}, 'id': 1},"
        " {'jsonrpc': '2.0', 'method': 'follow', 'params': {'friends': [2]}, 'id': 2}]");
    stage_settle();
    stage_expect(watcher, "(1:{},2:[])");
    ck_assert_uint_eq(stage_census().edges, 2);
    stage_login(1, 2, NULL);
    stage_settle();
    stage_expect(watcher, "<2+>");
}
END_TEST

/* Old news is told by its mail, not by its user: what comes after the user is followed again is new. */
START_TEST(news_never_overtakes_its_snapshot)
{
    struct actor *watcher = rpc_login(0, "1", "3", "");

    stage_login(1, 3, NULL); /* old for whoever follows 3 from now on */
    rpc_say(watcher,
        "[{'jsonrpc': '2.0', 'method': 'follow', 'params': {'friends': [2]}, 'id': 1},"
        " {'jsonrpc': '2.0', 'method': 'unfollow', 'params': {'friends': [3]}, 'id': 2},"
        " {'jsonrpc': '2.0', 'method': 'follow', 'params': {'friends': [3]}, 'id': 3}]");
    stage_login(1, 2, NULL);
    stage_settle();
    stage_expect(watcher, "(1:[],2:{},3:[3]) <2+>");
    ck_assert_ptr_nonnull(client_at(watcher)->old_news);
    rpc_call(watcher, "ping", NULL, "5");
    ck_assert_ptr_null(client_at(watcher)->old_news); /* it has passed, so it costs nothing any more */
}
END_TEST

START_TEST(an_arrival_is_in_the_snapshot_or_told_and_never_both)
{
    struct actor *watcher = rpc_login(0, "1", "", "");

    stage_login(1, 2, NULL); /* before */
    rpc_call(watcher, "follow", "'friends': [2, 3]", "1");
    stage_login(1, 3, NULL); /* after */
    stage_settle();
    stage_expect(watcher, "1:[2] <3+>");
}
END_TEST

/* Nobody is unfollowed, so there is nothing to wait for, whatever the session has waited for before. */
START_TEST(unfollowing_nobody_waits_for_nothing)
{
    struct actor *watcher = rpc_login(0, "1", "2", "");

    stage_login(1, 2, NULL);
    rpc_call(watcher, "unfollow", "'friends': [9]", "1");
    ck_assert(stage_is_read(watcher));
    stage_write(0);
    stage_expect(watcher, "1:{}");
    stage_settle();
    stage_expect(watcher, "<2+>");
}
END_TEST

/* ---- Two dialects ---- */

START_TEST(the_dialects_are_friends_of_each_other)
{
    struct actor *classic = stage_login(0, 1, "2"), *modern = rpc_login(1, "2", "1", "1");

    stage_settle();
    stage_expect(classic, "+");
    rpc_call(modern, "status", "'status': 'away'", NULL);
    stage_settle();
    stage_expect(classic, ""); /* hears nothing of statuses */
    stage_receive(classic, "{\"online\": false}");
    stage_settle();
    stage_expect(modern, "<1-goodbye>");
    classic = stage_login(0, 1, "2");
    stage_settle();
    stage_expect(modern, "<1+>");
    rpc_call(modern, "logout", NULL, NULL);
    stage_settle();
    stage_expect(classic, "-");
}
END_TEST

/* Rule 2: whom the leaver listed is told of the departure, unless it speaks JSON-RPC, which hears of exactly those it follows. */
START_TEST(whom_a_leaver_listed_hears_of_it_only_in_the_classic_dialect)
{
    struct actor *classic = stage_login(0, 1, NULL), *modern = rpc_login(0, "2", "", ""), *leaver;

    for (int way = 0; way < 2; way++) {
        if (way == 0)
            leaver = stage_login(1, 3, "1, 2");
        else
            leaver = rpc_login(1, "3", "1, 2", "1,2");
        stage_settle();
        stage_lose(leaver);
        stage_settle();
        stage_expect(classic, "-");
        stage_expect(modern, "");
    }
}
END_TEST

START_TEST(a_user_may_speak_both)
{
    struct actor *watcher = rpc_login(2, "9", "1", ""), *classic = stage_login(0, 1, "2"), *modern = rpc_login(1, "1", "3", "");

    stage_login(2, 2, NULL);
    stage_login(2, 3, NULL);
    stage_settle();
    stage_expect(classic, "+");
    stage_expect(modern, "<3+>");
    stage_end_input(classic);
    stage_settle();
    stage_expect(watcher, "<1+>");
    rpc_call(modern, "logout", NULL, NULL);
    stage_settle();
    stage_expect(watcher, "<1-goodbye>");
}
END_TEST

/* ---- Celebrities ---- */

enum { CROWD = NEWS_SLICE + 20 };

/* A crowd on worker 0 that follows user 1, who logs in; the news of it is under way, and more than one slice. */
static struct actor *
celebrity_comes(struct actor **crowd, bool by_datagram)
{
    struct actor *star;

    for (int i = 0; i < CROWD; i++) {
        char user[8];

        sprintf(user, "%d", 1000 + i);
        crowd[i] = rpc_login(0, user, "1", "");
    }
    star = by_datagram ? stage_correspond(1) : stage_connect(1);
    rpc_call(star, "login", "'user_id': 1, 'friends': [], 'token': 'so that the answer is no longer than three times this'", "0");
    stage_take_mail(0);
    ck_assert(stage_tell(0));
    stage_turn(1);
    stage_expect(star, "0:hi[]");
    return star;
}

static void
expect_crowd(struct actor **crowd, const char *text)
{
    for (int i = 0; i < CROWD; i++)
        REQUIRE(strcmp(stage_heard(crowd[i]), text) == 0, "number %d did not hear %s", i, text);
}

START_TEST(a_celebritys_status_waits_for_its_older_news)
{
    struct actor *crowd[CROWD], *star = celebrity_comes(crowd, false);

    rpc_say(star,
        "[{'jsonrpc': '2.0', 'method': 'ping', 'id': 1}, {'jsonrpc': '2.0', 'method': 'status', 'params': {'status': 'x'}, 'id': 2},"
        " {'jsonrpc': '2.0', 'method': 'unfollow', 'params': {'friends': [7]}, 'id': 3}]");
    stage_turn(1);
    stage_expect(star, "");
    ck_assert(!stage_is_read(star));
    stage_settle();
    stage_pass_ms(1);
    stage_expect(star, "(1:pong,2:{},3:{})");
    ck_assert(stage_is_read(star));
    expect_crowd(crowd, "<1+> <1+=x>");
}
END_TEST

/* A long batch may wait for news, too, between two of its slices. */
START_TEST(a_celebritys_status_in_a_long_batch_waits)
{
    static char text[1 << 16];
    struct actor *crowd[CROWD], *star = celebrity_comes(crowd, false);

    snprintf(text, sizeof text,
        "[{'jsonrpc': '2.0', 'method': 'status', 'params': {'status': 'x'}, 'id': 1},%20000s{'jsonrpc': '2.0', 'method': 'ping', 'id': 2},%20000s"
        "{'jsonrpc': '2.0', 'method': 'status', 'params': {'status': 'y'}, 'id': 3}]",
        "", "");
    rpc_say(star, text);
    for (int i = 0; i < 5; i++)
        stage_turn(1);
    stage_expect(star, "");
    ck_assert(!list_is_empty(&stage.presence->desks[1].braked));
    stage_settle();
    stage_pass_ms(1);
    for (int i = 0; i < 2; i++) { /* the first status is news of a celebrity, and the second waits for it */
        stage_settle();
        stage_pass_ms(1);
    }
    stage_expect(star, "(1:{},2:pong,3:{})");
    ck_assert(stage_is_read(star));
    expect_crowd(crowd, "<1+> <1+=x> <1+=y>");
}
END_TEST

START_TEST(a_celebrity_may_end_while_its_batch_waits)
{
    struct actor *crowd[CROWD], *star = celebrity_comes(crowd, false);

    rpc_say(star,
        "[{'jsonrpc': '2.0', 'method': 'ping', 'id': 1}, {'jsonrpc': '2.0', 'method': 'status', 'params': {'status': 'x'}, 'id': 2},"
        " {'jsonrpc': '2.0', 'method': 'logout', 'id': 3}] {'jsonrpc'");
    ck_assert(!stage_is_read(star));
    stage_lose(star);
    stage_settle();
    stage_pass_ms(1);
    ck_assert_uint_eq(stage.presence->desks[1].unfinished, 0);
    expect_crowd(crowd, "<1+> <1-closed>");
}
END_TEST

START_TEST(a_celebritys_login_waits_for_its_older_news)
{
    struct actor *crowd[CROWD], *star = celebrity_comes(crowd, false);

    rpc_call(star, "logout", NULL, NULL);
    star = stage_connect(1);
    rpc_say(star,
        "[{'jsonrpc': '2.0', 'method': 'ping', 'id': 1}, {'jsonrpc': '2.0', 'method': 'login', 'params': {'user_id': 1}, 'id': 2}]"
        "{'jsonrpc': '2.0', 'method': 'ping', 'id': 3}");
    stage_turn(1);
    stage_expect(star, "");
    ck_assert(!stage_is_read(star));
    stage_settle();
    stage_pass_ms(1);
    stage_expect(star, "(1:pong,2:hi[]) 3:pong");
    for (int i = 0; i < CROWD; i++) {
        const char *heard = stage_heard(crowd[i]);

        REQUIRE(strcmp(heard + strlen(heard) - strlen("<1+>"), "<1+>") == 0, "number %d heard %s", i, heard);
    }
}
END_TEST

START_TEST(a_celebritys_login_again_with_a_status_waits_too)
{
    struct actor *crowd[CROWD], *star = celebrity_comes(crowd, true);
    static const char again[] = "'user_id': 1, 'friends': [], 'status': 'x', 'token': 'so that the answer is no longer than three times this'";

    rpc_call(star, "login", again, "1");
    stage_turn(1);
    stage_expect(star, "");
    stage_settle();
    stage_pass_ms(1);
    stage_expect(star, "1:hi[]");
    expect_crowd(crowd, "<1+> <1+=x>");
}
END_TEST

/* ---- Back-pressure ---- */

START_TEST(who_does_not_read_the_answers_is_not_read_from)
{
    struct actor *client = rpc_login(0, "1", "2", "");
    int asked = ask_until_blocked(client);
    const char *heard;

    rpc_call(client, "ping", NULL, "1"); /* the one that finds the socket blocked */
    stage_settle();
    ck_assert(!stage_is_read(client));
    stage_login(1, 2, NULL);
    stage_settle();
    heard = stage_heard_out(client);
    ck_assert_int_eq(count_of(heard, "1:pong"), asked + 1);
    ck_assert_int_eq(count_of(heard, "<2+>"), 1);
    ck_assert(stage_is_read(client));
    expect_call(client, "ping", NULL, "1:pong");
}
END_TEST

/* Errors under no id are answers, too. */
START_TEST(who_does_not_read_the_errors_is_not_read_from)
{
    struct actor *client = rpc_login(0, "1", "", "");

    (void)ask_until_blocked(client);
    rpc_say(client, "[]");
    ck_assert(!stage_is_read(client));
    (void)stage_heard_out(client);
    ck_assert(stage_is_read(client));
}
END_TEST

/* The message that it has begun is not late while it is we who do not read its end. */
START_TEST(who_is_not_read_from_is_not_too_late)
{
    struct actor *client = rpc_login(0, "1", "", "");
    char text[256];

    (void)ask_until_blocked(client);
    snprintf(text, sizeof text, "%s{\"jsonrpc\": \"2.0\", ", rpc_text("ping", NULL, "1"));
    stage_receive(client, text);
    ck_assert(!stage_is_read(client));
    stage_pass_ms(3 * STAGE_MESSAGE_MS);
    (void)stage_heard_out(client);
    ck_assert(stage_is_read(client));
    rpc_say(client, "'method': 'ping', 'id': 7}");
    stage_settle();
    stage_expect(client, "7:pong");
    rpc_say(client, "{");
    stage_pass_ms(STAGE_MESSAGE_MS);
    stage_expect(client, "null:-32000/message_timeout .");
}
END_TEST

/* A client that is not read from because of its answers, and is gone: reading finds it out. */
START_TEST(who_is_not_read_from_and_is_gone_is_noticed)
{
    struct actor *client = rpc_login(0, "1", "", "");

    (void)ask_until_blocked(client);
    rpc_call(client, "ping", NULL, "1");
    ck_assert(!stage_is_read(client));
    close(client->peer);
    client->peer = -1;
    stage_room(client);
    stage_settle();
    ck_assert(stage_is_read(client));
}
END_TEST

static Suite *
news_suite(void)
{
    Suite *suite = suite_create("rpc_news");
    TCase *tests = tcase_create("rpc_news");

    tcase_add_checked_fixture(tests, begin, end);
    tcase_set_timeout(tests, 10 * pace_test_timeout_s());
    tcase_add_test(tests, what_comes_in_one_turn_is_told_in_one_line);
    tcase_add_test(tests, a_blocked_client_is_told_the_newest_of_each);
    tcase_add_test(tests, what_has_not_left_gives_way_wherever_the_room_ends);
    tcase_add_test(tests, what_has_not_left_is_forgotten_with_the_friend);
    tcase_add_test(tests, what_has_begun_is_finished_before_the_end);
    tcase_add_test(tests, who_is_read_from_again_still_waits_for_room);
    tcase_add_test(tests, without_memory_for_the_rest_the_connection_is_given_up);
    tcase_add_test(tests, a_status_is_merged_too);
    tcase_add_test(tests, after_unfollow_nothing_more_is_told);
    tcase_add_test(tests, after_unfollow_nothing_is_told_that_waited);
    tcase_add_test(tests, unfollow_and_follow_in_one_batch_hear_no_old_news);
    tcase_add_test(tests, news_never_overtakes_its_snapshot);
    tcase_add_test(tests, an_arrival_is_in_the_snapshot_or_told_and_never_both);
    tcase_add_test(tests, unfollowing_nobody_waits_for_nothing);
    tcase_add_test(tests, the_dialects_are_friends_of_each_other);
    tcase_add_test(tests, whom_a_leaver_listed_hears_of_it_only_in_the_classic_dialect);
    tcase_add_test(tests, a_user_may_speak_both);
    tcase_add_test(tests, a_celebritys_status_waits_for_its_older_news);
    tcase_add_test(tests, a_celebritys_status_in_a_long_batch_waits);
    tcase_add_test(tests, a_celebrity_may_end_while_its_batch_waits);
    tcase_add_test(tests, a_celebritys_login_waits_for_its_older_news);
    tcase_add_test(tests, a_celebritys_login_again_with_a_status_waits_too);
    tcase_add_test(tests, who_does_not_read_the_answers_is_not_read_from);
    tcase_add_test(tests, who_does_not_read_the_errors_is_not_read_from);
    tcase_add_test(tests, who_is_not_read_from_is_not_too_late);
    tcase_add_test(tests, who_is_not_read_from_and_is_gone_is_noticed);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(news_suite());
}
