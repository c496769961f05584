/* SPDX-License-Identifier: MIT
 *
 * UDP needs a socket for each worker, for an address must stay with one worker: the kernel spreads addresses over the sockets of a group (ReusePort=). One
 * socket that all workers read would let an address hop between them. So the unit lists the address once for each worker, and another number is refused.
 * The manager keeps the group while the server is restarted: what comes meanwhile waits at the socket where the address will be served.
 */
#include "inherited.h"

#include "base/assert.h"
#include "server_admin.h"
#include "service/systemd_sockets.h"
#include "transport/udp.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct sentence {
    char *text;
    size_t size;
};

static int __attribute__((format(printf, 2, 3))) refuse(struct sentence sentence, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sentence.text, sentence.size, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

static bool
is_same(const struct tcp_address *one, const struct tcp_address *other)
{
    char texts[2][TCP_ADDRESS_TEXT];

    tcp_address_format(one, texts[0]);
    tcp_address_format(other, texts[1]);
    return strcmp(texts[0], texts[1]) == 0;
}

/* Takes all of this name and kind, and puts them behind those of the array. */
static int
take_all(const char *name, enum systemd_kind kind, const char *what, int sockets[], int *count, int most, struct sentence problem)
{
    int descriptor;

    while ((descriptor = systemd_socket_take(name, kind)) >= 0) {
        if (*count == most)
            return refuse(problem, "the service manager passes more than %d %s", most, what);
        sockets[(*count)++] = descriptor;
    }
    return 0;
}

/* Makes TCP sockets ready, and looks up their addresses. */
static int
adopt(const int sockets[], int count, struct tcp_address addresses[], uint32_t peer_timeout_s, struct sentence problem)
{
    for (int i = 0; i < count; i++) {
        int error = tcp_adopt(sockets[i], &addresses[i], peer_timeout_s);

        if (error < 0)
            return refuse(problem, "cannot use a TCP socket of the service manager: %s", strerror(-error));
    }
    return 0;
}

static int
take_tcp(struct inherited *inherited, const struct options *options, struct sentence problem)
{
    int error = take_all("tcp", SYSTEMD_TCP, "TCP sockets", inherited->tcp, &inherited->tcp_count, TCP_ADDRESSES_MAX, problem);
    struct tcp_address addresses[TCP_ADDRESSES_MAX] = {{.length = 0}};

    if (error == 0)
        error = adopt(inherited->tcp, inherited->tcp_count, addresses, options->peer_timeout_s, problem);
    inherited->address = addresses[0];
    return error;
}

/* Unix sockets for clients. Together with those of --listen they are no more than these alone may be. */
static int
take_local(struct inherited *inherited, const struct options *options, struct sentence problem)
{
    int error = take_all("unix", SYSTEMD_UNIX, "Unix sockets", inherited->local, &inherited->local_count, LOCAL_PATHS_MAX, problem);
    struct local_file files[LOCAL_PATHS_MAX];
    int more = local_files_parse(options->listen, files);
    size_t length = 0;

    if (error < 0)
        return error;
    ASSERT(more >= 0); /* server_check has looked */
    if (inherited->local_count > 0 && inherited->local_count + more > LOCAL_PATHS_MAX)
        return refuse(problem, "the service manager passes %d Unix sockets, and --listen names %d more; allowed are %d together",
            inherited->local_count, more, LOCAL_PATHS_MAX);
    for (int i = 0; i < inherited->local_count; i++) {
        char name[LOCAL_NAME];

        local_format(inherited->local[i], name);
        length += (size_t)snprintf(inherited->local_names + length, sizeof inherited->local_names - length, "%s%s", i > 0 ? "," : "", name);
    }
    return 0;
}

/* Sockets for operators, of both kinds: HTTP is spoken on either. */
static int
take_admin(struct inherited *inherited, const struct options *options, struct sentence problem)
{
    static const char what[] = "sockets for operators";
    int error = take_all("admin", SYSTEMD_TCP, what, inherited->admin, &inherited->admin_count, ADMIN_LISTENERS_MAX, problem);

    if (error == 0)
        error = adopt(inherited->admin, inherited->admin_count, inherited->admin_addresses, ADMIN_PEER_TIMEOUT_S, problem);
    if (error == 0)
        error = take_all("admin", SYSTEMD_UNIX, what, inherited->admin, &inherited->admin_count, ADMIN_LISTENERS_MAX, problem);
    if (error == 0 && inherited->admin_count > 0 && options->admin_port < 0)
        error = refuse(problem,
            "the service manager passes sockets called \"admin\", but there is to be no admin interface; disable their socket unit, "
            "or take back --admin-port none");
    return error;
}

/* Puts a socket to those of the same address. */
static int
group(struct inherited *inherited, int descriptor, const struct tcp_address *address, struct sentence problem)
{
    struct inherited_group *found = inherited->udp;

    while (found < inherited->udp + inherited->udp_count && !is_same(&found->address, address))
        found++;
    if (found == inherited->udp + TCP_ADDRESSES_MAX)
        return refuse(problem, "the service manager passes UDP sockets of more than %d addresses", TCP_ADDRESSES_MAX);
    if (found == inherited->udp + inherited->udp_count) {
        found->address = *address;
        inherited->udp_count++;
    }
    if (found->count == HANDLE_WORKERS_MAX)
        return refuse(problem, "the service manager passes more than %d UDP sockets of one address", HANDLE_WORKERS_MAX);
    found->sockets[found->count++] = descriptor;
    return 0;
}

static int
take_udp(struct inherited *inherited, struct sentence problem)
{
    struct tcp_address address;
    int error = 0, descriptor;

    while (error == 0 && (descriptor = systemd_socket_take("udp", SYSTEMD_UDP)) >= 0) {
        error = udp_adopt(descriptor, &address);
        if (error < 0)
            return refuse(problem, "cannot use a UDP socket of the service manager: %s", strerror(-error));
        error = group(inherited, descriptor, &address, problem);
    }
    if (inherited->udp_count > 0 && inherited->tcp_count == 0)
        inherited->address = inherited->udp[0].address;
    return error;
}

/* Has every worker a socket of each address? */
static int
check_groups(const struct inherited *inherited, const struct options *options, uint32_t *workers, struct sentence problem)
{
    if (inherited->udp_count > 0 && !options->udp)
        return refuse(problem, "the service manager passes UDP sockets, but UDP is off; take ListenDatagram= out of the socket unit or say --udp on");
    for (int i = 0; i < inherited->udp_count; i++) {
        const struct inherited_group *sockets = &inherited->udp[i];
        char text[TCP_ADDRESS_TEXT];

        tcp_address_format(&sockets->address, text);
        if (*workers == 0)
            *workers = sockets->count;
        if (*workers != sockets->count)
            return refuse(problem,
                "the service manager passes %u UDP sockets of %s, but the workers number %u; the socket unit needs ReusePort=yes and a line "
                "ListenDatagram= for each worker",
                sockets->count, text, *workers);
    }
    return 0;
}

int
inherited_take(struct inherited *inherited, const struct options *options, uint32_t *workers, char *problem, size_t size)
{
    struct sentence sentence = {.text = problem, .size = size};
    int error = systemd_sockets_begin();

    *inherited = (struct inherited){.any = false};
    /* Sockets of one's own in the place of those that were meant would leave whoever connects to these waiting for ever. */
    if (error < 0)
        return refuse(sentence,
            "cannot take the sockets of the service manager: LISTEN_FDS, LISTEN_FDNAMES and the descriptors from 3 on do not agree: %s",
            strerror(-error));
    if (error == 0)
        return 0;
    error = take_tcp(inherited, options, sentence);
    if (error == 0)
        error = take_udp(inherited, sentence);
    if (error == 0)
        error = check_groups(inherited, options, workers, sentence);
    if (error == 0)
        error = take_local(inherited, options, sentence);
    if (error == 0)
        error = take_admin(inherited, options, sentence);
    inherited->any = inherited->tcp_count > 0 || inherited->udp_count > 0 || inherited->local_count > 0;
    if (error == 0 && systemd_sockets_end(problem, size))
        error = -EINVAL;
    return error;
}
