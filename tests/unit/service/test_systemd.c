/* SPDX-License-Identifier: MIT */
#include "service/systemd.h"

#include "base/clock.h"
#include "support/manager.h"
#include "support/pace.h"
#include "support/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(without_a_manager_nothing_is_said)
{
    unsetenv("NOTIFY_SOCKET");
    setenv("WATCHDOG_USEC", "1000000", 1); /* of somebody who does not listen */
    ck_assert(!systemd_listens());
    ck_assert_uint_eq(systemd_watchdog_us(), 0);
    systemd_ready();
    systemd_status("nobody reads this");
    systemd_reloading();
    systemd_stopping(1);
    systemd_feed_watchdog();
}
END_TEST

START_TEST(the_manager_is_told)
{
    struct manager *manager = manager_new(0);

    ck_assert(systemd_listens());
    systemd_ready();
    ck_assert_str_eq(manager_expect(manager, "READY="), "1");
    systemd_status("3 users");
    ck_assert_str_eq(manager_expect(manager, "STATUS="), "3 users");
    systemd_feed_watchdog();
    ck_assert_str_eq(manager_expect(manager, "WATCHDOG="), "1");
    manager_free(manager);
}
END_TEST

/* systemd takes a reload for one that began at the time that stands beside it, in the same notice. */
START_TEST(a_reload_says_when_it_began)
{
    struct manager *manager = manager_new(0);
    uint64_t before_us = clock_monotonic_ns() / 1000;

    systemd_reloading();
    uint64_t after_us = clock_monotonic_ns() / 1000, told_us = strtoull(manager_expect(manager, "MONOTONIC_USEC="), NULL, 10);
    ck_assert_msg(strncmp(manager->notice, "RELOADING=1\n", 12) == 0, "the notice is: %s", manager->notice);
    ck_assert(before_us <= told_us && told_us <= after_us);
    manager_free(manager);
}
END_TEST

START_TEST(a_stop_asks_for_its_time)
{
    struct manager *manager = manager_new(5000000);

    systemd_stopping(70000000);
    ck_assert_str_eq(manager_expect(manager, "WATCHDOG_USEC="), "75000000");
    ck_assert_msg(strncmp(manager->notice, "STOPPING=1\nEXTEND_TIMEOUT_USEC=70000000\n", 40) == 0, "the notice is: %s", manager->notice);
    manager_free(manager);
}
END_TEST

START_TEST(the_watchdog_is_ours_only_with_our_process_id)
{
    struct manager *manager = manager_new(5000000);
    char text[16];

    ck_assert_uint_eq(systemd_watchdog_us(), 5000000);
    snprintf(text, sizeof text, "%d", getpid());
    setenv("WATCHDOG_PID", text, 1);
    ck_assert_uint_eq(systemd_watchdog_us(), 5000000);
    snprintf(text, sizeof text, "%d", getppid());
    setenv("WATCHDOG_PID", text, 1);
    ck_assert_uint_eq(systemd_watchdog_us(), 0);
    unsetenv("WATCHDOG_PID");
    manager_free(manager);
}
END_TEST

START_TEST(the_journal_is_known_by_its_device_and_inode)
{
    struct stat status;
    char text[64];
    int ends[2], others[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, others), 0);
    ck_assert_int_eq(fstat(ends[0], &status), 0);
    snprintf(text, sizeof text, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    setenv("JOURNAL_STREAM", text, 1);
    ck_assert(systemd_journal_has(ends[0]));
    ck_assert(!systemd_journal_has(others[0])); /* redirected since */
    ck_assert(!systemd_journal_has(-1));
    setenv("JOURNAL_STREAM", "nonsense", 1);
    ck_assert(!systemd_journal_has(ends[0]));
    unsetenv("JOURNAL_STREAM");
    ck_assert(!systemd_journal_has(ends[0]));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("systemd");
    TCase *tests = tcase_create("systemd");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, without_a_manager_nothing_is_said);
    tcase_add_test(tests, the_manager_is_told);
    tcase_add_test(tests, a_reload_says_when_it_began);
    tcase_add_test(tests, a_stop_asks_for_its_time);
    tcase_add_test(tests, the_watchdog_is_ours_only_with_our_process_id);
    tcase_add_test(tests, the_journal_is_known_by_its_device_and_inode);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
