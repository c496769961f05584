/* SPDX-License-Identifier: MIT */
#include "support/http.h"

#include "support/pace.h"

#include <arpa/inet.h>
#include <check.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST_BYTES = 64 << 10, PIECE = 4096 };

int
http_connect(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(descriptor, 0);
    ck_assert_int_eq(connect(descriptor, (struct sockaddr *)&address, sizeof address), 0);
    return descriptor;
}

struct http_answer
http_read(int descriptor)
{
    struct http_answer answer = {.head = strdup(""), .body = strdup("")};
    int64_t deadline = pace_deadline_ms();
    char *text = calloc(1, PIECE + 1);
    size_t length = 0;
    ssize_t more = 1;

    while (more > 0) {
        struct pollfd readable = {.fd = descriptor, .events = POLLIN};

        ck_assert_msg(poll(&readable, 1, (int)pace_left_ms(deadline)) > 0, "no end of the answer after: %s", text);
        more = recv(descriptor, text + length, PIECE, 0);
        length += more > 0 ? (size_t)more : 0;
        text = realloc(text, length + PIECE + 1);
        ck_assert_ptr_nonnull(text);
        text[length] = '\0';
    }
    close(descriptor);
    char *end = strstr(text, "\r\n\r\n");
    if (end != NULL) {
        free(answer.head);
        free(answer.body);
        *end = '\0';
        answer = (struct http_answer){.head = strdup(text), .body = strdup(end + 4)};
        ck_assert_int_eq(sscanf(text, "HTTP/1.%*d %d", &answer.status), 1);
    }
    free(text);
    return answer;
}

struct http_answer
http_ask(uint16_t port, const char *request, ...)
{
    char *text = malloc(REQUEST_BYTES);
    int descriptor = http_connect(port);
    va_list arguments;

    ck_assert_ptr_nonnull(text);
    va_start(arguments, request);
    int length = vsnprintf(text, REQUEST_BYTES, request, arguments);
    va_end(arguments);
    ck_assert_int_lt(length, REQUEST_BYTES);
    ck_assert_int_eq(send(descriptor, text, (size_t)length, MSG_NOSIGNAL), length);
    free(text);
    return http_read(descriptor);
}

struct http_answer
http_get(uint16_t port, const char *path)
{
    return http_ask(port, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
}

void
http_answer_done(struct http_answer *answer)
{
    free(answer->head);
    free(answer->body);
    *answer = (struct http_answer){0};
}
