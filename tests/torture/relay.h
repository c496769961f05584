/* SPDX-License-Identifier: MIT
 *
 * The nearest thing to a bad link where there is none: a thread that stands between users and the server and passes on what they say to each other. It does
 * so late; what a network would have lost it holds back for as long as the sender would take to send it again; and a cut resets all connections.
 */
#ifndef TORTURE_RELAY_H
#define TORTURE_RELAY_H

#include <stdint.h>

struct relay;
struct link_weather;
struct link_books;

/* Listens on a free port of 127.0.0.1 and passes on to that port of the server. */
struct relay *relay_new(uint64_t seed, uint16_t server_port);
void relay_free(struct relay *relay);

uint16_t relay_port(const struct relay *relay);
void relay_set(struct relay *relay, const struct link_weather *weather);
struct link_books relay_books(const struct relay *relay);

#endif
