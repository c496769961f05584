/* SPDX-License-Identifier: MIT
 *
 * See signals.h. Every signal is blocked but those that tell of a fault of the program itself and those of job control.
 */
#include "service/signals.h"

#include "base/assert.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Faults must end the process where they happen; job control belongs to the terminal. */
static const int left_alone[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGTSTP, SIGCONT, SIGTTIN, SIGTTOU};

static const int stopping[] = {SIGTERM, SIGINT, SIGQUIT};

/* Readable while a signal is pending; nothing is read from it. Opened by signals_block, for the life of the process. */
static int pending = -1;

static void
taken_signals(sigset_t *set)
{
    sigfillset(set);
    for (unsigned i = 0; i < sizeof left_alone / sizeof left_alone[0]; i++)
        sigdelset(set, left_alone[i]);
}

void
signals_block(void)
{
    sigset_t set;

    taken_signals(&set);
    /* Shells start background jobs with some of them ignored; a second one, unblocked, would then not end the process. */
    for (unsigned i = 0; i < sizeof stopping / sizeof stopping[0]; i++)
        ASSERT(signal(stopping[i], SIG_DFL) != SIG_ERR);
    ASSERT(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    pending = signalfd(pending, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

bool
signals_await(int descriptor, int timeout_ms)
{
    struct pollfd polled[] = {{.fd = pending, .events = POLLIN}, {.fd = descriptor, .events = POLLIN}};

    ASSERT(pending >= 0);
    ASSERT(poll(polled, sizeof polled / sizeof polled[0], timeout_ms) >= 0 || errno == EINTR || errno == ENOMEM);
    return polled[0].revents != 0;
}

enum signals_word
signals_wait(int *number)
{
    sigset_t set;
    int taken;

    taken_signals(&set);
    do
        taken = sigwaitinfo(&set, NULL);
    while (taken < 0 && errno == EINTR); /* a stop and a continue */
    ASSERT(taken > 0);
    *number = taken;
    for (unsigned i = 0; i < sizeof stopping / sizeof stopping[0]; i++)
        if (taken == stopping[i])
            return SIGNALS_STOP;
    switch (taken) {
    case SIGHUP: return SIGNALS_RELOAD;
    case SIGUSR2: return SIGNALS_DRAIN;
    default: return SIGNALS_OTHER;
    }
}

void
signals_ask_drain(void)
{
    ASSERT(kill(getpid(), SIGUSR2) == 0);
}
