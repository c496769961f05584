/* SPDX-License-Identifier: MIT
 *
 * The sockets for clients: TCP on every address, UDP on the same port for every worker, Unix sockets; or those that the service manager has opened.
 */
#include "server_internal.h"

#include "base/assert.h"
#include "base/log.h"
#include "transport/local.h"
#include "transport/tcp.h"
#include "transport/udp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void
close_udp(struct server *server)
{
    for (uint32_t i = 0; i < (uint32_t)server->udp_count * server->worker_count; i++)
        if (server->udp_sockets[i] >= 0)
            close(server->udp_sockets[i]);
    server->udp_count = 0;
}

void
server_close_listeners(struct server *server)
{
    struct acceptor *acceptor = &server->acceptor;

    while (acceptor->listener_count > 0)
        listener_close(&acceptor->listeners[--acceptor->listener_count]);
    close_udp(server);
}

/* Opens the sockets of all workers for one address. Returns 0 or -errno. */
static int
open_udp(struct server *server, const struct tcp_address *address)
{
    int *sockets = &server->udp_sockets[(size_t)server->udp_count * server->worker_count];
    int error = 0;

    ASSERT(server->udp_sockets != NULL);
    for (uint32_t worker = 0; worker < server->worker_count; worker++)
        sockets[worker] = -1;
    server->udp_count++;
    for (uint32_t worker = 0; worker < server->worker_count && error == 0; worker++) {
        sockets[worker] = udp_open(address, server->port, worker > 0);
        if (sockets[worker] < 0)
            error = sockets[worker];
    }
    for (uint32_t worker = 0; worker < server->worker_count && error == 0; worker++)
        udp_begin(sockets[worker]);
    return error;
}

/* Listens on every address. With port 0 the kernel chooses one for the first address, and the others must get the same. */
static int
listen_all(struct server *server, const struct options *options, char problem[SERVER_PROBLEM])
{
    struct tcp_address addresses[TCP_ADDRESSES_MAX];
    struct acceptor *acceptor = &server->acceptor;
    bool optional;
    int count = tcp_addresses_parse(options->bind, addresses, &optional);

    ASSERT(count > 0); /* server_check has looked */
    server->port = options->port;
    for (int i = 0; i < count; i++) {
        char text[TCP_ADDRESS_TEXT];
        int descriptor = tcp_listen(&addresses[i], server->port, options->peer_timeout_s);

        tcp_address_format(&addresses[i], text);
        if (descriptor >= 0) {
            if (acceptor->listener_count == 0) {
                server->port = tcp_address_port(&addresses[i]);
                memcpy(server->address, text, sizeof text);
            }
            acceptor->listeners[acceptor->listener_count++] = (struct listener){.descriptor = descriptor, .transport = &transport_tcp};
            descriptor = options->udp ? open_udp(server, &addresses[i]) : 0;
            if (descriptor == 0)
                continue;
            server_close_listeners(server);
            return server_fail(problem, descriptor, "cannot serve UDP on %s: %s%s", text, strerror(-descriptor),
                descriptor == -EADDRINUSE ? "; stop what runs there, choose another port with --port, or do without UDP with --udp off" : "");
        }
        if (optional && (descriptor == -EAFNOSUPPORT || descriptor == -EADDRNOTAVAIL)) {
            log_event(LEVEL_WARN, "address_left_out", LOG_FIELD_TEXT("address", text), LOG_FIELD_TEXT("error", strerror(-descriptor)));
            continue;
        }
        server_close_listeners(server);
        return server_fail(problem, descriptor, "cannot listen on %s: %s%s", text, strerror(-descriptor),
            descriptor == -EADDRINUSE ? "; stop what runs there, or choose another port with --port" : "");
    }
    if (acceptor->listener_count == 0)
        return server_fail(problem, -EADDRNOTAVAIL, "cannot listen: this machine has no loopback address");
    return 0;
}

/* As listen_all; a port that the kernel chose for one family or protocol may be taken in another, so then it is asked again. */
static int
listen_anywhere(struct server *server, const struct options *options, char problem[SERVER_PROBLEM])
{
    int error = -EADDRINUSE;

    for (int attempt = 0; attempt < 16 && error == -EADDRINUSE; attempt++) {
        error = listen_all(server, options, problem);
        if (options->port != 0)
            break;
    }
    return error;
}

/* Serves what the service manager has opened, in the place of what listen_anywhere would open. */
static void
listen_inherited(struct server *server, const struct inherited *inherited)
{
    struct acceptor *acceptor = &server->acceptor;

    ASSERT(server->udp_sockets != NULL);
    for (int i = 0; i < inherited->tcp_count; i++)
        acceptor->listeners[acceptor->listener_count++] = (struct listener){.descriptor = inherited->tcp[i], .transport = &transport_tcp};
    for (int i = 0; i < inherited->udp_count; i++)
        memcpy(&server->udp_sockets[(size_t)server->udp_count++ * server->worker_count], inherited->udp[i].sockets,
            server->worker_count * sizeof server->udp_sockets[0]);
    server->udp = inherited->udp_count > 0;
    for (int i = 0; i < inherited->local_count; i++) /* without a file: it is the manager's, and stays */
        acceptor->listeners[acceptor->listener_count++] = (struct listener){.descriptor = inherited->local[i], .transport = &transport_local};
    if (inherited->address.length == 0) { /* Unix sockets only */
        snprintf(server->address, sizeof server->address, "%.*s", (int)strcspn(inherited->local_names, ","), inherited->local_names);
        return;
    }
    server->port = tcp_address_port(&inherited->address);
    tcp_address_format(&inherited->address, server->address);
}

/* For the log: the Unix sockets of the manager, and those of --listen. */
static void
name_local(struct server *server, const struct inherited *inherited, const char *listen)
{
    bool has_own = strcmp(listen, "none") != 0, has_others = inherited->local_count > 0;

    snprintf(server->unix_sockets, sizeof server->unix_sockets, "%s%s%s", inherited->local_names, has_own && has_others ? "," : "",
        has_own || !has_others ? listen : "");
}

bool
server_proxied_parse(const char *text, bool *tcp, bool *local)
{
    bool both = strcmp(text, "tcp,unix") == 0 || strcmp(text, "unix,tcp") == 0;

    *tcp = both || strcmp(text, "tcp") == 0;
    *local = both || strcmp(text, "unix") == 0;
    return *tcp || *local || strcmp(text, "none") == 0;
}

/* Listens on the Unix sockets that were asked for. */
static int
listen_local(struct acceptor *acceptor, const struct options *options, char problem[SERVER_PROBLEM])
{
    struct local_file files[LOCAL_PATHS_MAX];
    int count = local_files_parse(options->listen, files);
    mode_t mode = 0;

    ASSERT(count >= 0 && local_mode_parse(options->listen_mode, &mode) == 0); /* server_check has looked */
    for (int i = 0; i < count; i++) {
        int descriptor = local_listen(&files[i], mode);

        if (descriptor < 0)
            return server_fail(problem, descriptor, "cannot listen on unix:%s: %s", files[i].path,
                descriptor == -EADDRINUSE   ? "a live server listens there; stop it, or choose another path with --listen"
                    : descriptor == -EEXIST ? "there is a file that is no socket; remove it, or choose another path with --listen"
                    : descriptor == -EBUSY  ? "another program holds the lock on its directory"
                                            : strerror(-descriptor));
        acceptor->listeners[acceptor->listener_count++] =
            (struct listener){.descriptor = descriptor, .transport = &transport_local, .file = files[i]};
    }
    return 0;
}

/* Has the listeners expect headers that --proxy-protocol names. */
static void
demand_headers(struct acceptor *acceptor, const char *text)
{
    bool tcp, local;

    ASSERT(server_proxied_parse(text, &tcp, &local)); /* server_check has looked */
    for (int i = 0; i < acceptor->listener_count; i++)
        acceptor->listeners[i].proxied = acceptor->listeners[i].transport == &transport_tcp ? tcp : local;
}

int
server_listen(struct server *server, const struct options *options, const struct inherited *inherited, char problem[SERVER_PROBLEM])
{
    int error = 0;

    server->udp = options->udp;
    name_local(server, inherited, options->listen);
    if (inherited->any)
        listen_inherited(server, inherited);
    else
        error = listen_anywhere(server, options, problem);
    if (error == 0)
        error = listen_local(&server->acceptor, options, problem);
    if (error < 0)
        server_close_listeners(server);
    else
        demand_headers(&server->acceptor, options->proxy_protocol);
    return error;
}
