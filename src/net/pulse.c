/* SPDX-License-Identifier: MIT */
#include "net/pulse.h"

#include "base/assert.h"
#include "net/acceptor.h"
#include "net/worker.h"

#include <errno.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

int
pulse_init(struct pulse *pulse, uint32_t workers)
{
    ASSERT(workers <= HANDLE_WORKERS_MAX);
    pulse->workers = workers;
    pulse->descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (pulse->descriptor < 0)
        return -errno;
    atomic_init(&pulse->missing, 0);
    for (uint32_t thread = 0; thread <= workers; thread++)
        atomic_init(&pulse->owes[thread], false);
    /* helgrind knows neither the count nor the hints as atomic. */
    RACE_IGNORE(&pulse->missing, sizeof pulse->missing);
    RACE_IGNORE(pulse->owes, sizeof pulse->owes);
    return 0;
}

void
pulse_done(struct pulse *pulse)
{
    close(pulse->descriptor);
}

void
pulse_ask(struct pulse *pulse, struct worker *workers, struct acceptor *acceptor)
{
    ASSERT(pulse_is_answered(pulse));
    /* Before the first question: an answer may come while the others are still being asked. All questions before the first wake-up. */
    atomic_store_explicit(&pulse->missing, pulse->workers + 1, memory_order_relaxed);
    for (uint32_t thread = 0; thread <= pulse->workers; thread++)
        atomic_store_explicit(&pulse->owes[thread], true, memory_order_release);
    for (uint32_t number = 0; number < pulse->workers; number++)
        mailbox_wake(&workers[number].mailbox);
    acceptor_ask(acceptor);
}

bool
pulse_is_answered(struct pulse *pulse)
{
    uint64_t count;

    /* First, and in any case: the wake-up of the last round may have come after its last answer was seen. */
    ASSERT(read(pulse->descriptor, &count, sizeof count) == (ssize_t)sizeof count || errno == EAGAIN);
    if (atomic_load_explicit(&pulse->missing, memory_order_acquire) > 0)
        return false;
    RACE_HAPPENS_AFTER(pulse);
    return true;
}

void
pulse_name_missing(const struct pulse *pulse, char names[PULSE_NAMES])
{
    size_t length = 0;

    names[0] = '\0';
    for (uint32_t thread = 0; thread <= pulse->workers && length < PULSE_NAMES; thread++) {
        const char *comma = length > 0 ? ", " : "";
        int written = 0;

        if (!atomic_load_explicit(&pulse->owes[thread], memory_order_relaxed))
            continue;
        if (thread < pulse->workers)
            written = snprintf(names + length, PULSE_NAMES - length, "%sworker %u", comma, thread);
        else
            written = snprintf(names + length, PULSE_NAMES - length, "%sacceptor", comma);
        length += (size_t)written;
    }
}

void
pulse_answer(struct pulse *pulse, uint32_t thread)
{
    uint64_t one = 1;

    atomic_store_explicit(&pulse->owes[thread], false, memory_order_relaxed);
    RACE_HAPPENS_BEFORE(pulse);
    if (atomic_fetch_sub_explicit(&pulse->missing, 1, memory_order_acq_rel) == 1)
        ASSERT(write(pulse->descriptor, &one, sizeof one) == (ssize_t)sizeof one);
}
