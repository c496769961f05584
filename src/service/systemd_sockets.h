/* SPDX-License-Identifier: MIT
 *
 * Sockets that the service manager has opened for this process (socket activation). Each has a name, FileDescriptorName= of its unit, and a kind. Whoever
 * serves a kind takes its sockets by name; what nobody has taken in the end is a mistake of the configuration. Main thread, while starting.
 *
 * The names "tcp", "udp" and "unix" are for clients and of that kind; so is a socket of any of these kinds that nobody gave a name to: then it is called
 * after its unit, alo.socket, or "unknown". Any other name is exact.
 */
#ifndef SERVICE_SYSTEMD_SOCKETS_H
#define SERVICE_SYSTEMD_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

enum systemd_kind {
    SYSTEMD_TCP,  /* listens */
    SYSTEMD_UDP,  /* bound */
    SYSTEMD_UNIX, /* a stream, listens */
    SYSTEMD_OTHER,
};

/*
 * Looks at what was handed over, once in the life of the process. Returns how many sockets, or -errno when what the environment says of them is wrong: no
 * such descriptors, or not as many names.
 */
int systemd_sockets_begin(void);
/* Takes the next socket of this name and kind, not blocking and not for children: its descriptor, which is the caller's; -1 when there is none left. */
int systemd_socket_take(const char *name, enum systemd_kind kind);
/* Is there one that nobody has taken? Then one sentence about it is in problem. Frees what was kept; the descriptors of the others stay as they are. */
bool systemd_sockets_end(char *problem, size_t size);

#endif
