/* SPDX-License-Identifier: MIT
 *
 * How fast newcomers may log in, and how much one source address may have: connections, logins a second, messages a second. Shared by all workers, under
 * a mutex of its own: a leaf lock. It knows neither sockets nor sessions, and it is told the time.
 *
 * Who may not log in yet waits in its source's queue; sources have their turns one after the other, so an address with a thousand newcomers holds up
 * another's one for one turn and no longer. A source is an IPv4 address or an IPv6 network of 64 bits, since whoever has one such address has all of them;
 * and what comes from it in datagrams is another source than what comes in streams, because anybody can forge the former. One that nobody is connected from is forgotten once it has no debt any more, and when there are GATE_IDLE_MAX of these.
 */
#ifndef NET_GATE_H
#define NET_GATE_H

#include "base/hash.h"
#include "base/list.h"
#include "base/sync.h"
#include "transport/udp.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    GATE_SHELVES = 1 << 16,
    GATE_IDLE_MAX = 1 << 16, /* sources that nobody is connected from; some 10 MiB */
    GATE_GONE_MAX = 256,     /* newcomers that have hung up whose words are kept for later */
    GATE_GONE_OF_ONE = 64,   /* of these, from one address: others have room too */
    GATE_WORKERS_MAX = 256,
};

/* 0 is no limit. Rates are of a second. */
struct gate_limits {
    uint32_t login_rate;
    uint32_t address_connections;
    uint32_t address_login_rate;
    uint32_t address_message_rate;
};

/* How somebody has come. */
enum gate_way {
    GATE_STREAM,
    GATE_DATAGRAMS,
    GATE_NOWHERE, /* from no address, which has no limits of its own */
};

/* Tokens that come at a steady rate and can be saved up to a burst. */
struct bucket {
    int64_t credit; /* thousandths of a token; below zero it is a debt */
    uint64_t at_ms; /* as of when */
};

struct source;

enum gate_state { GATE_OUTSIDE, GATE_WAITING, GATE_GONE, GATE_GRANTED };

/* One newcomer, later session: embedded in what the worker keeps of it. All of it under the gate's mutex. */
struct gate_pass {
    struct list link;      /* in its source's queue, among the gone, or among those granted to its worker */
    struct source *source; /* NULL: it has not entered */
    uint32_t worker;
    enum gate_state state;
};

struct gate {
    struct hash_key key;                         /* constant, as is the place of the shelves */
    struct list *shelves;                        /* GATE_SHELVES lists of sources by hash, each made when it is needed */
    _Atomic bool limits_logins, limits_sessions; /* for those who ask in passing */
    struct mutex mutex;
    struct gate_limits limits; /* this and what follows under the mutex */
    struct bucket logins;
    struct list idle; /* sources that nobody is connected from, the oldest first */
    uint32_t idle_count;
    struct list ring; /* sources in whose queues somebody waits */
    uint32_t ring_count;
    uint32_t waiting;       /* newcomers, of all sources */
    bool server_is_short;   /* some of them wait for the whole server's limit, not for their address's; as of the last look */
    bool datagram_had_last; /* while it was */
    struct list gone;       /* newcomers that have hung up */
    uint32_t gone_count;
    struct list granted[GATE_WORKERS_MAX];
};

/* Returns 0 or -errno; gate_done is due in either case. */
int gate_init(struct gate *gate, const struct gate_limits *limits);
/* Nobody is inside any more. */
void gate_done(struct gate *gate);

/* Other limits hold from now on, for those who enter from now on and who have entered with limits before. */
void gate_change(struct gate *gate, const struct gate_limits *limits);
/* Those that hold now, for logs. */
struct gate_limits gate_limits_now(struct gate *gate);

/* Is there any limit? NULL is a gate without. */
bool gate_is_on(const struct gate *gate);
/* Does it limit logins? */
bool gate_limits_logins(const struct gate *gate);
/* Does it limit anything after the login? */
bool gate_limits_sessions(const struct gate *gate);

/*
 * Somebody has come from there, which is NULL for GATE_NOWHERE. `pass` begins as zeros. Returns 0; -EUSERS when there are as many connections from the
 * address as there may be; -ENOMEM.
 */
int gate_enter(struct gate *gate, struct gate_pass *pass, enum gate_way way, const struct udp_address *from, uint64_t now_ms);
/* It wants to log in. False: it waits until its worker is told by gate_collect. */
bool gate_ask(struct gate *gate, struct gate_pass *pass, uint32_t worker, uint64_t now_ms);
/* The same for one that cannot wait. While others wait for the whole server's limit it gets at most every second turn. */
bool gate_ask_now(struct gate *gate, struct gate_pass *pass, uint64_t now_ms);
/*
 * One that waits has hung up. It keeps no turn from anybody who is there, and has one when none of these can: so a crowd that tries again and again does
 * not wait behind itself. False: too many have hung up, and it should leave.
 */
bool gate_hung_up(struct gate *gate, struct gate_pass *pass);
/* Lets in whose turn has come, of any worker, and appends those of this worker to the list, through their links. */
void gate_collect(struct gate *gate, uint32_t worker, uint64_t now_ms, struct list *granted);
/* It has gone, wherever it stood. */
void gate_leave(struct gate *gate, struct gate_pass *pass, uint64_t now_ms);

/* So many messages have come. Returns for how many milliseconds no more should be read; 0: go on. */
uint32_t gate_charge(struct gate *gate, struct gate_pass *pass, uint32_t messages, uint64_t now_ms);
/* A message that cannot wait has come. False: it is one too many, and was not counted. */
bool gate_charge_now(struct gate *gate, struct gate_pass *pass, uint64_t now_ms);

#endif
