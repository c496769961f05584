/* SPDX-License-Identifier: MIT
 *
 * What one user does in one round: a few steps on its devices, and what they can come to. Steps on one device are carried out in
 * their order. Steps on different devices race, unless a step waits: then it is taken when the server has closed all
 * connections that earlier steps ended, so those have been carried out.
 *
 * Where steps race, the same script can have several outcomes: a device that comes while the only other one leaves may be two
 * transitions or none.
 */
#ifndef SUPPORT_SCRIPT_H
#define SUPPORT_SCRIPT_H

#include "support/device.h"

#include <stdbool.h>

enum { SCRIPT_STEPS = 8, SCRIPT_OUTCOMES = 24 };

enum step_kind {
    STEP_COME,   /* connect and say hello */
    STEP_RELIST, /* say hello again with another list, or the same */
    STEP_BEAT,   /* say hello again without one */
    STEP_LEAVE,
};

struct step {
    enum step_kind kind;
    struct device *device;
    const struct friends *friends; /* come, relist: the list that it sends; leave: the one that the device has then. The device's */
    enum device_leaving how;
    bool waits;
};

struct script {
    struct step steps[SCRIPT_STEPS];
    unsigned count, next;
};

/* One thing that a script can come to: the user's transitions, in order, and the list of its last device at each departure. */
struct outcome {
    unsigned count;
    char words[SCRIPT_STEPS]; /* '+' and '-' */
    const struct friends *last[SCRIPT_STEPS];
};

/* These plan the device's states and add a step. Lists are taken over. */
void script_come(struct script *script, struct device *device, struct friends *friends, bool waits);
void script_relist(struct script *script, struct device *device, struct friends *friends);
void script_beat(struct script *script, struct device *device);
/* A step that others wait for must leave by a goodbye or by closing half, whose end can be seen. */
void script_leave(struct script *script, struct device *device, enum device_leaving how, bool waits);

/* May the next step be taken now? */
bool script_is_ready(const struct script *script);

/* All that it can come to, each once, for a user with so many devices before it. Returns how many. */
unsigned script_outcomes(const struct script *script, unsigned devices, struct outcome outcomes[SCRIPT_OUTCOMES]);

#endif
