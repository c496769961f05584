/* SPDX-License-Identifier: MIT */
#include "service/options_name.h"

#include <string.h>

enum {
    NAME_BYTES = 64, /* no option has a longer name */
    FAR = 4,         /* letters to be changed; from there on it is another word */
};

const struct option_row *
option_find(const char *name, size_t length)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (strncmp(option_table[i].name, name, length) == 0 && option_table[i].name[length] == '\0')
            return &option_table[i];
    return NULL;
}

/* How many letters must be added, dropped or changed to make one word of the other (Wagner and Fischer, 1974). */
static unsigned
words_distance(const char *one, size_t one_length, const char *other)
{
    unsigned row[NAME_BYTES];
    size_t other_length = strlen(other);

    for (size_t j = 0; j <= other_length; j++)
        row[j] = (unsigned)j;
    for (size_t i = 0; i < one_length; i++) {
        unsigned diagonal = row[0];

        row[0] = (unsigned)i + 1;
        for (size_t j = 0; j < other_length; j++) {
            unsigned change = diagonal + (one[i] != other[j]);
            unsigned step = (row[j] < row[j + 1] ? row[j] : row[j + 1]) + 1;

            diagonal = row[j + 1];
            row[j + 1] = change < step ? change : step;
        }
    }
    return row[other_length];
}

const struct option_row *
option_nearest(const char *name, size_t length)
{
    const struct option_row *nearest = NULL;
    unsigned nearest_distance = FAR;

    for (int i = 0; length < NAME_BYTES && i < OPTION_COUNT; i++) {
        unsigned distance = words_distance(name, length, option_table[i].name);

        if (distance < nearest_distance && distance < length) {
            nearest_distance = distance;
            nearest = &option_table[i];
        }
    }
    return nearest;
}
