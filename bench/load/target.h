/* SPDX-License-Identifier: MIT
 *
 * The server under test: where it is, and which process it is when it runs on this machine.
 */
#ifndef LOAD_TARGET_H
#define LOAD_TARGET_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

struct target {
    struct sockaddr_storage address;
    socklen_t length;
    bool loopback; /* 127.0.0.0/8: there are as many source addresses as one likes */
    pid_t process; /* 0: not known, so nothing can be said about what the load costs it */
    bool accepts;  /* it is the one that listens there: its descriptors tell how many connections it has */
};

/* From "host:port", "host" or ":port" (localhost, 8080); an IPv6 address in brackets. Ends the program with a sentence: status 2 when this is no
 * address, 1 when the name is not known. */
void target_resolve(struct target *target, const char *text);

/* The process of this machine that listens there and whose books may be read, or 0. */
pid_t target_process_find(const struct target *target, bool datagrams);

/* Whether one of the process' sockets is the one to which a connection to the target leads. */
bool target_process_listens(const struct target *target, pid_t process, bool datagrams);

/* Whether this user may read what the process costs. */
bool target_process_readable(pid_t process);

#endif
