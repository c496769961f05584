/* SPDX-License-Identifier: MIT
 *
 * The room that unfinished messages have together: who gets it, and who pays when there is none left.
 */
#include "support/unit.h"
#include "support/unit/stage.h"

#include <string.h>

/* A message that has begun and holds so many bytes. */
static struct actor *
begun(uint32_t worker, int bytes)
{
    struct actor *actor = stage_connect(worker);

    stage_receive(actor, "{\"a\": \"");
    for (int i = 0; i < bytes; i += 20)
        stage_receive(actor, "01234567890123456789");
    return actor;
}

/* One worker has room for this many buffers of 1,024 bytes. */
static uint32_t
room_for_kilobytes(void)
{
    return (uint32_t)(stage.presence->desks[0].unfinished_share / 1024);
}

static struct presence_config
with_little_room(void)
{
    struct presence_config config = stage_usual();

    config.limits.message_bytes = 1024;
    config.unfinished_limit = 1;
    return config;
}

START_TEST(all_unfinished_messages_together_are_limited)
{
    stage_open_again(2, with_little_room());
    enum { MANY = 200 };
    struct actor *actors[MANY];
    uint32_t full = 0;

    ck_assert_uint_lt(room_for_kilobytes(), MANY);
    for (int i = 0; i < MANY; i++)
        actors[i] = begun(0, 800);
    ck_assert_uint_le(stage_unfinished(), stage.presence->desks[0].unfinished_share);
    stage_settle();
    for (int i = 0; i < MANY; i++)
        full += strcmp(stage_heard(actors[i]), "server_full .") == 0;
    /* While a buffer is made larger it counts twice. */
    ck_assert_uint_ge(full, MANY - room_for_kilobytes());
    ck_assert_uint_le(full, MANY - room_for_kilobytes() + 1);

    /* Who ends gives its share back. */
    for (int i = 0; i < MANY; i++)
        stage_lose(actors[i]);
    stage_settle();
    ck_assert_uint_eq(stage_unfinished(), 0);
    stage_login(0, 1, "2");
}
END_TEST

/* Its session is freed at the end of the turn; what it held is given to those who need room before. */
START_TEST(who_has_just_ended_holds_no_room)
{
    enum { OTHERS = 100 };
    struct presence_config config = stage_usual();
    struct actor *others[OTHERS], *holder;

    config.limits.message_bytes = 64 * 1024;
    config.unfinished_limit = 1; /* so it is twice the longest message */
    stage_open_again(2, config);
    holder = begun(0, 50000);
    stage_lose(holder);
    for (int i = 0; i < OTHERS; i++)
        others[i] = begun(0, 800);
    stage_settle();
    for (int i = 0; i < OTHERS; i++)
        stage_expect(others[i], "");
    ck_assert_ptr_null(holder->session);
}
END_TEST

START_TEST(who_holds_most_pays_for_the_room_that_others_need)
{
    stage_open_again(2, with_little_room());
    enum { HOARDERS = 200 };
    struct actor *watcher = stage_login(0, 1, "2, 3"), *friend = stage_login(0, 2, NULL), *hoarders[HOARDERS];
    unsigned full = 0;

    for (int i = 0; i < HOARDERS; i++)
        hoarders[i] = begun(0, 800);
    /* A list in two pieces, on a session that there is; and a hello in two. */
    stage_receive(friend, "{\"user_id\": 2, \"fri");
    stage_receive(friend, "ends\": [1]}");
    struct actor *newcomer = stage_connect(0);
    stage_receive(newcomer, "{\"user_");
    stage_receive(newcomer, "id\": 3}");
    /* Also while hoarders come on. */
    begun(0, 800);
    stage_settle();
    stage_expect(watcher, "+ +");
    stage_expect(friend, "");
    stage_expect(newcomer, "");
    for (int i = 0; i < HOARDERS; i++)
        full += strcmp(stage_heard(hoarders[i]), "server_full .") == 0;
    ck_assert_uint_gt(full, 0);
}
END_TEST

START_TEST(of_those_who_hold_much_the_one_with_most_pays)
{
    enum { OTHERS = 30 };
    struct presence_config config = stage_usual();
    struct actor *much, *most, *more, *others[OTHERS];

    config.limits.message_bytes = 64 * 1024;
    config.unfinished_limit = 1; /* so it is twice the longest message */
    stage_open_again(2, config);
    much = begun(0, 10000);
    most = begun(0, 50000);
    more = begun(0, 20000);
    for (int i = 0; i < OTHERS; i++)
        others[i] = begun(0, 800);
    stage_settle();
    stage_expect(most, "server_full .");
    stage_expect(much, "");
    stage_expect(more, "");
    for (int i = 0; i < OTHERS; i++)
        stage_expect(others[i], "");
}
END_TEST

START_TEST(a_worker_has_room_whatever_the_others_hold)
{
    stage_open_again(2, with_little_room());
    for (int i = 0; i < 200; i++)
        begun(0, 800);
    struct actor *other = begun(1, 800);

    stage_settle();
    stage_expect(other, "");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("client_room");
    TCase *tests = tcase_create("client_room");

    tcase_add_checked_fixture(tests, stage_open_two, stage_close);
    tcase_add_test(tests, all_unfinished_messages_together_are_limited);
    tcase_add_test(tests, who_has_just_ended_holds_no_room);
    tcase_add_test(tests, who_holds_most_pays_for_the_room_that_others_need);
    tcase_add_test(tests, of_those_who_hold_much_the_one_with_most_pays);
    tcase_add_test(tests, a_worker_has_room_whatever_the_others_hold);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
