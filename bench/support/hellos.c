/* SPDX-License-Identifier: MIT */
#include "support/hellos.h"

#include "support/failure.h"

#include <stdio.h>
#include <stdlib.h>

enum { USER_BYTES_MAX = 128, FRIEND_BYTES_MAX = 12 };

void
hellos_init(struct hellos *hellos)
{
    *hellos = (struct hellos){.count = 0};
}

void
hellos_done(struct hellos *hellos)
{
    free(hellos->bytes);
    free(hellos->end);
    hellos_init(hellos);
}

static void
hellos_reserve(struct hellos *hellos, size_t bytes)
{
    if (hellos->used + bytes > hellos->room) {
        hellos->room = (hellos->used + bytes) * 2;
        hellos->bytes = realloc(hellos->bytes, hellos->room);
    }
    if (hellos->count == hellos->ends_room) {
        hellos->ends_room = hellos->ends_room * 2 + 16;
        hellos->end = realloc(hellos->end, hellos->ends_room * sizeof *hellos->end);
    }
    if (hellos->bytes == NULL || hellos->end == NULL)
        failure_exit("out of memory");
}

uint32_t
hellos_add(struct hellos *hellos, uint32_t user, const uint32_t *friends, uint32_t count)
{
    size_t bytes = USER_BYTES_MAX + (size_t)count * FRIEND_BYTES_MAX;

    hellos_reserve(hellos, bytes);

    char *start = hellos->bytes + hellos->used;
    char *end = start + bytes;
    static const char login[] = "{\"jsonrpc\": \"2.0\", \"method\": \"login\", \"id\": 1, \"params\": ";
    char *next = start + snprintf(start, bytes, "%s{\"user_id\": %u", hellos->jsonrpc ? login : "", HELLO_ID_FIRST + user);

    for (uint32_t i = 0; i < count; i++)
        next += snprintf(next, (size_t)(end - next), "%s%u", i == 0 ? ", \"friends\": [" : ", ", HELLO_ID_FIRST + friends[i]);
    next += snprintf(next, (size_t)(end - next), "%s}%s", count > 0 ? "]" : "", hellos->jsonrpc ? "}" : "");
    hellos->used += (size_t)(next - start);
    hellos->end[hellos->count] = hellos->used;
    return hellos->count++;
}

const char *
hellos_at(const struct hellos *hellos, uint32_t hello, size_t *length)
{
    size_t start = hello == 0 ? 0 : hellos->end[hello - 1];

    *length = hellos->end[hello] - start;
    return hellos->bytes + start;
}
