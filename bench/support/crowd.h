/* SPDX-License-Identifier: MIT
 *
 * Many clients in one process, on one thread: they connect, say hello, are told, leave. Every line
 * that arrives is checked to the byte and counted against what its client was due; one too many ends the program at once,
 * one too few when the wait for it is over.
 */
#ifndef SUPPORT_CROWD_H
#define SUPPORT_CROWD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CROWD_LINE_BYTES = sizeof "{\"online\": false}\n" - 1 };

struct client {
    int descriptor;    /* -1 while it is not connected */
    uint32_t due[2];   /* lines with "online": false and true that were ordered since crowd_reset */
    uint32_t heard[2]; /* and that came */
    uint8_t partial_bytes;
    char partial[CROWD_LINE_BYTES]; /* a line that has begun */
    char *held;                     /* the same in the JSON-RPC dialect, whose lines have no fixed length: held_bytes, or NULL */
    uint32_t held_bytes;
};

struct crowd {
    int poller;
    struct sockaddr_in server;
    struct client *clients;
    uint32_t size;
    uint32_t connects; /* so far; picks the source address */
    bool strict;       /* what comes must be due */
    bool jsonrpc;      /* the clients speak the JSON-RPC dialect */
    uint64_t due;
    uint64_t heard;
    int64_t heard_ns;                                          /* when the last line came */
    void (*told)(void *context, uint32_t client, bool online); /* may be NULL */
    void *context;
    char bytes[64 * 1024];
};

/* Nanoseconds of the monotonic clock. */
int64_t crowd_clock_ns(void);

void crowd_init(struct crowd *crowd, uint32_t size, uint16_t port);
void crowd_done(struct crowd *crowd);

/* Connects a client and sends its hello. */
void crowd_join(struct crowd *crowd, uint32_t client, const char *hello, size_t length);
void crowd_say(struct crowd *crowd, uint32_t client, const char *text, size_t length);
void crowd_leave(struct crowd *crowd, uint32_t client);

/* Orders a line: it must come before the next crowd_reset. */
static inline void
crowd_expect(struct crowd *crowd, uint32_t client, bool online)
{
    crowd->clients[client].due[online]++;
    crowd->due++;
}

/* Reads what has come, waiting at most timeout_ms for it. */
void crowd_poll(struct crowd *crowd, int timeout_ms);

/* Reads what has come or comes soon. Ends the program when the deadline has passed, or when lines are due and none comes any more. */
void crowd_wait(struct crowd *crowd, int64_t deadline_ns);

/* The same until every line that is due has come. */
void crowd_settle(struct crowd *crowd, int64_t deadline_ns);

/* Counts from 0 again, and says whether what comes must be due. Nothing may be under way. */
void crowd_reset(struct crowd *crowd, bool strict);

#endif
