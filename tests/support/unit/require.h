/* SPDX-License-Identifier: MIT
 *
 * An assertion for loops and for threads. Check's own send a message to the parent process also when all is well, which costs a system call and
 * an allocation each time; this one is silent until it fails.
 */
#ifndef SUPPORT_UNIT_REQUIRE_H
#define SUPPORT_UNIT_REQUIRE_H

#include <check.h>

/* Fails the test with a message made as by printf. */
#define REQUIRE(condition, ...)        \
    do {                               \
        if (!(condition))              \
            ck_abort_msg(__VA_ARGS__); \
    } while (0)

#endif
