/* SPDX-License-Identifier: MIT */
#include "presence/input.h"

#include "base/list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY_MIN = 128 };

/* Counts bytes against the common limit. */
static bool
account(struct presence *presence, size_t bytes)
{
    size_t before = atomic_fetch_add_explicit(&presence->unfinished, bytes, memory_order_relaxed);

    if (before + bytes <= presence->config.unfinished_limit)
        return true;
    atomic_fetch_sub_explicit(&presence->unfinished, bytes, memory_order_relaxed);
    return false;
}

/* Makes the input anew with another capacity. A deadline that runs is moved over, for its link's neighbours know the old place. */
static struct input *
resize(struct presence *presence, struct input *input, size_t capacity)
{
    size_t before = input == NULL ? 0 : input->capacity;
    struct input *larger = malloc(sizeof *larger + capacity);

    if (larger == NULL)
        return NULL;
    if (input == NULL) {
        memset(larger, 0, sizeof *larger);
        framer_init(&larger->framer);
    } else {
        memcpy(larger, input, sizeof *input + input->length);
        if (deadline_is_running(&input->deadline)) {
            larger->deadline.link.next->previous = &larger->deadline.link;
            larger->deadline.link.previous->next = &larger->deadline.link;
        }
        free(input);
        atomic_fetch_sub_explicit(&presence->unfinished, before, memory_order_relaxed);
    }
    larger->capacity = capacity;
    return larger;
}

int
input_append(struct presence *presence, struct input **input, struct client *client, const char *bytes, size_t length)
{
    size_t filled = *input == NULL ? 0 : (*input)->length;

    if (*input == NULL || filled + length > (*input)->capacity) {
        size_t capacity = CAPACITY_MIN;
        struct input *larger;

        while (capacity < filled + length)
            capacity *= 2;
        if (!account(presence, capacity))
            return -ENOSPC;
        larger = resize(presence, *input, capacity);
        if (larger == NULL) {
            atomic_fetch_sub_explicit(&presence->unfinished, capacity, memory_order_relaxed);
            return -ENOMEM;
        }
        larger->client = client;
        *input = larger;
    }
    memcpy((*input)->bytes + filled, bytes, length);
    (*input)->length = filled + length;
    return 0;
}

void
input_free(struct presence *presence, struct input *input)
{
    if (input == NULL)
        return;
    deadline_stop(&input->deadline);
    atomic_fetch_sub_explicit(&presence->unfinished, input->capacity, memory_order_relaxed);
    free(input);
}
