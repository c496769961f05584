/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include <stdio.h>
#include <string.h>

static const struct store *const stores[] = {&store_light};

enum { STORES = sizeof stores / sizeof stores[0] };

const struct store *
store_find(const char *name)
{
    for (int i = 0; i < STORES; i++)
        if (strcmp(stores[i]->name, name) == 0)
            return stores[i];
    return NULL;
}

void
store_names(char *text, size_t size)
{
    size_t length = 0;

    if (size > 0)
        text[0] = '\0';
    for (int i = 0; i < STORES && length < size; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%s", i == 0 ? "" : ", ", stores[i]->name);
}
