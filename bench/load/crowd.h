/* SPDX-License-Identifier: MIT
 *
 * Many clients in one process, on one thread: they connect, log in, are told, leave. Every notification that is due is known beforehand with the moment
 * at which it became due; what comes is held against that, its latency recorded, and what is missing, one too many or late is counted (load/tally.h).
 * The clients talk over TCP, or over UDP with a socket for each, and speak what a struct talk says.
 *
 * One epoll loop, edge-triggered: a notification costs no system call but the recv that brings it.
 */
#ifndef LOAD_CROWD_H
#define LOAD_CROWD_H

#include "load/pending.h"
#include "load/tally.h"
#include "load/target.h"
#include "talk/talk.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client {
    uint32_t user;  /* of the population: the crowd's first user plus the client's number, unless a scenario says otherwise */
    int descriptor; /* -1 while it is not connected */
    bool parting;   /* has said goodbye: a sign of life would bring it back */
    uint32_t held_bytes;
    char *held;                  /* a word that has begun: held_bytes, or NULL */
    struct pending_queue due[2]; /* what it must be told: that somebody left, that somebody came; all in the first where news has names */
    uint32_t heard[2];           /* since crowd_reset */
};

/* What a crowd is made for. */
struct crowd_setting {
    const struct target *target;
    const struct talk *talk;
    bool datagrams;
    uint32_t first_user; /* client 0 is this user of the population, and so on */
    int64_t late_ns;     /* a notification that takes longer is late */
    struct tally *tally;
};

struct crowd {
    struct crowd_setting setting;
    int poller;
    struct client *clients;
    uint32_t size;
    uint32_t online;    /* connected */
    uint32_t connects;  /* so far; picks the source address */
    bool strict;        /* what comes must be due */
    int receive_bytes;  /* of the sockets that are opened from now on; 0: the kernel's own choice */
    uint64_t under_way; /* due and not heard */
    uint64_t heard;     /* news of any kind, strict or not */
    int64_t heard_ns;   /* when the last came; answers do not count */
    struct pending_pool pool;
    struct talk_text scratch;
    int64_t beaten_ns; /* until when signs of life have been given, over UDP */
    int64_t lost_ns;   /* when it was last looked for what is lost, over UDP */
    uint32_t beat_next;

    /* What a scenario wants to know; each may be NULL. */
    void *told_context;
    void (*told)(void *context, uint32_t client, bool online); /* news came to one of the first told_below clients */
    uint32_t told_below;
    void *context;
    bool (*took)(void *context, uint32_t client, const struct talk_word *word); /* a word; true: it is news that the scenario accounts for itself */
    bool (*ended)(void *context, uint32_t client, const char *why); /* the server complained or ended a connection; true: go on without it */
    void *tick_context;
    void (*ticked)(void *context, int64_t now_ns); /* once in each crowd_poll */
};

/* Nanoseconds of the monotonic clock. */
int64_t crowd_clock_ns(void);

void crowd_init(struct crowd *crowd, uint32_t size, const struct crowd_setting *setting);
/* Everybody leaves. */
void crowd_done(struct crowd *crowd);

/* Connects a client and says its hello. Ends the program when the server cannot be reached. */
void crowd_join(struct crowd *crowd, uint32_t client, const char *hello, size_t length);
void crowd_say(struct crowd *crowd, uint32_t client, const char *text, size_t length);
/* Says goodbye as the dialect does and closes. */
void crowd_leave(struct crowd *crowd, uint32_t client);
/* Says goodbye, gives no sign of life any more, and stays connected, so that it can be said again: over UDP it may be lost. */
void crowd_part(struct crowd *crowd, uint32_t client);
/* Nothing that comes to the client is read any more; or it is, beginning with what has come meanwhile. */
void crowd_deafen(struct crowd *crowd, uint32_t client, bool deaf);
/* Ends the connection by a reset. */
void crowd_crash(struct crowd *crowd, uint32_t client);
/* Closes without a word. */
void crowd_drop(struct crowd *crowd, uint32_t client);

static inline bool
crowd_joined(const struct crowd *crowd, uint32_t client)
{
    return crowd->clients[client].descriptor >= 0;
}

/* What the client's user is called where ids are numbers; for messages. */
static inline uint32_t
crowd_id(const struct crowd *crowd, uint32_t client)
{
    return TALK_ID_FIRST + crowd->clients[client].user;
}

/* From now on the client must be told, once, that this user (of the whole population) came or left; the clock runs from due_ns. */
void crowd_expect(struct crowd *crowd, uint32_t client, uint32_t user, bool online, int64_t due_ns);
/* Nothing is due to the client any more: it is about to leave. */
void crowd_forget(struct crowd *crowd, uint32_t client);
/* A transition has been ordered; for the books only. */
void crowd_transition(struct crowd *crowd, int64_t now_ns);

/* Reads what has come, waiting at most timeout_ns for it. */
void crowd_poll(struct crowd *crowd, int64_t timeout_ns);

/* Something is wrong: counts it in one of the tally's counts, and notes the first such thing, which the sentence tells. */
void crowd_wrong(struct crowd *crowd, uint64_t *count, int64_t now_ns, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Until every notification that is due has come, or none has for as long as one may take: what is left then is missing. */
void crowd_settle(struct crowd *crowd);

/* Nothing is due any more; counts `heard` from 0 again, and says whether what comes must be due. */
void crowd_reset(struct crowd *crowd, bool strict);

#endif
