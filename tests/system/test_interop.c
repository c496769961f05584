/* SPDX-License-Identifier: MIT
 *
 * The JSON-RPC dialect, spoken by libraries that were not written here: the programs of tests/interop/, one for each library. All hold the same
 * conversation and say what they see, a line a step; the users whom they hear of are the test's own.
 *
 *   ping before login; an error; login as 1 with friends 7, who is there, and 8; two changes; follow "zoe"; a change; a notification (status); two
 *   changes; online; a batch, where the library has batches; an error; unfollow; logout; the end, over TCP.
 *
 * A program whose library is missing is named and left out.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/program.h"
#include "support/session.h"
#include "support/unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

struct library {
    const char *command; /* the port and the transport follow */
    bool is_udp;
    bool lacks_batches;
    bool lacks_data; /* it does not hand on an error's `data` */
};

/* Debian's Python, not another that comes first in the path: the library is Debian's. */
static const struct library libraries[] = {
    {.command = "/usr/bin/python3 -I tests/interop/client.py", .lacks_data = true},
    {.command = "env NODE_PATH=.build/interop/node_modules node tests/interop/client.js"},
    {.command = "/usr/bin/perl tests/interop/client.pl", .lacks_batches = true},
    {.command = "/usr/bin/perl tests/interop/client.pl", .lacks_batches = true, .is_udp = true},
};

/* Does it say anything but that it cannot begin? */
static bool
has_begun(struct program *program)
{
    program_expect(program, "\n");
    return strncmp(program->text, "not installed", 13) != 0 && strncmp(program->text, "cannot execute", 14) != 0 &&
        strncmp(program->text, "env: ", 5) != 0;
}

static void
expect_error(struct program *program, const struct library *library, const char *code, const char *word)
{
    char line[64];

    snprintf(line, sizeof line, "error %s%s%s\n", code, library->lacks_data ? "" : " ", library->lacks_data ? "" : word);
    program_expect(program, line);
}

/* The next line that it is told holds this. */
static void
expect_line(struct client *client, const char *text)
{
    const char *line = client_read_line(client);

    ck_assert_msg(line != NULL && strstr(line, text) != NULL, "%s is not in %s", text, line == NULL ? "(the end)" : line);
}

/* A classic user comes, and closes without a goodbye. */
static void
expect_classic_friend(struct program *program, struct server *server)
{
    struct session *friend = session_open(server, 8, "");

    program_expect(program, "presence 8 true");
    session_close(friend);
    program_expect(program, "presence 8 false closed\n");
}

/* One of the same dialect comes, with a string for an id, hears of the program's status, sets her own, and goes. */
static void
expect_rpc_friend(struct program *program, struct server *server)
{
    struct client *zoe = client_connect(server);

    client_send(zoe, "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"login\", \"params\": {\"user_id\": \"zoe\", \"friends\": [1]}}");
    expect_line(zoe, "\"online\": [1]");
    program_expect(program, "presence \"zoe\" true");
    expect_line(zoe, "\"status\": \"busy\"");
    client_send(zoe, "{\"jsonrpc\": \"2.0\", \"method\": \"status\", \"params\": {\"status\": \"away\"}}");
    program_expect(program, "presence \"zoe\" true away\n");
    client_send(zoe, "{\"jsonrpc\": \"2.0\", \"method\": \"logout\"}");
    program_expect(program, "presence \"zoe\" false goodbye\n");
    client_close(zoe);
}

static void
converse(struct program *program, const struct library *library, struct server *server, struct session *watcher)
{
    expect_error(program, library, "-32000", "not_logged_in");
    program_expect(program, "login [7]\n");
    client_expect(watcher->client, ONLINE);
    expect_classic_friend(program, server);
    program_expect(program, "follow []\n");
    expect_rpc_friend(program, server);
    program_expect(program, "online [7]\n");
    if (!library->lacks_batches)
        program_expect(program, "batch pong [7] -32601\n");
    expect_error(program, library, "-32601", "bad_message");
    program_expect(program, "unfollow {}\n");
    program_expect(program, "logout {}\n");
    if (!library->is_udp)
        program_expect(program, "closed\n");
    client_expect(watcher->client, OFFLINE);
}

START_TEST(a_library_of_another_hand)
{
    const struct library *library = &libraries[_i];
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 9, "1");
    struct session *friend = session_open(server, 7, "");
    char command[128];

    snprintf(command, sizeof command, "%s %d %s", library->command, server->port, library->is_udp ? "udp" : "tcp");
    struct program *program = program_start(PROGRAM_PIPES, command);
    if (has_begun(program)) {
        ck_assert_msg(strncmp(program->text, "ping pong\n", 10) == 0, "%s said: %s", command, program->text);
        converse(program, library, server, watcher);
        int status = program_wait(program);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "it ended with wait status %#x and said: %s", (unsigned)status, program->text);
    } else {
        fprintf(stderr, "NOT TESTED: %s: %s", command, program->text);
        program_wait(program);
    }
    program_free(program);
    session_leave(friend);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

static Suite *
interop_suite(void)
{
    Suite *suite = suite_create("interop");
    TCase *tests = tcase_create("interop");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_loop_test(tests, a_library_of_another_hand, 0, (int)(sizeof libraries / sizeof *libraries));
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(interop_suite());
}
