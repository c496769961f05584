/* SPDX-License-Identifier: MIT
 *
 * The annotated mutex: pthread calls whose errors can only be bugs, and so are asserted.
 */
#include "base/sync.h"

#include "base/assert.h"

#include <errno.h>

struct thread_role worker_role;
struct thread_role acceptor_role;

void
mutex_init(struct mutex *mutex)
{
    ASSERT(pthread_mutex_init(&mutex->native, NULL) == 0);
}

void
mutex_done(struct mutex *mutex)
{
    ASSERT(pthread_mutex_destroy(&mutex->native) == 0);
}

bool
mutex_lock(struct mutex *mutex) THREAD_ATTRIBUTE(no_thread_safety_analysis)
{
    if (mutex_trylock(mutex))
        return false;
    ASSERT(pthread_mutex_lock(&mutex->native) == 0);
    return true;
}

bool
mutex_trylock(struct mutex *mutex)
{
    int error = pthread_mutex_trylock(&mutex->native);

    ASSERT(error == 0 || error == EBUSY);
    return error == 0;
}

void
mutex_unlock(struct mutex *mutex) THREAD_ATTRIBUTE(no_thread_safety_analysis)
{
    ASSERT(pthread_mutex_unlock(&mutex->native) == 0);
}
