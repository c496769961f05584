/* SPDX-License-Identifier: MIT
 *
 * Users in slots, found through a chained hash table whose links are slot numbers in the users themselves: 4 to 8 bytes a
 * user beside the entry. The table doubles when it is full and is freed with the shard's last user.
 */
#include "graph/shard.h"

#include "base/assert.h"
#include "base/prefetch.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS_MIN = 8 };

void
shard_init(struct shard *shard, uint32_t number)
{
    *shard = (struct shard){.number = number};
    mutex_init(&shard->mutex);
    counter_init(&shard->online);
    counter_init(&shard->waits);
    slots_init(&shard->users, sizeof(struct user));
}

void
shard_done(struct shard *shard)
{
    for (uint32_t bucket = 0; bucket < shard->bucket_count; bucket++) {
        for (uint32_t slot = shard->buckets[bucket]; slot != SLOTS_NONE;) {
            struct user *user = slots_at(&shard->users, slot);

            watchers_done(&user->watchers);
            text_drop(user->id.name);
            slot = user->next;
        }
    }
    free(shard->buckets);
    slots_done(&shard->users);
    mutex_done(&shard->mutex);
}

static uint32_t
index_of(const struct shard *shard, uint32_t slot)
{
    return shard->number << SHARD_SLOT_BITS | slot;
}

uint32_t
shard_find(struct shard *shard, uint64_t hash, struct user_id id)
{
    if (shard->bucket_count == 0)
        return SLOTS_NONE;
    for (uint32_t slot = shard->buckets[hash & (shard->bucket_count - 1)]; slot != SLOTS_NONE;) {
        const struct user *user = slots_at(&shard->users, slot);

        if (user_id_equal(user->id, id))
            return index_of(shard, slot);
        slot = user->next;
    }
    return SLOTS_NONE;
}

void
shard_expect(const struct shard *shard, uint64_t hash)
{
    uint32_t slot = shard->bucket_count == 0 ? SLOTS_NONE : shard->buckets[hash & (shard->bucket_count - 1)];

    if (slot != SLOTS_NONE)
        prefetch_for_writing(slots_at(&shard->users, slot), sizeof(struct user));
}

/* Doubles the table of buckets. False when memory is wanted first. */
static bool
buckets_grow(struct shard *shard, struct spare *spare) REQUIRES(shard->mutex)
{
    uint32_t count = shard->bucket_count == 0 ? BUCKETS_MIN : shard->bucket_count * 2;
    uint32_t *buckets = spare_take(spare, count * sizeof *buckets);

    if (buckets == NULL)
        return false;
    memset(buckets, 0xff, count * sizeof *buckets);
    for (uint32_t old = 0; old < shard->bucket_count; old++) {
        for (uint32_t slot = shard->buckets[old]; slot != SLOTS_NONE;) {
            struct user *user = slots_at(&shard->users, slot);
            uint32_t next = user->next;
            uint32_t *head = &buckets[user->hash & (count - 1)];

            user->next = *head;
            *head = slot;
            slot = next;
        }
    }
    spare_discard(spare, shard->buckets);
    shard->buckets = buckets;
    shard->bucket_count = count;
    return true;
}

uint32_t
shard_find_or_add(struct shard *shard, uint64_t hash, struct user_id id, struct spare *spare)
{
    uint32_t index = shard_find(shard, hash, id);

    if (index != SLOTS_NONE)
        return index;
    if (shard->users.count >= shard->bucket_count && !buckets_grow(shard, spare))
        return SLOTS_NONE;

    if (shard->users.roomy == 0) {
        size_t wanted = slots_wanted(&shard->users);
        void *memory = spare_take(spare, wanted > 0 ? wanted : SIZE_MAX); /* a full table is answered like full memory */

        if (memory == NULL)
            return SLOTS_NONE;
        slots_supply(&shard->users, memory);
    }
    if (id.name != NULL) {
        /* Last, because a name that was taken must be used. */
        void *memory = spare_take(spare, text_size(id.name->length));

        if (memory == NULL)
            return SLOTS_NONE;
        id.name = text_place(memory, id.name->bytes, id.name->length);
    }
    uint32_t slot = slots_take(&shard->users);
    uint32_t *head = &shard->buckets[hash & (shard->bucket_count - 1)];

    *(struct user *)slots_at(&shard->users, slot) = (struct user){.id = id, .hash = (uint32_t)hash, .next = *head, .sessions = SLOTS_NONE};
    *head = slot;
    /* helgrind: read without the lock by those who watch the user (candidates.c). */
    RACE_IGNORE(&((struct user *)slots_at(&shard->users, slot))->sessions, sizeof(uint32_t));
    return index_of(shard, slot);
}

void
shard_remove_if_unused(struct shard *shard, uint32_t index, struct spare *spare)
{
    struct user *user = shard_user(shard, index);
    uint32_t slot = index & ((1U << SHARD_SLOT_BITS) - 1);
    uint32_t *link;

    if (user_sessions(user) != SLOTS_NONE || user->watchers.count > 0)
        return;
    ASSERT(user->watchers.flat == NULL); /* it went with the last watcher */
    for (link = &shard->buckets[user->hash & (shard->bucket_count - 1)]; *link != slot;)
        link = &((struct user *)slots_at(&shard->users, *link))->next;
    *link = user->next;
    spare_discard(spare, text_release(user->id.name));
    spare_discard(spare, slots_give(&shard->users, slot));
    if (shard->users.count == 0) {
        spare_discard(spare, shard->buckets);
        shard->buckets = NULL;
        shard->bucket_count = 0;
    }
}
