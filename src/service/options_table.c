/* SPDX-License-Identifier: MIT */
#include "service/options_table.h"

#include "service/options.h"

#define FIELD(name) offsetof(struct options, name)

enum { KIB = 1024, MIB = 1024 * 1024 };

const struct option_row option_table[OPTION_COUNT] = {
    {"port", 'p', OPTION_PORT, "SERVER_PORT", "8080", NULL, 0, 65535, FIELD(port), "port to listen on; 0 takes a free one, which the log tells"},
    {"verbose", 'v', OPTION_FLAG, "VERBOSE", "false", NULL, 0, 0, FIELD(verbose), "log every connection and every client's mistake"},
    {"bind", 0, OPTION_WORD, "ALO_BIND", "localhost", "127.0.0.1 and ::1", 0, 0, FIELD(bind),
        "addresses to listen on: localhost, all (0.0.0.0 and ::), or numeric addresses with commas between"},
    {"workers", 0, OPTION_NUMBER, "ALO_WORKERS", "0", "one per processor", 0, 256, FIELD(workers), "threads that serve sessions"},
    {"hello-timeout", 0, OPTION_SECONDS, "ALO_HELLO_TIMEOUT", "10", NULL, 1, 86400, FIELD(hello_timeout_s),
        "how long a connection may take to say hello"},
    {"message-timeout", 0, OPTION_SECONDS, "ALO_MESSAGE_TIMEOUT", "10", NULL, 1, 86400, FIELD(message_timeout_s),
        "how long a message that has begun may take to end"},
    {"peer-timeout", 0, OPTION_SECONDS, "ALO_PEER_TIMEOUT", "60", NULL, 5, 86400, FIELD(peer_timeout_s),
        "within which time a peer that is gone without a word is noticed"},
    {"stop-timeout", 0, OPTION_SECONDS, "ALO_STOP_TIMEOUT", "3", NULL, 1, 3600, FIELD(stop_timeout_s),
        "how long a stop waits for what is queued to be sent"},
    {"max-friends", 0, OPTION_NUMBER, "ALO_MAX_FRIENDS", "10000", NULL, 1, 1000000, FIELD(max_friends), "friends that one session may list"},
    {"max-message", 0, OPTION_SIZE, "ALO_MAX_MESSAGE", "256KiB", NULL, KIB, MIB, FIELD(max_message), "size of one message"},
    {"max-unfinished", 0, OPTION_SIZE, "ALO_MAX_UNFINISHED", "256MiB", NULL, MIB, UINT64_C(1) << 40, FIELD(max_unfinished),
        "size of all unfinished messages together"},
    {"max-nesting", 0, OPTION_NUMBER, "ALO_MAX_NESTING", "32", NULL, 2, 64, FIELD(max_nesting), "how deeply a message may be nested"},
    {"max-sessions", 0, OPTION_NUMBER, "ALO_MAX_SESSIONS", "0", "what the descriptor limit allows", 0, 16000000, FIELD(max_sessions),
        "connections at the same time"},
    {"queue-limit", 0, OPTION_NUMBER, "ALO_QUEUE_LIMIT", "4096", NULL, 16, 1000000, FIELD(queue_limit),
        "notifications that may wait for a client that does not read; over that it is closed"},
    {"store", 0, OPTION_WORD, "ALO_STORE", "light", "one instance, in memory", 0, 0, FIELD(store), "where the state is kept"},
};
