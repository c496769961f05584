/* SPDX-License-Identifier: MIT
 *
 * Order of starting: the sockets (the likeliest to fail), presence with its graph, workers, acceptor, and the admin interface that looks at all of
 * them. Order of stopping: the acceptor, so that nobody new comes; the workers, who say goodbye to their sessions; the admin interface, which
 * tells of that until then; then everything is freed by one thread.
 */
#include "server.h"

#include "base/assert.h"
#include "base/log.h"
#include "server_internal.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
    LINGER_MS = 2000,          /* how long a closing session may take to read its last line */
    BRAKE_MS = 2,              /* how soon to look again whether a celebrity's news has been told */
    DRAIN_TICK_MS = 10,        /* how often a drain lets sessions go */
    RETRY_MS = 50,             /* how soon a departure that found no memory is tried again */
    DELIVERY_PARTS = 12,       /* of the peer time-out: after each a delivery is looked at; two less than all of them are too silent */
    RELOAD_PATIENCE_MS = 5000, /* a turn takes milliseconds; one that takes so long is stuck, and signals must be taken nevertheless */
    DESCRIPTOR_RESERVE = 64    /* for logs, libraries and surprises, beside what is counted */
};

static uint32_t
processors(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) < 0)
        return 1;
    return CPU_COUNT(&set) > HANDLE_WORKERS_MAX ? HANDLE_WORKERS_MAX : (uint32_t)CPU_COUNT(&set);
}

/* Raises the descriptor limit to what is allowed and returns it. */
static uint32_t
descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 1024;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > INT32_MAX)
        return INT32_MAX;
    return (uint32_t)limit.rlim_cur;
}

/* Of how many addresses each worker will have a UDP socket, at most: --bind names one that the machine may not have. */
static uint32_t
udp_addresses(const struct options *options, const struct inherited *inherited)
{
    struct tcp_address addresses[TCP_ADDRESSES_MAX];
    bool optional;
    int count = inherited->udp_count;

    if (!inherited->any && options->udp)
        count = tcp_addresses_parse(options->bind, addresses, &optional);
    ASSERT(count >= 0); /* server_check has looked */
    return (uint32_t)count;
}

/* How many sessions the descriptors allow, less what everything else needs; what was asked for, if that is less. */
static int
session_limit(const struct options *options, uint32_t workers, uint32_t udp_sockets, uint32_t *limit, char problem[SERVER_PROBLEM])
{
    uint32_t descriptors = descriptor_limit();
    uint32_t needed = workers * 3 + udp_sockets + LISTENERS_MAX + REFUSED_MAX + DESCRIPTOR_RESERVE;

    if (options->admin_port >= 0)
        needed += ADMIN_DESCRIPTORS;
    if (descriptors <= needed)
        return server_fail(problem, -EMFILE, "the limit of %u file descriptors is too low: %u are needed beside the sessions", descriptors, needed);
    *limit = descriptors - needed;
    if (options->max_sessions == 0 || options->max_sessions == *limit)
        return 0;
    if (options->max_sessions > *limit)
        log_event(LEVEL_WARN, "max_sessions_lowered", LOG_FIELD_NUMBER("asked", options->max_sessions), LOG_FIELD_NUMBER("max_sessions", *limit),
            LOG_FIELD_TEXT("reason", "the limit of file descriptors"));
    else
        *limit = options->max_sessions;
    return 0;
}

/* What the options say of times and limits. What else there is stays as it is. */
static void
settings_set(struct settings *settings, const struct options *options)
{
    const uint64_t timeouts_ms[DEADLINE_KINDS] = {
        [DEADLINE_HELLO] = options->hello_timeout_s * UINT64_C(1000),
        [DEADLINE_SILENCE] = options->udp_timeout_s * UINT64_C(1000),
        [DEADLINE_MESSAGE] = options->message_timeout_s * UINT64_C(1000),
        [DEADLINE_LINGER] = LINGER_MS,
        [DEADLINE_DELIVERY] = options->peer_timeout_s * UINT64_C(1000) / DELIVERY_PARTS,
        [DEADLINE_HEARD] = options->peer_timeout_s * UINT64_C(1000) / DELIVERY_PARTS * (DELIVERY_PARTS - 2),
        [DEADLINE_BRAKE] = BRAKE_MS,
        [DEADLINE_ENTRANCE] = ENTRANCE_TICK_MS,
        [DEADLINE_RETRY] = RETRY_MS,
        [DEADLINE_DRAIN] = DRAIN_TICK_MS,
        [DEADLINE_GRACE] = options->offline_grace_ms,
        [DEADLINE_GRACE_DATAGRAM] = options->offline_grace_ms,
    };

    memcpy(settings->workers.timeouts_ms, timeouts_ms, sizeof timeouts_ms);
    settings->workers.stop_timeout_ms = options->stop_timeout_s * UINT64_C(1000);
    settings->drain_ms = options->drain_time_s * UINT64_C(1000);
    settings->workers.peer_timeout_s = options->peer_timeout_s;
    settings->workers.silence_ms = options->peer_timeout_s * 1000 / DELIVERY_PARTS * (DELIVERY_PARTS - 2);
    settings->presence.limits =
        (struct protocol_limits){.message_bytes = options->max_message, .nesting = options->max_nesting, .friends = options->max_friends};
    settings->presence.queue_limit = options->queue_limit;
    settings->presence.unfinished_limit = options->max_unfinished;
    settings->presence.stream_heartbeat_s = options->peer_timeout_s / 2;
    settings->presence.datagram_heartbeat_s = options->udp_timeout_s / 3;
}

/* Makes presence, and the settings that workers begin with. False without memory, or when the store fails. */
static bool
configure(struct server *server, const struct options *options)
{
    struct settings *settings = &server->first;
    size_t length = presence_refusal(server->refusal);

    settings_set(settings, options);
    reconfiguration_init(&settings->reconfiguration, &settings->workers, &settings->presence);
    server->settings = settings;
    settings->presence.store = server->store;
    server->presence = presence_new(server->workers, server->worker_count, &settings->presence);
    settings->workers.handler = &presence_handler;
    settings->workers.context = server->presence;
    settings->workers.admission = &server->admission;
    settings->workers.datagram_admission = &server->datagram_admission;
    settings->workers.gate = &server->gate;
    settings->workers.pressure = &server->pressure;
    settings->workers.pulse = &server->pulse;
    settings->workers.io_uring = options->io_uring;
    settings->workers.refusal = server->refusal;
    settings->workers.refusal_length = length;
    server->acceptor.workers = server->workers;
    server->acceptor.worker_count = server->worker_count;
    server->acceptor.config = &settings->workers;
    return server->presence != NULL;
}

static struct gate_limits
gate_limits_of(const struct options *options)
{
    return (struct gate_limits){
        .login_rate = options->login_rate,
        .address_connections = options->max_connections_per_address,
        .address_login_rate = options->login_rate_per_address,
        .address_message_rate = options->message_rate_per_address,
    };
}

/* Gives the workers their sockets for datagrams. Returns 0 or -errno. */
static int
hand_out_udp(struct server *server)
{
    for (int address = 0; address < server->udp_count; address++) {
        for (uint32_t number = 0; number < server->worker_count; number++) {
            int *descriptor = &server->udp_sockets[(uint32_t)address * server->worker_count + number];
            int error = worker_add_socket(&server->workers[number], *descriptor);

            if (error < 0)
                return error;
            *descriptor = -1;
        }
    }
    return 0;
}

/* The admin interface begins when there is something to tell. On failure everything has ended again, as in start_threads. */
static int
start_admin(struct server *server, char problem[SERVER_PROBLEM])
{
    int error;

    server->admin.parts = (struct server_parts){
        .workers = server->workers,
        .worker_count = server->worker_count,
        .acceptor = &server->acceptor,
        .admission = &server->admission,
        .datagram_admission = &server->datagram_admission,
        .pressure = &server->pressure,
        .presence = server->presence,
    };
    error = server_admin_start(&server->admin);
    if (error == 0) {
        server_admin_set_ready(&server->admin, true);
        return 0;
    }
    acceptor_stop(&server->acceptor);
    workers_stop(server->workers, server->worker_count);
    workers_done(server->workers, server->worker_count, presence_drop_mail);
    server_admin_done(&server->admin);
    return server_fail(problem, error, "cannot start the admin interface: %s", strerror(-error));
}

/* Makes and starts the threads. On failure everything that it began has ended again. */
static int
start_threads(struct server *server, char problem[SERVER_PROBLEM])
{
    int error = workers_init(server->workers, server->worker_count, &server->first.workers);

    if (error < 0) {
        server_close_listeners(server);
        return server_fail(problem, error, "cannot make %u workers: %s", server->worker_count, strerror(-error));
    }
    error = hand_out_udp(server);
    if (error == 0)
        error = workers_start(server->workers, server->worker_count);
    if (error == 0) {
        error = acceptor_start(&server->acceptor); /* closes the listeners if it fails */
        if (error == 0)
            return 0;
        workers_stop(server->workers, server->worker_count);
    } else {
        server_close_listeners(server);
    }
    workers_done(server->workers, server->worker_count, presence_drop_mail);
    return server_fail(problem, error, "cannot start the threads of %u workers: %s", server->worker_count, strerror(-error));
}

int
server_start(const struct options *options, struct server **server, char problem[SERVER_PROBLEM])
{
    uint32_t workers = options->workers;
    struct inherited inherited;
    const struct store *store = store_find(options->store);
    struct gate_limits gate_limits = gate_limits_of(options);
    struct server *made;
    uint32_t limit = 0;
    int error = server_check(options, problem);

    if (error < 0)
        return error;
    error = inherited_take(&inherited, options, &workers, problem, SERVER_PROBLEM);
    if (error < 0)
        return error;
    if (workers == 0)
        workers = processors();
    made = calloc(1, sizeof *made + workers * sizeof made->workers[0]);
    if (made == NULL)
        return server_fail(problem, -ENOMEM, "out of memory");
    made->worker_count = workers;
    made->udp_reserve = workers * udp_addresses(options, &inherited);
    made->store = store;
    made->udp_sockets = calloc((size_t)workers * TCP_ADDRESSES_MAX, sizeof *made->udp_sockets);
    snprintf(made->proxy_protocol, sizeof made->proxy_protocol, "%s", options->proxy_protocol);
    pressure_init(&made->pressure);
    atomic_init(&made->draining, false);
    RACE_IGNORE(&made->draining, sizeof made->draining); /* helgrind: a flag that is set once; no other memory is published through it */
    error = pulse_init(&made->pulse, workers);
    if (error < 0) {
        free(made->udp_sockets);
        free(made);
        return server_fail(problem, error, "cannot make a descriptor: %s", strerror(-error));
    }
    error = gate_init(&made->gate, &gate_limits);
    if (error < 0 || made->udp_sockets == NULL)
        error = server_fail(problem, -ENOMEM, "out of memory");
    else
        error = session_limit(options, workers, made->udp_reserve, &limit, problem);
    if (error == 0)
        error = server_listen(made, options, &inherited, problem);
    if (error == 0) {
        error = server_admin_open(&made->admin, options, &inherited, problem, SERVER_PROBLEM);
        if (error < 0)
            server_close_listeners(made);
    }
    if (error == 0) {
        admission_init(&made->admission, limit);
        admission_init(&made->datagram_admission, options->max_udp_sessions);
        dialects_init();
        if (configure(made, options)) {
            error = start_threads(made, problem);
            if (error == 0)
                error = start_admin(made, problem);
        } else {
            server_close_listeners(made);
            error = server_fail(problem, -ENOMEM, "out of memory, or the store %s cannot be opened", store->name);
        }
    }
    if (error < 0) {
        server_admin_close(&made->admin);
        presence_free(made->presence);
        pulse_done(&made->pulse);
        gate_done(&made->gate);
        free(made->udp_sockets);
        free(made);
        return error;
    }
    *server = made;
    return 0;
}

static void
settings_free(struct server *server, struct settings *settings)
{
    if (settings == NULL)
        return;
    reconfiguration_done(&settings->reconfiguration);
    if (settings != &server->first)
        free(settings);
}

/* Have all workers taken the settings that hold now? Then those of before are freed. */
static bool
settings_settle(struct server *server)
{
    if (!reconfiguration_wait(&server->settings->reconfiguration, RELOAD_PATIENCE_MS))
        return false;
    settings_free(server, server->former);
    server->former = NULL;
    return true;
}

int
server_reload(struct server *server, const struct options *options, char problem[SERVER_PROBLEM])
{
    struct settings *settings = malloc(sizeof *settings);
    struct gate_limits gate_limits = gate_limits_of(options);
    uint32_t limit = 0;
    int error;

    if (settings == NULL)
        return server_fail(problem, -ENOMEM, "out of memory");
    error = session_limit(options, server->worker_count, server->udp_reserve, &limit, problem);
    if (error == 0 && !settings_settle(server))
        error = server_fail(problem, -EBUSY, "a worker has not taken the options of the last reload yet");
    if (error == 0)
        error = server_admin_reload(&server->admin, options, problem, SERVER_PROBLEM);
    if (error < 0) {
        free(settings);
        return error;
    }
    *settings = (struct settings){.workers = server->first.workers, .presence = server->first.presence};
    settings_set(settings, options);
    reconfiguration_init(&settings->reconfiguration, &settings->workers, &settings->presence);
    admission_set_limit(&server->admission, limit);
    admission_set_limit(&server->datagram_admission, options->max_udp_sessions);
    gate_change(&server->gate, &gate_limits);
    for (int i = 0; !server_is_draining(server) && i < server->acceptor.listener_count; i++)
        if (server->acceptor.listeners[i].transport == &transport_tcp)
            (void)tcp_set_peer_timeout(server->acceptor.listeners[i].descriptor, options->peer_timeout_s); /* it took the like before */
    workers_reconfigure(server->workers, server->worker_count, &settings->reconfiguration);
    server->former = server->settings;
    server->settings = settings;
    if (!settings_settle(server))
        log_event(LEVEL_WARN, "reload_slow", LOG_FIELD_TEXT("message", "a worker has not taken the new options yet"));
    return 0;
}

uint16_t
server_admin_port(const struct server *server)
{
    return server->admin.port;
}

uint16_t
server_port(const struct server *server)
{
    return server->port;
}

const char *
server_address(const struct server *server)
{
    return server->address;
}

void
server_count(const struct server *server, struct server_numbers *numbers)
{
    *numbers = (struct server_numbers){
        .users_online = presence_users_online(server->presence),
        .connections = admission_count(&server->admission),
        .udp_sessions = admission_count(&server->datagram_admission),
    };
}

struct pulse *
server_pulse(struct server *server)
{
    return &server->pulse;
}

void
server_ask_pulse(struct server *server)
{
    pulse_ask(&server->pulse, server->workers, &server->acceptor);
}

void
server_log_listening(const struct server *server)
{
    log_event(LEVEL_INFO, "listening", LOG_FIELD_TEXT("address", server->address), LOG_FIELD_NUMBER("port", server->port),
        LOG_FIELD_NUMBER("listeners", server->acceptor.listener_count), LOG_FIELD_NUMBER("workers", server->worker_count),
        LOG_FIELD_NUMBER("max_sessions", admission_limit(&server->admission)),
        LOG_FIELD_NUMBER("max_udp_sessions", admission_limit(&server->datagram_admission)), LOG_FIELD_TRUTH("udp", server->udp),
        LOG_FIELD_TEXT("unix", server->unix_sockets), LOG_FIELD_TEXT("proxy_protocol", server->proxy_protocol),
        LOG_FIELD_TEXT("store", server->store->name), LOG_FIELD_NUMBER("admin_port", server->admin.port));
}

static void
log_stopped(const struct server *server)
{
    uint64_t opened = 0, lines = 0, writes = 0, datagrams = 0, lost = 0, stale = 0;

    for (uint32_t number = 0; number < server->worker_count; number++) {
        const struct worker_counters *counters = &server->workers[number].counters;

        opened += counter_read(&counters->opened);
        lines += counter_read(&counters->lines);
        writes += counter_read(&counters->writes);
        datagrams += counter_read(&counters->datagrams);
        lost += counter_read(&counters->lost);
        stale += counter_read(&counters->stale);
    }
    log_event(LEVEL_INFO, "stopped", LOG_FIELD_NUMBER("connections", opened), LOG_FIELD_NUMBER("lines_sent", lines),
        LOG_FIELD_NUMBER("writes", writes), LOG_FIELD_NUMBER("datagrams_received", datagrams), LOG_FIELD_NUMBER("datagrams_lost", lost),
        LOG_FIELD_NUMBER("stale_news", stale));
}

void
server_drain(struct server *server)
{
    if (atomic_exchange_explicit(&server->draining, true, memory_order_relaxed))
        return;
    server_admin_set_ready(&server->admin, false);
    server->drain.time_ms = server->settings->drain_ms;
    acceptor_drain(&server->acceptor, &server->drain);
}

bool
server_is_draining(const struct server *server)
{
    return atomic_load_explicit(&server->draining, memory_order_relaxed);
}

void
server_stop(struct server *server)
{
    log_event(LEVEL_INFO, "stopping", LOG_FIELD_NUMBER("connections", admission_count(&server->admission)),
        LOG_FIELD_NUMBER("udp_sessions", admission_count(&server->datagram_admission)));
    server_admin_set_stopping(&server->admin);
    acceptor_stop(&server->acceptor);
    presence_stop(server->presence);
    workers_stop(server->workers, server->worker_count);
    server_admin_stop(&server->admin);
    log_stopped(server);
    workers_done(server->workers, server->worker_count, presence_drop_mail);
    server_admin_done(&server->admin);
    presence_free(server->presence);
    settings_free(server, server->former);
    settings_free(server, server->settings);
    pulse_done(&server->pulse);
    gate_done(&server->gate);
    free(server->udp_sockets);
    free(server);
}
