/* SPDX-License-Identifier: MIT
 *
 * Starting: where the server listens and how it says so, what it takes from flags and from the environment, and one sentence
 * when it cannot start.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/pair.h"
#include "support/session.h"
#include "support/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Connects a socket of its own, or binds one there; -1 with errno when that fails. Only numeric addresses. */
static int
socket_at(const char *address, uint16_t port, int (*act)(int, const struct sockaddr *, socklen_t))
{
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    bool is_four = inet_pton(AF_INET, address, &four.sin_addr) == 1;
    int made = socket(is_four ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (made < 0)
        return -1;
    ck_assert(is_four || inet_pton(AF_INET6, address, &six.sin6_addr) == 1);
    if (act(made, is_four ? (struct sockaddr *)&four : (struct sockaddr *)&six, is_four ? sizeof four : sizeof six) == 0)
        return made;
    int error = errno;
    close(made);
    errno = error;
    return -1;
}

/* Does this machine have the IPv6 loopback address? Says so when a test has to do without. */
static bool
has_six(void)
{
    int made = socket_at("::1", 0, bind);

    if (made < 0)
        fprintf(stderr, "IPv6 IS NOT TESTED: this machine has no address ::1\n");
    else
        close(made);
    return made >= 0;
}

/* A session on each of two addresses: each hears the other. */
static void
expect_reachable(const struct server *server, const char *one, const char *other)
{
    struct client *first = client_connect_with(server, &(struct client_options){.address = one});
    struct client *second = client_connect_with(server, &(struct client_options){.address = other});
    struct session *watcher = session_open_on(server, first, 1, "2"), *session = session_open_on(server, second, 2, "1");

    client_expect(watcher->client, ONLINE);
    session_leave(watcher);
    client_expect(session->client, OFFLINE);
    session_leave(session);
}

static void
expect_nobody_at(const struct server *server, const char *address)
{
    int knocker = socket_at(address, server->port, connect);

    ck_assert_msg(knocker < 0 && errno == ECONNREFUSED, "somebody listens on %s", address);
}

/* Without --bind, both loopback addresses have the same port, and lead to the same users; nothing else of the machine does. */
START_TEST(both_loopback_addresses_by_default)
{
    struct server *server = server_start("--workers 3");
    bool six = has_six();

    expect_reachable(server, "127.0.0.1", six ? "::1" : "127.0.0.1");
    expect_nobody_at(server, "127.0.0.2");
    ck_assert_int_eq(server_event_number(server, "listening", 0, "listeners"), six ? 2 : 1);
    server_stop(server);
}
END_TEST

START_TEST(bind_to_one_address)
{
    struct server *server = server_start("--workers 3 --bind 127.0.0.7");

    /* Sessions of support/session.h come by 127.0.0.1, so only plain ones here. */
    struct client *client = client_connect_with(server, &(struct client_options){.address = "127.0.0.7"});
    client_send(client, "?");
    client_expect_error(client, "bad_json");
    client_close(client);
    ck_assert_int_eq(server_event_number(server, "listening", 0, "listeners"), 1);
    expect_nobody_at(server, "127.0.0.1");
    if (has_six())
        expect_nobody_at(server, "::1");
    server_stop(server);
}
END_TEST

START_TEST(bind_to_several_addresses)
{
    bool six = has_six();
    struct server *server = server_start("--workers 3 --bind 127.0.0.8,127.0.0.1%s", six ? ",::1" : "");

    expect_reachable(server, "127.0.0.1", "127.0.0.8");
    expect_reachable(server, "127.0.0.8", six ? "::1" : "127.0.0.1");
    expect_nobody_at(server, "127.0.0.2");
    ck_assert_int_eq(server_event_number(server, "listening", 0, "listeners"), six ? 3 : 2);
    server_stop(server);
}
END_TEST

START_TEST(bind_to_all_addresses)
{
    struct server *server = server_start("--workers 3 --bind all");
    bool six = has_six();

    expect_reachable(server, "127.0.0.1", "127.0.0.9");
    expect_reachable(server, "127.0.0.200", six ? "::1" : "127.0.0.1");
    ck_assert_ptr_nonnull(strstr(server_event(server, "listening", 0), "0.0.0.0:"));
    server_stop(server);
}
END_TEST

/* As server_launch, with variables ("NAME=value ...") in its environment. */
static struct server *
launch_with(const char *variables, const char *flags)
{
    char wrapper[1024], *before = getenv("ALO_WRAPPER");

    before = before != NULL ? strdup(before) : NULL;
    snprintf(wrapper, sizeof wrapper, "env %s %s", variables, before != NULL ? before : "");
    setenv("ALO_WRAPPER", wrapper, 1);
    struct server *server = server_launch("%s", flags);
    if (before != NULL)
        setenv("ALO_WRAPPER", before, 1);
    else
        unsetenv("ALO_WRAPPER");
    free(before);
    return server;
}

/* The same, and waits until it listens. */
static struct server *
start_with(const char *variables, const char *flags)
{
    struct server *server = launch_with(variables, flags);

    server->port = (uint16_t)server_event_number(server, "listening", 0, "port");
    return server;
}

/* It has ended with this status, and all it said is one line that has these words in it. */
static void
expect_refusal(struct server *server, int exit_status, const char *words, const char *more_words)
{
    int status = server_wait(server);
    const char *line = server_line(server, 0);

    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == exit_status, "it ended with wait status %#x; it said: %s", (unsigned)status,
        line != NULL ? line : "(nothing)");
    ck_assert_ptr_nonnull(line);
    ck_assert_msg(strstr(line, words) != NULL && strstr(line, more_words) != NULL, "\"%s\" or \"%s\" is not in: %s", words, more_words, line);
    ck_assert_msg(server_line(server, 1) == NULL, "more than one sentence: %s", server_line(server, 1));
    server_free(server);
}

static const char *const wrong_addresses[] = {
    "nonsense",
    "example.org",
    "127.0.0",
    "127.0.0.256",
    "127.0.0.1:80",
    "[::1]",
    ":::1",
    "127.0.0.1,",
    ",127.0.0.1",
    "127.0.0.1;::1",
    "localhost,127.0.0.2",
    "ALL",
};

START_TEST(bind_to_nonsense)
{
    char variable[128];

    expect_refusal(server_launch("--port 0 --bind %s", wrong_addresses[_i]), 2, "--bind", wrong_addresses[_i]);
    snprintf(variable, sizeof variable, "ALO_BIND=%s", wrong_addresses[_i]);
    expect_refusal(launch_with(variable, "--port 0"), 2, "", wrong_addresses[_i]);
}
END_TEST

/* Right to write, but not an address of this machine (RFC 5737 keeps it for examples), or twice the same. */
START_TEST(bind_to_what_cannot_be)
{
    expect_refusal(server_launch("--port 0 --bind 192.0.2.1"), 1, "192.0.2.1", "cannot listen");
    expect_refusal(server_launch("--port 0 --bind 127.0.0.1,192.0.2.1"), 1, "192.0.2.1", "cannot listen");
    expect_refusal(server_launch("--port 0 --bind 127.0.0.1,127.0.0.1"), 2, "--bind 127.0.0.1,127.0.0.1", "includes another");
}
END_TEST

START_TEST(any_port)
{
    struct server *one = server_start("--workers 3"), *other = server_start("-p 0 --port=0");

    ck_assert_uint_ne(one->port, 0);
    ck_assert_uint_ne(one->port, other->port);
    server_stop(one);
    server_stop(other);
}
END_TEST

/* A port that was free a moment ago, on an address that nothing else uses. */
#define QUIET_ADDRESS "127.0.7.7"
static uint16_t
port_find(void)
{
    struct server *server = server_start("--workers 1 --bind " QUIET_ADDRESS);
    uint16_t port = server->port;

    server_stop(server);
    return port;
}

static void
expect_port(struct server *server, uint16_t port)
{
    ck_assert_int_eq(server_event_number(server, "listening", 0, "port"), port);
    server_stop(server);
}

START_TEST(this_port)
{
    uint16_t port = port_find();
    char variable[64];

    expect_port(server_launch("--bind " QUIET_ADDRESS " --port %d", port), port);
    expect_port(server_launch("--bind " QUIET_ADDRESS " --port=%d", port), port);
    expect_port(server_launch("--bind " QUIET_ADDRESS " -p %d", port), port);
    expect_port(server_launch("--bind " QUIET_ADDRESS " -p%d", port), port);
    snprintf(variable, sizeof variable, "SERVER_PORT=%d", port);
    expect_port(launch_with(variable, "--bind " QUIET_ADDRESS), port);
}
END_TEST

/* A flag counts more than its variable. An orchestrator's variable of the same name is nobody's wish, but worth a warning. */
START_TEST(flag_over_environment)
{
    struct server *server = start_with("SERVER_PORT=1 ALO_WORKERS=9 ALO_STORE=none", "--port 0 --workers 2 --store light");

    ck_assert_uint_ne(server->port, 1);
    ck_assert_int_eq(server_event_number(server, "listening", 0, "workers"), 2);
    server_stop(server);

    server = start_with("ALO_WORKERS=5 ALO_MAX_SESSIONS=7 SERVER_PORT=tcp://192.0.2.7:8080", "--port 0");
    ck_assert_int_eq(server_event_number(server, "listening", 0, "workers"), 5);
    ck_assert_int_eq(server_event_number(server, "listening", 0, "max_sessions"), 7);
    ck_assert_ptr_nonnull(strstr(server_event(server, "configuration", 0), "SERVER_PORT"));
    server_stop(server);
}
END_TEST

/* Does the log tell of each connection? */
static bool
is_verbose(const char *variables, const char *flags)
{
    struct server *server = start_with(variables, flags);
    struct pair *pair = pair_open(server);
    bool verbose = false;

    pair_close(pair);
    server_signal(server, SIGTERM);
    ck_assert_int_eq(server_wait(server), 0);
    for (unsigned i = 0; server_line(server, i) != NULL; i++)
        verbose = verbose || strstr(server_line(server, i), "\"debug\"") != NULL;
    server_free(server);
    return verbose;
}

START_TEST(verbose_by_flag_and_by_environment)
{
    ck_assert(!is_verbose("", "--port 0"));
    ck_assert(is_verbose("", "--port 0 --verbose"));
    ck_assert(is_verbose("", "--port 0 -v"));
    ck_assert(is_verbose("VERBOSE=1", "--port 0"));
    ck_assert(is_verbose("VERBOSE=true", "--port 0"));
    ck_assert(!is_verbose("VERBOSE=0", "--port 0"));
    ck_assert(!is_verbose("VERBOSE=", "--port 0"));
    ck_assert(!is_verbose("VERBOSE=1", "--port 0 --verbose=off"));
}
END_TEST

/* The members that every line has; returns the line, parsed. The caller releases it. */
static json_t *
line_parse(const char *line)
{
    json_error_t error;
    json_t *parsed = json_loads(line, JSON_REJECT_DUPLICATES, &error);
    int year, month, day, hours, minutes, seconds, milliseconds, length = 0;

    ck_assert_msg(json_is_object(parsed), "no JSON object (%s): %s", error.text, line);
    const char *time = json_string_value(json_object_get(parsed, "time")), *level = json_string_value(json_object_get(parsed, "level"));
    ck_assert_msg(time != NULL && level != NULL && json_is_string(json_object_get(parsed, "event")), "a member is missing: %s", line);
    ck_assert_msg(sscanf(time, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ%n", &year, &month, &day, &hours, &minutes, &seconds, &milliseconds, &length) == 7 &&
            length == 24 && time[length] == '\0',
        "not a time of RFC 3339 in UTC: %s", line);
    ck_assert_msg(strstr("error warn info debug", level) != NULL, "no level: %s", line);
    return parsed;
}

START_TEST(what_the_listening_line_says)
{
    struct server *server = server_start("--workers 3 --max-sessions 100");
    json_t *line = line_parse(server_event(server, "listening", 0));
    char address[64];

    snprintf(address, sizeof address, "127.0.0.1:%d", server->port);
    ck_assert_str_eq(json_string_value(json_object_get(line, "level")), "info");
    ck_assert_str_eq(json_string_value(json_object_get(line, "address")), address);
    ck_assert_int_eq(json_integer_value(json_object_get(line, "port")), server->port);
    ck_assert_int_ge(json_integer_value(json_object_get(line, "listeners")), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(line, "workers")), 3);
    ck_assert_int_eq(json_integer_value(json_object_get(line, "max_sessions")), 100);
    ck_assert_str_eq(json_string_value(json_object_get(line, "store")), "light");
    json_decref(line);
    server_stop(server);
}
END_TEST

/* Whatever happens: connections, mistakes that hold quotes and broken UTF-8, warnings, signals, the stop. */
START_TEST(every_line_of_the_log_is_an_object)
{
    static const char *const mistakes[] = {"\"", "{\"user_id\": \"\\\"\\n}\"}", "{\"\xff\"}", "{\"user_id\": 1}{\"user_id\": 2}", "\x01", "{}"};
    struct server *server = start_with("ALO_\"quoted\\=1 ALO_\xc3\x28=1", "--port 0 --verbose");
    struct pair *pair = pair_open(server);
    unsigned lines = 0;

    for (unsigned i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct client *client = client_connect(server);

        client_send(client, mistakes[i]);
        client_read_to_end(client);
        client_close(client);
    }
    server_signal(server, SIGHUP);
    pair_exchange(pair);
    pair_close(pair);
    server_signal(server, SIGTERM);
    ck_assert_int_eq(server_wait(server), 0);
    for (; server_line(server, lines) != NULL; lines++)
        json_decref(line_parse(server_line(server, lines)));
    ck_assert_uint_gt(lines, 20);
    server_free(server);
}
END_TEST

/* One sentence about it in the log, exit status 1, and who was there first is not disturbed. */
START_TEST(port_that_is_taken)
{
    struct server *first = server_start("--workers 3");
    struct pair *pair = pair_open(first);
    char port[16];

    snprintf(port, sizeof port, ":%d", first->port);
    expect_refusal(server_launch("--port %d", first->port), 1, "cannot listen on 127.0.0.1", port);
    expect_refusal(server_launch("--port %d --bind all", first->port), 1, "cannot listen on 0.0.0.0", port);

    struct server *second = server_launch("--port %d", first->port);
    ck_assert_int_eq(WEXITSTATUS(server_wait(second)), 1);
    json_t *line = line_parse(server_line(second, 0));
    ck_assert_str_eq(json_string_value(json_object_get(line, "level")), "error");
    json_decref(line);
    server_free(second);
    pair_exchange(pair);
    pair_close(pair);
    server_stop(first);
}
END_TEST

/* Of the two default addresses only one is taken: that is no half success. */
START_TEST(port_that_is_taken_on_one_address)
{
    struct server *first = has_six() ? server_start("--workers 3 --bind ::1") : NULL;

    if (first == NULL)
        return;
    expect_refusal(server_launch("--port %d", first->port), 1, "cannot listen on [::1]", "");
    server_stop(first);
}
END_TEST

/* The flags, and what the sentence must name. */
static const struct {
    const char *flags, *named;
} wrong_flags[] = {
    {"--nonsense", "--nonsense"},
    {"--prot 0", "--port"},
    {"-x", "-x"},
    {"--port", "--port"},
    {"--port=", "--port"},
    {"--port -1", "--port"},
    {"--port 65536", "65535"},
    {"--port 99999999999999999999", "--port"},
    {"--port 0x50", "--port"},
    {"--port http", "--port"},
    {"--port 80.5", "--port"},
    {"--port 0 --workers many", "--workers"},
    {"--port 0 --workers 257", "256"},
    {"--port 0 --workers --verbose", "--workers"},
    {"--port 0 --verbose=maybe", "--verbose"},
    {"--port 0 --hello-timeout 0", "--hello-timeout"},
    {"--port 0 --max-message 2MiB", "1MiB"},
    {"--port 0 --max-message 256XiB", "--max-message"},
    {"--port 0 nonsense", "nonsense"},
    {"--port 0 --store redis", "light"},
    {"--port 0 --store psql", "light"},
    {"--port 0 --store=", "--store"},
};
enum { WRONG_FLAGS = sizeof wrong_flags / sizeof wrong_flags[0] };

START_TEST(wrong_flag)
{
    expect_refusal(server_launch("%s", wrong_flags[_i].flags), 2, wrong_flags[_i].named, "");
}
END_TEST

/* The same by the environment, and what the sentence must name. */
static const struct {
    const char *variable, *named;
} wrong_variables[] = {
    {"SERVER_PORT=http", "SERVER_PORT"},
    {"SERVER_PORT=65536", "SERVER_PORT"},
    {"VERBOSE=maybe", "VERBOSE"},
    {"ALO_WORKERS=-1", "ALO_WORKERS"},
    {"ALO_MAX_MESSAGE=1", "ALO_MAX_MESSAGE"},
    {"ALO_STORE=redis", "light"},
};
enum { WRONG_VARIABLES = sizeof wrong_variables / sizeof wrong_variables[0] };

START_TEST(wrong_variable)
{
    expect_refusal(launch_with(wrong_variables[_i].variable, "--workers 1"), 2, wrong_variables[_i].named, "");
}
END_TEST

/* Orchestrators set variables for each service that they know: a warning that names it, and the server serves. */
START_TEST(unknown_variable_is_a_warning)
{
    struct server *server = start_with("ALO_SERVICE_HOST=192.0.2.7", "--port 0");
    struct pair *pair = pair_open(server);
    json_t *line = line_parse(server_event(server, "configuration", 0));

    ck_assert_str_eq(json_string_value(json_object_get(line, "level")), "warn");
    ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(line, "message")), "ALO_SERVICE_HOST"));
    json_decref(line);
    pair_exchange(pair);
    pair_close(pair);
    server_stop(server);
}
END_TEST

static Suite *
listening_suite(void)
{
    Suite *suite = suite_create("listening");
    TCase *tests = tcase_create("listening");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, both_loopback_addresses_by_default);
    tcase_add_test(tests, bind_to_one_address);
    tcase_add_test(tests, bind_to_several_addresses);
    tcase_add_test(tests, bind_to_all_addresses);
    tcase_add_loop_test(tests, bind_to_nonsense, 0, sizeof wrong_addresses / sizeof wrong_addresses[0]);
    tcase_add_test(tests, bind_to_what_cannot_be);
    tcase_add_test(tests, any_port);
    tcase_add_test(tests, this_port);
    tcase_add_test(tests, flag_over_environment);
    tcase_add_test(tests, verbose_by_flag_and_by_environment);
    tcase_add_test(tests, what_the_listening_line_says);
    tcase_add_test(tests, every_line_of_the_log_is_an_object);
    tcase_add_test(tests, port_that_is_taken);
    tcase_add_test(tests, port_that_is_taken_on_one_address);
    tcase_add_loop_test(tests, wrong_flag, 0, WRONG_FLAGS);
    tcase_add_loop_test(tests, wrong_variable, 0, WRONG_VARIABLES);
    tcase_add_test(tests, unknown_variable_is_a_warning);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(listening_suite());
}
