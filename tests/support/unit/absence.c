/* SPDX-License-Identifier: MIT */
#include "support/unit/absence.h"

#include "presence/client.h"

#include <check.h>

struct actor *watcher;

void
absence_open(void)
{
    stage_open(3);
    stage_give_grace(GRACE_MS);
    watcher = stage_login(2, 1, "2");
}

struct actor *
two_comes(uint32_t worker)
{
    struct actor *two = stage_login(worker, 2, "1");

    stage_settle();
    return two;
}

uint32_t
absent_clients(void)
{
    uint32_t lingering = 0, count = 0;

    for (uint32_t worker = 0; worker < stage.count; worker++)
        for (int datagrams = 0; datagrams < 2; datagrams++) {
            struct list *waiting = &stage.workers[worker].deadlines[datagrams ? DEADLINE_GRACE_DATAGRAM : DEADLINE_GRACE].waiting;

            for (struct list *link = waiting->next; link != waiting; link = link->next, count++)
                lingering += !LIST_ENTRY(LIST_ENTRY(link, struct deadline, link), struct client, retry)->session.closed;
        }
    ck_assert_uint_eq(atomic_load(&stage.presence->absent[TALLY_TCP]) + atomic_load(&stage.presence->absent[TALLY_UDP]), count - lingering);
    return count;
}

uint64_t
kept_sessions(void)
{
    uint64_t kept = 0;

    for (uint32_t worker = 0; worker < stage.count; worker++)
        kept += stage.workers[worker].kept;
    return kept;
}

void
expect_gone_after(uint64_t grace_ms)
{
    stage_pass_ms(grace_ms - 1);
    stage_expect(watcher, "");
    ck_assert_uint_eq(stage_census().users_online, 2);
    stage_pass_ms(1);
    stage_expect(watcher, "-");
    ck_assert_uint_eq(absent_clients(), 0);
    ck_assert_uint_eq(stage_census().users_online, 1);
}
