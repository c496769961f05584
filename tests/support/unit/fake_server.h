/* SPDX-License-Identifier: MIT
 *
 * A server that follows a script, for one client at a time, on a thread of its own and a port of its own: what it expects to hear, what it says, how it
 * behaves badly. What goes wrong is told by fake_stop, on the test's thread.
 */
#ifndef SUPPORT_FAKE_SERVER_H
#define SUPPORT_FAKE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fake_act {
    FAKE_TALK = 0, /* only hears and says */
    FAKE_CLOSE,    /* then closes; by TCP the next step waits for another connection */
    FAKE_RESET,    /* the same, with a reset */
    FAKE_FLOOD,    /* then says `say` again and again until the client has gone */
    FAKE_END,      /* no more steps; what comes is read and forgotten */
};

struct fake_step {
    const char *hear; /* the next line or datagram holds this text; NULL: hears nothing */
    const char *say;  /* what it says then, in which $ is the id of the last request heard; NULL: nothing. By UDP a datagram */
    enum fake_act act;
    bool bytewise; /* says it byte by byte */
};

struct fake;

/* `steps` ends with FAKE_END and lives until fake_stop. On 127.0.0.1. */
struct fake *fake_start(bool udp, const struct fake_step *steps);
uint16_t fake_port(const struct fake *fake);
/* How many lines or datagrams it has heard so far. */
unsigned fake_heard(const struct fake *fake);
/* Ends it; fails the test where a step was not taken, or did not come about. The client must have done its part. */
void fake_stop(struct fake *fake);
/* The same for a client that may have given up before. */
void fake_abandon(struct fake *fake);

#endif
