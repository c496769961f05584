/* SPDX-License-Identifier: MIT
 *
 * Users whose ids are strings. That the graph keeps copies, and how long each of its texts lives, is seen by the builds that look for uses after
 * free and for leaks.
 */
#include "graph/graph.h"

#include "support/unit.h"
#include "support/unit/audience_check.h"
#include "support/unit/circle.h"
#include "support/unit/require.h"

#include <stdlib.h>
#include <string.h>

static void
open_circle(void)
{
    circle_open(3);
}

static void
close_circle(void)
{
    expect_silence();
    circle_close();
}

START_TEST(a_string_names_a_user_as_an_integer_does)
{
    struct visit watcher = come(0, NAMED(1), FRIENDS(NAMED(2), 3));
    struct visit named = come(1, NAMED(2), FRIENDS(NAMED(1))), numbered = come(2, 3, FRIENDS(NAMED(1)));

    expect_heard(&watcher, "\"2\"+ 3+");
    leave(&watcher);
    expect_heard(&named, "\"1\"-");
    expect_heard(&numbered, "\"1\"-");
    leave(&named);
    leave(&numbered);
    expect_census(0, 0, 0, 0);
}
END_TEST

START_TEST(an_integer_and_the_string_of_its_digits_are_different_users)
{
    struct visit watcher = come(0, 1, FRIENDS(2, NAMED(1), NAMED(2), NAMED(1), 2));

    expect_census(4, 1, 3, 1);
    struct visit named = come(1, NAMED(2), NO_FRIENDS);
    expect_heard(&watcher, "\"2\"+");
    come(2, NAMED(1), NO_FRIENDS); /* not oneself */
    expect_heard(&watcher, "\"1\"+");
    struct visit numbered = come(1, 2, NO_FRIENDS);
    expect_heard(&watcher, "2+");
    ck_assert_uint_eq(unfollow(&watcher, FRIENDS(NAMED(2))), 1);
    leave(&named);
    leave(&numbered);
    expect_heard(&watcher, "2-");
}
END_TEST

START_TEST(oneself_is_known_by_a_string)
{
    struct visit visit = come(0, NAMED(1), FRIENDS(NAMED(1), NAMED(2)));

    expect_census(2, 1, 1, 1);
    follow(&visit, FRIENDS(NAMED(1), 1), NULL);
    expect_census(3, 1, 2, 1);
    relist(&visit, FRIENDS(NAMED(1)));
    expect_census(1, 1, 0, 1);
}
END_TEST

/* What the publisher was given, kept as a worker keeps it while it is slow. */
static struct audience *kept;

static void
keep(void *context, uint32_t worker, struct audience *audience)
{
    (void)context;
    (void)worker;
    if (kept != NULL)
        audience_consume(kept);
    kept = audience;
}

static struct text *
text_of_length(size_t length, char fill)
{
    char bytes[USER_NAME_MAX];

    memset(bytes, fill, length);
    return text_new(bytes, length);
}

static uint32_t
enter_named(struct graph *graph, uint32_t slot, char fill, size_t length, char friend_fill)
{
    struct text *user = text_of_length(length, fill), *friend = text_of_length(length, friend_fill), *status = text_new("away", 4);
    const struct user_id friends[] = {{.name = friend}};
    struct graph_hello hello = {
        .handle = handle_of(0, slot, slot + 1), .user = {.name = user}, .friends = friends, .friend_count = 1, .status = status};
    uint32_t member;
    struct graph_arrival arrival;

    ck_assert_int_eq(graph_enter(graph, 0, &hello, &member, &arrival, NULL), 0);
    /* The caller's bytes are its own again; whoever read them now would see others. */
    memset(user->bytes, '!', length);
    memset(friend->bytes, '!', length);
    text_drop(user);
    text_drop(friend);
    text_drop(status);
    return member;
}

START_TEST(a_name_lives_as_long_as_its_session_and_its_news)
{
    static const size_t lengths[] = {1, 7, 8, 9, 127, USER_NAME_MAX};

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        size_t length = lengths[i];
        struct graph *graph = graph_new(1, keep, NULL);
        uint32_t watcher = enter_named(graph, 0, 'w', length, 'u'), user = enter_named(graph, 1, 'u', length, 'w');
        struct user_id id = graph_user(graph, 0, user);
        bool transition;

        ck_assert_uint_eq(id.name->length, length);
        ck_assert(id.name->bytes[0] == 'u' && id.name->bytes[length - 1] == 'u');
        ck_assert(user_id_equal(kept->transition.user, id));
        ck_assert_mem_eq(kept->transition.status->bytes, "away", 4);
        ck_assert_int_eq(graph_logout(graph, 0, watcher, LEAVE_TIMEOUT, &transition), 0);
        ck_assert_int_eq(graph_logout(graph, 0, user, LEAVE_GOODBYE, &transition), 0);
        graph_free(graph);

        const struct transition *last = &kept->transition;

        ck_assert(!last->online && last->reason == LEAVE_TIMEOUT && last->status == NULL);
        ck_assert_uint_eq(last->user.name->length, length);
        ck_assert(last->user.name->bytes[0] == 'w' && last->user.name->bytes[length - 1] == 'w');
        audience_consume(kept);
        kept = NULL;
    }
}
END_TEST

START_TEST(a_graph_is_freed_with_whoever_is_in_it)
{
    struct graph *graph = graph_new(1, keep, NULL);

    enter_named(graph, 0, 'a', 100, 'b');
    enter_named(graph, 1, 'b', 100, 'a');
    enter_named(graph, 2, 'b', 100, 'c');
    graph_free(graph);
    audience_consume(kept);
    kept = NULL;
}
END_TEST

/* A user's short name is the same in all its news as long as it is watched, and is that with which an edge ends. */
static uint32_t ended_index;

static void
note_ended(void *context, uint32_t index)
{
    ck_assert_ptr_eq(context, &ended_index);
    ended_index = index;
}

START_TEST(a_watched_user_has_one_index)
{
    struct graph *graph = graph_new(1, keep, NULL);
    uint32_t watcher = enter_named(graph, 0, 'w', 10, 'u'), index = UINT32_MAX;
    bool transition;

    for (int round = 0; round < 10; round++) {
        uint32_t user = enter_named(graph, 1, 'u', 10, 'x');

        ck_assert(index == UINT32_MAX || kept->transition.index == index);
        index = kept->transition.index;
        ck_assert_int_eq(graph_set_status(graph, 0, user, NULL), 0);
        ck_assert(kept->transition.status_only && kept->transition.index == index);
        ck_assert_int_eq(graph_logout(graph, 0, user, LEAVE_CLOSED, &transition), 0);
        ck_assert(!kept->transition.online && kept->transition.index == index);
    }
    struct text *name = text_of_length(10, 'u');
    struct user_id id = {.name = name};

    ck_assert_int_eq(graph_unfollow(graph, 0, watcher, &id, 1, note_ended, &ended_index), 0);
    ck_assert_uint_eq(ended_index, index);
    text_drop(name);
    graph_free(graph);
    audience_consume(kept);
    kept = NULL;
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("graph_names");
    TCase *told = tcase_create("told"), *kept_alive = tcase_create("kept_alive");

    tcase_add_checked_fixture(told, open_circle, close_circle);
    tcase_add_test(told, a_string_names_a_user_as_an_integer_does);
    tcase_add_test(told, an_integer_and_the_string_of_its_digits_are_different_users);
    tcase_add_test(told, oneself_is_known_by_a_string);
    tcase_add_test(kept_alive, a_name_lives_as_long_as_its_session_and_its_news);
    tcase_add_test(kept_alive, a_graph_is_freed_with_whoever_is_in_it);
    tcase_add_test(kept_alive, a_watched_user_has_one_index);
    suite_add_tcase(suite, told);
    suite_add_tcase(suite, kept_alive);
    return unit_run(suite);
}
