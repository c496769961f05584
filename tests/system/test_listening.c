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

#include <stdlib.h>
#include <string.h>

/* Without --bind, both loopback addresses have the same port, and lead to the same users. */
START_TEST(both_loopback_addresses_by_default)
{
    struct server *server = server_start("--workers 3");
    struct client *six = client_connect_with(server, &(struct client_options){.address = "::1"});
    struct session *four = session_open(server, 1, "2"), *session = session_open_on(server, six, 2, "1");

    client_expect(four->client, ONLINE);
    session_leave(four);
    client_expect(session->client, OFFLINE);
    session_leave(session);
    ck_assert_int_eq(server_event_number(server, "listening", 0, "listeners"), 2);
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
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(listening_suite());
}
