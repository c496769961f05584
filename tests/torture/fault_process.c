/* SPDX-License-Identifier: MIT
 *
 * What happens to the process itself: it is killed and started again, and its calendar clock jumps.
 */
#include "support/pace.h"
#include "support/rpc_text.h"
#include "torture/torture.h"

#include <check.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { CRASH_EVERY_MS = 2500, JUMP_EVERY_MS = 300 };

static unsigned crashes, jumps, seen;
static int64_t next_ms;
static uint64_t came_again;

static const char *
crash_begin(struct torture *torture)
{
    (void)torture;
    crashes = 0;
    came_again = 0;
    next_ms = pace_now_ms();
    return NULL;
}

/* In the middle of whatever is under way; but not before everybody has come again. */
static void
crash_turn(struct torture *torture)
{
    if (pace_now_ms() < next_ms || torture->folk.reunion || torture->far.reunion || dice_chance(&torture->dice, 90))
        return;
    came_again += folk_online(&torture->folk) + folk_online(&torture->far);
    daemon_kill(&torture->daemon);
    folk_crashed(&torture->folk);
    folk_crashed(&torture->far);
    daemon_start(&torture->daemon);
    crashes++;
    next_ms = pace_now_ms() + CRASH_EVERY_MS;
}

static void
crash_end(struct torture *torture, char *held, size_t size)
{
    if (crashes == 0) {
        next_ms = 0;
        while (crashes == 0) {
            crash_turn(torture);
            torture_turn(torture);
        }
    }
    torture_rounds(torture, &torture->folk, 2);
    torture_rounds(torture, &torture->far, 1);
    torture_rest(torture);
    snprintf(held, size,
        "killed %u times within a round; %" PRIu64 " times somebody who was there came again, was told of all that is true, and there was no ghost",
        crashes, came_again);
}

/* Hours and days, forth and back. */
static int64_t
jump_length_ns(struct torture *torture)
{
    static const int64_t seconds[] = {1, 60, 3600, 86400, 366 * INT64_C(86400)};
    int64_t length = seconds[dice_below(&torture->dice, sizeof seconds / sizeof seconds[0])] * INT64_C(1000000000);

    return dice_chance(&torture->dice, 50) ? length : -length;
}

/* Is a transition of anybody dated by a clock that is a day wrong, at least? */
static bool
is_dated_wrong(const struct torture *torture)
{
    int64_t now = rpc_now_ms();

    for (unsigned i = 0; i < torture->folk.count; i++) {
        int64_t at = torture->folk.people[i].last_at;

        if (at != 0 && llabs(at - now) > INT64_C(80000000))
            return true;
    }
    return false;
}

static const char *
jump_begin(struct torture *torture)
{
    (void)torture;
    jumps = seen = 0;
    next_ms = pace_now_ms();
    return NULL;
}

static void
jump_turn(struct torture *torture)
{
    seen += is_dated_wrong(torture) && seen < 1;
    if (pace_now_ms() < next_ms)
        return;
    atomic_store_explicit(torture->daemon.clock_ns, jump_length_ns(torture), memory_order_relaxed);
    next_ms = pace_now_ms() + JUMP_EVERY_MS;
    jumps++;
}

static void
jump_end(struct torture *torture, char *held, size_t size)
{
    atomic_store_explicit(torture->daemon.clock_ns, 0, memory_order_relaxed);
    torture_rounds(torture, &torture->folk, 1);
    snprintf(held, size, "%u jumps of a second to a year, forth and back; no user's 'at' went back, nobody timed out%s", jumps,
        seen > 0 ? "" : "; BUT THE SERVER DID NOT TAKE THE CLOCK'S LIBRARY, so nothing was tried");
}

const struct fault process_faults[] = {
    {.name = "kill -9 and restart", .begin = crash_begin, .turn = crash_turn, .end = crash_end},
    {.name = "clock jumps", .begin = jump_begin, .turn = jump_turn, .end = jump_end},
    {.name = NULL},
};
