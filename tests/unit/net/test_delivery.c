/* SPDX-License-Identifier: MIT
 *
 * When a worker looks whether a peer takes what is sent to it (session_delivery_due): soon after something was sent, but seldom while
 * the peer is heard of. The peer is made up, and so is the time.
 */
#include "net/session_internal.h"
#include "net/worker.h"

#include "support/unit.h"

#include <errno.h>

enum { LOOK_MS = 1000, HEARD_MS = 10000, SILENCE_MS = 10000 };
enum { BEGIN_S = 1000, BEGIN_MS = BEGIN_S * 1000 }; /* what the tests count from; the session has been there for long */

/* What the peer's kernel would say, and what was asked of the transport. */
static enum delivery delivery;
static uint32_t silent_ms;
static unsigned looks;
static bool given_up;

static ssize_t
peer_receive(int descriptor, char *bytes, size_t size)
{
    (void)descriptor;
    (void)bytes;
    (void)size;
    return -EAGAIN;
}

static ssize_t
peer_send(int descriptor, const char *bytes, size_t length)
{
    (void)descriptor;
    (void)bytes;
    return (ssize_t)length;
}

static void
peer_finish(int descriptor)
{
    (void)descriptor;
}

static enum delivery
peer_delivery(int descriptor, uint32_t *silent)
{
    (void)descriptor;
    looks++;
    *silent = silent_ms;
    return delivery;
}

static void
peer_give_up(int descriptor)
{
    (void)descriptor;
    given_up = true;
}

static const struct transport made_up = {
    .name = "made up",
    .receive = peer_receive,
    .send = peer_send,
    .finish = peer_finish,
    .delivery = peer_delivery,
    .give_up = peer_give_up,
};

static struct worker_config config;
static struct worker worker;
static struct session session;
static char write_buffer[WRITE_BYTES];

static void
begin(void)
{
    looks = 0;
    given_up = false;
    config = (struct worker_config){.silence_ms = SILENCE_MS};
    worker = (struct worker){.config = &config, .poller = -1, .write_buffer = write_buffer, .peer_timeout_from_ms = -(uint64_t)SILENCE_MS};
    list_init(&worker.due);
    list_init(&worker.ended);
    for (enum deadline_kind kind = 0; kind < DEADLINE_KINDS; kind++)
        deadlines_init(&worker.deadlines[kind], kind == DEADLINE_HEARD ? HEARD_MS : LOOK_MS);
    counter_init(&worker.counters.lines);
    counter_init(&worker.counters.writes);
    session = (struct session){.descriptor = -1, .transport = &made_up, .polled = true, .interest = INTEREST_READ};
}

static void
end(void)
{
    queue_pool_trim(&worker.pool, 0);
}

static void
send_at(uint64_t now_ms) REQUIRES(worker_role)
{
    struct line *line = line_new("news\n", 5);

    worker.now_ms = BEGIN_MS + now_ms;
    ck_assert_int_eq(session_send(&worker, &session, line), 0);
    session_flush(&worker, &session);
    line_drop(line);
}

/* Until then no deadline of the session falls due, and then one does; the peer is found so. */
static void
look_at(uint64_t now_ms, enum delivery found, uint32_t silent) REQUIRES(worker_role)
{
    static const enum deadline_kind kinds[] = {DEADLINE_DELIVERY, DEADLINE_HEARD};
    unsigned due = 0;

    delivery = found;
    silent_ms = silent;
    worker.now_ms = BEGIN_MS + now_ms;
    for (int i = 0; i < 2; i++) {
        ck_assert_ptr_null(deadlines_take_due(&worker.deadlines[kinds[i]], worker.now_ms - 1));
        if (deadlines_take_due(&worker.deadlines[kinds[i]], worker.now_ms) != NULL)
            due++;
    }
    ck_assert_uint_eq(due, 1);
    session_delivery_due(&worker, &session);
}

START_TEST(a_peer_that_is_heard_of_is_looked_at_seldom)
{
    thread_role_enter(&worker_role);
    begin();
    send_at(5000);
    look_at(6000, DELIVERY_DONE, 990);
    ck_assert_uint_eq(looks, 1);
    for (uint64_t now_ms = 6001; now_ms < 16000; now_ms += 100)
        send_at(now_ms);
    look_at(16000, DELIVERY_DONE, 20);
    ck_assert_uint_eq(looks, 2);
    look_at(26000, DELIVERY_DONE, 10000); /* nothing was sent, so there was nothing to look for */
    ck_assert_uint_eq(looks, 2);
    ck_assert(!deadline_is_running(&session.delivery));
    send_at(50000);
    look_at(51000, DELIVERY_DONE, 0);
    ck_assert_uint_eq(looks, 3);
    end();
    thread_role_leave(&worker_role);
}
END_TEST

/* It vanished right after it was heard of: the first look after that long is the one that must see it. */
START_TEST(a_peer_that_was_heard_of_and_vanished_is_found_in_time)
{
    thread_role_enter(&worker_role);
    begin();
    send_at(0);
    look_at(1000, DELIVERY_DONE, 1000);
    send_at(1001);
    look_at(11000, DELIVERY_UNDER_WAY, 11000);
    ck_assert(given_up);
    ck_assert(session.mute && session.timed_out);
    end();
    thread_role_leave(&worker_role);
}
END_TEST

START_TEST(a_peer_that_owes_an_acknowledgement_is_looked_at_until_it_was_silent_for_too_long)
{
    thread_role_enter(&worker_role);
    begin();
    send_at(0);
    look_at(1000, DELIVERY_UNDER_WAY, SILENCE_MS - 2000);
    look_at(2000, DELIVERY_UNDER_WAY, SILENCE_MS - 1000);
    ck_assert(!given_up);
    look_at(3000, DELIVERY_UNDER_WAY, SILENCE_MS);
    ck_assert(given_up);
    ck_assert(!deadline_is_running(&session.delivery));
    end();
    thread_role_leave(&worker_role);
}
END_TEST

START_TEST(a_peer_that_does_not_read_is_not_held_to_its_silence)
{
    thread_role_enter(&worker_role);
    begin();
    send_at(0);
    for (uint64_t now_ms = LOOK_MS; now_ms <= 30 * LOOK_MS; now_ms += LOOK_MS)
        look_at(now_ms, DELIVERY_UNREAD, 2 * SILENCE_MS);
    ck_assert(!given_up);
    end();
    thread_role_leave(&worker_role);
}
END_TEST

/* Its next acknowledgement is looked for as soon as the first. */
START_TEST(a_peer_that_was_not_heard_of_for_long_is_looked_at_soon)
{
    thread_role_enter(&worker_role);
    begin();
    send_at(0);
    look_at(1000, DELIVERY_DONE, LOOK_MS + 1);
    ck_assert(!deadline_is_running(&session.delivery));
    send_at(1500);
    look_at(2500, DELIVERY_UNDER_WAY, SILENCE_MS);
    ck_assert(given_up);
    end();
    thread_role_leave(&worker_role);
}
END_TEST

/* Its connecting is the last that was heard of it. */
START_TEST(a_peer_that_has_just_connected_is_looked_at_seldom)
{
    thread_role_enter(&worker_role);
    begin();
    session.opened_s = BEGIN_S;
    send_at(LOOK_MS);
    look_at(LOOK_MS + HEARD_MS, DELIVERY_UNDER_WAY, LOOK_MS + HEARD_MS);
    ck_assert(given_up);
    end();
    begin();
    session.opened_s = BEGIN_S;
    send_at(LOOK_MS + 1);
    look_at(LOOK_MS + 1 + LOOK_MS, DELIVERY_DONE, 0);
    ck_assert_uint_eq(looks, 1);
    end();
    thread_role_leave(&worker_role);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("delivery");
    TCase *tests = tcase_create("delivery");

    tcase_add_test(tests, a_peer_that_is_heard_of_is_looked_at_seldom);
    tcase_add_test(tests, a_peer_that_was_heard_of_and_vanished_is_found_in_time);
    tcase_add_test(tests, a_peer_that_owes_an_acknowledgement_is_looked_at_until_it_was_silent_for_too_long);
    tcase_add_test(tests, a_peer_that_does_not_read_is_not_held_to_its_silence);
    tcase_add_test(tests, a_peer_that_was_not_heard_of_for_long_is_looked_at_soon);
    tcase_add_test(tests, a_peer_that_has_just_connected_is_looked_at_seldom);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
