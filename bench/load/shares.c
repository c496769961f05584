/* SPDX-License-Identifier: MIT
 *
 * Signal handlers run in any process of the run: they touch the shared atomics and nothing else.
 */
#include "load/shares.h"

#include "load/failure.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STATUS_FAILURE = 1, STATUS_INTERRUPTED = 130 };

/* Who signals a whole group of processes (timeout does) may well reach one of them twice: only what comes later than this is asked a second time. */
static const int64_t again_ns = 500000000;

static struct shares *current; /* for the signal handlers */

static void
stop_asked(int number)
{
    struct timespec now;
    int64_t now_ns, asked_ns = 0;

    (void)number;
    clock_gettime(CLOCK_MONOTONIC, &now);
    now_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
    if (!atomic_compare_exchange_strong_explicit(&current->stop_ns, &asked_ns, now_ns, memory_order_relaxed, memory_order_relaxed) &&
        now_ns - asked_ns > again_ns)
        _exit(STATUS_INTERRUPTED);
}

/* Ends this process when the other one has not ended well. One that failed has said why; one that was killed could not. */
static void
child_judge(int status)
{
    static const char sentence[] = ": one of its processes was killed\n";

    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return;
    if (WIFSIGNALED(status)) {
        (void)!write(STDERR_FILENO, program_invocation_short_name, strlen(program_invocation_short_name));
        (void)!write(STDERR_FILENO, sentence, sizeof sentence - 1);
    }
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_FAILURE);
}

static void
child_ended(int number)
{
    int status, error = errno;

    (void)number;
    while (waitpid(-1, &status, WNOHANG) > 0)
        child_judge(status);
    errno = error;
}

static void
handler_set(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};

    if (sigaction(number, &action, NULL) != 0)
        failure_errno("sigaction");
}

struct shares *
shares_new(uint32_t count)
{
    size_t bytes = sizeof(struct shares) + count * sizeof(struct tally);
    struct shares *shares = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (shares == MAP_FAILED)
        failure_errno("mmap");
    shares->count = count;
    current = shares;
    if (count > 1)
        failure_share(&shares->failed);
    handler_set(SIGINT, stop_asked);
    handler_set(SIGTERM, stop_asked);
    handler_set(SIGCHLD, child_ended);
    return shares;
}

uint32_t
shares_start(struct shares *shares)
{
    pid_t parent = getpid();

    for (uint32_t share = 1; share < shares->count; share++) {
        pid_t child = fork();

        if (child < 0)
            failure_errno("fork");
        if (child > 0)
            continue;
        /* A terminal's Ctrl-C reaches all processes; the first one answers for them, and takes them with it when it ends. */
        handler_set(SIGINT, SIG_IGN);
        handler_set(SIGTERM, SIG_IGN);
        handler_set(SIGCHLD, SIG_DFL);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(STATUS_FAILURE);
        return share;
    }
    return 0;
}

void
shares_meet(struct shares *shares, void (*wait)(void *context), void *context)
{
    uint32_t generation = atomic_load_explicit(&shares->generation, memory_order_acquire);

    if (atomic_fetch_add_explicit(&shares->arrived, 1, memory_order_acq_rel) + 1 == shares->count) {
        atomic_store_explicit(&shares->arrived, 0, memory_order_relaxed);
        atomic_fetch_add_explicit(&shares->generation, 1, memory_order_release);
        return;
    }
    while (atomic_load_explicit(&shares->generation, memory_order_acquire) == generation)
        wait(context);
}

void
shares_end(struct shares *shares, uint32_t share)
{
    if (share != 0)
        _exit(EXIT_SUCCESS);
    if (shares->count > 1) {
        int status;

        handler_set(SIGCHLD, SIG_DFL);
        for (;;) {
            pid_t child = waitpid(-1, &status, 0);

            if (child < 0 && errno != EINTR)
                return;
            if (child > 0)
                child_judge(status);
        }
    }
}

void
shares_sum(const struct shares *shares, struct tally *sum)
{
    for (uint32_t share = 0; share < shares->count; share++) {
        const struct tally *tally = &shares->tallies[share];

        sum->counts.due += tally->counts.due;
        sum->counts.heard += tally->counts.heard;
        sum->counts.transitions += tally->counts.transitions;
        sum->counts.missing += tally->counts.missing;
        sum->counts.extra += tally->counts.extra;
        sum->counts.late += tally->counts.late;
        sum->counts.lost += tally->counts.lost;
        sum->counts.merged += tally->counts.merged;
        histogram_add(&sum->latency, &tally->latency);
        if (share == 0)
            sum->series = tally->series;
        else
            series_add(&sum->series, &tally->series);
        if (sum->first_error[0] == '\0')
            memcpy(sum->first_error, tally->first_error, sizeof sum->first_error);
    }
}
