/* SPDX-License-Identifier: MIT
 *
 * What operators ask: each worker answers for its sessions, in slices between which everything else goes on.
 */
#include "presence/inquiry.h"

#include "presence/client.h"
#include "support/unit.h"
#include "support/unit/stage.h"

#include <stdlib.h>

enum { WORKERS = 2 };

static struct mailbox answers;

static void
open_stage(void)
{
    stage_open(WORKERS);
    ck_assert_int_eq(mailbox_init(&answers, &stage.pressure), 0);
}

static void
close_stage(void)
{
    ck_assert_ptr_null(mailbox_take(&answers));
    mailbox_done(&answers);
    stage_close();
}

static struct inquiry *
inquiry_of(enum inquiry_kind kind, uint32_t wanted)
{
    struct inquiry *inquiry = inquiry_new(kind, WORKERS, wanted);

    ck_assert_ptr_nonnull(inquiry);
    inquiry->answers = &answers;
    return inquiry;
}

static void
add_user(struct inquiry *inquiry, int64_t user)
{
    inquiry->users[inquiry->user_count++].number = user;
}

/* Asks, and lets the workers have their turns until all parts have come back. */
static void
ask(struct inquiry *inquiry)
{
    uint32_t returned = 0;

    inquiry_ask(inquiry, stage.workers);
    stage_settle();
    for (struct mail *mail = mailbox_take(&answers), *next; mail != NULL; mail = next) {
        next = mail->next;
        ck_assert_ptr_eq(inquiry_part_of(mail)->inquiry, inquiry);
        returned++;
    }
    ck_assert_uint_eq(returned, WORKERS);
}

static bool
has_user(const struct inquiry_part *part, int64_t user)
{
    for (uint32_t i = 0; i < part->count; i++)
        if (part->views[i].logged_in && part->views[i].user.number == user)
            return true;
    return false;
}

START_TEST(the_first_in_an_order_are_told_and_all_are_counted)
{
    struct inquiry *oldest = inquiry_of(INQUIRY_SESSIONS, 2), *newest = inquiry_of(INQUIRY_SESSIONS, 1), *none = inquiry_of(INQUIRY_SESSIONS, 0);

    for (int64_t user = 1; user <= 5; user++) {
        stage_login(0, user, "100, 101");
        stage_pass_ms(1000);
    }
    stage_connect(1);
    ask(oldest);
    ck_assert_uint_eq(oldest->parts[0].total, 5);
    ck_assert_uint_eq(oldest->parts[0].count, 2);
    ck_assert(has_user(&oldest->parts[0], 1) && has_user(&oldest->parts[0], 2));
    ck_assert_uint_eq(oldest->parts[0].views[0].lists, 2);
    ck_assert_uint_eq(oldest->parts[1].total, 1);
    ck_assert(oldest->parts[1].count == 1 && !oldest->parts[1].views[0].logged_in);
    newest->order = ORDER_NEWEST;
    ask(newest);
    ck_assert(newest->parts[0].count == 1 && has_user(&newest->parts[0], 5));
    ask(none);
    ck_assert(none->parts[0].total == 5 && none->parts[0].count == 0);
    inquiry_free(oldest);
    inquiry_free(newest);
    inquiry_free(none);
}
END_TEST

START_TEST(sessions_are_sorted_by_what_they_are_sent)
{
    struct inquiry *inquiry = inquiry_of(INQUIRY_SESSIONS, 1);

    stage_login(0, 1, "10");
    stage_login(0, 2, "10, 11");
    stage_login(0, 3, NULL);
    stage_login(1, 10, NULL);
    stage_login(1, 11, NULL);
    stage_settle();
    inquiry->order = ORDER_RATE;
    ask(inquiry);
    ck_assert(has_user(&inquiry->parts[0], 2));
    ck_assert_uint_eq(inquiry->parts[0].views[0].lines, 2);
    inquiry_free(inquiry);
}
END_TEST

/* Of many, in several turns, with other things happening between: the best, and nobody who has gone. */
START_TEST(many_are_looked_at_in_slices)
{
    enum { CROWD = 1500, WANTED = 100 };
    struct inquiry *inquiry = inquiry_of(INQUIRY_SESSIONS, WANTED);
    struct actor *watcher = stage_login(1, 1, "1000"), *crowd[CROWD];
    int turns = 0;

    for (int i = 0; i < CROWD; i++)
        crowd[i] = stage_login(0, 1000 + i, NULL);
    /* Some are told more than others: a bit more each. */
    for (int i = 0; i < CROWD; i++)
        client_of(crowd[i]->session)->session.lines = (uint32_t)(i * 7919 % CROWD);
    stage_settle();
    stage_expect(watcher, "+");
    inquiry->order = ORDER_RATE;
    inquiry_ask(inquiry, stage.workers);
    while (stage_turn(0))
        if (++turns == 1)
            stage_lose(crowd[0]);
    ck_assert_int_ge(turns, CROWD / 512);
    stage_settle();
    stage_expect(watcher, "-");
    (void)mailbox_take(&answers);
    ck_assert_uint_eq(inquiry->parts[0].count, WANTED);
    for (int i = 0; i < CROWD; i++)
        ck_assert_int_eq(has_user(&inquiry->parts[0], 1000 + i), i * 7919 % CROWD >= CROWD - WANTED);
    inquiry_free(inquiry);
}
END_TEST

/* The last one of those that a part tells, in the order in which they are told: by key, equal ones by their place. */
static struct session_view
last_of(const struct inquiry_part *part)
{
    struct session_view last = part->views[0];

    for (uint32_t i = 1; i < part->count; i++)
        if (part->views[i].key < last.key || (part->views[i].key == last.key && part->views[i].handle.place > last.handle.place))
            last = part->views[i];
    return last;
}

/* Pages fit together: each session is on one, also where many are equal. */
START_TEST(pages_of_one_have_everybody_once)
{
    enum { CROWD = 40 };
    bool seen[CROWD] = {false};

    for (int i = 0; i < CROWD; i++)
        client_of(stage_login(0, i, NULL)->session)->session.lines = i % 4 == 3 ? 7 : 0;
    stage_settle();
    for (uint32_t wanted = 1; wanted <= CROWD; wanted++) {
        struct inquiry *inquiry = inquiry_of(INQUIRY_SESSIONS, wanted);

        inquiry->order = ORDER_RATE;
        ask(inquiry);
        ck_assert_uint_eq(inquiry->parts[0].count, wanted);
        int64_t user = last_of(&inquiry->parts[0]).user.number;
        ck_assert_msg(!seen[user], "%d is on page %u and on an earlier one", (int)user, wanted);
        seen[user] = true;
        inquiry_free(inquiry);
    }
}
END_TEST

/* Sessions are described a few a turn. Who goes meanwhile is left out, and who asked may end before it has got them all. */
START_TEST(they_are_described_in_slices)
{
    enum { CROWD = 100 };
    struct inquiry *inquiry = inquiry_of(INQUIRY_SESSIONS, CROWD), *cut = inquiry_of(INQUIRY_SESSIONS, CROWD);
    struct actor *crowd[CROWD];
    bool lost = false;

    for (int i = 0; i < CROWD; i++)
        crowd[i] = stage_login(0, 1000 + i, NULL);
    stage_settle();
    inquiry_ask(inquiry, stage.workers);
    for (uint32_t described = 0; stage_turn(0); described = inquiry->parts[0].described) {
        ck_assert_uint_le(inquiry->parts[0].described - described, CROWD / 4);
        if (described > 0 || inquiry->parts[0].described == 0)
            continue;
        for (int i = 0; i < CROWD; i += 2) /* the first turn that describes has ended */
            stage_lose(crowd[i]);
        lost = true;
    }
    ck_assert(lost);
    stage_settle();
    (void)mailbox_take(&answers);
    ck_assert_uint_eq(inquiry->parts[0].total, CROWD);
    ck_assert_uint_lt(inquiry->parts[0].count, CROWD);
    for (int i = 1; i < CROWD; i += 2)
        ck_assert(has_user(&inquiry->parts[0], 1000 + i));
    inquiry_free(inquiry);

    inquiry_ask(cut, stage.workers);
    while (cut->parts[0].described == 0)
        ck_assert(stage_turn(0));
    stage.presence->desks[0].inquiries = NULL;
    (void)mailbox_take(&stage.workers[1].mailbox);
    inquiry_free(cut);
}
END_TEST

START_TEST(users_are_explained_by_both_workers)
{
    struct inquiry *inquiry = inquiry_of(INQUIRY_USERS, 2 * GRAPH_FACTS_SESSIONS);

    stage_login(0, 3, "7");
    stage_login(1, 3, "8");
    stage_login(1, 7, "3");
    stage_settle();
    add_user(inquiry, 3);
    add_user(inquiry, 7);
    ask(inquiry);
    ck_assert(inquiry->parts[0].facts[0].online && inquiry->parts[0].facts[0].sessions == 2 && inquiry->parts[0].facts[0].watchers == 1);
    ck_assert(inquiry->parts[0].facts[1].online && inquiry->parts[0].facts[1].sessions == 1 && inquiry->parts[0].facts[1].watchers == 1);
    ck_assert_uint_eq(inquiry->parts[0].count, 1);
    ck_assert(inquiry->parts[0].views[0].which == 0 && inquiry->parts[0].views[0].lists_other);
    ck_assert_uint_eq(inquiry->parts[1].count, 2);
    ck_assert(inquiry->parts[1].views[0].which == 0 && !inquiry->parts[1].views[0].lists_other);
    ck_assert(inquiry->parts[1].views[1].which == 1 && inquiry->parts[1].views[1].lists_other);
    ck_assert(!inquiry->parts[0].news_waits && !inquiry->parts[1].news_waits);
    inquiry_free(inquiry);
}
END_TEST

START_TEST(a_session_is_closed_by_its_name)
{
    struct inquiry *inquiry = inquiry_of(INQUIRY_CLOSE_SESSION, 0), *again = inquiry_of(INQUIRY_CLOSE_SESSION, 0);
    struct actor *meant = stage_login(0, 1, NULL), *other = stage_login(1, 2, "1");

    ck_assert_uint_eq(meant->handle.generation, other->handle.generation); /* names differ by the worker */
    stage_settle();
    inquiry->worker = 0;
    inquiry->generation = meant->handle.generation;
    ask(inquiry);
    ck_assert_uint_eq(inquiry->parts[0].total + inquiry->parts[1].total, 1);
    stage_expect(meant, "shutting_down .");
    stage_expect(other, "-");
    stage_pass_ms(STAGE_LINGER_MS);
    ck_assert_uint_eq(counter_read(&stage.presence->desks[0].tally.ended[END_OPERATOR][TALLY_TCP]), 1);
    again->worker = 0;
    again->generation = meant->handle.generation;
    ask(again);
    ck_assert_uint_eq(again->parts[0].total + again->parts[1].total, 0);
    inquiry_free(inquiry);
    inquiry_free(again);
}
END_TEST

START_TEST(all_sessions_of_a_user_are_closed)
{
    struct inquiry *inquiry = inquiry_of(INQUIRY_CLOSE_USER, 0);
    struct actor *watcher = stage_login(0, 2, "1"), *sessions[2 * WORKERS];
    struct actor *sender = stage_correspond(1);

    for (uint32_t i = 0; i < 2 * WORKERS; i++)
        sessions[i] = stage_login(i % WORKERS, 1, NULL);
    stage_hello(sender, 1, NULL);
    stage_settle();
    stage_expect(watcher, "+");
    add_user(inquiry, 1);
    ask(inquiry);
    ck_assert_uint_eq(inquiry->parts[0].total, 2);
    ck_assert_uint_eq(inquiry->parts[1].total, 3);
    for (int i = 0; i < 2 * WORKERS; i++)
        stage_expect(sessions[i], "shutting_down .");
    stage_expect(watcher, "-");
    ck_assert_uint_eq(stage_census().members, 1);
    ck_assert_uint_eq(counter_read(&stage.presence->desks[1].tally.ended[END_OPERATOR][TALLY_UDP]), 1);
    inquiry_free(inquiry);
}
END_TEST

/* The server stops while something is asked: nothing is lost that somebody would have to free. */
START_TEST(an_inquiry_that_is_never_taken_is_its_makers)
{
    struct inquiry *inquiry = inquiry_of(INQUIRY_SESSIONS, 10);

    stage_login(0, 1, NULL);
    inquiry_ask(inquiry, stage.workers);
    stage_take_mail(0); /* at the desk; the other one's is in its mailbox */
    struct mail *left = mailbox_take(&stage.workers[1].mailbox);
    ck_assert_ptr_eq(left, &inquiry->parts[1].mail);
    stage.presence->desks[0].inquiries = NULL;
    inquiry_free(inquiry);
    inquiry_free(NULL);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("inquiry");
    TCase *tests = tcase_create("inquiry");

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, open_stage, close_stage);
    tcase_add_test(tests, the_first_in_an_order_are_told_and_all_are_counted);
    tcase_add_test(tests, sessions_are_sorted_by_what_they_are_sent);
    tcase_add_test(tests, many_are_looked_at_in_slices);
    tcase_add_test(tests, pages_of_one_have_everybody_once);
    tcase_add_test(tests, they_are_described_in_slices);
    tcase_add_test(tests, users_are_explained_by_both_workers);
    tcase_add_test(tests, a_session_is_closed_by_its_name);
    tcase_add_test(tests, all_sessions_of_a_user_are_closed);
    tcase_add_test(tests, an_inquiry_that_is_never_taken_is_its_makers);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
