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

enum { PATH_BYTES = 300, HOST_BYTES = 256, INODES_MAX = 256 };

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

/* Adds the inodes of the sockets that listen on the port, from one table of the kernel. */
static void
listeners_read(const char *path, bool datagrams, uint16_t port, uint64_t *inodes, uint32_t *count)
{
    enum { LISTENING = 0x0a, UNCONNECTED = 0x07 };
    char line[512];
    FILE *file = fopen(path, "re");

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        unsigned local, state;
        uint64_t inode;

        if (sscanf(line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %*s %*s %" SCNu64, &local, &state, &inode) != 3)
            continue;
        if (local == port && state == (datagrams ? UNCONNECTED : LISTENING) && *count < INODES_MAX)
            inodes[(*count)++] = inode;
    }
    if (file != NULL)
        fclose(file);
}

/* Whether one of the process' descriptors is one of the sockets. */
static bool
process_has(const char *process, const uint64_t *inodes, uint32_t count)
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
        for (uint32_t i = 0; i < count && !has; i++)
            has = inodes[i] == inode;
    }
    if (folder != NULL)
        closedir(folder);
    return has;
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
    uint64_t inodes[INODES_MAX];
    uint32_t count = 0;
    pid_t found = 0;
    const struct dirent *entry;

    if (!target_here(target))
        return 0;
    listeners_read(datagrams ? "/proc/net/udp" : "/proc/net/tcp", datagrams, target_port(target), inodes, &count);
    listeners_read(datagrams ? "/proc/net/udp6" : "/proc/net/tcp6", datagrams, target_port(target), inodes, &count);

    DIR *folder = count > 0 ? opendir("/proc") : NULL;

    while (folder != NULL && found == 0 && (entry = readdir(folder)) != NULL)
        if (isdigit((unsigned char)entry->d_name[0]) && process_has(entry->d_name, inodes, count))
            found = (pid_t)strtol(entry->d_name, NULL, 10);
    if (folder != NULL)
        closedir(folder);
    return found != 0 && target_process_readable(found) ? found : 0;
}
