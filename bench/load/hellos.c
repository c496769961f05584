/* SPDX-License-Identifier: MIT */
#include "load/hellos.h"

#include "load/failure.h"

#include <stdlib.h>

void
hellos_init(struct hellos *hellos, const struct talk *talk, uint32_t first_user)
{
    *hellos = (struct hellos){.talk = talk, .first_user = first_user};
}

void
hellos_done(struct hellos *hellos)
{
    talk_text_done(&hellos->text);
    free(hellos->end);
    *hellos = (struct hellos){.count = 0};
}

uint32_t
hellos_add(struct hellos *hellos, uint32_t user, const uint32_t *friends, uint32_t count)
{
    uint32_t *moved = memory_new(count, sizeof *moved);

    if (hellos->count == hellos->room) {
        hellos->room = hellos->room * 2 + 16;
        hellos->end = realloc(hellos->end, hellos->room * sizeof *hellos->end);
        if (hellos->end == NULL)
            failure_exit("out of memory");
    }
    for (uint32_t i = 0; i < count; i++)
        moved[i] = hellos->first_user + friends[i];
    hellos->talk->login(&hellos->text, hellos->first_user + user, moved, count);
    free(moved);
    hellos->end[hellos->count] = hellos->text.used;
    return hellos->count++;
}

const char *
hellos_at(const struct hellos *hellos, uint32_t hello, size_t *length)
{
    size_t start = hello == 0 ? 0 : hellos->end[hello - 1];

    *length = hellos->end[hello] - start;
    return hellos->text.bytes + start;
}
