/* SPDX-License-Identifier: MIT
 *
 * What must be true of every audience that a graph publishes, for test publishers to call.
 */
#ifndef SUPPORT_UNIT_AUDIENCE_CHECK_H
#define SUPPORT_UNIT_AUDIENCE_CHECK_H

#include "graph/audience.h"

/*
 * The ranges of the parts follow each other without a gap; each worker's part holds that worker's sessions only; the count of
 * unfinished parts is that of the parts with anybody in them, and there is one. Aborts where it is not so: it allocates nothing, so it may run
 * while faults are armed. Returns how many handles there are.
 */
uint32_t audience_check(const struct audience *audience);

/* Ends every part that has anybody in it, as their workers would. */
void audience_consume(struct audience *audience);

#endif
