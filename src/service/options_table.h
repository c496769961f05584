/* SPDX-License-Identifier: MIT
 *
 * The table of options: the one place that knows their names, defaults, units, ranges and what they are for. options_value.c reads a
 * value by it, options.c the command line and the environment, options_text.c makes every text about them from it. Constant; any thread.
 */
#ifndef SERVICE_OPTIONS_TABLE_H
#define SERVICE_OPTIONS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_FLAG,         /* no value on the command line; true or false elsewhere. bool */
    OPTION_SWITCH,       /* true or false everywhere. bool */
    OPTION_PORT,         /* uint16_t */
    OPTION_PORT_OR_NONE, /* int32_t, -1 for none */
    OPTION_NUMBER,       /* uint32_t */
    OPTION_SECONDS,      /* uint32_t */
    OPTION_MILLISECONDS, /* the same, also with a suffix. uint32_t */
    OPTION_SIZE,         /* bytes, with suffixes. size_t */
    OPTION_WORD,         /* any text but an empty one. const char * */
};

struct option_row {
    const char *name; /* the flag, without its dashes; the key in a configuration file */
    char letter;      /* the short flag, or 0 */
    enum option_kind kind;
    const char *environment; /* the variable */
    const char *fallback;    /* the default, as one would type it */
    size_t offset;           /* of its field in struct options */
    uint64_t least, most;    /* of a port, a number, seconds or a size */
    const char *allowed;     /* of a word: what it may be, as the end of a sentence */
    const char *words;       /* of a word: those that completion offers, with blanks between */
    const char *help;        /* without a capital and a full stop */
    bool is_live;            /* a reload changes it while sessions stay; never a word */
    bool is_file;            /* a word that names a file, for completion */
    bool is_outside;         /* it cannot stand in a configuration file */
};

enum { OPTION_COUNT = 32 };

extern const struct option_row option_table[OPTION_COUNT];

#endif
