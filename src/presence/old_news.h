/* SPDX-License-Identifier: MIT
 *
 * News that is under way to a client of the JSON-RPC dialect and must not be told any more: of a user that it has left off following, or of
 * everybody when its list was replaced. A user may be followed again at once: only mail up to the number that had been posted when the
 * edge ended is old. Exists only while such mail is under way. On the client's worker.
 */
#ifndef PRESENCE_OLD_NEWS_H
#define PRESENCE_OLD_NEWS_H

#include <stdbool.h>
#include <stdint.h>

struct old_news;

/*
 * From now on news of this user (the graph's short name), in mail up to `through`, is old; mail up to `told` has passed, so what was old up to
 * there is forgotten. Returns 0 or -ENOMEM.
 */
int old_news_add(struct old_news **old, uint32_t user, uint64_t through, uint64_t told);
/* The same for all users. */
int old_news_add_all(struct old_news **old, uint64_t through, uint64_t told);
/* Is the news of this user in mail number `sequence` old? */
bool old_news_has(const struct old_news *old, uint32_t user, uint64_t sequence);
/* Frees it when mail up to `told` has passed and nothing in it is under way any more. */
void old_news_settle(struct old_news **old, uint64_t told);
/* Frees it; *old may be NULL. */
void old_news_free(struct old_news **old);

#endif
