/* SPDX-License-Identifier: MIT
 *
 * The users that somebody at the client has named, what is known of them, and since when. It is what `friends` lists, what completion offers, and what
 * is followed again after a reconnect. In the order of ids. One thread's.
 */
#ifndef CLIENT_INTERACTIVE_FRIENDS_H
#define CLIENT_INTERACTIVE_FRIENDS_H

#include "client/interactive_id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum friend_state { FRIEND_UNKNOWN, FRIEND_OFFLINE, FRIEND_ONLINE };

struct friend_entry {
    struct alo_user user;
    bool followed;
    enum friend_state state;
    bool since_exactly; /* otherwise it was so already at that time */
    int64_t since_ms;   /* since the epoch */
    enum alo_reason reason;
    char *status; /* or NULL */
};

/* Set to zero it is empty. */
struct friends {
    struct friend_entry *entries;
    size_t count, capacity;
};

void friends_done(struct friends *friends);

/* Valid until the next addition; NULL when there is none. */
struct friend_entry *friends_find(const struct friends *friends, struct alo_user user);
/* The entry of a user, a new one if need be; NULL without memory. */
struct friend_entry *friends_add(struct friends *friends, struct alo_user user);

/* From a moment on somebody is in a state, unless it was so before. `status` is copied; without memory there is none. */
void friend_set(struct friend_entry *entry, enum friend_state state, int64_t at_ms, bool exactly, const char *status, enum alo_reason reason);
/* The connection is gone: nothing is known of anybody. */
void friends_forget_states(struct friends *friends);

/* Those followed, as a new array of `count` that borrows their names; NULL without memory. Freed with free. */
struct alo_user *friends_followed(const struct friends *friends, size_t *count);

#endif
