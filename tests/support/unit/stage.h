/* SPDX-License-Identifier: MIT
 *
 * A stage: a presence whose workers do not run. The test takes their steps itself, in the order that it wants, on one thread and in a
 * time that passes only when it says so; so every interleaving is the same each time.
 *
 * What a client heard is read as text: "+" for a friend's arrival, "-" for a departure, the code for an error, "." for the end, and the
 * words of the JSON-RPC dialect (words.h). Each word is read once.
 */
#ifndef SUPPORT_UNIT_STAGE_H
#define SUPPORT_UNIT_STAGE_H

#include "graph/graph.h"
#include "net/worker.h"
#include "presence/desk.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STAGE_WORKERS_MAX = 4,
    STAGE_HELLO_MS = 10000,
    STAGE_MESSAGE_MS = 5000,
    STAGE_SILENCE_MS = 3000,
    STAGE_LINGER_MS = 2000,
    STAGE_DELIVERY_MS = 5000,
    STAGE_HEARD_MS = 50000,
    STAGE_RETRY_MS = 50,
    STAGE_DRAIN_MS = 2000 /* what a drain is spread over */
};

/* A connection: the session, and the client's end. Or somebody who sends datagrams, session or not. */
struct actor {
    uint32_t worker;
    struct session *session; /* NULL when it was freed */
    struct handle handle;
    int peer;             /* the client's end of the connection */
    bool over;            /* the client has read the end */
    bool sends_datagrams; /* then `session` and `handle` say nothing */
};

struct stage {
    struct presence_config config; /* stage_open sets what is usual; stage_open_with does not */
    struct worker_config worker_config;
    struct admission admission, datagram_admission;
    struct pressure pressure;
    struct worker workers[STAGE_WORKERS_MAX];
    uint32_t count;
    struct presence *presence;
    size_t heard_bytes; /* how much it was what was heard last */
};

extern struct stage stage;

/* Usual limits. */
struct presence_config stage_usual(void);
void stage_open(uint32_t workers);
void stage_open_with(uint32_t workers, const struct presence_config *config);
/* Another stage in the place of the one that is open. */
void stage_open_again(uint32_t workers, struct presence_config config);
/* With stage_close, a fixture: two workers, or three, and usual limits. */
void stage_open_two(void);
void stage_open_three(void);
/* From now on the last session of a user that is lost has so long a grace; 0: none, which a new stage has. As by a reload. */
void stage_give_grace(uint64_t time_ms);
/* Ends everything: sessions without news, mail that was not taken. Clients' ends are closed. */
void stage_close(void);

/* A client connects to a worker. Up to 2,000 at a time. */
struct actor *stage_connect(uint32_t worker);
/* Somebody with an address whose datagrams come to this worker. */
struct actor *stage_correspond(uint32_t worker);
/* The client connected last is gone from the stage, with its session; its place is for another one. */
void stage_forget_last(void);
/* Its worker reads this, at once and in one piece, as if it was all that had come; nothing while it does not read. */
void stage_receive(struct actor *actor, const char *text);
void stage_receive_bytes(struct actor *actor, const char *bytes, size_t length);
/* Its worker finds the end of input; or that the peer is lost. */
void stage_end_input(struct actor *actor);
void stage_lose(struct actor *actor);
/* Its worker finds that it may write again. */
void stage_room(struct actor *actor);
/* From now on its socket takes next to nothing while the client does not read. */
void stage_shrink(struct actor *actor);

/* {"user_id": user, "friends": [friends]}; without the key where friends is NULL. And a connection that says it. */
void stage_hello(struct actor *actor, int64_t user, const char *friends);
struct actor *stage_login(uint32_t worker, int64_t user, const char *friends);

/* The steps of a worker's turn after reading. Taking its mail; telling news and letting parked clients go on (true: there is more to do); writing,
 * and freeing what has ended. */
void stage_take_mail(uint32_t worker);
bool stage_tell(uint32_t worker);
void stage_write(uint32_t worker);
/* All of them, once. */
bool stage_turn(uint32_t worker);
/* Turns of all workers until nothing is left to do. */
void stage_settle(void);
/* Time passes for all workers, and what falls due by then does, step by step; then everything settles. */
void stage_pass_ms(uint64_t time_ms);

/* What the client read since the last time, valid until the next call. Only what stage_write has written. */
const char *stage_heard(struct actor *actor);
/* The same, and what is written while the client reads; everything settles. A client that has not read for long can be heard so only. */
const char *stage_heard_out(struct actor *actor);
#define stage_expect(actor, text) ck_assert_str_eq(stage_heard(actor), (text))
/* What the graph holds. */
struct graph_census stage_census(void);
/* What presence keeps of it. */
struct client *stage_client(const struct actor *actor);
/* How many bytes of unfinished messages the workers count. */
size_t stage_unfinished(void);
/* Does its worker read from this client? */
bool stage_is_read(const struct actor *actor);

#endif
