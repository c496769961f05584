/* SPDX-License-Identifier: MIT
 *
 * Port numbers for tests that must name one: to start a server again where it was, or to find its port taken.
 */
#ifndef SUPPORT_PORT_H
#define SUPPORT_PORT_H

#include <stdint.h>

/*
 * A port that is free for TCP and UDP on 127.0.0.1, outside of those that the kernel gives to outgoing connections where there are
 * such: so no connection of another program gets it while the test has let go of it.
 */
uint16_t port_of_ones_own(void);

#endif
