/* SPDX-License-Identifier: MIT
 *
 * What a person does who wants to see it work: starts the server at a terminal, reads what it says, and talks to it with telnet or
 * netcat. The real programs are used.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/program.h"
#include "support/session.h"
#include "support/unit.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* A test without its program says so and does nothing. */
static bool
has_program(const char *name)
{
    if (program_exists(name))
        return true;
    fprintf(stderr, "NOT TESTED: %s is not installed\n", name);
    return false;
}

/* The program ends because the server has closed; netcat only when there is nothing more to say either. */
static void
expect_closed(struct program *program, const char *command)
{
    if (strncmp(command, "nc ", 3) == 0)
        program_hang_up(program);
    program_wait(program);
}

/* The same conversation by each: one comes and waits, the other comes; one says goodbye, the other makes a mistake. */
static void
talk(enum program_between between, const char *first_command, const char *second_command)
{
    const char *line_end = between == PROGRAM_TERMINAL ? "\r" : "\n"; /* the Enter key is a carriage return */
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 3, "1");
    char command[128], hello[128];

    snprintf(command, sizeof command, "%s %d", first_command, server->port);
    struct program *first = program_start(between, command);
    snprintf(hello, sizeof hello, "{\"user_id\": 1, \"friends\": [2]}%s", line_end);
    program_say(first, hello);

    client_expect(watcher->client, ONLINE); /* so its list is in force */
    snprintf(command, sizeof command, "%s %d", second_command, server->port);
    struct program *second = program_start(between, command);
    snprintf(hello, sizeof hello, "{\"user_id\": 2, \"friends\": [1]}%s", line_end);
    program_say(second, hello);
    program_expect(first, "{\"online\": true}");

    snprintf(hello, sizeof hello, "{\"user_id\": 1, \"online\": false}%s", line_end);
    program_say(first, hello);
    program_expect(second, "{\"online\": false}");
    expect_closed(first, first_command);
    ck_assert_ptr_null(strstr(first->text, "error"));

    snprintf(hello, sizeof hello, "hello?%s", line_end);
    program_say(second, hello);
    program_expect(second, "{\"error\": {\"code\": \"bad_json\", \"message\": \"");
    expect_closed(second, second_command);
    program_free(first);
    program_free(second);
    client_expect(watcher->client, OFFLINE);
    session_leave(watcher);
    server_stop(server);
}

START_TEST(telnet_only)
{
    if (has_program("telnet"))
        talk(PROGRAM_PIPES, "telnet 127.0.0.1", "telnet localhost");
}
END_TEST

START_TEST(telnet_at_a_terminal)
{
    if (has_program("telnet"))
        talk(PROGRAM_TERMINAL, "telnet 127.0.0.1", "telnet localhost");
}
END_TEST

START_TEST(netcat_only)
{
    if (has_program("nc"))
        talk(PROGRAM_PIPES, "nc 127.0.0.1", "nc localhost");
}
END_TEST

/* With -C, netcat ends its lines as telnet does. */
START_TEST(telnet_and_netcat)
{
    if (has_program("nc") && has_program("telnet"))
        talk(PROGRAM_PIPES, "telnet 127.0.0.1", "nc -C 127.0.0.1");
}
END_TEST

/* What a script does: all at once, and the end of input is the end of the session. */
START_TEST(netcat_with_everything_at_once)
{
    if (!has_program("nc"))
        return;
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 1, "2");
    char command[64];

    snprintf(command, sizeof command, "nc -N 127.0.0.1 %d", server->port);
    struct program *program = program_start(PROGRAM_PIPES, command);
    program_say(program, "{\"user_id\": 2}\n");
    program_hang_up(program); /* -N: tells the server */
    client_expect(watcher->client, ONLINE OFFLINE);
    int status = program_wait(program);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert_uint_eq(program->length, 0);
    program_free(program);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

/* The same as datagrams, one for each line typed: nothing is closed, so the end is the user's (-q 0: with the end of input). */
START_TEST(netcat_over_udp)
{
    if (!has_program("nc"))
        return;
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 3, "1");
    char command[64];

    snprintf(command, sizeof command, "nc -u -q 0 127.0.0.1 %d", server->port);
    struct program *first = program_start(PROGRAM_PIPES, command), *second = program_start(PROGRAM_PIPES, command);
    program_say(first, "{\"user_id\": 1, \"friends\": [2]}\n");
    client_expect(watcher->client, ONLINE); /* so its list is in force */
    program_say(second, "{\"user_id\": 2, \"friends\": [1]}\n");
    program_expect(first, ONLINE);
    program_say(second, "beat\n");
    program_say(first, "{\"user_id\": 1, \"online\": false}\n");
    program_expect(second, OFFLINE);
    client_expect(watcher->client, OFFLINE);
    /* An answer may be three times as long as what was sent. */
    program_say(second, "{\"user_id\": 2, \"friends\": \"none\", \"why\": \"the answer is a sentence, which needs room enough\"}\n");
    program_expect(second, "{\"error\": {\"code\": \"bad_message\", \"message\": \"");
    program_expect(second, "\n");
    program_hang_up(first);
    program_hang_up(second);
    program_wait(first);
    program_wait(second);
    ck_assert_str_eq(first->text, ONLINE);
    ck_assert_int_eq(strncmp(second->text, OFFLINE "{\"error\"", strlen(OFFLINE) + 8), 0); /* the beat was not answered */
    program_free(first);
    program_free(second);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

/* The next line of `text` that is, without what stands around it, a message; its end is cut off. NULL when there is none. */
static char *
message_next(char **text)
{
    char *line;

    while ((line = strsep(text, "\n")) != NULL) {
        while (isspace((unsigned char)*line))
            line++;
        if (strncmp(line, "{\"user_id\"", 10) == 0)
            return line;
    }
    return NULL;
}

/* At a terminal the first lines are for a person: doing what they say shows what they promise. Ctrl-C ends it. */
START_TEST(at_a_terminal)
{
    struct program *program = program_start_server(PROGRAM_TERMINAL, "--port 0");
    struct server server = {.port = 0}; /* all that a client needs to know */
    char advice[64], address[64];

    program_expect(program, "\"event\":\"listening\"");
    program_expect(program, "\n");
    ck_assert_msg(strncmp(program->text, "alo listens on 127.0.0.1:", 25) == 0, "the first line: %s", program->text);
    server.port = (uint16_t)strtol(program->text + 25, NULL, 10);
    snprintf(advice, sizeof advice, "telnet localhost %d\n", server.port);
    ck_assert_ptr_nonnull(strstr(program->text, advice));
    snprintf(address, sizeof address, "\"port\":%d,", server.port);
    ck_assert_ptr_nonnull(strstr(program->text, address));

    char *copy = strdup(program->text), *rest = copy;
    const char *first = message_next(&rest), *second = message_next(&rest);
    ck_assert_msg(first != NULL && second != NULL, "no two messages to type in: %s", program->text);
    struct session *watcher = session_open(&server, 99, "1");
    struct client *one = client_connect(&server), *other = client_connect(&server);
    client_send(one, first);
    client_expect(watcher->client, ONLINE);
    client_send(other, second);
    client_expect(one, ONLINE);
    client_close(other);
    client_expect(one, OFFLINE);

    program_say(program, "\x03");
    client_expect_error(one, "shutting_down");
    client_expect_error(watcher->client, "shutting_down");
    int status = program_wait(program);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "it ended with wait status %#x", (unsigned)status);
    client_close(one);
    session_close(watcher);
    free(copy);
    program_free(program);
}
END_TEST

/* The advice names a host that answers. */
START_TEST(at_a_terminal_on_another_address)
{
    struct program *program = program_start_server(PROGRAM_TERMINAL, "--port 0 --bind 127.0.0.2");

    program_expect(program, "\"event\":\"listening\"");
    ck_assert_ptr_nonnull(strstr(program->text, "telnet 127.0.0.2 "));
    ck_assert_ptr_null(strstr(program->text, "localhost"));
    program_say(program, "\x03");
    int status = program_wait(program);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    program_free(program);
}
END_TEST

/* At a terminal a port that is taken is told in plain words; elsewhere the same as a line of the log. */
START_TEST(taken_port_at_a_terminal)
{
    struct server *first = server_start("--workers 3");
    char flags[64];

    snprintf(flags, sizeof flags, "--port %d", first->port);
    struct program *program = program_start_server(PROGRAM_TERMINAL, flags);
    int status = program_wait(program);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    ck_assert_msg(strncmp(program->text, "alo: cannot listen on 127.0.0.1:", 32) == 0, "it said: %s", program->text);
    ck_assert_msg(strchr(program->text, '\n') == program->text + program->length - 1, "more than one sentence: %s", program->text);
    program_free(program);
    server_stop(first);
}
END_TEST

/* Off a terminal nothing comes before the log. */
START_TEST(away_from_a_terminal)
{
    struct program *program = program_start_server(PROGRAM_PIPES, "--port 0");

    program_expect(program, "\"event\":\"listening\"");
    ck_assert_msg(program->text[0] == '{', "it said: %s", program->text);
    ck_assert_int_eq(kill(program->process, SIGTERM), 0);
    int status = program_wait(program);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    for (const char *line = program->text; *line != '\0'; line = strchr(line, '\n') + 1)
        ck_assert_msg(line[0] == '{', "no line of the log: %s", line);
    program_free(program);
}
END_TEST

static Suite *
by_hand_suite(void)
{
    Suite *suite = suite_create("by hand");
    TCase *tests = tcase_create("by hand");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, telnet_only);
    tcase_add_test(tests, telnet_at_a_terminal);
    tcase_add_test(tests, netcat_only);
    tcase_add_test(tests, telnet_and_netcat);
    tcase_add_test(tests, netcat_with_everything_at_once);
    tcase_add_test(tests, netcat_over_udp);
    tcase_add_test(tests, at_a_terminal);
    tcase_add_test(tests, at_a_terminal_on_another_address);
    tcase_add_test(tests, taken_port_at_a_terminal);
    tcase_add_test(tests, away_from_a_terminal);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(by_hand_suite());
}
