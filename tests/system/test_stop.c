/* SPDX-License-Identifier: MIT
 *
 * Stopping: every session is told, nobody is told that others went, what is queued still arrives, and it takes only so long. Which
 * signals stop the server, and which do not.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/pair.h"
#include "support/session.h"
#include "support/unit.h"

#include <signal.h>
#include <sys/wait.h>

static const int stopping_signals[] = {SIGTERM, SIGINT};
enum { STOPPING_SIGNALS = sizeof stopping_signals / sizeof stopping_signals[0] };

/* Waits for an end in order. */
static void
expect_stopped(struct server *server)
{
    int status = server_wait(server);

    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the server ended with wait status %#x", (unsigned)status);
    server_free(server);
}

/* Friends of each other, a session in the middle of a message, one before its first word: each hears of the stop, and of nothing else. */
START_TEST(everybody_is_told)
{
    struct server *server = server_start("--workers 3");
    struct pair *pair = pair_open(server);
    struct session *halfway = session_open(server, 1, "2"), *friend = session_open(server, 2, "1");
    struct client *silent = client_connect(server), *begun = client_connect(server);

    client_expect(halfway->client, ONLINE);
    client_send(halfway->client, "{\"user_id\": 1, \"fri");
    client_send(begun, "{\"user_id\": ");
    session_fence(friend);
    server_signal(server, stopping_signals[_i]);
    pair_expect_error(pair, "shutting_down");
    client_expect_error(halfway->client, "shutting_down");
    client_expect_error(friend->client, "shutting_down");
    client_expect_error(silent, "shutting_down");
    client_expect_error(begun, "shutting_down");
    session_close(halfway);
    session_close(friend);
    client_close(silent);
    client_close(begun);
    expect_stopped(server);
}
END_TEST

static Suite *
stop_suite(void)
{
    Suite *suite = suite_create("stop");
    TCase *tests = tcase_create("stop");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_loop_test(tests, everybody_is_told, 0, STOPPING_SIGNALS);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(stop_suite());
}
