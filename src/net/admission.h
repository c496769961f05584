/* SPDX-License-Identifier: MIT
 *
 * How many connections there are, counted from accept to close: the acceptor adds, workers take away.
 */
#ifndef NET_ADMISSION_H
#define NET_ADMISSION_H

#include "base/sync.h"

#include <stdatomic.h>
#include <stdint.h>

enum { REFUSED_MAX = 64 }; /* connections over the limit that are told so in an orderly way at any one time; further ones are just closed */

struct admission {
    _Atomic uint32_t connections; /* the refused ones that linger included */
    _Atomic uint32_t limit;       /* --max-sessions; a reload may change it */
};

static inline void
admission_init(struct admission *admission, uint32_t limit)
{
    atomic_init(&admission->connections, 0);
    atomic_init(&admission->limit, limit);
    /* helgrind: plain numbers; no other memory is published through them. */
    RACE_IGNORE(admission, sizeof *admission);
}

static inline void
admission_set_limit(struct admission *admission, uint32_t limit)
{
    atomic_store_explicit(&admission->limit, limit, memory_order_relaxed);
}

static inline uint32_t
admission_limit(const struct admission *admission)
{
    return atomic_load_explicit(&admission->limit, memory_order_relaxed);
}

/* Counts a connection; returns how many there were before it. */
static inline uint32_t
admission_enter(struct admission *admission)
{
    return atomic_fetch_add_explicit(&admission->connections, 1, memory_order_relaxed);
}

static inline void
admission_leave(struct admission *admission)
{
    atomic_fetch_sub_explicit(&admission->connections, 1, memory_order_relaxed);
}

static inline uint32_t
admission_count(const struct admission *admission)
{
    return atomic_load_explicit(&admission->connections, memory_order_relaxed);
}

#endif
