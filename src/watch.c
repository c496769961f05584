/* SPDX-License-Identifier: MIT
 *
 * See watch.h. The watchdog is fed when every thread has given a sign of life since the last time, and only then. Twice in its time-out they are asked;
 * whoever answers late is waited for, so a thread that is merely busy does no harm until the time-out is over.
 */
#include "watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "net/pulse.h"
#include "service/systemd.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum {
    LOOKS_PER_TIMEOUT = 2,     /* of the watchdog */
    STATUS_INTERVAL_MS = 5000, /* without a watchdog; a look costs a wake-up of this thread alone */
    STATUS_GAP_MS = 2000,      /* at least, between two statuses */
    US_PER_MS = 1000,
};

static void
tell_status(struct watch *watch, uint64_t now_ms)
{
    char status[WATCH_STATUS];
    struct server_numbers numbers;

    if (watch->status_ms != 0 && now_ms - watch->status_ms < STATUS_GAP_MS)
        return;
    server_count(watch->server, &numbers);
    snprintf(status, sizeof status, "%susers online: %" PRIu64 ", connections: %u, UDP sessions: %u", watch->tells_drain ? "draining, " : "",
        numbers.users_online, numbers.connections, numbers.udp_sessions);
    if (strcmp(status, watch->status) == 0)
        return;
    memcpy(watch->status, status, sizeof status);
    watch->status_ms = now_ms;
    systemd_status(status);
}

/* Somebody has not answered since the last look. */
static void
log_silence(const struct watch *watch, uint64_t now_ms)
{
    char names[PULSE_NAMES];

    pulse_name_missing(server_pulse(watch->server), names);
    log_event(LEVEL_ERROR, "threads_silent", LOG_FIELD_TEXT("threads", names), LOG_FIELD_NUMBER("silent_ms", now_ms - watch->asked_ms));
}

/* Does what is due. */
static void
look(struct watch *watch)
{
    uint64_t now_ms;

    if (watch->interval_ms == 0)
        return;
    now_ms = clock_monotonic_ms();
    if (watch->asked && pulse_is_answered(server_pulse(watch->server))) {
        watch->asked = false;
        systemd_feed_watchdog();
    }
    if (server_is_draining(watch->server) && !watch->tells_drain) {
        watch->tells_drain = true;
        watch->status_ms = 0; /* at once */
        tell_status(watch, now_ms);
    }
    if (now_ms < watch->next_ms)
        return;
    watch->next_ms = now_ms + watch->interval_ms;
    tell_status(watch, now_ms);
    if (watch->asked) {
        log_silence(watch, now_ms);
    } else if (watch->feeds) {
        watch->asked = true;
        watch->asked_ms = now_ms;
        server_ask_pulse(watch->server);
    }
}

/* How long nothing is due, as poll counts it. */
static int
time_left_ms(const struct watch *watch)
{
    uint64_t now_ms;

    if (watch->interval_ms == 0)
        return -1;
    now_ms = clock_monotonic_ms();
    if (watch->next_ms <= now_ms)
        return 0;
    return watch->next_ms - now_ms > INT_MAX ? INT_MAX : (int)(watch->next_ms - now_ms);
}

void
watch_begin(struct watch *watch, struct server *server)
{
    uint64_t watchdog_us = systemd_watchdog_us();

    *watch = (struct watch){.server = server, .feeds = watchdog_us > 0};
    if (watch->feeds)
        watch->interval_ms = watchdog_us / US_PER_MS / LOOKS_PER_TIMEOUT > 0 ? watchdog_us / US_PER_MS / LOOKS_PER_TIMEOUT : 1;
    else if (systemd_listens())
        watch->interval_ms = STATUS_INTERVAL_MS;
    systemd_ready();
}

enum signals_word
watch_wait(struct watch *watch, int *number)
{
    do
        look(watch);
    while (!signals_await(watch->asked ? server_pulse(watch->server)->descriptor : -1, time_left_ms(watch)));
    return signals_wait(number);
}

void
watch_end(struct watch *watch, uint64_t at_most_ms)
{
    watch->interval_ms = 0;
    systemd_status("saying goodbye to every session");
    systemd_stopping(at_most_ms * US_PER_MS);
}
