/* SPDX-License-Identifier: MIT */
#include "net/reconfiguration.h"

#include "base/assert.h"
#include "base/clock.h"

#include <errno.h>
#include <time.h>

void
reconfiguration_init(struct reconfiguration *reconfiguration, const struct worker_config *config, const void *settings)
{
    pthread_condattr_t monotonic;

    *reconfiguration = (struct reconfiguration){.config = config, .settings = settings};
    mutex_init(&reconfiguration->mutex);
    ASSERT(pthread_condattr_init(&monotonic) == 0 && pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    ASSERT(pthread_cond_init(&reconfiguration->all_taken, &monotonic) == 0);
    pthread_condattr_destroy(&monotonic);
}

void
reconfiguration_done(struct reconfiguration *reconfiguration)
{
    pthread_cond_destroy(&reconfiguration->all_taken);
    mutex_done(&reconfiguration->mutex);
}

void
workers_reconfigure(struct worker *workers, uint32_t count, struct reconfiguration *reconfiguration)
{
    mutex_lock(&reconfiguration->mutex);
    reconfiguration->left = count;
    mutex_unlock(&reconfiguration->mutex);
    for (uint32_t number = 0; number < count; number++) {
        workers[number].config_mail = (struct config_mail){.mail.tag = MAIL_CONFIG, .reconfiguration = reconfiguration};
        mailbox_order(&workers[number].mailbox, &workers[number].config_mail.mail);
    }
}

bool
reconfiguration_wait(struct reconfiguration *reconfiguration, uint32_t patience_ms)
{
    uint64_t due_ms = clock_monotonic_ms() + patience_ms;
    struct timespec due = {.tv_sec = (time_t)(due_ms / 1000), .tv_nsec = (long)(due_ms % 1000) * 1000000};
    int error = 0;
    bool taken;

    mutex_lock(&reconfiguration->mutex);
    while (reconfiguration->left > 0 && error == 0)
        error = pthread_cond_timedwait(&reconfiguration->all_taken, &reconfiguration->mutex.native, &due);
    ASSERT(error == 0 || error == ETIMEDOUT);
    taken = reconfiguration->left == 0;
    mutex_unlock(&reconfiguration->mutex);
    return taken;
}

void
reconfiguration_taken(struct reconfiguration *reconfiguration)
{
    mutex_lock(&reconfiguration->mutex);
    if (--reconfiguration->left == 0)
        pthread_cond_signal(&reconfiguration->all_taken);
    mutex_unlock(&reconfiguration->mutex);
}
