/* SPDX-License-Identifier: MIT */
#include "support/unit/attempt.h"

#include "support/faults.h"
#include "support/pace.h"
#include "support/unit/circle.h"

#include <check.h>

/* The operation that interrupts. */
static struct interruption {
    void (*happens)(void);
    bool happened;
} interruption;

static void
interrupt(void *context)
{
    (void)context;
    interruption.happened = true;
    interruption.happens();
}

long
attempt_stride(void)
{
    return 100 / (long)pace_scaled(100);
}

void
attempt_begin(uint32_t workers)
{
    circle_open(workers);
    interruption.happened = false;
}

void
attempt_arm(long nth, void (*happens)(void))
{
    interruption.happens = happens;
    faults_interrupt(nth, interrupt, NULL);
}

bool
attempt_disarm(void)
{
    bool interrupted = interruption.happened;

    faults_interrupt(0, NULL, NULL);
    if (!interrupted)
        interruption.happens();
    return interrupted;
}

void
attempt_end(void)
{
    expect_silence();
    circle_close();
}
