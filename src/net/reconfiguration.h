/* SPDX-License-Identifier: MIT
 *
 * Another configuration for workers that run. It goes to each worker by mail, so each changes over between two steps of a turn and sees one whole
 * configuration or the other. The one of before may be freed once all have taken the new one, and that is waited for here.
 */
#ifndef NET_RECONFIGURATION_H
#define NET_RECONFIGURATION_H

#include "base/sync.h"
#include "net/worker.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct reconfiguration {
    const struct worker_config *config; /* lives until a later one has been taken by all */
    const void *settings;               /* the layer above's, for session_handler.configured; lives as long */
    struct mutex mutex;
    pthread_cond_t all_taken;
    uint32_t left; /* workers that have not taken it; under the mutex */
};

/* Ready, with nobody to wait for. */
void reconfiguration_init(struct reconfiguration *reconfiguration, const struct worker_config *config, const void *settings);
/* All workers must have taken it, or ended. */
void reconfiguration_done(struct reconfiguration *reconfiguration);

/* Gives it to all workers. The last one must have been taken by all. */
void workers_reconfigure(struct worker *workers, uint32_t count, struct reconfiguration *reconfiguration);
/* Waits until all have taken it, at most so long. Did they? */
bool reconfiguration_wait(struct reconfiguration *reconfiguration, uint32_t patience_ms);

/* A worker has changed over, and looks at the configuration of before no more. */
void reconfiguration_taken(struct reconfiguration *reconfiguration);

#endif
