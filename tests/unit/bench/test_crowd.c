/* SPDX-License-Identifier: MIT
 *
 * The crowd's books: a client on a real socket, told by the test what a server would tell it. What is missing, one too many or late is found, latency
 * runs from the moment that was due, and the first thing that is wrong is a sentence.
 */
#include "load/crowd.h"

#include "support/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS = 2, FIRST_USER = 10 };

static const int64_t ms_ns = 1000000;

static struct tally tally;
static struct target target;
static struct crowd crowd;
static int listener, server[CLIENTS]; /* the server's ends */

static int
server_socket(int kind)
{
    int descriptor = socket(AF_INET, kind | SOCK_CLOEXEC, 0), on = 1;

    ck_assert_int_ge(descriptor, 0);
    if (kind == SOCK_DGRAM)
        ck_assert_int_eq(setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), 0);
    ck_assert_int_eq(bind(descriptor, (const struct sockaddr *)&target.address, target.length), 0);
    return descriptor;
}

/* The server's end of the client who says hello: over UDP, a socket of its own at the same port. */
static int
server_end(bool datagrams)
{
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    char hello[8];
    int end;

    if (!datagrams)
        return accept(listener, NULL, NULL);
    ck_assert_int_eq(recvfrom(listener, hello, sizeof hello, 0, (struct sockaddr *)&peer, &length), 5);
    end = server_socket(SOCK_DGRAM);
    ck_assert_int_eq(connect(end, (const struct sockaddr *)&peer, length), 0);
    return end;
}

static void
setup_kind(const struct talk *talk, int64_t late_ns, bool datagrams)
{
    struct sockaddr_in *address = (struct sockaddr_in *)&target.address;
    struct crowd_setting setting = {
        .target = &target, .talk = talk, .datagrams = datagrams, .first_user = FIRST_USER, .late_ns = late_ns, .tally = &tally};

    memset(&tally, 0, sizeof tally);
    series_begin(&tally.series, crowd_clock_ns(), 1000 * ms_ns);
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    target.length = sizeof *address;
    target.loopback = true;
    listener = server_socket(datagrams ? SOCK_DGRAM : SOCK_STREAM);
    if (!datagrams)
        ck_assert_int_eq(listen(listener, CLIENTS), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)address, &target.length), 0);
    crowd_init(&crowd, CLIENTS, &setting);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        crowd_join(&crowd, i, "hello", 5);
        server[i] = server_end(datagrams);
        ck_assert_int_ge(server[i], 0);
    }
    crowd_reset(&crowd, true);
}

static void
setup_for(const struct talk *talk, int64_t late_ns)
{
    setup_kind(talk, late_ns, false);
}

static void
setup(void)
{
    setup_for(&talk_classic, 1000 * ms_ns);
}

static void
teardown(void)
{
    crowd_done(&crowd);
    for (int i = 0; i < CLIENTS; i++)
        close(server[i]);
    close(listener);
}

/* The server says this, and the crowd has read it when as many news have come as there are. */
static void
tell(int client, const char *text, uint64_t news)
{
    uint64_t wanted = crowd.heard + news;

    ck_assert_int_eq(send(server[client], text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
    while (crowd.heard < wanted)
        crowd_poll(&crowd, 1000 * ms_ns);
}

START_TEST(latency_runs_from_what_was_due)
{
    int64_t now_ns = crowd_clock_ns();

    crowd_expect(&crowd, 0, 1, true, now_ns - 300 * ms_ns); /* a schedule may be behind */
    crowd_expect(&crowd, 0, 2, true, now_ns);
    crowd_expect(&crowd, 0, 3, false, now_ns);
    tell(0, "{\"online\": true}\n{\"online\": false}\n{\"online\": true}\n", 3);
    ck_assert_uint_eq(crowd.under_way, 0);
    ck_assert_uint_eq(tally.latency.count, 3);
    ck_assert_int_ge(tally.latency.max_ns, 300 * ms_ns);
    ck_assert_int_lt(tally.latency.min_ns, tally.latency.max_ns);
    ck_assert_uint_eq(tally_errors(&tally.counts), 0);
    ck_assert_str_eq(tally.first_error, "");
}
END_TEST

START_TEST(a_word_may_come_in_pieces)
{
    crowd_expect(&crowd, 0, 1, true, crowd_clock_ns());
    crowd_expect(&crowd, 0, 2, false, crowd_clock_ns());
    tell(0, "{\"onl", 0);
    crowd_poll(&crowd, 1000 * ms_ns);
    tell(0, "ine\": true}\n{\"on", 1);
    tell(0, "line\": false}\n", 1);
    ck_assert_uint_eq(tally.counts.heard, 2);
    ck_assert_uint_eq(tally_errors(&tally.counts), 0);
}
END_TEST

START_TEST(what_never_comes_is_missing)
{
    crowd.setting.late_ns = 50 * ms_ns;
    crowd_expect(&crowd, 1, 7, false, crowd_clock_ns());
    crowd_settle(&crowd);
    ck_assert_uint_eq(tally.counts.missing, 1);
    ck_assert_uint_eq(crowd.under_way, 0);
    ck_assert_str_eq(tally.first_error, "user 100011 was never told that user 100007 left");
}
END_TEST

START_TEST(what_is_not_due_is_one_too_many)
{
    crowd_expect(&crowd, 0, 1, true, crowd_clock_ns());
    tell(0, "{\"online\": true}\n{\"online\": true}\n", 2);
    ck_assert_uint_eq(tally.counts.extra, 1);
    ck_assert_uint_eq(tally.latency.count, 1);
    ck_assert_str_eq(tally.first_error, "user 100010 was told that somebody came, and nothing of that kind was due");
}
END_TEST

START_TEST(the_wrong_kind_is_one_too_many_and_one_missing)
{
    crowd.setting.late_ns = 50 * ms_ns;
    crowd_expect(&crowd, 0, 1, true, crowd_clock_ns());
    tell(0, "{\"online\": false}\n", 1);
    crowd_settle(&crowd);
    ck_assert_uint_eq(tally.counts.extra, 1);
    ck_assert_uint_eq(tally.counts.missing, 1);
}
END_TEST

START_TEST(what_takes_too_long_is_late)
{
    crowd_expect(&crowd, 0, 1, true, crowd_clock_ns() - 1500 * ms_ns);
    tell(0, "{\"online\": true}\n", 1);
    ck_assert_uint_eq(tally.counts.late, 1);
    ck_assert_uint_eq(tally.latency.count, 1); /* and counts as what it is */
    ck_assert_ptr_nonnull(strstr(tally.first_error, " s late that user 100001 came"));
}
END_TEST

START_TEST(only_the_first_error_is_told)
{
    tell(0, "{\"online\": true}\n", 1);
    tell(1, "{\"online\": false}\n", 1);
    ck_assert_uint_eq(tally.counts.extra, 2);
    ck_assert_ptr_nonnull(strstr(tally.first_error, "user 100010 was told that somebody came"));
}
END_TEST

START_TEST(before_it_is_strict_nothing_is_counted)
{
    crowd_expect(&crowd, 0, 1, true, crowd_clock_ns());
    crowd_reset(&crowd, false);
    ck_assert_uint_eq(crowd.under_way, 0);
    tell(0, "{\"online\": true}\n", 1);
    ck_assert_uint_eq(crowd.clients[0].heard[true], 1);
    ck_assert_uint_eq(tally.counts.heard, 0);
    ck_assert_uint_eq(tally_errors(&tally.counts), 0);
}
END_TEST

#define CHANGES(list) "{\"jsonrpc\": \"2.0\", \"method\": \"presence\", \"params\": {\"changes\": [" list "]}}\n"

/* In a dialect with names, of three changes the middle two undone, the last is enough. */
START_TEST(a_change_that_was_undone_may_be_left_out)
{
    teardown();
    setup_for(&talk_jsonrpc, 1000 * ms_ns);
    crowd_expect(&crowd, 0, 1, true, crowd_clock_ns());
    crowd_expect(&crowd, 0, 2, true, crowd_clock_ns());
    crowd_expect(&crowd, 0, 1, false, crowd_clock_ns());
    crowd_expect(&crowd, 1, 3, false, crowd_clock_ns());
    crowd_expect(&crowd, 1, 3, true, crowd_clock_ns());
    tell(0, CHANGES("{\"user_id\": 100001, \"online\": false, \"at\": 1}, {\"user_id\": 100002, \"online\": true, \"at\": 1}"), 2);
    ck_assert_uint_eq(tally.counts.merged, 1);
    crowd_settle(&crowd); /* the two of user 3 have undone each other */
    ck_assert_uint_eq(tally.counts.merged, 3);
    tell(1, CHANGES("{\"user_id\": 100003, \"online\": false, \"at\": 1}"), 1); /* a slow server may say it all the same */
    tell(1, CHANGES("{\"user_id\": 100003, \"online\": true, \"at\": 1}"), 1);
    ck_assert_uint_eq(tally.counts.merged, 1);
    ck_assert_uint_eq(crowd.under_way, 0);
    ck_assert_uint_eq(tally_errors(&tally.counts), 0);
}
END_TEST

START_TEST(a_change_of_somebody_else_is_one_too_many)
{
    teardown();
    setup_for(&talk_jsonrpc, 1000 * ms_ns);
    crowd_expect(&crowd, 0, 1, true, crowd_clock_ns());
    tell(0, CHANGES("{\"user_id\": 100002, \"online\": true, \"at\": 1}"), 1);
    ck_assert_uint_eq(tally.counts.extra, 1);
    ck_assert_uint_eq(crowd.under_way, 1);
}
END_TEST

#define NATS_LEFT "MSG 100001 100001 1\r\n0\r\n"

/* A peer names users as well, and leaves nothing out. */
START_TEST(what_may_not_be_left_out_is_missing)
{
    teardown();
    setup_for(&talk_nats, 1000 * ms_ns);
    for (int client = 0; client < CLIENTS; client++) {
        crowd_expect(&crowd, client, 1, true, crowd_clock_ns());
        crowd_expect(&crowd, client, 1, false, crowd_clock_ns());
    }
    tell(0, NATS_LEFT, 1);
    ck_assert_uint_eq(tally.counts.missing, 1);
    ck_assert_uint_eq(crowd.under_way, 2);
    ck_assert_str_eq(tally.first_error, "user 100010 was told of a change of user 100001, and not of the one before it");
    crowd.setting.late_ns = 300 * ms_ns; /* longer than it takes for what has undone itself to be forgotten */
    crowd_settle(&crowd);
    ck_assert_uint_eq(tally.counts.missing, 3);
    ck_assert_uint_eq(tally.counts.merged, 0);
}
END_TEST

START_TEST(over_udp_it_is_lost_when_it_would_be_late)
{
    teardown();
    setup_kind(&talk_jsonrpc, 5000 * ms_ns, true);
    crowd_expect(&crowd, 0, 1, true, crowd_clock_ns() - 3000 * ms_ns);
    crowd_expect(&crowd, 1, 1, true, crowd_clock_ns() - 6000 * ms_ns);
    tell(0, CHANGES("{\"user_id\": 100001, \"online\": true, \"at\": 1}"), 1);
    ck_assert_uint_eq(tally.latency.count, 1);
    ck_assert_int_ge(tally.latency.max_ns, 3000 * ms_ns);
    tell(1, CHANGES("{\"user_id\": 100001, \"online\": true, \"at\": 1}"), 1);
    ck_assert_uint_eq(tally.counts.lost, 1);
    ck_assert_uint_eq(tally.latency.count, 1);
    ck_assert_uint_eq(crowd.under_way, 0);
    ck_assert_uint_eq(tally_errors(&tally.counts), 0);
}
END_TEST

START_TEST(nothing_is_due_to_whoever_is_forgotten)
{
    crowd_expect(&crowd, 0, 1, true, crowd_clock_ns());
    crowd_expect(&crowd, 0, 2, false, crowd_clock_ns());
    crowd_expect(&crowd, 1, 1, true, crowd_clock_ns());
    crowd_forget(&crowd, 0);
    ck_assert_uint_eq(crowd.under_way, 1);
    tell(1, "{\"online\": true}\n", 1);
    crowd_settle(&crowd);
    ck_assert_uint_eq(tally_errors(&tally.counts), 0);
}
END_TEST

/* A sign of life would bring it back. */
START_TEST(whoever_says_goodbye_gives_no_sign_of_life)
{
    static const char goodbye[] = "{\"user_id\": 100010, \"online\": false}";
    char said[256];

    teardown();
    setup_kind(&talk_classic, 1000 * ms_ns, true);
    crowd_part(&crowd, 0);
    crowd_part(&crowd, 0);
    crowd.beaten_ns = crowd_clock_ns() - 20000 * ms_ns; /* so that it is everybody's turn */
    crowd_poll(&crowd, 0);
    for (int times = 0; times < 2; times++) {
        ck_assert_int_eq(recv(server[0], said, sizeof said, MSG_DONTWAIT), (ssize_t)strlen(goodbye));
        ck_assert_mem_eq(said, goodbye, strlen(goodbye));
    }
    ck_assert_int_lt(recv(server[0], said, sizeof said, MSG_DONTWAIT), 0);
    ck_assert_int_gt(recv(server[1], said, sizeof said, MSG_DONTWAIT), 0);
    crowd_drop(&crowd, 0);
    crowd_join(&crowd, 0, "hello", 5);
    ck_assert(!crowd.clients[0].parting);
}
END_TEST

START_TEST(nonsense_ends_the_run)
{
    (void)!write(server[0], "nonsense\n", 9);
    for (;;)
        crowd_poll(&crowd, 1000 * ms_ns);
}
END_TEST

START_TEST(an_end_of_a_connection_ends_the_run)
{
    shutdown(server[1], SHUT_RDWR);
    for (;;)
        crowd_poll(&crowd, 1000 * ms_ns);
}
END_TEST

static bool
note_end(void *context, uint32_t client, const char *why)
{
    *(uint32_t *)context = client;
    return strcmp(why, "end of input") == 0;
}

START_TEST(unless_the_scenario_expects_it)
{
    uint32_t ended = 99;

    crowd.ended = note_end;
    crowd.context = &ended;
    shutdown(server[1], SHUT_RDWR);
    while (ended == 99)
        crowd_poll(&crowd, 1000 * ms_ns);
    ck_assert_uint_eq(ended, 1);
    ck_assert(!crowd_joined(&crowd, 1));
    ck_assert_uint_eq(crowd.online, 1);
}
END_TEST

static bool
note_complaint(void *context, uint32_t client, const char *why)
{
    *(uint32_t *)context = client;
    return strcmp(why, "{\"error\": {\"code\": \"too_slow\"}}") == 0;
}

START_TEST(a_complaint_is_handed_to_the_scenario)
{
    uint32_t ended = 99;

    crowd.ended = note_complaint;
    crowd.context = &ended;
    tell(1, "{\"online\": true}\n{\"error\": {\"code\": \"too_slow\"}}\n", 1);
    while (ended == 99)
        crowd_poll(&crowd, 1000 * ms_ns);
    ck_assert(!crowd_joined(&crowd, 1));
}
END_TEST

static bool
take(void *context, uint32_t client, const struct talk_word *word)
{
    *(int *)context += word->kind == TALK_NEWS ? 1 : 100;
    return client == 0;
}

START_TEST(what_the_scenario_takes_is_not_in_the_books)
{
    int taken = 0;

    crowd.took = take;
    crowd.context = &taken;
    tell(0, "{\"online\": true}\n", 1);
    ck_assert_uint_eq(tally.counts.extra, 0);
    tell(1, "{\"online\": true}\n", 1);
    ck_assert_uint_eq(tally.counts.extra, 1);
    ck_assert_int_eq(taken, 2);
}
END_TEST

START_TEST(nobody_is_heard_while_deaf)
{
    crowd_deafen(&crowd, 0, true);
    ck_assert_int_eq(send(server[0], "{\"online\": true}\n", 17, MSG_NOSIGNAL), 17);
    crowd_poll(&crowd, 50 * ms_ns);
    ck_assert_uint_eq(crowd.heard, 0);
    crowd_deafen(&crowd, 0, false);
    while (crowd.heard == 0)
        crowd_poll(&crowd, 1000 * ms_ns);
}
END_TEST

/* Or signs of life, which are answered, would keep a run waiting for news that was lost. */
START_TEST(an_answer_is_no_news)
{
    int taken = 0;
    int64_t heard_ns = crowd.heard_ns;

    crowd.took = take;
    crowd.context = &taken;
    crowd.setting.talk = &talk_jsonrpc;
    tell(0, "{\"jsonrpc\": \"2.0\", \"result\": \"pong\", \"id\": 2}\n", 0);
    while (taken == 0)
        crowd_poll(&crowd, 1000 * ms_ns);
    ck_assert_int_eq(taken, 100);
    ck_assert_int_eq(crowd.heard_ns, heard_ns);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("bench/crowd");
    TCase *tests = tcase_create("crowd");

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, latency_runs_from_what_was_due);
    tcase_add_test(tests, a_word_may_come_in_pieces);
    tcase_add_test(tests, what_never_comes_is_missing);
    tcase_add_test(tests, what_is_not_due_is_one_too_many);
    tcase_add_test(tests, the_wrong_kind_is_one_too_many_and_one_missing);
    tcase_add_test(tests, what_takes_too_long_is_late);
    tcase_add_test(tests, only_the_first_error_is_told);
    tcase_add_test(tests, before_it_is_strict_nothing_is_counted);
    tcase_add_test(tests, a_change_that_was_undone_may_be_left_out);
    tcase_add_test(tests, a_change_of_somebody_else_is_one_too_many);
    tcase_add_test(tests, what_may_not_be_left_out_is_missing);
    tcase_add_test(tests, over_udp_it_is_lost_when_it_would_be_late);
    tcase_add_test(tests, nothing_is_due_to_whoever_is_forgotten);
    tcase_add_test(tests, whoever_says_goodbye_gives_no_sign_of_life);
    tcase_add_exit_test(tests, nonsense_ends_the_run, 1);
    tcase_add_exit_test(tests, an_end_of_a_connection_ends_the_run, 1);
    tcase_add_test(tests, unless_the_scenario_expects_it);
    tcase_add_test(tests, a_complaint_is_handed_to_the_scenario);
    tcase_add_test(tests, what_the_scenario_takes_is_not_in_the_books);
    tcase_add_test(tests, nobody_is_heard_while_deaf);
    tcase_add_test(tests, an_answer_is_no_news);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
