/* SPDX-License-Identifier: MIT
 *
 * How alo-bench tells the floor, before the clock starts, whom each user's news goes to. The floor knows no
 * friends: it only looks up a row. Sent over a connection of its own, in the byte order of this machine: struct
 * floor_header, then arrive.start (users + 1), arrive.items, leave.start (users + 1), leave.items; answered with one byte.
 */
#ifndef LOAD_FLOOR_TABLE_H
#define LOAD_FLOOR_TABLE_H

#include <stdint.h>

/* A hello begins with '{', so the first byte tells the two apart. */
#define FLOOR_MAGIC 0x31524c46U

struct floor_header {
    uint32_t magic;
    uint32_t users;        /* rows in both tables */
    uint32_t arrive_items; /* who is told that the row's user came */
    uint32_t leave_items;  /* who is told that it left */
};

#endif
