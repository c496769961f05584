/* SPDX-License-Identifier: MIT
 *
 * Unix sockets: listening at a path for programs of this machine (a proxy, say), and the transport of what they accept. They differ from TCP in
 * that nobody vanishes without a word: the kernel tells of every end at once, so nothing has to be probed.
 *
 * The file of a server that is gone is replaced, that of a live one never. Two who start at once are kept apart by a lock on the directory, which
 * leaves nothing behind.
 */
#ifndef TRANSPORT_LOCAL_H
#define TRANSPORT_LOCAL_H

#include "transport/transport.h"

#include <stdint.h>
#include <sys/stat.h>
#include <sys/un.h>

extern const struct transport transport_local;

enum {
    LOCAL_PATH = sizeof(((struct sockaddr_un *)0)->sun_path),
    LOCAL_PATHS_MAX = 8,
    LOCAL_NAME = LOCAL_PATH + 6,              /* unix:/path */
    LOCAL_LIST = LOCAL_PATHS_MAX * LOCAL_NAME /* holds what names all of them */
};

/* A socket's file, known again by its number: who finds another file at the path leaves it alone. */
struct local_file {
    char path[LOCAL_PATH]; /* "" is none */
    dev_t device;
    ino_t number;
};

/*
 * Reads --listen: "none", or unix:/path with commas between. Returns how many there are, each in `files` with nothing but its path set, or -EINVAL.
 */
int local_files_parse(const char *text, struct local_file files[LOCAL_PATHS_MAX]);
/* Reads a file's mode, three octal digits and perhaps a 0 before them. Returns 0 or -EINVAL. */
int local_mode_parse(const char *text, mode_t *mode);

/*
 * Opens a listening socket at file->path with this mode, whatever the process's mask. Returns the non-blocking descriptor, or -errno: -EADDRINUSE when a
 * live server listens there, -EEXIST when something else than a socket is there, -EBUSY when somebody holds the lock on the directory for too long.
 */
int local_listen(struct local_file *file, mode_t mode);
/* Writes what a listening socket, opened by whomever, is called: unix:/path, or unix:@name for one without a file. */
void local_format(int descriptor, char text[LOCAL_NAME]);
/* Removes the file, if it is still the one that local_listen made. */
void local_remove(const struct local_file *file);

#endif
