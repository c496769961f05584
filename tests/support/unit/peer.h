/* SPDX-License-Identifier: MIT
 *
 * The client's end of a TCP connection, as a plain descriptor: what it sends, and what it must read. Every wait ends with its event or, much
 * later, with the failure of the test, which names the line that waited.
 */
#ifndef SUPPORT_UNIT_PEER_H
#define SUPPORT_UNIT_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Connects to a port of 127.0.0.1. */
int peer_connect(uint16_t port);
/* The same, with little room for what the server writes and this end does not read. */
int peer_connect_narrow(uint16_t port);

/* Sends all of it. */
void peer_send(int peer, const char *text);
/* Sends until everything was sent or the other end has closed; returns how much was sent. */
size_t peer_send_bytes(int peer, const void *bytes, size_t length);

/* The next bytes are exactly this text. */
#define peer_expect(peer, text) peer_expect_at((peer), (text), __FILE__, __LINE__)
void peer_expect_at(int peer, const char *text, const char *file, int line);
/* The next bytes begin with this text; reads the line to its end. */
#define peer_expect_line(peer, beginning) peer_expect_line_at((peer), (beginning), __FILE__, __LINE__)
void peer_expect_line_at(int peer, const char *beginning, const char *file, int line);
/* The input ends in order, with nothing before the end. */
#define peer_expect_end(peer) peer_expect_end_at((peer), __FILE__, __LINE__)
void peer_expect_end_at(int peer, const char *file, int line);
/* The connection is over, in order or not, whatever is still read before. */
#define peer_expect_over(peer) peer_expect_over_at((peer), __FILE__, __LINE__)
void peer_expect_over_at(int peer, const char *file, int line);

/* Reads the next line with its '\n', of at most size - 1 bytes; false at the end of input or after a reset. */
#define peer_read_line(peer, line_text, size) peer_read_line_at((peer), (line_text), (size), __FILE__, __LINE__)
bool peer_read_line_at(int peer, char *text, size_t size, const char *file, int line);

/* Is there anything to read now, or the end? Does not wait. */
bool peer_has_input(int peer);
/* Waits until one of the descriptors is readable; returns its index. */
#define peer_wait_any(peers, count) peer_wait_any_at((peers), (count), __FILE__, __LINE__)
int peer_wait_any_at(const int *peers, int count, const char *file, int line);

void peer_half_close(int peer);
void peer_close(int peer);
/* Closes so that the other end is told of a reset. */
void peer_reset(int peer);

#endif
