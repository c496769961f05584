/* SPDX-License-Identifier: MIT
 *
 * See options_value.h. Numbers are read by hand: strtoull takes signs, blanks and other bases.
 */
#include "service/options_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *names[2]; /* in any case of letters */
    unsigned bits;        /* it is two to this power */
} size_units[] = {
    {{"", "B"}, 0},
    {{"K", "KiB"}, 10},
    {{"M", "MiB"}, 20},
    {{"G", "GiB"}, 30},
};

enum { SIZE_UNITS = sizeof size_units / sizeof size_units[0] };

/* Reads decimal digits, a number too large as UINT64_MAX. Returns how many there are. */
static size_t
digits_read(const char *text, uint64_t *number)
{
    size_t length = 0;
    uint64_t value = 0;

    for (; text[length] >= '0' && text[length] <= '9'; length++) {
        unsigned digit = (unsigned)(text[length] - '0');

        value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
    }
    *number = value;
    return length;
}

/* What a number is multiplied by that this unit follows; 0 where the option knows no such unit. */
static uint64_t
unit_factor(const struct option_row *row, const char *unit)
{
    if (*unit == '\0' || (row->kind == OPTION_SECONDS && strcmp(unit, "s") == 0))
        return 1;
    for (int i = 0; row->kind == OPTION_SIZE && i < SIZE_UNITS; i++)
        for (int j = 0; j < 2; j++)
            if (strcasecmp(unit, size_units[i].names[j]) == 0)
                return UINT64_C(1) << size_units[i].bits;
    return 0;
}

static int
value_refuse(const struct option_row *row, const char *source, const char *value, const char *what, char sentence[static OPTION_TEXT])
{
    char allowed[OPTION_TEXT];

    option_describe_allowed(row, allowed);
    snprintf(sentence, OPTION_TEXT, "%s '%.60s' %s; allowed is %.200s", source, value, what, allowed);
    return -EINVAL;
}

static int
number_read(const struct option_row *row, const char *source, const char *value, uint64_t *number, char sentence[static OPTION_TEXT])
{
    uint64_t count;
    size_t length = digits_read(value, &count);

    if (length == 0)
        return value_refuse(row, source, value, "is not a number", sentence);

    uint64_t factor = unit_factor(row, value + length);

    if (factor == 0)
        return value_refuse(row, source, value, row->kind == OPTION_SIZE ? "is not a size" : "is not a whole number", sentence);
    if (count > row->most / factor || count * factor < row->least)
        return value_refuse(row, source, value, "is out of range", sentence);
    *number = count * factor;
    return 0;
}

static int
truth_read(const struct option_row *row, const char *source, const char *value, bool *truth, char sentence[static OPTION_TEXT])
{
    static const struct {
        const char *word;
        bool truth;
    } words[] = {
        {"1", true}, {"true", true}, {"yes", true}, {"on", true}, {"0", false}, {"false", false}, {"no", false}, {"off", false}, {"", false}};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(value, words[i].word) == 0) {
            *truth = words[i].truth;
            return 0;
        }
    }
    return value_refuse(row, source, value, "is neither true nor false", sentence);
}

void
option_format_size(uint64_t bytes, char text[static OPTION_TEXT])
{
    int unit = SIZE_UNITS - 1;

    while (bytes >> size_units[unit].bits << size_units[unit].bits != bytes)
        unit--;
    snprintf(text, OPTION_TEXT, "%" PRIu64 "%s", bytes >> size_units[unit].bits, unit == 0 ? "" : size_units[unit].names[1]);
}

void
option_describe_allowed(const struct option_row *row, char text[static OPTION_TEXT])
{
    char least[OPTION_TEXT], most[OPTION_TEXT];

    switch (row->kind) {
    case OPTION_FLAG: snprintf(text, OPTION_TEXT, "1, true, yes or on, and 0, false, no or off"); return;
    case OPTION_SWITCH: snprintf(text, OPTION_TEXT, "on or off"); return;
    case OPTION_WORD: snprintf(text, OPTION_TEXT, "%s", row->allowed); return;
    case OPTION_SIZE:
        option_format_size(row->least, least);
        option_format_size(row->most, most);
        snprintf(text, OPTION_TEXT, "a size from %.30s to %.30s (a number of bytes, or of KiB, MiB or GiB)", least, most);
        return;
    case OPTION_PORT:
    case OPTION_NUMBER: snprintf(text, OPTION_TEXT, "a number from %" PRIu64 " to %" PRIu64, row->least, row->most); return;
    case OPTION_SECONDS: snprintf(text, OPTION_TEXT, "a number of seconds from %" PRIu64 " to %" PRIu64, row->least, row->most); return;
    }
}

int
option_store(const struct option_row *row, const char *source, const char *value, struct options *options, char sentence[static OPTION_TEXT])
{
    char *field = (char *)options + row->offset;
    uint64_t number = 0;
    bool truth = false;
    int error = 0;

    if (row->kind == OPTION_FLAG || row->kind == OPTION_SWITCH)
        error = truth_read(row, source, value, &truth, sentence);
    else if (row->kind != OPTION_WORD)
        error = number_read(row, source, value, &number, sentence);
    else if (*value == '\0')
        error = value_refuse(row, source, value, "is empty", sentence);
    if (error < 0)
        return error;

    /* The range has seen to it that each number fits. */
    switch (row->kind) {
    case OPTION_FLAG:
    case OPTION_SWITCH: memcpy(field, &truth, sizeof truth); break;
    case OPTION_WORD: memcpy(field, &value, sizeof value); break;
    case OPTION_PORT: memcpy(field, &(uint16_t){(uint16_t)number}, sizeof(uint16_t)); break;
    case OPTION_NUMBER:
    case OPTION_SECONDS: memcpy(field, &(uint32_t){(uint32_t)number}, sizeof(uint32_t)); break;
    case OPTION_SIZE: memcpy(field, &(size_t){(size_t)number}, sizeof(size_t)); break;
    }
    return 0;
}
