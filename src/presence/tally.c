/* SPDX-License-Identifier: MIT */
#include "presence/tally.h"

enum { NS_PER_US = 1000 };

void
told_add(struct told *told, uint64_t since_ns, uint32_t notifications)
{
    if (told->count == 0 || (told->kinds[told->count - 1].since_ns != since_ns && told->count < TOLD_KINDS)) {
        told->kinds[told->count].since_ns = since_ns;
        told->kinds[told->count++].notifications = 0;
    }
    told->kinds[told->count - 1].notifications += notifications;
}

void
told_written(struct told *told, struct distribution *delay, uint64_t now_ns)
{
    for (uint32_t i = 0; i < told->count; i++) {
        uint64_t since_ns = told->kinds[i].since_ns;

        /* Another processor's clock may be a trifle ahead. */
        distribution_add(delay, now_ns > since_ns ? (now_ns - since_ns) / NS_PER_US : 0, told->kinds[i].notifications);
    }
    told->count = 0;
}
