/* SPDX-License-Identifier: MIT
 *
 * Friend graphs, drawn from a seed: whom somebody lists is drawn evenly, or so that few users are popular with many (Zipf's law with exponent 1: the
 * r-th most popular is drawn with a probability of nearly 1/r), and lists are one-sided or mutual.
 */
#ifndef LOAD_DRAW_H
#define LOAD_DRAW_H

#include "load/plan.h"
#include "load/random.h"
#include "load/rows.h"

/* One number from first to first + span - 1. Which of them are the popular ones depends on the range alone. */
uint32_t draw_one(struct random *random, enum plan_graph graph, uint32_t first, uint32_t span);

/* Puts count different numbers from first to first + span - 1 into the row that is being made; none is in the row yet, none is `but`. */
void draw_row(struct rows *rows, struct random *random, enum plan_graph graph, uint32_t count, uint32_t first, uint32_t span, uint32_t but);

/* Replaces the rows by such in which whoever is listed lists, too. Numbers from `users` on are listed and list nobody back. */
void draw_mutual(struct rows *rows, uint32_t users);

#endif
