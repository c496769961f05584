/* SPDX-License-Identifier: MIT
 *
 * The admin interface of the real server: what it counts of what clients do, in the words that a monitoring system reads, and what it says while
 * the server stops.
 */
#include "support/client.h"
#include "support/ctl.h"
#include "support/http.h"
#include "support/pace.h"
#include "support/program.h"
#include "support/rpc_client.h"
#include "support/server.h"
#include "support/session.h"
#include "support/udp_client.h"
#include "support/unit.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static uint16_t
admin_port(struct server *server)
{
    return (uint16_t)server_event_number(server, "listening", 0, "admin_port");
}

static void
expect(struct http_answer answer, int status, const char *body)
{
    ck_assert_msg(answer.status == status && strcmp(answer.body, body) == 0, "%d: %s", answer.status, answer.body);
    http_answer_done(&answer);
}

/* The page of metrics has this line, perhaps after a moment. */
#define expect_metric(server, line) expect_metric_at((server), "\n" line "\n", __LINE__)
static void
expect_metric_at(struct server *server, const char *line, int place)
{
    int64_t deadline = pace_deadline_ms();
    bool found = false;

    while (!found) {
        struct http_answer answer = http_get(admin_port(server), "/metrics");

        ck_assert_int_eq(answer.status, 200);
        found = strstr(answer.body, line) != NULL;
        ck_assert_msg(found || pace_left_ms(deadline) > 0, "line %d: %s is not in: %s", place, line, answer.body);
        http_answer_done(&answer);
    }
}

START_TEST(it_counts_who_comes_and_who_goes)
{
    struct server *server = server_start("--admin-port 0");
    struct client *first = client_connect(server), *second = client_connect(server), *silent = client_connect(server);

    expect_metric(server, "alo_connections{transport=\"tcp\"} 3");
    client_hello(first, 987654321, "987654322");
    expect_metric(server, "alo_sessions{dialect=\"classic\",transport=\"tcp\"} 1");
    client_hello(second, 987654322, "987654321");
    client_expect(first, ONLINE);
    expect_metric(server, "alo_users_online 2");
    expect_metric(server, "alo_notifications_total{dialect=\"classic\",transport=\"tcp\"} 1");
    expect_metric(server, "alo_fanout_sessions_count 1");
    expect_metric(server, "alo_change_to_written_seconds_count 1");
    client_goodbye(second, 987654322);
    client_expect(first, OFFLINE);
    client_expect_end(second);
    expect_metric(server, "alo_connections_ended_total{reason=\"goodbye\",transport=\"tcp\"} 1");
    expect_metric(server, "alo_transitions_total{state=\"offline\"} 1");
    client_send(silent, "{\"user_id\": 1.5}");
    client_expect_error(silent, "bad_message");
    expect_metric(server, "alo_errors_total{code=\"bad_message\"} 1");
    expect_metric(server, "alo_connections_ended_total{reason=\"error\",transport=\"tcp\"} 1");
    client_reset(first);
    expect_metric(server, "alo_connections_ended_total{reason=\"closed\",transport=\"tcp\"} 1");
    expect_metric(server, "alo_users_online 0");
    expect_metric(server, "alo_sessions{dialect=\"classic\",transport=\"tcp\"} 0");
    expect_metric(server, "alo_connections{transport=\"tcp\"} 0");
    expect_metric(server, "alo_logins_total{dialect=\"classic\",transport=\"tcp\"} 2");

    /* Nobody's id is in it, in whatever form. */
    struct http_answer answer = http_get(admin_port(server), "/metrics");
    ck_assert_ptr_null(strstr(answer.body, "98765432"));
    http_answer_done(&answer);
    client_close(second);
    client_close(silent);
    server_stop(server);
}
END_TEST

START_TEST(it_tells_dialects_and_transports_apart)
{
    struct server *server = server_start("--admin-port 0 --udp-timeout 3");
    struct rpc_client *rpc = rpc_login(server, "1", "2", "");
    struct udp_client *udp = udp_client_enter(server, 2, "1");

    (void)rpc_expect_online(rpc, "2", NULL);
    expect_metric(server, "alo_sessions{dialect=\"jsonrpc\",transport=\"tcp\"} 1");
    expect_metric(server, "alo_sessions{dialect=\"classic\",transport=\"udp\"} 1");
    expect_metric(server, "alo_connections{transport=\"udp\"} 1");
    (void)rpc_expect_offline(rpc, "2", "timeout");
    expect_metric(server, "alo_connections_ended_total{reason=\"timeout\",transport=\"udp\"} 1");
    rpc_logout(rpc);
    expect_metric(server, "alo_connections_ended_total{reason=\"goodbye\",transport=\"tcp\"} 1");
    udp_client_close(udp);
    server_stop(server);
}
END_TEST

/* A client that asks and does not read the answers, until the server has more for it than its socket takes. */
static struct client *
deaf_open(const struct server *server)
{
    static const char ping[] = "{\"jsonrpc\": \"2.0\", \"id\": \"a name that is not short at all\", \"method\": \"ping\"}";
    struct client *client = client_connect_with(server, &(struct client_options){.small_buffers = true});
    struct pollfd writable = {.fd = client->socket, .events = POLLOUT};

    while (poll(&writable, 1, 300) > 0)
        ck_assert_int_gt(client_send_now(client, ping, sizeof ping - 1), 0);
    return client;
}

/* A token in a file of the test's own. */
static const char *
token_file(void)
{
    static char path[] = "/tmp/alo-token-XXXXXX";
    int descriptor = mkstemp(path);

    ck_assert_int_ge(descriptor, 0);
    ck_assert_int_eq(dprintf(descriptor, "a-token-for-tests\n"), 18);
    close(descriptor);
    return path;
}

static void
expect_ctl(struct server *server, const char *words, int status, const char *text)
{
    char where[32];

    snprintf(where, sizeof where, "127.0.0.1:%u", admin_port(server));
    ctl_expect(where, words, status, text);
}

/* While a stop waits for those who do not read, it is said that the server is not ready; what was counted is there to the last. */
START_TEST(a_stop_is_seen)
{
    const char *token = token_file();
    struct server *server = server_start("--admin-port 0 --stop-timeout 3600 --admin-token-file %s", token);
    uint16_t port = admin_port(server);
    struct client *deaf = deaf_open(server), *client = client_connect(server);
    struct http_answer answer;
    char words[128];

    client_hello(client, 1, "2");
    expect_metric(server, "alo_users_online 1");
    expect(http_get(port, "/readyz"), 200, "ready\n");
    server_signal(server, SIGTERM);
    client_expect_error(client, "shutting_down");
    expect(http_get(port, "/readyz"), 503, "not ready\n");
    expect(http_get(port, "/livez"), 200, "ok\n");
    expect_metric(server, "alo_ready 0");
    snprintf(words, sizeof words, "drain --token-file %s", token);
    expect_ctl(server, words, 1, "the server is stopping");
    answer = http_ask(port, "POST /api/v1/drain HTTP/1.0\r\nAuthorization: Bearer a-token-for-tests\r\n\r\n");
    ck_assert_int_eq(answer.status, 409);
    http_answer_done(&answer);
    client_close(client);
    expect_metric(server, "alo_connections_ended_total{reason=\"stopped\",transport=\"tcp\"} 1");
    client_close(deaf);
    ck_assert_int_eq(server_wait(server), 0);
    server_free(server);
    unlink(token);
}
END_TEST

START_TEST(a_port_that_is_taken_is_said)
{
    struct server *server = server_start("--admin-port 0 --admin-bind 127.0.0.1");
    struct server *second = server_launch("--port 0 --admin-bind 127.0.0.1 --admin-port %u", admin_port(server));
    int status = server_wait(second);

    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    ck_assert_ptr_nonnull(strstr(server_line(second, 0), "--admin-port none"));
    server_free(second);
    second = server_launch("--port 0 --admin-bind nowhere --admin-port 0");
    status = server_wait(second);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 2);
    ck_assert_ptr_nonnull(strstr(server_line(second, 0), "--admin-bind nowhere"));
    server_free(second);
    server_stop(server);
}
END_TEST

/* Is there such a text in what is answered? */
static void
expect_page(struct server *server, const char *path, const char *text)
{
    struct http_answer answer = http_get(admin_port(server), path);

    ck_assert_int_eq(answer.status, 200);
    ck_assert_msg(strstr(answer.body, text) != NULL, "%s is not in %s: %s", text, path, answer.body);
    http_answer_done(&answer);
}

START_TEST(it_tells_of_users_and_sessions)
{
    struct server *server = server_start("--admin-port 0");
    struct session *watcher = session_open(server, 3, "7");
    struct client *user = client_connect(server), *silent = client_connect(server);

    client_hello(user, 7, NULL);
    client_expect(watcher->client, ONLINE);
    expect_metric(server, "alo_connections{transport=\"tcp\"} 3");
    expect_page(server, "/api/v1/users/7", "{\"user_id\": 7, \"online\": true, \"watchers\": 1, \"last_transition\": {\"online\": true, \"at\": ");
    expect_page(server, "/api/v1/users/7", "\"transport\": \"tcp\", \"dialect\": \"classic\", \"peer\": \"127.0.0.1:");
    expect_page(
        server, "/api/v1/users/%227%22", "{\"user_id\": \"7\", \"online\": false, \"watchers\": 0, \"last_transition\": null, \"sessions\": []}");
    expect_page(server, "/api/v1/sessions", "{\"total\": 3, \"offset\": 0, \"sessions\": [{\"session\": \"");
    expect_page(server, "/api/v1/sessions?limit=0", "{\"total\": 3, \"offset\": 0, \"sessions\": []}");
    expect_page(server, "/api/v1/sessions?sort=newest&limit=1&offset=2&format=table", "3 in all\n");
    expect_page(
        server, "/api/v1/explain?watcher=3&user=7", "\"because\": \"it lists the user, and all that it was told has been handed to the kernel\"");
    expect_page(server, "/api/v1/explain?watcher=7&user=3", "\"because\": \"it does not list the user; it hears of the user's departures only");
    expect_page(server, "/api/v1/explain?watcher=7&user=99", "\"because\": \"it does not list the user, so it is told nothing of it\"");
    client_close(user);
    client_expect(watcher->client, OFFLINE);
    expect_page(server, "/api/v1/users/7", "{\"user_id\": 7, \"online\": false, \"watchers\": 1, \"last_transition\": {\"online\": false, \"at\": ");
    expect_page(server, "/api/v1/users/7", "\"reason\": \"closed\"}, \"sessions\": []}");
    expect_page(server, "/api/v1/explain?watcher=3&user=7", "\"transitions\": [{\"online\": false, \"at\": ");
    expect_page(server, "/api/v1/explain?watcher=3&user=7", ", \"reason\": \"closed\"}, {\"online\": true, \"at\": ");
    expect_page(server, "/api/v1/explain?watcher=3&user=7", "}], \"older_transitions\": \"none\", \"news_under_way\": ");
    expect_page(server, "/api/v1/explain?watcher=7&user=99", "\"transitions\": [], \"older_transitions\": \"none\"");
    static const char *const wrong[] = {"/api/v1/sessions?sort=best", "/api/v1/sessions?limit=201", "/api/v1/sessions?offset=-1",
        "/api/v1/explain?watcher=3", "/api/v1/users/99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct http_answer answer = http_get(admin_port(server), wrong[i]);

        ck_assert_msg(answer.status == 400, "%s: %d", wrong[i], answer.status);
        http_answer_done(&answer);
    }
    client_close(silent);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

START_TEST(operators_close_sessions_from_a_terminal)
{
    const char *token = token_file();
    struct server *server = server_start("--admin-port 0 --admin-token-file %s", token);
    struct session *watcher = session_open(server, 3, "7");
    struct client *user = client_connect(server);
    char words[256];

    client_hello(user, 7, NULL);
    client_expect(watcher->client, ONLINE);
    expect_ctl(server, "ready", 0, "ready\n");
    expect_ctl(server, "user 7", 0, "user 7 is online, watched by 1 sessions; came 2");
    expect_ctl(server, "user x&y#z%41?/", 0, "user \"x&y#z%41?/\" is offline");
    expect_ctl(server, "--json sessions --limit 1 --sort queue", 0, "\"sessions\": [{");
    expect_ctl(server, "explain 3 7", 0, "    it lists the user, and all that it was told has been handed to the kernel\n");
    expect_ctl(server, "explain 3 7", 0, "\nlast transitions of the user:\n    came 2");
    expect_ctl(server, "explain 3 7", 0, "Z\n    nothing earlier since the server was started\n");
    expect_ctl(server, "metrics", 0, "alo_users_online 2\n");
    expect_ctl(server, "close-user 7", 1, "this needs the token");
    expect_ctl(server, "close-user", 2, "it takes ID");
    expect_ctl(server, "--limit 3 ready", 2, "are for sessions");
    ctl_expect("unix:", "ready", 1, "unix: takes a path of 1 to 107 bytes");
    expect_ctl(server, "frobnicate", 2, "there is no command frobnicate");
    snprintf(words, sizeof words, "close-user --token-file %s 7", token);
    expect_ctl(server, words, 0, "1 closed\n");
    client_expect_error(user, "shutting_down");
    client_expect(watcher->client, OFFLINE);
    expect_ctl(server, words, 0, "0 closed\n");
    client_close(user);
    expect_metric(server, "alo_connections_ended_total{reason=\"operator\",transport=\"tcp\"} 1");
    session_leave(watcher);
    server_stop(server);
    unlink(token);
}
END_TEST

/* The status that a request to close user 7 has with this token. */
static int
status_with(struct server *server, const char *token)
{
    struct http_answer answer = http_ask(
        admin_port(server), "POST /api/v1/users/7/close HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 0\r\n\r\n", token);
    int status = answer.status;

    http_answer_done(&answer);
    return status;
}

static void
write_token(const char *path, const char *token)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_gt(fprintf(file, "%s\n", token), 0);
    ck_assert_int_eq(fclose(file), 0);
}

/* A reload reads the token again; one that is none leaves the old one. Who does not have it is logged, and so is what is done. */
START_TEST(a_reload_changes_the_token)
{
    const char *path = token_file();
    struct server *server = server_start("--admin-port 0 --admin-token-file %s", path);
    char line[64];

    ck_assert_int_eq(status_with(server, "a-token-for-tests"), 200);
    (void)server_event(server, "operator_closes", 0);
    ck_assert_int_eq(status_with(server, "another-token-for-tests"), 401);
    snprintf(line, sizeof line, "\"event\":\"admin_refused\",\"peer\":\"127.0.0.1\",\"times\":1");
    ck_assert_ptr_nonnull(strstr(server_event(server, "admin_refused", 0), line));
    write_token(path, "short");
    server_signal(server, SIGHUP);
    ck_assert_ptr_nonnull(strstr(server_event(server, "reload_failed", 0), path));
    ck_assert_int_eq(status_with(server, "a-token-for-tests"), 200);
    write_token(path, "another-token-for-tests");
    server_signal(server, SIGHUP);
    (void)server_event(server, "reloaded", 0);
    ck_assert_int_eq(status_with(server, "a-token-for-tests"), 401);
    ck_assert_int_eq(status_with(server, "another-token-for-tests"), 200);
    expect_metric(server, "alo_admin_refused_total 2");
    server_stop(server);
    unlink(path);
}
END_TEST

/* The same as by SIGUSR2, and only with the token. */
START_TEST(an_operator_drains)
{
    const char *path = token_file();
    struct server *server = server_start("--admin-port 0 --drain-time 1 --admin-token-file %s", path);
    struct session *session = session_open(server, 7, "");
    char words[128];

    expect_ctl(server, "ready", 0, "ready");
    expect_ctl(server, "drain", 1, "this needs the token");
    expect_ctl(server, "ready", 0, "ready");
    snprintf(words, sizeof words, "drain --token-file %s", path);
    expect_ctl(server, words, 0, "{\"draining\":true}\n");
    (void)server_event(server, "operator_drains", 0);
    client_expect_error(session->client, "shutting_down");
    (void)server_event(server, "drained", 0);
    expect_ctl(server, "ready", 1, "not ready");
    session_close(session);
    server_stop(server);
    unlink(path);
}
END_TEST

/* What is dangerous is said at the start: a token that others may read, an interface that others reach. */
START_TEST(what_is_open_to_others_is_said)
{
    const char *path = token_file();

    ck_assert_int_eq(chmod(path, 0644), 0);
    struct server *server = server_start("--admin-port 0 --admin-bind 0.0.0.0 --admin-token-file %s", path);
    ck_assert_ptr_nonnull(strstr(server_event(server, "admin_token_exposed", 0), path));
    ck_assert_ptr_nonnull(strstr(server_event(server, "admin_exposed", 0), "0.0.0.0:"));
    server_stop(server);
    unlink(path);
}
END_TEST

START_TEST(a_token_that_is_none_keeps_it_from_starting)
{
    static const char *const wrong[] = {"/dev/null", "/nonexistent/token"};

    for (int i = 0; i < 2; i++) {
        struct server *server = server_launch("--port 0 --admin-port 0 --admin-token-file %s", wrong[i]);
        int status = server_wait(server);

        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 2);
        ck_assert_ptr_nonnull(strstr(server_line(server, 0), wrong[i]));
        server_free(server);
    }
}
END_TEST

/* A reader that was not written here takes the page for what it is, and finds the same numbers in it. */
START_TEST(prometheus_reads_it)
{
    struct server *server = server_start("--admin-port 0");
    struct session *session = session_open(server, 1, "2");
    char command[128];

    session_fence(session);
    snprintf(command, sizeof command, "/usr/bin/python3 -I tests/interop/metrics.py %u", admin_port(server));
    struct program *program = program_start(PROGRAM_PIPES, command);
    program_expect(program, "\n");
    if (strncmp(program->text, "not installed", 13) == 0 || strncmp(program->text, "cannot execute", 14) == 0) {
        fprintf(stderr, "python3-prometheus-client is missing: the format is not checked by another reader\n");
        (void)program_wait(program);
    } else {
        ck_assert_ptr_null(strstr(program->text, "wrong:"));
        program_expect(program, "alo_workers 3\n");
        program_expect(program, "alo_users_online 1\n");
        program_expect(program, "alo_sessions{dialect=\"classic\",transport=\"tcp\"} 1\n");
        program_expect(program, "alo_turn_seconds_bucket{le=\"+Inf\"} ");
        program_expect(program, "\nend\n");
        ck_assert_int_eq(program_wait(program), 0);
    }
    program_free(program);
    session_leave(session);
    server_stop(server);
}
END_TEST

/* What the alert rules and the dashboard ask for is there. */
START_TEST(operators_are_given_what_fits)
{
    struct server *server = server_start("--admin-port 0");
    char command[160];

    snprintf(command, sizeof command, "/usr/bin/python3 -I tests/interop/operators.py %u scripts/alo.rules.yml scripts/grafana-dashboard.json",
        admin_port(server));
    struct program *program = program_start(PROGRAM_PIPES, command);
    int status = program_wait(program);
    if (strncmp(program->text, "not installed", 13) == 0 || strncmp(program->text, "cannot execute", 14) == 0)
        fprintf(stderr, "python3-yaml or python3-prometheus-client is missing: rules and dashboard are not checked\n");
    else
        ck_assert_msg(status == 0, "%s", program->text);
    program_free(program);
    server_stop(server);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("admin");
    TCase *tests = tcase_create("admin");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, it_counts_who_comes_and_who_goes);
    tcase_add_test(tests, it_tells_dialects_and_transports_apart);
    tcase_add_test(tests, a_stop_is_seen);
    tcase_add_test(tests, a_port_that_is_taken_is_said);
    tcase_add_test(tests, it_tells_of_users_and_sessions);
    tcase_add_test(tests, operators_close_sessions_from_a_terminal);
    tcase_add_test(tests, a_reload_changes_the_token);
    tcase_add_test(tests, an_operator_drains);
    tcase_add_test(tests, what_is_open_to_others_is_said);
    tcase_add_test(tests, a_token_that_is_none_keeps_it_from_starting);
    tcase_add_test(tests, prometheus_reads_it);
    tcase_add_test(tests, operators_are_given_what_fits);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
