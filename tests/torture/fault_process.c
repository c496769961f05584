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

static unsigned crashes, jumps;
static bool seen;                 /* that the server goes by the clock that jumps */
static int64_t crash_ms, jump_ms; /* when the next is due */
static uint64_t next_round, came_again;

static const char *
crash_begin(struct torture *torture)
{
    (void)torture;
    crashes = 0;
    came_again = 0;
    crash_ms = pace_now_ms();
    return NULL;
}

/* In the middle of whatever is under way; but not before everybody has come again. */
static void
crash_turn(struct torture *torture)
{
    if (pace_now_ms() < crash_ms || torture->folk.reunion || torture->far.reunion || dice_chance(&torture->dice, 90))
        return;
    came_again += folk_online(&torture->folk) + folk_online(&torture->far);
    daemon_kill(&torture->daemon);
    folk_crashed(&torture->folk);
    folk_crashed(&torture->far);
    daemon_start(&torture->daemon);
    crashes++;
    crash_ms = pace_now_ms() + CRASH_EVERY_MS;
}

static void
crash_end(struct torture *torture, char *held, size_t size)
{
    if (crashes == 0) {
        crash_ms = 0;
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
    enum { COUNT = 5, A_DAY = 3 };
    static const int64_t seconds[COUNT] = {1, 60, 3600, 86400, 366 * INT64_C(86400)};
    int64_t length = seconds[jumps > 0 ? dice_below(&torture->dice, COUNT) : A_DAY] * INT64_C(1000000000);

    return jumps == 0 || dice_chance(&torture->dice, 50) ? length : -length;
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
    jumps = 0;
    seen = false;
    jump_ms = 0;
    next_round = 0;
    return NULL;
}

static void
jump_turn(struct torture *torture)
{
    /* Users have come and gone by each of the times. */
    if (pace_now_ms() < jump_ms || torture->folk.books.rounds < next_round)
        return;
    seen = seen || is_dated_wrong(torture);
    atomic_store_explicit(torture->daemon.clock_ns, jump_length_ns(torture), memory_order_relaxed);
    jump_ms = pace_now_ms() + JUMP_EVERY_MS;
    next_round = torture->folk.books.rounds + 2;
    jumps++;
}

static void
jump_end(struct torture *torture, char *held, size_t size)
{
    seen = seen || is_dated_wrong(torture);
    atomic_store_explicit(torture->daemon.clock_ns, 0, memory_order_relaxed);
    torture_rounds(torture, &torture->folk, 1);
    snprintf(held, size, "%u jumps of a second to a year, forth and back; no user's 'at' went back, nobody timed out%s", jumps,
        seen ? "" : ": LEFT OUT, for the server does not take the clock's library");
}

const struct fault process_faults[] = {
    {.name = "kill -9 and restart", .begin = crash_begin, .turn = crash_turn, .end = crash_end},
    {.name = "clock jumps", .begin = jump_begin, .turn = jump_turn, .end = jump_end},
    {.name = NULL},
};
