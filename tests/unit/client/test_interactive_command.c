/* SPDX-License-Identifier: MIT */
#include "client/interactive_command.h"

#include "support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char problem[COMMAND_PROBLEM];
static struct command command;

/* Reads a line that is right; the command stays until the next. */
static void
read_well(const char *line)
{
    command_done(&command);
    problem[0] = '\0';
    int error = command_read(line, &command, problem);
    ck_assert_msg(error == 0, "\"%s\": %d, %s", line, error, problem);
}

static void
read_wrong(const char *line, const char *why)
{
    struct command untouched = {.kind = COMMAND_QUIT};

    problem[0] = '\0';
    ck_assert_msg(command_read(line, &untouched, problem) == -EINVAL, "\"%s\" was taken", line);
    ck_assert_int_eq(untouched.kind, COMMAND_QUIT);
    ck_assert_msg(strstr(problem, why) != NULL, "\"%s\": %s", line, problem);
}

/* The ids of the command as one would type them, with blanks between. */
static const char *
ids(void)
{
    static char text[4096];
    char id[ID_TEXT];

    text[0] = '\0';
    for (size_t i = 0; i < command.ids.count; i++) {
        id_write(command.ids.users[i], id);
        strcat(strcat(text, i > 0 ? " " : ""), id);
    }
    return text;
}

START_TEST(every_row_of_the_table_is_a_command)
{
    static const char *const lines[COMMAND_COUNT] = {
        "login 1", "follow 1", "unfollow 1", "online", "friends", "status x", "ping", "raw on", "wait 1", "logout", "help", "quit"};

    for (int i = 0; i < COMMAND_COUNT; i++) {
        read_well(lines[i]);
        ck_assert_int_eq(command.kind, command_table[i].kind);
        ck_assert_ptr_eq(command_row_find(command.kind), &command_table[i]);
        ck_assert_int_eq(strncmp(lines[i], command_table[i].name, strlen(command_table[i].name)), 0);
        if (command_table[i].example != NULL) {
            read_well(command_table[i].example);
            ck_assert_int_eq(command.kind, command_table[i].kind);
        }
    }
    ck_assert_ptr_null(command_row_find(COMMAND_NONE));
}
END_TEST

START_TEST(empty_lines_and_comments_are_nothing)
{
    static const char *const lines[] = {"", "   ", "\t\r\n", "# login 1", "  #"};

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        read_well(lines[i]);
        ck_assert_int_eq(command.kind, COMMAND_NONE);
    }
}
END_TEST

START_TEST(digits_are_integers_and_all_else_strings)
{
    read_well("login 1 2 \"2\" carol -7 a-7 7a \"two words\" \"a \\\"b\\\" \\\\\" 009");
    ck_assert_uint_eq(command.ids.count, 10);
    ck_assert_str_eq(ids(), "1 2 \"2\" carol -7 a-7 7a \"two words\" \"a \\\"b\\\" \\\\\" 9");
    ck_assert_ptr_null(command.ids.users[1].name);
    ck_assert_int_eq(command.ids.users[1].number, 2);
    ck_assert_str_eq(command.ids.users[2].name, "2");
    ck_assert_str_eq(command.ids.users[8].name, "a \"b\" \\");
    read_well("follow 9223372036854775807 -9223372036854775808 - -- +1 1.0 1e3");
    ck_assert_int_eq(command.ids.users[0].number, INT64_MAX);
    ck_assert_int_eq(command.ids.users[1].number, INT64_MIN);
    for (size_t i = 2; i < 7; i++)
        ck_assert_ptr_nonnull(command.ids.users[i].name);
}
END_TEST

START_TEST(blanks_and_commas_stand_between_ids)
{
    read_well("  follow\t1,2 , 3,,  \"4,5\" ,\r\n");
    ck_assert_str_eq(ids(), "1 2 3 \"4,5\"");
}
END_TEST

START_TEST(wrong_ids_are_told)
{
    read_wrong("login", "login ID [FRIEND ...]");
    read_wrong("login ,", "login ID [FRIEND ...]");
    read_wrong("follow", "follow FRIEND ...");
    read_wrong("unfollow ", "unfollow FRIEND ...");
    read_wrong("login 1 9223372036854775808", "64 bits");
    read_wrong("login 1 -9223372036854775809", "64 bits");
    read_wrong("login 1 \"open", "not closed");
    read_wrong("login 1 \"open\\\"", "not closed");
    read_wrong("login 1 \"a\"b", "behind the quotes");
    read_wrong("logins 1", "not a command");
    read_wrong("LOGIN 1", "not a command");
}
END_TEST

START_TEST(a_status_is_the_rest_of_the_line)
{
    read_well("status  out for  lunch, \"back\" at 2 \r\n");
    ck_assert_str_eq(command.status, "out for  lunch, \"back\" at 2");
    read_well("status none");
    ck_assert_ptr_null(command.status);
    read_well("status \"none\"");
    ck_assert_str_eq(command.status, "none");
    read_well("status \" x \"");
    ck_assert_str_eq(command.status, " x ");
    read_well("status \"\"");
    ck_assert_str_eq(command.status, "");
    read_well("status nonesuch");
    ck_assert_str_eq(command.status, "nonesuch");
    read_well("status \"");
    ck_assert_str_eq(command.status, "\"");
    read_wrong("status", "status TEXT | none");
}
END_TEST

START_TEST(arguments_of_the_others)
{
    read_well("raw on");
    ck_assert(command.on);
    read_well("raw off");
    ck_assert(!command.on);
    read_wrong("raw", "raw on | off");
    read_wrong("raw maybe", "raw on | off");
    read_wrong("raw on off", "raw on | off");
    read_well("wait 3");
    ck_assert_uint_eq(command.count, 3);
    ck_assert_uint_eq(command.timeout_ms, COMMAND_WAIT_MS);
    read_well("wait 1 250");
    ck_assert_uint_eq(command.timeout_ms, 250);
    read_wrong("wait", "wait COUNT [MS]");
    read_wrong("wait 0", "wait COUNT [MS]");
    read_wrong("wait -1", "wait COUNT [MS]");
    read_wrong("wait 1 x", "wait COUNT [MS]");
    read_wrong("wait 1 2 3", "wait COUNT [MS]");
    read_wrong("wait 9999999999", "wait COUNT [MS]");
    read_well("help login");
    ck_assert_int_eq(command.about, COMMAND_LOGIN);
    read_wrong("help nothing", "not a command");
    read_wrong("ping pong", "how to use it: ping");
    read_wrong("friends 1", "how to use it: friends");
}
END_TEST

START_TEST(an_id_as_it_is_written_reads_back_as_itself)
{
    static const char *const names[] = {"a", "1", "-1", "", " ", "a b", "a,b", "#x", "\"", "\\", "\\\"", "none", "ä", "x\ty"};
    char text[ID_TEXT], why[ID_PROBLEM];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct id_list list = {0};
        const char *line = text;

        id_write(alo_user_name(names[i]), text);
        ck_assert_int_eq(id_read(&line, &list, why), 1);
        ck_assert_str_eq(list.users[0].name, names[i]);
        ck_assert_int_eq(id_read(&line, &list, why), 0);
        id_list_done(&list);
    }
}
END_TEST

START_TEST(the_longest_id_is_written_whole)
{
    char name[129], text[ID_TEXT];

    memset(name, '"', 128);
    name[128] = '\0';
    id_write(alo_user_name(name), text);
    ck_assert_uint_eq(strlen(text), 258);
}
END_TEST

START_TEST(a_line_of_ten_thousand_ids)
{
    enum { COUNT = 10000 };
    char *line = malloc(COUNT * 8 + 16);
    size_t length = (size_t)sprintf(line, "login 1");

    ck_assert_ptr_nonnull(line);
    for (int i = 0; i < COUNT; i++)
        length += (size_t)sprintf(line + length, " %d", i);
    read_well(line);
    ck_assert_uint_eq(command.ids.count, COUNT + 1);
    free(line);
}
END_TEST

static void
clean(void)
{
    command_done(&command);
}

int
main(void)
{
    Suite *suite = suite_create("interactive command");
    TCase *tests = tcase_create("interactive command");

    tcase_add_checked_fixture(tests, NULL, clean);
    tcase_add_test(tests, every_row_of_the_table_is_a_command);
    tcase_add_test(tests, empty_lines_and_comments_are_nothing);
    tcase_add_test(tests, digits_are_integers_and_all_else_strings);
    tcase_add_test(tests, blanks_and_commas_stand_between_ids);
    tcase_add_test(tests, wrong_ids_are_told);
    tcase_add_test(tests, a_status_is_the_rest_of_the_line);
    tcase_add_test(tests, arguments_of_the_others);
    tcase_add_test(tests, an_id_as_it_is_written_reads_back_as_itself);
    tcase_add_test(tests, the_longest_id_is_written_whole);
    tcase_add_test(tests, a_line_of_ten_thousand_ids);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
