/* SPDX-License-Identifier: MIT */
#include "client/interactive_friends.h"

#include <stdlib.h>
#include <string.h>

/* Where the user stands, or would stand. */
static size_t
place_of(const struct friends *friends, struct alo_user user)
{
    size_t low = 0, high = friends->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (id_compare(friends->entries[middle].user, user) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void
friends_done(struct friends *friends)
{
    for (size_t i = 0; i < friends->count; i++) {
        id_free(friends->entries[i].user);
        free(friends->entries[i].status);
    }
    free(friends->entries);
    *friends = (struct friends){0};
}

struct friend_entry *
friends_find(const struct friends *friends, struct alo_user user)
{
    size_t place = place_of(friends, user);

    if (place == friends->count || id_compare(friends->entries[place].user, user) != 0)
        return NULL;
    return &friends->entries[place];
}

struct friend_entry *
friends_add(struct friends *friends, struct alo_user user)
{
    size_t place = place_of(friends, user);
    struct friend_entry added = {.state = FRIEND_UNKNOWN};

    if (place < friends->count && id_compare(friends->entries[place].user, user) == 0)
        return &friends->entries[place];
    if (friends->count == friends->capacity) {
        size_t capacity = friends->capacity > 0 ? friends->capacity * 2 : 16;
        struct friend_entry *entries = reallocarray(friends->entries, capacity, sizeof *entries);

        if (entries == NULL)
            return NULL;
        friends->entries = entries;
        friends->capacity = capacity;
    }
    if (!id_copy(user, &added.user))
        return NULL;
    memmove(&friends->entries[place + 1], &friends->entries[place], (friends->count - place) * sizeof added);
    friends->entries[place] = added;
    friends->count++;
    return &friends->entries[place];
}

void
friend_set(struct friend_entry *entry, enum friend_state state, int64_t at_ms, bool exactly, const char *status, enum alo_reason reason)
{
    /* A change of the status is no news of since when. */
    if (entry->state != state) {
        entry->since_ms = at_ms;
        entry->since_exactly = exactly;
    }
    entry->state = state;
    entry->reason = reason;
    free(entry->status);
    entry->status = status == NULL ? NULL : strdup(status);
}

void
friends_forget_states(struct friends *friends)
{
    for (size_t i = 0; i < friends->count; i++)
        friend_set(&friends->entries[i], FRIEND_UNKNOWN, 0, false, NULL, ALO_REASON_NONE);
}

struct alo_user *
friends_followed(const struct friends *friends, size_t *count)
{
    struct alo_user *users = calloc(friends->count > 0 ? friends->count : 1, sizeof *users);

    *count = 0;
    for (size_t i = 0; users != NULL && i < friends->count; i++)
        if (friends->entries[i].followed)
            users[(*count)++] = friends->entries[i].user;
    return users;
}
