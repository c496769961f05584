/* SPDX-License-Identifier: MIT
 *
 * Memory brought along to a critical section, so that nothing is allocated or freed while a lock is held. Code under the lock
 * takes what was brought; when it needs another size it gives up and leaves a wish; its caller unlocks, fulfils the wish
 * and tries again. What becomes free under the lock is freed after it, the same way:
 *
 *     struct spare spare = {0};
 *     do {
 *         mutex_lock(…);
 *         done = try_it(…, &spare);
 *         mutex_unlock(…);
 *     } while (!done && (error = spare_refill(&spare)) == 0);
 *     spare_done(&spare);
 *
 * One thread's, on its stack.
 */
#ifndef BASE_SPARE_H
#define BASE_SPARE_H

#include <stddef.h>

struct spare {
    void *memory;    /* what was brought, NULL when nothing */
    size_t bytes;    /* its size */
    size_t wanted;   /* what was missing the last time */
    void *discarded; /* blocks to free, chained through their first word */
};

/* Takes a block of exactly this size, or wishes for one and returns NULL. At least the size of a pointer. Under the lock. */
void *spare_take(struct spare *spare, size_t bytes);
/* Leaves a block (from malloc, at least the size of a pointer, or NULL) to be freed later. Under the lock. */
void spare_discard(struct spare *spare, void *memory);
/* Fulfils the last wish. Returns 0 or -ENOMEM. Not under a lock. */
int spare_refill(struct spare *spare);
/* Frees what is left; called by spare_done() when something is. */
void spare_free(struct spare *spare);

/* Frees whatever is left. Not under a lock. */
static inline void
spare_done(struct spare *spare)
{
    if (spare->memory != NULL || spare->discarded != NULL)
        spare_free(spare);
}

#endif
