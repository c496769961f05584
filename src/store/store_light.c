/* SPDX-License-Identifier: MIT
 *
 * The store of a single instance: everything is in the graph already, so there is nothing to do.
 */
#include "store/store.h"

static int
light_open(void **state)
{
    *state = NULL;
    return 0;
}

static void
light_close(void *state)
{
    (void)state;
}

static void
light_announce(void *state, struct user_id user, bool online)
{
    (void)state;
    (void)user;
    (void)online;
}

const struct store store_light = {
    .name = "light",
    .summary = "one instance, everything in memory",
    .open = light_open,
    .close = light_close,
    .announce = light_announce,
};
