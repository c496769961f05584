/* SPDX-License-Identifier: MIT
 *
 * Clients that do not read, or slowly: the one over the limit is closed with too_slow, everybody else is on time, one that reads in
 * the end is never cut, and what waits for them stays bounded. Their buffers are made small, so that little is hidden in the kernel.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/process.h"
#include "support/session.h"
#include "support/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VISITS_MAX = 100000 }; /* by then the slowest reader must have been cut */

/* A session that is ready to be slow: it lists user 5. */
static struct session *
slow_open(struct server *server, int64_t user)
{
    return session_open_on(server, client_connect_with(server, &(struct client_options){.small_buffers = true}), user, "5");
}

/* User 5 comes and goes so often; `prompt`, who reads, hears each in its turn. */
static void
visits_make(struct session *prompt, int count)
{
    for (int i = 0; i < count; i++) {
        user_visit(prompt->server, 5, NULL);
        client_expect(prompt->client, ONLINE OFFLINE);
    }
}

/* Reads up to so many words, which must take turns, until something else comes, which is left; returns how many. */
static int
words_read(struct session *slow, int most)
{
    struct client *client = slow->client;
    int64_t deadline = pace_deadline_ms();
    int words = 0;

    while (words < most) {
        const char *word = words % 2 == 0 ? ONLINE : OFFLINE;

        while (!client->ended && client->length - client->start < strlen(word))
            if (!client_more(client, pace_left_ms(deadline)))
                ck_abort_msg("user %" PRId64 " heard %d words and waited in vain for more", slow->user, words);
        if (strncmp(client->bytes + client->start, word, strlen(word)) != 0)
            break;
        client->start += strlen(word);
        words++;
    }
    return words;
}

START_TEST(too_slow_is_closed)
{
    enum { LIMIT = 100 };
    struct server *server = server_start("--queue-limit %d", LIMIT);
    struct session *slow = slow_open(server, 1), *prompt = session_open(server, 2, "5"), *watcher = session_open(server, 3, "1");
    struct session *listed = session_open(server, 4, "");
    int visits = 0;

    while (!client_poll(watcher->client)) {
        visits_make(prompt, 1);
        visits++;
        ck_assert_int_lt(visits, VISITS_MAX);
    }
    client_expect(watcher->client, OFFLINE);
    ck_assert_int_gt(2 * visits, LIMIT);

    /* What still reaches it is the beginning of what there was to tell, word by word; what waited in the server may be dropped. */
    ck_assert_int_le(words_read(slow, VISITS_MAX), 2 * visits);
    client_expect_error(slow->client, "too_slow");

    session_fence(watcher);
    session_fence(prompt);
    session_fence(listed);
    session_close(slow);
    session_leave(prompt);
    session_leave(watcher);
    session_leave(listed);
    server_stop(server);
}
END_TEST

/* Only what waits counts, not what was sent in all: read up from time to time, and the limit is never met. */
START_TEST(slow_but_reading_is_kept)
{
    enum { LIMIT = 1000, ROUNDS = 10, VISITS = LIMIT / 2 - 50 };
    struct server *server = server_start("--queue-limit %d", LIMIT);
    struct session *slow = slow_open(server, 1), *prompt = session_open(server, 2, "5"), *watcher = session_open(server, 3, "1");

    for (int round = 0; round < ROUNDS; round++) {
        visits_make(prompt, VISITS);
        ck_assert_int_eq(words_read(slow, 2 * VISITS), 2 * VISITS);
    }
    session_fence(slow);
    session_fence(watcher);
    session_leave(slow);
    client_expect(watcher->client, OFFLINE);
    session_leave(watcher);
    session_leave(prompt);
    server_stop(server);
}
END_TEST

/*
 * Not reading is not being gone: a live client with data waiting for it outlives the time after which a dead peer is given up,
 * wherever the data waits. To meet every case, each client here is told one visit less than the one before it: for some
 * everything fits into what they would read, for some all the rest is in the kernel's hands, for most it is in the server's. And some
 * begin to read and stop again. The kernel answers probes for a client, so time-outs need no stretching.
 */
START_TEST(not_reading_is_not_gone)
{
    enum { PEER_TIMEOUT_S = 5, WAIT_S = 12, CLIENTS = 120, EARLY = 400, LATE = 100, PAUSED = 40, WORDS_STEP = 8 };
    int wait_s = pace_seconds(1) > WAIT_S ? pace_seconds(1) : WAIT_S;
    struct server *server = server_start("--peer-timeout %d --hello-timeout %d --queue-limit 100000", PEER_TIMEOUT_S, wait_s);
    struct session *slow[CLIENTS + PAUSED], *prompt = session_open(server, 2, "5");
    int words[CLIENTS + PAUSED];

    for (int i = 0; i < PAUSED; i++) {
        slow[i] = slow_open(server, 1000 + i);
        words[i] = 2 * (EARLY + CLIENTS + LATE) - WORDS_STEP * i;
    }
    visits_make(prompt, EARLY);
    for (int i = PAUSED; i < CLIENTS + PAUSED; i++) {
        slow[i] = slow_open(server, 1000 + i);
        words[i] = 2 * (CLIENTS + PAUSED - i + LATE);
        visits_make(prompt, 1);
    }
    visits_make(prompt, LATE);
    for (int i = 0; i < PAUSED; i++)
        ck_assert_int_eq(words_read(slow[i], WORDS_STEP * i), WORDS_STEP * i);

    struct client *clock = client_connect(server);
    client_expect_error(clock, "hello_timeout");
    for (int i = 0; i < CLIENTS + PAUSED; i++) {
        int got = words_read(slow[i], words[i]);

        ck_assert_msg(got == words[i], "client %d heard %d of %d words: %s", i, got, words[i], strerror(slow[i]->client->end_error));
    }
    session_fence(slow[0]);
    session_fence(slow[CLIENTS + PAUSED - 1]);
    client_close(clock);
    for (int i = 0; i < CLIENTS + PAUSED; i++)
        session_leave(slow[i]);
    session_leave(prompt);
    server_stop(server);
}
END_TEST

/* Many who do not read, up to the limit and over: what the server keeps for them is bounded by that limit. */
START_TEST(memory_is_bounded)
{
    enum { LIMIT = 4096, BYTES_PER_WORD = 64, SLACK_BYTES = 16 << 20 };
    struct server *server = server_start("--queue-limit %d", LIMIT);
    unsigned count = pace_scaled(60), gone = 0;
    struct session **slow = calloc(count, sizeof(struct session *)), *prompt = session_open(server, 2, "5");
    char *list = malloc(count * 8), *end = list;

    ck_assert(slow != NULL && list != NULL);
    list[0] = '\0';
    for (unsigned i = 0; i < count; i++)
        end += sprintf(end, "%s%u", i > 0 ? "," : "", 100 + i);
    struct session *watcher = session_open(server, 3, list);
    for (unsigned i = 0; i < count; i++) {
        slow[i] = slow_open(server, 100 + i);
        client_expect(watcher->client, ONLINE);
    }
    int64_t before = process_resident_bytes(server->process);
    for (int visits = 0; gone < count; visits++) {
        ck_assert_int_lt(visits, VISITS_MAX);
        visits_make(prompt, 1);
        for (; gone < count && client_poll(watcher->client); gone++)
            client_expect(watcher->client, OFFLINE);
    }
    int64_t grown = process_resident_bytes(server->process) - before, most = (int64_t)count * LIMIT * BYTES_PER_WORD + SLACK_BYTES;
    ck_assert_msg(pace_is_tooled() || grown < most, "the server grew by %" PRId64 " bytes for %u slow readers", grown, count);
    session_fence(watcher);
    session_fence(prompt);
    for (unsigned i = 0; i < count; i++)
        session_close(slow[i]);
    session_leave(watcher);
    session_leave(prompt);
    free(slow);
    free(list);
    server_stop(server);
}
END_TEST

/* Those who read are on time while others do not, also with the whole crowd on one thread. */
START_TEST(others_are_on_time)
{
    enum { SLOW = 20, VISITS = 300 };
    struct server *server = server_start("--workers 1 --queue-limit 16");
    struct session *slow[SLOW], *prompt = session_open(server, 2, "5"), *other = session_open(server, 3, "6");

    for (int i = 0; i < SLOW; i++)
        slow[i] = slow_open(server, 100 + i);
    for (int i = 0; i < VISITS; i++) {
        visits_make(prompt, 5);
        user_visit(server, 6, NULL);
        client_expect(other->client, ONLINE OFFLINE);
    }
    session_fence(prompt);
    session_fence(other);
    for (int i = 0; i < SLOW; i++)
        session_reset(slow[i]);
    session_leave(prompt);
    session_leave(other);
    server_stop(server);
}
END_TEST

static Suite *
slow_reader_suite(void)
{
    Suite *suite = suite_create("slow_reader");
    TCase *tests = tcase_create("slow_reader");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, too_slow_is_closed);
    tcase_add_test(tests, slow_but_reading_is_kept);
    tcase_add_test(tests, not_reading_is_not_gone);
    tcase_add_test(tests, memory_is_bounded);
    tcase_add_test(tests, others_are_on_time);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(slow_reader_suite());
}
