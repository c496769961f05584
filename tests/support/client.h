/* SPDX-License-Identifier: MIT
 *
 * One TCP connection to the server, and what a client program can do with it, good or bad. What is expected is compared byte
 * for byte, in the order of the stream. Every wait ends with its event; one that takes too long fails the test and names the
 * place in the test that waited.
 *
 * A client knows nothing of users; support/session.h does, and can also prove that nothing was said.
 */
#ifndef SUPPORT_CLIENT_H
#define SUPPORT_CLIENT_H

#include "support/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ONLINE "{\"online\": true}\n"
#define OFFLINE "{\"online\": false}\n"

struct client {
    int socket;
    bool ended;    /* the server has closed: nothing more to read */
    int end_error; /* how: 0 for an orderly end, else the errno of reading */
    char *bytes;   /* read and not looked at yet: bytes[start..length) */
    size_t start, length, room;
};

struct client_options {
    const char *address; /* numeric, IPv4 or IPv6, or unix:/path; NULL is 127.0.0.1 */
    const char *source;  /* where to connect from; NULL lets the kernel choose */
    bool small_buffers;  /* as little as possible fits between a server that writes and this client that does not read */
    bool at_once;        /* returns before it is connected; until then nothing is taken (client_send_now), and a failure is the stream's end */
};

/* Connects and returns it, or fails the test. */
struct client *client_connect(const struct server *server);
struct client *client_connect_with(const struct server *server, const struct client_options *options);
/* The same from this address. */
struct client *client_connect_from(const struct server *server, const char *source);

/* Sends all of it. The `try` form stops where the server has closed and says how much was sent. */
void client_send(struct client *client, const char *text);
void client_send_bytes(struct client *client, const void *bytes, size_t length);
size_t client_try_send(struct client *client, const void *bytes, size_t length);

/* Sends what fits without waiting; 0 when nothing does, -1 when the server has closed. */
ssize_t client_send_now(struct client *client, const void *bytes, size_t length);

/* Sends in pieces of so many bytes, each by itself. */
void client_send_pieces(struct client *client, const char *text, size_t piece);

/* {"user_id": user, "friends": [friends]}; without the key when friends is NULL. */
void client_hello(struct client *client, int64_t user, const char *friends);

/* {"user_id": user, "online": false} */
void client_goodbye(struct client *client, int64_t user);

/* No more will be sent. */
void client_half_close(struct client *client);

/* The next bytes of the stream are exactly this text. */
#define client_expect(client, text) client_expect_at((client), (text), __func__, __LINE__)
void client_expect_at(struct client *client, const char *text, const char *function, int line);

/* The next line is an error with this code, in the exact shape, with a sentence; after it the stream ends. */
#define client_expect_error(client, code) client_expect_error_at((client), (code), __func__, __LINE__)
void client_expect_error_at(struct client *client, const char *code, const char *function, int line);

/* Only the line; what follows is the test's to look at. */
#define client_expect_error_line(client, code) client_expect_error_line_at((client), (code), __func__, __LINE__)
void client_expect_error_line_at(struct client *client, const char *code, const char *function, int line);

/* The stream ends, and nothing more was said. */
#define client_expect_end(client) client_expect_end_at((client), __func__, __LINE__)
void client_expect_end_at(struct client *client, const char *function, int line);

/* The stream ends; returns all that was said before as text, until the client's next use. */
#define client_read_to_end(client) client_read_to_end_at((client), __func__, __LINE__)
const char *client_read_to_end_at(struct client *client, const char *function, int line);

/* The next line with its '\n', waiting for it, or NULL at the end of the stream; valid until the client's next use. */
#define client_read_line(client) client_read_line_at((client), __func__, __LINE__)
const char *client_read_line_at(struct client *client, const char *function, int line);

/* The same without waiting: NULL when not all of the line has arrived. */
const char *client_line_now(struct client *client);

/* Takes in what has arrived, without waiting. Returns false when there is nothing to look at and the stream has not ended. */
bool client_poll(struct client *client);

/* Waits up to so long until there is something to look at, or the end. */
bool client_wait(struct client *client, int timeout_ms);

/* Takes in more than has arrived so far, waiting up to so long for it, or for the end; false when nothing came. */
bool client_more(struct client *client, int timeout_ms);

/* Closes, in order or with a reset, and frees. NULL is left alone. */
void client_close(struct client *client);
void client_reset(struct client *client);

#endif
