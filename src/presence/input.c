/* SPDX-License-Identifier: MIT */
#include "presence/input.h"

#include "base/assert.h"
#include "base/list.h"
#include "net/worker.h"
#include "presence/client.h"
#include "presence/rpc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY_MIN = 128 };

/* How much a message of so many bytes takes. */
static size_t
capacity_for(size_t length)
{
    size_t capacity = CAPACITY_MIN;

    while (capacity < length)
        capacity *= 2;
    return capacity;
}

size_t
input_share(const struct presence_config *config, uint32_t workers)
{
    size_t largest = 2 * capacity_for(config->limits.message_bytes); /* while it grows, it is there twice */
    size_t share = config->unfinished_limit / workers;

    return share > largest ? share : largest;
}

/* So many bytes more are held; fewer, when it is a negative number. */
static void
hold(struct desk *desk, size_t more)
{
    desk->unfinished += more;
    counter_set(&desk->tally.unfinished_bytes, desk->unfinished);
}

/* Which of INPUT_SIZES a capacity is. */
static uint32_t
size_of(size_t capacity)
{
    uint32_t size = (uint32_t)__builtin_ctzl(capacity / CAPACITY_MIN);

    ASSERT(size < INPUT_SIZES);
    return size;
}

static void
rank(struct desk *desk, struct input *input)
{
    list_append(&desk->holders[input->kind][size_of(input->capacity)], &input->holder);
}

/* Makes the input anew with another capacity. A deadline that runs is moved over, for its link's neighbours know the old place. */
static struct input *
resize(struct desk *desk, struct input *input, size_t capacity)
{
    size_t before = input == NULL ? 0 : input->capacity;
    bool offered = input != NULL && list_is_linked(&input->holder);
    struct input *larger = malloc(sizeof *larger + capacity);

    if (larger == NULL)
        return NULL;
    if (input == NULL) {
        memset(larger, 0, sizeof *larger);
        framer_init(&larger->framer);
    } else {
        list_remove(&input->holder);
        memcpy(larger, input, sizeof *input + input->length);
        if (deadline_is_running(&input->deadline)) {
            larger->deadline.link.next->previous = &larger->deadline.link;
            larger->deadline.link.previous->next = &larger->deadline.link;
        }
        free(input);
        hold(desk, -before);
    }
    larger->capacity = capacity;
    if (offered)
        rank(desk, larger);
    return larger;
}

int
input_append(struct presence *presence, struct worker *worker, struct input **input, struct client *client, const char *bytes, size_t length)
{
    struct desk *desk = presence_desk(presence, worker);
    size_t filled = *input == NULL ? 0 : (*input)->length;

    if (*input == NULL || filled + length > (*input)->capacity) {
        size_t capacity = capacity_for(filled + length);
        struct input *larger;

        if (desk->unfinished + capacity > desk->unfinished_share)
            return -ENOSPC;
        larger = resize(desk, *input, capacity);
        if (larger == NULL)
            return -ENOMEM;
        hold(desk, capacity);
        larger->client = client;
        *input = larger;
    }
    memcpy((*input)->bytes + filled, bytes, length);
    (*input)->length = filled + length;
    return 0;
}

void
input_offer(struct presence *presence, struct worker *worker, struct input *input, enum input_kind kind)
{
    input_withdraw(input);
    input->kind = kind;
    rank(presence_desk(presence, worker), input);
}

void
input_withdraw(struct input *input)
{
    list_remove(&input->holder);
}

struct input *
input_larger(struct presence *presence, struct worker *worker, const struct input *input, size_t length)
{
    struct desk *desk = presence_desk(presence, worker);
    uint32_t least = size_of(capacity_for((input == NULL ? 0 : input->length) + length)) + 1;

    for (int kind = 0; kind < INPUT_KINDS; kind++) {
        for (uint32_t size = INPUT_SIZES; size-- > least;) {
            struct list *holders = &desk->holders[kind][size];

            if (!list_is_empty(holders))
                return LIST_ENTRY(holders->next, struct input, holder);
        }
    }
    return NULL;
}

void
input_free(struct presence *presence, struct worker *worker, struct input *input)
{
    if (input == NULL)
        return;
    deadline_stop(&input->deadline);
    input_withdraw(input);
    rpc_progress_free(input->progress);
    hold(presence_desk(presence, worker), -input->capacity);
    free(input);
}
