/* SPDX-License-Identifier: MIT
 *
 * What operators ask of the graph: it is the truth, and asking changes nothing.
 */
#include "graph/graph.h"

#include "graph/graph_internal.h"

#include "support/unit.h"

static struct graph *graph;

static void
publish(void *context, uint32_t worker, struct audience *audience)
{
    (void)context;
    (void)worker;
    for (uint32_t part = 0, count = audience->part_count; part < count; part++) {
        bool is_last = true;

        for (uint32_t later = part + 1; later < count; later++)
            is_last = is_last && audience->parts[later].count == 0;
        if (audience->parts[part].count > 0)
            audience_part_done(&audience->parts[part]);
        if (is_last)
            return; /* it has been freed */
    }
}

static void
open_graph(void)
{
    graph = graph_new(2, publish, NULL);
    ck_assert_ptr_nonnull(graph);
}

static void
close_graph(void)
{
    graph_free(graph);
}

static struct user_id
number(int64_t id)
{
    return (struct user_id){.number = id};
}

/* Returns the member. */
static uint32_t
come(uint32_t worker, uint32_t slot, int64_t user, const struct user_id *friends, uint32_t count)
{
    bool transition;
    uint32_t member = 0;

    ck_assert_int_eq(graph_login(graph, worker, handle_of(worker, slot, slot + 1), number(user), friends, count, &member, &transition), 0);
    return member;
}

static void
leave(uint32_t worker, uint32_t member, enum leave_reason reason)
{
    bool transition;

    ck_assert_int_eq(graph_logout(graph, worker, member, reason, &transition), 0);
}

START_TEST(a_user_is_known_by_sessions_watchers_and_last_transition)
{
    const struct user_id friends[] = {number(7), number(8)};
    struct graph_facts facts;

    graph_look(graph, 0, number(7), &facts);
    ck_assert(!facts.online && facts.changed_at_ms == 0 && facts.watchers == 0 && facts.sessions == 0);
    uint32_t watcher = come(0, 0, 1, friends, 2);
    graph_look(graph, 1, number(7), &facts);
    ck_assert(!facts.online && facts.changed_at_ms == 0 && facts.watchers == 1);

    uint32_t first = come(1, 3, 7, NULL, 0), second = come(0, 4, 7, NULL, 0);
    graph_look(graph, 0, number(7), &facts);
    ck_assert(facts.online && facts.went_online && facts.changed_at_ms > 0 && facts.watchers == 1 && facts.sessions == 2);
    ck_assert(!facts.has_more_sessions);
    ck_assert(handle_equal(facts.handles[0], handle_of(1, 3, 4)) || handle_equal(facts.handles[1], handle_of(1, 3, 4)));
    uint64_t came_at_ms = facts.changed_at_ms;

    leave(1, first, LEAVE_GOODBYE);
    graph_look(graph, 0, number(7), &facts);
    ck_assert(facts.online && facts.sessions == 1 && facts.changed_at_ms == came_at_ms);
    leave(0, second, LEAVE_TIMEOUT);
    graph_look(graph, 0, number(7), &facts);
    ck_assert(!facts.online && !facts.went_online && facts.left_because == LEAVE_TIMEOUT && facts.changed_at_ms >= came_at_ms && facts.sessions == 0);
    leave(0, watcher, LEAVE_CLOSED);
    graph_look(graph, 0, number(7), &facts);
    ck_assert(facts.watchers == 0);
}
END_TEST

/* Comes and goes so many times. */
static void
flap(int64_t user, int times)
{
    for (int i = 0; i < times; i++)
        leave(0, come(0, 5, user, NULL, 0), LEAVE_CLOSED);
}

/* Also when nobody is interested in it meanwhile, so that the graph knows it no more. */
START_TEST(the_last_transitions_are_remembered)
{
    struct graph_history history;

    graph_remember(graph, 0, number(7), &history);
    ck_assert(history.count == 0 && history.older == OLDER_NONE);
    leave(1, come(1, 0, 7, NULL, 0), LEAVE_TIMEOUT);
    flap(8, 3);
    uint32_t first = come(0, 0, 7, NULL, 0), second = come(1, 1, 7, NULL, 0);
    leave(0, first, LEAVE_CLOSED); /* no transition */
    graph_remember(graph, 1, number(7), &history);
    ck_assert_uint_eq(history.count, 3);
    ck_assert(history.past[0].online && !history.past[1].online && history.past[2].online);
    ck_assert(history.past[1].reason == LEAVE_TIMEOUT && history.past[2].at_ms > 0);
    ck_assert(history.past[0].at_ms >= history.past[1].at_ms && history.past[1].at_ms >= history.past[2].at_ms);
    ck_assert(history.older == OLDER_NONE);

    leave(1, second, LEAVE_GOODBYE);
    graph_remember(graph, 0, number(7), &history);
    ck_assert(history.count == GRAPH_HISTORY && history.older == OLDER_NONE && history.past[0].reason == LEAVE_GOODBYE);
    flap(7, 1);
    graph_remember(graph, 0, number(7), &history);
    ck_assert(history.count == GRAPH_HISTORY && history.older == OLDER_UNTOLD);
    ck_assert(history.past[0].reason == LEAVE_CLOSED && history.past[2].reason == LEAVE_GOODBYE);
    ck_assert(!history.past[0].online && history.past[1].online);
}
END_TEST

/* By as many of other users that share its shard, and by no others. */
START_TEST(older_transitions_are_forgotten)
{
    struct shard *shard = shard_of_hash(graph, hash_of(graph, number(7)));
    struct graph_history history;
    int64_t other = 8, stranger = 8;

    while (shard_of_hash(graph, hash_of(graph, number(other))) != shard)
        other++;
    while (shard_of_hash(graph, hash_of(graph, number(stranger))) == shard)
        stranger++;
    flap(7, 1);
    flap(stranger, HISTORY_LENGTH);
    flap(other, HISTORY_LENGTH / 2 - 1);
    graph_remember(graph, 0, number(7), &history);
    ck_assert(history.count == 2 && history.older == OLDER_NONE);
    uint32_t member = come(0, 5, other, NULL, 0);
    graph_remember(graph, 0, number(7), &history);
    ck_assert(history.count == 1 && !history.past[0].online && history.older == OLDER_FORGOTTEN);
    leave(0, member, LEAVE_CLOSED);
    graph_remember(graph, 0, number(7), &history);
    ck_assert(history.count == 0 && history.older == OLDER_FORGOTTEN);
    graph_remember(graph, 0, number(other), &history);
    ck_assert(history.count == GRAPH_HISTORY && history.older == OLDER_UNTOLD);
}
END_TEST

START_TEST(a_user_whose_last_session_was_lost_is_absent)
{
    uint32_t member = come(0, 0, 7, NULL, 0);
    struct graph_facts facts;
    struct user_id user;
    bool absent;

    ck_assert_int_eq(graph_lose(graph, 0, member, &absent), 0);
    ck_assert(absent);
    graph_look(graph, 1, number(7), &facts);
    ck_assert(facts.online && facts.absent && facts.went_online && facts.sessions == 0 && !facts.has_more_sessions);
    ck_assert(graph_absent_user(graph, 0, member, &user) && user_id_equal(user, number(7)));
    come(1, 0, 7, NULL, 0);
    graph_look(graph, 0, number(7), &facts);
    ck_assert(facts.online && !facts.absent && facts.sessions == 1);
    ck_assert(!graph_absent_user(graph, 0, member, &user));
    leave(0, member, LEAVE_CLOSED);
}
END_TEST

START_TEST(of_very_many_sessions_the_first_are_named)
{
    struct graph_facts facts;

    for (uint32_t i = 0; i < GRAPH_FACTS_SESSIONS; i++)
        come(0, i, 7, NULL, 0);
    graph_look(graph, 0, number(7), &facts);
    ck_assert(facts.sessions == GRAPH_FACTS_SESSIONS && !facts.has_more_sessions);
    come(1, 0, 7, NULL, 0);
    graph_look(graph, 0, number(7), &facts);
    ck_assert(facts.sessions == GRAPH_FACTS_SESSIONS && facts.has_more_sessions);
}
END_TEST

static void
ended(void *context, uint32_t index)
{
    (void)context;
    (void)index;
}

START_TEST(a_list_is_what_the_session_watches)
{
    const struct user_id friends[] = {number(7), number(8), number(7), number(1)}, others[] = {number(9)};
    uint32_t member = come(0, 0, 1, friends, 4), lonely = come(1, 0, 2, NULL, 0);

    ck_assert_uint_eq(graph_list_length(graph, 0, member), 2);
    ck_assert(graph_lists(graph, 0, member, number(7)) && graph_lists(graph, 0, member, number(8)));
    ck_assert(!graph_lists(graph, 0, member, number(1)) && !graph_lists(graph, 0, member, number(9)) && !graph_lists(graph, 0, member, number(2)));
    ck_assert_uint_eq(graph_list_length(graph, 1, lonely), 0);
    ck_assert(!graph_lists(graph, 1, lonely, number(7)));
    ck_assert_int_eq(graph_unfollow(graph, 0, member, friends, 1, ended, NULL), 0); /* leaves a hole */
    ck_assert_uint_eq(graph_list_length(graph, 0, member), 1);
    ck_assert(!graph_lists(graph, 0, member, number(7)) && graph_lists(graph, 0, member, number(8)));
    ck_assert_int_eq(graph_relist(graph, 0, member, others, 1), 0);
    ck_assert_uint_eq(graph_list_length(graph, 0, member), 1);
    ck_assert(!graph_lists(graph, 0, member, number(7)) && graph_lists(graph, 0, member, number(9)));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("facts");
    TCase *tests = tcase_create("facts");

    tcase_add_checked_fixture(tests, open_graph, close_graph);
    tcase_add_test(tests, a_user_is_known_by_sessions_watchers_and_last_transition);
    tcase_add_test(tests, the_last_transitions_are_remembered);
    tcase_add_test(tests, older_transitions_are_forgotten);
    tcase_add_test(tests, a_user_whose_last_session_was_lost_is_absent);
    tcase_add_test(tests, of_very_many_sessions_the_first_are_named);
    tcase_add_test(tests, a_list_is_what_the_session_watches);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
