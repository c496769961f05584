/* SPDX-License-Identifier: MIT
 *
 * The command line, the environment and the configuration file, from one table: long flag (and key of the file), short flag,
 * environment variable, default, unit, allowed range, help. The same table makes --help, the man page, the bash completion and the
 * README's table (options_text.h).
 *
 * A flag goes over an environment variable, that over the configuration file, and that over the default. Main thread.
 */
#ifndef SERVICE_OPTIONS_H
#define SERVICE_OPTIONS_H

#include "service/options_table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OPTION_TEXT = 512 }; /* holds a sentence about an option, or what it allows */

enum option_origin { OPTION_FROM_DEFAULT, OPTION_FROM_FILE, OPTION_FROM_ENVIRONMENT, OPTION_FROM_FLAG };

/* Where a value comes from. */
struct option_source {
    enum option_origin origin;
    uint32_t line; /* of the file, counted from 1 */
};

/* What the server is told. Texts live as long as argv, the environment and file_text. */
struct options {
    uint16_t port;           /* --port -p $SERVER_PORT: 8080; 0 takes a free one */
    bool verbose;            /* --verbose -v $VERBOSE: log level debug */
    const char *bind;        /* --bind $ALO_BIND: "localhost" (127.0.0.1 and ::1), "all" (0.0.0.0 and ::), or numeric addresses with commas between */
    const char *listen;      /* --listen $ALO_LISTEN: "none", or Unix sockets to listen on too: unix:/path with commas between */
    const char *listen_mode; /* --listen-mode $ALO_LISTEN_MODE: "660"; the mode of their files, octal */
    const char *proxy_protocol; /* --proxy-protocol $ALO_PROXY_PROTOCOL: "none", "tcp", "unix" or both with a comma between */
    uint32_t workers;           /* --workers $ALO_WORKERS: 0, the default, means one per CPU that the process may use; at most 256 */
    uint32_t hello_timeout_s;   /* --hello-timeout $ALO_HELLO_TIMEOUT: 10 */
    uint32_t message_timeout_s; /* --message-timeout $ALO_MESSAGE_TIMEOUT: 10 */
    uint32_t peer_timeout_s;    /* --peer-timeout $ALO_PEER_TIMEOUT: 60, at least 5; a TCP peer gone without a word is noticed within this */
    bool udp;                   /* --udp $ALO_UDP: on; serve UDP on the same port number */
    uint32_t udp_timeout_s;     /* --udp-timeout $ALO_UDP_TIMEOUT: 30; a UDP client that is silent for so long is gone */
    uint32_t stop_timeout_s;    /* --stop-timeout $ALO_STOP_TIMEOUT: 3; how long a stop waits for queued bytes to leave */
    uint32_t offline_grace_ms;  /* --offline-grace $ALO_OFFLINE_GRACE: 0, off; how long a user whose last session was lost counts as online */
    uint32_t drain_time_s;      /* --drain-time $ALO_DRAIN_TIME: 30; over which a drain lets all sessions go */
    uint32_t max_friends;       /* --max-friends $ALO_MAX_FRIENDS: 10000; per session */
    size_t max_message;         /* --max-message $ALO_MAX_MESSAGE: 256 KiB, 1 KiB to 1 MiB; sizes take the suffixes K, KiB, M, MiB, G, GiB */
    size_t max_unfinished;      /* --max-unfinished $ALO_MAX_UNFINISHED: 256 MiB; all unfinished messages together */
    uint32_t max_nesting;       /* --max-nesting $ALO_MAX_NESTING: 32, 2 to 64 */
    uint32_t max_sessions;      /* --max-sessions $ALO_MAX_SESSIONS: 0, the default, means what the descriptor limit allows, less a reserve */
    uint32_t max_udp_sessions;  /* --max-udp-sessions $ALO_MAX_UDP_SESSIONS: 1,048,576; sessions over UDP, which need no descriptor */
    uint32_t login_rate;        /* --login-rate $ALO_LOGIN_RATE: 0, the default, is no limit, as for the next three; new logins a second */
    uint32_t max_connections_per_address; /* --max-connections-per-address $ALO_MAX_CONNECTIONS_PER_ADDRESS */
    uint32_t login_rate_per_address;      /* --login-rate-per-address $ALO_LOGIN_RATE_PER_ADDRESS */
    uint32_t message_rate_per_address;    /* --message-rate-per-address $ALO_MESSAGE_RATE_PER_ADDRESS */
    uint32_t queue_limit;                 /* --queue-limit $ALO_QUEUE_LIMIT: 4096 notifications that may wait for one session, 16 to 1,000,000 */
    bool io_uring;                        /* --io-uring $ALO_IO_URING: on; many writes in one system call */
    const char *store;                    /* --store $ALO_STORE: "light" */
    int32_t admin_port;                   /* --admin-port $ALO_ADMIN_PORT: 8081; 0 takes a free one; -1, "none", means no admin interface */
    const char *admin_bind;               /* --admin-bind $ALO_ADMIN_BIND: as bind */
    const char *admin_token_file; /* --admin-token-file $ALO_ADMIN_TOKEN_FILE: "none", or where the token is that lets operators close sessions */
    const char *config;           /* --config $ALO_CONFIG: the configuration file; "none" */
    struct option_source sources[OPTION_COUNT]; /* in the order of the table */
    char *file_text;                            /* owned: what words from the file point into; NULL without a file */
};

enum options_outcome {
    OPTIONS_RUN,   /* go on and serve */
    OPTIONS_CHECK, /* --check-config: say whether the options are fine, and end */
    OPTIONS_PRINT, /* --print-config: print them if they are fine, and end */
    OPTIONS_DONE,  /* help, version or another text was asked for and printed: exit 0 */
    OPTIONS_WRONG, /* one sentence was printed to standard error: exit 2 */
};

/*
 * Reads argv, the environment and the configuration file that they name into *options. Unknown ALO_ variables, and variables whose value looks
 * injected by an orchestrator (a value like tcp://10.0.0.1:8080 where a number is expected), are ignored and reported through
 * warn(text), one whole sentence each. Prints by itself what --help, --version and the commands (help, man, completion) ask for.
 * After OPTIONS_DONE and OPTIONS_WRONG, *options is as it was.
 */
enum options_outcome options_parse(int argc, char **argv, char **environment, struct options *options, void (*warn)(const char *text));

/* The same without commands and without printing, for a reload. Returns 0, or -EINVAL with what is wrong in `sentence`; then *options is as it was. */
int options_read(
    int argc, char **argv, char **environment, struct options *options, void (*warn)(const char *text), char sentence[static OPTION_TEXT]);

/* Frees what they own. All zeros are allowed. */
void options_done(struct options *options);

#endif
