/* SPDX-License-Identifier: MIT
 *
 * An intrusive doubly linked list: the link is embedded in what is listed, so adding and removing are O(1), allocate
 * nothing and cannot fail. Not synchronised: a list belongs to one thread or to the holder of a lock.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* A link that is in no list has next == NULL; a list's own head is never NULL. */
struct list {
    struct list *next, *previous;
};

/* The struct that embeds `link` as its member `member`. */
#define LIST_ENTRY(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void
list_init(struct list *head)
{
    head->next = head->previous = head;
}

static inline bool
list_is_empty(const struct list *head)
{
    return head->next == head;
}

static inline bool
list_is_linked(const struct list *link)
{
    return link->next != NULL;
}

static inline void
list_append(struct list *head, struct list *link)
{
    link->previous = head->previous;
    link->next = head;
    head->previous->next = link;
    head->previous = link;
}

/* Takes a link out of the list it is in; one that is in none is left alone. */
static inline void
list_remove(struct list *link)
{
    if (!list_is_linked(link))
        return;
    link->previous->next = link->next;
    link->next->previous = link->previous;
    link->next = link->previous = NULL;
}

/* Appends all links of another list, in their order. */
static inline void
list_move_all(struct list *head, struct list *from)
{
    if (list_is_empty(from))
        return;
    from->next->previous = head->previous;
    from->previous->next = head;
    head->previous->next = from->next;
    head->previous = from->previous;
    list_init(from);
}

/* Takes the first link out; NULL when the list is empty. */
static inline struct list *
list_take_first(struct list *head)
{
    struct list *link = head->next;

    if (link == head)
        return NULL;
    list_remove(link);
    return link;
}

#endif
