/* SPDX-License-Identifier: MIT
 *
 * alo-client as a person uses it: in a real terminal, keys pressed, the screen looked at. $ALO_CLIENT is the program, .bin/alo-client when unset.
 */
#include "support/pace.h"
#include "support/port.h"
#include "support/program.h"
#include "support/server.h"
#include "support/session.h"
#include "support/terminal.h"
#include "support/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *
client_binary(void)
{
    const char *path = getenv("ALO_CLIENT");

    return path != NULL && path[0] != '\0' ? path : ".bin/alo-client";
}

/* A test without tmux says so and does nothing. */
static bool
has_terminal(void)
{
    if (program_exists("tmux"))
        return true;
    fprintf(stderr, "NOT TESTED: tmux is not installed\n");
    return false;
}

/* The client at a terminal of so many columns. */
static struct terminal *
open_client(const struct server *server, unsigned columns, const char *flags)
{
    struct terminal *terminal = terminal_open(columns, "%s %s localhost:%u", client_binary(), flags, server->port);

    terminal_expect(terminal, "\nalo>");
    return terminal;
}

static void
say(struct terminal *terminal, const char *line)
{
    terminal_type(terminal, line);
    terminal_press(terminal, "Enter");
}

/* Nothing is left of it. */
static void
quit(struct terminal *terminal)
{
    say(terminal, "quit");
    terminal_expect_exit(terminal, 0);
    terminal_close(terminal);
}

START_TEST(the_prompt_and_its_help)
{
    if (!has_terminal())
        return;
    struct server *server = server_start("--workers 3");
    struct terminal *terminal = open_client(server, 120, "");

    terminal_expect_last(terminal, "alo>", 5);
    say(terminal, "help");
    terminal_expect(terminal, "login ID [FRIEND ...]");
    terminal_expect(terminal, "unfollow FRIEND ...");
    say(terminal, "help login");
    terminal_expect(terminal, "for example: login 1 2 3 carol \"4\"");
    say(terminal, "nonsense");
    terminal_expect(terminal, "'nonsense' is not a command; help lists them");
    say(terminal, "status away");
    terminal_expect(terminal, "status: this needs a login first");
    say(terminal, "ping");
    terminal_expect(terminal, "pong after ");
    terminal_press(terminal, "C-d");
    terminal_expect_exit(terminal, 0);
    terminal_close(terminal);
    server_stop(server);
}
END_TEST

START_TEST(commands_and_ids_are_completed)
{
    if (!has_terminal())
        return;
    struct server *server = server_start("--workers 3");
    struct terminal *terminal = open_client(server, 120, "");

    terminal_type(terminal, "logi");
    terminal_press(terminal, "Tab");
    terminal_expect_last(terminal, "alo> login", 11);
    say(terminal, "1 twelve twenty \"two words\"");
    terminal_expect_last(terminal, "alo 1>", 7);
    terminal_type(terminal, "unfollow t");
    terminal_press(terminal, "Tab");
    terminal_expect_last(terminal, "alo 1> unfollow twe", 19);
    terminal_press(terminal, "Tab");
    terminal_expect(terminal, "\ntwelve  twenty\n");
    terminal_expect_last(terminal, "alo 1> unfollow twe", 19);
    terminal_type(terminal, "l");
    terminal_press(terminal, "Tab");
    terminal_expect_last(terminal, "alo 1> unfollow twelve", 23);
    terminal_type(terminal, "\"");
    terminal_press(terminal, "Tab");
    terminal_expect_last(terminal, "alo 1> unfollow twelve \"two words\"", 35);
    terminal_press(terminal, "Enter");
    say(terminal, "friends");
    terminal_expect(terminal, "twenty            offline since before ");
    ck_assert_uint_eq(terminal_count(terminal, "offline since before"), 1);
    quit(terminal);
    server_stop(server);
}
END_TEST

/* The line is on the last rows as before, with the cursor where it was, whatever its length. */
static void
events_while_typing(const char *flags, const char *came, const char *went)
{
    struct server *server = server_start("--workers 3");
    struct terminal *terminal = open_client(server, 60, flags);
    struct session *watcher = session_open(server, 3, "1");

    say(terminal, "login 1 2");
    client_expect(watcher->client, ONLINE);
    terminal_expect_last(terminal, "alo 1>", 7);
    terminal_type(terminal, "status half a li");
    terminal_expect_last(terminal, "alo 1> status half a li", 23);
    struct session *friend = session_open(server, 2, "");
    terminal_expect(terminal, came);
    terminal_expect_last(terminal, "alo 1> status half a li", 23);

    /* Longer than a row, and the cursor not at its end. */
    terminal_type(terminal, "ne that goes on and on until it takes more than one row");
    terminal_press(terminal, "Left");
    terminal_press(terminal, "Left");
    terminal_press(terminal, "Left");
    terminal_expect_last(terminal, " more than one row", 15);
    session_leave(friend);
    terminal_expect(terminal, went);
    terminal_expect_last(terminal, " more than one row", 15);
    ck_assert_uint_eq(terminal_count(terminal, "status half"), 1);
    ck_assert_uint_eq(terminal_count(terminal, "one row"), 1);

    /* And what is typed on belongs to it. */
    terminal_type(terminal, "x");
    terminal_expect_last(terminal, " more than one xrow", 16);
    terminal_press(terminal, "C-c");
    terminal_expect(terminal, "one xrow^C\n");
    terminal_expect_last(terminal, "alo 1>", 7);
    quit(terminal);
    client_expect(watcher->client, OFFLINE);
    session_leave(watcher);
    server_stop(server);
}

START_TEST(an_event_while_a_line_is_typed_leaves_it_whole)
{
    if (has_terminal())
        events_while_typing("", "  2 is online\n", "  2 is offline (said goodbye)\n");
}
END_TEST

START_TEST(an_event_while_a_line_is_typed_leaves_it_whole_classic)
{
    if (has_terminal())
        events_while_typing("--classic", "  a friend came online\n", "  a friend went offline\n");
}
END_TEST

START_TEST(an_event_while_a_line_is_typed_leaves_it_whole_udp)
{
    if (has_terminal())
        events_while_typing("--udp", "  2 is online\n", "  2 is offline (said goodbye)\n");
}
END_TEST

/* A terminal that can do nothing shows everything all the same, and no escapes. */
START_TEST(a_dumb_terminal_and_one_without_colours)
{
    if (!has_terminal())
        return;
    struct server *server = server_start("--workers 3");
    struct terminal *coloured = open_client(server, 80, "");
    struct terminal *plain = terminal_open(80, "NO_COLOR=1 %s localhost:%u", client_binary(), server->port);
    struct terminal *dumb = terminal_open(80, "TERM=dumb %s localhost:%u", client_binary(), server->port);

    say(coloured, "login 1 2");
    terminal_expect(coloured, "alo 1>");
    say(plain, "login 3 2");
    terminal_expect(plain, "alo 3>");
    say(dumb, "login 4 2");
    terminal_expect(dumb, "alo 4>");
    struct session *friend = session_open(server, 2, "");
    terminal_expect(coloured, "  2 is online\n");
    terminal_expect(plain, "  2 is online\n");
    terminal_expect(dumb, "  2 is online\n");
    ck_assert_ptr_nonnull(strstr(terminal_coloured(coloured), "\033[32m"));
    ck_assert_ptr_null(strchr(terminal_coloured(plain), '\033'));
    ck_assert_ptr_null(strchr(terminal_coloured(dumb), '\033'));
    quit(dumb);
    quit(plain);
    quit(coloured);
    client_expect(friend->client, OFFLINE OFFLINE OFFLINE); /* those who listed it */
    session_leave(friend);
    server_stop(server);
}
END_TEST

/* The server goes, which is said; comes back on the same port, and all is as before. The line being typed survives all that. */
START_TEST(it_comes_back_to_a_server_that_was_started_again)
{
    if (!has_terminal())
        return;
    uint16_t port = port_of_ones_own();
    struct server *server = server_start("--workers 3 --port %u", port);
    struct terminal *terminal = open_client(server, 120, "");

    say(terminal, "login 1 2 \"2\"");
    terminal_expect_last(terminal, "alo 1>", 7);
    say(terminal, "status here");
    terminal_type(terminal, "follow 5");
    terminal_expect_last(terminal, "alo 1> follow 5", 15);
    server_stop(server);
    terminal_expect(terminal, "The server went away: ");
    terminal_expect(terminal, "Trying again in ");
    terminal_expect_last(terminal, "alo 1 (no server)> follow 5", 27);
    server = server_start("--workers 3 --port %u", port);
    terminal_expect(terminal, "The server is back; logged in again as 1; 0 of 2 friends online.");
    terminal_expect_last(terminal, "alo 1> follow 5", 15);
    terminal_press(terminal, "Enter");
    struct session *friend = session_open(server, 2, "");
    terminal_expect(terminal, "  2 is online\n");
    say(terminal, "friends");
    terminal_expect(terminal, "5                 offline since before ");
    session_leave(friend);
    quit(terminal);
    server_stop(server);
}
END_TEST

/* Left alone it would try again within half a second. */
START_TEST(it_does_not_come_back_before_it_was_asked_to)
{
    static const char told[] = "The server went away: the server is being drained (shutting_down). Trying again in ";
    double seconds = 0;

    if (!has_terminal())
        return;
    struct server *server = server_start("--workers 3 --drain-time 2");
    struct terminal *terminal = open_client(server, 120, "");

    say(terminal, "login 1 2");
    terminal_expect_last(terminal, "alo 1>", 7);
    server_signal(server, SIGUSR2);
    terminal_expect(terminal, told);
    ck_assert_int_eq(sscanf(strstr(terminal->text, told) + sizeof told - 1, "%lf s", &seconds), 1);
    ck_assert_double_gt(seconds, 0.6);
    quit(terminal);
    server_stop(server);
}
END_TEST

START_TEST(what_was_typed_comes_back)
{
    if (!has_terminal())
        return;
    struct server *server = server_start("--workers 3");
    struct terminal *terminal = open_client(server, 80, "");

    say(terminal, "help ping");
    terminal_expect(terminal, "ask whether the server is there");
    terminal_press(terminal, "Up");
    terminal_expect_last(terminal, "alo> help ping", 14);
    terminal_press(terminal, "C-c");
    terminal_expect(terminal, "alo> help ping^C\nalo>");
    say(terminal, "quit");
    terminal_expect_exit(terminal, 0);
    terminal_run(terminal, "%s localhost:%u", client_binary(), server->port);
    terminal_expect_last(terminal, "alo>", 5);
    terminal_press(terminal, "Up");
    terminal_press(terminal, "Up");
    terminal_expect_last(terminal, "alo> help ping", 14);
    terminal_press(terminal, "C-c");
    quit(terminal);
    server_stop(server);
}
END_TEST

START_TEST(a_terminal_that_changes_its_size)
{
    if (!has_terminal())
        return;
    struct server *server = server_start("--workers 3");
    struct terminal *terminal = open_client(server, 80, "");

    say(terminal, "login 1 2");
    terminal_expect_last(terminal, "alo 1>", 7);
    terminal_type(terminal, "status this is a line of more than forty columns");
    terminal_expect_last(terminal, "alo 1> status this is a line of more than forty columns", 55);
    terminal_resize(terminal, 40);
    terminal_expect_last(terminal, "n forty columns", 15);
    struct session *friend = session_open(server, 2, "");
    terminal_expect(terminal, "  2 is online\n");
    terminal_expect(terminal, "alo 1> status this is a line of more tha\nn forty columns");
    terminal_press(terminal, "C-c");
    session_leave(friend);
    quit(terminal);
    server_stop(server);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("terminal");
    TCase *tests = tcase_create("terminal");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, the_prompt_and_its_help);
    tcase_add_test(tests, commands_and_ids_are_completed);
    tcase_add_test(tests, an_event_while_a_line_is_typed_leaves_it_whole);
    tcase_add_test(tests, an_event_while_a_line_is_typed_leaves_it_whole_classic);
    tcase_add_test(tests, an_event_while_a_line_is_typed_leaves_it_whole_udp);
    tcase_add_test(tests, a_dumb_terminal_and_one_without_colours);
    tcase_add_test(tests, it_comes_back_to_a_server_that_was_started_again);
    tcase_add_test(tests, it_does_not_come_back_before_it_was_asked_to);
    tcase_add_test(tests, what_was_typed_comes_back);
    tcase_add_test(tests, a_terminal_that_changes_its_size);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
