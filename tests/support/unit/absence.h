/* SPDX-License-Identifier: MIT
 *
 * A stage for the grace of users whose last session was lost: three workers, and user 1, a classic client on the third, who watches user 2.
 */
#ifndef SUPPORT_UNIT_ABSENCE_H
#define SUPPORT_UNIT_ABSENCE_H

#include "support/unit/stage.h"

#include <stdint.h>

enum { GRACE_MS = 5000 };

extern struct actor *watcher; /* user 1 */

/* With stage_close, a fixture. */
void absence_open(void);
/* User 2, who lists user 1, comes, and everything settles. */
struct actor *two_comes(uint32_t worker);
/* How many clients are absent, as their deadlines have it. Sees that presence counts those against the limits that do not linger any more. */
uint32_t absent_clients(void);
/* How many sessions the workers keep that have ended. */
uint64_t kept_sessions(void);
/* The grace of user 2, who was lost just now, has not ended a moment before it is over, and then it has; nobody else but user 1 is there. */
void expect_gone_after(uint64_t grace_ms);

#endif
