/* SPDX-License-Identifier: MIT
 *
 * A gate with a clock of the test's own, and those who come to it from an address each.
 */
#ifndef SUPPORT_UNIT_GATEHOUSE_H
#define SUPPORT_UNIT_GATEHOUSE_H

#include "net/gate.h"

#include <stdint.h>

extern struct gate gate; /* from gatehouse_open to gate_done */
extern uint64_t now_ms;  /* passes only when the test says so */

void gatehouse_open(struct gate_limits limits);
/* 10.0.0.n */
struct udp_address gatehouse_four(uint32_t n);
/* A stream comes in; 0, or the gate's error. */
int gatehouse_enter(struct gate_pass *pass, struct udp_address from);
void gatehouse_leave(struct gate_pass *passes, uint32_t count);
/* How many of a worker's have their turn now. */
uint32_t gatehouse_collected(uint32_t worker);
/* The same, looking every 10 ms for so long. */
uint32_t gatehouse_collected_within(uint32_t worker, uint64_t ms);

#endif
