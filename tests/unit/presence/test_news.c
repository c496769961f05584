/* SPDX-License-Identifier: MIT
 *
 * How news reaches the sessions of one worker: in order, a bounded share each turn, and that of a celebrity in slices between which other
 * news passes.
 */
#include "presence/news.h"

#include "support/unit.h"
#include "support/unit/require.h"
#include "support/unit/stage.h"

#include <stdio.h>
#include <string.h>

enum {
    STAR = 1,
    OTHER = 2,
    CROWD = 700, /* watch the star, all on worker 0: several slices */
    SLICE = 256, /* what news.c tells in one turn of a large audience */
    SHARE = 768, /* sessions that are told of small ones, all together */
    OFTEN = 8,   /* so many times as much it tells those who hear more than one thing */
    CROWD_FIRST = 1000,
};

static struct actor *crowd[CROWD];

static void
crowd_comes(const char *friends)
{
    for (int i = 0; i < CROWD; i++)
        crowd[i] = stage_login(0, CROWD_FIRST + i, friends);
    stage_settle();
}

/* How many of the crowd heard exactly this since the last time; the others heard nothing. */
static int
crowd_heard(const char *text)
{
    int count = 0;

    for (int i = 0; i < CROWD; i++) {
        const char *heard = stage_heard(crowd[i]);

        REQUIRE(strcmp(heard, text) == 0 || strcmp(heard, "") == 0, "heard %s", heard);
        count += heard[0] != '\0';
    }
    return count;
}

START_TEST(news_is_told_in_the_order_in_which_it_came)
{
    struct actor *watcher = stage_login(0, 10, "1, 2, 3");
    struct actor *first = stage_login(1, 1, NULL);

    stage_login(1, 2, NULL);
    stage_end_input(first);
    stage_login(0, 3, NULL);
    stage_turn(0);
    stage_expect(watcher, "+ + - +");
    ck_assert(!stage_tell(0));
}
END_TEST

START_TEST(news_for_a_session_that_has_gone_is_dropped_and_counted)
{
    struct actor *watcher = stage_login(0, 10, "1"), *other = stage_login(0, 11, "1");

    stage_login(1, 1, NULL);
    stage_lose(watcher);
    stage_write(0);
    struct actor *newcomer = stage_connect(0); /* in the same slot */

    ck_assert_uint_eq(handle_slot(newcomer->handle), handle_slot(watcher->handle));
    stage_settle();
    stage_expect(other, "+");
    stage_expect(newcomer, "");
    ck_assert_uint_eq(counter_read(&stage.workers[0].counters.stale), 1);
}
END_TEST

START_TEST(a_celebrity_is_told_in_slices_and_other_news_passes)
{
    crowd_comes("1");
    struct actor *watcher = stage_login(0, 10, "2");

    stage_login(1, STAR, NULL);
    ck_assert(stage_turn(0));
    ck_assert_int_eq(crowd_heard("+"), SLICE);
    stage_login(1, OTHER, NULL);
    ck_assert(stage_turn(0));
    stage_expect(watcher, "+"); /* though the star's news is not through */
    ck_assert_int_eq(crowd_heard("+"), SLICE);
    ck_assert(!stage_turn(0));
    ck_assert_int_eq(crowd_heard("+"), CROWD - 2 * SLICE);
}
END_TEST

START_TEST(a_celebritys_next_news_waits_behind_its_unfinished_one)
{
    crowd_comes("1");
    struct actor *star = stage_login(1, STAR, NULL);

    stage_turn(0);
    ck_assert_int_eq(crowd_heard("+"), SLICE);
    stage_end_input(star);
    struct actor *again = stage_login(1, STAR, NULL);

    for (int turn = 0; turn < 20; turn++) {
        stage_turn(0);
        stage_turn(1);
        for (int i = 0; i < CROWD; i++) {
            static char story[CROWD][8];

            if (turn == 0)
                strcpy(story[i], i < SLICE ? "+" : "");
            for (const char *word = stage_heard(crowd[i]); *word != '\0'; word++)
                if (*word != ' ')
                    strncat(story[i], word, 1);
            REQUIRE(strncmp("+-+", story[i], strlen(story[i])) == 0, "told %s", story[i]);
            if (turn == 19)
                REQUIRE(strcmp(story[i], "+-+") == 0, "told %s", story[i]);
        }
    }
    ck_assert(!stage_tell(0));
    stage_end_input(again);
}
END_TEST

/* Else a star that comes and goes without end would fill the mailboxes, and everybody would wait. */
START_TEST(a_star_that_comes_back_waits_until_its_news_has_been_told)
{
    crowd_comes("1");
    struct actor *star = stage_login(1, STAR, NULL);

    stage_end_input(star);
    star = stage_connect(1);
    stage_receive(star, "{\"user_id\": 1, \"friends\": [2]}{\"user_id\": 1, \"friends\": [3]}");
    struct actor *other = stage_login(1, OTHER, "3");

    ck_assert(!stage_is_read(star));
    ck_assert(stage_is_read(other)); /* nobody else waits */
    stage_take_mail(0);
    uint64_t weight = counter_read(&stage.workers[0].mailbox.weight);
    ck_assert_uint_le(weight, 2 * SLICE); /* and it is no reason for workers to read from nobody */
    for (int turn = 0; turn < 5; turn++) {
        ck_assert(stage_turn(0));
        stage_turn(1);
        ck_assert(!stage_is_read(star));
    }
    stage_pass_ms(STAGE_HELLO_MS); /* its hello has come, so that time does not count */
    ck_assert(stage_is_read(star));
    ck_assert_int_eq(crowd_heard("+ - +"), CROWD);
    stage_login(0, 3, NULL);
    stage_settle();
    stage_expect(star, "+");
}
END_TEST

/* The next news of a celebrity may have a small audience: when nearly all have left off watching. */
START_TEST(small_news_of_a_celebrity_waits_too)
{
    crowd_comes("1");
    struct actor *star = stage_login(1, STAR, NULL);

    stage_turn(0);
    ck_assert_int_eq(crowd_heard("+"), SLICE);
    for (int i = 0; i < CROWD - 1; i++) {
        stage_end_input(crowd[i]);
        stage_write(0);
    }
    stage_end_input(star);
    stage_turn(0);
    stage_expect(crowd[CROWD - 1], ""); /* not "-" before "+" */
    stage_turn(0);
    stage_turn(0);
    stage_expect(crowd[CROWD - 1], "+ -");
}
END_TEST

/* And the large news of a user waits behind small news of the same user that the share of a turn did not reach. */
START_TEST(large_news_does_not_pass_small_news_of_the_same_user)
{
    enum { BUSY = 100, COMING = 9, EARLY = 5, LATE = 400, BUSY_FIRST = 3000 };
    char friend[4];
    struct actor *early[EARLY];
    struct actor *star = stage_login(1, STAR, NULL);

    for (int i = 0; i < BUSY * COMING; i++) {
        sprintf(friend, "%d", 11 + i % COMING);
        stage_login(0, BUSY_FIRST + i, friend);
    }
    for (int i = 0; i < EARLY; i++)
        early[i] = stage_login(0, 300 + i, "1");
    for (int i = 0; i < COMING; i++)
        stage_login(1, 11 + i, NULL); /* more than a turn's share */
    stage_end_input(star);
    for (int i = 0; i < LATE; i++)
        stage_login(0, CROWD_FIRST + i, "1");
    stage_login(1, STAR, NULL);
    stage_turn(0);
    for (int i = 0; i < EARLY; i++)
        stage_expect(early[i], "");
    stage_settle();
    for (int i = 0; i < EARLY; i++)
        stage_expect(early[i], "- +");
}
END_TEST

START_TEST(two_celebrities_are_told_one_after_the_other)
{
    crowd_comes("1, 2");
    stage_login(1, STAR, NULL);
    struct actor *other = stage_login(1, OTHER, NULL);

    for (int told = SLICE; told < CROWD; told += SLICE)
        ck_assert(stage_turn(0));
    stage_end_input(other);
    stage_settle();
    ck_assert_int_eq(crowd_heard("+ + -"), CROWD);
}
END_TEST

/*
 * Users 1 to `coming` arrive, and each of the watchers watches `each` of them. They are told in turns: of each turn how much it tells goes to
 * told[], of which there are enough. Returns how many turns there were.
 */
static int
arrivals_told(int watchers, int coming, int each, int told[])
{
    struct actor *watcher[SHARE + 100];
    char friends[512];
    int turns = 0, left = watchers * each;

    for (int i = 0; i < watchers; i++) {
        friends[0] = '\0';
        for (int user = 0; user < each; user++)
            sprintf(friends + strlen(friends), "%s%d", user == 0 ? "" : ", ", 1 + (i + user) % coming);
        watcher[i] = stage_login(0, 1000 + i, friends);
    }
    for (int user = 1; user <= coming; user++)
        stage_login(1, user, NULL);
    for (; left > 0; turns++) {
        bool more = stage_turn(0);

        told[turns] = 0;
        for (int i = 0; i < watchers; i++)
            told[turns] += (int)(strlen(stage_heard(watcher[i])) + 1) / 2;
        left -= told[turns];
        ck_assert_int_gt(told[turns], 0);
        ck_assert(more == (left > 0));
    }
    ck_assert_int_eq(left, 0);
    return turns;
}

START_TEST(a_turn_tells_a_bounded_share_of_small_news)
{
    int told[SHARE];

    ck_assert_int_eq(arrivals_told(SHARE + 20, 10, 1, told), 2);
    ck_assert_int_eq(told[0], SHARE);
}
END_TEST

/* They are written to once a turn, however much it is: what costs is the writing. */
START_TEST(those_who_hear_much_hear_much_of_it_at_once)
{
    enum { WATCHERS = 100, COMING = 80 };
    int told[SHARE];

    ck_assert_int_eq(arrivals_told(WATCHERS, COMING, COMING, told), 2);
    ck_assert_int_eq(told[0], SHARE * OFTEN - WATCHERS * (OFTEN - 1)); /* the first thing that each hears has its write */
}
END_TEST

/* With very much in the slow lane everything goes there, and order holds. */
START_TEST(order_holds_with_more_celebrities_than_are_looked_through)
{
    enum { STARS = 70 };
    static char list[STARS * 8];
    static bool is_taken[LANE_GROUPS];
    struct actor *stars[STARS];
    int users[STARS];

    /* Each is of a group of its own, so that none waits for another, and neither does the watcher's friend. */
    is_taken[presence_group(stage.presence, (struct user_id){.number = 501})] = true;
    for (int i = 0, user = 10000; i < STARS; user++) {
        bool *taken = &is_taken[presence_group(stage.presence, (struct user_id){.number = user})];

        if (*taken)
            continue;
        *taken = true;
        users[i++] = user;
        sprintf(list + strlen(list), "%s%d", i == 1 ? "" : ", ", user);
    }
    crowd_comes(list);
    struct actor *watcher = stage_login(0, 500, "501");

    for (int i = 0; i < STARS; i++)
        stars[i] = stage_login(1, users[i], NULL);
    struct actor *small = stage_login(1, 501, NULL);
    stage_turn(0);
    stage_end_input(small);
    stage_turn(0);
    for (int i = 0; i < STARS; i++)
        stage_end_input(stars[i]);
    stage_settle();
    stage_expect(watcher, "+ -");
    for (int i = 0; i < CROWD; i++) {
        const char *heard = stage_heard(crowd[i]);
        int arrivals = 0, departures = 0;

        for (; *heard != '\0'; heard++) {
            arrivals += *heard == '+';
            departures += *heard == '-';
        }
        REQUIRE(arrivals == STARS && departures == STARS, "%d arrivals, %d departures", arrivals, departures);
    }
}
END_TEST

START_TEST(what_has_been_told_is_known_by_number)
{
    struct worker *worker = &stage.workers[0];
    struct desk *desk = presence_desk(stage.presence, worker);

    crowd_comes("1");
    struct actor *watcher = stage_login(0, 10, "2, 3");
    uint64_t before = mailbox_posted(&worker->mailbox);

    ck_assert_uint_eq(news_told_through(desk, worker), before);
    stage_login(1, OTHER, NULL);
    stage_login(1, STAR, NULL);
    stage_login(1, 3, NULL);
    ck_assert_uint_eq(mailbox_posted(&worker->mailbox), before + 3);
    ck_assert_uint_eq(news_told_through(desk, worker), before); /* not even taken */
    stage_take_mail(0);
    ck_assert_uint_eq(news_told_through(desk, worker), before);
    stage_tell(0);
    stage_write(0);
    stage_expect(watcher, "+ +");
    ck_assert_uint_eq(news_told_through(desk, worker), before + 1); /* the star's is not through */
    stage_settle();
    ck_assert_uint_eq(news_told_through(desk, worker), before + 3);
}
END_TEST

START_TEST(what_was_told_is_settled)
{
    crowd_comes("1");
    struct actor *star = stage_login(1, STAR, NULL);

    ck_assert_uint_eq(counter_read(&stage.workers[0].mailbox.weight), SLICE); /* a celebrity's weighs no more than a slice */
    stage_turn(0);
    ck_assert_uint_eq(counter_read(&stage.workers[0].mailbox.weight), SLICE); /* as a whole, when its last session is told */
    stage_settle();
    ck_assert_uint_eq(counter_read(&stage.workers[0].mailbox.weight), 0);
    stage_end_input(star);
    stage_settle();
    ck_assert_uint_eq(counter_read(&stage.workers[0].mailbox.weight), 0);
}
END_TEST

START_TEST(what_was_not_told_is_freed_at_the_end)
{
    crowd_comes("1, 2");
    stage_login(1, STAR, NULL);
    stage_turn(0);
    stage_login(1, OTHER, NULL); /* in the mailbox */
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("news");
    TCase *tests = tcase_create("news");

    tcase_add_checked_fixture(tests, stage_open_two, stage_close);
    tcase_add_test(tests, news_is_told_in_the_order_in_which_it_came);
    tcase_add_test(tests, news_for_a_session_that_has_gone_is_dropped_and_counted);
    tcase_add_test(tests, a_celebrity_is_told_in_slices_and_other_news_passes);
    tcase_add_test(tests, a_celebritys_next_news_waits_behind_its_unfinished_one);
    tcase_add_test(tests, a_star_that_comes_back_waits_until_its_news_has_been_told);
    tcase_add_test(tests, small_news_of_a_celebrity_waits_too);
    tcase_add_test(tests, large_news_does_not_pass_small_news_of_the_same_user);
    tcase_add_test(tests, two_celebrities_are_told_one_after_the_other);
    tcase_add_test(tests, a_turn_tells_a_bounded_share_of_small_news);
    tcase_add_test(tests, those_who_hear_much_hear_much_of_it_at_once);
    tcase_add_test(tests, order_holds_with_more_celebrities_than_are_looked_through);
    tcase_add_test(tests, what_has_been_told_is_known_by_number);
    tcase_add_test(tests, what_was_told_is_settled);
    tcase_add_test(tests, what_was_not_told_is_freed_at_the_end);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
