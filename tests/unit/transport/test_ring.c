/* SPDX-License-Identifier: MIT
 *
 * Many sends in one system call. Where the kernel of the machine has no io_uring for us, what is said of rings is not looked at; that every send has its result is.
 */
#include "transport/ring.h"

#include "support/faults.h"
#include "support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int ours[RING_CALLS], theirs[RING_CALLS];
static struct ring_send sends[RING_CALLS];
static char texts[RING_CALLS][16];
static struct ring *ring;

static void
begin(void)
{
    for (int i = 0; i < RING_CALLS; i++) {
        int pair[2];

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        ours[i] = pair[0];
        theirs[i] = pair[1];
        snprintf(texts[i], sizeof texts[i], "line %d\n", i);
        sends[i] = (struct ring_send){.descriptor = ours[i], .bytes = texts[i], .length = strlen(texts[i])};
    }
    ring = NULL;
    if (ring_new(&ring) < 0)
        puts("this kernel has no ring for us: one call each is what is tested");
    faults_ring_use(0, 0);
}

static void
end(void)
{
    ring_free(ring);
    for (int i = 0; i < RING_CALLS; i++) {
        close(ours[i]);
        if (theirs[i] >= 0)
            close(theirs[i]);
    }
}

/* The peer has its line, once. */
static void
expect_line(int which)
{
    char line[2 * sizeof texts[0]];
    ssize_t length = recv(theirs[which], line, sizeof line, MSG_DONTWAIT);

    ck_assert_int_eq(length, strlen(texts[which]));
    ck_assert_mem_eq(line, texts[which], (size_t)length);
}

static void
expect_all(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_int_eq(sends[i].sent, sends[i].length);
        expect_line((int)i);
    }
}

/* Fills the socket of one. */
static void
fill(int which)
{
    char bytes[4096] = {0};

    while (send(ours[which], bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        ;
    ck_assert_int_eq(errno, EAGAIN);
}

START_TEST(all_are_sent_in_one_call)
{
    for (uint32_t count = 0; count <= RING_CALLS; count++) {
        faults_ring_use(0, 0);
        ring_send(ring, sends, count);
        expect_all(count);
        ck_assert_int_le(faults_ring_uses(), 1);
        if (ring != NULL && count == RING_CALLS)
            ck_assert_int_eq(faults_ring_uses(), 1);
    }
}
END_TEST

START_TEST(without_a_ring_each_is_sent_by_itself)
{
    ring_send(NULL, sends, RING_CALLS);
    expect_all(RING_CALLS);
    ck_assert_int_eq(faults_ring_uses(), 0);
}
END_TEST

/* One who does not read, one who is gone, one whose descriptor is none: and the others have theirs. */
static void
send_to_all_kinds(struct ring *by)
{
    fill(7);
    close(theirs[9]);
    theirs[9] = -1;
    sends[11].descriptor = -1;
    ring_send(by, sends, RING_CALLS);
    ck_assert_int_eq(sends[7].sent, -EAGAIN);
    ck_assert_int_eq(sends[9].sent, -EPIPE); /* and no signal */
    ck_assert_int_eq(sends[11].sent, -EBADF);
    for (int i = 0; i < RING_CALLS; i++) {
        if (i == 7 || i == 9 || i == 11)
            continue;
        ck_assert_int_eq(sends[i].sent, sends[i].length);
        expect_line(i);
    }
}

START_TEST(each_has_a_result_of_its_own)
{
    send_to_all_kinds(ring);
    sends[11].descriptor = ours[11];
    ring_send(ring, sends, 9); /* nothing of it is left over in the ring */
    ck_assert_int_eq(sends[8].sent, sends[8].length);
    expect_line(8);
}
END_TEST

START_TEST(a_send_by_itself_has_the_same_results)
{
    send_to_all_kinds(NULL);
}
END_TEST

START_TEST(what_fits_in_part_is_sent_in_part)
{
    static char much[8 << 20];

    sends[3].bytes = much;
    sends[3].length = sizeof much;
    ring_send(ring, sends, 5);
    ck_assert_int_gt(sends[3].sent, 0);
    ck_assert_int_lt(sends[3].sent, sizeof much);
    ck_assert_int_eq(sends[4].sent, sends[4].length);
}
END_TEST

START_TEST(a_ring_that_fails_is_not_used_again_and_nothing_is_lost)
{
    faults_ring_use(ENOMEM, 1);
    ring_send(ring, sends, RING_CALLS);
    expect_all(RING_CALLS);
    ring_send(ring, sends, RING_CALLS);
    expect_all(RING_CALLS);
    ck_assert_int_le(faults_ring_uses(), 1);
}
END_TEST

START_TEST(a_call_that_is_interrupted_is_made_again)
{
    faults_ring_use(EINTR, 2);
    ring_send(ring, sends, RING_CALLS);
    expect_all(RING_CALLS);
    if (ring != NULL)
        ck_assert_int_eq(faults_ring_uses(), 3);
}
END_TEST

/* As when one of the calls cannot even begin: kernels before 5.18 take no more behind it. */
START_TEST(what_the_kernel_leaves_is_handed_over_again)
{
    for (int part = 1; part < RING_CALLS; part++) {
        faults_ring_use(0, 0);
        faults_ring_part(part);
        ring_send(ring, sends, RING_CALLS);
        expect_all(RING_CALLS);
        if (ring != NULL)
            ck_assert_int_eq(faults_ring_uses(), 2);
    }
    ck_assert_int_eq(ring_error(ring), 0);
}
END_TEST

START_TEST(what_was_taken_before_the_ring_failed_is_not_sent_twice)
{
    char byte;

    faults_ring_use(EAGAIN, 1);
    faults_ring_part(10);
    ring_send(ring, sends, RING_CALLS);
    expect_all(RING_CALLS);
    for (int i = 0; i < RING_CALLS; i++)
        ck_assert_int_eq(recv(theirs[i], &byte, 1, MSG_DONTWAIT), -1);
    ck_assert_int_eq(ring_error(ring), ring != NULL ? -EAGAIN : 0);
    ck_assert_int_eq(ring_error(NULL), 0);
}
END_TEST

/* The machine's trouble is as good as a full socket, and a send that was interrupted is made again: it had not been made. */
START_TEST(results_mean_what_those_of_a_call_of_its_own_do)
{
    static const int full[] = {-ENOBUFS, -ENOMEM, -EAGAIN};
    char twice[2 * sizeof texts[0]];

    if (ring == NULL)
        return;
    for (size_t i = 0; i < sizeof full / sizeof full[0]; i++) {
        faults_ring_result(full[i]);
        ring_send(ring, sends, 3);
        ck_assert_int_eq(sends[0].sent, -EAGAIN);
        expect_line(0);
    }
    faults_ring_result(-EINTR);
    ring_send(ring, sends, 3);
    ck_assert_int_eq(sends[0].sent, sends[0].length);
    ck_assert_int_eq(recv(theirs[0], twice, sizeof twice, MSG_DONTWAIT), 2 * sends[0].length); /* here it had been made nevertheless */
}
END_TEST

/* How many descriptors of ours are open. */
static int
open_count(void)
{
    int count = 0;

    for (int i = 0; i < RING_CALLS; i++)
        count += fcntl(ours[i], F_GETFD) >= 0;
    return count;
}

/* They are closed, the peers have the end of their input, and `end` finds something to close. */
static void
expect_closed(int count)
{
    char byte;

    ck_assert_int_eq(open_count(), RING_CALLS - count);
    for (int i = 0; i < count; i++) {
        ck_assert_int_eq(recv(theirs[i], &byte, 1, MSG_DONTWAIT), 0);
        ours[i] = fcntl(theirs[i], F_DUPFD_CLOEXEC, 1000);
    }
}

START_TEST(all_are_closed_in_one_call)
{
    ring_close(ring, ours, 0);
    ring_close(ring, ours, RING_CALLS);
    ck_assert_int_eq(faults_ring_uses(), ring != NULL);
    expect_closed(RING_CALLS);
}
END_TEST

START_TEST(few_are_closed_without_the_ring)
{
    ring_close(ring, ours, 1);
    ck_assert_int_eq(faults_ring_uses(), 0);
    expect_closed(1);
}
END_TEST

START_TEST(when_the_ring_fails_all_are_closed_nevertheless)
{
    faults_ring_use(EAGAIN, 1);
    faults_ring_part(10);
    ring_close(ring, ours, 40);
    expect_closed(40);
}
END_TEST

START_TEST(a_kernel_that_refuses_is_told_apart)
{
    struct ring *none = NULL;

    faults_ring(EPERM, 1);
    ck_assert_int_eq(ring_new(&none), -EPERM);
    faults_allocation(1, 0);
    ck_assert_int_eq(ring_new(&none), -ENOMEM);
    faults_allocation(0, 0);
    ck_assert_ptr_null(none);
    ring_free(none);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("transport/ring");
    TCase *tests = tcase_create("sends");

    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, all_are_sent_in_one_call);
    tcase_add_test(tests, without_a_ring_each_is_sent_by_itself);
    tcase_add_test(tests, each_has_a_result_of_its_own);
    tcase_add_test(tests, a_send_by_itself_has_the_same_results);
    tcase_add_test(tests, what_fits_in_part_is_sent_in_part);
    tcase_add_test(tests, a_ring_that_fails_is_not_used_again_and_nothing_is_lost);
    tcase_add_test(tests, a_call_that_is_interrupted_is_made_again);
    tcase_add_test(tests, what_the_kernel_leaves_is_handed_over_again);
    tcase_add_test(tests, what_was_taken_before_the_ring_failed_is_not_sent_twice);
    tcase_add_test(tests, results_mean_what_those_of_a_call_of_its_own_do);
    tcase_add_test(tests, all_are_closed_in_one_call);
    tcase_add_test(tests, few_are_closed_without_the_ring);
    tcase_add_test(tests, when_the_ring_fails_all_are_closed_nevertheless);
    tcase_add_test(tests, a_kernel_that_refuses_is_told_apart);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
