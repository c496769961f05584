/* SPDX-License-Identifier: MIT */
#include "server_admin.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/sync.h"
#include "inherited.h"
#include "service/exposition.h"
#include "service/options_value.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REFUSED_TOLD_MS = 1000 };

_Static_assert((int)ADMIN_LISTENERS_MAX == (int)TCP_ADDRESSES_MAX, "all addresses must fit");

static bool
is_ready(void *context)
{
    struct server_admin *admin = context;

    return atomic_load_explicit(&admin->is_ready, memory_order_relaxed);
}

static void
write_metrics(void *context, struct buffer *out)
{
    struct server_admin *admin = context;

    server_metrics_write(&admin->parts, is_ready(admin), out);
    metric_single(
        out, "alo_admin_refused_total", METRIC_COUNTER, "Requests to do something that did not bring the token.", counter_read(&admin->refused));
}

static enum admin_outcome
ask(void *context, struct admin_request *request)
{
    struct server_admin *admin = context;

    return api_ask(&admin->api, request);
}

static void
collect(void *context)
{
    struct server_admin *admin = context;

    api_collect(&admin->api);
}

static void
give_up(void *context, struct admin_request *request)
{
    struct server_admin *admin = context;

    api_give_up(&admin->api, request);
}

/* Whoever guesses fills no log with it. */
static void
refused(void *context, const struct admin_request *request)
{
    struct server_admin *admin = context;
    uint64_t now_ms = clock_monotonic_ms(), count;

    counter_add(&admin->refused, 1);
    count = counter_read(&admin->refused);
    if (admin->refused_told > 0 && now_ms - admin->refused_told_ms < REFUSED_TOLD_MS)
        return;
    log_event(LEVEL_WARN, "admin_refused", LOG_FIELD_TEXT("peer", request->peer), LOG_FIELD_NUMBER("times", count - admin->refused_told));
    admin->refused_told = count;
    admin->refused_told_ms = now_ms;
}

static const struct admin_calls calls = {
    .is_ready = is_ready, .write_metrics = write_metrics, .ask = ask, .collect = collect, .give_up = give_up, .refused = refused};

/* Reads the token: the file's first line. Returns 0 or -EINVAL and a sentence; *exposed: others than its owner may read or write it. */
static int
read_token(const struct options *options, char token[ADMIN_TOKEN_BYTES], bool *exposed, char *problem, size_t size)
{
    const char *path = options->admin_token_file;
    char line[ADMIN_TOKEN_BYTES + 1] = "", behind[OPTION_SOURCE_TEXT];
    FILE *file = fopen(path, "re");
    int error = errno;
    struct stat status;
    size_t length;

    option_describe_field(options, &options->admin_token_file, behind);
    if (file == NULL) {
        snprintf(problem, size, "%s %.200s: %s; allowed is a file that can be read, or none", behind, path, strerror(error));
        return -EINVAL;
    }
    *exposed = fstat(fileno(file), &status) == 0 && (status.st_mode & (S_IRWXO | S_IWGRP)) != 0;
    if (fgets(line, sizeof line, file) == NULL)
        line[0] = '\0';
    fclose(file);
    length = strcspn(line, "\r\n");
    line[length] = '\0';
    error = length < ADMIN_TOKEN_LEAST || length >= ADMIN_TOKEN_BYTES ? -EINVAL : 0;
    if (error < 0)
        snprintf(problem, size, "%s %.200s: its first line is no token; allowed are %d to %d characters", behind, path, ADMIN_TOKEN_LEAST,
            ADMIN_TOKEN_BYTES - 1);
    else
        memcpy(token, line, length + 1);
    explicit_bzero(line, sizeof line);
    return error;
}

/* The same for a server that serves, which says if the token is exposed. */
static int
take_token(const struct options *options, char token[ADMIN_TOKEN_BYTES], char *problem, size_t size)
{
    bool exposed;
    int error = read_token(options, token, &exposed, problem, size);

    if (error == 0 && exposed)
        log_event(LEVEL_WARN, "admin_token_exposed", LOG_FIELD_TEXT("file", options->admin_token_file),
            LOG_FIELD_TEXT("message", "others than its owner may read or write the token; take that from them with chmod o= and g-w"));
    return error;
}

/* Is there to be a token? */
static bool
wants_token(const struct options *options)
{
    return options->admin_port >= 0 && strcmp(options->admin_token_file, "none") != 0;
}

int
server_admin_check(const struct options *options, char *problem, size_t size)
{
    char token[ADMIN_TOKEN_BYTES];
    bool exposed;
    int error = wants_token(options) ? read_token(options, token, &exposed, problem, size) : 0;

    explicit_bzero(token, sizeof token);
    return error;
}

static bool
is_loopback(const struct tcp_address *address)
{
    if (address->any.sa_family == AF_INET)
        return ntohl(address->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
}

/* Takes a socket that listens, with its address; a Unix socket has none, and comes behind those that have. The first says where to find the interface. */
static void
take(struct server_admin *admin, int descriptor, const struct tcp_address *address)
{
    char text[TCP_ADDRESS_TEXT];

    admin->config.listeners[admin->config.listener_count++] = descriptor;
    if (address->length == 0)
        return;
    tcp_address_format(address, text);
    if (admin->config.listener_count == 1) {
        admin->port = tcp_address_port(address);
        memcpy(admin->address, text, sizeof text);
    }
    if (!is_loopback(address))
        log_event(LEVEL_WARN, "admin_exposed", LOG_FIELD_TEXT("address", text),
            LOG_FIELD_TEXT("message", "whoever reaches this address may read users and sessions; nothing is encrypted, a token neither"));
}

static int
open_all(struct server_admin *admin, const struct options *options, char *problem, size_t size)
{
    struct tcp_address addresses[TCP_ADDRESSES_MAX];
    bool optional;
    int count = tcp_addresses_parse(options->admin_bind, addresses, &optional);

    if (count < 0) {
        snprintf(problem, size, "--admin-bind %s: not an address to listen on; allowed are numeric addresses with commas between, localhost and all",
            options->admin_bind);
        return -EINVAL;
    }
    admin->port = (uint16_t)options->admin_port;
    for (int i = 0; i < count; i++) {
        char text[TCP_ADDRESS_TEXT];
        int descriptor = tcp_listen(&addresses[i], admin->port, ADMIN_PEER_TIMEOUT_S);

        if (descriptor >= 0)
            take(admin, descriptor, &addresses[i]);
        if (descriptor >= 0 || (optional && (descriptor == -EAFNOSUPPORT || descriptor == -EADDRNOTAVAIL)))
            continue;
        tcp_address_format(&addresses[i], text);
        snprintf(problem, size, "cannot listen on %s for operators: %s%s", text, strerror(-descriptor),
            descriptor == -EADDRINUSE ? "; stop what runs there, choose another port with --admin-port, or do without with --admin-port none" : "");
        return descriptor;
    }
    if (admin->config.listener_count > 0)
        return 0;
    snprintf(problem, size, "cannot listen for operators: this machine has no loopback address");
    return -EADDRNOTAVAIL;
}

int
server_admin_open(struct server_admin *admin, const struct options *options, const struct inherited *inherited, char *problem, size_t size)
{
    int error = -EADDRINUSE;

    atomic_init(&admin->is_ready, false);
    counter_init(&admin->refused);
    /* helgrind: a flag by itself; no other memory is published through it. */
    RACE_IGNORE(&admin->is_ready, sizeof admin->is_ready);
    admin->config.calls = &calls;
    admin->config.context = admin;
    admin->config.answers = -1;
    if (options->admin_port < 0)
        return 0;
    if (wants_token(options)) {
        error = take_token(options, admin->token, problem, size);
        if (error < 0)
            return error;
        admin->config.token = admin->token;
        error = -EADDRINUSE;
    }
    if (inherited->admin_count > 0) {
        for (int i = 0; i < inherited->admin_count; i++)
            take(admin, inherited->admin[i], &inherited->admin_addresses[i]);
        return 0;
    }
    /* A port that the kernel chose for one family may be taken in another, so then it is asked again. */
    for (int attempt = 0; attempt < 16 && error == -EADDRINUSE; attempt++) {
        error = open_all(admin, options, problem, size);
        if (error < 0)
            server_admin_close(admin);
        if (options->admin_port != 0)
            break;
    }
    return error;
}

void
server_admin_close(struct server_admin *admin)
{
    while (admin->config.listener_count > 0)
        close(admin->config.listeners[--admin->config.listener_count]);
    admin->port = 0;
}

int
server_admin_start(struct server_admin *admin)
{
    int error;

    admin->parts.started_ms = clock_realtime_ms();
    if (admin->config.listener_count == 0)
        return 0;
    error = api_init(&admin->api, admin->parts.workers, admin->parts.worker_count);
    if (error < 0) {
        server_admin_close(admin);
        return error;
    }
    admin->has_api = true;
    admin->config.answers = admin->api.answers.wake_descriptor;
    error = admin_start(&admin->config, &admin->admin);
    admin->config.listener_count = 0; /* they are not ours any more */
    return error;
}

int
server_admin_reload(struct server_admin *admin, const struct options *options, char *problem, size_t size)
{
    char token[ADMIN_TOKEN_BYTES];
    int error;

    if (admin->admin == NULL || admin->config.token == NULL)
        return 0;
    error = take_token(options, token, problem, size);
    if (error < 0)
        return error;
    admin_set_token(admin->admin, token);
    explicit_bzero(token, sizeof token);
    return 0;
}

void
server_admin_set_ready(struct server_admin *admin, bool ready)
{
    atomic_store_explicit(&admin->is_ready, ready, memory_order_relaxed);
}

void
server_admin_set_stopping(struct server_admin *admin)
{
    server_admin_set_ready(admin, false);
    atomic_store_explicit(&admin->api.stopping, true, memory_order_relaxed);
}

void
server_admin_stop(struct server_admin *admin)
{
    admin_stop(admin->admin);
    admin->admin = NULL;
}

void
server_admin_done(struct server_admin *admin)
{
    if (admin->has_api)
        api_done(&admin->api);
    admin->has_api = false;
    explicit_bzero(admin->token, sizeof admin->token);
}
