/* SPDX-License-Identifier: MIT
 *
 * Nobody has to wait for the end of what somebody else keeps the server busy with: a user whom thousands watch, clients that send
 * without end. No time is measured: what is kept up without end is ended by the test only when the others have had all they came for.
 */
#include "support/client.h"
#include "support/crowd.h"
#include "support/flood.h"
#include "support/pace.h"
#include "support/pair.h"
#include "support/process.h"
#include "support/rpc_client.h"
#include "support/session.h"
#include "support/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A user who comes and goes without end, on a thread of its own. */
struct flapper {
    const struct server *server;
    int64_t user;
    pthread_t thread;
    atomic_bool told_to_end;
    unsigned visits; /* the thread's until it has ended */
};

static void *
flapper_run(void *argument)
{
    struct flapper *flapper = argument;

    do {
        user_visit(flapper->server, flapper->user, NULL);
        flapper->visits++;
    } while (!atomic_load(&flapper->told_to_end));
    return NULL;
}

static void
flapper_start(struct flapper *flapper, const struct server *server, int64_t user)
{
    *flapper = (struct flapper){.server = server, .user = user};
    ck_assert_int_eq(pthread_create(&flapper->thread, NULL, flapper_run, flapper), 0);
}

/* Returns how often it came and went. */
static unsigned
flapper_stop(struct flapper *flapper)
{
    atomic_store(&flapper->told_to_end, true);
    ck_assert_int_eq(pthread_join(flapper->thread, NULL), 0);
    return flapper->visits;
}

/* So many sessions that all watch one user. */
static struct crowd *
watchers_gather(const struct server *server, unsigned count, int64_t user)
{
    struct crowd *crowd = crowd_new(server);
    char friend[32];

    snprintf(friend, sizeof friend, "%lld", (long long)user);
    for (unsigned i = 0; i < count; i++)
        crowd_add(crowd, 100000 + i, friend);
    crowd_settle(crowd);
    return crowd;
}

/* Thousands of watchers hear exactly how often, on one worker and on several, and the pair has its rounds while it goes on. */
START_TEST(celebrity_comes_and_goes_without_end)
{
    static const int workers[] = {1, 3};
    enum { WATCHERS = 2000, ROUNDS = 8 };
    struct server *server = server_start("--workers %d --queue-limit 1000000", workers[_i]);
    struct pair *pair = pair_open(server);
    struct crowd *crowd = watchers_gather(server, pace_scaled(WATCHERS), 1);
    struct flapper flapper;

    flapper_start(&flapper, server, 1);
    for (int i = 0; i < ROUNDS; i++)
        pair_exchange(pair);
    unsigned visits = flapper_stop(&flapper);
    crowd_expect(crowd, visits, visits);
    pair_exchange(pair);
    crowd_fence(crowd);
    crowd_free(crowd);
    pair_close(pair);
    server_stop(server);
}
END_TEST

/* The celebrity's watchers are in time, too, when the one who is slow is among them: told in slices, nobody's turn is left out. */
START_TEST(two_celebrities_at_once)
{
    enum { WATCHERS = 1000, ROUNDS = 5 };
    struct server *server = server_start("--workers 2 --queue-limit 1000000");
    struct pair *pair = pair_open(server);
    struct crowd *of_one = watchers_gather(server, pace_scaled(WATCHERS), 1), *of_both = crowd_new(server);
    struct flapper one, two;

    for (unsigned i = 0; i < pace_scaled(WATCHERS); i++)
        crowd_add(of_both, 200000 + i, "1, 2");
    crowd_settle(of_both);
    flapper_start(&one, server, 1);
    flapper_start(&two, server, 2);
    for (int i = 0; i < ROUNDS; i++)
        pair_exchange(pair);
    unsigned visits = flapper_stop(&one), others = flapper_stop(&two);
    crowd_expect(of_one, visits, visits);
    crowd_expect(of_both, visits + others, visits + others);
    crowd_fence(of_one);
    crowd_fence(of_both);
    crowd_free(of_one);
    crowd_free(of_both);
    pair_close(pair);
    server_stop(server);
}
END_TEST

/* A hello with a list of so many friends. The caller frees it. */
static char *
hello_make(int64_t user, unsigned friends)
{
    size_t room = 64 + friends * 8, length;
    char *text = malloc(room);

    ck_assert_ptr_nonnull(text);
    length = (size_t)snprintf(text, room, "{\"user_id\": %lld, \"friends\": [", (long long)user);
    for (unsigned i = 0; i < friends; i++)
        length += (size_t)snprintf(text + length, room - length, "%s%u", i > 0 ? ", " : "", 50000 + i);
    snprintf(text + length, room - length, "]}");
    return text;
}

/* What is sent without end by user 7; the last line may change as long as it is no error. */
static char *
endless_text(int which)
{
    switch (which) {
    case 0: return strdup("{\"user_id\": 7}");
    case 1: return strdup("{\"user_id\": 7, \"friends\": [8, 9]}{\"user_id\": 7, \"friends\": [9, 10]}");
    case 2: return hello_make(7, 5000);
    case 3: return strdup(" \r\n\t");
    default: return strdup("{\n    \"user_id\": 7,\n    \"app\": {\"name\": \"x\", \"versions\": [1, 2.5, null, \"}]\"]},\n    \"friends\": []\n}\n");
    }
}
enum { ENDLESS_TEXTS = 5 };

/* One client sends without end what is right, on the only worker: others connect, come and go all the same, and it is not closed. */
START_TEST(one_sends_without_end)
{
    enum { ROUNDS = 10, PROGRESS_BYTES = 1 << 20 };
    struct server *server = server_start("--workers 1");
    struct pair *pair = pair_open(server);
    struct session *watcher = session_open(server, 1, "7");
    struct client *sender = client_connect(server);
    char *text = endless_text(_i);

    client_hello(sender, 7, NULL);
    client_expect(watcher->client, ONLINE);

    struct flood *flood = flood_start(sender, text);
    for (int i = 0; i < ROUNDS; i++) {
        pair_exchange(pair);
        flood_expect_progress(flood, 1);
    }
    flood_expect_progress(flood, pace_scaled(PROGRESS_BYTES));
    session_fence(watcher); /* however often it says hello, it is no news */
    flood_stop(flood);
    client_goodbye(sender, 7);
    client_expect_end(sender);
    client_expect(watcher->client, OFFLINE);
    session_fence(watcher);
    client_close(sender);
    free(text);
    session_leave(watcher);
    pair_close(pair);
    server_stop(server);
}
END_TEST

/* More of them than workers, of every kind at once. */
START_TEST(many_send_without_end)
{
    enum { SENDERS = ENDLESS_TEXTS + 1, ROUNDS = 2 };
    struct server *server = server_start("--workers 2");
    struct pair *pair = pair_open(server);
    struct client *senders[SENDERS];
    struct flood *floods[SENDERS];

    for (int i = 0; i < SENDERS; i++) {
        char *text = endless_text(i % ENDLESS_TEXTS);

        senders[i] = client_connect(server);
        client_hello(senders[i], 7, NULL);
        floods[i] = flood_start(senders[i], text);
        free(text);
    }
    for (int i = 0; i < ROUNDS; i++)
        pair_exchange(pair);
    for (int i = 0; i < SENDERS; i++)
        flood_expect_progress(floods[i], 1); /* nor does one of them keep the others out */
    for (int i = 0; i < SENDERS; i++) {
        flood_stop(floods[i]);
        client_goodbye(senders[i], 7);
        client_expect_end(senders[i]);
        client_close(senders[i]);
    }
    pair_close(pair);
    server_stop(server);
}
END_TEST

/* One that was told its mistake and goes on sending is read from for a moment, then closed, and delays nobody. */
START_TEST(one_sends_without_end_behind_a_mistake)
{
    enum { ROUNDS = 10 };
    struct server *server = server_start("--workers 1");
    struct pair *pair = pair_open(server);
    struct client *sender = client_connect(server);

    client_send(sender, "{\"user_id\": \"x\"}");
    struct flood *flood = flood_start(sender, "{\"user_id\": 7}");
    for (int i = 0; i < ROUNDS; i++)
        pair_exchange(pair);
    flood_expect_end(flood);
    flood_stop(flood);
    client_expect_error_line(sender, "bad_message");
    client_close(sender);
    pair_close(pair);
    server_stop(server);
}
END_TEST

enum { IGNORED_BYTES = 1 << 20, IGNORED_MESSAGES = 8 };

/* A message as long as may be, nearly all of it values that nobody looks at. */
static char *
ignored_make(const char *head, const char *tail)
{
    char *text = malloc(IGNORED_BYTES + 1);
    size_t length = strlen(head), end = IGNORED_BYTES - strlen(tail) - 8;

    ck_assert_ptr_nonnull(text);
    memcpy(text, head, length);
    for (; length < end; length += 3)
        memcpy(text + length, "{},", 3);
    snprintf(text + length, IGNORED_BYTES + 1 - length, "0%s", tail);
    return text;
}

/* The same bytes as hellos that repeat the one before. */
static char *
hellos_make(void)
{
    static const char hello[] = "{\"user_id\": 7}";
    char *text = calloc(1, IGNORED_BYTES + 1);

    ck_assert_ptr_nonnull(text);
    for (size_t length = 0; length + sizeof hello - 1 <= IGNORED_BYTES; length += sizeof hello - 1)
        memcpy(text + length, hello, sizeof hello - 1);
    return text;
}

/* What the server's processor does for the text, sent some times by user 7, in milliseconds. */
static int64_t
cpu_ms_for(struct server *server, struct session *session, const char *text)
{
    int64_t before = process_cpu_ms(server->process);

    for (int i = 0; i < IGNORED_MESSAGES; i++)
        client_send(session->client, text);
    session_relist(session, ""); /* it is carried out after all of them */
    return process_cpu_ms(server->process) - before;
}

/* The same in the other dialect. */
static int64_t
cpu_ms_for_rpc(struct server *server, struct rpc_client *rpc, const char *text)
{
    int64_t before = process_cpu_ms(server->process);

    for (int i = 0; i < IGNORED_MESSAGES; i++)
        client_send(rpc->client, text);
    rpc_expect_call(rpc, "ping", NULL, "\"pong\"");
    return process_cpu_ms(server->process) - before;
}

/*
 * What is ignored is checked and no more, or one message would hold its worker for long. It is held against as many bytes of hellos, the cheapest that a
 * client may say. Both are processor time of the same server within moments, so neither the machine's speed nor its load is in it, and there
 * is much room on both sides: with a tree of what is ignored it was fifty times as much as the hellos, without one it is about twice as much.
 */
START_TEST(what_is_ignored_is_little_work)
{
    enum { FACTOR = 8, TICKS_MS = 50 }; /* the kernel counts in ticks */
    static const struct {
        const char *head, *tail;
        bool is_rpc;
    } messages[] = {
        {"{\"user_id\": 7, \"x\": [", "]}", false},
        {"{\"friends\": null, \"\\u0078\": [[", "]], \"user_id\": 7}", false},
        {"{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"params\": {\"x\": [", "]}}", true},
        {"{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"x\": [", "]}", true},
    };

    if (pace_is_tooled())
        return;

    struct server *server = server_start("--workers 1 --max-message %d", IGNORED_BYTES);
    struct session *session = session_open(server, 7, "8");
    struct rpc_client *rpc = rpc_login(server, "9", "", "");
    char *hellos = hellos_make(), *ignored = ignored_make(messages[_i].head, messages[_i].tail);
    int64_t hellos_ms = cpu_ms_for(server, session, hellos);
    int64_t ignored_ms = messages[_i].is_rpc ? cpu_ms_for_rpc(server, rpc, ignored) : cpu_ms_for(server, session, ignored);

    ck_assert_msg(
        ignored_ms <= FACTOR * hellos_ms + TICKS_MS, "%lld ms for what is ignored, %lld ms for hellos", (long long)ignored_ms, (long long)hellos_ms);
    free(hellos);
    free(ignored);
    rpc_logout(rpc);
    session_leave(session);
    server_stop(server);
}
END_TEST
enum { IGNORED_TEXTS = 4 };

enum { BATCH_LISTS = 12, BATCH_IDS = 10000 };

/* A batch as long as may be: long lists, with a status of its own before each, and a ping. */
static char *
batch_make(void)
{
    size_t room = 256 << 10, length = 0;
    char *text = malloc(room);

    ck_assert_ptr_nonnull(text);
    for (int list = 0; list < BATCH_LISTS; list++) {
        length += (size_t)snprintf(text + length, room - length,
            "%c{\"jsonrpc\": \"2.0\", \"method\": \"status\", \"params\": {\"status\": \"%d\"}},"
            "{\"jsonrpc\": \"2.0\", \"method\": \"online\", \"params\": {\"users\": [0",
            list == 0 ? '[' : ',', list);
        for (int i = 1; i < BATCH_IDS; i++, length += 2)
            memcpy(text + length, ",7", 2);
        length += (size_t)snprintf(text + length, room - length, "]}}");
    }
    length += (size_t)snprintf(text + length, room - length, ",{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 1}]");
    ck_assert_uint_lt(length, room - 1);
    return text;
}

/*
 * Between the slices of a batch the only worker does its other work. What has not been told when something newer happens is left out, so a watcher who is
 * told each of the statuses had a turn after each. The client may have said with the batch that it says no more.
 */
START_TEST(a_long_batch_leaves_turns_to_the_others)
{
    struct server *server = server_start("--workers 1");
    struct rpc_client *watcher = rpc_login(server, "1", "2", ""), *client = rpc_login(server, "2", "", "");
    char *text = batch_make();

    rpc_expect_online(watcher, "2", NULL);
    client_send(client->client, text);
    if (_i > 0)
        client_half_close(client->client);
    for (int list = 0; list < BATCH_LISTS; list++) {
        char status[16];

        snprintf(status, sizeof status, "\"%d\"", list);
        rpc_expect_online(watcher, "2", status);
    }
    client_expect(client->client, "[{\"jsonrpc\": \"2.0\", \"result\": \"pong\", \"id\": 1}]\n");
    if (_i > 0) {
        client_expect_end(client->client);
        rpc_expect_offline(watcher, "2", "closed");
        rpc_close(client);
    } else {
        rpc_logout(client);
        rpc_expect_offline(watcher, "2", "goodbye");
    }
    rpc_logout(watcher);
    free(text);
    server_stop(server);
}
END_TEST

static Suite *
fairness_suite(void)
{
    Suite *suite = suite_create("fairness");
    TCase *tests = tcase_create("fairness");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_loop_test(tests, celebrity_comes_and_goes_without_end, 0, 2);
    tcase_add_test(tests, two_celebrities_at_once);
    tcase_add_loop_test(tests, one_sends_without_end, 0, ENDLESS_TEXTS);
    tcase_add_test(tests, many_send_without_end);
    tcase_add_test(tests, one_sends_without_end_behind_a_mistake);
    tcase_add_loop_test(tests, what_is_ignored_is_little_work, 0, IGNORED_TEXTS);
    tcase_add_loop_test(tests, a_long_batch_leaves_turns_to_the_others, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(fairness_suite());
}
