/* SPDX-License-Identifier: MIT
 *
 * The running server without memory: the nth allocation that any of its threads makes fails, for every n that a login, the telling
 * of news, a new list or a departure needs. It costs at most one session; everybody else hears everything, and goes on doing so.
 */
#include "server.h"

#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/guest.h"
#include "support/unit/peer.h"

#include <stdio.h>
#include <string.h>

enum { CROWD_MAX = 70, USER = 1, OBSERVER = 2, CROWD_FIRST = 100 }; /* more than fits into the audience that a worker has at hand */

static struct server *server;
static int observer;         /* watches the user and the whole crowd */
static int crowd[CROWD_MAX]; /* watch the user */
static int crowd_count;
static char crowd_ids[CROWD_MAX * 6];

static void
begin(void)
{
    struct options options = guest_options();
    char list[sizeof crowd_ids + 8];

    faults_spare_this_thread();
    server = guest_server(&options);
    crowd_count = (int)pace_scaled(CROWD_MAX);
    crowd_ids[0] = '\0';
    for (int i = 0; i < crowd_count; i++)
        sprintf(crowd_ids + strlen(crowd_ids), "%s%d", i == 0 ? "" : ", ", CROWD_FIRST + i);
    snprintf(list, sizeof list, "%d, %s", USER, crowd_ids);
    observer = guest_settle(server, OBSERVER, list);
    for (int i = 0; i < crowd_count; i++) {
        crowd[i] = guest_enter(server, CROWD_FIRST + i, "1");
        peer_expect(observer, ONLINE);
    }
}

/* Everybody who is left goes, and the server stops. */
static void
end(void)
{
    for (int i = 0; i < crowd_count; i++)
        peer_close(crowd[i]);
    peer_close(observer);
    server_stop(server);
}

/* Every allocation has its turn; where tools make it slow, some. */
static long
stride(void)
{
    return 100 / (long)pace_scaled(100);
}

/* Fails the nth allocation from here on. */
static void
arm(long nth)
{
    faults_allocation(nth, 0);
}

/* Had the step so many allocations? */
static bool
disarm(long nth)
{
    bool failed = faults_allocations() >= nth;

    faults_allocation(0, 0);
    return failed;
}

/* This one ends; if it is told anything, then why. */
static void
expect_sacrificed(int peer)
{
    char line[700];

    if (peer_read_line(peer, line, sizeof line))
        ck_assert_msg(strncmp(line, ERROR_BEGINS("server_full"), strlen(ERROR_BEGINS("server_full"))) == 0, "told %s", line);
    peer_expect_over(peer);
}

/* Everybody hears this, but at most one, who ends instead; it is replaced. Returns how many did not. */
static int
expect_told(const char *text)
{
    int sacrificed = 0;
    char line[700];

    for (int i = 0; i < crowd_count; i++) {
        if (peer_read_line(crowd[i], line, sizeof line) && strcmp(line, text) == 0)
            continue;
        ck_assert_int_eq(sacrificed++, 0);
        expect_sacrificed(crowd[i]);
        peer_close(crowd[i]);
        crowd[i] = -1 - i;
    }
    return sacrificed;
}

/* The observer hears all of it, unless it is the one. */
static void
expect_observer_told(const char *text, int sacrificed)
{
    char line[700];

    if (peer_read_line(observer, line, sizeof line) && strcmp(line, text) == 0) {
        for (int i = 0; i < sacrificed; i++)
            peer_expect(observer, OFFLINE);
        return;
    }
    ck_assert_int_eq(sacrificed, 0);
    expect_sacrificed(observer);
    peer_close(observer);
    observer = guest_settle(server, OBSERVER + 1, "1");
}

/* All who are left hear of another visit of the user. */
static void
expect_all_is_well(void)
{
    guest_visit(server, USER, NULL);
    for (int i = 0; i < crowd_count; i++)
        if (crowd[i] >= 0)
            peer_expect(crowd[i], ONLINE OFFLINE);
    peer_expect(observer, ONLINE OFFLINE);
}

/* From accept to arrival. It is told, or the user is refused and nobody hears. */
static void
login_with(const char *hello)
{
    bool failed = true;

    for (long nth = 1; failed; nth += stride()) {
        begin();
        arm(nth);
        int user = peer_connect(server_port(server));
        (void)peer_send_bytes(user, hello, strlen(hello));
        int ready[3] = {crowd[0], crowd[1], user};
        int first = peer_wait_any(ready, 3);
        if (first < 2) {
            int sacrificed = expect_told(ONLINE);

            expect_observer_told(ONLINE, sacrificed);
            failed = disarm(nth);
            peer_close(user);
            for (int i = 0; i < crowd_count; i++)
                if (crowd[i] >= 0)
                    peer_expect(crowd[i], OFFLINE);
            peer_expect(observer, OFFLINE);
        } else {
            failed = disarm(nth);
            ck_assert(failed);
            expect_sacrificed(user);
            peer_close(user);
        }
        expect_all_is_well();
        end();
    }
}

START_TEST(a_login_and_its_news)
{
    login_with("{\"user_id\": 1, \"friends\": [100, 101, 3, 4, 5, 6, 7, 8]}");
}
END_TEST

START_TEST(a_login_that_the_strict_reader_reads)
{
    login_with("{\"friends\": [100, 101], \"nobody\": [\"knows\", {\"this\": 1.5}], \"user_id\": 1}");
}
END_TEST

START_TEST(a_new_list)
{
    bool failed = true;

    for (long nth = 1; failed; nth += stride()) {
        begin();
        int user = guest_enter(server, USER, "3, 4, 5");
        ck_assert_int_eq(expect_told(ONLINE), 0);
        expect_observer_told(ONLINE, 0);
        arm(nth);
        /* The goodbye behind it says when it is over. */
        peer_send(user, "{\"user_id\": 1, \"friends\": [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 100]}{\"online\": false}");
        int sacrificed = expect_told(OFFLINE);
        expect_observer_told(OFFLINE, sacrificed);
        failed = disarm(nth);
        peer_expect_over(user);
        peer_close(user);
        expect_all_is_well();
        end();
    }
}
END_TEST

START_TEST(a_departure)
{
    bool failed = true;

    for (long nth = 1; failed; nth += stride()) {
        begin();
        int user = guest_enter(server, USER, crowd_ids);
        ck_assert_int_eq(expect_told(ONLINE), 0);
        expect_observer_told(ONLINE, 0);
        arm(nth);
        peer_close(user);
        int sacrificed = expect_told(OFFLINE);
        expect_observer_told(OFFLINE, sacrificed);
        failed = disarm(nth);
        expect_all_is_well();
        end();
    }
}
END_TEST

/* Nothing at all can be had for a while: the departure is told when something can. */
START_TEST(a_departure_is_told_when_there_is_memory_again)
{
    begin();
    int user = guest_enter(server, USER, crowd_ids);
    ck_assert_int_eq(expect_told(ONLINE), 0);
    expect_observer_told(ONLINE, 0);
    faults_allocation(1, 1);
    peer_send(user, OFFLINE); /* a goodbye */
    peer_half_close(user);
    ck_assert_int_eq(peer_wait_any(&user, 1), 0); /* the server has closed */
    long tried = faults_allocations();
    faults_allocation(0, 0);
    ck_assert_int_gt(tried, 0);
    ck_assert_int_eq(expect_told(OFFLINE), 0);
    expect_observer_told(OFFLINE, 0);
    peer_close(user);
    expect_all_is_well();
    end();
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("server_memory");
    TCase *tests = tcase_create("server_memory");

    tcase_add_test(tests, a_login_and_its_news);
    tcase_add_test(tests, a_login_that_the_strict_reader_reads);
    tcase_add_test(tests, a_new_list);
    tcase_add_test(tests, a_departure);
    tcase_add_test(tests, a_departure_is_told_when_there_is_memory_again);
    tcase_set_timeout(tests, 2 * pace_test_timeout_s());
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
