/* SPDX-License-Identifier: MIT
 *
 * One HTTP request to the admin interface, and its whole answer.
 */
#ifndef SUPPORT_HTTP_H
#define SUPPORT_HTTP_H

#include <stdint.h>

struct http_answer {
    int status;
    char *head; /* the status line and the header, without the empty line */
    char *body;
};

/* Sends these bytes, as made by printf, to the port on 127.0.0.1 and reads to the end of the connection. Status 0: that came without an answer. */
struct http_answer http_ask(uint16_t port, const char *request, ...) __attribute__((format(printf, 2, 3)));
/* A GET of a path. */
struct http_answer http_get(uint16_t port, const char *path);
void http_answer_done(struct http_answer *answer);

/* A connection to the port, on which nothing has been said. */
int http_connect(uint16_t port);
/* Reads to the end of the connection and closes it. */
struct http_answer http_read(int descriptor);

#endif
