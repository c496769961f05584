/* SPDX-License-Identifier: MIT
 *
 * A client that talks in datagrams: one socket with one address, connected to the server so that nobody else's datagrams come in. And a host: one
 * socket that talks from as many addresses of 127.0.0.0/8 as a test likes, each of which is a session of its own.
 *
 * Every wait ends with its event; one that takes too long fails the test and names the place in the test that waited. That nothing was said
 * is proved by asking for something that is answered after it (udp_client_probe) or is news after it (udp_client_fence).
 */
#ifndef SUPPORT_UDP_CLIENT_H
#define SUPPORT_UDP_CLIENT_H

#include "support/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UDP_ANSWER_FACTOR = 3, UDP_ERROR_BYTES_MAX = 512 };

struct udp_client {
    int socket;
    const struct server *server;
};

/* From 127.0.0.1 to 127.0.0.1. */
struct udp_client *udp_client_open(const struct server *server);
/* To this address, from this address and port (NULL and 0: the kernel chooses). */
struct udp_client *udp_client_open_at(const struct server *server, const char *address, const char *source, uint16_t source_port);
void udp_client_close(struct udp_client *client);
/* The port that it talks from. */
uint16_t udp_client_port(const struct udp_client *client);

/* Sends one datagram. */
void udp_client_send(struct udp_client *client, const char *text);
void udp_client_send_bytes(struct udp_client *client, const void *bytes, size_t length);
/* {"user_id": user, "friends": [friends]}; without the key when friends is NULL. */
void udp_client_hello(struct udp_client *client, int64_t user, const char *friends);
/* {"user_id": user, "online": false} */
void udp_client_goodbye(struct udp_client *client, int64_t user);

/* The next datagram as text, valid until the next one is received. `what` is said where none comes. */
#define udp_client_receive(client, what) udp_client_receive_at((client), (what), __func__, __LINE__)
const char *udp_client_receive_at(struct udp_client *client, const char *what, const char *function, int line);
/* The next datagram is exactly this. */
#define udp_client_expect(client, text) udp_client_expect_at((client), (text), __func__, __LINE__)
void udp_client_expect_at(struct udp_client *client, const char *text, const char *function, int line);
/* The next datagram is an error with this code, in the exact shape, with a sentence. Returns its length. */
#define udp_client_expect_error(client, code) udp_client_expect_error_at((client), (code), __func__, __LINE__)
size_t udp_client_expect_error_at(struct udp_client *client, const char *code, const char *function, int line);

/* Everything sent so far has been looked at, and nothing was said: sends a wrong object, whose error is the next that comes. */
#define udp_client_probe(client) udp_client_probe_at((client), __func__, __LINE__)
void udp_client_probe_at(struct udp_client *client, const char *function, int line);
/* Nothing was said because of anything that happened before: a user whom the client lists, and nobody else has, comes and goes. */
#define udp_client_fence(client, beacon) udp_client_fence_at((client), (beacon), __func__, __LINE__)
void udp_client_fence_at(struct udp_client *client, int64_t beacon, const char *function, int line);

/* Says hello and returns when the list is in force; no news may come meanwhile. */
struct udp_client *udp_client_enter(const struct server *server, int64_t user, const char *friends);

/* Is there a datagram now? Does not wait. False as well when the server's port is closed. */
bool udp_client_has_input(struct udp_client *client);
/* Waits until the kernel says that nobody listens on the server's port. */
void udp_client_expect_nobody(struct udp_client *client);

struct udp_host {
    int socket;
    const struct server *server;
};

void udp_host_open(struct udp_host *host, const struct server *server);
void udp_host_close(struct udp_host *host);
/* Sends a datagram from address number `which`, 0 to 16 million. */
void udp_host_send(struct udp_host *host, uint32_t which, const char *text);
/* Receives one for any of the addresses, waiting for it; returns which, and the text, cut to size. */
uint32_t udp_host_receive(struct udp_host *host, char *text, size_t size);

#endif
