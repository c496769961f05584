/* SPDX-License-Identifier: MIT
 *
 * What the parts of the crowd share: crowd.c has the connections and the loop, crowd_books.c what is due and what has come.
 */
#ifndef LOAD_CROWD_INTERNAL_H
#define LOAD_CROWD_INTERNAL_H

#include "load/crowd.h"

/* What a client's user is called where ids are numbers; for messages. */
static inline uint32_t
crowd_id(const struct crowd *crowd, uint32_t client)
{
    return TALK_ID_FIRST + crowd->setting.first_user + client;
}

/* News came to a client. */
void crowd_books_news(struct crowd *crowd, uint32_t number, const struct talk_word *word, int64_t now_ns);

/* Over UDP: counts what has waited for too long as lost. */
void crowd_books_lose(struct crowd *crowd, int64_t now_ns);

/* Notes the first thing that is wrong, in a sentence. */
void crowd_books_wrong(struct crowd *crowd, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
