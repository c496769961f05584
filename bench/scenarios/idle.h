/* SPDX-License-Identifier: MIT
 *
 * What the two kinds of idle sessions share: over TCP, a connection each (idle.c); over UDP, very many from few sockets (idle_datagrams.c).
 */
#ifndef SCENARIOS_IDLE_H
#define SCENARIOS_IDLE_H

#include "scenarios/stage.h"

void idle_datagrams_play(struct stage *stage);
uint64_t idle_descriptors(const struct plan *plan);

/* Measures what nothing costs, for --seconds. */
void idle_rest(struct stage *stage);
/* Notes the server's resident memory as a figure. */
void idle_memory(struct stage *stage, const char *name, const char *text);
/* Waits for memory to come back after all have left, and notes what is left. */
void idle_give_back(struct stage *stage);

#endif
