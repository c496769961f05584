/* SPDX-License-Identifier: MIT
 *
 * Clients of the JSON-RPC dialect that do not read. One whose many friends flap meanwhile costs the server little, is not closed, and when it reads
 * again it is told at most one change per friend beyond what was in the kernel's hands, and ends in the true state; others are on time all the while.
 * One that asks and does not read the answers is not read from. Buffers are made small, so that little is hidden in the kernel.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/process.h"
#include "support/rpc_client.h"
#include "support/udp_client.h"
#include "support/unit.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    FRIENDS = 200,
    FLAPS = 1000,
    FIRST_FRIEND = 1000,
    FULL = 60,                 /* flaps of all friends after which the kernel takes nothing more: over 2 MB of changes */
    KERNEL_CHANGES_MAX = 5000, /* more than the kernel takes for one with such small buffers */
    MEMORY_SLACK_BYTES = 2 << 20,
    ASKED_BYTES_MAX = 32 << 20, /* of calls whose answers nobody reads */
    LOOK_MS = 500,
};

/* What one follower was told of each friend. */
struct told {
    unsigned late[FRIENDS]; /* changes of which the kernel held nothing */
    bool online[FRIENDS];
    int64_t at[FRIENDS];
    unsigned all;
};

/* 1000, 1001, …: as the inside of a JSON array. The caller frees it. */
static char *
friends_list(void)
{
    char *list = malloc(FRIENDS * 8), *end = list;

    ck_assert_ptr_nonnull(list);
    for (int i = 0; i < FRIENDS; i++)
        end += sprintf(end, "%s%d", i > 0 ? ", " : "", FIRST_FRIEND + i);
    return list;
}

/*
 * How many changes of a line begin within its first `bytes` bytes. The comma before one belongs to it, and what is before the first to the first: it must
 * be told when that is.
 */
static size_t
changes_begun(const char *line, size_t bytes)
{
    size_t begun = 0;

    for (const char *at = line; bytes > 0 && (at = strstr(at, "{\"user_id\"")) != NULL; at++)
        begun += begun == 0 || (size_t)(at - line) - strlen(", ") < bytes;
    return begun;
}

/* Takes one line, which is a notification, and of which the kernel held so many bytes. Returns how many changes it had. */
static size_t
take_line(struct told *told, const char *line, size_t held)
{
    json_t *value = line != NULL ? json_loads(line, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const json_t *changes = json_object_get(json_object_get(value, "params"), "changes");
    size_t count = json_array_size(changes), begun = line != NULL ? changes_begun(line, held) : 0;

    ck_assert_msg(count > 0, "no changes but: %s", line != NULL ? line : "the end");
    for (size_t i = 0; i < count; i++) {
        const json_t *change = json_array_get(changes, i);
        json_int_t which = json_integer_value(json_object_get(change, "user_id")) - FIRST_FRIEND;
        int64_t at = json_integer_value(json_object_get(change, "at"));

        ck_assert_msg(which >= 0 && which < FRIENDS, "somebody else: %s", line);
        ck_assert_int_ge(at, told->at[which]);
        told->at[which] = at;
        told->online[which] = json_is_true(json_object_get(change, "online"));
        told->late[which] += i >= begun;
        told->all++;
    }
    json_decref(value);
    return count;
}

/* All friends turn, and one who reads hears each of them, at once; a datagram each, so that it costs little. */
static void
friends_turn(struct udp_host *host, struct rpc_client *prompt, struct told *told, bool online)
{
    for (uint32_t i = 0; i < FRIENDS; i++) {
        char text[64];

        snprintf(text, sizeof text, online ? "{\"user_id\": %u}" : "{\"user_id\": %u, \"online\": false}", FIRST_FRIEND + i);
        udp_host_send(host, i, text);
    }
    for (size_t heard = 0; heard < FRIENDS;)
        heard += take_line(told, client_read_line(prompt->client), SIZE_MAX);
    for (int i = 0; i < FRIENDS; i++)
        ck_assert_msg(told->online[i] == online, "friend %d is told to be %s", i, online ? "offline" : "online");
}

/* Reads until it knows what is true, and proves that there is nothing more. */
static void
catch_up(struct rpc_client *slow, struct told *told, const struct told *truth)
{
    while (memcmp(told->at, truth->at, sizeof told->at) != 0)
        (void)take_line(told, client_read_line(slow->client), SIZE_MAX);
    ck_assert_mem_eq(told->online, truth->online, sizeof told->online);
    rpc_fence(slow);
}

static struct rpc_client *
slow_open(const struct server *server, const char *user, const char *list)
{
    return rpc_login_on(rpc_open_on(server, client_connect_with(server, &(struct client_options){.small_buffers = true})), user, list, "");
}

/* Neither is it cut off, whatever the limit is that the classic dialect has. */
START_TEST(who_does_not_read_is_told_little_in_the_end)
{
    struct server *server = server_start("--udp-timeout 3600 --queue-limit 16");
    unsigned flaps = pace_scaled(FLAPS);
    static struct told truth, told;
    struct udp_host host;
    char *list = friends_list();
    struct rpc_client *prompt = rpc_login(server, "1", list, ""), *slow = slow_open(server, "2", list), *watcher = rpc_login(server, "3", "2", "2");
    int64_t before = 0, grown;

    udp_host_open(&host, server);
    for (unsigned i = 0; i < flaps; i++) {
        friends_turn(&host, prompt, &truth, true);
        friends_turn(&host, prompt, &truth, false);
        if (i == 0)
            before = process_resident_bytes(server->process);
    }
    friends_turn(&host, prompt, &truth, true);
    grown = process_resident_bytes(server->process) - before;
    ck_assert_msg(pace_is_tooled() || grown < MEMORY_SLACK_BYTES, "the server grew by %" PRId64 " bytes", grown);
    rpc_fence(watcher);
    rpc_fence(prompt);

    catch_up(slow, &told, &truth);
    printf("of %u changes it was told %u\n", truth.all, told.all);
    ck_assert_msg(told.all < KERNEL_CHANGES_MAX + FRIENDS, "it was told %u changes", told.all);
    rpc_logout(slow);
    rpc_expect_offline(watcher, "2", "goodbye");
    rpc_logout(watcher);
    rpc_logout(prompt);
    udp_host_close(&host);
    free(list);
    server_stop(server);
}
END_TEST

/* How many bytes the kernel holds between the server and this client, what the one has given and the other not taken yet; while they are at rest. */
static size_t
kernel_bytes_once(const struct client *client)
{
    struct sockaddr_in own, server;
    socklen_t own_length = sizeof own, server_length = sizeof server;
    unsigned from, to, given, taken;
    size_t bytes = 0;
    int ends = 0;
    char row[256];
    FILE *table = fopen("/proc/net/tcp", "re");

    ck_assert_ptr_nonnull(table);
    ck_assert_int_eq(getsockname(client->socket, (struct sockaddr *)&own, &own_length), 0);
    ck_assert_int_eq(getpeername(client->socket, (struct sockaddr *)&server, &server_length), 0);
    while (fgets(row, sizeof row, table) != NULL) {
        if (sscanf(row, " %*u: %*x:%x %*x:%x %*x %x:%x", &from, &to, &given, &taken) != 4)
            continue;
        if (from == ntohs(server.sin_port) && to == ntohs(own.sin_port))
            bytes += given;
        else if (from == ntohs(own.sin_port) && to == ntohs(server.sin_port))
            bytes += taken;
        else
            continue;
        ends++;
    }
    fclose(table);
    ck_assert_int_eq(ends, 2);
    return bytes;
}

/* The same; a probe may have moved some from one end to the other between the looks at the two. */
static size_t
kernel_bytes(const struct client *client)
{
    size_t bytes, before = kernel_bytes_once(client);

    while ((bytes = kernel_bytes_once(client)) != before)
        before = bytes;
    return bytes;
}

/*
 * Exactly: what the kernel holds when the client begins to read has been told; beyond that there is one change of each friend at most, and it is
 * the newest. One worker, so that when the prompt one has heard something, it waits for the slow one.
 */
START_TEST(what_waits_is_one_change_for_each_friend)
{
    struct server *server = server_start("--udp-timeout 3600 --workers 1");
    static struct told truth, told;
    struct udp_host host;
    char *list = friends_list();
    struct rpc_client *prompt = rpc_login(server, "1", list, ""), *slow = slow_open(server, "2", list);
    unsigned flaps = FULL + pace_scaled(FLAPS / 10);
    size_t held;

    udp_host_open(&host, server);
    for (unsigned i = 0; i < flaps; i++) {
        friends_turn(&host, prompt, &truth, true);
        friends_turn(&host, prompt, &truth, false);
    }
    held = slow->client->length - slow->client->start + kernel_bytes(slow->client);
    printf("the kernel held %zu bytes\n", held);
    while (memcmp(told.at, truth.at, sizeof told.at) != 0) {
        const char *line = client_read_line(slow->client);
        size_t length = line != NULL ? strlen(line) : 0;

        (void)take_line(&told, line, held);
        held -= length < held ? length : held;
    }
    for (int i = 0; i < FRIENDS; i++)
        ck_assert_msg(told.late[i] <= 1, "of friend %d it was told %u changes that had waited", i, told.late[i]);
    ck_assert_mem_eq(told.online, truth.online, sizeof told.online);
    rpc_fence(slow);
    rpc_logout(slow);
    rpc_logout(prompt);
    udp_host_close(&host);
    free(list);
    server_stop(server);
}
END_TEST

/* Is there room to send now? After a short look the answer is no: the server does not read. */
static bool
can_send(struct client *client)
{
    struct pollfd wanted = {.fd = client->socket, .events = POLLOUT};

    return poll(&wanted, 1, pace_stretched_ms(LOOK_MS)) == 1;
}

/* It is not read from until they have drained; then every call of it is answered, in order. */
START_TEST(who_asks_and_does_not_read_is_not_read_from)
{
    struct server *server = server_start("--workers 1");
    struct rpc_client *slow = slow_open(server, "2", ""), *chatty = rpc_open(server), *prompt = rpc_login(server, "3", "2", "2");
    char status[300], ask[128];
    size_t sent = 0, length = 0;
    uint64_t asked = 0;
    int64_t before = process_resident_bytes(server->process), grown;

    memset(status, 's', 256);
    status[256] = '\0';
    client_send(chatty->client, "{\"jsonrpc\": \"2.0\", \"method\": \"login\", \"params\": {\"user_id\": 7, \"status\": \"");
    client_send(chatty->client, status);
    client_send(chatty->client, "\"}, \"id\": 1}");
    (void)client_read_line(chatty->client);
    while (can_send(slow->client)) {
        ssize_t now;

        if (length == 0)
            length = (size_t)snprintf(
                ask, sizeof ask, "{\"jsonrpc\": \"2.0\", \"method\": \"online\", \"params\": {\"users\": [7]}, \"id\": %" PRIu64 "}", asked++);
        now = client_send_now(slow->client, ask + strlen(ask) - length, length);
        ck_assert_int_ge(now, 0);
        length -= (size_t)now;
        sent += (size_t)now;
        ck_assert_msg(sent < ASKED_BYTES_MAX, "the server reads on and on");
    }
    grown = process_resident_bytes(server->process) - before;
    ck_assert_msg(pace_is_tooled() || grown < MEMORY_SLACK_BYTES, "the server grew by %" PRId64 " bytes", grown);
    rpc_fence(prompt);

    for (uint64_t i = 0; i < asked; i++) {
        char id[32];
        const char *text;

        if (length > 0 && i + 1 == asked) /* all that was before it has been answered, so there is room for the rest of the last one */
            client_send(slow->client, ask + strlen(ask) - length);
        text = client_read_line(slow->client);
        snprintf(id, sizeof id, "}, \"id\": %" PRIu64 "}\n", i);
        ck_assert_msg(text != NULL && strstr(text, "\"online\": [7]") != NULL && strstr(text, id) != NULL, "no answer to %" PRIu64 ": %s", i, text);
    }
    printf("%zu bytes of calls were taken from the one that does not read\n", sent);
    rpc_fence(slow);
    rpc_logout(slow);
    rpc_expect_offline(prompt, "2", "goodbye");
    rpc_logout(prompt);
    rpc_logout(chatty);
    server_stop(server);
}
END_TEST

/* A short question can have a long answer: a batch of such is answered up to a limit, and the rest is refused. */
START_TEST(the_answers_to_a_batch_are_bounded)
{
    enum { TALKERS = 20, CALLS = 1000, STATUS_BYTES = 250, ANSWER_BYTES_MAX = 2 << 20 };
    struct server *server = server_start("--workers 3");
    struct rpc_client *talkers[TALKERS], *asker = rpc_login(server, "1", "", "");
    char status[STATUS_BYTES * 6 + 1], params[sizeof status + 64], users[TALKERS * 8], id[16];
    char *batch = malloc(CALLS * (sizeof users + 96)), *end = batch;

    ck_assert_ptr_nonnull(batch);
    for (int i = 0; i < STATUS_BYTES; i++)
        memcpy(status + 6 * i, "\\u0001", 7);
    snprintf(params, sizeof params, "\"status\": \"%s\"", status);
    users[0] = '\0';
    for (int i = 0; i < TALKERS; i++) {
        snprintf(id, sizeof id, "%d", 100 + i);
        talkers[i] = rpc_login(server, id, "", "");
        rpc_expect_call(talkers[i], "status", params, "{}");
        sprintf(users + strlen(users), "%s%d", i == 0 ? "" : ", ", 100 + i);
    }
    for (int i = 0; i < CALLS; i++)
        end += sprintf(
            end, "%s{\"jsonrpc\": \"2.0\", \"method\": \"online\", \"params\": {\"users\": [%s]}, \"id\": %d}", i == 0 ? "[" : ", ", users, i);
    strcpy(end, "]");
    client_send(asker->client, batch);
    const char *line = client_read_line(asker->client);
    ck_assert_ptr_nonnull(line);
    ck_assert_uint_lt(strlen(line), ANSWER_BYTES_MAX);
    ck_assert_ptr_nonnull(strstr(line, "\"data\": \"too_large\"}, \"id\": 999}]"));
    ck_assert_ptr_eq(strstr(line, "[{\"jsonrpc\": \"2.0\", \"result\": {\"online\": [100, "), line);
    rpc_expect_call(asker, "ping", NULL, "\"pong\"");
    free(batch);
    for (int i = 0; i < TALKERS; i++)
        rpc_close(talkers[i]);
    rpc_close(asker);
    server_stop(server);
}
END_TEST

static Suite *
slow_suite(void)
{
    Suite *suite = suite_create("jsonrpc_slow");
    TCase *tests = tcase_create("jsonrpc_slow");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, who_does_not_read_is_told_little_in_the_end);
    tcase_add_test(tests, what_waits_is_one_change_for_each_friend);
    tcase_add_test(tests, who_asks_and_does_not_read_is_not_read_from);
    tcase_add_test(tests, the_answers_to_a_batch_are_bounded);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(slow_suite());
}
