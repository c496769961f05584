/* SPDX-License-Identifier: MIT
 *
 * What the two kinds of idle sessions share: over TCP, a connection each (idle.c); over UDP, very many from few sockets (idle_datagrams.c).
 */
#ifndef SCENARIOS_IDLE_H
#define SCENARIOS_IDLE_H

#include "scenarios/stage.h"

void idle_datagrams_play(struct stage *stage);
uint64_t idle_descriptors(const struct plan *plan);

/* Draws the lists of clients first to first + count - 1 as the first rows, which are empty; they list each other, so that every such group adds the same:
 * sessions, users, edges with both their ends. */
void idle_lists_draw(struct stage *stage, struct rows *friends, uint32_t first, uint32_t count);

/* Plays --rounds rounds, or until the run is to end, in all shares together. In the first, *total is what those cost that were not broken off, and the
 * result is how many of them there are; in others they mean nothing. */
uint32_t idle_rounds(struct stage *stage, void (*play)(void *context), void *context, struct phase *total);

/* Measures what nothing costs, for --seconds. If the run ends before that has begun, it reports nothing. */
void idle_rest(struct stage *stage);
/* Notes the server's resident memory as a figure. */
void idle_memory(struct stage *stage, const char *name, const char *text);
/* Waits for memory to come back after all have left, and notes what is left, unless the run ends meanwhile. */
void idle_give_back(struct stage *stage);

#endif
