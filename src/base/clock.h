/* SPDX-License-Identifier: MIT
 *
 * What time it is, in the three ways that the server asks: how long something took or when it is due (monotonic, from an
 * arbitrary zero, not touched by clock changes), what the calendar says, and how a person reads that. Any thread; no lock,
 * no system call where the kernel offers its clocks in user space. No timers here.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

enum { CLOCK_RFC3339_BYTES = 25 }; /* "2026-11-23T20:07:37.123Z" and its NUL */

/* Time that only goes forward, for deadlines and durations. */
uint64_t clock_monotonic_ms(void);
uint64_t clock_monotonic_ns(void);

/* Milliseconds since the epoch. An operator or NTP may set it back or forth at any moment. */
int64_t clock_realtime_ms(void);

/* Writes the moment in UTC as RFC 3339 with milliseconds. Years outside 0 to 9999, which it cannot express, are held at its ends. */
void clock_format_rfc3339(int64_t realtime_ms, char text[static CLOCK_RFC3339_BYTES]);

#endif
