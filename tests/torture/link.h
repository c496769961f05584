/* SPDX-License-Identifier: MIT
 *
 * A link that is as bad as one likes, and the places at its ends. The test enters a network namespace of its own (and a user namespace where it is not
 * root), where the server runs and most users are on loopback; a second namespace is far away. Between them is a link made of two TUN devices and a
 * thread that carries packets from one to the other. Kernels with netem lose, delay and double packets by that; for others the thread does it, so that both
 * ends see the same. All of it is gone with the process, and nothing has a name outside.
 */
#ifndef TORTURE_LINK_H
#define TORTURE_LINK_H

#include "torture/talk.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINK_NEAR_ADDRESS "10.213.7.1"
#define LINK_FAR_ADDRESS "10.213.7.2"

struct link;

struct link_weather {
    unsigned loss_percent, doubled_percent;
    unsigned delay_ms, jitter_ms; /* each packet is late by delay, and at most jitter more or less: so they overtake each other */
    bool cut;
};

struct link_books {
    uint64_t carried, lost, late, doubled;
};

/*
 * Enters namespaces of its own: for networks, and for file systems. Returns NULL, or what is missing for a link; *mounts says whether nobody else sees what
 * is mounted. Before any thread is started.
 */
const char *link_enter(bool *mounts);
/* Makes the link. Where that is not possible (without namespaces, or without TUN devices) it is a relay (relay.h). */
struct link *link_new(uint64_t seed, uint16_t server_port, bool has_spaces);
void link_free(struct link *link);

/* Is it one, and no relay? Does the kernel make its weather? */
bool link_is_real(const struct link *link);
bool link_has_netem(const struct link *link);
/* The way to the server over the link. */
struct way link_way(const struct link *link);

/* From now on it is like this. */
void link_set(struct link *link, const struct link_weather *weather);
struct link_books link_books(struct link *link);

/* Sends a packet of IP to the near end, as if it came from far away. */
void link_forge(struct link *link, const void *packet, size_t length);

#endif
