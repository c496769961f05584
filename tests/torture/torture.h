/* SPDX-License-Identifier: MIT
 *
 * What is done to the server: faults, one after the other and then all at once, while normal users go on (folk.h). Each has its place in a table of its
 * file: how it begins, what it does meanwhile, and how it ends and says in a sentence what was held.
 */
#ifndef TORTURE_TORTURE_H
#define TORTURE_TORTURE_H

#include "support/dice.h"
#include "torture/daemon.h"
#include "torture/folk.h"
#include "torture/link.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HELD_BYTES = 512 };

struct torture {
    struct dice dice;
    struct daemon daemon;
    struct link *link;
    struct link_weather weather; /* bad for a while and good for a while, as long as the fault lasts */
    bool is_bad;
    int64_t weather_ms; /* when it changes */
    struct folk folk;   /* the normal users, all on this machine */
    struct folk far;    /* some behind the link, and some here who hear of them */
    bool together;      /* all faults at once */
};

struct fault {
    const char *name;
    /* Begins it, while everybody rests; NULL, or why this machine cannot. */
    const char *(*begin)(struct torture *torture);
    /* Goes on with it, some hundred times a second; NULL: there is nothing to do. */
    void (*turn)(struct torture *torture);
    /* Undoes it, and puts what was held into words. */
    void (*end)(struct torture *torture, char *held, size_t size);
    bool alone; /* is no part of all at once */
};

/* fault_datagrams.c, fault_network.c, fault_process.c, fault_shortage.c, fault_crowd.c, fault_garbage.c; each ends with one without a name. */
extern const struct fault datagram_faults[], network_faults[], process_faults[], shortage_faults[], crowd_faults[], garbage_faults[];

/* Everything goes on by a moment: all users, and the server must be there. */
void torture_turn(struct torture *torture);
/* Says it, as printf does. */
void torture_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Until nobody is within a round. */
void torture_rest(struct torture *torture);
/* Until this folk has carried out so many rounds more. */
void torture_rounds(struct torture *torture, struct folk *folk, uint64_t rounds);

/* The weather of the link is like this from now on, in turns with good weather if it is bad. */
void torture_weather(struct torture *torture, const struct link_weather *weather);

/* Newcomers may be refused from now on, and no more come than have left. */
void torture_shortage(struct torture *torture, bool begins);

#endif
