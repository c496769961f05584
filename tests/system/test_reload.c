/* SPDX-License-Identifier: MIT
 *
 * A reload of the configuration file, which changes what it can under sessions that stay.
 */
#include "support/client.h"
#include "support/config_file.h"
#include "support/pair.h"
#include "support/rpc_text.h"
#include "support/server.h"
#include "support/session.h"
#include "support/udp_client.h"
#include "support/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ELEVEN "21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31" /* friends; a session of this file lists fewer */

/* Reloads another file; the nth reload of this server. */
static void
reload(struct server *server, unsigned nth, const char *text, const char *changed)
{
    char all[1024], words[256];

    snprintf(all, sizeof all, CONFIG_USUAL "%s", text);
    config_write(all);
    server_signal(server, SIGHUP);
    snprintf(words, sizeof words, "\"changed\":\"%s\"", changed);
    const char *line = server_event(server, "reloaded", nth);
    ck_assert_msg(strstr(line, words) != NULL, "%s lacks %s", line, words);
}

START_TEST(a_reload_changes_limits_under_a_session_that_stays)
{
    struct server *server = config_start(CONFIG_PATIENT);
    struct pair *pair = pair_open(server);
    struct client *long_list = client_connect(server), *other = client_connect(server);

    client_send(long_list, "{\"user_id\": 91, \"friends\": [" ELEVEN "]}{\"user_id\": 91, \"online\": false}");
    client_expect_end(long_list);
    client_close(long_list);
    reload(server, 0, CONFIG_PATIENT "max-friends = 10\nmax-nesting = 3\n", "max-friends max-nesting");
    long_list = client_connect(server);
    client_send(long_list, "{\"user_id\": 91, \"friends\": [" ELEVEN "]}");
    client_expect_error(long_list, "too_many_friends");
    client_close(long_list);
    client_send(other, "{\"user_id\": 95, \"x\": [[[]]]}"); /* it was connected before */
    client_expect_error(other, "too_large");
    client_close(other);
    pair_exchange(pair);

    reload(server, 1, CONFIG_PATIENT "max-friends = 11\nmax-nesting = 4\n", "max-friends max-nesting");
    long_list = client_connect(server);
    client_send(long_list, "{\"user_id\": 91, \"friends\": [" ELEVEN "], \"x\": [[[]]]}{\"online\": false}");
    client_expect_end(long_list);
    client_close(long_list);
    reload(server, 2, CONFIG_PATIENT "max-friends = 11\nmax-nesting = 4\n", "");
    pair_exchange(pair);
    pair_close(pair);
    server_stop(server);
}
END_TEST

START_TEST(a_reload_changes_the_log_level)
{
    struct server *server = config_start(CONFIG_PATIENT);
    struct pair *pair = pair_open(server);

    reload(server, 0, CONFIG_PATIENT "verbose = on\n", "verbose");
    user_visit(server, 5, NULL);
    server_event(server, "connected", 0);
    server_event(server, "disconnected", 0);
    reload(server, 1, CONFIG_PATIENT, "verbose");
    user_visit(server, 5, NULL);
    pair_exchange(pair);
    pair_close(pair);
    server_signal(server, SIGTERM);
    ck_assert_int_eq(server_wait(server), 0);
    unsigned after = 0;
    bool reloaded_twice = false;

    for (unsigned i = 0, reloads = 0; server_line(server, i) != NULL; i++) {
        reloads += strstr(server_line(server, i), "\"event\":\"reloaded\"") != NULL;
        reloaded_twice = reloads == 2;
        after += reloaded_twice && strstr(server_line(server, i), "\"level\":\"debug\"") != NULL;
    }
    ck_assert(reloaded_twice);
    ck_assert_uint_eq(after, 0);
    server_free(server);
}
END_TEST

START_TEST(a_reload_changes_timeouts)
{
    struct server *server = config_start(CONFIG_PATIENT);
    struct pair *pair = pair_open(server);
    struct client *silent = client_connect(server);

    reload(server, 0, "hello-timeout = 1\n", "hello-timeout");
    struct client *later = client_connect(server);
    client_expect_error(silent, "hello_timeout"); /* it had waited for an hour's time-out */
    client_expect_error(later, "hello_timeout");
    client_close(silent);
    client_close(later);
    reload(server, 1, CONFIG_PATIENT, "hello-timeout");
    pair_exchange(pair);
    pair_close(pair);
    server_stop(server);
}
END_TEST

/* How often a client that logs in now is told to say something. */
static void
expect_heartbeats(struct server *server, unsigned tcp_s, unsigned udp_s)
{
    char *login = rpc_request("1", "login", "\"user_id\": 51"), words[64];
    struct client *client = client_connect(server);
    struct udp_client *address = udp_client_open(server);

    client_send(client, login);
    snprintf(words, sizeof words, "\"heartbeat\": %u}", tcp_s);
    ck_assert_ptr_nonnull(strstr(client_read_line(client), words));
    udp_client_send(address, login);
    snprintf(words, sizeof words, "\"heartbeat\": %u}", udp_s);
    ck_assert_ptr_nonnull(strstr(udp_client_receive(address, "an answer"), words));
    udp_client_send(address, "{\"jsonrpc\": \"2.0\", \"method\": \"logout\"}");
    udp_client_probe(address);
    udp_client_close(address);
    client_close(client);
    free(login);
}

START_TEST(a_reload_changes_everything_that_is_live)
{
    struct server *server = config_start(CONFIG_PATIENT);
    struct pair *pair = pair_open(server);
    struct client *begun = client_connect(server), *large = client_connect(server);
    char text[1200];

    expect_heartbeats(server, 30, 10);
    client_send(begun, "{\"user_id\": ");
    config_write(
        "port = 0\nworkers = 3\nverbose = on\nhello-timeout = 3601\nmessage-timeout = 1\npeer-timeout = 100\nudp-timeout = 60\nstop-timeout = 4\n"
        "offline-grace = 1s\ndrain-time = 31\nmax-friends = 500\nmax-message = 1K\nmax-unfinished = 2M\nmax-nesting = 5\nmax-sessions = "
        "50\nmax-udp-sessions = "
        "1\nqueue-limit = 77\n");
    server_signal(server, SIGHUP);
    ck_assert_ptr_nonnull(strstr(server_event(server, "reloaded", 0),
        "\"changed\":\"verbose hello-timeout message-timeout peer-timeout udp-timeout stop-timeout offline-grace drain-time max-friends max-message "
        "max-unfinished "
        "max-nesting "
        "max-sessions max-udp-sessions queue-limit\""));
    client_expect_error(begun, "message_timeout"); /* it had an hour */
    client_close(begun);
    memset(text, ' ', sizeof text);
    text[0] = '{';
    client_send_bytes(large, text, sizeof text);
    client_expect_error(large, "too_large");
    client_close(large);
    expect_heartbeats(server, 50, 20);
    struct udp_client *first = udp_client_enter(server, 52, ""), *second = udp_client_open(server);
    udp_client_hello(second, 53, "1, 2, 3, 5, 6, 7, 8, 9, 10"); /* long enough for an answer */
    udp_client_expect_error(second, "server_full");
    udp_client_close(first);
    udp_client_close(second);
    pair_exchange(pair);
    pair_close(pair);
    server_stop(server);
}
END_TEST

START_TEST(a_reload_changes_how_many_are_served)
{
    struct server *server = config_start(CONFIG_PATIENT);
    struct pair *pair = pair_open(server);

    reload(server, 0, CONFIG_PATIENT "max-sessions = 1\n", "max-sessions");
    struct client *client = client_connect(server);
    client_expect_error(client, "server_full");
    client_close(client);
    reload(server, 1, CONFIG_PATIENT, "max-sessions");
    pair_exchange(pair);
    pair_close(pair);
    server_stop(server);
}
END_TEST

START_TEST(a_wrong_file_leaves_everything)
{
    struct server *server = config_start(CONFIG_PATIENT "max-friends = 10\n");
    struct pair *pair = pair_open(server);
    char words[256];

    for (unsigned i = 0; i <= CONFIG_MISTAKES; i++) {
        if (i < CONFIG_MISTAKES)
            config_write(config_mistakes[i].text);
        else
            unlink(config_path);
        server_signal(server, SIGHUP);
        const char *line = server_event(server, "reload_failed", i);
        snprintf(words, sizeof words, i < CONFIG_MISTAKES ? "\"message\":\"%s%.20s" : "\"message\":\"--config '%s' cannot be opened%s", config_path,
            i < CONFIG_MISTAKES ? config_mistakes[i].words : "");
        ck_assert_msg(strstr(line, words) != NULL && strstr(line, "\"level\":\"error\"") != NULL, "%s lacks %s", line, words);
    }
    struct client *client = client_connect(server);
    client_send(client, "{\"user_id\": 91, \"friends\": [" ELEVEN "]}");
    client_expect_error(client, "too_many_friends");
    client_close(client);
    pair_exchange(pair);
    pair_close(pair);
    server_signal(server, SIGTERM);
    ck_assert_int_eq(server_wait(server), 0);
    for (unsigned i = 0; server_line(server, i) != NULL; i++)
        ck_assert_ptr_null(strstr(server_line(server, i), "\"event\":\"reloaded\""));
    server_free(server);
}
END_TEST

START_TEST(what_needs_a_restart_is_named)
{
    static const char *const needing[][3] = {{"port", "0", "4711"}, {"bind", "localhost", "127.0.0.3"}, {"workers", "3", "5"}, {"udp", "on", "off"}};
    struct server *server = config_start(CONFIG_PATIENT);
    struct pair *pair = pair_open(server);
    char words[256];

    for (unsigned again = 0; again < 2; again++) {
        config_write("port = 4711\nbind = 127.0.0.3\nworkers = 5\nudp = no\nhello-timeout = 3600\nmessage-timeout = 3600\nmax-friends = 9\n");
        server_signal(server, SIGHUP);
        for (unsigned i = 0; i < 4; i++) {
            const char *line = server_event(server, "restart_needed", again * 4 + i);

            snprintf(words, sizeof words, "\"level\":\"warn\",\"event\":\"restart_needed\",\"option\":\"%s\",\"runs_with\":\"%s\",\"wanted\":\"%s\",",
                needing[i][0], needing[i][1], needing[i][2]);
            ck_assert_msg(strstr(line, words) != NULL, "%s lacks %s", line, words);
        }
        ck_assert_ptr_nonnull(strstr(server_event(server, "reloaded", again), again == 0 ? "\"changed\":\"max-friends\"" : "\"changed\":\"\""));
    }
    pair_exchange(pair);
    pair_close(pair);
    server_stop(server);
}
END_TEST

/* Flags and variables go over the new file as they went over the old one. */
START_TEST(what_goes_over_the_file_does_so_in_a_reload)
{
    config_write("max-friends = 1\n");
    char flags[128];
    snprintf(flags, sizeof flags, "--config %s --max-friends 2", config_path);
    struct server *server = server_start_under("", flags);

    config_write("max-friends = 5\nqueue-limit = 99\n");
    server_signal(server, SIGHUP);
    ck_assert_ptr_nonnull(strstr(server_event(server, "reloaded", 0), "\"changed\":\"queue-limit\""));
    server_stop(server);
}
END_TEST

/* Without a file there is nothing to change. */
START_TEST(a_reload_without_a_file_is_none)
{
    struct server *server = server_start("--workers 3");
    struct pair *pair = pair_open(server);

    server_signal(server, SIGHUP);
    ck_assert_ptr_nonnull(strstr(server_event(server, "reloaded", 0), "\"changed\":\"\""));
    pair_exchange(pair);
    pair_close(pair);
    server_stop(server);
}
END_TEST

/* Workers change over while they are busy; what was there is freed each time. */
START_TEST(many_reloads_under_traffic)
{
    enum { RELOADS = 18 }; /* the log tells no more of one event in a second */
    struct server *server = config_start(CONFIG_PATIENT);
    struct pair *pair = pair_open(server);

    for (unsigned i = 0; i < RELOADS; i++) {
        reload(server, i, i % 2 == 0 ? "hello-timeout = 60\nmax-friends = 7\nudp-timeout = 10\n" : CONFIG_PATIENT "max-message = 64K\n",
            i == 0 ? "hello-timeout udp-timeout max-friends" : "hello-timeout udp-timeout max-friends max-message");
        user_visit(server, 5, "6, 7");
        pair_exchange(pair);
    }
    pair_close(pair);
    server_stop(server);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("reload");
    TCase *tests = tcase_create("reload");

    tcase_add_checked_fixture(tests, config_set_up, config_tear_down);
    tcase_add_test(tests, a_reload_changes_limits_under_a_session_that_stays);
    tcase_add_test(tests, a_reload_changes_the_log_level);
    tcase_add_test(tests, a_reload_changes_timeouts);
    tcase_add_test(tests, a_reload_changes_everything_that_is_live);
    tcase_add_test(tests, a_reload_changes_how_many_are_served);
    tcase_add_test(tests, a_wrong_file_leaves_everything);
    tcase_add_test(tests, what_needs_a_restart_is_named);
    tcase_add_test(tests, what_goes_over_the_file_does_so_in_a_reload);
    tcase_add_test(tests, a_reload_without_a_file_is_none);
    tcase_add_test(tests, many_reloads_under_traffic);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
