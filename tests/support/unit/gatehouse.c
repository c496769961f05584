/* SPDX-License-Identifier: MIT */
#include "support/unit/gatehouse.h"

#include "base/list.h"

#include <check.h>

enum { BEGIN_MS = 1000000 };

struct gate gate;
uint64_t now_ms;

void
gatehouse_open(struct gate_limits limits)
{
    now_ms = BEGIN_MS;
    ck_assert_int_eq(gate_init(&gate, &limits), 0);
}

struct udp_address
gatehouse_four(uint32_t n)
{
    struct udp_address address = {.port = (uint16_t)n};
    uint8_t bytes[4] = {10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};

    udp_host_map(bytes, address.host);
    return address;
}

int
gatehouse_enter(struct gate_pass *pass, struct udp_address from)
{
    return gate_enter(&gate, pass, GATE_STREAM, &from, now_ms);
}

void
gatehouse_leave(struct gate_pass *passes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        gate_leave(&gate, &passes[i], now_ms);
}

uint32_t
gatehouse_collected(uint32_t worker)
{
    struct list granted;
    uint32_t count = 0;

    list_init(&granted);
    gate_collect(&gate, worker, now_ms, &granted);
    for (; list_take_first(&granted) != NULL; count++)
        ;
    return count;
}

uint32_t
gatehouse_collected_within(uint32_t worker, uint64_t ms)
{
    uint32_t count = 0;

    for (uint64_t end = now_ms + ms; now_ms < end;) {
        now_ms += 10;
        count += gatehouse_collected(worker);
    }
    return count;
}
