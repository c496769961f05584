/* SPDX-License-Identifier: MIT
 *
 * How a presence is made, and what it tells its store.
 */
#include "presence/presence.h"

#include "support/faults.h"
#include "support/unit.h"
#include "support/unit/stage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A store that writes down what it is told, as "1+ 1-". */
static char announced[256];
static int opened, closed, open_error;
static int own_state;

static int
note_open(void **state)
{
    opened++;
    *state = &own_state;
    return open_error;
}

static void
note_close(void *state)
{
    ck_assert_ptr_eq(state, &own_state);
    closed++;
}

static void
note_announce(void *state, struct user_id user, bool online)
{
    ck_assert_ptr_eq(state, &own_state);
    sprintf(announced + strlen(announced), "%s%lld%c", announced[0] == '\0' ? "" : " ", (long long)user.number, online ? '+' : '-');
}

static const struct store note_store = {.name = "note", .open = note_open, .close = note_close, .announce = note_announce};

static struct presence_config
config_with_note(void)
{
    struct presence_config config = stage_usual();

    config.store = &note_store;
    return config;
}

START_TEST(a_store_is_told_of_transitions_and_of_nothing_else)
{
    struct presence_config config = config_with_note();

    stage_open_with(2, &config);
    struct actor *phone = stage_login(0, 1, "2"), *laptop = stage_login(1, 1, NULL), *friend = stage_login(1, 2, NULL);

    stage_hello(phone, 1, "3");
    stage_settle();
    stage_end_input(phone);
    stage_lose(friend);
    stage_settle();
    ck_assert_str_eq(announced, "1+ 2+ 2-");
    stage_receive(laptop, "{\"online\": false}");
    stage_settle();
    ck_assert_str_eq(announced, "1+ 2+ 2- 1-");
    stage_close();
    ck_assert_int_eq(opened, 1);
    ck_assert_int_eq(closed, 1);
}
END_TEST

START_TEST(a_departure_that_waited_for_memory_is_announced_once)
{
    struct presence_config config = config_with_note();

    stage_open_with(2, &config);
    stage_login(1, 2, "1");
    struct actor *actor = stage_login(0, 1, "2");

    faults_allocation(1, 1);
    stage_lose(actor);
    stage_write(0);
    faults_allocation(0, 0);
    ck_assert_str_eq(announced, "2+ 1+");
    stage_pass_ms(3 * STAGE_RETRY_MS);
    ck_assert_str_eq(announced, "2+ 1+ 1-");
    stage_close();
}
END_TEST

START_TEST(a_worker_has_other_limits_once_it_was_given_them)
{
    stage_open(2);
    struct presence_config other = stage_usual();
    struct actor *first = stage_connect(0), *second = stage_connect(1), *third = stage_connect(0);

    other.limits.friends = 1;
    other.limits.message_bytes = 1024;
    other.unfinished_limit = 1;
    presence_handler.configured(stage.presence, &stage.workers[0], &other);
    stage_hello(first, 1, "7, 8");
    stage_hello(second, 2, "7, 8"); /* the other worker has not been given them yet */
    stage_settle();
    stage_expect(first, "too_many_friends .");
    stage_expect(second, "");
    ck_assert_uint_eq(stage.presence->desks[0].unfinished_share, 2048); /* room for the largest message, which is there twice while it grows */
    ck_assert_uint_gt(stage.presence->desks[1].unfinished_share, 2048);
    presence_handler.configured(stage.presence, &stage.workers[1], &other);
    stage_hello(second, 2, "7, 8"); /* they hold for what a session says next, too */
    stage_hello(third, 3, "2");
    stage_settle();
    stage_expect(second, "too_many_friends .");
    stage_expect(third, "");
    stage_close();
}
END_TEST

START_TEST(without_memory_there_is_no_presence)
{
    struct presence_config config = config_with_note();
    struct worker workers[3];
    struct presence *presence = NULL;

    for (long nth = 1; presence == NULL; nth++) {
        faults_allocation(nth, 0);
        presence = presence_new(workers, 3, &config);
        bool failed = faults_allocations() >= nth;
        faults_allocation(0, 0);
        ck_assert((presence == NULL) == failed);
        ck_assert_int_eq(opened, presence != NULL);
    }
    presence_free(presence);
    ck_assert_int_eq(closed, 1);
    presence_free(NULL);
}
END_TEST

START_TEST(a_store_that_does_not_open_is_not_closed)
{
    struct presence_config config = config_with_note();
    struct worker workers[1];

    open_error = -EIO;
    ck_assert_ptr_null(presence_new(workers, 1, &config));
    ck_assert_int_eq(opened, 1);
    ck_assert_int_eq(closed, 0);
}
END_TEST

START_TEST(the_refusal_is_one_line)
{
    char line[ERROR_LINE_MAX + 1];
    size_t length = presence_refusal(line);

    line[length] = '\0';
    ck_assert_msg(strncmp(line, "{\"error\": {\"code\": \"server_full\", \"message\": \"", 46) == 0, "%s", line);
    ck_assert_ptr_eq(strchr(line, '\n'), line + length - 1);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("presence");
    TCase *tests = tcase_create("presence");

    tcase_add_test(tests, a_store_is_told_of_transitions_and_of_nothing_else);
    tcase_add_test(tests, a_departure_that_waited_for_memory_is_announced_once);
    tcase_add_test(tests, a_worker_has_other_limits_once_it_was_given_them);
    tcase_add_test(tests, without_memory_there_is_no_presence);
    tcase_add_test(tests, a_store_that_does_not_open_is_not_closed);
    tcase_add_test(tests, the_refusal_is_one_line);
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
