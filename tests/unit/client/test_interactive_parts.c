/* SPDX-License-Identifier: MIT
 *
 * The small parts of alo-client that need neither a terminal nor a server.
 */
#include "client/interactive_backoff.h"
#include "client/interactive_complete.h"
#include "client/interactive_friends.h"
#include "client/interactive_json.h"
#include "client/interactive_options.h"
#include "client/interactive_place.h"

#include "support/unit.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

START_TEST(the_waits_between_tries_grow_up_to_a_most)
{
    uint32_t most = BACKOFF_FIRST_MS;

    for (unsigned tries = 0; tries < 40; tries++) {
        ck_assert_uint_eq(backoff_ms(tries, 0), most);
        for (uint64_t chance = 1; chance <= UINT32_MAX; chance = chance * 3 + 1) {
            ck_assert_uint_le(backoff_ms(tries, (uint32_t)chance), most);
            ck_assert_uint_ge(backoff_ms(tries, (uint32_t)chance), most / 2);
        }
        most = most * 2 > BACKOFF_MOST_MS ? BACKOFF_MOST_MS : most * 2;
    }
    ck_assert_uint_eq(backoff_ms(0, BACKOFF_FIRST_MS / 2), BACKOFF_FIRST_MS / 2);
}
END_TEST

START_TEST(friends_stand_in_order_and_once)
{
    static const char *const names[] = {"b", "1", "a", "b"};
    struct friends friends = {0};
    size_t count;

    for (int64_t i = 50; i > -50; i--)
        ck_assert_ptr_nonnull(friends_add(&friends, alo_user_number(i % 10)));
    for (size_t i = 0; i < 4; i++)
        friends_add(&friends, alo_user_name(names[i]))->followed = true;
    ck_assert_uint_eq(friends.count, 19 + 3);
    for (size_t i = 1; i < friends.count; i++)
        ck_assert_int_lt(id_compare(friends.entries[i - 1].user, friends.entries[i].user), 0);
    ck_assert_ptr_nonnull(friends_find(&friends, alo_user_number(1)));
    ck_assert_ptr_ne(friends_find(&friends, alo_user_number(1)), friends_find(&friends, alo_user_name("1")));
    ck_assert_ptr_null(friends_find(&friends, alo_user_number(10)));
    struct alo_user *followed = friends_followed(&friends, &count);
    ck_assert_uint_eq(count, 3);
    ck_assert_str_eq(followed[0].name, "1");
    free(followed);
    friends_done(&friends);
}
END_TEST

START_TEST(since_when_is_kept_while_the_state_stays)
{
    struct friends friends = {0};
    struct friend_entry *entry = friends_add(&friends, alo_user_number(1));

    friend_set(entry, FRIEND_ONLINE, 100, false, NULL, ALO_REASON_NONE);
    friend_set(entry, FRIEND_ONLINE, 200, true, "away", ALO_REASON_NONE);
    ck_assert_int_eq(entry->since_ms, 100);
    ck_assert(!entry->since_exactly);
    ck_assert_str_eq(entry->status, "away");
    friend_set(entry, FRIEND_OFFLINE, 300, true, NULL, ALO_REASON_GOODBYE);
    ck_assert_int_eq(entry->since_ms, 300);
    ck_assert(entry->since_exactly);
    ck_assert_ptr_null(entry->status);
    friends_forget_states(&friends);
    ck_assert_int_eq(entry->state, FRIEND_UNKNOWN);
    friends_done(&friends);
}
END_TEST

/* What a line could become, with blanks between, and where its last word begins. */
static void
expect_completion(const struct friends *friends, const char *line, size_t start, const char *words)
{
    char text[512] = "";
    size_t begin = 99;
    char **list = complete_line(friends, line, &begin);

    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        strcat(strcat(text, i > 0 ? " " : ""), list[i]);
        free(list[i]);
    }
    free(list);
    ck_assert_msg(strcmp(text, words) == 0, "\"%s\" completes to: %s", line, text);
    ck_assert_msg(begin == start, "\"%s\": %zu", line, begin);
}

START_TEST(commands_and_ids_are_completed)
{
    struct friends friends = {0};

    friends_add(&friends, alo_user_number(12));
    friends_add(&friends, alo_user_number(123));
    friends_add(&friends, alo_user_name("carol"))->followed = true;
    friends_add(&friends, alo_user_name("two words"))->followed = true;
    expect_completion(&friends, "", 0, "login follow unfollow online friends status ping raw logout help quit");
    expect_completion(&friends, "fo", 0, "follow");
    expect_completion(&friends, "  lo", 2, "login logout");
    expect_completion(&friends, "xyz", 0, "");
    expect_completion(&friends, "follow ", 7, "12 123 carol \"two words\"");
    expect_completion(&friends, "online 12,1", 10, "12 123");
    expect_completion(&friends, "unfollow ", 9, "carol \"two words\"");
    expect_completion(&friends, "unfollow carol \"two w", 15, "\"two words\"");
    expect_completion(&friends, "unfollow \"a \\\" b\" c", 18, "carol");
    expect_completion(&friends, "raw o", 4, "off on");
    expect_completion(&friends, "help p", 5, "ping");
    expect_completion(&friends, "status n", 7, "none");
    expect_completion(&friends, "ping ", 5, "");
    friends_done(&friends);
}
END_TEST

static void
expect_place(unsigned columns, const char *text, unsigned row, unsigned column)
{
    struct place place = {.columns = columns};

    place_advance(&place, text, strlen(text));
    ck_assert_msg(place.row == row && place.column == column, "\"%s\" ends at %u, %u", text, place.row, place.column);
}

START_TEST(rows_are_counted_as_the_terminal_shows_them)
{
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        return;
    expect_place(10, "", 0, 0);
    expect_place(10, "alo> 1234", 0, 9);
    expect_place(10, "alo> 12345", 1, 0);
    expect_place(10, "alo> 123456789012345", 2, 0);
    expect_place(10, "é", 0, 1);
    expect_place(10, "界界", 0, 4);
    expect_place(5, "界界界", 1, 2); /* the third does not fit into what is left */
    expect_place(10, "\001x", 0, 3);
    expect_place(20, "a\tb", 0, 9);
    expect_place(10, "\xff\xfe", 0, 2);
}
END_TEST

/* What is written for these bytes. */
static const char *
json(const char *bytes, size_t length)
{
    static char text[256];
    FILE *out = fmemopen(text, sizeof text, "w");

    ck_assert_ptr_nonnull(out);
    json_write_bytes(out, bytes, length);
    fclose(out);
    return text;
}

START_TEST(json_strings_are_json_whatever_is_in_them)
{
    ck_assert_str_eq(json("a\"b\\c\n\t\0z", 9), "\"a\\\"b\\\\c\\u000a\\u0009\\u0000z\"");
    ck_assert_str_eq(json("ä€😀", 9), "\"ä€😀\"");
    ck_assert_str_eq(json("\xff", 1), "\"\\ufffd\"");
    ck_assert_str_eq(json("\xe2\x82", 2), "\"\\ufffd\\ufffd\"");
    ck_assert_str_eq(json("\xc0\xaf", 2), "\"\\ufffd\\ufffd\"");
    ck_assert_str_eq(json("\xed\xa0\x80", 3), "\"\\ufffd\\ufffd\\ufffd\"");
    ck_assert_str_eq(json("\xf4\x90\x80\x80", 4), "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
}
END_TEST

static char problem[CLIENT_PROBLEM];
static struct client_options options;

/* Reads a command line of up to 6 words behind the program's name. */
static enum client_outcome
read_options(const char *line)
{
    static char copy[256];
    char *words[8] = {NULL}, *rest = NULL;
    int count = 0;

    words[count++] = copy;
    snprintf(copy, sizeof copy, "alo-client %s", line);
    strtok_r(copy, " ", &rest);
    for (char *word = strtok_r(NULL, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    problem[0] = '\0';
    return client_options_read(count, words, &options, problem);
}

static void
expect_address(const char *line, const char *address)
{
    ck_assert_msg(read_options(line) == CLIENT_RUN, "\"%s\": %s", line, problem);
    ck_assert_str_eq(options.address, address);
}

static void
expect_wrong(const char *line, const char *why)
{
    ck_assert_msg(read_options(line) == CLIENT_WRONG, "\"%s\" was taken", line);
    ck_assert_msg(strstr(problem, why) != NULL, "\"%s\": %s", line, problem);
}

static void
plain_environment(void)
{
    unsetenv("SERVER_PORT");
    unsetenv("ALO_HISTORY");
    setenv("HOME", "/home/somebody", 1);
}

START_TEST(addresses)
{
    expect_address("", "localhost:8080");
    expect_address("example.org", "example.org:8080");
    expect_address("example.org:9", "example.org:9");
    expect_address("::1", "[::1]:8080");
    expect_address("[::1]", "[::1]:8080");
    expect_address("[::1]:65535", "[::1]:65535");
    expect_address("-p 7000 10.0.0.1", "10.0.0.1:7000");
    expect_address("--port=7000 10.0.0.1:1", "10.0.0.1:1");
    setenv("SERVER_PORT", "9000", 1);
    expect_address("", "localhost:9000");
    expect_address("-p7000", "localhost:7000");
    setenv("SERVER_PORT", "tcp://10.0.0.7:8080", 1);
    expect_address("", "localhost:8080");
    setenv("SERVER_PORT", "many", 1);
    expect_wrong("", "$SERVER_PORT");
    unsetenv("SERVER_PORT");
    expect_wrong("localhost:0", "not an address");
    expect_wrong("localhost:65536", "not an address");
    expect_wrong("localhost:", "not an address");
    expect_wrong(":8080", "not an address");
    expect_wrong("[::1", "not an address");
    expect_wrong("tcp://localhost", "not an address");
    expect_wrong("one two", "one address too many");
}
END_TEST

START_TEST(flags)
{
    ck_assert_int_eq(read_options("--udp --classic --script"), CLIENT_RUN);
    ck_assert(options.udp && options.classic && options.script);
    ck_assert_int_eq(read_options("-u"), CLIENT_RUN);
    ck_assert(options.udp && !options.classic && !options.script);
    ck_assert_str_eq(options.history, "/home/somebody/.alo_history");
    ck_assert_int_eq(read_options("--history none"), CLIENT_RUN);
    ck_assert_str_eq(options.history, "");
    ck_assert_int_eq(read_options("--history=/x/y"), CLIENT_RUN);
    ck_assert_str_eq(options.history, "/x/y");
    setenv("ALO_HISTORY", "/z", 1);
    ck_assert_int_eq(read_options(""), CLIENT_RUN);
    ck_assert_str_eq(options.history, "/z");
    expect_wrong("--nothing", "--nothing is not a flag");
    expect_wrong("-x", "-x is not a flag");
    expect_wrong("--udp=yes", "--udp takes no value");
    expect_wrong("--port", "--port needs a value");
    expect_wrong("--port 0", "1 to 65535");
    expect_wrong("--port x", "1 to 65535");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("interactive parts");
    TCase *tests = tcase_create("interactive parts");

    tcase_add_checked_fixture(tests, plain_environment, NULL);
    tcase_add_test(tests, the_waits_between_tries_grow_up_to_a_most);
    tcase_add_test(tests, friends_stand_in_order_and_once);
    tcase_add_test(tests, since_when_is_kept_while_the_state_stays);
    tcase_add_test(tests, commands_and_ids_are_completed);
    tcase_add_test(tests, rows_are_counted_as_the_terminal_shows_them);
    tcase_add_test(tests, json_strings_are_json_whatever_is_in_them);
    tcase_add_test(tests, addresses);
    tcase_add_test(tests, flags);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
