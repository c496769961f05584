/* SPDX-License-Identifier: MIT
 *
 * Whatever clients, proxies and operators send, wherever it lands in the log: each line stays one JSON object, nobody adds one of their own or a
 * field, and nothing in it steers the terminal that shows it. (The escaping itself is specified in tests/unit/base/test_log_line.c.)
 */
#include "support/client.h"
#include "support/http.h"
#include "support/pace.h"
#include "support/udp_client.h"
#include "support/unit.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FORGED "{\"time\":\"2026-01-01T00:00:00.000Z\",\"level\":\"error\",\"event\":\"forged\"}"

/* What is tried, as bytes and as the JSON string that stands for it where there is one. */
static const struct {
    const char *bytes;
    const char *json;
} tricks[] = {
    {"\n" FORGED "\n", "\\n{\\\"level\\\":\\\"error\\\",\\\"event\\\":\\\"forged\\\"}\\n"},
    {"\r" FORGED "\r", "\\r{\\\"event\\\":\\\"forged\\\"}"},
    {"\",\"event\":\"forged\",\"x\":\"", "\\\",\\\"event\\\":\\\"forged\\\",\\\"x\\\":\\\""},
    {"\\\",\"event\":\"forged\"}", "\\\\\\\",\\\"event\\\":\\\"forged\\\"}"},
    {"\x1b[2J\x07\x7f", "\\u001b[2J\\u0007\\u007f"},
    {"\xc2\x9b"
     "31m",
        "\xc2\x9b"
        "31m"},
    {"\xe2\x80\xa8\xe2\x80\xae\xef\xbb\xbf", "\xe2\x80\xa8\\u202e\xef\xbb\xbf"},
    {"\xff\xfe\xc0\xaf\xed\xa0\x80\xf8", "\\ud800"},
    {"%s%n%1000000d", "%s%n%1000000d"},
};

static char directory[] = "/tmp/alo-log-XXXXXX";
static char address[64];

/* Sends what follows one after another from a client of its own, and reads until the server has closed. */
static void
say(const struct server *server, const char *to, const char *before, const char *trick, const char *after)
{
    struct client *client = client_connect_with(server, &(struct client_options){.address = to});
    char text[1024];
    int length = snprintf(text, sizeof text, "%s%s%s", before, trick, after);

    (void)client_try_send(client, text, (size_t)length);
    client_half_close(client);
    (void)client_read_to_end(client);
    client_close(client);
}

/* One JSON object, whose event is one of ours, without a byte that does something to a terminal. */
static void
check_line(const char *line)
{
    json_error_t error;
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &error);

    ck_assert_msg(json_is_object(object), "%s: %s", error.text, line);
    ck_assert_msg(json_is_string(json_object_get(object, "time")), "%s", line);
    ck_assert_msg(json_is_string(json_object_get(object, "event")), "%s", line);
    ck_assert_str_ne(json_string_value(json_object_get(object, "event")), "forged");
    json_decref(object);
    for (const unsigned char *at = (const unsigned char *)line; *at != '\0'; at++) {
        ck_assert_msg(*at >= 0x20 && *at != 0x7f, "%s", line);
        ck_assert_msg(!(at[0] == 0xc2 && at[1] < 0xa0), "%s", line);
        ck_assert_msg(!(at[0] == 0xe2 && at[1] == 0x80 && at[2] >= 0xa8 && at[2] <= 0xae), "%s", line);
        ck_assert_msg(!(at[0] == 0xef && at[1] == 0xbb && at[2] == 0xbf), "%s", line);
    }
}

/* Stops the server and looks at all that it has logged. */
static void
check_log(struct server *server)
{
    const char *line;
    unsigned count = 0;

    server_signal(server, SIGTERM);
    ck_assert_int_eq(server_wait(server), 0);
    for (; (line = server_line(server, count)) != NULL; count++)
        check_line(line);
    ck_assert_uint_gt(count, 3);
    server_free(server);
}

/* Ids, statuses, methods, keys, headers of proxies, requests of operators, datagrams, and bytes that are nothing at all. */
START_TEST(clients_cannot_write_lines)
{
    const char *bytes = tricks[_i].bytes, *json = tricks[_i].json;
    struct server *server;

    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(address, sizeof address, "unix:%s/s", directory);
    server = server_start("--verbose --admin-port 0 --proxy-protocol unix --listen %s", address);
    say(server, NULL, "", bytes, "");
    say(server, NULL, "{\"user_id\": \"", bytes, "\"}");
    say(server, NULL, "{\"user_id\": \"", json, "\"}");
    say(server, NULL, "{\"user_id\": 1, \"", json, "\": 1, \"friends\": 2}");
    say(server, NULL, "{\"user_id\": 1, \"friends\": [", bytes, "]}");
    say(server, NULL, "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"", json, "\"}");
    say(server, NULL, "{\"jsonrpc\": \"2.0\", \"id\": \"", json, "\", \"method\": \"login\", \"params\": {}}");
    say(server, NULL, "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"login\", \"params\": {\"user_id\": \"", json, "\"}}");
    say(server, NULL, "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"login\", \"params\": {\"user_id\": 1, \"", json, "\": 1, \"status\": 2}}");
    say(server, NULL, "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"login\", \"params\": {\"user_id\": 1, \"status\": \"", bytes, "\"}}");
    say(server, address, "PROXY TCP4 ", bytes, " 192.0.2.1 1 2\r\n");
    say(server, address, "PROXY ", bytes, "\r\n");
    say(server, address, "", bytes, "");

    struct udp_client *udp = udp_client_open(server);
    char text[512];

    snprintf(text, sizeof text, "{\"user_id\": \"%s\", \"%0200d\": 1}", json, 0);
    udp_client_send(udp, text);
    if (strcmp(json, "\\ud800") != 0)
        (void)udp_client_expect_error(udp, "bad_message");
    else
        udp_client_probe(udp); /* no JSON, so no answer */
    udp_client_close(udp);
    struct http_answer answer =
        http_ask((uint16_t)server_event_number(server, "listening", 0, "admin_port"), "GET /api/v1/users/%s HTTP/1.1\r\nX: %s\r\n\r\n", bytes, bytes);
    http_answer_done(&answer);
    check_log(server);
    ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

/* Nor can the name of a configuration file, as far as it may be one, or what stands in it. */
START_TEST(files_cannot_either)
{
    char path[256];
    FILE *file;
    struct server *server;

    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/\",\"event\":\"forged\"}\\\xe2\x80\xae", directory);
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fclose(file);
    server = server_start("--verbose --config %s", path);
    server_signal(server, SIGHUP);
    (void)server_event(server, "reloaded", 0);
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "max-%s = 1\n", tricks[_i].bytes);
    fclose(file);
    server_signal(server, SIGHUP);
    (void)server_event(server, "reload_failed", 0);
    check_log(server);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("log_injection");
    TCase *tests = tcase_create("log_injection");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_loop_test(tests, clients_cannot_write_lines, 0, sizeof tricks / sizeof tricks[0]);
    tcase_add_loop_test(tests, files_cannot_either, 0, sizeof tricks / sizeof tricks[0]);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
