/* SPDX-License-Identifier: MIT
 *
 * Very many clients that talk in datagrams, each from an address of its own: a few sockets, and 127.0.0.0/8 has 16 million addresses for
 * each of them. Nothing is sent faster than the server reads it: after every so many datagrams some strangers ask something that is wrong, and their
 * answers say that what was sent before has been read. It does not say that it was carried out (see load/census.h): a server that is full
 * may have no room for saying so in a datagram. Where it does, that ends the program.
 */
#ifndef LOAD_ADDRESS_CROWD_H
#define LOAD_ADDRESS_CROWD_H

#include "load/target.h"

#include <stddef.h>
#include <stdint.h>

struct address_crowd;

/* A crowd of clients 0 to size - 1; the target is on the loopback. */
struct address_crowd *address_crowd_new(uint32_t size, const struct target *target);
void address_crowd_free(struct address_crowd *crowd);

/* Sends a datagram from a client, of at most ADDRESS_CROWD_TEXT bytes, sooner or later. */
enum { ADDRESS_CROWD_TEXT = 512 };
void address_crowd_say(struct address_crowd *crowd, uint32_t client, const char *text, size_t length);
/* All that was said has been read by the server. */
void address_crowd_settle(struct address_crowd *crowd);
/* How many departures have been told so far, to anybody. */
uint64_t address_crowd_departures(struct address_crowd *crowd);

#endif
