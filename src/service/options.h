/* SPDX-License-Identifier: MIT
 *
 * The command line and the environment, from one table: long flag, short flag, environment variable, default, unit, allowed
 * range, help. The same table makes --help, the man page, the bash completion and the README's table (options_text.h).
 *
 * A flag goes over an environment variable, that over the default. Main thread, before any other is started.
 */
#ifndef SERVICE_OPTIONS_H
#define SERVICE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the server is told. Immutable once parsed; texts live as long as argv and the environment. */
struct options {
    uint16_t port;    /* --port -p $SERVER_PORT: 8080; 0 takes a free one */
    bool verbose;     /* --verbose -v $VERBOSE: log level debug */
    const char *bind; /* --bind $ALO_BIND: "localhost" (127.0.0.1 and ::1), "all" (0.0.0.0 and ::), or numeric addresses with commas between */
    uint32_t workers; /* --workers $ALO_WORKERS: 0, the default, means one per CPU that the process may use; at most 256 */
    uint32_t hello_timeout_s;   /* --hello-timeout $ALO_HELLO_TIMEOUT: 10 */
    uint32_t message_timeout_s; /* --message-timeout $ALO_MESSAGE_TIMEOUT: 10 */
    uint32_t peer_timeout_s;    /* --peer-timeout $ALO_PEER_TIMEOUT: 60, at least 5; a TCP peer gone without a word is noticed within this */
    bool udp;                   /* --udp $ALO_UDP: on; serve UDP on the same port number */
    uint32_t udp_timeout_s;     /* --udp-timeout $ALO_UDP_TIMEOUT: 30; a UDP client that is silent for so long is gone */
    uint32_t stop_timeout_s;    /* --stop-timeout $ALO_STOP_TIMEOUT: 3; how long a stop waits for queued bytes to leave */
    uint32_t max_friends;       /* --max-friends $ALO_MAX_FRIENDS: 10000; per session */
    size_t max_message;         /* --max-message $ALO_MAX_MESSAGE: 256 KiB, 1 KiB to 1 MiB; sizes take the suffixes K, KiB, M, MiB, G, GiB */
    size_t max_unfinished;      /* --max-unfinished $ALO_MAX_UNFINISHED: 256 MiB; all unfinished messages together */
    uint32_t max_nesting;       /* --max-nesting $ALO_MAX_NESTING: 32, 2 to 64 */
    uint32_t max_sessions;      /* --max-sessions $ALO_MAX_SESSIONS: 0, the default, means what the descriptor limit allows, less a reserve */
    uint32_t max_udp_sessions;  /* --max-udp-sessions $ALO_MAX_UDP_SESSIONS: 1,048,576; sessions over UDP, which need no descriptor */
    uint32_t queue_limit;       /* --queue-limit $ALO_QUEUE_LIMIT: 4096 notifications that may wait for one session, 16 to 1,000,000 */
    const char *store;          /* --store $ALO_STORE: "light" */
};

enum options_outcome {
    OPTIONS_RUN,   /* go on and serve */
    OPTIONS_DONE,  /* help, version or another text was asked for and printed: exit 0 */
    OPTIONS_WRONG, /* one sentence was printed to standard error: exit 2 */
};

/*
 * Reads argv and the environment into *options. Unknown ALO_ variables, and variables whose value looks injected by an
 * orchestrator (a value like tcp://10.0.0.1:8080 where a number is expected), are ignored and reported through
 * warn(text), one whole sentence each. Prints by itself what --help, --version and the commands (help, man, completion) ask for.
 */
enum options_outcome options_parse(int argc, char **argv, char **environment, struct options *options, void (*warn)(const char *text));

#endif
