/* SPDX-License-Identifier: MIT
 *
 * Convergence: some thousand users with random one-sided lists on several workers, who come, leave, crash and change their
 * lists at random, round by round. After each round every session must have heard exactly what the rules allow, in an allowed
 * order (support/model.h), and at the end nobody may be left whom the server believes to be online.
 *
 * The seed is printed; ALO_TEST_SEED repeats what is done, though not how the threads of the server are scheduled meanwhile.
 */
#include "support/habits.h"
#include "support/model.h"
#include "support/pace.h"
#include "support/process.h"
#include "support/unit.h"
#include "support/wording.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    USERS = 2000,
    FREE_ROUNDS = 60,
    FREE_USERS = 240, /* who do something in a round */
    EXACT_ROUNDS = 60,
    EXACT_USERS = 160,
    OBSERVED = 200 /* users whom each of the last observers lists */
};

static struct population *
begin(const char *test)
{
    uint64_t seed = dice_seed(test);

    process_raise_descriptors();
    return population_new(pace_scaled(USERS), seed, "--workers 4 --hello-timeout 600 --message-timeout 600");
}

static void
show_totals(const struct population *population, const struct model_totals *totals, const char *test)
{
    printf("%s: %u rounds, %" PRIu64 " steps, %" PRIu64 " words; %" PRIu64 " sessions that something concerned, of which %" PRIu64
           " raced with it and %" PRIu64 " were only counted; %" PRIu64 " pairs\n",
        test, population->round, population->steps, population->words, totals->devices, totals->free, totals->counted, totals->pairs);
}

/* Everybody leaves. Then everybody comes and goes once, and auditors and fresh observers hear just that: there were no ghosts. */
static void
finish(struct population *population, struct model_totals *totals)
{
    habits_all_leave(population, false);
    model_round(population, false, totals);
    for (unsigned first = 0; first < population->count; first += OBSERVED) {
        unsigned users[OBSERVED], count = 0;

        for (unsigned user = first; user < population->count && count < OBSERVED; user++)
            users[count++] = user;
        population_observe(population, friends_new(users, count));
    }
    model_round(population, true, totals);
    habits_all_visit(population);
    model_round(population, false, totals);
    population_free(population);
}

/* Everything at once: what raced is allowed to have happened in either order, and nothing else. */
START_TEST(test_free)
{
    struct population *population = begin("free");
    struct model_totals totals = {0};
    unsigned rounds = pace_scaled(FREE_ROUNDS);

    habits_all_come(population);
    model_round(population, false, &totals);
    for (unsigned round = 0; round < rounds; round++) {
        habits_free_round(population, pace_scaled(FREE_USERS));
        model_round(population, false, &totals);
        if (round != rounds / 2)
            continue;
        /* A network that fails for a moment: all connections are reset, and all come again. */
        habits_all_leave(population, true);
        model_round(population, false, &totals);
        habits_all_come(population);
        model_round(population, false, &totals);
    }
    ck_assert_uint_gt(totals.free, 0);
    ck_assert_uint_gt(totals.pairs, 0);
    show_totals(population, &totals, "free");
    finish(population, &totals);
}
END_TEST

/* Nothing races with what concerns it: each session has one thing to hear, to the word. */
START_TEST(test_exact)
{
    struct population *population = begin("exact");
    struct model_totals totals = {0};
    unsigned rounds = pace_scaled(EXACT_ROUNDS), given = 0;

    for (unsigned round = 0; round < rounds; round++) {
        given += habits_exact_round(population, pace_scaled(EXACT_USERS));
        model_round(population, true, &totals);
    }
    ck_assert_uint_ge(given, rounds);
    ck_assert_uint_eq(totals.free, 0);
    show_totals(population, &totals, "exact");
    finish(population, &totals);
}
END_TEST

/* A set of sequences, separated by commas. */
static void
expect_about(struct expectation *expectation, const char *sequences)
{
    static struct wording wording;

    wording_clear(&wording);
    for (const char *from = sequences;; from += strcspn(from, ",") + 1) {
        wording_add(&wording, from, (unsigned)strcspn(from, ","));
        if (from[strcspn(from, ",")] == '\0')
            break;
    }
    expectation_add(expectation, &wording);
}

/* The one thing that everything above rests on and that no server can show to be wrong. */
START_TEST(test_wording)
{
    static const struct {
        const char *about[4];
        const char *words;
        enum wording_match match;
    } cases[] = {
        {{NULL}, "", WORDING_WHOLE},
        {{NULL}, "+", WORDING_WRONG},
        {{"+"}, "+", WORDING_WHOLE},
        {{"+"}, "", WORDING_BEGUN},
        {{"+"}, "++", WORDING_WRONG},
        {{"+"}, "-", WORDING_WRONG},
        {{",+"}, "", WORDING_WHOLE},
        {{",+", "-"}, "+", WORDING_BEGUN},
        {{",+", "-"}, "-", WORDING_WHOLE},
        {{",+", "-"}, "-+", WORDING_WHOLE},
        {{"+,-"}, "+-", WORDING_WRONG},
        {{"+,-"}, "", WORDING_BEGUN},
        {{"+-+-"}, "+-+-", WORDING_WHOLE},
        {{"+-+-"}, "++--", WORDING_WRONG},
        {{"+-+-"}, "+-+", WORDING_BEGUN},
        {{"+-", "-+"}, "+-+-", WORDING_WHOLE},
        {{"+-", "-+"}, "-++-", WORDING_WHOLE},
        {{"+-", "+-"}, "++--", WORDING_WHOLE},
        {{"+-", "+-"}, "+--+", WORDING_WRONG},
        {{"-+", "-+"}, "-+-+", WORDING_WHOLE},
        {{"-+-", "-"}, "+---", WORDING_WRONG},
        {{"-+-", "-"}, "--+-", WORDING_WHOLE},
        {{"+-+", ",-,-+", ",+"}, "+-++", WORDING_WHOLE},
        {{"+-+", ",-,-+", ",+"}, "+--+++", WORDING_WHOLE},
        {{"+-+", ",-,-+", ",+"}, "+--++++", WORDING_WRONG},
        {{"+-+", ",-,-+"}, "++--", WORDING_WRONG},
        {{"+-+", ",-,-+", ",+"}, "+--+", WORDING_WHOLE},
        {{"+-+", ",-,-+", ",+"}, "++", WORDING_BEGUN},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static struct expectation expectation;

        expectation_clear(&expectation);
        for (int user = 0; user < 4 && cases[i].about[user] != NULL; user++)
            expect_about(&expectation, cases[i].about[user]);
        ck_assert_msg(expectation_match(&expectation, cases[i].words, strlen(cases[i].words)) == cases[i].match, "case %zu: %s", i, cases[i].words);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("convergence");
    TCase *tcase = tcase_create("rounds");

    tcase_set_timeout(tcase, pace_test_timeout_s());
    tcase_add_test(tcase, test_wording);
    tcase_add_test(tcase, test_exact);
    tcase_add_test(tcase, test_free);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
