/* SPDX-License-Identifier: MIT
 *
 * Unix sockets: how they come and go, and that what is promised of TCP holds for whoever comes by one, in both dialects, with friends who
 * come by TCP.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/rpc_client.h"
#include "support/session.h"
#include "support/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/alo-unix-XXXXXX";
static char first[64], second[64]; /* unix:/path */

static void
begin(void)
{
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(first, sizeof first, "unix:%s/one", directory);
    snprintf(second, sizeof second, "unix:%s/two", directory);
}

static const char *
path_of(const char *address)
{
    return address + strlen("unix:");
}

/* Nothing is left behind in the directory. */
static void
end(void)
{
    ck_assert_int_eq(rmdir(directory), 0);
}

static struct client *
connect_by(const struct server *server, const char *address)
{
    return client_connect_with(server, &(struct client_options){.address = address});
}

static mode_t
mode_of(const char *address)
{
    struct stat found;

    ck_assert_int_eq(lstat(path_of(address), &found), 0);
    ck_assert(S_ISSOCK(found.st_mode));
    return found.st_mode & 07777;
}

START_TEST(it_listens_on_each_path_beside_its_addresses)
{
    begin();
    struct server *server = server_start("--bind 127.0.0.1 --listen %s,%s --listen-mode 606", first, second);

    ck_assert_int_eq(server_event_number(server, "listening", 0, "listeners"), 3);
    ck_assert_ptr_nonnull(strstr(server_event(server, "listening", 0), first));
    ck_assert_uint_eq(mode_of(first), 0606);
    ck_assert_uint_eq(mode_of(second), 0606);

    struct session *one = session_open_on(server, connect_by(server, first), 1, "2, 3");
    struct session *two = session_open_on(server, connect_by(server, second), 2, "1, 3"), *three = session_open(server, 3, "1, 2");

    client_expect(one->client, ONLINE ONLINE);
    client_expect(two->client, ONLINE);
    session_leave(one);
    client_expect(two->client, OFFLINE);
    client_expect(three->client, OFFLINE);
    session_reset(two);
    client_expect(three->client, OFFLINE);
    session_leave(three);
    server_stop(server);
    end();
}
END_TEST

START_TEST(by_default_only_its_user_and_group_may_connect)
{
    begin();
    struct server *server = server_start("--listen %s", first);

    ck_assert_uint_eq(mode_of(first), 0660);
    server_stop(server);
    end();
}
END_TEST

START_TEST(a_dead_servers_file_is_replaced_and_a_live_one_is_refused)
{
    begin();
    struct server *server = server_start("--listen %s", first);

    server_signal(server, SIGKILL);
    server_wait(server);
    server_free(server);
    ck_assert_int_eq(access(path_of(first), F_OK), 0);
    server = server_start("--listen %s", first);

    struct session *session = session_open_on(server, connect_by(server, first), 1, "");
    struct server *late = server_launch("--port 0 --listen %s,%s", second, first);
    int status = server_wait(late);

    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    ck_assert_ptr_nonnull(strstr(server_line(late, 0), "a live server listens there"));
    ck_assert_int_eq(access(path_of(second), F_OK), -1); /* what it had begun is undone */
    server_free(late);
    session_fence(session);
    session_leave(session);
    server_stop(server);
    end();
}
END_TEST

START_TEST(another_file_is_not_touched)
{
    begin();
    close(open(path_of(first), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    struct server *server = server_launch("--port 0 --listen %s", first);
    int status = server_wait(server);

    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    ck_assert_ptr_nonnull(strstr(server_line(server, 0), "no socket"));
    server_free(server);
    ck_assert_int_eq(unlink(path_of(first)), 0);
    end();
}
END_TEST

START_TEST(wrong_values_are_said)
{
    static const char *const wrong[] = {"--listen /tmp/x", "--listen unix:x", "--listen-mode 8", "--listen unix:/tmp/a,unix:/tmp/a"};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct server *server = server_launch("--port 0 %s", wrong[i]);
        int status = server_wait(server);

        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 2);
        ck_assert_ptr_nonnull(strstr(server_line(server, 0), "--listen"));
        ck_assert_ptr_nonnull(strstr(server_line(server, 0), "allowed is"));
        server_free(server);
    }
}
END_TEST

/* One byte at a time, many in one piece, and every way to end: each is told once, and what came before the end is carried out. */
START_TEST(framing_and_ends)
{
    begin();
    struct server *server = server_start("--listen %s", first);
    struct session *watcher = session_open(server, 1, "2");
    struct client *client = connect_by(server, first);

    client_send_pieces(client, "{\"user_id\": 2, \"friends\": [3]}", 1);
    client_expect(watcher->client, ONLINE);
    client_send(client, "{\"user_id\":2}\r\n {\"user_id\":2,\"friends\":[4]}{\"user_id\":2,\"online\":false}");
    client_expect_end(client);
    client_expect(watcher->client, OFFLINE);
    client_close(client);

    client = connect_by(server, first);
    client_send(client, "{\"user_id\": 2}");
    client_half_close(client);
    client_expect_end(client);
    client_expect(watcher->client, ONLINE OFFLINE);
    client_close(client);

    client = connect_by(server, first);
    client_hello(client, 2, NULL);
    client_close(client); /* at once, and nothing is read by it */
    client_expect(watcher->client, ONLINE OFFLINE);
    session_fence(watcher);
    session_leave(watcher);
    server_stop(server);
    end();
}
END_TEST

/* An error's line arrives although the client goes on sending, and is the last. */
START_TEST(errors_arrive)
{
    begin();
    struct server *server = server_start("--listen %s --max-message 1KiB", first);
    struct session *watcher = session_open(server, 1, "2");
    struct client *client = connect_by(server, first);
    char much[64 << 10];

    memset(much, '[', sizeof much);
    client_hello(client, 2, NULL);
    client_expect(watcher->client, ONLINE);
    client_send(client, "{\"user_id\": 3}");
    (void)client_try_send(client, much, sizeof much);
    client_expect_error(client, "user_mismatch");
    client_expect(watcher->client, OFFLINE);
    client_close(client);

    client = connect_by(server, first);
    client_send(client, "{\"user_id\": 2, \"a\": \"");
    (void)client_try_send(client, much, sizeof much);
    client_expect_error(client, "too_large");
    client_close(client);
    session_leave(watcher);
    server_stop(server);
    end();
}
END_TEST

START_TEST(time_outs_and_the_limit_of_connections_hold)
{
    begin();
    struct server *server =
        server_start("--listen %s --hello-timeout %d --message-timeout %d --max-sessions 2", first, pace_seconds(1), pace_seconds(1));
    struct client *silent = connect_by(server, first), *slow = connect_by(server, first), *third = connect_by(server, first);

    client_expect_error(third, "server_full");
    client_send(slow, "{\"user_id\": 1}{\"user_id\"");
    client_expect_error(silent, "hello_timeout");
    client_expect_error(slow, "message_timeout");
    client_close(silent);
    client_close(slow);
    client_close(third);
    server_stop(server);
    end();
}
END_TEST

/* One that does not read is cut in the classic dialect, and kept and told the newest in JSON-RPC. */
START_TEST(slow_readers)
{
    enum { VISITS_MAX = 20000 };

    begin();
    struct server *server = server_start("--listen %s --queue-limit 100", first);
    struct session *slow = session_open_on(server, connect_by(server, first), 1, "5"), *prompt = session_open(server, 2, "5");
    struct rpc_client *patient = rpc_login_on(rpc_open_on(server, connect_by(server, first)), "3", "5", ""), *five;
    struct session *watcher = session_open(server, 4, "1");
    int visits = 0;

    for (; !client_poll(watcher->client); visits++) {
        ck_assert_int_lt(visits, VISITS_MAX);
        user_visit(server, 5, NULL);
        client_expect(prompt->client, ONLINE OFFLINE);
    }
    client_expect(watcher->client, OFFLINE);
    five = rpc_login(server, "5", "", "");
    rpc_expect_call(five, "status", "\"status\": \"last\"", "{}");
    for (int lines = 0; strstr(client_read_line(patient->client), "\"status\": \"last\"") == NULL; lines++)
        ck_assert_int_le(lines, 2 * visits + 1); /* at most what happened */
    rpc_fence(patient);
    rpc_expect_call(patient, "online", "\"users\": [5]", "{\"online\": [5], \"statuses\": [{\"user_id\": 5, \"status\": \"last\"}]}");
    rpc_close(five);
    rpc_close(patient);
    session_close(slow);
    client_expect(prompt->client, ONLINE OFFLINE);
    session_leave(prompt);
    session_leave(watcher);
    server_stop(server);
    end();
}
END_TEST

START_TEST(json_rpc)
{
    begin();
    struct server *server = server_start("--listen %s", first);
    struct rpc_client *one = rpc_login_on(rpc_open_on(server, connect_by(server, first)), "1", "2", "");
    struct rpc_client *two = rpc_login(server, "2", "1", "1");

    rpc_expect_online(one, "2", NULL);
    rpc_expect_call(two, "status", "\"status\": \"away\"", "{}");
    rpc_expect_online(one, "2", "\"away\"");
    client_send(one->client, "[{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 5}]");
    ck_assert_str_eq(client_read_line(one->client), "[{\"jsonrpc\": \"2.0\", \"result\": \"pong\", \"id\": 5}]\n");
    rpc_reset(two);
    rpc_expect_offline(one, "2", "closed");
    rpc_fence(one);
    rpc_call(one, "9", "nothing", "");
    rpc_expect_error(one, "9", -32601, "bad_message");
    rpc_logout(one);
    server_stop(server);
    end();
}
END_TEST

START_TEST(a_stop_tells_them_and_removes_the_file)
{
    begin();
    struct server *server = server_start("--listen %s", first);
    struct session *session = session_open_on(server, connect_by(server, first), 1, "");
    struct rpc_client *rpc = rpc_login_on(rpc_open_on(server, connect_by(server, first)), "2", "", "");

    server_signal(server, SIGTERM);
    client_expect_error(session->client, "shutting_down");
    ck_assert_ptr_nonnull(strstr(client_read_line(rpc->client), "shutting_down"));
    session_close(session);
    rpc_close(rpc);
    ck_assert_int_eq(server_wait(server), 0);
    server_free(server);
    end();
}
END_TEST

START_TEST(the_log_calls_its_peers_unix)
{
    begin();
    struct server *server = server_start("--listen %s --verbose", first);
    struct client *client = connect_by(server, first);

    ck_assert_ptr_nonnull(strstr(server_event(server, "connected", 0), "\"peer\":\"unix\""));
    client_close(client);
    (void)server_event(server, "disconnected", 0);
    server_stop(server);
    end();
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("system/unix");
    TCase *files = tcase_create("files"), *sessions = tcase_create("sessions");

    tcase_add_test(files, it_listens_on_each_path_beside_its_addresses);
    tcase_add_test(files, by_default_only_its_user_and_group_may_connect);
    tcase_add_test(files, a_dead_servers_file_is_replaced_and_a_live_one_is_refused);
    tcase_add_test(files, another_file_is_not_touched);
    tcase_add_test(files, wrong_values_are_said);
    tcase_set_timeout(files, pace_test_timeout_s());
    suite_add_tcase(suite, files);
    tcase_add_test(sessions, framing_and_ends);
    tcase_add_test(sessions, errors_arrive);
    tcase_add_test(sessions, time_outs_and_the_limit_of_connections_hold);
    tcase_add_test(sessions, slow_readers);
    tcase_add_test(sessions, json_rpc);
    tcase_add_test(sessions, a_stop_tells_them_and_removes_the_file);
    tcase_add_test(sessions, the_log_calls_its_peers_unix);
    tcase_set_timeout(sessions, pace_test_timeout_s());
    suite_add_tcase(suite, sessions);
    return unit_run(suite);
}
