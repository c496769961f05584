/* SPDX-License-Identifier: MIT
 *
 * Mutexes, batons and thread roles, annotated for clang's thread-safety analysis (glibc's mutex carries no
 * annotations, so it is wrapped). A thread role is an empty capability: a function that says
 * REQUIRES(worker_role) may only be called on a worker's thread, and the compiler checks it.
 *
 * Lock order: a worker's turn (a baton), then one shard, then one mailbox. Never two shards at once; a mailbox is a leaf. A second worker's turn
 * is only tried, never waited for.
 */
#ifndef BASE_SYNC_H
#define BASE_SYNC_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>

#if defined(__clang__)
#define THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define THREAD_ATTRIBUTE(x)
#endif

#define CAPABILITY(name) THREAD_ATTRIBUTE(capability(name))
#define ACQUIRE(...) THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define TRY_ACQUIRE(...) THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))
#define RELEASE(...) THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define REQUIRES(...) THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))

struct CAPABILITY("mutex") mutex {
    pthread_mutex_t native;
};

/* Makes a mutex ready. Cannot fail: a default glibc mutex allocates nothing. */
void mutex_init(struct mutex *mutex);
/* Ends it; nobody may hold it. */
void mutex_done(struct mutex *mutex);
/* Returns whether somebody else held it, so that it had to be waited for. */
bool mutex_lock(struct mutex *mutex) ACQUIRE(*mutex);
void mutex_unlock(struct mutex *mutex) RELEASE(*mutex);

/*
 * A baton: one thread at a time has it, and what it stands for; a binary semaphore. Not a mutex, because it is held for as long as a thread is at work, so
 * also when the process ends, and because a thread that has one may try another one in any order, which race detectors take for a deadlock to come
 * where it is a mutex. Whoever has one must not wait for another one.
 */
struct CAPABILITY("baton") baton {
    sem_t native;
};

/* Makes a baton that nobody has. */
void baton_init(struct baton *baton);
/* Ends it; nobody may have it or wait for it. */
void baton_done(struct baton *baton);
/* Waits until nobody has it, and takes it. */
void baton_take(struct baton *baton) ACQUIRE(*baton);
/* Takes it if nobody has it. */
bool baton_try(struct baton *baton) TRY_ACQUIRE(true, *baton);
/* Lets it go. */
void baton_give(struct baton *baton) RELEASE(*baton);

struct CAPABILITY("role") thread_role {
    char nothing;
};

/* "This runs on a worker's thread", "… on the acceptor's thread": no code, only a promise that clang checks. */
extern struct thread_role worker_role;
extern struct thread_role acceptor_role;

/* Says that the calling thread plays a role from here on, or no longer. Called once at a thread's top. */
static inline void thread_role_enter(struct thread_role *role) ACQUIRE(*role) THREAD_ATTRIBUTE(no_thread_safety_analysis);
static inline void thread_role_leave(struct thread_role *role) RELEASE(*role) THREAD_ATTRIBUTE(no_thread_safety_analysis);

static inline void
thread_role_enter(struct thread_role *role)
{
    (void)role;
}

static inline void
thread_role_leave(struct thread_role *role)
{
    (void)role;
}

/*
 * helgrind does not understand C11 atomics. In builds with ALO_VALGRIND these tell it what is meant;
 * elsewhere they are nothing. Each use says why beside it.
 */
#if defined(ALO_VALGRIND)
#include <valgrind/helgrind.h>
enum { RACE_HINTS = 0 }; /* memory that is looked at without its lock for a hint only is not looked at */
#define RACE_IGNORE(address, size) VALGRIND_HG_DISABLE_CHECKING(address, size)
#define RACE_HAPPENS_BEFORE(object) ANNOTATE_HAPPENS_BEFORE(object)
#define RACE_HAPPENS_AFTER(object) ANNOTATE_HAPPENS_AFTER(object)
#else
enum { RACE_HINTS = 1 };
#define RACE_IGNORE(address, size) ((void)(address), (void)(size))
#define RACE_HAPPENS_BEFORE(object) ((void)(object))
#define RACE_HAPPENS_AFTER(object) ((void)(object))
#endif

#endif
