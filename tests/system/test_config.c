/* SPDX-License-Identifier: MIT
 *
 * The configuration file: what goes over what, one sentence for each mistake, checking and printing without serving.
 */
#include "support/client.h"
#include "support/config_file.h"
#include "support/program.h"
#include "support/server.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs the server with these variables ("NAME=value ...") and flags to its end; what it printed, and its exit status. The caller frees the text. */
static char *
run(const char *variables, const char *flags, int *exit_status)
{
    struct program *program = program_start_server_with(PROGRAM_PIPES, variables, flags);
    int status = program_wait(program);
    ck_assert(WIFEXITED(status));
    *exit_status = WEXITSTATUS(status);
    char *text = strndup(program->text, program->length);
    ck_assert_ptr_nonnull(text);
    program_free(program);
    return text;
}

/* The same with --print-config and the file. */
static char *
print_config(const char *variables, const char *flags)
{
    char all[512];
    int status;

    snprintf(all, sizeof all, "--config %s --print-config %s", config_path, flags);
    char *text = run(variables, all, &status);
    ck_assert_msg(status == 0, "%s", text);
    return text;
}

/* One line of what was printed says this, and where it comes from. */
static void
expect_line(const char *text, const char *setting, const char *source)
{
    const char *at = strstr(text, setting);
    size_t length = strlen(setting);

    ck_assert_msg(at != NULL && (at == text || at[-1] == '\n'), "no line %s in %s", setting, text);
    at += length + strspn(at + length, " ");
    ck_assert_msg(strncmp(at, "# ", 2) == 0 && strncmp(at + 2, source, strlen(source)) == 0 && at[2 + strlen(source)] == '\n',
        "%s is not from %s: %s", setting, source, text);
}

START_TEST(a_flag_over_a_variable_over_the_file_over_the_default)
{
    char from_file[4][64];

    for (int i = 0; i < 4; i++)
        snprintf(from_file[i], sizeof from_file[i], "%s:%d", config_path, i + 1);
    config_write("max-friends = 11\nudp-timeout = 12\nqueue-limit = 101\nport = 1111\n");
    char *text = print_config("ALO_UDP_TIMEOUT=22 ALO_QUEUE_LIMIT=202 SERVER_PORT=2222", "--queue-limit 303 -p 3333");
    expect_line(text, "max-nesting = 32", "default");
    expect_line(text, "max-friends = 11", from_file[0]);
    expect_line(text, "udp-timeout = 22", "$ALO_UDP_TIMEOUT");
    expect_line(text, "queue-limit = 303", "--queue-limit");
    expect_line(text, "port = 3333", "--port");
    free(text);
}
END_TEST

/* Cuts off where each value comes from. */
static void
cut_sources(char *text)
{
    char *to = text;

    for (bool comment = false; *text != '\0'; text++) {
        comment = *text == '\n' ? false : comment || *text == '#';
        if (!comment)
            *to++ = *text;
    }
    *to = '\0';
}

START_TEST(what_is_printed_is_a_configuration_file)
{
    config_write("bind = 127.0.0.1,127.0.0.2 # two\nmax-message = 3000\n");
    char *first = print_config("VERBOSE=yes ALO_UDP=0", "--max-unfinished 5M --workers=7");
    config_write(first);
    char *second = print_config("", "");
    cut_sources(first);
    cut_sources(second);
    ck_assert_str_eq(first, second);
    ck_assert_ptr_nonnull(strstr(first, "bind = 127.0.0.1,127.0.0.2"));
    ck_assert_ptr_nonnull(strstr(first, "max-unfinished = 5MiB"));
    free(first);
    free(second);
}
END_TEST

/* It prints these words, and ends with this status; "PATH" in them is the file's. */
static void
expect_check(const char *variables, const char *flags, int exit_status, const char *words)
{
    char all[512];
    int status;

    snprintf(all, sizeof all, "--config %s %s", config_path, flags);
    char *text = run(variables, all, &status);
    ck_assert_msg(status == exit_status, "exit status %d: %s", status, text);
    ck_assert_msg(strstr(text, words) != NULL, "'%s' lacks '%s'", text, words);
    ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
    if (exit_status == 2)
        ck_assert_msg(strstr(text, "llowed") != NULL || strstr(text, "there is: light") != NULL, "it does not say what is allowed: %s", text);
    free(text);
}

START_TEST(a_configuration_can_be_checked)
{
    char words[128];
    int status;

    snprintf(words, sizeof words, "alo: %s is fine\n", config_path);
    config_write("port = 1\n# nobody may take this port: nothing is started\nbind = 192.0.2.1\n");
    expect_check("", "--check-config", 0, words);
    char *text = run("", "--check-config", &status);
    ck_assert_int_eq(status, 0);
    ck_assert_str_eq(text, "alo: flags and environment are fine\n");
    free(text);
    snprintf(words, sizeof words, "%s:3: bind 192.0.2.1x: not an address", config_path);
    config_write("port = 1\n\nbind = 192.0.2.1x\n");
    expect_check("", "--check-config", 2, words);
    expect_check("", "--print-config", 2, words);
    snprintf(words, sizeof words, "%s:1: store nix: there is no such store; there is: light", config_path);
    config_write("store = nix\n");
    expect_check("", "--check-config", 2, words);
    expect_check("", "--check-config --store nought", 2, "--store nought: there is no such store");
    expect_check("", "--check-config --admin-port 0 --admin-bind nowhere", 2, "--admin-bind nowhere: not an address to listen on");
    expect_check("ALO_STORE=nil", "--check-config", 2, "$ALO_STORE nil: there is no such store");
    expect_check("", "--check-config --store light", 0, "is fine"); /* what the flag goes over is a name like any other */
}
END_TEST

static void
token_write(const char *file, const char *text)
{
    FILE *out = fopen(file, "w");

    ck_assert_int_gt(fprintf(out, "%s\n", text), 0);
    ck_assert_int_eq(fclose(out), 0);
}

/* As a start would find it. */
START_TEST(a_token_file_is_looked_at_by_a_check)
{
    char words[192], token[64];

    snprintf(token, sizeof token, "%s.token", config_path);
    snprintf(words, sizeof words, "port = 0\nadmin-token-file = %s\n", token);
    config_write(words);
    snprintf(words, sizeof words, "alo: %s:2: admin-token-file %s: No such file or directory; allowed is", config_path, token);
    expect_check("", "--admin-port 0 --check-config", 2, words);
    expect_check("", "--admin-port 0", 2, words);
    expect_check("", "--check-config", 0, "is fine"); /* these tests have no admin interface unless they say so */
    expect_check("", "--admin-port 0 --check-config --admin-token-file none", 0, "is fine");
    token_write(token, "short");
    expect_check("", "--admin-port 0 --check-config", 2, "its first line is no token; allowed are 16 to 512 characters");
    snprintf(words, sizeof words, "ALO_ADMIN_TOKEN_FILE=%s-not", token);
    expect_check(words, "--admin-port 0 --check-config", 2, "alo: $ALO_ADMIN_TOKEN_FILE /tmp/");
    token_write(token, "a-token-for-tests");
    expect_check("", "--admin-port 0 --check-config", 0, "is fine");
    unlink(token);
}
END_TEST

/* Bad configuration never starts half a server. */
START_TEST(each_mistake_is_one_sentence_and_exit_status_2)
{
    char words[256];

    snprintf(words, sizeof words, "alo: %s%s", config_path, config_mistakes[_i].words);
    config_write(config_mistakes[_i].text);
    expect_check("", "--port 0", 2, words);
    expect_check("", "--check-config", 2, words);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_exit_status_2)
{
    unlink(config_path);
    expect_check("", "--port 0", 2, "' cannot be opened (No such file or directory); allowed is the path of a readable file, or none");
    char *text;
    int status;

    text = run("ALO_CONFIG=/nowhere", "--port 0", &status);
    ck_assert_int_eq(status, 2);
    ck_assert_ptr_nonnull(strstr(text, "alo: $ALO_CONFIG '/nowhere' cannot be opened"));
    free(text);
}
END_TEST

START_TEST(a_server_takes_all_from_a_file)
{
    struct server *server = config_start(CONFIG_PATIENT "max-sessions = 77\nudp = off\nmax-friends = 1\n");
    struct client *client = client_connect(server);

    ck_assert_int_eq(server_event_number(server, "listening", 0, "max_sessions"), 77);
    ck_assert_ptr_nonnull(strstr(server_event(server, "listening", 0), "\"udp\":false"));
    client_send(client, "{\"user_id\": 1, \"friends\": [2, 3]}");
    client_expect_error(client, "too_many_friends");
    client_close(client);
    server_stop(server);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("config");
    TCase *tests = tcase_create("config");

    tcase_add_checked_fixture(tests, config_set_up, config_tear_down);
    tcase_add_test(tests, a_flag_over_a_variable_over_the_file_over_the_default);
    tcase_add_test(tests, what_is_printed_is_a_configuration_file);
    tcase_add_test(tests, a_configuration_can_be_checked);
    tcase_add_test(tests, a_token_file_is_looked_at_by_a_check);
    tcase_add_loop_test(tests, each_mistake_is_one_sentence_and_exit_status_2, 0, CONFIG_MISTAKES);
    tcase_add_test(tests, a_file_that_is_not_there_is_exit_status_2);
    tcase_add_test(tests, a_server_takes_all_from_a_file);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
