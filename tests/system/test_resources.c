/* SPDX-License-Identifier: MIT
 *
 * Running out of descriptors and of memory while serving: what is there goes on, newcomers are refused, and when there is room
 * again they are let in. And what the server uses when nothing happens: nothing.
 */
#include "support/client.h"
#include "support/crowd.h"
#include "support/pace.h"
#include "support/pair.h"
#include "support/process.h"
#include "support/session.h"
#include "support/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Logs a user in whom the watcher lists and none is yet: the connection when it was let in, NULL when it was told server_full. */
static struct client *
newcomer_try(struct session *watcher, int64_t user)
{
    struct client *client = client_connect(watcher->server);
    char hello[64];

    client_try_send(client, hello, (size_t)snprintf(hello, sizeof hello, "{\"user_id\": %" PRId64 "}", user));
    while (!client_wait(client, 1) && !client_poll(watcher->client))
        ;
    if (client_poll(watcher->client)) {
        client_expect(watcher->client, ONLINE);
        return client;
    }
    client_expect_error(client, "server_full");
    client_close(client);
    return NULL;
}

/* The same until it is let in. */
static struct client *
newcomer_insist(struct session *watcher, int64_t user)
{
    int64_t deadline = pace_deadline_ms();
    struct client *client = NULL;

    while (client == NULL) {
        ck_assert_msg(pace_left_ms(deadline) > 0, "there is room and it is not used");
        client = newcomer_try(watcher, user);
    }
    return client;
}

/* Lets in users 100, 101, … until one is refused; returns how many were let in. */
static int
newcomers_fill(struct session *watcher, struct client **clients, int most)
{
    for (int i = 0; i < most; i++) {
        clients[i] = newcomer_try(watcher, 100 + i);
        if (clients[i] == NULL)
            return i;
    }
    ck_abort_msg("%d were let in beyond the limit", most);
}

/* A session that lists so many users from 100 on. */
static struct session *
watcher_open(struct server *server, int count)
{
    char *list = malloc((size_t)count * 8), *end = list;

    ck_assert_ptr_nonnull(list);
    for (int i = 0; i < count; i++)
        end += sprintf(end, "%s%d", i > 0 ? ", " : "", 100 + i);
    struct session *session = session_open(server, 1, list);
    free(list);
    return session;
}

START_TEST(descriptors_run_out)
{
    enum { NEWCOMERS = 64, SPARE_DESCRIPTORS = 12, ROUNDS = 5, CLOCK_S = 2 };
    struct server *server = server_start("--hello-timeout %d", pace_seconds(CLOCK_S));
    struct pair *pair = pair_open(server);
    struct session *watcher = watcher_open(server, NEWCOMERS);
    struct client *clients[NEWCOMERS];

    rlim_t before = process_limit(server->process, RLIMIT_NOFILE, (rlim_t)process_descriptors(server->process) + SPARE_DESCRIPTORS);
    struct client *clock = client_connect(server);
    int count = newcomers_fill(watcher, clients, NEWCOMERS);
    ck_assert_int_gt(count, 0);

    /* While it is full and newcomers wait at the door, it does not spin. The silent connection tells how much time has passed. */
    int64_t begun_ms = pace_now_ms(), cpu_ms = process_cpu_ms(server->process);
    struct client *waiting[SPARE_DESCRIPTORS];
    for (int i = 0; i < SPARE_DESCRIPTORS; i++)
        waiting[i] = client_connect(server);
    client_expect_error(clock, "hello_timeout");
    int64_t passed_ms = pace_now_ms() - begun_ms, used_ms = process_cpu_ms(server->process) - cpu_ms;
    ck_assert_msg(pace_is_tooled() || used_ms < passed_ms / 4, "%" PRId64 " ms of CPU time in %" PRId64 " ms of waiting", used_ms, passed_ms);
    for (int i = 0; i < SPARE_DESCRIPTORS; i++)
        client_close(waiting[i]);
    client_close(clock);

    /* One leaves, and there is room for one. */
    for (int round = 0; round < ROUNDS; round++) {
        client_close(clients[round % count]);
        client_expect(watcher->client, OFFLINE);
        clients[round % count] = newcomer_insist(watcher, 100 + round % count);
    }

    process_limit(server->process, RLIMIT_NOFILE, before);
    struct client *last = newcomer_insist(watcher, 100 + count);
    pair_exchange(pair);
    client_close(last);
    client_expect(watcher->client, OFFLINE);
    for (int i = 0; i < count; i++) {
        client_close(clients[i]);
        client_expect(watcher->client, OFFLINE);
    }
    session_leave(watcher);
    pair_close(pair);
    server_stop(server);
}
END_TEST

/* A hello that needs much memory: thousands of friends whom nobody else lists. */
static void
glutton_hello(struct client *client, int64_t user)
{
    enum { FRIENDS = 10000, ID_BYTES = 20 };
    static int64_t next = INT64_C(1) << 40;
    char *text = malloc(FRIENDS * ID_BYTES), *end = text;

    ck_assert_ptr_nonnull(text);
    end += sprintf(end, "{\"user_id\": %" PRId64 ", \"friends\": [", user);
    for (int i = 0; i < FRIENDS; i++)
        end += sprintf(end, "%s%" PRId64, i > 0 ? "," : "", next++);
    end += sprintf(end, "]}");
    client_try_send(client, text, (size_t)(end - text));
    free(text);
}

/* Lets gluttons in as users 100 + *present and so on, until some were refused, in whatever words. */
static void
gluttons_fill(struct session *watcher, struct client **clients, int *present, int most)
{
    enum { REFUSALS = 5 };

    for (int refused = 0; refused < REFUSALS;) {
        struct client *glutton = client_connect(watcher->server);

        ck_assert_msg(*present < most, "gluttons are never refused");
        glutton_hello(glutton, 100 + *present);
        while (!client_wait(glutton, 1) && !client_poll(watcher->client))
            ;
        if (client_poll(watcher->client)) {
            client_expect(watcher->client, ONLINE);
            clients[(*present)++] = glutton;
        } else {
            client_read_to_end(glutton);
            client_close(glutton);
            refused++;
        }
    }
}

/*
 * No memory beyond what the server has: who needs more is refused, and that costs nobody else anything. Each departure is
 * told, also of those who are there for lack of nothing; and with memory again everything goes on.
 */
START_TEST(memory_runs_out)
{
    enum { FRIENDS = 30, GLUTTONS = 1000 };
    struct server *server = server_start("--workers 3");
    struct pair *pair = pair_open(server);
    struct session *watcher = watcher_open(server, FRIENDS + GLUTTONS);
    struct client **clients = calloc(FRIENDS + GLUTTONS, sizeof(struct client *));
    int present = 0;

    ck_assert_ptr_nonnull(clients);
    for (; present < FRIENDS; present++)
        clients[present] = newcomer_insist(watcher, 100 + present);
    rlim_t before = process_limit(server->process, RLIMIT_AS, (rlim_t)process_address_space_bytes(server->process));
    gluttons_fill(watcher, clients, &present, FRIENDS + GLUTTONS);

    for (int i = 0; i < FRIENDS; i += 2) {
        client_close(clients[i]);
        client_expect(watcher->client, OFFLINE);
    }
    process_limit(server->process, RLIMIT_AS, before);
    for (int i = 0; i < present; i++)
        if (i >= FRIENDS || i % 2 == 1) {
            client_close(clients[i]);
            client_expect(watcher->client, OFFLINE);
        }
    for (int i = 0; i < FRIENDS; i++) {
        client_close(newcomer_insist(watcher, 100 + i));
        client_expect(watcher->client, OFFLINE);
    }
    pair_exchange(pair);
    session_fence(watcher);
    session_leave(watcher);
    pair_close(pair);
    free(clients);
    server_stop(server);
}
END_TEST

/* Descriptors come back when their sessions go, however they go. */
START_TEST(descriptors_come_back)
{
    struct server *server = server_start("--workers 3");
    struct pair *pair = pair_open(server);
    unsigned count = pace_scaled(300);
    int64_t deadline = pace_deadline_ms();

    for (int round = 0; round < 3; round++)
        for (unsigned i = 0; i < count; i++) {
            struct client *client = client_connect(server);

            if (i % 4 != 0)
                client_hello(client, 1000 + i, "1000, 1001, 1002");
            if (i % 4 == 1)
                client_send(client, "bad");
            if (i % 4 == 2)
                client_reset(client);
            else
                client_close(client);
        }
    pair_exchange(pair);

    /* As many as a server has that never saw the crowd. */
    struct server *idle = server_start("--workers 3");
    struct pair *idle_pair = pair_open(idle);
    while (process_descriptors(server->process) > process_descriptors(idle->process)) {
        ck_assert_msg(pace_left_ms(deadline) > 0, "%d descriptors are open, %d would be enough", process_descriptors(server->process),
            process_descriptors(idle->process));
        pair_exchange(pair);
    }
    pair_close(idle_pair);
    server_stop(idle);
    pair_close(pair);
    server_stop(server);
}
END_TEST

/* Crowds that come and go leave nothing behind: after the first few, the server does not grow any more. */
START_TEST(memory_comes_back)
{
    enum { ROUNDS = 12, WARM = 4, SLACK_BYTES = 4 << 20 };
    struct server *server = server_start("--workers 3");
    unsigned count = pace_scaled(400);
    int64_t warm = 0;

    for (int round = 0; round < ROUNDS; round++) {
        struct crowd *crowd = crowd_new(server);

        for (unsigned i = 0; i < count; i++) {
            char friends[64];

            snprintf(friends, sizeof friends, "%u, %u, %d", 1000 + i + 1, 1000 + i + 2, 1000000 + round * 1000 + (int)i);
            crowd_add(crowd, 1000000 * (int64_t)(round + 1) + i, friends);
        }
        crowd_settle(crowd);
        crowd_free(crowd);
        if (round == WARM)
            warm = process_resident_bytes(server->process);
    }
    int64_t grown = process_resident_bytes(server->process) - warm;
    ck_assert_msg(pace_is_tooled() || grown < SLACK_BYTES, "the server grew by %" PRId64 " bytes", grown);
    server_stop(server);
}
END_TEST

/* With sessions that are silent, no thread of the server wakes up. Things that end soon after a login (time-outs, memory given
 * back) may still be under way in the first windows of time. */
START_TEST(idle_server_sleeps)
{
    enum { SESSIONS = 100, WINDOWS = 20, WINDOW_MS = 1500 };
    struct server *server = server_start("--hello-timeout 1 --message-timeout 1");
    struct crowd *crowd = crowd_new(server);
    int64_t woken = -1;

    for (int i = 0; i < SESSIONS; i++)
        crowd_add(crowd, 1000 + i, "1, 2, 3");
    crowd_settle(crowd);
    for (int window = 0; window < WINDOWS && woken != 0; window++) {
        int64_t before = process_sleeps(server->process);

        ck_assert(!client_wait(crowd->members[0].client, WINDOW_MS));
        woken = process_sleeps(server->process) - before;
    }
    ck_assert_msg(woken == 0, "an idle server woke up %" PRId64 " times in %d ms", woken, WINDOW_MS);
    crowd_free(crowd);
    server_stop(server);
}
END_TEST

static Suite *
resources_suite(void)
{
    Suite *suite = suite_create("resources");
    TCase *tests = tcase_create("resources");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, descriptors_run_out);
    if (!pace_is_tooled()) /* a tool's own memory is most of the address space, and its threads wake up */
        tcase_add_test(tests, memory_runs_out);
    tcase_add_test(tests, descriptors_come_back);
    tcase_add_test(tests, memory_comes_back);
    if (!pace_is_tooled())
        tcase_add_test(tests, idle_server_sleeps);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(resources_suite());
}
