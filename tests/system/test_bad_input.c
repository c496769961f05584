/* SPDX-License-Identifier: MIT
 *
 * Input that no honest client sends, in quantities that no honest client sends: it ends the session that sent it and nothing else.
 * While it goes on, two friends hear each other exactly. Who sends half a message, or nothing, is in test_unfinished_input.c.
 */
#include "support/client.h"
#include "support/dice.h"
#include "support/pace.h"
#include "support/pair.h"
#include "support/session.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEGABYTE = 1 << 20 };

/* So many bytes made of repetitions of `unit`, as text between `head` and `tail`. The caller frees it. */
static char *
text_make(const char *head, const char *unit, size_t repetitions, const char *tail)
{
    size_t length = strlen(head), unit_length = strlen(unit), room = length + repetitions * unit_length + strlen(tail) + 1;
    char *text = malloc(room);

    ck_assert_ptr_nonnull(text);
    memcpy(text, head, length);
    for (size_t i = 0; i < repetitions; i++, length += unit_length)
        memcpy(text + length, unit, unit_length);
    memcpy(text + length, tail, strlen(tail) + 1);
    return text;
}

/*
 * These bytes, from a stranger and from a session with a friend, are answered with this error; the pair goes on before the client
 * has read it, and after. The server may stop to read at any byte.
 */
static void
expect_bytes_refused(struct server *server, struct pair *pair, const char *bytes, size_t length, const char *code)
{
    struct client *stranger = client_connect(server);
    struct session *watcher = session_open(server, 1, "2"), *session = session_open(server, 2, "");

    client_expect(watcher->client, ONLINE);
    client_try_send(stranger, bytes, length);
    client_try_send(session->client, bytes, length);
    pair_exchange(pair);
    client_expect_error_line(stranger, code);
    client_expect_error_line(session->client, code);
    client_expect(watcher->client, OFFLINE);
    session_fence(watcher);
    pair_exchange(pair);
    client_close(stranger);
    session_close(session);
    session_leave(watcher);
}

static void
expect_refused(struct server *server, struct pair *pair, const char *text, const char *code)
{
    expect_bytes_refused(server, pair, text, strlen(text), code);
}

/* Ten megabytes in which no message ever begins. */
START_TEST(ten_megabytes_without_a_brace)
{
    struct server *server = server_start("--workers 3");
    struct pair *pair = pair_open(server);
    char *text = text_make("", "x", 10 * MEGABYTE, "");

    expect_refused(server, pair, text, "bad_json");
    memset(text, '\0', 10 * MEGABYTE);
    expect_bytes_refused(server, pair, text, 10 * MEGABYTE, "bad_json");
    memset(text, '\xff', 10 * MEGABYTE);
    expect_bytes_refused(server, pair, text, 10 * MEGABYTE, "bad_json");
    free(text);
    pair_close(pair);
    server_stop(server);
}
END_TEST

/* Ten megabytes of one message that never ends, of several kinds. */
START_TEST(ten_megabytes_of_one_message)
{
    static const struct {
        const char *head, *unit;
    } kinds[] = {
        {"{\"a\": \"", "x"},
        {"{\"", "x"},
        {"{\"user_id\": ", "1"},
        {"{\"a\": ", "-"},
        {"{", " "},
        {"{\"a\": \"", "\\\""},
        {"{\"a\": [", "0,"},
    };
    struct server *server = server_start("--workers 3");
    struct pair *pair = pair_open(server);

    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char *text = text_make(kinds[i].head, kinds[i].unit, 10 * MEGABYTE / strlen(kinds[i].unit), "");

        expect_refused(server, pair, text, "too_large");
        free(text);
    }
    pair_close(pair);
    server_stop(server);
}
END_TEST

/* White space between messages is nobody's mistake, however much there is. */
START_TEST(ten_megabytes_of_white_space)
{
    struct server *server = server_start("--workers 3");
    struct pair *pair = pair_open(server);
    struct session *watcher = session_open(server, 1, "2");
    struct client *client = client_connect(server);
    char *text = text_make("", " \r\n\t", 10 * MEGABYTE / 4, "");

    client_send(client, text);
    pair_exchange(pair);
    client_hello(client, 2, NULL);
    client_expect(watcher->client, ONLINE);
    client_send(client, text);
    client_goodbye(client, 2);
    client_expect_end(client);
    client_expect(watcher->client, OFFLINE);
    client_close(client);
    free(text);
    session_leave(watcher);
    pair_close(pair);
    server_stop(server);
}
END_TEST

/* A megabyte of `0,` as friends: too many long before the end. Where so many are allowed, it is a hello as good as any. */
START_TEST(a_megabyte_of_zeros)
{
    static const char *const limits[] = {"", "--max-message 1MiB", "--max-message 1MiB --max-friends 1000000"};
    struct server *server = server_start("--workers 3 %s", limits[_i]);
    struct pair *pair = pair_open(server);
    size_t zeros = (MEGABYTE - 40) / 2;
    char *text = text_make("{\"user_id\": 2, \"friends\": [", "0,", zeros, "0]}");

    ck_assert_uint_le(strlen(text), MEGABYTE);
    if (_i < 2) {
        expect_refused(server, pair, text, "too_many_friends");
        text[strlen(text) - 2] = '\0'; /* and also when it does not end */
        expect_refused(server, pair, text, "too_many_friends");
    } else {
        struct session *watcher = session_open(server, 1, "2"), *zero = session_open(server, 0, "");
        struct client *client = client_connect(server);

        for (int i = 0; i < 3; i++)
            client_send(client, text);
        client_expect(watcher->client, ONLINE);
        pair_exchange(pair);
        client_goodbye(client, 2);
        client_expect_end(client);
        client_expect(watcher->client, OFFLINE);
        client_expect(zero->client, OFFLINE); /* listed half a million times, told once */
        session_fence(zero);
        client_close(client);
        session_leave(zero);
        session_leave(watcher);
    }
    free(text);
    pair_close(pair);
    server_stop(server);
}
END_TEST

/* 100,000 brackets and braces, closed again and not, as the message itself and inside of one. */
START_TEST(a_hundred_thousand_brackets)
{
    enum { DEPTH = 100000 };
    static const struct {
        const char *head, *open, *between, *close, *tail;
    } shapes[] = {
        {"", "[", "", "", ""},
        {"", "[", "", "]", ""},
        {"", "{\"a\":", "", "", ""},
        {"", "{\"a\":", "1", "}", ""},
        {"{\"user_id\": 2, \"friends\": ", "[", "", "]", "}"},
        {"{\"user_id\": 2, \"a\": ", "[", "", "]", "}"},
        {"{\"user_id\": 2, \"a\": ", "[{\"a\":", "1", "}]", "}"},
    };
    struct server *server = server_start("--workers 3 --max-message 1MiB");
    struct pair *pair = pair_open(server);

    for (unsigned i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        char *opening = text_make(shapes[i].head, shapes[i].open, DEPTH, shapes[i].between);
        char *text = text_make(opening, shapes[i].close, DEPTH, shapes[i].tail);

        expect_refused(server, pair, text, "too_large");
        free(opening);
        free(text);
    }
    pair_close(pair);
    server_stop(server);
}
END_TEST

/* NUL bytes and broken UTF-8 in what would else be a hello. */
START_TEST(bytes_that_are_no_text)
{
    static const char *const sequences[] = {
        "\x80", "\xff", "\xc0\xaf", "\xc3", "\xe0\x80\x80", "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf5\x80\x80\x80", "\xfe\xff"};
    static const char nul_inside[] = "{\"user_id\": 2, \"a\": \"\0\"}", nul_behind[] = "{\"user_id\": 2}\0", nul_in_number[] = "{\"user_id\": 2\0}";
    struct server *server = server_start("--workers 3");
    struct pair *pair = pair_open(server);

    for (unsigned i = 0; i < sizeof sequences / sizeof sequences[0]; i++) {
        char *in_value = text_make("{\"user_id\": 2, \"a\": \"", sequences[i], 1000, "\"}");
        char *in_key = text_make("{\"user_id\": 2, \"", sequences[i], 1, "\": 1}");

        expect_refused(server, pair, in_value, "bad_json");
        expect_refused(server, pair, in_key, "bad_json");
        free(in_value);
        free(in_key);
    }
    expect_bytes_refused(server, pair, nul_inside, sizeof nul_inside - 1, "bad_json");
    expect_bytes_refused(server, pair, nul_in_number, sizeof nul_in_number - 1, "bad_json");

    struct client *client = client_connect(server);
    client_send_bytes(client, nul_behind, sizeof nul_behind - 1);
    client_expect_error(client, "bad_json");
    client_close(client);
    pair_close(pair);
    server_stop(server);
}
END_TEST

/* Numbers of thousands of digits, where one is asked for and where none is. */
START_TEST(huge_numbers)
{
    enum { DIGITS = 100000 };
    static const struct {
        const char *head, *tail;
        bool right;
    } places[] = {
        {"{\"user_id\": ", "}", false},
        {"{\"user_id\": -", "}", false},
        {"{\"user_id\": 2, \"friends\": [", "]}", false},
        {"{\"user_id\": 2, \"friends\": [-", "]}", false},
        {"{\"user_id\": 2e", "}", false},
        {"{\"user_id\": 2.", "}", false},
        {"{\"user_id\": 2, \"a\": ", "}", true},
        {"{\"user_id\": 2, \"a\": [-", "]}", true},
        {"{\"user_id\": 2, \"a\": 1e", "}", true},
        {"{\"user_id\": 2, \"a\": 1e-", "}", true},
        {"{\"user_id\": 2, \"a\": 0.", "}", true},
    };
    struct server *server = server_start("--workers 3");
    struct pair *pair = pair_open(server);
    struct session *watcher = session_open(server, 3, "2");

    for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
        char *text = text_make(places[i].head, "9", DIGITS, places[i].tail);
        struct client *client = client_connect(server);

        client_send(client, text);
        pair_exchange(pair);
        if (places[i].right) {
            client_expect(watcher->client, ONLINE);
            client_goodbye(client, 2);
            client_expect_end(client);
            client_expect(watcher->client, OFFLINE);
        } else {
            client_expect_error(client, "bad_message");
        }
        client_close(client);
        free(text);
    }
    session_fence(watcher);
    session_leave(watcher);
    pair_close(pair);
    server_stop(server);
}
END_TEST

/* Keys that come again, near and far, spelled alike and not, and as many different ones as fit, which is no mistake. */
START_TEST(duplicate_keys)
{
    static const char *const doubles[] = {
        "{\"user_id\": 2, \"user_id\": 2}",
        "{\"user_id\": 2, \"\\u0075ser_id\": 3}",
        "{\"user_id\": 2, \"friends\": [], \"friends\": null}",
        "{\"user_id\": 2, \"a\": {\"b\": 1, \"b\": 1}}",
        "{\"user_id\": 2, \"a\": [{\"\": 1, \"\": 1}]}",
    };
    enum { KEYS = 12000 };
    struct server *server = server_start("--workers 3");
    struct pair *pair = pair_open(server);
    char *many = malloc(KEYS * 16 + 64), *end = many + sprintf(many, "{\"user_id\": 2");

    for (unsigned i = 0; i < sizeof doubles / sizeof doubles[0]; i++)
        expect_refused(server, pair, doubles[i], "bad_message");
    char *same = text_make("{\"user_id\": 2", ", \"a\": 1", 20000, "}");
    expect_refused(server, pair, same, "bad_message");
    free(same);

    ck_assert_ptr_nonnull(many);
    for (int i = 0; i < KEYS; i++)
        end += sprintf(end, ", \"k%d\": 1", i);
    sprintf(end, ", \"k0\": 1}");
    expect_refused(server, pair, many, "bad_message");
    sprintf(end, "}");
    struct session *watcher = session_open(server, 3, "2");
    struct client *client = client_connect(server);
    client_send(client, many);
    client_expect(watcher->client, ONLINE);
    client_reset(client);
    client_expect(watcher->client, OFFLINE);
    free(many);
    session_leave(watcher);
    pair_close(pair);
    server_stop(server);
}
END_TEST

/* Everything that may be said to somebody who sends anything: words, then perhaps one error, then the end. */
static void
expect_sane_answer(struct client *client)
{
    static const char *const codes[] = {"bad_json", "bad_message", "user_mismatch", "too_large", "too_many_friends"};
    const char *line;
    bool known = false;

    while ((line = client_read_line(client)) != NULL && (strcmp(line, ONLINE) == 0 || strcmp(line, OFFLINE) == 0))
        ;
    if (line == NULL)
        return;
    for (unsigned i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        char head[64];

        snprintf(head, sizeof head, "{\"error\": {\"code\": \"%s\", \"message\": \"", codes[i]);
        known = known || strncmp(line, head, strlen(head)) == 0;
    }
    ck_assert_msg(known, "who sent random bytes was told: %s", line);
    client_read_to_end(client);
}

/* Random bytes of three kinds: any; such as JSON is made of; a hello with a few bytes changed. Returns how many. */
static size_t
random_bytes(struct dice *dice, unsigned kind, char *bytes, unsigned room)
{
    static const char alphabet[] = "{}[]\",:\\ 0123456789-+.eEtruefalsn \r\n\tu", hello[] = "{\"user_id\": 7, \"friends\": [8, 9, 10], \"a\": [{}]}";
    unsigned length = 1 + dice_below(dice, room - 1);

    if (kind == 0) {
        for (unsigned i = 0; i < length; i++)
            bytes[i] = (char)dice_throw(dice);
    } else if (kind == 1) {
        for (unsigned i = 0; i < length; i++)
            bytes[i] = alphabet[dice_below(dice, sizeof alphabet - 1)];
        if (dice_chance(dice, 50))
            bytes[0] = '{';
    } else {
        length = 0;
        while (length + sizeof hello < room && dice_chance(dice, 90)) {
            memcpy(bytes + length, hello, sizeof hello - 1);
            if (dice_chance(dice, 30))
                bytes[length + dice_below(dice, sizeof hello - 1)] = (char)dice_throw(dice);
            length += sizeof hello - 1;
        }
    }
    return length;
}

START_TEST(random_input)
{
    enum { CLIENTS = 1500, BYTES = 4096, TOGETHER = 30 };
    struct dice dice = {.state = dice_seed("random_input")};
    struct server *server = server_start("--workers 3");
    struct pair *pair = pair_open(server);
    struct client *clients[TOGETHER];
    char bytes[BYTES];

    for (unsigned done = 0; done < pace_scaled(CLIENTS); done += TOGETHER) {
        for (unsigned i = 0; i < TOGETHER; i++) {
            size_t length = random_bytes(&dice, i % 3, bytes, BYTES);

            clients[i] = client_connect(server);
            client_try_send(clients[i], bytes, length);
            client_half_close(clients[i]);
        }
        pair_exchange(pair);
        for (unsigned i = 0; i < TOGETHER; i++) {
            expect_sane_answer(clients[i]);
            client_close(clients[i]);
        }
    }
    pair_close(pair);
    server_stop(server);
}
END_TEST

static Suite *
bad_input_suite(void)
{
    Suite *suite = suite_create("bad input");
    TCase *tests = tcase_create("bad input");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, ten_megabytes_without_a_brace);
    tcase_add_test(tests, ten_megabytes_of_one_message);
    tcase_add_test(tests, ten_megabytes_of_white_space);
    tcase_add_loop_test(tests, a_megabyte_of_zeros, 0, 3);
    tcase_add_test(tests, a_hundred_thousand_brackets);
    tcase_add_test(tests, bytes_that_are_no_text);
    tcase_add_test(tests, huge_numbers);
    tcase_add_test(tests, duplicate_keys);
    tcase_add_test(tests, random_input);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(bad_input_suite());
}
