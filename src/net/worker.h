/* SPDX-License-Identifier: MIT
 *
 * A worker: one thread, one epoll loop, and the sessions that it owns. A turn of the loop:
 *
 *     wait → read what clients sent (the layer above carries it out, which may post mail to other workers) → wake those workers →
 *     take one's own mail → the layer above tells news → write once per session that has something due → fall-due deadlines →
 *     free what has ended
 *
 * It moves bytes and mail. What they mean is known to the layer above, which it calls through struct session_handler.
 *
 * What belongs to a worker may be touched only in its turn: by whoever holds `turn`, its own thread whenever it is awake. While it sleeps,
 * another worker's thread may have its turn for it (wake.c). Functions marked REQUIRES(worker_role) run on a thread that holds the turn.
 */
#ifndef NET_WORKER_H
#define NET_WORKER_H

#include "base/log.h"
#include "base/mail.h"
#include "base/metrics.h"
#include "base/slots.h"
#include "base/sync.h"
#include "net/admission.h"
#include "net/datagrams.h"
#include "net/deadlines.h"
#include "net/drain.h"
#include "net/entrance.h"
#include "net/mailbox.h"
#include "net/pulse.h"
#include "net/session.h"
#include "transport/ring.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mail_tag {
    MAIL_SOCKET, /* struct socket_mail: the acceptor hands over a connection */
    MAIL_STOP,   /* close everything and end */
    MAIL_CONFIG, /* struct config_mail: another configuration */
    MAIL_DRAIN,  /* struct drain_mail: let the sessions go, one after the other (drain.h) */
    MAIL_NEWS,   /* the layer above's */
    MAIL_RETURN, /* the layer above's too */
    MAIL_ASK,    /* the layer above's too: an operator asks; whoever asks keeps it, so nobody has to end what is never taken */
};

struct socket_mail {
    struct mail mail;
    int descriptor;
    const struct transport *transport;
    bool proxied; /* it begins with a header of the PROXY protocol */
    bool refused; /* over --max-sessions: say so, linger, close */
};

struct reconfiguration;

struct config_mail {
    struct mail mail;
    struct reconfiguration *reconfiguration; /* reconfiguration.h */
};

enum deadline_kind {
    DEADLINE_HELLO,    /* no hello yet: session->deadline */
    DEADLINE_SILENCE,  /* nothing came from an address for too long: session->deadline, which the worker starts again with each datagram */
    DEADLINE_MESSAGE,  /* a message begun and not finished: the layer above's */
    DEADLINE_LINGER,   /* closing takes too long: session->deadline; the worker's own */
    DEADLINE_DELIVERY, /* time to look whether the peer takes what was sent: session->delivery; the worker's own */
    DEADLINE_HEARD,    /* the same, but it was heard of a moment ago, so there is no need to look for long */
    DEADLINE_BRAKE,    /* a login that waits for news may go on: the layer above's */
    DEADLINE_ENTRANCE, /* time to look whose turn has come: the worker's own */
    DEADLINE_RETRY,    /* something that failed for want of memory: the layer above's */
    DEADLINE_DRAIN,    /* time to let some sessions go: the worker's own */
    /* The user of a lost connection, or of a lost session of datagrams, has not come back in time: the layer above's. */
    DEADLINE_GRACE,
    DEADLINE_GRACE_DATAGRAM,
    DEADLINE_KINDS,
};

struct worker;

/* What the layer above does. Every function runs in the worker's turn, with no other lock held. */
struct session_handler {
    size_t session_bytes; /* size of the struct that has a struct session as its first member; it begins as zeros */
    /* A connection is there; a refused one is to be told so and closed. */
    void (*opened)(void *context, struct worker *worker, struct session *session, bool refused);
    /* Bytes came in; they are the caller's and gone afterwards. Only in state open and not paused. */
    void (*received)(void *context, struct worker *worker, struct session *session, const char *bytes, size_t length);
    /* A datagram came in, from the address of this open session, or NULL: from one that has none. */
    void (*datagram)(void *context, struct worker *worker, struct session *session, const struct datagram *datagram);
    /* The peer will send nothing more. */
    void (*input_ended)(void *context, struct worker *worker, struct session *session);
    /*
     * What was queued has left, and session_want_room was called. Queue more, or go on reading; or return the line that is to leave now, with a reference that
     * is the caller's, and in *count a number for `told`. What is good only now is not queued, for newer words may take its place until it leaves. NULL:
     * there is none; for datagrams always. In state open only.
     */
    struct line *(*room)(void *context, struct worker *worker, struct session *session, uint32_t *count);
    /*
     * Of that line so many bytes have left: all of them, too, when the peer is lost; with less the socket is full. It may be cut short behind what has
     * begun; what is left of it is queued, since a line once begun must be finished, and when there is no memory for that the connection is given up.
     */
    void (*told)(void *context, struct worker *worker, struct session *session, struct line *line, uint32_t count, size_t sent);
    /* The server stops: say goodbye to this session and close it. Not for datagrams, which end without a word. */
    void (*stopping)(void *context, struct worker *worker, struct session *session);
    /* The server is being drained: tell this session to come back in so many milliseconds, elsewhere, and close it. For datagrams too. */
    void (*draining)(void *context, struct worker *worker, struct session *session, uint32_t retry_after_ms);
    /* The session has ended and its socket is closed. Give up what belongs to it; true: the session may be freed; false: worker_release will be called. */
    bool (*ended)(void *context, struct worker *worker, struct session *session);
    /* A deadline of the layer above fell due. */
    void (*deadline)(void *context, struct worker *worker, enum deadline_kind kind, struct deadline *deadline);
    /* There is another configuration; `settings` are the layer above's own, and stay until the next call. */
    void (*configured)(void *context, struct worker *worker, const void *settings);
    /* Mail that is not the worker's own. */
    void (*mail)(void *context, struct worker *worker, struct mail *mail);
    /* Once a turn, after the mail. True: there is more to do, do not sleep. */
    bool (*turn)(void *context, struct worker *worker);
    /* Once a turn, at its end, NULL if nobody asks: what was told has been written, as far as the sockets took it. The time is that of clock_monotonic_ns(). */
    void (*written)(void *context, struct worker *worker, uint64_t now_ns);
};

/* Constant. A reload makes another one (reconfiguration.h), which differs in its times only. */
struct worker_config {
    const struct session_handler *handler;
    void *context;                        /* the handler's */
    struct admission *admission;          /* of connections */
    struct admission *datagram_admission; /* of sessions of datagrams; NULL when workers have no sockets for them */
    struct gate *gate;                    /* limits of newcomers and of source addresses; NULL: none */
    struct pressure *pressure;
    struct pulse *pulse; /* NULL when nobody asks for signs of life */
    bool io_uring;       /* many writes in one system call, where the kernel allows it; looked at when the workers are made */
    const char *refusal; /* the line for a connection that cannot even become a session */
    size_t refusal_length;
    uint64_t timeouts_ms[DEADLINE_KINDS];
    uint64_t stop_timeout_ms;
    uint32_t peer_timeout_s; /* the same that the listeners have, for connections that were there before a reload */
    uint32_t silence_ms;     /* a peer that owes an acknowledgement and was not heard of for so long is gone */
};

struct worker_counters {
    struct counter opened; /* sessions, those of datagrams among them */
    struct counter closed;
    struct counter datagram_opened; /* of those, the ones of datagrams */
    struct counter datagram_closed;
    struct counter lines;     /* queued, or sent at once, to sessions */
    struct counter writes;    /* writes that took them; many may be one system call */
    struct counter datagrams; /* that came in */
    struct counter lost;      /* datagrams that could not be sent */
    struct counter stale;     /* handles whose session was gone */
    struct distribution turn; /* microseconds that a turn takes, the waiting apart; its buckets together are the turns */
    struct counter drained;   /* sessions that a drain let go */
};

/* What stands beside the counters is this worker's too, so counting never waits for a cache line that others write. */
enum { WORKER_COUNTERS_APART = 64 };

struct worker {
    uint32_t number;
    const struct worker_config *config;
    pthread_t thread;
    struct mailbox mailbox; /* shared */
    struct baton turn;      /* everything below is touched by its holder only */
    bool asleep;            /* in epoll_wait, which nothing but an event ends before asleep_until_ms */
    uint64_t asleep_until_ms;
    struct worker *crew; /* all workers, by number */
    uint32_t crew_count;
    int poller;
    struct slots sessions;
    uint32_t kept;       /* of these, the ones that have ended and are only held by the layer above */
    uint32_t generation; /* of the session opened last */
    struct list due;     /* sessions with something to write */
    struct list ended;   /* sessions to be freed at the end of the turn */
    struct deadlines deadlines[DEADLINE_KINDS];
    struct entrance entrance;
    struct queue_pool pool;
    struct ring *ring; /* NULL: none is wanted, or the kernel has none for us */
    struct datagrams datagrams;
    uint64_t now_ms;               /* of this turn */
    uint64_t now_ns;               /* the same in nanoseconds */
    uint64_t peer_timeout_from_ms; /* when a reload changed it */
    uint32_t peer_timeout_slot;    /* connections from this slot on have not been told yet */
    uint64_t mails_taken;
    uint64_t wake[HANDLE_WORKERS_MAX / 64]; /* workers to wake at the next occasion */
    uint64_t posted;                        /* since others were woken: mails and what they weigh, those to itself included */
    bool self_posted;                       /* there is mail that no wake-up tells of */
    bool more;                              /* the layer above has more to do */
    bool stopping;
    uint64_t stop_at_ms;   /* when stopping: what has not left by then is lost */
    uint64_t linger_at_ms; /* when stopping: from then on nobody is waited for who only has to close */
    struct mail stop_mail;
    struct config_mail config_mail;
    struct worker_drain drain;
    struct worker_counters counters; /* the holder of the turn writes; anybody reads */
    char *read_buffer;
    char *write_buffer;
};

/* Makes `count` workers ready in workers[]; they do not run yet. Returns 0 or -errno. */
int workers_init(struct worker *workers, uint32_t count, const struct worker_config *config);
/* Starts their threads. Returns 0 or -errno; those started before a failure have ended again. */
int workers_start(struct worker *workers, uint32_t count);
/* Tells all workers to close their sessions and end, and waits for them: at most about the stop time-out. The acceptor must have ended. */
void workers_stop(struct worker *workers, uint32_t count);
/* Frees them. Mail that came after the end is given to `drop`. */
void workers_done(struct worker *workers, uint32_t count, void (*drop)(struct mail *mail));

enum { SESSION_NAME = 24 };
/* A short text that names the session in logs, unique in this process: its worker and its generation. */
void session_name(const struct session *session, char name[SESSION_NAME]);
/* Where the other end of its socket is; what a proxy says of its client is another matter. False: it has no address. */
bool session_from(const struct session *session, struct udp_address *from);
/* Where it comes from, for people: a proxy's client if it named one, "gone" when the connection is, the transport's name where there are no addresses. */
void session_peer(const struct session *session, char text[TCP_ADDRESS_TEXT]);

/* Posts mail from this worker's thread to another or to itself. May be called under a shard's lock: the wake-up comes later in the turn. */
void worker_post(struct worker *worker, uint32_t to, struct mail *mail) REQUIRES(worker_role);

/* The session of a handle, or NULL when it is gone. */
struct session *worker_find(struct worker *worker, struct handle handle) REQUIRES(worker_role);
/* The same for a session that news is for: that it is gone is counted. */
struct session *worker_session(struct worker *worker, struct handle handle) REQUIRES(worker_role);
/*
 * The first session in *slot or a later one but before `end`, with its slot; NULL when there is none, and *slot is where to go on: HANDLE_SLOTS_MAX
 * or beyond when that was all. For walking over all of them, also in slices.
 */
struct session *worker_next_session(struct worker *worker, uint32_t *slot, uint32_t end) REQUIRES(worker_role);
/* Queues a line (a reference of its own is taken) to be written at the end of the turn, as a datagram of its own where it is one of those. Returns 0 or -ENOMEM. */
int session_send(struct worker *worker, struct session *session, struct line *line) REQUIRES(worker_role);
/* Has `room` called at the end of the turn, or as soon as everything queued has left. Once; the call may ask again. */
void session_want_room(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* Writes what is queued, as far as the socket takes it now. A lost peer ends the session. */
void session_flush(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* Closes the session once everything queued has left, or after the linger time-out. */
void session_close(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* Reads what has arrived for an open session, before its silence is held against it: the worker may have had no time to read. */
void session_catch_up(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* Stops or resumes reading. */
void session_pause(struct worker *worker, struct session *session, bool paused) REQUIRES(worker_role);
/* Frees a session whose `ended` returned false. */
void worker_release(struct worker *worker, struct session *session) REQUIRES(worker_role);

/* Begins to fetch the session of a handle of this worker's into the cache, for worker_session and what is done with it then. */
static inline void worker_prefetch(const struct worker *worker, struct handle handle) REQUIRES(worker_role);
static inline void
worker_prefetch(const struct worker *worker, struct handle handle)
{
    enum { CACHE_LINE = 64, BYTES = 3 * CACHE_LINE };
    uint32_t slot = handle_slot(handle);
    const char *session;

    if (!slots_exists(&worker->sessions, slot))
        return; /* all sessions thereabouts are gone, and their memory with them */
    session = slots_at(&worker->sessions, slot);
    for (size_t offset = 0; offset < BYTES; offset += CACHE_LINE)
        __builtin_prefetch(session + offset, 1);
}

/* The session has said something: counts against its address. When that says too much, nothing is read from the session for a while. */
static inline void worker_charge(struct worker *worker, struct session *session) REQUIRES(worker_role);
static inline void
worker_charge(struct worker *worker, struct session *session)
{
    if (session->door != NULL)
        entrance_charge(worker, session);
}

static inline struct deadlines *worker_deadlines(struct worker *worker, enum deadline_kind kind) REQUIRES(worker_role);
static inline struct deadlines *
worker_deadlines(struct worker *worker, enum deadline_kind kind)
{
    return &worker->deadlines[kind];
}

#endif
