/* SPDX-License-Identifier: MIT */
#include "client/roster.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS_MIN = 16 };

void
roster_init(struct roster *roster, struct hash_key key)
{
    *roster = (struct roster){.key = key};
}

static void
user_free(struct roster_user *user)
{
    free(user->status);
    free(user);
}

void
roster_clear(struct roster *roster)
{
    for (size_t i = 0; i < roster->bucket_count; i++)
        for (struct roster_user *user = roster->buckets[i], *next; user != NULL; user = next) {
            next = user->next;
            user_free(user);
        }
    free(roster->buckets);
    roster_init(roster, roster->key);
}

/* Names and numbers may collide; the comparison tells them apart. */
static uint64_t
user_hash(const struct roster *roster, struct alo_user user)
{
    return user.name != NULL ? hash_bytes(&roster->key, user.name, strlen(user.name)) : hash_bytes(&roster->key, &user.number, sizeof user.number);
}

static bool
user_equal(struct alo_user a, struct alo_user b)
{
    if (a.name == NULL || b.name == NULL)
        return a.name == b.name && a.number == b.number;
    return strcmp(a.name, b.name) == 0;
}

static struct roster_user *
find_hashed(const struct roster *roster, struct alo_user user, uint64_t hash)
{
    if (roster->bucket_count == 0)
        return NULL;

    struct roster_user *found = roster->buckets[hash & (roster->bucket_count - 1)];

    while (found != NULL && (found->hash != hash || !user_equal(found->user, user)))
        found = found->next;
    return found;
}

struct roster_user *
roster_find(const struct roster *roster, struct alo_user user)
{
    return find_hashed(roster, user, user_hash(roster, user));
}

/* Twice as many buckets. Without memory it stays as it is, which is slower and no less right; only the first must be had. */
static void
grow(struct roster *roster)
{
    size_t count = roster->bucket_count == 0 ? BUCKETS_MIN : roster->bucket_count * 2;
    struct roster_user **buckets = calloc(count, sizeof *buckets);

    if (buckets == NULL)
        return;
    for (size_t i = 0; i < roster->bucket_count; i++)
        for (struct roster_user *user = roster->buckets[i], *next; user != NULL; user = next) {
            next = user->next;
            user->next = buckets[user->hash & (count - 1)];
            buckets[user->hash & (count - 1)] = user;
        }
    free(roster->buckets);
    roster->buckets = buckets;
    roster->bucket_count = count;
}

struct roster_user *
roster_add(struct roster *roster, struct alo_user user, bool *added)
{
    uint64_t hash = user_hash(roster, user);
    struct roster_user *found = find_hashed(roster, user, hash);
    size_t name_bytes = user.name != NULL ? strlen(user.name) + 1 : 0;

    *added = false;
    if (found != NULL)
        return found;
    if (roster->count >= roster->bucket_count)
        grow(roster);
    if (roster->bucket_count == 0 || (found = calloc(1, sizeof *found + name_bytes)) == NULL)
        return NULL;
    found->hash = hash;
    if (user.name != NULL) {
        memcpy(found->name, user.name, name_bytes);
        found->user.name = found->name;
    } else {
        found->user.number = user.number;
    }

    struct roster_user **bucket = &roster->buckets[hash & (roster->bucket_count - 1)];

    found->next = *bucket;
    *bucket = found;
    roster->count++;
    *added = true;
    return found;
}

static void
due_unlink(struct roster *roster, struct roster_user *user)
{
    if (!user->due)
        return;
    *(user->due_previous != NULL ? &user->due_previous->due_next : &roster->due_first) = user->due_next;
    *(user->due_next != NULL ? &user->due_next->due_previous : &roster->due_last) = user->due_previous;
    user->due_next = user->due_previous = NULL;
    user->due = false;
}

void
roster_remove(struct roster *roster, struct roster_user *user)
{
    struct roster_user **at = &roster->buckets[user->hash & (roster->bucket_count - 1)];

    while (*at != user)
        at = &(*at)->next;
    *at = user->next;
    roster->count--;
    due_unlink(roster, user);
    user_free(user);
}

struct roster_user *
roster_next(const struct roster *roster, const struct roster_user *user)
{
    size_t bucket = 0;

    if (user != NULL) {
        if (user->next != NULL)
            return user->next;
        bucket = (user->hash & (roster->bucket_count - 1)) + 1;
    }
    for (; bucket < roster->bucket_count; bucket++)
        if (roster->buckets[bucket] != NULL)
            return roster->buckets[bucket];
    return NULL;
}

bool
roster_set(struct roster_user *user, bool online, const char *status)
{
    char *copy = NULL;

    if (status != NULL) {
        size_t bytes = strlen(status) + 1;

        copy = malloc(bytes);
        if (copy == NULL)
            return false;
        memcpy(copy, status, bytes);
    }
    free(user->status);
    user->status = copy;
    user->online = online;
    return true;
}

void
roster_tell(struct roster *roster, struct roster_user *user)
{
    if (user->due)
        return;
    user->due = true;
    user->due_previous = roster->due_last;
    *(roster->due_last != NULL ? &roster->due_last->due_next : &roster->due_first) = user;
    roster->due_last = user;
}

struct roster_user *
roster_take(struct roster *roster)
{
    struct roster_user *user = roster->due_first;

    if (user != NULL)
        due_unlink(roster, user);
    return user;
}
