/* SPDX-License-Identifier: MIT
 *
 * The configuration file: what goes over what, one sentence for each mistake, checking and printing without serving; and a reload, which changes
 * what it can under sessions that stay.
 */
#include "support/client.h"
#include "support/pair.h"
#include "support/program.h"
#include "support/rpc_text.h"
#include "support/server.h"
#include "support/session.h"
#include "support/udp_client.h"
#include "support/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[] = "/tmp/alo-config-XXXXXX"; /* the file of the test that runs */

/* Puts another file in its place, as one should: nobody can read half of it. */
static void
config_write(const char *text)
{
    char fresh[sizeof path + 8];

    snprintf(fresh, sizeof fresh, "%s.new", path);
    FILE *file = fopen(fresh, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(rename(fresh, path), 0);
}

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

    snprintf(all, sizeof all, "--config %s --print-config %s", path, flags);
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
        snprintf(from_file[i], sizeof from_file[i], "%s:%d", path, i + 1);
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

    snprintf(all, sizeof all, "--config %s %s", path, flags);
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

    snprintf(words, sizeof words, "alo: %s is fine\n", path);
    config_write("port = 1\n# nobody may take this port: nothing is started\nbind = 192.0.2.1\n");
    expect_check("", "--check-config", 0, words);
    char *text = run("", "--check-config", &status);
    ck_assert_int_eq(status, 0);
    ck_assert_str_eq(text, "alo: flags and environment are fine\n");
    free(text);
    snprintf(words, sizeof words, "%s:3: bind 192.0.2.1x: not an address", path);
    config_write("port = 1\n\nbind = 192.0.2.1x\n");
    expect_check("", "--check-config", 2, words);
    expect_check("", "--print-config", 2, words);
    snprintf(words, sizeof words, "%s:1: store nix: there is no such store; there is: light", path);
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

    snprintf(token, sizeof token, "%s.token", path);
    snprintf(words, sizeof words, "port = 0\nadmin-token-file = %s\n", token);
    config_write(words);
    snprintf(words, sizeof words, "alo: %s:2: admin-token-file %s: No such file or directory; allowed is", path, token);
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

static const struct {
    const char *text;
    const char *words; /* after the file's name */
} mistakes[] = {
    {"max-friend = 1\n", ":1: 'max-friend' is not a key; the nearest is max-friends; allowed are"},
    {"\nport = 0\nport = 0\n", ":3: port is given twice, in line 2 too; allowed is once"},
    {"max-friends = many\n", ":1: max-friends 'many' is not a number; allowed is a number from 1 to 1000000"},
    {"max-nesting = 65\n", ":1: max-nesting '65' is out of range; allowed is a number from 2 to 64"},
    {"# off\nverbose\n", ":2: 'verbose' has no '='; allowed are key = value"},
    {"udp =\n", ":1: udp has no value; allowed is on or off"},
    {"config = none\n", ":1: config cannot stand in a file; allowed are --config and $ALO_CONFIG"},
    {"\n\nstore = \xff\n", ":3: byte 9 of the line is not UTF-8; allowed is text in UTF-8"},
    {"store = \x01\n", ":1: byte 9 of the line is a control character; allowed is text in UTF-8"},
    {"store = redis\n", ":1: store redis: there is no such store; there is: light"},
    {"bind = here\n", ":1: bind here: not an address to listen on; allowed are"},
    {"bind = 127.0.0.1,0.0.0.0\n", ":1: bind 127.0.0.1,0.0.0.0: one of these addresses includes another; allowed is"},
};

/* Bad configuration never starts half a server. */
START_TEST(each_mistake_is_one_sentence_and_exit_status_2)
{
    char words[256];

    snprintf(words, sizeof words, "alo: %s%s", path, mistakes[_i].words);
    config_write(mistakes[_i].text);
    expect_check("", "--port 0", 2, words);
    expect_check("", "--check-config", 2, words);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_exit_status_2)
{
    unlink(path);
    expect_check("", "--port 0", 2, "' cannot be opened (No such file or directory); allowed is the path of a readable file, or none");
    char *text;
    int status;

    text = run("ALO_CONFIG=/nowhere", "--port 0", &status);
    ck_assert_int_eq(status, 2);
    ck_assert_ptr_nonnull(strstr(text, "alo: $ALO_CONFIG '/nowhere' cannot be opened"));
    free(text);
}
END_TEST

/* What no test is about. */
#define USUAL "port = 0\nworkers = 3\nmessage-timeout = 3600\n"
#define ELEVEN "21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31" /* friends; a session of this file lists fewer */
#define PATIENT "hello-timeout = 3600\n"

/* A server that takes everything from the file. */
static struct server *
start_with_file(const char *text)
{
    char all[1024];

    snprintf(all, sizeof all, USUAL "%s", text);
    config_write(all);
    struct server *server = server_launch("--config %s", path);
    server->port = (uint16_t)server_event_number(server, "listening", 0, "port");
    return server;
}

/* Reloads another file; the nth reload of this server. */
static void
reload(struct server *server, unsigned nth, const char *text, const char *changed)
{
    char all[1024], words[256];

    snprintf(all, sizeof all, USUAL "%s", text);
    config_write(all);
    server_signal(server, SIGHUP);
    snprintf(words, sizeof words, "\"changed\":\"%s\"", changed);
    const char *line = server_event(server, "reloaded", nth);
    ck_assert_msg(strstr(line, words) != NULL, "%s lacks %s", line, words);
}

START_TEST(a_server_takes_all_from_a_file)
{
    struct server *server = start_with_file(PATIENT "max-sessions = 77\nudp = off\nmax-friends = 1\n");
    struct client *client = client_connect(server);

    ck_assert_int_eq(server_event_number(server, "listening", 0, "max_sessions"), 77);
    ck_assert_ptr_nonnull(strstr(server_event(server, "listening", 0), "\"udp\":false"));
    client_send(client, "{\"user_id\": 1, \"friends\": [2, 3]}");
    client_expect_error(client, "too_many_friends");
    client_close(client);
    server_stop(server);
}
END_TEST

START_TEST(a_reload_changes_limits_under_a_session_that_stays)
{
    struct server *server = start_with_file(PATIENT);
    struct pair *pair = pair_open(server);
    struct client *long_list = client_connect(server), *other = client_connect(server);

    client_send(long_list, "{\"user_id\": 91, \"friends\": [" ELEVEN "]}{\"user_id\": 91, \"online\": false}");
    client_expect_end(long_list);
    client_close(long_list);
    reload(server, 0, PATIENT "max-friends = 10\nmax-nesting = 3\n", "max-friends max-nesting");
    long_list = client_connect(server);
    client_send(long_list, "{\"user_id\": 91, \"friends\": [" ELEVEN "]}");
    client_expect_error(long_list, "too_many_friends");
    client_close(long_list);
    client_send(other, "{\"user_id\": 95, \"x\": [[[]]]}"); /* it was connected before */
    client_expect_error(other, "too_large");
    client_close(other);
    pair_exchange(pair);

    reload(server, 1, PATIENT "max-friends = 11\nmax-nesting = 4\n", "max-friends max-nesting");
    long_list = client_connect(server);
    client_send(long_list, "{\"user_id\": 91, \"friends\": [" ELEVEN "], \"x\": [[[]]]}{\"online\": false}");
    client_expect_end(long_list);
    client_close(long_list);
    reload(server, 2, PATIENT "max-friends = 11\nmax-nesting = 4\n", "");
    pair_exchange(pair);
    pair_close(pair);
    server_stop(server);
}
END_TEST

START_TEST(a_reload_changes_the_log_level)
{
    struct server *server = start_with_file(PATIENT);
    struct pair *pair = pair_open(server);

    reload(server, 0, PATIENT "verbose = on\n", "verbose");
    user_visit(server, 5, NULL);
    server_event(server, "connected", 0);
    server_event(server, "disconnected", 0);
    reload(server, 1, PATIENT, "verbose");
    user_visit(server, 5, NULL);
    pair_exchange(pair);
    pair_close(pair);
    server_signal(server, SIGTERM);
    ck_assert_int_eq(server_wait(server), 0);
    unsigned after = 0;
    bool reloaded_twice = false;

    for (unsigned i = 0, reloads = 0; server_line(server, i) != NULL; i++) {
        reloads += strstr(server_line(server, i), "\"event\":\"reloaded\"") != NULL;
        reloaded_twice = reloads == 2;
        after += reloaded_twice && strstr(server_line(server, i), "\"level\":\"debug\"") != NULL;
    }
    ck_assert(reloaded_twice);
    ck_assert_uint_eq(after, 0);
    server_free(server);
}
END_TEST

START_TEST(a_reload_changes_timeouts)
{
    struct server *server = start_with_file(PATIENT);
    struct pair *pair = pair_open(server);
    struct client *silent = client_connect(server);

    reload(server, 0, "hello-timeout = 1\n", "hello-timeout");
    struct client *later = client_connect(server);
    client_expect_error(silent, "hello_timeout"); /* it had waited for an hour's time-out */
    client_expect_error(later, "hello_timeout");
    client_close(silent);
    client_close(later);
    reload(server, 1, PATIENT, "hello-timeout");
    pair_exchange(pair);
    pair_close(pair);
    server_stop(server);
}
END_TEST

/* How often a client that logs in now is told to say something. */
static void
expect_heartbeats(struct server *server, unsigned tcp_s, unsigned udp_s)
{
    char *login = rpc_request("1", "login", "\"user_id\": 51"), words[64];
    struct client *client = client_connect(server);
    struct udp_client *address = udp_client_open(server);

    client_send(client, login);
    snprintf(words, sizeof words, "\"heartbeat\": %u}", tcp_s);
    ck_assert_ptr_nonnull(strstr(client_read_line(client), words));
    udp_client_send(address, login);
    snprintf(words, sizeof words, "\"heartbeat\": %u}", udp_s);
    ck_assert_ptr_nonnull(strstr(udp_client_receive(address, "an answer"), words));
    udp_client_send(address, "{\"jsonrpc\": \"2.0\", \"method\": \"logout\"}");
    udp_client_probe(address);
    udp_client_close(address);
    client_close(client);
    free(login);
}

START_TEST(a_reload_changes_everything_that_is_live)
{
    struct server *server = start_with_file(PATIENT);
    struct pair *pair = pair_open(server);
    struct client *begun = client_connect(server), *large = client_connect(server);
    char text[1200];

    expect_heartbeats(server, 30, 10);
    client_send(begun, "{\"user_id\": ");
    config_write(
        "port = 0\nworkers = 3\nverbose = on\nhello-timeout = 3601\nmessage-timeout = 1\npeer-timeout = 100\nudp-timeout = 60\nstop-timeout = 4\n"
        "offline-grace = 1s\ndrain-time = 31\nmax-friends = 500\nmax-message = 1K\nmax-unfinished = 2M\nmax-nesting = 5\nmax-sessions = "
        "50\nmax-udp-sessions = "
        "1\nqueue-limit = 77\n");
    server_signal(server, SIGHUP);
    ck_assert_ptr_nonnull(strstr(server_event(server, "reloaded", 0),
        "\"changed\":\"verbose hello-timeout message-timeout peer-timeout udp-timeout stop-timeout offline-grace drain-time max-friends max-message "
        "max-unfinished "
        "max-nesting "
        "max-sessions max-udp-sessions queue-limit\""));
    client_expect_error(begun, "message_timeout"); /* it had an hour */
    client_close(begun);
    memset(text, ' ', sizeof text);
    text[0] = '{';
    client_send_bytes(large, text, sizeof text);
    client_expect_error(large, "too_large");
    client_close(large);
    expect_heartbeats(server, 50, 20);
    struct udp_client *first = udp_client_enter(server, 52, ""), *second = udp_client_open(server);
    udp_client_hello(second, 53, "1, 2, 3, 5, 6, 7, 8, 9, 10"); /* long enough for an answer */
    udp_client_expect_error(second, "server_full");
    udp_client_close(first);
    udp_client_close(second);
    pair_exchange(pair);
    pair_close(pair);
    server_stop(server);
}
END_TEST

START_TEST(a_reload_changes_how_many_are_served)
{
    struct server *server = start_with_file(PATIENT);
    struct pair *pair = pair_open(server);

    reload(server, 0, PATIENT "max-sessions = 1\n", "max-sessions");
    struct client *client = client_connect(server);
    client_expect_error(client, "server_full");
    client_close(client);
    reload(server, 1, PATIENT, "max-sessions");
    pair_exchange(pair);
    pair_close(pair);
    server_stop(server);
}
END_TEST

START_TEST(a_wrong_file_leaves_everything)
{
    struct server *server = start_with_file(PATIENT "max-friends = 10\n");
    struct pair *pair = pair_open(server);
    char words[256];
    size_t count = sizeof mistakes / sizeof mistakes[0];

    for (unsigned i = 0; i <= count; i++) {
        if (i < count)
            config_write(mistakes[i].text);
        else
            unlink(path);
        server_signal(server, SIGHUP);
        const char *line = server_event(server, "reload_failed", i);
        snprintf(words, sizeof words, i < count ? "\"message\":\"%s%.20s" : "\"message\":\"--config '%s' cannot be opened%s", path,
            i < count ? mistakes[i].words : "");
        ck_assert_msg(strstr(line, words) != NULL && strstr(line, "\"level\":\"error\"") != NULL, "%s lacks %s", line, words);
    }
    struct client *client = client_connect(server);
    client_send(client, "{\"user_id\": 91, \"friends\": [" ELEVEN "]}");
    client_expect_error(client, "too_many_friends");
    client_close(client);
    pair_exchange(pair);
    pair_close(pair);
    server_signal(server, SIGTERM);
    ck_assert_int_eq(server_wait(server), 0);
    for (unsigned i = 0; server_line(server, i) != NULL; i++)
        ck_assert_ptr_null(strstr(server_line(server, i), "\"event\":\"reloaded\""));
    server_free(server);
}
END_TEST

START_TEST(what_needs_a_restart_is_named)
{
    static const char *const needing[][3] = {{"port", "0", "4711"}, {"bind", "localhost", "127.0.0.3"}, {"workers", "3", "5"}, {"udp", "on", "off"}};
    struct server *server = start_with_file(PATIENT);
    struct pair *pair = pair_open(server);
    char words[256];

    for (unsigned again = 0; again < 2; again++) {
        config_write("port = 4711\nbind = 127.0.0.3\nworkers = 5\nudp = no\nhello-timeout = 3600\nmessage-timeout = 3600\nmax-friends = 9\n");
        server_signal(server, SIGHUP);
        for (unsigned i = 0; i < 4; i++) {
            const char *line = server_event(server, "restart_needed", again * 4 + i);

            snprintf(words, sizeof words, "\"level\":\"warn\",\"event\":\"restart_needed\",\"option\":\"%s\",\"runs_with\":\"%s\",\"wanted\":\"%s\",",
                needing[i][0], needing[i][1], needing[i][2]);
            ck_assert_msg(strstr(line, words) != NULL, "%s lacks %s", line, words);
        }
        ck_assert_ptr_nonnull(strstr(server_event(server, "reloaded", again), again == 0 ? "\"changed\":\"max-friends\"" : "\"changed\":\"\""));
    }
    pair_exchange(pair);
    pair_close(pair);
    server_stop(server);
}
END_TEST

/* Flags and variables go over the new file as they went over the old one. */
START_TEST(what_goes_over_the_file_does_so_in_a_reload)
{
    config_write("max-friends = 1\n");
    char flags[128];
    snprintf(flags, sizeof flags, "--config %s --max-friends 2", path);
    struct server *server = server_start_under("", flags);

    config_write("max-friends = 5\nqueue-limit = 99\n");
    server_signal(server, SIGHUP);
    ck_assert_ptr_nonnull(strstr(server_event(server, "reloaded", 0), "\"changed\":\"queue-limit\""));
    server_stop(server);
}
END_TEST

/* Without a file there is nothing to change. */
START_TEST(a_reload_without_a_file_is_none)
{
    struct server *server = server_start("--workers 3");
    struct pair *pair = pair_open(server);

    server_signal(server, SIGHUP);
    ck_assert_ptr_nonnull(strstr(server_event(server, "reloaded", 0), "\"changed\":\"\""));
    pair_exchange(pair);
    pair_close(pair);
    server_stop(server);
}
END_TEST

/* Workers change over while they are busy; what was there is freed each time. */
START_TEST(many_reloads_under_traffic)
{
    enum { RELOADS = 18 }; /* the log tells no more of one event in a second */
    struct server *server = start_with_file(PATIENT);
    struct pair *pair = pair_open(server);

    for (unsigned i = 0; i < RELOADS; i++) {
        reload(server, i, i % 2 == 0 ? "hello-timeout = 60\nmax-friends = 7\nudp-timeout = 10\n" : PATIENT "max-message = 64K\n",
            i == 0 ? "hello-timeout udp-timeout max-friends" : "hello-timeout udp-timeout max-friends max-message");
        user_visit(server, 5, "6, 7");
        pair_exchange(pair);
    }
    pair_close(pair);
    server_stop(server);
}
END_TEST

static void
set_up(void)
{
    strcpy(path, "/tmp/alo-config-XXXXXX");
    close(mkstemp(path));
}

static void
tear_down(void)
{
    unlink(path);
}

int
main(void)
{
    Suite *suite = suite_create("config");
    TCase *tests = tcase_create("config");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_flag_over_a_variable_over_the_file_over_the_default);
    tcase_add_test(tests, what_is_printed_is_a_configuration_file);
    tcase_add_test(tests, a_configuration_can_be_checked);
    tcase_add_test(tests, a_token_file_is_looked_at_by_a_check);
    tcase_add_loop_test(tests, each_mistake_is_one_sentence_and_exit_status_2, 0, sizeof mistakes / sizeof mistakes[0]);
    tcase_add_test(tests, a_file_that_is_not_there_is_exit_status_2);
    tcase_add_test(tests, a_server_takes_all_from_a_file);
    tcase_add_test(tests, a_reload_changes_limits_under_a_session_that_stays);
    tcase_add_test(tests, a_reload_changes_the_log_level);
    tcase_add_test(tests, a_reload_changes_timeouts);
    tcase_add_test(tests, a_reload_changes_everything_that_is_live);
    tcase_add_test(tests, a_reload_changes_how_many_are_served);
    tcase_add_test(tests, a_wrong_file_leaves_everything);
    tcase_add_test(tests, what_needs_a_restart_is_named);
    tcase_add_test(tests, what_goes_over_the_file_does_so_in_a_reload);
    tcase_add_test(tests, a_reload_without_a_file_is_none);
    tcase_add_test(tests, many_reloads_under_traffic);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
