/* SPDX-License-Identifier: MIT
 *
 * The users that a client follows, what it knows of each, and which of them there is news about that the program has not fetched. That news is
 * a mark at the user and no list of its own: so it costs no memory that could be missing, and can not grow. Also used, without
 * the news, for the users of a question. One thread's, as the client is.
 */
#ifndef CLIENT_ROSTER_H
#define CLIENT_ROSTER_H

#include "alo/client.h"
#include "base/hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct roster_user {
    struct roster_user *next; /* in its bucket */
    struct roster_user *due_next, *due_previous;
    uint64_t hash;
    struct alo_user user; /* its name is below */
    int64_t at_ms;        /* of the newest change; 0: not known */
    char *status;         /* or NULL */
    enum alo_reason reason;
    bool online;
    bool snapshot;
    bool due;      /* there is news */
    bool staged;   /* added for a call that the server has not agreed to yet */
    bool wanted;   /* on the list of the login under way */
    bool present;  /* stands in the snapshot that is being read */
    bool finished; /* and what it says was taken over */
    char name[];
};

struct roster {
    struct hash_key key;
    struct roster_user **buckets;
    size_t bucket_count; /* 0 or a power of two */
    size_t count;
    struct roster_user *due_first, *due_last;
};

/* An empty one. The key keeps others from choosing ids that collide. */
void roster_init(struct roster *roster, struct hash_key key);
/* Forgets all users. It can be used again. */
void roster_clear(struct roster *roster);

/* Finds or adds; *added says which. NULL without memory. */
struct roster_user *roster_add(struct roster *roster, struct alo_user user, bool *added);
struct roster_user *roster_find(const struct roster *roster, struct alo_user user);
void roster_remove(struct roster *roster, struct roster_user *user);

/* All users, in no order: begin with NULL. The one returned may be removed when the next one has been asked for. */
struct roster_user *roster_next(const struct roster *roster, const struct roster_user *user);

/* Sets what is known of a user; false, and nothing is changed, without memory. A status of NULL is none. */
bool roster_set(struct roster_user *user, bool online, const char *status);
/* There is news of this user; it keeps its place if there was some already. */
void roster_tell(struct roster *roster, struct roster_user *user);
/* Takes the first user of whom there is news; NULL when there is none. */
struct roster_user *roster_take(struct roster *roster);

#endif
