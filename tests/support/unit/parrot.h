/* SPDX-License-Identifier: MIT
 *
 * The layer above the workers, for tests of net: it does what clients tell it in words, and it says what is called of it. A client
 * sends lines:
 *
 *     echo TEXT     is answered with the line TEXT
 *     all TEXT      every session of its worker gets the line TEXT
 *     count N       with the lines 0 to N - 1
 *     bulk N        with N lines of BULK_BYTES each
 *     close         with the line "closing", and then the session is closed
 *     pause         nothing more is read from this client until parrot_resume
 *     note W        worker W gets a mail
 *     tell W N      worker W gets a mail that weighs N; "told by V" says which worker's thread took it
 *     again W       worker W gets a mail, after which it has more to do: "told by V", then "again by V"
 *     later W       worker W gets a mail that starts a deadline: "told by V", then "later by V"
 *     hold          this client's worker does nothing until parrot_let_go; "held" when it has come to that
 *     vanish        is answered with the line "gone", and from then on its transport says that nothing was ever heard of it, each time "asked"
 *     bequeath N    when the session has ended, every other worker gets a mail that weighs N, as with tell
 *     keep          when the session has ended, it is not released before its retry deadline
 *
 * A datagram holds one such line, without its end. From an address that has no session it is one of these:
 *
 *     open          a session begins for the address; "opened", or "full" when there is no room
 *     answer TEXT   is answered with the line TEXT
 *     anything else is a "stranger"
 *
 * Events are words, in the order in which one worker makes them: opened, refused, input_ended, ended, released, hello (its deadline),
 * resumed, note, stopping, draining, silence (its deadline), asked, and the text that a reconfiguration has for its settings.
 */
#ifndef SUPPORT_UNIT_PARROT_H
#define SUPPORT_UNIT_PARROT_H

#include "net/worker.h"

#include <stdbool.h>
#include <stdint.h>

enum { PARROT_WORKERS_MAX = 4, BULK_BYTES = 1000 };

struct parrot {
    struct worker_config config; /* may be changed between parrot_init and parrot_start */
    struct admission admission, datagram_admission;
    struct pressure pressure;
    struct worker workers[PARROT_WORKERS_MAX];
    uint32_t count;
    bool initialised;
    int listener;
    uint16_t port;
    int events[2]; /* a pipe of lines */
    char refusal[32];
};

extern struct parrot parrot;

/* Workers that do not run yet; time-outs are long. */
void parrot_init(uint32_t workers);
void parrot_start(void);
/* Both at once. */
void parrot_open(uint32_t workers);
/* Stops the workers and frees everything. */
void parrot_close(void);
/* The same in two steps, to look at the workers between them. */
void parrot_stop(void);
void parrot_done(void);

/* Between parrot_init and parrot_start: UDP on the same port, a socket for each worker. Returns the first worker's. */
int parrot_serve_datagrams(void);
/* A client's socket, connected to that port. */
int parrot_correspond(void);

/* Connects a client and hands the other end to a worker, as the acceptor does; returns the client's end. */
int parrot_connect(uint32_t worker);
int parrot_connect_narrow(uint32_t worker);
/* The same in two steps, which expect no event: a connection in its letter (*peer is the client's end), and the letter's posting. */
struct socket_mail *parrot_prepare(int *peer);
void parrot_hand_over(uint32_t worker, struct socket_mail *letter);
/* The server's end of the latest connection: to look at, not to touch. */
int parrot_latest(void);

/* The next event is this one. */
#define parrot_expect(event) parrot_expect_at((event), __FILE__, __LINE__)
void parrot_expect_at(const char *event, const char *file, int line);

/* The next event; valid until the next call. */
const char *parrot_event(void);

/* Lets all paused sessions of a worker go on; "resumed" says that it is done. */
void parrot_resume(uint32_t worker);
/* Waits until a worker sleeps. */
void parrot_await_sleep(uint32_t worker);
/* Lets workers go on that hold. */
void parrot_let_go(void);
/* Posts mail of this weight, which is settled only with the next mail of weight 0; each is a "note". */
void parrot_post(uint32_t worker, uint32_t weight);

#endif
