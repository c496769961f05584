/* SPDX-License-Identifier: MIT
 *
 * See options_table.h. The texts are for somebody who has never seen the program.
 */
#include "service/options_table.h"

#include "service/options.h"

#define FIELD(name) offsetof(struct options, name)

#define KIB(count) (UINT64_C(count) << 10)
#define MIB(count) (UINT64_C(count) << 20)
#define GIB(count) (UINT64_C(count) << 30)

enum { DAY_S = 24 * 60 * 60, HOUR_MS = 60 * 60 * 1000 };

const struct option_row option_table[OPTION_COUNT] = {
    {"port", 'p', OPTION_PORT, "SERVER_PORT", "8080", FIELD(port), .least = 0, .most = 65535,
        .help = "port to listen on, of TCP and UDP; 0 takes a free one, and the log says which"},
    {"verbose", 'v', OPTION_FLAG, "VERBOSE", "off", FIELD(verbose), .help = "log more: every connection, and what is wrong with what clients send",
        .is_live = true},
    {"bind", 0, OPTION_WORD, "ALO_BIND", "localhost", FIELD(bind), .words = "localhost all",
        .allowed = "localhost, all, or numeric addresses with commas between",
        .help = "addresses to listen on: localhost (127.0.0.1 and ::1), all (0.0.0.0 and ::, so that other machines can connect), or numeric "
                "addresses with commas between"},
    {"listen", 0, OPTION_WORD, "ALO_LISTEN", "none", FIELD(listen), .words = "none unix:/", .allowed = "none, or unix:/path with commas between",
        .help = "Unix sockets to listen on beside the addresses, for programs of this machine such as a proxy: unix:/path with commas between"},
    {"listen-mode", 0, OPTION_WORD, "ALO_LISTEN_MODE", "660", FIELD(listen_mode), .words = "600 660 666",
        .allowed = "an octal number from 000 to 777", .help = "who may connect to the Unix sockets: the mode of their files"},
    {"proxy-protocol", 0, OPTION_WORD, "ALO_PROXY_PROTOCOL", "none", FIELD(proxy_protocol), .words = "none tcp unix tcp,unix",
        .allowed = "none, tcp, unix, or tcp,unix",
        .help = "listeners where each connection begins with a header of the PROXY protocol, version 1 or 2, that says whom a proxy speaks for: tcp "
                "(the addresses), unix (the Unix sockets), or both with a comma between; nobody else can connect there"},
    {"workers", 0, OPTION_NUMBER, "ALO_WORKERS", "0", FIELD(workers), .least = 0, .most = 256,
        .help = "threads that serve connections; 0 means one for each CPU"},
    {"hello-timeout", 0, OPTION_SECONDS, "ALO_HELLO_TIMEOUT", "10", FIELD(hello_timeout_s), .least = 1, .most = DAY_S,
        .help = "seconds that a new connection may take to say who it is", .is_live = true},
    {"message-timeout", 0, OPTION_SECONDS, "ALO_MESSAGE_TIMEOUT", "10", FIELD(message_timeout_s), .least = 1, .most = DAY_S,
        .help = "seconds that a client may take to finish a message that it has begun", .is_live = true},
    {"peer-timeout", 0, OPTION_SECONDS, "ALO_PEER_TIMEOUT", "60", FIELD(peer_timeout_s), .least = 5, .most = DAY_S,
        .help = "seconds until a client that vanished without a word (power cut, lost network) is noticed and counts as offline", .is_live = true},
    {"udp", 0, OPTION_SWITCH, "ALO_UDP", "on", FIELD(udp), .words = "on off", .help = "serve UDP too, on the same port number"},
    /* A third of it is announced as the heartbeat, in whole seconds. */
    {"udp-timeout", 0, OPTION_SECONDS, "ALO_UDP_TIMEOUT", "30", FIELD(udp_timeout_s), .least = 3, .most = DAY_S,
        .help = "seconds of silence after which a UDP client counts as offline", .is_live = true},
    {"stop-timeout", 0, OPTION_SECONDS, "ALO_STOP_TIMEOUT", "3", FIELD(stop_timeout_s), .least = 1, .most = 3600,
        .help = "seconds that a stop waits for clients to take what is still queued for them", .is_live = true},
    {"offline-grace", 0, OPTION_MILLISECONDS, "ALO_OFFLINE_GRACE", "0", FIELD(offline_grace_ms), .least = 0, .most = HOUR_MS,
        .help = "milliseconds for which a user whose last connection was lost, without a goodbye, still counts as online; coming back within them is "
                "news to nobody; 0 tells the loss at once",
        .is_live = true},
    {"drain-time", 0, OPTION_SECONDS, "ALO_DRAIN_TIME", "30", FIELD(drain_time_s), .least = 1, .most = 3600,
        .help = "seconds over which a drain (SIGUSR2) lets all clients go, to come back elsewhere", .is_live = true},
    {"max-friends", 0, OPTION_NUMBER, "ALO_MAX_FRIENDS", "10000", FIELD(max_friends), .least = 1, .most = 1000000,
        .help = "friends that one connection may list", .is_live = true},
    {"max-message", 0, OPTION_SIZE, "ALO_MAX_MESSAGE", "256KiB", FIELD(max_message), .least = KIB(1), .most = MIB(1),
        .help = "size of one message from a client", .is_live = true},
    {"max-unfinished", 0, OPTION_SIZE, "ALO_MAX_UNFINISHED", "256MiB", FIELD(max_unfinished), .least = MIB(1), .most = GIB(1024),
        .help = "memory for messages that have begun and not ended, of all clients together", .is_live = true},
    {"max-nesting", 0, OPTION_NUMBER, "ALO_MAX_NESTING", "32", FIELD(max_nesting), .least = 2, .most = 64,
        .help = "levels of braces and brackets in a message, the outermost counted as one", .is_live = true},
    {"max-sessions", 0, OPTION_NUMBER, "ALO_MAX_SESSIONS", "0", FIELD(max_sessions), .least = 0, .most = 16000000,
        .help = "connections at the same time; 0 means as many as the limit on open files allows", .is_live = true},
    {"max-udp-sessions", 0, OPTION_NUMBER, "ALO_MAX_UDP_SESSIONS", "1048576", FIELD(max_udp_sessions), .least = 1, .most = 16000000,
        .help = "UDP clients at the same time; they need no open files", .is_live = true},
    {"login-rate", 0, OPTION_NUMBER, "ALO_LOGIN_RATE", "0", FIELD(login_rate), .least = 0, .most = 1000000,
        .help = "new logins in a second; who comes sooner waits unread and is not refused; 0 is no limit", .is_live = true},
    {"max-connections-per-address", 0, OPTION_NUMBER, "ALO_MAX_CONNECTIONS_PER_ADDRESS", "0", FIELD(max_connections_per_address), .least = 0,
        .most = 16000000,
        .help = "connections from one address (IPv6: one network of 64 bits) at the same time, and as many UDP clients; 0 is no limit",
        .is_live = true},
    {"login-rate-per-address", 0, OPTION_NUMBER, "ALO_LOGIN_RATE_PER_ADDRESS", "0", FIELD(login_rate_per_address), .least = 0, .most = 1000000,
        .help = "new logins from one address in a second; who comes sooner waits unread; 0 is no limit", .is_live = true},
    {"message-rate-per-address", 0, OPTION_NUMBER, "ALO_MESSAGE_RATE_PER_ADDRESS", "0", FIELD(message_rate_per_address), .least = 0, .most = 1000000,
        .help = "messages from one address in a second; who sends more is read later; 0 is no limit", .is_live = true},
    {"queue-limit", 0, OPTION_NUMBER, "ALO_QUEUE_LIMIT", "4096", FIELD(queue_limit), .least = 16, .most = 1000000,
        .help = "notifications that may wait for a client of the classic dialect that does not read; over that it is disconnected", .is_live = true},
    {"io-uring", 0, OPTION_SWITCH, "ALO_IO_URING", "on", FIELD(io_uring), .words = "on off",
        .help = "tell many clients in one system call, by Linux's io_uring; where the kernel does not allow that, or with off, it is one call each"},
    {"store", 0, OPTION_WORD, "ALO_STORE", "light", FIELD(store), .words = "light", .allowed = "the name of a store, such as light",
        .help = "where it is kept who is online; light: in the memory of this process, shared with no other"},
    {"admin-port", 0, OPTION_PORT_OR_NONE, "ALO_ADMIN_PORT", "8081", FIELD(admin_port), .least = 0, .most = 65535,
        .help = "port of the HTTP interface for operators (health, metrics); 0 takes a free one, and the log says which; none does without"},
    {"admin-bind", 0, OPTION_WORD, "ALO_ADMIN_BIND", "localhost", FIELD(admin_bind), .words = "localhost all",
        .allowed = "localhost, all, or numeric addresses with commas between",
        .help = "addresses that the HTTP interface listens on, as for --bind; whoever reaches it may read all that it tells"},
    {"admin-token-file", 0, OPTION_WORD, "ALO_ADMIN_TOKEN_FILE", "none", FIELD(admin_token_file), .words = "none",
        .allowed = "a file's name, or none",
        .help = "file whose first line is the token (16 to 512 characters) with which operators may close sessions; none: nobody may",
        .is_file = true},
    {"config", 0, OPTION_WORD, "ALO_CONFIG", "none", FIELD(config), .words = "none", .allowed = "the path of a readable file, or none",
        .help = "configuration file, with one `key = value` a line: the names of these flags without their dashes; none reads none", .is_file = true,
        .is_outside = true},
};
