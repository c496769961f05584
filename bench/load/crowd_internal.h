/* SPDX-License-Identifier: MIT
 *
 * What the parts of the crowd share: crowd.c has the connections and the loop, crowd_books.c what is due and what has come.
 */
#ifndef LOAD_CROWD_INTERNAL_H
#define LOAD_CROWD_INTERNAL_H

#include "load/crowd.h"

/* News came to a client. */
void crowd_books_news(struct crowd *crowd, uint32_t number, const struct talk_word *word, int64_t now_ns);

/* Over UDP: counts what has waited for too long as lost. */
void crowd_books_lose(struct crowd *crowd, int64_t now_ns);

#endif
