/* SPDX-License-Identifier: MIT
 *
 * A drain, in a time that passes step by step: who is let go when, when they are told to come back, and that it ends. And with workers that run.
 */
#include "net/drain.h"

#include "base/clock.h"
#include "base/log.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/parrot.h"
#include "support/unit/peer.h"
#include "support/unit/rpc.h"
#include "support/unit/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    WORKERS = 2,
    CROWD = 100,
    SLICES = 10,
    SLICE_MS = STAGE_DRAIN_MS / SLICES,
    SLOT_MS = STAGE_DRAIN_MS / (CROWD / WORKERS),
    FIRST_MS = 1000 + SLOT_MS,
    A_SLICE = CROWD / SLICES
};

static struct actor *crowd[CROWD];
static struct drain drain;
/* When each was let go, and is to come back; since the drain began. */
static int gone_ms[CROWD], back_ms[CROWD];

/* So many log in, in turn with the workers, and then a drain begins. */
static void
begin(void)
{
    stage_open(WORKERS);
    for (int i = 0; i < CROWD; i++) {
        char user[16];

        sprintf(user, "%d", i + 1);
        crowd[i] = rpc_login((uint32_t)i % WORKERS, user, "1000", "");
        gone_ms[i] = -1;
    }
    drain = (struct drain){.time_ms = STAGE_DRAIN_MS, .left = WORKERS};
    for (uint32_t worker = 0; worker < WORKERS; worker++)
        drain_begin(&stage.workers[worker], &drain);
}

static void
end(void)
{
    stage_close();
}

/* Time passes, of which the workers see only the end if they are `late`. Returns how many have been let go since the last time. */
static int
pass_ms(int now_ms, int time_ms, bool late)
{
    int gone = 0;

    if (late)
        for (uint32_t worker = 0; worker < WORKERS; worker++)
            stage.workers[worker].now_ms += (uint64_t)time_ms - 1;
    stage_pass_ms(late ? 1 : (uint64_t)time_ms);
    for (int i = 0; i < CROWD; i++) {
        int retry_ms;

        if (gone_ms[i] >= 0 || sscanf(stage_heard(crowd[i]), "<drain:%d> .", &retry_ms) != 1)
            continue;
        gone_ms[i] = now_ms + time_ms;
        back_ms[i] = gone_ms[i] + retry_ms;
        gone++;
    }
    return gone;
}

/* They come back in equal slices of time, as many in each. The first slice begins a second after the first of them was to go. */
static void
expect_even_return(void)
{
    int slices[SLICES] = {0};

    for (int i = 0; i < CROWD; i++) {
        int slice = (back_ms[i] - FIRST_MS) / SLICE_MS;

        ck_assert_msg(back_ms[i] >= FIRST_MS && back_ms[i] < FIRST_MS + STAGE_DRAIN_MS + 20, "%d comes back after %d ms", i, back_ms[i]);
        slices[slice < SLICES ? slice : SLICES - 1]++;
    }
    for (int i = 0; i < SLICES; i++)
        ck_assert_msg(abs(slices[i] - A_SLICE) <= 1, "%d come back in slice %d", slices[i], i);
}

START_TEST(all_go_evenly_and_come_back_evenly)
{
    enum { STEP_MS = 10 };
    int total = 0;

    for (int now_ms = 0; now_ms < STAGE_DRAIN_MS; now_ms += STEP_MS) {
        int gone = pass_ms(now_ms, STEP_MS, false);

        ck_assert_int_le(gone, WORKERS); /* no burst: it is one in 20 ms of each worker */
        total += gone;
        ck_assert_int_le(abs(total - CROWD * (now_ms + STEP_MS) / STAGE_DRAIN_MS), WORKERS);
    }
    ck_assert_int_eq(total, CROWD);
    expect_even_return();
    ck_assert_uint_eq(drain.left, WORKERS);
    stage_pass_ms(STAGE_LINGER_MS + 10); /* these clients do not close */
    ck_assert_uint_eq(drain.left, 0);
    for (uint32_t worker = 0; worker < WORKERS; worker++) /* it was we who ended them */
        ck_assert_uint_eq(counter_read(&stage.presence->desks[worker].tally.ended[END_STOPPED][TALLY_TCP]), CROWD / WORKERS);
}
END_TEST

/* Those who came first are not those who go first. */
START_TEST(the_order_is_not_that_of_coming)
{
    int early = 0;

    (void)pass_ms(0, STAGE_DRAIN_MS / 4, false);
    for (int i = 0; i < CROWD / 2; i++)
        early += gone_ms[i] >= 0;
    ck_assert_int_ge(early, CROWD / 8 - WORKERS * 2);
    ck_assert_int_le(early, CROWD / 8 + WORKERS * 2);
}
END_TEST

/* A worker that was busy for long lets many go at once, and they come back evenly all the same. */
START_TEST(who_is_let_go_late_comes_back_as_planned)
{
    for (int now_ms = 0; now_ms < STAGE_DRAIN_MS; now_ms += SLICE_MS)
        ck_assert_int_le(pass_ms(now_ms, SLICE_MS, true), A_SLICE + WORKERS);
    (void)pass_ms(STAGE_DRAIN_MS, 20, false);
    expect_even_return();
}
END_TEST

/* However late, it is no burst. */
START_TEST(a_turn_lets_only_so_many_go)
{
    enum { A_TURN = 64, MORE = 400 };
    int total = 0, turns = 0;

    end();
    stage_open(1);
    for (int i = 0; i < MORE; i++) {
        char user[16];

        sprintf(user, "%d", i + 1);
        (void)rpc_login(0, user, "1000", "");
    }
    drain = (struct drain){.time_ms = STAGE_DRAIN_MS, .left = 1};
    drain_begin(&stage.workers[0], &drain);
    stage.workers[0].now_ms += 10 * STAGE_DRAIN_MS;
    for (; total < MORE; turns++) {
        int before = total;

        stage_pass_ms(10);
        total = (int)counter_read(&stage.workers[0].counters.drained);
        ck_assert_int_gt(total, before);
        ck_assert_int_le(total, before + A_TURN);
    }
    ck_assert_int_eq(turns, MORE / A_TURN + 1);
    stage_pass_ms(STAGE_LINGER_MS + 10);
    ck_assert_uint_eq(drain.left, 0);
}
END_TEST

/* What has arrived and was not read yet is still carried out. */
START_TEST(what_has_arrived_is_answered_before_the_last_word)
{
    const char *text = rpc_text("ping", NULL, "7"), *heard;

    for (int i = 0; i < CROWD; i++)
        ck_assert_int_eq(send(crowd[i]->peer, text, strlen(text), 0), (ssize_t)strlen(text));
    stage_pass_ms(STAGE_DRAIN_MS);
    for (int i = 0; i < CROWD; i++) {
        heard = stage_heard(crowd[i]);
        ck_assert_msg(strncmp(heard, "7:pong <drain:", 14) == 0, "%s", heard);
    }
}
END_TEST

/* Who leaves by himself, before or meanwhile, is not waited for. */
START_TEST(it_ends_when_all_have_left_by_themselves)
{
    for (int i = 0; i < CROWD; i++)
        stage_end_input(crowd[i]);
    stage_pass_ms(20);
    ck_assert_uint_eq(drain.left, 0);
    ck_assert_uint_eq(counter_read(&stage.workers[0].counters.drained), 0);
}
END_TEST

/* A worker's turn may have begun before the drain did, and the mail came in it. */
START_TEST(it_never_ends_before_it_began)
{
    int ends[2], aside = dup(STDERR_FILENO), duration_ms = -1;
    char line[1024] = "";
    const char *field;

    end();
    stage_open(1);
    ck_assert_int_eq(pipe(ends), 0);
    workers_drain(stage.workers, 1, &drain);
    ck_assert_ptr_nonnull(mailbox_take(&stage.workers[0].mailbox));
    stage.workers[0].now_ms = clock_monotonic_ms() - 1000;
    log_set_level(LEVEL_INFO);
    dup2(ends[1], STDERR_FILENO);
    drain_begin(&stage.workers[0], &drain);
    dup2(aside, STDERR_FILENO);
    log_set_level(LEVEL_ERROR);
    ck_assert_int_gt(read(ends[0], line, sizeof line - 1), 0);
    field = strstr(line, "\"duration_ms\"");
    ck_assert_msg(field != NULL && sscanf(field, "\"duration_ms\":%d", &duration_ms) == 1, "%s", line);
    ck_assert_int_eq(duration_ms, 0);
    close(ends[0]);
    close(ends[1]);
    close(aside);
}
END_TEST

START_TEST(nobody_is_there)
{
    parrot_open(3);
    drain.time_ms = 1;
    workers_drain(parrot.workers, 3, &drain);
    for (int64_t deadline = pace_deadline_ms(); drain.left > 0;)
        ck_assert_int_gt(pace_left_ms(deadline), 0);
    parrot_close();
}
END_TEST

START_TEST(workers_that_run_let_go)
{
    enum { PEERS = 50 };
    int peers[PEERS];

    parrot_init(2);
    parrot.config.timeouts_ms[DEADLINE_DRAIN] = 1;
    parrot_start();
    for (int i = 0; i < PEERS; i++)
        peers[i] = parrot_connect((uint32_t)i % 2);
    drain.time_ms = 1;
    workers_drain(parrot.workers, 2, &drain);
    for (int i = 0; i < PEERS; i++) {
        peer_expect(peers[i], "draining\n");
        peer_expect_end(peers[i]);
        peer_close(peers[i]);
    }
    for (int64_t deadline = pace_deadline_ms(); drain.left > 0;)
        ck_assert_int_gt(pace_left_ms(deadline), 0);
    parrot_close();
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("drain");
    TCase *staged = tcase_create("in steps"), *running = tcase_create("running");

    tcase_add_checked_fixture(staged, begin, end);
    tcase_add_test(staged, all_go_evenly_and_come_back_evenly);
    tcase_add_test(staged, the_order_is_not_that_of_coming);
    tcase_add_test(staged, who_is_let_go_late_comes_back_as_planned);
    tcase_add_test(staged, a_turn_lets_only_so_many_go);
    tcase_add_test(staged, what_has_arrived_is_answered_before_the_last_word);
    tcase_add_test(staged, it_ends_when_all_have_left_by_themselves);
    tcase_add_test(staged, it_never_ends_before_it_began);
    tcase_add_test(running, nobody_is_there);
    tcase_add_test(running, workers_that_run_let_go);
    tcase_set_timeout(staged, pace_test_timeout_s());
    tcase_set_timeout(running, pace_test_timeout_s());
    suite_add_tcase(suite, staged);
    suite_add_tcase(suite, running);
    return unit_run(suite);
}
