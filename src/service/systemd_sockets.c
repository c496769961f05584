/* SPDX-License-Identifier: MIT
 *
 * See systemd_sockets.h.
 */
#include "service/systemd_sockets.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

static char **names; /* of the descriptors from SD_LISTEN_FDS_START on; NULL where one was taken */
static int count;

static enum systemd_kind
kind_of(int descriptor)
{
    if (sd_is_socket_inet(descriptor, AF_UNSPEC, SOCK_STREAM, 1, 0) > 0)
        return SYSTEMD_TCP;
    if (sd_is_socket_inet(descriptor, AF_UNSPEC, SOCK_DGRAM, -1, 0) > 0)
        return SYSTEMD_UDP;
    if (sd_is_socket_unix(descriptor, SOCK_STREAM, 1, NULL, 0) > 0)
        return SYSTEMD_UNIX;
    return SYSTEMD_OTHER;
}

/* Is it for clients, of whatever kind? Nobody gave it a name, so it is called after the unit, or not at all. */
static bool
is_unnamed(const char *name)
{
    return strcmp(name, "alo.socket") == 0 || strcmp(name, "unknown") == 0;
}

static bool
is_called(const char *given, const char *wanted)
{
    bool for_clients = strcmp(wanted, "tcp") == 0 || strcmp(wanted, "udp") == 0 || strcmp(wanted, "unix") == 0;

    return strcmp(given, wanted) == 0 || (for_clients && is_unnamed(given));
}

int
systemd_sockets_begin(void)
{
    int passed = sd_listen_fds_with_names(1, &names); /* also takes them out of the environment, and away from children */

    count = passed > 0 ? passed : 0;
    return passed;
}

int
systemd_socket_take(const char *name, enum systemd_kind kind)
{
    for (int i = 0; i < count; i++) {
        int descriptor = SD_LISTEN_FDS_START + i, flags;

        if (names[i] == NULL || !is_called(names[i], name) || kind_of(descriptor) != kind)
            continue;
        free(names[i]);
        names[i] = NULL;
        flags = fcntl(descriptor, F_GETFL);
        (void)fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
        return descriptor;
    }
    return -1;
}

bool
systemd_sockets_end(char *problem, size_t size)
{
    static const char *const kinds[] = {
        [SYSTEMD_TCP] = "a TCP socket that listens",
        [SYSTEMD_UDP] = "a UDP socket",
        [SYSTEMD_UNIX] = "a Unix stream socket that listens",
        [SYSTEMD_OTHER] = "neither a TCP nor a Unix socket that listens, nor a UDP socket",
    };
    bool left = false;

    for (int i = 0; i < count; i++) {
        if (names[i] != NULL && !left) {
            snprintf(problem, size, "the service manager passes \"%.64s\", which is %s; no such socket can be served under that name", names[i],
                kinds[kind_of(SD_LISTEN_FDS_START + i)]);
            left = true;
        }
        free(names[i]);
    }
    if (count > 0)
        free(names);
    count = 0;
    return left;
}
