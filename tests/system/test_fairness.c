/* SPDX-License-Identifier: MIT
 *
 * Nobody has to wait for the end of what somebody else keeps the server busy with: a user whom thousands watch, a client that sends
 * without end.
 */
#include "support/client.h"
#include "support/crowd.h"
#include "support/pace.h"
#include "support/pair.h"
#include "support/session.h"
#include "support/unit.h"

#include <stdio.h>

/* All watchers are told of every coming and going of a user, and two friends who have nothing to do with it are told theirs meanwhile. */
START_TEST(celebrity_comes_and_goes)
{
    enum { WATCHERS = 3000, TIMES = 10 };
    struct server *server = server_start("--workers 3");
    struct pair *pair = pair_open(server);
    struct crowd *crowd = crowd_new(server);
    unsigned watchers = pace_scaled(WATCHERS);

    for (unsigned i = 0; i < watchers; i++)
        crowd_add(crowd, 1000 + i, "1");
    crowd_settle(crowd);
    for (int i = 0; i < TIMES; i++) {
        user_visit(server, 1, NULL);
        pair_exchange(pair);
    }
    crowd_expect(crowd, TIMES, TIMES);
    crowd_fence(crowd);
    crowd_free(crowd);
    pair_close(pair);
    server_stop(server);
}
END_TEST

static Suite *
fairness_suite(void)
{
    Suite *suite = suite_create("fairness");
    TCase *tests = tcase_create("fairness");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, celebrity_comes_and_goes);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(fairness_suite());
}
