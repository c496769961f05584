/* SPDX-License-Identifier: MIT
 *
 * A store makes what several instances must agree on outlive one of them: who is online, and later friend lists. The graph in
 * memory answers everything on the hot path; a store is told of transitions and works off the workers' threads.
 * One constant table per store; `light`, the default, shares nothing and is the null store.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/user_id.h"

#include <stdbool.h>
#include <stddef.h>

struct store {
    const char *name;
    const char *summary; /* what it is for, in a few words */

    /* Makes the store ready; its state goes to *state. Returns 0 or -errno. Main thread, before the workers start. */
    int (*open)(void **state);
    /* Ends it. Main thread, after the workers have ended. */
    void (*close)(void *state);
    /* A user came online or went offline here. Any worker's thread, with no lock held; it must not wait. */
    void (*announce)(void *state, struct user_id user, bool online);
};

extern const struct store store_light;

/* The store of a name, or NULL. */
const struct store *store_find(const char *name);
/* Writes the names of all stores, with commas between, into text[0..size). */
void store_names(char *text, size_t size);

#endif
