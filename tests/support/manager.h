/* SPDX-License-Identifier: MIT
 *
 * A service manager as far as a daemon can tell: the socket that it sends its notices to, and what stands in its environment. A child that is started
 * afterwards finds both.
 */
#ifndef SUPPORT_MANAGER_H
#define SUPPORT_MANAGER_H

#include <stdbool.h>
#include <stdint.h>

enum { MANAGER_NOTICE = 512 };

struct manager {
    int socket;
    char path[64];
    char notice[MANAGER_NOTICE]; /* the one looked at last */
};

/* Begins to listen and sets the environment; watchdog_us 0: without a watchdog. */
struct manager *manager_new(uint64_t watchdog_us);
/* Ends that. */
void manager_free(struct manager *manager);

/* Waits for the next notice that has a line beginning so, and returns the rest of that line, good until the next call; others before it are dropped. */
const char *manager_expect(struct manager *manager, const char *begins);
/* Takes the notices that are there, and says how many of them have a line beginning so. Does not wait. */
unsigned manager_drain(struct manager *manager, const char *begins);

#endif
