/* SPDX-License-Identifier: MIT
 *
 * Faults on demand. Test programs are linked with --wrap for the functions below, so that the server's own code is
 * tested as it ships: no hook stands in it. Off until armed. The counters are shared by all threads of the test.
 */
#ifndef SUPPORT_FAULTS_H
#define SUPPORT_FAULTS_H

/* The nth allocation (malloc, calloc, realloc) from now on fails, counted from 1; with `all_after` every later one too. 0 disarms. */
void faults_allocation(long nth, int all_after);
/* From now on the calling thread's own allocations neither fail nor count: Check's assertions allocate, too. */
void faults_spare_this_thread(void);
/* How many allocations were made since faults_allocation was last called. */
long faults_allocations(void);

/*
 * Just before the nth mutex_lock from now on, counted from 1, `happens` is called once, on the thread that locks: something else that
 * comes in between two critical sections. For code that never locks one mutex while it holds another. 0 disarms.
 */
void faults_interrupt(long nth, void (*happens)(void *context), void *context);

/* The calendar's clock (clock_realtime_ms) says so much more than it is, or less. 0 sets it right again. */
void faults_clock(long long offset_ms);

/* The next `times` calls of accept4 fail with this errno value. */
void faults_accept(int error, int times);
/* The next `times` calls of epoll_ctl with EPOLL_CTL_ADD fail with this errno value. */
void faults_epoll_add(int error, int times);
/* The next `times` calls of sendmmsg fail with this errno value. */
void faults_send_batch(int error, int times);
/* The next `times` rings that are asked of the kernel (io_uring_queue_init), or uses of one (io_uring_submit_and_wait), fail with this errno value. */
void faults_ring(int error, int times);
void faults_ring_use(int error, int times);
/* How many uses there were since faults_ring_use was last called. */
int faults_ring_uses(void);
/*
 * Of the next use of a ring, before those: the kernel takes only the first `calls`, as when the next one cannot even begin; each send takes only so many bytes,
 * as when there is no more room; or its first call has this result (-errno), whatever it had. 0 disarms.
 */
void faults_ring_part(int calls);
void faults_ring_short(int bytes);
void faults_ring_result(int result);
/* The nth pthread_create from now on fails with EAGAIN, counted from 1; 0 disarms. */
void faults_thread(int nth);

#endif
