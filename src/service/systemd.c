/* SPDX-License-Identifier: MIT
 *
 * See systemd.h. A notice that cannot be sent is lost without a word: the service manager notices by itself that it hears nothing.
 */
#include "service/systemd.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

bool
systemd_listens(void)
{
    return getenv("NOTIFY_SOCKET") != NULL;
}

uint64_t
systemd_watchdog_us(void)
{
    uint64_t timeout_us = 0;

    return systemd_listens() && sd_watchdog_enabled(0, &timeout_us) > 0 ? timeout_us : 0;
}

void
systemd_ready(void)
{
    (void)sd_notify(0, "READY=1");
}

void
systemd_status(const char *text)
{
    (void)sd_notifyf(0, "STATUS=%s", text);
}

void
systemd_reloading(void)
{
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_monotonic_ns() / 1000);
}

void
systemd_stopping(uint64_t at_most_us)
{
    uint64_t watchdog_us = systemd_watchdog_us();

    if (watchdog_us > 0)
        (void)sd_notifyf(0, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRIu64 "\nWATCHDOG_USEC=%" PRIu64, at_most_us, at_most_us + watchdog_us);
    else
        (void)sd_notifyf(0, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRIu64, at_most_us);
}

void
systemd_feed_watchdog(void)
{
    (void)sd_notify(0, "WATCHDOG=1");
}

bool
systemd_journal_has(int descriptor)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat status;
    char name[48];

    if (stream == NULL || fstat(descriptor, &status) < 0)
        return false;
    snprintf(name, sizeof name, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    return strcmp(stream, name) == 0;
}
