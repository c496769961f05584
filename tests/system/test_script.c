/* SPDX-License-Identifier: MIT
 *
 * alo-client in scripts: commands on standard input, JSON lines on standard output, an exit status. $ALO_CLIENT is the program, .bin/alo-client when
 * unset.
 */
#include "support/pace.h"
#include "support/program.h"
#include "support/server.h"
#include "support/session.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* Starts the client with these flags; its address is one of them. */
static struct program *
start(const char *flags)
{
    const char *path = getenv("ALO_CLIENT");
    char command[512];

    snprintf(command, sizeof command, "env -u SERVER_PORT -u ALO_HISTORY %s %s", path != NULL && path[0] != '\0' ? path : ".bin/alo-client", flags);
    return program_start(PROGRAM_PIPES, command);
}

static struct program *
start_for(const struct server *server, const char *flags)
{
    char all[256];

    snprintf(all, sizeof all, "%s 127.0.0.1:%u", flags, server->port);
    return start(all);
}

/* It ends by itself, with this exit status. */
static void
expect_exit(struct program *program, int status)
{
    int ended = program_wait(program);

    ck_assert_msg(WIFEXITED(ended) && WEXITSTATUS(ended) == status, "it ended with wait status %#x and said: %s", (unsigned)ended,
        program->text == NULL ? "" : program->text);
    program_free(program);
}

/* No more commands come; all went well. */
static void
finish(struct program *program)
{
    program_hang_up(program);
    expect_exit(program, 0);
}

START_TEST(events_and_results_are_lines_of_json)
{
    struct server *server = server_start("--workers 3");
    struct program *program = start_for(server, "");

    program_say(program, "# a comment\n\nlogin 1 2 \"2\"\n");
    program_expect(program, "{\"command\":\"login\",\"ok\":true,\"session\":\"");
    struct session *friend = session_open(server, 2, "");
    program_expect(program, "{\"event\":\"presence\",\"user_id\":2,\"online\":true,\"snapshot\":false,\"at\":");
    program_say(program, "online 2 \"2\" 3\n");
    program_expect(program, "{\"command\":\"online\",\"ok\":true,\"online\":[2],\"statuses\":[]}\n");
    program_say(program, "friends\n");
    program_expect(program, "{\"command\":\"friends\",\"ok\":true,\"friends\":[{\"user_id\":2,\"online\":true,\"since\":");
    program_expect(program, "{\"user_id\":\"2\",\"online\":false,\"since\":");
    session_leave(friend);
    program_expect(program, "{\"event\":\"presence\",\"user_id\":2,\"online\":false,\"snapshot\":false,\"at\":");
    program_expect(program, ",\"reason\":\"goodbye\"}\n");
    program_say(program, "ping\n");
    program_expect(program, "{\"command\":\"ping\",\"ok\":true,\"milliseconds\":");
    program_say(program, "logout\n");
    program_expect(program, "{\"command\":\"logout\",\"ok\":true}\n");
    finish(program);
    server_stop(server);
}
END_TEST

START_TEST(a_snapshot_stands_before_the_result)
{
    struct server *server = server_start("--workers 3");
    struct session *friend = session_open(server, 2, "");
    struct session *other = session_open(server, 3, "");
    struct program *program = start_for(server, "");

    program_say(program, "login 1 2\n");
    program_expect(program, "{\"event\":\"presence\",\"user_id\":2,\"online\":true,\"snapshot\":true,");
    program_expect(program, "{\"command\":\"login\",\"ok\":true");
    program_say(program, "follow 3 4\n");
    program_expect(program, "{\"event\":\"presence\",\"user_id\":3,\"online\":true,\"snapshot\":true,");
    program_expect(program, "{\"command\":\"follow\",\"ok\":true}\n");
    program_say(program, "unfollow 3 2\n");
    program_expect(program, "{\"command\":\"unfollow\",\"ok\":true}\n");
    session_leave(friend);
    session_leave(other);
    friend = session_open(server, 4, "");
    program_expect(program, "{\"event\":\"presence\",");
    ck_assert_int_eq(strncmp(program->text + program->start, "\"user_id\":4,", 12), 0);
    finish(program);
    client_expect(friend->client, OFFLINE); /* it was listed */
    session_leave(friend);
    server_stop(server);
}
END_TEST

START_TEST(a_script_waits_for_events)
{
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 9, "1");
    struct program *program = start_for(server, "");

    program_say(program, "login 1 2\nwait 2 600000\nwait 1 600000\n");
    client_expect(watcher->client, ONLINE);
    struct session *friend = session_open(server, 2, "");
    session_leave(friend);
    program_expect(program, "{\"command\":\"wait\",\"ok\":true}\n");
    friend = session_open(server, 2, "");
    program_expect(program, "{\"command\":\"wait\",\"ok\":true}\n");
    program_say(program, "quit\nnot a command\n");
    expect_exit(program, 0);
    client_expect(watcher->client, OFFLINE);
    client_expect(friend->client, OFFLINE);
    session_leave(friend);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

START_TEST(a_wait_in_vain_fails)
{
    struct server *server = server_start("--workers 3");
    struct program *program = start_for(server, "");

    program_say(program, "login 1 2\nwait 1 50\n");
    program_expect(program, "{\"command\":\"wait\",\"ok\":false,\"code\":\"timeout\",");
    program_hang_up(program);
    expect_exit(program, 1);
    server_stop(server);
}
END_TEST

START_TEST(a_status_reaches_the_friends)
{
    struct server *server = server_start("--workers 3");
    struct program *one = start_for(server, ""), *other = start_for(server, "");

    program_say(one, "login 1 anna\n");
    program_expect(one, "\"ok\":true");
    program_say(other, "login anna\n");
    program_expect(one, "\"user_id\":\"anna\",\"online\":true,");
    program_say(other, "status über \"x\\y\"\n");
    program_expect(one, "\"user_id\":\"anna\",\"online\":true,");
    program_expect(one, ",\"status\":\"über \\\"x\\\\y\\\"\"}\n");
    program_say(one, "online anna\n");
    program_expect(one, "\"online\":[\"anna\"],\"statuses\":[{\"user_id\":\"anna\",\"status\":\"über \\\"x\\\\y\\\"\"}]}\n");
    program_say(other, "status none\n");
    program_expect(one, "\"user_id\":\"anna\",\"online\":true,");
    finish(other);
    program_expect(one, "\"user_id\":\"anna\",\"online\":false,");
    program_expect(one, "\"reason\":\"goodbye\"}\n"); /* the end of a script is no crash */
    finish(one);
    server_stop(server);
}
END_TEST

START_TEST(raw_shows_the_traffic)
{
    struct server *server = server_start("--workers 3");
    struct program *program = start_for(server, "");

    program_say(program, "ping\nraw on\nping\nraw off\nping\n");
    program_expect(program, "{\"command\":\"raw\",\"ok\":true}\n{\"event\":\"sent\",\"text\":\"{\\\"jsonrpc\\\"");
    program_expect(program, "{\"event\":\"received\",\"text\":\"{\\\"jsonrpc\\\"");
    program_expect(program, "{\"command\":\"ping\",\"ok\":true");
    program_expect(program, "{\"command\":\"raw\",\"ok\":true}\n{\"command\":\"ping\",\"ok\":true");
    finish(program);
    server_stop(server);
}
END_TEST

/* Each is told, none ends the script, and the exit status remembers. */
START_TEST(failed_commands_are_told_and_remembered)
{
    struct server *server = server_start("--workers 3 --max-friends 2");
    struct program *program = start_for(server, "");

    program_say(program, "nonsense\nfollow 1\nlogin\nlogin 1 2 3 4\nlogin 1 2 3\n");
    program_expect(program, "{\"command\":null,\"ok\":false,\"code\":\"bad_command\",\"message\":\"'nonsense' is not a command");
    program_expect(program, "{\"command\":\"follow\",\"ok\":false,\"code\":\"not_logged_in\",");
    program_expect(program, "{\"command\":null,\"ok\":false,\"code\":\"bad_command\",\"message\":\"how to use it: login ID [FRIEND ...]\"}");
    program_expect(program, "{\"command\":\"login\",\"ok\":false,\"code\":\"too_many_friends\",");
    program_expect(program, "{\"command\":\"login\",\"ok\":true");
    program_hang_up(program);
    expect_exit(program, 1);
    server_stop(server);
}
END_TEST

START_TEST(a_lost_connection_ends_the_script)
{
    struct server *server = server_start("--workers 3");
    struct program *program = start_for(server, "");

    program_say(program, "login 1 2\n");
    program_expect(program, "\"ok\":true");
    server_stop(server);
    program_expect(program, "{\"event\":\"lost\",\"code\":\"shutting_down\",");
    expect_exit(program, 1);
}
END_TEST

START_TEST(without_a_server_a_login_fails)
{
    struct server *server = server_start("--workers 3");
    char flags[64];

    snprintf(flags, sizeof flags, "localhost:%u", server->port);
    server_stop(server);
    struct program *program = start(flags);
    program_say(program, "login 1\nwait 1\n");
    program_expect(program, "{\"command\":\"login\",\"ok\":false,\"code\":\"lost\",");
    program_hang_up(program);
    expect_exit(program, 1);
}
END_TEST

/* The last line needs no end; a login again is another session. */
START_TEST(a_login_again_and_an_unfinished_line)
{
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 9, "1");
    struct program *program = start_for(server, "");

    program_say(program, "login 1 2\nlogin 3 4\nfriends");
    client_expect(watcher->client, ONLINE OFFLINE);
    program_hang_up(program);
    program_expect(program, "{\"command\":\"friends\",\"ok\":true,\"friends\":[{\"user_id\":4,");
    expect_exit(program, 0);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

START_TEST(the_classic_dialect)
{
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 9, "1");
    struct program *program = start_for(server, "--classic");

    program_say(program, "login 1 2\n");
    program_expect(program, "{\"command\":\"login\",\"ok\":true}\n");
    client_expect(watcher->client, ONLINE);
    struct session *friend = session_open(server, 2, "");
    program_expect(program, "{\"event\":\"presence\",\"online\":true,\"snapshot\":false,\"at\":");
    program_say(program, "wait 1\n");
    program_expect(program, "{\"command\":\"wait\",\"ok\":true}\n");
    program_say(program, "online 2\nlogin \"1\"\nlogout\n");
    program_expect(program, "{\"command\":\"online\",\"ok\":false,\"code\":\"unsupported\",");
    program_expect(program, "{\"command\":\"login\",\"ok\":false,\"code\":\"unsupported\",");
    program_expect(program, "{\"command\":\"logout\",\"ok\":false,\"code\":\"not_logged_in\",");
    client_expect(watcher->client, OFFLINE);
    program_hang_up(program);
    expect_exit(program, 1);
    client_expect(friend->client, OFFLINE);
    session_leave(friend);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

static void
by_udp(const char *flags, const char *online)
{
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 9, "1");
    struct program *program = start_for(server, flags);

    program_say(program, "login 1 2\n");
    program_expect(program, "{\"command\":\"login\",\"ok\":true");
    client_expect(watcher->client, ONLINE);
    struct session *friend = session_open(server, 2, "");
    program_expect(program, online);
    finish(program);
    client_expect(watcher->client, OFFLINE);
    client_expect(friend->client, OFFLINE);
    session_leave(friend);
    session_leave(watcher);
    server_stop(server);
}

START_TEST(udp)
{
    by_udp("--udp", "{\"event\":\"presence\",\"user_id\":2,\"online\":true,\"snapshot\":false,\"at\":");
}
END_TEST

START_TEST(udp_classic)
{
    by_udp("--udp --classic", "{\"event\":\"presence\",\"online\":true,\"snapshot\":false,\"at\":");
}
END_TEST

START_TEST(texts_and_wrong_usage)
{
    struct program *program = start("--help");
    program_expect(program, "NAME:\n   alo-client");
    program_expect(program, "USAGE:\n");
    program_expect(program, "COMMANDS:\n");
    program_expect(program, "GLOBAL OPTIONS:\n");
    program_expect(program, "--udp, -u");
    expect_exit(program, 0);
    program = start("--version");
    program_expect(program, "alo-client ");
    program_expect(program, " (commit ");
    expect_exit(program, 0);
    program = start("man");
    program_expect(program, ".TH ALO-CLIENT 1");
    expect_exit(program, 0);
    program = start("completion");
    program_expect(program, "complete -F _alo_client alo-client\n");
    expect_exit(program, 0);
    program = start("--nothing");
    program_expect(program, "alo-client: --nothing is not a flag; see alo-client --help\n");
    expect_exit(program, 2);
    program = start("localhost:99999");
    program_expect(program, "alo-client: 'localhost:99999' is not an address;");
    expect_exit(program, 2);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("script");
    TCase *tests = tcase_create("script");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, events_and_results_are_lines_of_json);
    tcase_add_test(tests, a_snapshot_stands_before_the_result);
    tcase_add_test(tests, a_script_waits_for_events);
    tcase_add_test(tests, a_wait_in_vain_fails);
    tcase_add_test(tests, a_status_reaches_the_friends);
    tcase_add_test(tests, raw_shows_the_traffic);
    tcase_add_test(tests, failed_commands_are_told_and_remembered);
    tcase_add_test(tests, a_lost_connection_ends_the_script);
    tcase_add_test(tests, without_a_server_a_login_fails);
    tcase_add_test(tests, a_login_again_and_an_unfinished_line);
    tcase_add_test(tests, the_classic_dialect);
    tcase_add_test(tests, udp);
    tcase_add_test(tests, udp_classic);
    tcase_add_test(tests, texts_and_wrong_usage);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
