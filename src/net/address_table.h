/* SPDX-License-Identifier: MIT
 *
 * Which session an address belongs to: a hash table from addresses to slots of a worker's sessions. An entry is 32 bits, a slot and 8 bits of
 * the hash, so that a look-up touches hardly any session but the one that it finds; the address itself stands in the session. The hash is keyed, so
 * nobody can choose addresses that collide.
 *
 * The table is many small ones, each of which grows and shrinks by itself, so no datagram ever waits for a million entries to be moved. One worker's.
 */
#ifndef NET_ADDRESS_TABLE_H
#define NET_ADDRESS_TABLE_H

#include "base/hash.h"
#include "base/slots.h"
#include "transport/udp.h"

#include <stdint.h>

enum { ADDRESS_SHELVES = 256 };

struct address_shelf {
    uint32_t *entries; /* a power of two of them, linear probing; NULL while it is empty */
    uint32_t capacity;
    uint32_t count;
};

struct address_table {
    struct hash_key key;
    uint32_t count;
    const struct slots *sessions; /* of struct session, or of structs that begin with one */
    struct address_shelf shelves[ADDRESS_SHELVES];
};

/* An empty table for the sessions in these slots. Returns 0 or -errno (no randomness). */
int address_table_init(struct address_table *table, const struct slots *sessions);
void address_table_done(struct address_table *table);

/* The slot of the session with this address, or SLOTS_NONE. */
uint32_t address_table_find(const struct address_table *table, const struct udp_address *address);
/* Adds the session in this slot, whose address is set and not in the table. Returns 0 or -ENOMEM. */
int address_table_add(struct address_table *table, uint32_t slot);
/* Takes the session in this slot out, which must be in the table. */
void address_table_remove(struct address_table *table, uint32_t slot);

#endif
