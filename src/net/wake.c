/* SPDX-License-Identifier: MIT
 *
 * What becomes of mail for another worker. When it is much to tell, its worker is woken at once, so that they tell side by side. When it is
 * little, as most news is, a worker that sleeps is not woken at all: the one that posted the mail has that worker's turn, after its own. Two
 * system calls and a change of threads cost as much as telling several sessions, and where the machine is idle enough for a worker to sleep,
 * one thread that tells all costs a sixth less than two that take processors away from the clients they wake (README has the figures).
 *
 * On the thread of the worker that posted. It tries the other's turn and never waits for it, so two workers that do this to each other
 * cannot lock each other out: whose turn is taken is awake, or will be, and is woken by its mailbox as ever.
 */
#include "net/worker.h"

#include "net/worker_internal.h"

/* So many sessions are told by one thread, be they other workers' sessions: it takes about a millisecond. */
enum { LITTLE = 128 };

void
worker_post(struct worker *worker, uint32_t to, struct mail *mail)
{
    worker->posted += 1 + mail->weight;
    if (!mailbox_post(&worker->crew[to].mailbox, mail))
        return;
    if (to == worker->number)
        worker->self_posted = true;
    else
        worker->wake[to / 64] |= UINT64_C(1) << (to % 64);
}

/* Wakes the workers whose mailboxes were empty when mail was posted to them, or has `instead` do what they would wake up for. */
static void
wake(struct worker *worker, bool (*instead)(struct worker *other)) REQUIRES(worker_role)
{
    for (uint32_t word = 0; word * 64 < worker->crew_count; word++) {
        while (worker->wake[word] != 0) {
            struct worker *other = &worker->crew[word * 64 + (uint32_t)__builtin_ctzll(worker->wake[word])];

            worker->wake[word] &= worker->wake[word] - 1;
            if (instead == NULL || !instead(other))
                mailbox_wake(&other->mailbox);
        }
    }
    worker->posted = 0;
}

/* Has the other's turn for it, if it sleeps. False: it must be woken, be it for what is left. */
static bool
stand_in(struct worker *other) REQUIRES(worker_role)
{
    bool done = false;

    if (mailbox_weight(&other->mailbox) > LITTLE || !baton_try(&other->turn))
        return false;
    if (other->asleep) {
        worker_take_time(other);
        worker_tell(other);
        worker_finish(other);
        wake(other, NULL);
        done = worker_wakes_at_ms(other) >= other->asleep_until_ms;
    }
    baton_give(&other->turn);
    return done;
}

void
worker_wake_for_much(struct worker *worker)
{
    if (worker->posted > LITTLE || (worker->posted > 0 && mailbox_weight(&worker->mailbox) > LITTLE))
        wake(worker, NULL);
}

void
worker_wake_others(struct worker *worker)
{
    wake(worker, worker->posted > LITTLE ? NULL : stand_in); /* little for each of many workers is much for one thread */
}
