/* SPDX-License-Identifier: MIT
 *
 * The server as a whole: makes every part from the options, joins them, starts them in order and stops them in reverse. Main thread.
 */
#ifndef SERVER_H
#define SERVER_H

#include "service/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pulse;
struct server;

enum { SERVER_PROBLEM = 512 };

/* Are these options that a server can be started with: addresses, store? Starts nothing. Returns 0, or -EINVAL and one sentence in problem. */
int server_check(const struct options *options, char problem[SERVER_PROBLEM]);
/* Are the files that they name such as a start would take? The same. */
int server_check_files(const struct options *options, char problem[SERVER_PROBLEM]);

/*
 * Starts to serve. Returns 0, or -errno and one sentence for a person in problem; -EINVAL when the options are to blame. Raises the process's
 * descriptor limit as far as it may.
 */
int server_start(const struct options *options, struct server **server, char problem[SERVER_PROBLEM]);

/*
 * Changes what can be changed while it serves: times and limits; of the other options nothing is looked at but what the server was started with,
 * which must be the same. Returns when that holds everywhere. Returns 0, or -errno and one sentence in problem; then nothing has changed.
 */
int server_reload(struct server *server, const struct options *options, char problem[SERVER_PROBLEM]);

/* The port that it listens on; 0 when it listens on Unix sockets only. */
uint16_t server_port(const struct server *server);
/* The port of the admin interface; 0 when there is none, or by Unix sockets only. */
uint16_t server_admin_port(const struct server *server);
/* The first address that it listens on, such as "127.0.0.1:8080"; "unix:/path" when there are Unix sockets only. */
const char *server_address(const struct server *server);

/* How much it has to do, about, at the moment. */
struct server_numbers {
    uint64_t users_online;
    uint32_t connections, udp_sessions;
};
void server_count(const struct server *server, struct server_numbers *numbers);

/* Wants a sign of life of all its threads, and where they give it: net/pulse.h. */
void server_ask_pulse(struct server *server);
struct pulse *server_pulse(struct server *server);

/* Logs that it listens, which tells whoever reads the log that it is ready. */
void server_log_listening(const struct server *server);

/*
 * Lets everybody go, in turn, for another server to take over: takes no more connections, and tells each session to come back (net/drain.h). Returns
 * at once, and the log says when it has begun and ended; a drain that runs already is left alone. On the thread of server_reload and server_stop; others call signals_ask_drain.
 */
void server_drain(struct server *server);
/* Has a drain begun? Then it is not ready for newcomers, for good. Any thread. */
bool server_is_draining(const struct server *server);

/* Stops: takes no more connections, sends what is queued within the stop time-out, closes and frees everything. */
void server_stop(struct server *server);

#endif
