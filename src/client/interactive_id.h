/* SPDX-License-Identifier: MIT
 *
 * Ids of users as one types them, and lists of such. Digits are an integer; anything else, or what is in double quotes, is a string, in which a
 * backslash takes the next character as it is. Blanks and commas stand between ids. Any thread.
 */
#ifndef CLIENT_INTERACTIVE_ID_H
#define CLIENT_INTERACTIVE_ID_H

#include "alo/client.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    ID_TEXT = 300, /* holds an id of the longest allowed as one types it, every byte with a backslash, and its NUL; a longer one is cut */
    ID_PROBLEM = 160,
};

/* Ids whose names it owns. Set to zero it is empty. */
struct id_list {
    struct alo_user *users;
    size_t count, capacity;
};

/*
 * Reads the next id of a line. Returns 1 and appends it to the list, and *line stands behind it; 0 at the end of the line; -EINVAL with what is wrong;
 * -ENOMEM with that.
 */
int id_read(const char **line, struct id_list *list, char problem[static ID_PROBLEM]);

/* Appends a copy; false without memory. */
bool id_list_add(struct id_list *list, struct alo_user user);
void id_list_done(struct id_list *list);

/* A copy whose name is the caller's to id_free; false without memory. */
bool id_copy(struct alo_user user, struct alo_user *copy);
void id_free(struct alo_user user);

/* An order: integers by size, then strings by their bytes. */
int id_compare(struct alo_user a, struct alo_user b);

/* Writes an id as one would type it. */
void id_write(struct alo_user user, char text[static ID_TEXT]);

#endif
