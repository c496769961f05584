/* SPDX-License-Identifier: MIT
 *
 * What transports over stream sockets have in common, whatever the sockets' family; as struct transport describes them. None of these waits.
 */
#ifndef TRANSPORT_STREAM_H
#define TRANSPORT_STREAM_H

#include <stddef.h>
#include <sys/types.h>

/* How many newcomers the kernel may keep for a listening socket; it cuts this to net.core.somaxconn. */
enum { STREAM_BACKLOG = 4096 };

ssize_t stream_receive(int descriptor, char *bytes, size_t size);
ssize_t stream_send(int descriptor, const char *bytes, size_t length);
/* What stream_send returns when a send has had this result: a count or -errno. */
ssize_t stream_sent(ssize_t result);
void stream_finish(int descriptor);
void stream_give_up(int descriptor);

/* Reads without taking anything away: what is looked at is still there to be received. As stream_receive. */
ssize_t stream_peek(int descriptor, char *bytes, size_t size);

#endif
