/* SPDX-License-Identifier: MIT
 *
 * The annotated mutex and baton: calls whose errors can only be bugs, and so are asserted.
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
    int error = pthread_mutex_trylock(&mutex->native);

    ASSERT(error == 0 || error == EBUSY);
    if (error == 0)
        return false;
    ASSERT(pthread_mutex_lock(&mutex->native) == 0);
    return true;
}

void
mutex_unlock(struct mutex *mutex) THREAD_ATTRIBUTE(no_thread_safety_analysis)
{
    ASSERT(pthread_mutex_unlock(&mutex->native) == 0);
}

void
baton_init(struct baton *baton)
{
    ASSERT(sem_init(&baton->native, 0, 1) == 0);
}

void
baton_done(struct baton *baton)
{
    ASSERT(sem_destroy(&baton->native) == 0);
}

/* helgrind pairs what sem_post has let go with what sem_wait takes, but does not see sem_trywait: so it is told of all three. */
void
baton_take(struct baton *baton) THREAD_ATTRIBUTE(no_thread_safety_analysis)
{
    while (sem_wait(&baton->native) < 0)
        ASSERT(errno == EINTR);
    RACE_HAPPENS_AFTER(baton);
}

bool
baton_try(struct baton *baton) THREAD_ATTRIBUTE(no_thread_safety_analysis)
{
    while (sem_trywait(&baton->native) < 0) {
        if (errno == EAGAIN)
            return false;
        ASSERT(errno == EINTR);
    }
    RACE_HAPPENS_AFTER(baton);
    return true;
}

void
baton_give(struct baton *baton) THREAD_ATTRIBUTE(no_thread_safety_analysis)
{
    RACE_HAPPENS_BEFORE(baton);
    ASSERT(sem_post(&baton->native) == 0);
}
