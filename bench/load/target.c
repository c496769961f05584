/* SPDX-License-Identifier: MIT */
#include "load/target.h"

#include "load/failure.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 300, HOST_BYTES = 256, INODES_MAX = 256, ADDRESS_BYTES = 33, PROCESS_BYTES = 16 };

static const char host_default[] = "localhost", port_default[] = "8080";

/* Splits the text; host and port are HOST_BYTES long. */
static bool
text_split(const char *text, char *host, char *port)
{
    const char *end = text[0] == '[' ? strchr(text, ']') : strchr(text, ':');
    size_t length;

    if (text[0] == '[' && end == NULL)
        return false;
    if (text[0] == '[')
        text++;
    length = end != NULL ? (size_t)(end - text) : strlen(text);
    if (length >= HOST_BYTES)
        return false;
    snprintf(host, HOST_BYTES, "%.*s", length > 0 ? (int)length : (int)sizeof host_default, length > 0 ? text : host_default);
    if (end != NULL && *end == ']')
        end++;
    if (end == NULL || *end == '\0') {
        snprintf(port, HOST_BYTES, "%s", port_default);
        return true;
    }
    snprintf(port, HOST_BYTES, "%s", end + 1);
    length = strlen(port);
    return *end == ':' && length > 0 && length <= 5 && strspn(port, "0123456789") == length && strtoul(port, NULL, 10) <= UINT16_MAX;
}

void
target_resolve(struct target *target, const char *text)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    char host[HOST_BYTES], port[HOST_BYTES];
    int result;

    if (!text_split(text, host, port))
        failure_usage("--target takes HOST:PORT, and \"%s\" is none", text);
    result = getaddrinfo(host, port, &hints, &found);
    if (result != 0)
        failure_exit("the address of %s is not known: %s", host, gai_strerror(result));

    const struct addrinfo *best = found;

    /* Servers that listen on all addresses have IPv4 in any case. */
    for (const struct addrinfo *info = found; info != NULL; info = info->ai_next)
        if (info->ai_family == AF_INET && best->ai_family != AF_INET)
            best = info;
    memcpy(&target->address, best->ai_addr, best->ai_addrlen);
    target->length = best->ai_addrlen;
    freeaddrinfo(found);

    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&target->address;

    target->loopback = v4->sin_family == AF_INET && ntohl(v4->sin_addr.s_addr) >> 24 == 127;
}

static uint16_t
target_port(const struct target *target)
{
    if (target->address.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&target->address)->sin6_port);
    return ntohs(((const struct sockaddr_in *)&target->address)->sin_port);
}

/* Whether the address is one of this machine: only such can be bound to. */
static bool
target_here(const struct target *target)
{
    struct sockaddr_storage address = target->address;
    int descriptor = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool here;

    if (descriptor < 0)
        return false;
    /* The port stands at the same place in both kinds of address. */
    ((struct sockaddr_in *)&address)->sin_port = 0;
    here = bind(descriptor, (const struct sockaddr *)&address, target->length) == 0;
    close(descriptor);
    return here;
}

/* The sockets to which what is sent to the target may be given. */
struct listeners {
    uint64_t inodes[INODES_MAX];
    uint32_t count;
    int fit; /* how well their address fits; the kernel prefers those that fit best */
};

/* An address as the kernel's tables write it: words in the order of this machine. */
static void
address_write(char text[ADDRESS_BYTES], const void *address, size_t words)
{
    for (size_t i = 0; i < words; i++) {
        uint32_t word;

        memcpy(&word, (const char *)address + i * sizeof word, sizeof word);
        snprintf(text + i * 8, 9, "%08" PRIX32, word);
    }
}

/* How well a socket that is bound to this address fits the target: 0 not at all, 3 exactly. */
static int
address_fit(const struct target *target, const char *local)
{
    static const char any[] = "00000000000000000000000000000000";
    char own[ADDRESS_BYTES], mapped[ADDRESS_BYTES];
    bool six = target->address.ss_family == AF_INET6;

    if (six) {
        address_write(own, &((const struct sockaddr_in6 *)&target->address)->sin6_addr, 4);
    } else {
        struct in6_addr within = {.s6_addr[10] = 0xff, .s6_addr[11] = 0xff};

        address_write(own, &((const struct sockaddr_in *)&target->address)->sin_addr, 1);
        memcpy(&within.s6_addr[12], &((const struct sockaddr_in *)&target->address)->sin_addr, 4);
        address_write(mapped, &within, 4);
    }
    if (strcmp(local, own) == 0 || (!six && strcmp(local, mapped) == 0))
        return 3;
    if (!six && strlen(local) == 8)
        return strncmp(local, any, 8) == 0 ? 2 : 0;
    /* It may be one that takes IPv4, too. */
    return strcmp(local, any) == 0 ? 1 : 0;
}

/* Adds those of one table of the kernel; whoever fits better pushes the others out. */
static void
listeners_read(struct listeners *listeners, const char *path, const struct target *target, bool datagrams)
{
    enum { LISTENING = 0x0a, UNCONNECTED = 0x07 };
    char line[512], local[ADDRESS_BYTES];
    FILE *file = fopen(path, "re");

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        unsigned port, state;
        uint64_t inode;
        int fit;

        if (sscanf(line, " %*d: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %*s %*s %" SCNu64, local, &port, &state, &inode) != 4)
            continue;
        if (port != target_port(target) || state != (datagrams ? UNCONNECTED : LISTENING))
            continue;
        fit = address_fit(target, local);
        if (fit > listeners->fit)
            *listeners = (struct listeners){.fit = fit};
        if (fit > 0 && fit == listeners->fit && listeners->count < INODES_MAX)
            listeners->inodes[listeners->count++] = inode;
    }
    if (file != NULL)
        fclose(file);
}

static void
listeners_find(struct listeners *listeners, const struct target *target, bool datagrams)
{
    *listeners = (struct listeners){.count = 0};
    if (!target_here(target))
        return;
    listeners_read(listeners, datagrams ? "/proc/net/udp" : "/proc/net/tcp", target, datagrams);
    listeners_read(listeners, datagrams ? "/proc/net/udp6" : "/proc/net/tcp6", target, datagrams);
}

/* Whether one of the process' descriptors is one of the sockets. */
static bool
process_has(const char *process, const struct listeners *listeners)
{
    char path[PATH_BYTES], link[64];
    const struct dirent *entry;
    bool has = false;

    snprintf(path, sizeof path, "/proc/%.20s/fd", process);

    DIR *folder = opendir(path);

    while (folder != NULL && !has && (entry = readdir(folder)) != NULL) {
        uint64_t inode;
        ssize_t length;

        snprintf(path, sizeof path, "/proc/%.20s/fd/%.20s", process, entry->d_name);
        length = readlink(path, link, sizeof link - 1);
        link[length > 0 ? length : 0] = '\0';
        if (sscanf(link, "socket:[%" SCNu64 "]", &inode) != 1)
            continue;
        for (uint32_t i = 0; i < listeners->count && !has; i++)
            has = listeners->inodes[i] == inode;
    }
    if (folder != NULL)
        closedir(folder);
    return has;
}

bool
target_process_listens(const struct target *target, pid_t process, bool datagrams)
{
    struct listeners listeners;
    char name[PROCESS_BYTES];

    listeners_find(&listeners, target, datagrams);
    snprintf(name, sizeof name, "%d", (int)process);
    return process_has(name, &listeners);
}

bool
target_process_readable(pid_t process)
{
    char path[PATH_BYTES], byte;

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)process);

    FILE *file = fopen(path, "re");
    bool readable = file != NULL && fread(&byte, 1, 1, file) == 1;

    if (file != NULL)
        fclose(file);
    return readable;
}

pid_t
target_process_find(const struct target *target, bool datagrams)
{
    struct listeners listeners;
    pid_t found = 0;
    const struct dirent *entry;

    listeners_find(&listeners, target, datagrams);

    DIR *folder = listeners.count > 0 ? opendir("/proc") : NULL;

    while (folder != NULL && found == 0 && (entry = readdir(folder)) != NULL)
        if (isdigit((unsigned char)entry->d_name[0]) && process_has(entry->d_name, &listeners))
            found = (pid_t)strtol(entry->d_name, NULL, 10);
    if (folder != NULL)
        closedir(folder);
    return found != 0 && target_process_readable(found) ? found : 0;
}
