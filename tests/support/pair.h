/* SPDX-License-Identifier: MIT
 *
 * Two honest friends, to be kept on a server while others do it harm: each comes and goes, and the other hears exactly that.
 */
#ifndef SUPPORT_PAIR_H
#define SUPPORT_PAIR_H

#include "support/server.h"
#include "support/session.h"

struct pair {
    const struct server *server;
    struct session *first, *second;
};

/* Both log in; they list each other. */
struct pair *pair_open(const struct server *server);

/* Each leaves and comes back once, the other hears both, and neither has heard anything else since the last time. */
#define pair_exchange(pair) pair_exchange_at((pair), __func__, __LINE__)
void pair_exchange_at(struct pair *pair, const char *function, int line);

/* Both leave; neither has heard anything else. */
#define pair_close(pair) pair_close_at((pair), __func__, __LINE__)
void pair_close_at(struct pair *pair, const char *function, int line);

/* Both are told exactly this last line and the end, as when the server stops; frees. */
void pair_expect_error(struct pair *pair, const char *code);

#endif
