/* SPDX-License-Identifier: MIT
 *
 * What the calls of the JSON-RPC dialect do when there is no memory: each allocation of each call, and of the telling of news, fails, alone or
 * with all that come after it until the step is over. It may cost the session that asked, which is told so if that is possible; everybody else
 * hears the truth.
 */
#include "presence/rpc.h"

#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/require.h"
#include "support/unit/rpc.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

/* One who follows the user that is tried, on another worker; and the user's friends. */
static struct actor *watcher, *bob;
static bool is_online; /* the user, as far as the watcher knows */

/* What the watcher was told of the user, in order: arrivals and departures take turns, and the last is the truth. */
static void
look(void)
{
    const char *heard = stage_heard(watcher);

    for (const char *at = heard; (at = strchr(at, '"')) != NULL; at++) {
        REQUIRE(strncmp(at, "\"me\"", 4) == 0, "heard %s", heard);
        at += 4;
        REQUIRE(*at == '-' || *at == '+', "heard %s", heard);
        is_online = *at == '+';
    }
}

enum { LONG_TURNS = 6, LONG_SPACES = 20000 };

/* A call that is tried. */
static struct trial {
    bool datagram;  /* over UDP */
    bool logged_in; /* before it */
    bool under_way; /* news is, when it comes */
    bool is_long;   /* # in the text is 20,000 spaces, and it has a few turns */
    const char *text;
} trial;

static struct actor *
attempt_begin(void)
{
    struct actor *actor;

    stage_open(3);
    is_online = false;
    watcher = rpc_login(1, "'watcher'", "'me'", "");
    bob = rpc_login(2, "'bob'", "'me'", "");
    stage_login(1, 2, "5");
    rpc_call(bob, "status", "'status': 'away'", NULL);
    actor = trial.datagram ? stage_correspond(0) : stage_connect(0);
    if (trial.logged_in) {
        rpc_call(actor, "login", "'user_id': 'me', 'friends': [2, 3, 'bob', 'eve'], 'token': '-----------------------------------------------------'",
            NULL);
        stage_settle();
        stage_expect(actor, "");
        stage_expect(bob, "<\"me\"+>");
        look();
        ck_assert(is_online);
    }
    if (trial.under_way) {
        stage_login(2, 3, NULL);
        rpc_login(2, "'eve'", "", "");
        for (uint32_t worker = 1; worker < 3; worker++)
            stage_turn(worker);
    }
    return actor;
}

/* Does what was heard tell of a session that has ended for want of memory? */
static bool
has_failed(const char *heard, struct actor *actor)
{
    return strstr(heard, "server_full") != NULL || (!actor->sends_datagrams && !stage_is_read(actor));
}

/* The session ends, if it is there; the watcher knows it, and everything works again. */
static void
attempt_end(struct actor *actor, bool over)
{
    if (actor->session != NULL && !actor->sends_datagrams)
        stage_lose(actor);
    stage_pass_ms(trial.datagram ? STAGE_SILENCE_MS + STAGE_RETRY_MS : STAGE_RETRY_MS + 1);
    look();
    REQUIRE(!is_online, "the user is online for ever (%d)", over);
    ck_assert_uint_eq(stage.presence->desks[0].unfinished, 0);
    ck_assert_ptr_null(stage.presence->desks[0].progress);
    if (!trial.datagram)
        ck_assert_ptr_null(actor->session);
    ck_assert_uint_eq(admission_count(&stage.datagram_admission), 0);
    (void)rpc_login(0, "'me'", "'bob'", "\"bob\"=away");
    look();
    REQUIRE(is_online, "the user is not online");
    stage_close();
}

/* What is said, as it is sent. */
static const char *
trial_text(void)
{
    static char text[1 << 17];
    char *end = text;

    for (const char *at = trial.text; *at != '\0'; at++) {
        if (trial.is_long && *at == '#') {
            memset(end, ' ', LONG_SPACES);
            end += LONG_SPACES;
        } else {
            *end++ = *at == '\'' ? '"' : *at;
        }
    }
    *end = '\0';
    return text;
}

static void
try_all(struct trial tried)
{
    int failures = 0;

    trial = tried;
    for (int all_after = 0; all_after < 2; all_after++) {
        for (long nth = 1;; nth += 100 / (long)pace_scaled(100)) {
            struct actor *actor = attempt_begin();
            const char *text = trial_text();
            bool failed, over;

            faults_allocation(0, 0);
            if (trial.datagram) { /* sending it is not the server's */
                faults_allocation(nth, all_after);
                stage_receive_bytes(actor, text, strlen(text));
            } else {
                faults_allocation(nth, all_after);
                presence_handler.received(stage.presence, &stage.workers[0], actor->session, text, strlen(text));
            }
            for (int turns = trial.is_long ? LONG_TURNS : 1; turns > 0; turns--) {
                stage_take_mail(0);
                (void)stage_tell(0);
                if (!trial.datagram) /* over UDP the loop frees what is sent */
                    stage_write(0);
            }
            failed = faults_allocations() >= nth;
            faults_allocation(0, 0);
            stage_settle();
            over = has_failed(stage_heard(actor), actor);
            REQUIRE(failed || !over || strstr(trial.text, "logout") != NULL, "it failed with memory");
            failures += over;
            look();
            attempt_end(actor, over);
            if (!failed)
                break;
        }
    }
    REQUIRE(failures > 0, "nothing has failed");
}

#define LOGIN                                                                                             \
    "{'jsonrpc': '2.0', 'method': 'login', 'id': 'an id', 'params': {'user_id': 'me', 'status': 'busy', " \
    "'friends': [2, 'bob', 'eve', 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]}}"
#define BATCH                                                                            \
    "[{'jsonrpc': '2.0', 'method': 'follow', 'params': {'friends': [7, 8]}, 'id': 1}, "  \
    "{'jsonrpc': '2.0', 'method': 'unfollow', 'params': {'friends': [2, 3]}, 'id': 2}, " \
    "{'jsonrpc': '2.0', 'method': 'follow', 'params': {'friends': [2, 3]}, 'id': 3}]"

START_TEST(login)
{
    try_all((struct trial){.text = LOGIN});
}
END_TEST

START_TEST(login_over_udp)
{
    try_all((struct trial){.text = LOGIN, .datagram = true});
}
END_TEST

START_TEST(login_again_over_udp)
{
    try_all((struct trial){.text = LOGIN, .datagram = true, .logged_in = true, .under_way = true});
}
END_TEST

START_TEST(follow)
{
    try_all((struct trial){.text = "{'jsonrpc': '2.0', 'method': 'follow', 'params': {'friends': [7, 8, 'x', 'y', 2]}, 'id': 1}", .logged_in = true});
}
END_TEST

START_TEST(unfollow)
{
    try_all((struct trial){
        .text = "{'jsonrpc': '2.0', 'method': 'unfollow', 'params': {'friends': [3, 'bob', 9]}, 'id': 1}", .logged_in = true, .under_way = true});
}
END_TEST

START_TEST(a_batch_that_waits)
{
    try_all((struct trial){.text = BATCH " {'jsonrpc'", .logged_in = true, .under_way = true});
}
END_TEST

START_TEST(a_batch_that_waits_over_udp)
{
    try_all((struct trial){.text = BATCH, .logged_in = true, .under_way = true, .datagram = true});
}
END_TEST

START_TEST(a_long_batch)
{
    try_all((struct trial){.is_long = true,
        .logged_in = true,
        .under_way = true,
        .text = "[{'jsonrpc': '2.0', 'method': 'follow', 'params': {'friends': [7, 8]}, 'id': 1},"
                "#{'jsonrpc': '2.0', 'method': 'unfollow', 'params': {'friends': [2, 3]}, 'id': 2},"
                "#{'jsonrpc': '2.0', 'method': 'follow', 'params': {'friends': [2, 3]}, 'id': 3}]"});
}
END_TEST

START_TEST(a_long_batch_at_first)
{
    try_all((struct trial){.is_long = true,
        .text = "[{'jsonrpc': '2.0', 'method': 'login', 'params': {'user_id': 'me', 'friends': [2]}, 'id': 1},"
                "#{'jsonrpc': '2.0', 'method': 'ping', 'id': 2}]"});
}
END_TEST

/* The departure that is tried again and the rest of the batch have their places. */
START_TEST(a_long_batch_that_logs_out)
{
    try_all((struct trial){.is_long = true,
        .logged_in = true,
        .under_way = true,
        .text = "[{'jsonrpc': '2.0', 'method': 'logout', 'id': 1},#{'jsonrpc': '2.0', 'method': 'ping', 'id': 2},"
                "#{'jsonrpc': '2.0', 'method': 'ping', 'id': 3}]"});
}
END_TEST

START_TEST(online)
{
    try_all((struct trial){.text = "{'jsonrpc': '2.0', 'method': 'online', 'params': {'users': [2, 'bob', 'me']}, 'id': 1}", .logged_in = true});
}
END_TEST

START_TEST(status)
{
    try_all((struct trial){.text = "{'jsonrpc': '2.0', 'method': 'status', 'params': {'status': 'busy'}, 'id': 1}", .logged_in = true});
}
END_TEST

START_TEST(logout)
{
    try_all((struct trial){.text = "{'jsonrpc': '2.0', 'method': 'logout', 'id': 1}", .logged_in = true});
}
END_TEST

START_TEST(an_error)
{
    try_all((struct trial){.text = "[1, {'jsonrpc': '2.0', 'method': 'dance', 'id': 'x'}] []", .logged_in = true});
}
END_TEST

/* The news takes memory: the texts, what waits for each session, the lines. Who cannot be told ends. */
START_TEST(the_telling_of_news)
{
    enum { WATCHERS = 6 };

    for (int all_after = 0; all_after < 2; all_after++) {
        for (long nth = 1;; nth++) {
            struct actor *watchers[WATCHERS];
            int lost = 0;
            bool failed;

            stage_open(2);
            for (int i = 0; i < WATCHERS; i++) {
                char user[8];

                sprintf(user, "%d", 100 + i);
                watchers[i] = rpc_login(0, user, "1, 2, 'bob'", "");
            }
            rpc_call(rpc_login(1, "'bob'", "", ""), "status", "'status': 'away'", NULL);
            stage_login(1, 1, NULL);
            faults_allocation(nth, all_after);
            stage_take_mail(0);
            (void)stage_tell(0);
            stage_write(0);
            failed = faults_allocations() >= nth;
            faults_allocation(0, 0);
            stage_login(1, 2, NULL);
            stage_settle();
            for (int i = 0; i < WATCHERS; i++) {
                const char *heard = stage_heard(watchers[i]);

                if (stage_is_read(watchers[i])) {
                    REQUIRE(strstr(heard, "\"bob\"+=away") != NULL && strstr(heard, "1+") != NULL && strstr(heard, "2+") != NULL, "heard %s", heard);
                    continue;
                }
                lost++;
                REQUIRE(strlen(heard) > 0 && heard[strlen(heard) - 1] == '.', "heard %s", heard);
            }
            REQUIRE(lost <= (failed ? (all_after ? WATCHERS : 1) : 0), "%d lost", lost);
            stage_close();
            if (!failed)
                break;
        }
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("rpc_memory");
    TCase *tests = tcase_create("rpc_memory");

    tcase_add_test(tests, login);
    tcase_add_test(tests, login_over_udp);
    tcase_add_test(tests, login_again_over_udp);
    tcase_add_test(tests, follow);
    tcase_add_test(tests, unfollow);
    tcase_add_test(tests, a_batch_that_waits);
    tcase_add_test(tests, a_batch_that_waits_over_udp);
    tcase_add_test(tests, a_long_batch);
    tcase_add_test(tests, a_long_batch_at_first);
    tcase_add_test(tests, a_long_batch_that_logs_out);
    tcase_add_test(tests, online);
    tcase_add_test(tests, status);
    tcase_add_test(tests, logout);
    tcase_add_test(tests, an_error);
    tcase_add_test(tests, the_telling_of_news);
    tcase_set_timeout(tests, 600);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
