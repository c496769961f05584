/* SPDX-License-Identifier: MIT */
#include "support/port.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PORT_LOWEST = 10000, /* below are those of well-known services */
    PORT_HIGHEST = 65535,
    PORTS_ENOUGH = 1000, /* to choose among */
    ATTEMPTS = 1000
};

/* Can the port be bound for this kind of socket? */
static bool
is_free(uint16_t port, int type)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int descriptor = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(descriptor, 0);
    bool bound = bind(descriptor, (struct sockaddr *)&address, sizeof address) == 0;
    close(descriptor);
    return bound;
}

/* What the kernel gives to outgoing connections. */
static void
outgoing_ports(int *lowest, int *highest)
{
    FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");

    *lowest = *highest = 0;
    if (file == NULL)
        return;
    if (fscanf(file, "%d %d", lowest, highest) != 2)
        *lowest = *highest = 0;
    fclose(file);
}

uint16_t
port_of_ones_own(void)
{
    int lowest, highest, from = PORT_LOWEST, to = PORT_HIGHEST;

    outgoing_ports(&lowest, &highest);
    if (lowest - PORT_LOWEST >= PORTS_ENOUGH)
        to = lowest - 1;
    else if (PORT_HIGHEST - highest >= PORTS_ENOUGH)
        from = highest + 1;
    for (int i = 0; i < ATTEMPTS; i++) {
        unsigned chosen;
        ck_assert_int_eq(getrandom(&chosen, sizeof chosen, 0), sizeof chosen);
        uint16_t port = (uint16_t)(from + (int)(chosen % (unsigned)(to - from + 1)));
        if (is_free(port, SOCK_STREAM) && is_free(port, SOCK_DGRAM))
            return port;
    }
    ck_abort_msg("no port is free");
}
