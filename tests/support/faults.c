/* SPDX-License-Identifier: MIT */
#include "support/faults.h"

#include "base/clock.h"
#include "base/sync.h"

#include <errno.h>
#include <liburing.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>

static _Atomic long allocation_nth;
static _Atomic bool allocation_all_after;
static _Atomic long allocation_count;
static _Thread_local bool spared;
static _Atomic long interrupt_nth;
static void (*interrupt)(void *context);
static void *interrupt_context;
static _Atomic long long clock_offset_ms;
static _Atomic int accept_times, accept_error;
static _Atomic int epoll_times, epoll_error;
static _Atomic int batch_times, batch_error;
static _Atomic int ring_times, ring_error;
static _Atomic int use_times, use_error, use_count, use_part, use_bytes, use_result;
static _Atomic int thread_nth;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
int __real_accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
int __real_epoll_ctl(int poller, int operation, int descriptor, struct epoll_event *event);
int __real_sendmmsg(int descriptor, struct mmsghdr *headers, unsigned count, int flags);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument);
int __real_io_uring_queue_init(unsigned entries, struct io_uring *ring, unsigned flags);
int __real_io_uring_submit_and_wait(struct io_uring *ring, unsigned count);

bool __real_mutex_lock(struct mutex *mutex);
int64_t __real_clock_realtime_ms(void);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
int __wrap_accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
int __wrap_epoll_ctl(int poller, int operation, int descriptor, struct epoll_event *event);
int __wrap_sendmmsg(int descriptor, struct mmsghdr *headers, unsigned count, int flags);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument);
int __wrap_io_uring_queue_init(unsigned entries, struct io_uring *ring, unsigned flags);
int __wrap_io_uring_submit_and_wait(struct io_uring *ring, unsigned count);
bool __wrap_mutex_lock(struct mutex *mutex);
int64_t __wrap_clock_realtime_ms(void);

void
faults_allocation(long nth, int all_after)
{
    atomic_store(&allocation_nth, 0);
    atomic_store(&allocation_count, 0);
    atomic_store(&allocation_all_after, all_after != 0);
    atomic_store(&allocation_nth, nth);
}

void
faults_spare_this_thread(void)
{
    spared = true;
}

long
faults_allocations(void)
{
    return atomic_load(&allocation_count);
}

void
faults_interrupt(long nth, void (*happens)(void *context), void *context)
{
    atomic_store(&interrupt_nth, 0);
    interrupt = happens;
    interrupt_context = context;
    atomic_store(&interrupt_nth, nth);
}

void
faults_clock(long long offset_ms)
{
    atomic_store(&clock_offset_ms, offset_ms);
}

void
faults_accept(int error, int times)
{
    atomic_store(&accept_error, error);
    atomic_store(&accept_times, times);
}

void
faults_epoll_add(int error, int times)
{
    atomic_store(&epoll_error, error);
    atomic_store(&epoll_times, times);
}

void
faults_send_batch(int error, int times)
{
    atomic_store(&batch_error, error);
    atomic_store(&batch_times, times);
}

void
faults_ring(int error, int times)
{
    atomic_store(&ring_error, error);
    atomic_store(&ring_times, times);
}

void
faults_ring_use(int error, int times)
{
    atomic_store(&use_error, error);
    atomic_store(&use_times, times);
    atomic_store(&use_count, 0);
}

int
faults_ring_uses(void)
{
    return atomic_load(&use_count);
}

void
faults_ring_part(int calls)
{
    atomic_store(&use_part, calls);
}

void
faults_ring_short(int bytes)
{
    atomic_store(&use_bytes, bytes);
}

void
faults_ring_result(int result)
{
    atomic_store(&use_result, result);
}

void
faults_thread(int nth)
{
    atomic_store(&thread_nth, nth);
}

static bool
allocation_fails(void)
{
    if (spared)
        return false;
    long number = atomic_fetch_add(&allocation_count, 1) + 1;
    long nth = atomic_load(&allocation_nth);

    if (nth == 0 || number < nth)
        return false;
    return number == nth || atomic_load(&allocation_all_after);
}

/* Takes one from a counter that is above zero. */
static bool
counted_down(_Atomic int *counter)
{
    int left = atomic_load(counter);

    while (left > 0)
        if (atomic_compare_exchange_weak(counter, &left, left - 1))
            return true;
    return false;
}

void *
__wrap_malloc(size_t size)
{
    if (!allocation_fails())
        return __real_malloc(size);
    errno = ENOMEM;
    return NULL;
}

void *
__wrap_calloc(size_t count, size_t size)
{
    if (!allocation_fails())
        return __real_calloc(count, size);
    errno = ENOMEM;
    return NULL;
}

void *
__wrap_realloc(void *memory, size_t size)
{
    if (!allocation_fails())
        return __real_realloc(memory, size);
    errno = ENOMEM;
    return NULL;
}

int
__wrap_accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags)
{
    if (!counted_down(&accept_times))
        return __real_accept4(descriptor, address, length, flags);
    errno = atomic_load(&accept_error);
    return -1;
}

int
__wrap_epoll_ctl(int poller, int operation, int descriptor, struct epoll_event *event)
{
    if (operation != EPOLL_CTL_ADD || !counted_down(&epoll_times))
        return __real_epoll_ctl(poller, operation, descriptor, event);
    errno = atomic_load(&epoll_error);
    return -1;
}

int
__wrap_sendmmsg(int descriptor, struct mmsghdr *headers, unsigned count, int flags)
{
    if (!counted_down(&batch_times))
        return __real_sendmmsg(descriptor, headers, count, flags);
    errno = atomic_load(&batch_error);
    return -1;
}

int
__wrap_io_uring_queue_init(unsigned entries, struct io_uring *ring, unsigned flags)
{
    return counted_down(&ring_times) ? -atomic_load(&ring_error) : __real_io_uring_queue_init(entries, ring, flags);
}

int
__wrap_io_uring_submit_and_wait(struct io_uring *ring, unsigned count)
{
    int part = atomic_exchange(&use_part, 0), bytes = atomic_exchange(&use_bytes, 0), result = atomic_exchange(&use_result, 0), taken;
    unsigned head = *ring->sq.khead, tail = ring->sq.sqe_tail;

    atomic_fetch_add(&use_count, 1);
    if (part == 0 && counted_down(&use_times))
        return -atomic_load(&use_error);
    for (unsigned at = head; bytes > 0 && at != tail; at++)
        ring->sq.sqes[at & ring->sq.ring_mask].len = (unsigned)bytes;
    if (part > 0)
        ring->sq.sqe_tail = head + (unsigned)part;
    taken = __real_io_uring_submit_and_wait(ring, count);
    ring->sq.sqe_tail = tail;
    if (result != 0)
        ring->cq.cqes[*ring->cq.khead & ring->cq.ring_mask].res = result;
    return taken;
}

int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument)
{
    int left = atomic_load(&thread_nth);

    if (left > 0 && atomic_fetch_sub(&thread_nth, 1) == 1)
        return EAGAIN;
    return __real_pthread_create(thread, attributes, start, argument);
}

bool
__wrap_mutex_lock(struct mutex *mutex)
{
    if (atomic_load(&interrupt_nth) > 0 && atomic_fetch_sub(&interrupt_nth, 1) == 1)
        interrupt(interrupt_context);
    return __real_mutex_lock(mutex);
}

int64_t
__wrap_clock_realtime_ms(void)
{
    return __real_clock_realtime_ms() + atomic_load(&clock_offset_ms);
}
