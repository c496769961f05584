/* SPDX-License-Identifier: MIT
 *
 * The namespaces of the test, and the devices in them.
 */
#include "torture/tunnel.h"

#include "torture/link.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PREFIX_BITS = 24 };

static bool
write_file(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    bool written = file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text);

    if (file >= 0)
        close(file);
    return written;
}

/* Not root: be root in a user namespace. */
static bool
enter_user_space(void)
{
    char map[64];
    unsigned user = getuid(), group = getgid();

    if (unshare(CLONE_NEWUSER) != 0)
        return false;
    snprintf(map, sizeof map, "0 %u 1", user);
    if (!write_file("/proc/self/setgroups", "deny") || !write_file("/proc/self/uid_map", map))
        return false;
    snprintf(map, sizeof map, "0 %u 1", group);
    return write_file("/proc/self/gid_map", map);
}

/* Brings a device up, with this address if it has one; in the namespace that the caller is in. */
static bool
interface_up(const char *name, const char *address)
{
    struct ifreq request = {.ifr_flags = 0};
    int socket_there = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in *place = (struct sockaddr_in *)&request.ifr_addr;
    bool up = socket_there >= 0;

    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (up && address != NULL) {
        *place = (struct sockaddr_in){.sin_family = AF_INET};
        inet_pton(AF_INET, address, &place->sin_addr);
        up = ioctl(socket_there, SIOCSIFADDR, &request) == 0;
        place->sin_addr.s_addr = htonl(~(uint32_t)0 << (32 - PREFIX_BITS));
        up = up && ioctl(socket_there, SIOCSIFNETMASK, &request) == 0;
    }
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    up = up && ioctl(socket_there, SIOCSIFFLAGS, &request) == 0;
    if (socket_there >= 0)
        close(socket_there);
    return up;
}

const char *
link_enter(bool *mounts)
{
    bool apart = unshare(CLONE_NEWNET) == 0 || (enter_user_space() && unshare(CLONE_NEWNET) == 0);

    /* Below a root that is no mount (chroot), what is mounted cannot be kept from the outside. */
    *mounts = unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    if (!apart)
        return "no network namespaces (needs root, or user namespaces)";
    return interface_up("lo", NULL) ? NULL : "no loopback device";
}

int
tunnel_new(const char *name, const char *address)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (device >= 0 && (ioctl(device, TUNSETIFF, &request) != 0 || !interface_up(name, address))) {
        close(device);
        device = -1;
    }
    return device;
}
