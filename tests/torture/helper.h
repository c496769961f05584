/* SPDX-License-Identifier: MIT
 *
 * A process that does harm beside the test, with descriptors of its own. It shares some counts with the test and nothing else, and ends when it is told
 * to, or with the test.
 */
#ifndef TORTURE_HELPER_H
#define TORTURE_HELPER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { HELPER_COUNTS = 8, HELPER_TEXT = 512, HELPER_TRUTHS = 64 };

/* In memory that both have. */
struct helper_books {
    _Atomic bool ends;
    _Atomic bool wish, answer; /* the test wishes something; the process has carried it out */
    bool truth[HELPER_TRUTHS]; /* what the test says with its wish */
    _Atomic uint64_t counts[HELPER_COUNTS];
    char trouble[HELPER_TEXT]; /* what is wrong; "" as long as nothing is. Looked at when the helper has ended */
};

struct helper {
    pid_t process;
    uint16_t port;
    uint64_t seed;
    int space; /* a descriptor of the network namespace that it is to be in; 0: the test's */
    struct helper_books *books;
};

/* Starts a process that calls run, which returns soon when helper_ends says so. */
void helper_start(struct helper *helper, uint16_t port, uint64_t seed, void (*run)(struct helper *helper));
/* Ends it; fails the test when it found something wrong. The counts are still there until the next helper_start. */
void helper_stop(struct helper *helper);

static inline bool
helper_ends(const struct helper *helper)
{
    return atomic_load_explicit(&helper->books->ends, memory_order_relaxed);
}

static inline void
helper_count(struct helper *helper, unsigned which, uint64_t more)
{
    atomic_fetch_add_explicit(&helper->books->counts[which], more, memory_order_relaxed);
}

static inline uint64_t
helper_counted(const struct helper *helper, unsigned which)
{
    return atomic_load_explicit(&helper->books->counts[which], memory_order_relaxed);
}

/* For the process: a socket that begins to connect to the server from loopback address number `from`; -1 when it cannot. */
int helper_connect(const struct helper *helper, unsigned from);

#endif
