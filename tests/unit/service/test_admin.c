/* SPDX-License-Identifier: MIT
 *
 * The admin interface by itself: what it answers, to whom it does not, and how long it waits for anybody.
 */
#include "service/admin.h"

#include "support/faults.h"
#include "support/http.h"
#include "support/pace.h"
#include "support/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

static _Atomic bool ready;
static _Atomic int metrics_bytes;
static uint16_t port;
static struct admin *admin;

static bool
is_ready(void *context)
{
    ck_assert_ptr_eq(context, &ready);
    return ready;
}

static void
write_metrics(void *context, struct buffer *out)
{
    (void)context;
    for (int i = 0; i < metrics_bytes; i++)
        buffer_append(out, i % 64 == 63 ? "\n" : "m", 1);
}

/* Requests to /api/later are answered when `answers` is written to; /api/never is not. */
static struct admin_request *asked;
static _Atomic int given_up;
static int answers = -1;

static enum admin_outcome
ask(void *context, struct admin_request *request)
{
    (void)context;
    if (strcmp(request->path, "/api/now") == 0) {
        const char *word = admin_argument(request, "word");

        buffer_format(&request->body, "%s %s\n", request->is_post ? "done" : "told", word == NULL ? "nothing" : word);
        return ADMIN_ANSWERED;
    }
    if (strcmp(request->path, "/api/never") == 0)
        return ADMIN_LATER;
    if (strcmp(request->path, "/api/later") != 0)
        return ADMIN_UNKNOWN;
    asked = request;
    ck_assert_int_eq(eventfd_write(answers, 1), 0);
    return ADMIN_LATER;
}

static void
collect(void *context)
{
    eventfd_t count;

    (void)context;
    ck_assert_int_eq(eventfd_read(answers, &count), 0);
    buffer_append_text(&asked->body, "at last\n");
    admin_answered(asked);
}

static void
give_up(void *context, struct admin_request *request)
{
    (void)context;
    buffer_append_text(&request->body, "half of it");
    given_up++;
}

static const struct admin_calls calls = {.is_ready = is_ready, .write_metrics = write_metrics, .ask = ask, .collect = collect, .give_up = give_up};

/* A listening socket; its port goes to `port`. */
static int
listener(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    ck_assert_int_eq(bind(descriptor, (struct sockaddr *)&address, length), 0);
    ck_assert_int_eq(listen(descriptor, 64), 0);
    ck_assert_int_eq(getsockname(descriptor, (struct sockaddr *)&address, &length), 0);
    port = ntohs(address.sin_port);
    return descriptor;
}

static struct admin_config
config_for(uint32_t connection_ms)
{
    answers = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return (struct admin_config){
        .listeners = {listener()}, .listener_count = 1, .answers = answers, .connection_ms = connection_ms, .calls = &calls, .context = &ready};
}

static void
begin(uint32_t connection_ms)
{
    struct admin_config config = config_for(connection_ms);

    ready = true;
    metrics_bytes = 10;
    ck_assert_int_eq(admin_start(&config, &admin), 0);
}

static void
expect(struct http_answer answer, int status, const char *head, const char *body)
{
    ck_assert_msg(answer.status == status, "status %d, not %d: %s", answer.status, status, answer.body);
    ck_assert_msg(strstr(answer.head, head) != NULL, "\"%s\" is not in: %s", head, answer.head);
    ck_assert_msg(strstr(answer.body, body) != NULL, "\"%s\" is not in: %s", body, answer.body);
    http_answer_done(&answer);
}

START_TEST(it_says_whether_it_lives_and_is_ready)
{
    begin(0);
    expect(http_get(port, "/livez"), 200, "Connection: close", "ok\n");
    expect(http_get(port, "/readyz"), 200, "text/plain", "ready\n");
    ready = false;
    expect(http_get(port, "/readyz"), 503, "", "not ready\n");
    expect(http_get(port, "/livez"), 200, "", "ok\n");
    admin_stop(admin);
}
END_TEST

START_TEST(metrics_have_prometheus_type)
{
    begin(0);
    expect(http_get(port, "/metrics"), 200, "Content-Type: text/plain; version=0.0.4", "mmmmmmmmmm");
    metrics_bytes = 1 << 20; /* more than a socket takes at once */
    struct http_answer answer = http_get(port, "/metrics");
    ck_assert_uint_eq(strlen(answer.body), 1 << 20);
    http_answer_done(&answer);
    admin_stop(admin);
}
END_TEST

START_TEST(what_is_not_there_is_said)
{
    begin(0);
    expect(http_get(port, "/"), 200, "", "/metrics");
    expect(http_get(port, "/nothing"), 404, "", "there is no such page");
    expect(http_get(port, "/metrics/"), 404, "", "there is no such page");
    expect(http_ask(port, "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"), 405, "Allow: GET, HEAD", "only GET");
    expect(http_ask(port, "DELETE /api/now HTTP/1.1\r\nHost: x\r\n\r\n"), 405, "Allow: GET, HEAD, POST", "only GET, HEAD and POST");
    expect(http_ask(port, "HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n"), 200, "Content-Length: 3", "");
    admin_stop(admin);
}
END_TEST

/* What is no request is refused, and nobody else notices. */
START_TEST(junk_is_refused)
{
    static const char *const junk[] = {"\r\n\r\nhello\r\n\r\n", "{\"user_id\": 1}\n\n", "GET\r\n\r\n", "GET /livez HTTP/9.9\r\n\r\n"};
    char *long_name = malloc(40000);

    begin(0);
    for (size_t i = 0; i < sizeof junk / sizeof junk[0]; i++) {
        int descriptor = http_connect(port);

        ck_assert_int_gt(send(descriptor, junk[i], strlen(junk[i]), MSG_NOSIGNAL), 0);
        ck_assert_int_eq(shutdown(descriptor, SHUT_WR), 0);
        struct http_answer answer = http_read(descriptor);
        ck_assert_msg(answer.status != 200, "%s", junk[i]);
        http_answer_done(&answer);
    }
    memset(long_name, 'x', 39999);
    long_name[39999] = '\0';
    struct http_answer answer = http_ask(port, "GET /%s HTTP/1.1\r\n\r\n", long_name);
    ck_assert(answer.status == 0 || answer.status >= 400);
    http_answer_done(&answer);
    free(long_name);
    expect(http_get(port, "/livez"), 200, "", "ok\n");
    admin_stop(admin);
}
END_TEST

/* Who sends a byte now and then is cut off like who sends none: the time is that of the whole request. */
START_TEST(a_connection_has_so_much_time)
{
    enum { TIME_MS = 300 };
    const char *slow = "GET /livez HTTP/1.1\r\nX: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy";
    int64_t deadline = pace_deadline_ms();

    begin(TIME_MS);
    int silent = http_connect(port), trickling = http_connect(port);
    struct pollfd ended = {.fd = trickling, .events = POLLIN | POLLHUP};

    for (size_t at = 0; poll(&ended, 1, TIME_MS / 10) == 0; at++) {
        ck_assert_msg(pace_left_ms(deadline) > 0 && slow[at] != '\0', "it is not cut off");
        ck_assert(send(trickling, slow + at, 1, MSG_NOSIGNAL) == 1 || errno == EPIPE || errno == ECONNRESET);
    }
    struct http_answer answer = http_read(trickling);
    ck_assert_int_ne(answer.status, 200);
    http_answer_done(&answer);
    answer = http_read(silent);
    ck_assert_int_eq(answer.status, 0);
    http_answer_done(&answer);
    admin_stop(admin);
}
END_TEST

/* With as many connections as there may be, the next one waits until one has gone, and is served then. */
START_TEST(further_connections_wait)
{
    int held[ADMIN_CONNECTIONS_MAX];

    begin(3600 * 1000);
    for (int i = 0; i < ADMIN_CONNECTIONS_MAX; i++)
        held[i] = http_connect(port);
    int waiting = http_connect(port);
    const char *request = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
    ck_assert_int_gt(send(waiting, request, strlen(request), MSG_NOSIGNAL), 0);
    struct pollfd answered = {.fd = waiting, .events = POLLIN};
    ck_assert_int_eq(poll(&answered, 1, 200), 0);
    close(held[7]);
    expect(http_read(waiting), 200, "", "ok\n");
    for (int i = 0; i < ADMIN_CONNECTIONS_MAX; i++)
        if (i != 7)
            close(held[i]);
    expect(http_get(port, "/livez"), 200, "", "ok\n");
    admin_stop(admin);
}
END_TEST

/* Those who hold all places and say nothing keep nobody out for long: one of them makes room for who waits, the first that came. */
START_TEST(the_slow_make_room)
{
    enum { WAITING = 3 };
    int held[ADMIN_CONNECTIONS_MAX];

    begin(3600 * 1000);
    for (int i = 0; i < ADMIN_CONNECTIONS_MAX; i++) {
        held[i] = http_connect(port);
        if (i == 0)
            expect(http_get(port, "/livez"), 200, "", "ok\n"); /* the first one is in before the others come */
    }
    for (int i = 0; i < WAITING; i++)
        expect(http_get(port, "/livez"), 200, "", "ok\n");
    struct http_answer answer = http_read(held[0]);
    ck_assert_int_eq(answer.status, 0);
    http_answer_done(&answer);
    for (int i = 1; i < ADMIN_CONNECTIONS_MAX; i++)
        close(held[i]);
    admin_stop(admin);
}
END_TEST

/* A body is dropped, but not for ever. */
START_TEST(a_body_without_end_is_cut_off)
{
    static const char head[] = "POST /api/now HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n";
    static const char piece[4096];
    size_t sent = 0;

    begin(3600 * 1000);
    int descriptor = http_connect(port);
    ck_assert_int_gt(send(descriptor, head, sizeof head - 1, MSG_NOSIGNAL), 0);
    for (ssize_t more = 1; more > 0; sent += more > 0 ? (size_t)more : 0) {
        more = send(descriptor, piece, sizeof piece, MSG_NOSIGNAL);
        ck_assert_msg(sent < 64 << 20, "it takes all");
    }
    close(descriptor);
    expect(http_get(port, "/livez"), 200, "", "ok\n");
    admin_stop(admin);
}
END_TEST

static void
expect_post(const char *head, int status, const char *body)
{
    expect(http_ask(port, "POST /api/now?word=x HTTP/1.1\r\nHost: x\r\n%s\r\n", head), status, "", body);
}

START_TEST(what_is_done_takes_a_token)
{
    struct admin_config config = config_for(0);

    config.token = "0123456789abcdef";
    ck_assert_int_eq(admin_start(&config, &admin), 0);
    expect(http_get(port, "/api/now?word=a%20b"), 200, "", "told a b\n");
    expect(http_get(port, "/api/nothing"), 404, "", "there is no such page");
    expect_post("", 401, "this needs the token");
    expect_post("Authorization: Bearer 0123456789abcdef\r\n", 200, "done x\n");
    expect_post("Authorization: bearer 0123456789abcdef\r\n", 200, "done x\n");
    expect_post("Authorization: Bearer 0123456789abcdeF\r\n", 401, "this needs the token");
    expect_post("Authorization: Bearer 0123456789abcde\r\n", 401, "this needs the token");
    expect_post("Authorization: Bearer 0123456789abcdef0\r\n", 401, "this needs the token");
    expect_post("Authorization: Bearer 0123456789abcdef0123456789abcdef\r\n", 401, "this needs the token");
    expect_post("Authorization: Bearer \r\n", 401, "this needs the token");
    expect_post("Authorization: Basic 0123456789abcdef\r\n", 401, "this needs the token");
    expect(http_ask(port, "POST /api/now HTTP/1.1\r\nHost: x\r\n\r\n"), 401, "WWW-Authenticate: Bearer", "");
    admin_stop(admin);
}
END_TEST

START_TEST(without_a_token_nothing_is_done)
{
    begin(0);
    expect_post("Authorization: Bearer 0123456789abcdef\r\n", 403, "--admin-token-file");
    expect(http_get(port, "/api/now"), 200, "", "told nothing\n");
    admin_stop(admin);
}
END_TEST

/* Others may have to be asked first. Whoever gets no answer from them is told so; and a stop waits for nobody. */
START_TEST(an_answer_may_come_later_or_never)
{
    static const char request[] = "GET /api/never HTTP/1.1\r\nHost: x\r\n\r\n";

    begin(0);
    expect(http_get(port, "/api/later"), 200, "", "at last\n");
    int descriptor = http_connect(port);
    ck_assert_int_gt(send(descriptor, request, sizeof request - 1, MSG_NOSIGNAL), 0);
    expect(http_get(port, "/api/later"), 200, "", "at last\n");
    struct http_answer answer = http_read(descriptor);
    ck_assert_int_eq(answer.status, 503);
    ck_assert_str_eq(answer.body, "the workers have not answered in time\n");
    http_answer_done(&answer);
    ck_assert_int_eq(given_up, 1);

    descriptor = http_connect(port);
    ck_assert_int_gt(send(descriptor, request, sizeof request - 1, MSG_NOSIGNAL), 0);
    expect(http_get(port, "/api/later"), 200, "", "at last\n"); /* it has come to that */
    admin_stop(admin);
    ck_assert_int_eq(given_up, 2);
    close(descriptor);
}
END_TEST

START_TEST(it_stops_while_somebody_is_connected)
{
    begin(0);
    int descriptor = http_connect(port);
    expect(http_get(port, "/livez"), 200, "", "ok\n");
    admin_stop(admin);
    struct http_answer answer = http_read(descriptor);
    ck_assert_int_eq(answer.status, 0);
    http_answer_done(&answer);
    admin_stop(NULL);
}
END_TEST

START_TEST(without_a_thread_it_does_not_start)
{
    struct admin_config config = config_for(0);

    faults_thread(1);
    ck_assert_int_eq(admin_start(&config, &admin), -EAGAIN);
    faults_thread(0);
    ck_assert(fcntl(config.listeners[0], F_GETFD) < 0 && errno == EBADF);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("admin");
    TCase *tests = tcase_create("admin");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, it_says_whether_it_lives_and_is_ready);
    tcase_add_test(tests, metrics_have_prometheus_type);
    tcase_add_test(tests, what_is_not_there_is_said);
    tcase_add_test(tests, junk_is_refused);
    tcase_add_test(tests, a_connection_has_so_much_time);
    tcase_add_test(tests, further_connections_wait);
    tcase_add_test(tests, the_slow_make_room);
    tcase_add_test(tests, a_body_without_end_is_cut_off);
    tcase_add_test(tests, what_is_done_takes_a_token);
    tcase_add_test(tests, without_a_token_nothing_is_done);
    tcase_add_test(tests, an_answer_may_come_later_or_never);
    tcase_add_test(tests, it_stops_while_somebody_is_connected);
    tcase_add_test(tests, without_a_thread_it_does_not_start);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
