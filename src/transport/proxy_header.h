/* SPDX-License-Identifier: MIT
 *
 * The PROXY protocol (HAProxy's "The PROXY protocol, versions 1 & 2"): what a proxy says of its client before the client's own bytes. A strict
 * reader that takes the header in any pieces, keeps no more of it than the address, and never takes a byte behind it.
 *
 * Values of type and length in version 2 (TLVs) are passed over, but they must fill the header exactly; their checksum is not looked at, for the header
 * comes from a proxy that the operator trusts over a connection that has checksums.
 */
#ifndef TRANSPORT_PROXY_HEADER_H
#define TRANSPORT_PROXY_HEADER_H

#include "transport/udp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROXY_LINE_MAX = 107 /* of version 1, its end included */ };

enum proxy_result {
    PROXY_MORE,  /* all bytes were taken, and it goes on */
    PROXY_DONE,  /* it is complete */
    PROXY_WRONG, /* it is no such header: nothing more can be made of the connection */
};

struct proxy_header {
    uint8_t bytes[PROXY_LINE_MAX]; /* the line, or the head of version 2 and as much of the addresses as fits */
    uint16_t at;                   /* how many bytes have been taken to there */
    bool is_binary;                /* version 2 */
    bool is_opaque;                /* of version 2, and what is left of it is not looked at */
    bool knows_source;
    uint16_t address_end;      /* of version 2: where the addresses end, counted as `at` */
    uint16_t left;             /* of version 2: bytes behind the head that are to come */
    uint16_t value_left;       /* of a TLV */
    uint8_t value_head[3];     /* its type and length */
    uint8_t value_at;          /* how many of these have come */
    struct udp_address source; /* the client; with knows_source, once it is complete */
    const char *problem;       /* with PROXY_WRONG: why, as a part of a sentence */
};

/* Takes the next bytes; *consumed is how many of them belong to the header. `header` begins as zeros. Not to be called again after PROXY_DONE or PROXY_WRONG. */
enum proxy_result proxy_header_take(struct proxy_header *header, const void *bytes, size_t length, size_t *consumed);

#endif
