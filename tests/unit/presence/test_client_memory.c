/* SPDX-License-Identifier: MIT
 *
 * What one client's messages do when there is no memory: each allocation of a login, of the telling of news, of a new list and of a departure
 * fails, alone or with all that come after it until the step is over. It may cost the session that asked, which is told server_full if that is
 * possible; everybody else hears what happened, and a departure that could not be told is told later.
 */
#include "presence/client.h"

#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/stage.h"

#include <stdio.h>
#include <string.h>

enum { WATCHERS = 80 }; /* more than fits into the audience that a worker has at hand */

enum { USER = 1, OBSERVER = 500, WATCHER_FIRST = 1000 };

/* Everybody on stage but the client that is tried. */
static struct actor *watchers[WATCHERS];
static struct actor *observer;

/* How the nth allocation fails. */
static struct attempt {
    long nth;
    bool all_after;
    bool failed;
} attempt;

static char list_of_all[WATCHERS * 8];

/* Watchers of the user on both workers, and somebody who watches the watchers. */
static void
attempt_begin(void)
{
    char *at = list_of_all;

    stage_open(3);
    at += sprintf(at, "%d", WATCHER_FIRST);
    for (int i = 1; i < WATCHERS; i++)
        at += sprintf(at, ", %d", WATCHER_FIRST + i);
    for (int i = 0; i < WATCHERS; i++)
        watchers[i] = stage_login((uint32_t)i % 2, WATCHER_FIRST + i, "1");
    observer = stage_login(2, OBSERVER, list_of_all);
    stage_settle();
}

static void
attempt_arm(void)
{
    faults_allocation(attempt.nth, attempt.all_after);
}

static void
attempt_disarm(void)
{
    attempt.failed = faults_allocations() >= attempt.nth;
    faults_allocation(0, 0);
}

/* Goes on to the next attempt; false when none is left. */
static bool
attempts_next(void)
{
    if (attempt.nth > 0 && !attempt.failed) {
        if (attempt.all_after)
            return false;
        attempt = (struct attempt){.all_after = true};
    }
    attempt.nth += attempt.nth == 0 ? 1 : 100 / (long)pace_scaled(100); /* where tools make it slow, not every one has its turn */
    return true;
}

static void
expect_watchers_heard(const char *text)
{
    for (int i = 0; i < WATCHERS; i++)
        stage_expect(watchers[i], text);
}

/* Everything works: the user comes and goes once more, and all are told. */
static void
attempt_end(void)
{
    struct actor *again = stage_login(2, USER, NULL);

    stage_settle();
    stage_end_input(again);
    stage_settle();
    expect_watchers_heard("+ -");
    stage_expect(observer, "");
    stage_close();
}

/* Does this actor's conversation go on? If not, it was told why, or, without memory for that, nothing. */
static bool
goes_on(struct actor *actor)
{
    const char *heard = stage_heard(actor);

    if (stage_is_read(actor)) {
        ck_assert_str_eq(heard, "");
        return true;
    }
    ck_assert_msg(strcmp(heard, "server_full .") == 0 || strcmp(heard, ".") == 0, "heard %s", heard);
    if (actor->session != NULL)
        stage_lose(actor);
    stage_settle();
    ck_assert_ptr_null(actor->session);
    return false;
}

/* A hello in one piece, in two, and one that the strict reader reads. */
static void
login_with(const char *first, const char *second)
{
    for (attempt = (struct attempt){0}; attempts_next();) {
        attempt_begin();
        struct actor *actor = stage_connect(2);

        attempt_arm();
        presence_handler.received(stage.presence, &stage.workers[2], actor->session, first, strlen(first));
        if (stage_is_read(actor) && second != NULL)
            presence_handler.received(stage.presence, &stage.workers[2], actor->session, second, strlen(second));
        attempt_disarm();
        stage_settle();
        if (goes_on(actor)) {
            expect_watchers_heard("+");
            stage_end_input(actor);
            stage_settle();
            expect_watchers_heard("-");
        } else {
            ck_assert(attempt.failed);
            expect_watchers_heard("");
        }
        attempt_end();
    }
}

START_TEST(a_login)
{
    login_with("{\"user_id\": 1, \"friends\": [2, 3, 1000, 1001, 4, 5, 6, 7, 8, 9, 10]}", NULL);
}
END_TEST

START_TEST(a_login_in_pieces)
{
    login_with("{\"user_id\": 1, \"friends\": [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, ",
        "26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50]}");
}
END_TEST

START_TEST(a_login_with_keys_that_nobody_knows)
{
    login_with("{\"\\u0066riends\": [2, 3], \"who\": {\"knows\": [1, 2.5, \"\\n\", null]}, \"user_id\": 1}", NULL);
}
END_TEST

/* The news finds no memory for the queue of one session, or of many: those end, the others hear it. */
START_TEST(the_telling_of_news)
{
    for (attempt = (struct attempt){0}; attempts_next();) {
        attempt_begin();
        int lost = 0;

        stage_login(2, USER, NULL);
        attempt_arm();
        for (uint32_t worker = 0; worker < 2; worker++) {
            stage_take_mail(worker);
            (void)stage_tell(worker);
        }
        attempt_disarm();
        stage_settle();
        stage_settle();
        for (int i = 0; i < WATCHERS; i++) {
            if (stage_is_read(watchers[i])) {
                stage_expect(watchers[i], "+");
                continue;
            }
            lost++;
            const char *heard = stage_heard(watchers[i]);
            ck_assert_msg(strcmp(heard, "server_full .") == 0 || strcmp(heard, ".") == 0, "heard %s", heard);
        }
        ck_assert(lost <= (attempt.failed ? (attempt.all_after ? WATCHERS : 1) : 0));

        /* That they ended is news to who watches them; where there was no memory to tell it, later. */
        stage_pass_ms(STAGE_RETRY_MS + 1);
        const char *heard = stage_heard(observer);
        int departures = 0;
        for (; *heard != '\0'; heard++) {
            ck_assert_int_ne(*heard, '+');
            departures += *heard == '-';
        }
        ck_assert_int_eq(departures, lost);
        stage_pass_ms(STAGE_LINGER_MS);
        stage_close();
    }
}
END_TEST

START_TEST(a_new_list)
{
    for (attempt = (struct attempt){0}; attempts_next();) {
        static const char text[] = "{\"user_id\": 1, \"friends\": [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 1000]}";

        attempt_begin();
        struct actor *actor = stage_login(2, USER, "2, 3, 4, 1001");
        stage_settle();
        expect_watchers_heard("+");

        attempt_arm();
        presence_handler.received(stage.presence, &stage.workers[2], actor->session, text, sizeof text - 1);
        attempt_disarm();
        stage_settle();
        stage_pass_ms(STAGE_RETRY_MS + 1);
        if (stage_is_read(actor)) {
            stage_expect(actor, "");
            ck_assert_uint_eq(stage_census().edges, WATCHERS + WATCHERS + 19);
            stage_end_input(actor);
            stage_settle();
        } else {
            ck_assert(attempt.failed);
            ck_assert(!goes_on(actor));
        }
        expect_watchers_heard("-");
        attempt_end();
    }
}
END_TEST

/* A list that has to wait for news, and is kept meanwhile with what came behind it. */
START_TEST(a_list_that_waits)
{
    for (attempt = (struct attempt){0}; attempts_next();) {
        static const char text[] = "{\"user_id\": 1, \"friends\": [3, 4, 5]} {\"user_id\": 1, \"friends\": [3, 4, 5, 6]} {\"user_id\": 1";

        attempt_begin();
        struct actor *actor = stage_login(2, USER, "2, 3, 4, 1001");
        struct actor *friend = stage_login(0, 2, NULL);

        attempt_arm();
        presence_handler.received(stage.presence, &stage.workers[2], actor->session, text, sizeof text - 1);
        stage_take_mail(2);
        (void)stage_tell(2);
        attempt_disarm();
        stage_settle();
        stage_pass_ms(STAGE_RETRY_MS + 1);
        const char *heard = stage_heard(actor);
        if (stage_is_read(actor)) {
            ck_assert_str_eq(heard, "+");
            ck_assert_uint_eq(stage_census().edges, WATCHERS + WATCHERS + 4);
            stage_end_input(actor);
            stage_settle();
        } else {
            ck_assert(attempt.failed);
            ck_assert_msg(
                strcmp(heard, "server_full .") == 0 || strcmp(heard, "+ server_full .") == 0 || strcmp(heard, "+ .") == 0 || strcmp(heard, ".") == 0,
                "heard %s", heard);
            stage_lose(actor);
            stage_settle();
        }
        expect_watchers_heard("+ -");
        stage_end_input(friend);
        stage_settle();
        attempt_end();
    }
}
END_TEST

static void
departure_by(void (*depart)(struct actor *actor))
{
    for (attempt = (struct attempt){0}; attempts_next();) {
        attempt_begin();
        struct actor *actor = stage_login(2, USER, list_of_all);
        stage_settle();
        expect_watchers_heard("+");

        attempt_arm();
        depart(actor);
        attempt_disarm();
        stage_settle();
        stage_pass_ms(STAGE_RETRY_MS + 1);
        expect_watchers_heard("-");
        if (actor->session != NULL)
            stage_lose(actor);
        stage_settle();
        ck_assert_ptr_null(actor->session);
        ck_assert_uint_eq(stage_census().members, WATCHERS + 1);
        attempt_end();
    }
}

static void
by_goodbye(struct actor *actor)
{
    static const char text[] = "{\"online\": false}";

    presence_handler.received(stage.presence, &stage.workers[2], actor->session, text, sizeof text - 1);
}

static void
by_error(struct actor *actor)
{
    presence_handler.received(stage.presence, &stage.workers[2], actor->session, "]", 1);
}

static void
by_end_of_input(struct actor *actor)
{
    stage_end_input(actor);
}

static void
by_loss(struct actor *actor)
{
    stage_lose(actor);
    stage_write(2);
}

START_TEST(a_goodbye)
{
    departure_by(by_goodbye);
}
END_TEST

START_TEST(an_error)
{
    departure_by(by_error);
}
END_TEST

START_TEST(the_end_of_input)
{
    departure_by(by_end_of_input);
}
END_TEST

START_TEST(a_lost_peer)
{
    departure_by(by_loss);
}
END_TEST

/* A departure that waits for memory, and what may happen meanwhile. */
static struct actor *
departure_waits(void)
{
    attempt_begin();
    struct actor *actor = stage_login(2, USER, "1000");

    stage_settle();
    expect_watchers_heard("+");
    faults_allocation(1, 1);
    by_loss(actor);
    faults_allocation(0, 0);
    stage_settle();
    expect_watchers_heard("");
    ck_assert_ptr_nonnull(actor->session);
    ck_assert_uint_eq(admission_count(&stage.admission), WATCHERS + 1); /* its connection is gone */
    return actor;
}

START_TEST(a_departure_that_waits_is_tried_until_it_is_told)
{
    struct actor *actor = departure_waits();

    for (int i = 0; i < 5; i++) {
        stage.workers[2].now_ms += STAGE_RETRY_MS - 1;
        faults_allocation(1, 1);
        struct deadline *deadline = deadlines_take_due(&stage.workers[2].deadlines[DEADLINE_RETRY], stage.workers[2].now_ms + 1);
        presence_handler.deadline(stage.presence, &stage.workers[2], DEADLINE_RETRY, deadline);
        faults_allocation(0, 0);
        stage_settle();
        expect_watchers_heard("");
    }
    stage_pass_ms(2 * STAGE_RETRY_MS);
    expect_watchers_heard("-");
    ck_assert_ptr_null(actor->session);
    attempt_end();
}
END_TEST

START_TEST(who_comes_back_before_the_departure_was_told_never_left)
{
    (void)departure_waits();
    struct actor *again = stage_login(1, USER, NULL);

    stage_pass_ms(2 * STAGE_RETRY_MS);
    expect_watchers_heard("");
    stage_end_input(again);
    stage_settle();
    expect_watchers_heard("-");
    attempt_end();
}
END_TEST

START_TEST(a_stop_does_not_wait_for_departures)
{
    (void)departure_waits();
    stage_close();
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("client_memory");
    TCase *tests = tcase_create("client_memory");

    tcase_add_test(tests, a_login);
    tcase_add_test(tests, a_login_in_pieces);
    tcase_add_test(tests, a_login_with_keys_that_nobody_knows);
    tcase_add_test(tests, the_telling_of_news);
    tcase_add_test(tests, a_new_list);
    tcase_add_test(tests, a_list_that_waits);
    tcase_add_test(tests, a_goodbye);
    tcase_add_test(tests, an_error);
    tcase_add_test(tests, the_end_of_input);
    tcase_add_test(tests, a_lost_peer);
    tcase_add_test(tests, a_departure_that_waits_is_tried_until_it_is_told);
    tcase_add_test(tests, who_comes_back_before_the_departure_was_told_never_left);
    tcase_add_test(tests, a_stop_does_not_wait_for_departures);
    tcase_set_timeout(tests, 600);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
