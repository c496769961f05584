/* SPDX-License-Identifier: MIT
 *
 * The table of options: the one place that knows their names, defaults, units and ranges. options.c reads the command line by it,
 * options_text.c makes every text about them from it.
 */
#ifndef SERVICE_OPTIONS_TABLE_H
#define SERVICE_OPTIONS_TABLE_H

#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_FLAG,    /* no value on the command line; true or false in the environment. bool */
    OPTION_PORT,    /* uint16_t */
    OPTION_NUMBER,  /* uint32_t */
    OPTION_SECONDS, /* uint32_t */
    OPTION_SIZE,    /* bytes, with suffixes. size_t */
    OPTION_WORD,    /* const char * */
};

struct option_row {
    const char *name; /* the flag, without its dashes */
    char letter;      /* the short flag, or 0 */
    enum option_kind kind;
    const char *environment; /* the variable */
    const char *fallback;    /* the default, as one would type it */
    const char *meaning;     /* what the default means where its text does not say, or NULL */
    uint64_t least, most;    /* of a number; `least` may be 0 beside what the range says where `fallback` is 0 */
    size_t offset;           /* of its field in struct options */
    const char *help;
};

enum { OPTION_COUNT = 15 };

extern const struct option_row option_table[OPTION_COUNT];

#endif
