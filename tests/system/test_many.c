/* SPDX-License-Identifier: MIT
 *
 * Thousands of sessions on several workers: each is told what it should be, once.
 */
#include "support/client.h"
#include "support/crowd.h"
#include "support/pace.h"
#include "support/session.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>

enum { CROWD = 3000, STAR = 1, FIRST = 1000 };

/* Ends a member's session by a goodbye or by a reset; the crowd then knows it is gone. */
static void
member_leave(struct crowd_member *member, bool by_reset)
{
    if (by_reset) {
        client_reset(member->client);
    } else {
        client_goodbye(member->client, member->user);
        client_close(member->client);
    }
    member->client = NULL;
}

/* Couples who list each other, and all list the star, who comes and goes; then half of the second halves leave, then half of the first. */
START_TEST(everybody_is_told_once)
{
    enum { VISITS = 5 };
    struct server *server = server_start("--workers 4");
    struct crowd *first = crowd_new(server), *second = crowd_new(server);
    unsigned count = pace_scaled(CROWD / 2);
    char friends[64];

    for (unsigned i = 0; i < count; i++) {
        snprintf(friends, sizeof friends, "%d, %u", STAR, FIRST + 2 * i + 1);
        crowd_add(first, FIRST + 2 * i, friends);
    }
    crowd_settle(first);
    for (unsigned i = 0; i < count; i++) {
        snprintf(friends, sizeof friends, "%d, %u", STAR, FIRST + 2 * i);
        crowd_add(second, FIRST + 2 * i + 1, friends);
    }
    crowd_settle(second);
    crowd_expect(first, 1, 0);

    for (int i = 0; i < VISITS; i++)
        user_visit(server, STAR, NULL);
    crowd_expect(first, VISITS, VISITS);
    crowd_expect(second, VISITS, VISITS);
    crowd_fence(first);
    crowd_fence(second);

    for (unsigned i = 0; i < count; i += 2)
        member_leave(&second->members[i], i % 4 == 0);
    for (unsigned i = 0; i < count; i++)
        crowd_member_expect(first, i, 0, i % 2 == 0);
    for (unsigned i = 1; i < count; i += 2)
        member_leave(&first->members[i], i % 4 == 1);
    crowd_expect(second, 0, 1);
    crowd_fence(first);
    crowd_fence(second);
    crowd_free(first);
    crowd_free(second);
    server_stop(server);
}
END_TEST

/* One user with very many sessions: watchers hear of the first and the last only, and each session hears what it lists. */
START_TEST(user_with_many_devices)
{
    struct server *server = server_start("--workers 4");
    struct session *watcher = session_open(server, 1, "7"), *strangers = session_open(server, 2, "8");
    struct crowd *crowd = crowd_new(server);
    unsigned count = pace_scaled(CROWD / 4);

    for (unsigned i = 0; i < count; i++)
        crowd_add(crowd, 7, i % 2 == 0 ? "5" : "");
    crowd_settle(crowd);
    client_expect(watcher->client, ONLINE);

    struct client *friend = client_connect(server), *listing = client_connect(server);
    client_hello(friend, 5, NULL);
    for (unsigned i = 0; i < count; i++)
        crowd_member_expect(crowd, i, i % 2 == 0, 0);
    client_goodbye(friend, 5);
    for (unsigned i = 0; i < count; i++)
        crowd_member_expect(crowd, i, 0, i % 2 == 0);

    /* Whom a leaver lists is told on all devices, watching or not. */
    client_hello(listing, 6, "7");
    client_goodbye(listing, 6);
    crowd_expect(crowd, 0, 1);
    crowd_fence(crowd);
    session_fence(watcher);

    crowd_free(crowd);
    client_expect(watcher->client, OFFLINE);
    session_fence(watcher);
    session_fence(strangers);
    client_close(friend);
    client_close(listing);
    session_leave(watcher);
    session_leave(strangers);
    server_stop(server);
}
END_TEST

/* One session that lists very many, all of whom come and go. */
START_TEST(session_with_many_friends)
{
    struct server *server = server_start("--workers 4");
    unsigned count = pace_scaled(CROWD);
    char *list = malloc(count * 8), *end = list;

    ck_assert_ptr_nonnull(list);
    for (unsigned i = 0; i < count; i++)
        end += sprintf(end, "%s%u", i > 0 ? "," : "", FIRST + i);
    struct crowd *watchers = crowd_new(server), *crowd = crowd_new(server);
    for (int64_t i = 0; i < 3; i++)
        crowd_add(watchers, 1 + i, list);
    crowd_settle(watchers);
    for (unsigned i = 0; i < count; i++)
        crowd_add(crowd, FIRST + i, "");
    crowd_expect(watchers, count, 0);
    crowd_fence(watchers);
    crowd_free(crowd);
    crowd_expect(watchers, 0, count);
    crowd_fence(watchers);
    crowd_free(watchers);
    free(list);
    server_stop(server);
}
END_TEST

static Suite *
many_suite(void)
{
    Suite *suite = suite_create("many");
    TCase *tests = tcase_create("many");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, everybody_is_told_once);
    tcase_add_test(tests, user_with_many_devices);
    tcase_add_test(tests, session_with_many_friends);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(many_suite());
}
