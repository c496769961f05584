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

enum {
    SIZE_UNITS = sizeof size_units / sizeof size_units[0],
    MS_PER_S = 1000,
    PATH_SHOWN = 150, /* of a long path the end is shown; so much leaves room for the rest of the sentence */
};

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
    if (row->kind == OPTION_MILLISECONDS)
        return strcmp(unit, "ms") == 0 ? 1 : strcmp(unit, "s") == 0 ? MS_PER_S : 0;
    for (int i = 0; row->kind == OPTION_SIZE && i < SIZE_UNITS; i++)
        for (int j = 0; j < 2; j++)
            if (strcasecmp(unit, size_units[i].names[j]) == 0)
                return UINT64_C(1) << size_units[i].bits;
    return 0;
}

static int
value_refuse(const struct option_row *row, const char *written_behind, const char *value, const char *what, char sentence[static OPTION_TEXT])
{
    char allowed[OPTION_TEXT];

    option_describe_allowed(row, allowed);
    snprintf(sentence, OPTION_TEXT, "%s '%.60s' %s; allowed is %.200s", written_behind, value, what, allowed);
    return -EINVAL;
}

static int
number_read(const struct option_row *row, const char *written_behind, const char *value, uint64_t *number, char sentence[static OPTION_TEXT])
{
    uint64_t count;
    size_t length = digits_read(value, &count);

    if (length == 0)
        return value_refuse(row, written_behind, value, "is not a number", sentence);

    uint64_t factor = unit_factor(row, value + length);

    if (factor == 0)
        return value_refuse(row, written_behind, value, row->kind == OPTION_SIZE ? "is not a size" : "is not a whole number", sentence);
    if (count > row->most / factor || count * factor < row->least)
        return value_refuse(row, written_behind, value, "is out of range", sentence);
    *number = count * factor;
    return 0;
}

static int
truth_read(const struct option_row *row, const char *written_behind, const char *value, bool *truth, char sentence[static OPTION_TEXT])
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
    return value_refuse(row, written_behind, value, "is neither true nor false", sentence);
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
    case OPTION_PORT_OR_NONE: snprintf(text, OPTION_TEXT, "a number from %" PRIu64 " to %" PRIu64 ", or none", row->least, row->most); return;
    case OPTION_PORT:
    case OPTION_NUMBER: snprintf(text, OPTION_TEXT, "a number from %" PRIu64 " to %" PRIu64, row->least, row->most); return;
    case OPTION_SECONDS: snprintf(text, OPTION_TEXT, "a number of seconds from %" PRIu64 " to %" PRIu64, row->least, row->most); return;
    case OPTION_MILLISECONDS:
        snprintf(
            text, OPTION_TEXT, "a number of milliseconds from %" PRIu64 " to %" PRIu64 ", or of seconds with an s behind it", row->least, row->most);
        return;
    }
}

void
option_describe_line(const struct options *options, uint32_t line, char text[static OPTION_SOURCE_TEXT])
{
    size_t length = strlen(options->config);
    bool is_long = length > PATH_SHOWN;
    const char *shown = options->config + (is_long ? length - PATH_SHOWN : 0);

    while (is_long && ((unsigned char)*shown & 0xC0) == 0x80)
        shown++; /* the rest of a character that was cut */
    snprintf(text, OPTION_SOURCE_TEXT, "%s%s:%" PRIu32, is_long ? "..." : "", shown, line);
}

void
option_describe_source(const struct options *options, const struct option_row *row, struct option_source source, char text[static OPTION_SOURCE_TEXT])
{
    size_t length = 0;

    switch (source.origin) {
    case OPTION_FROM_DEFAULT:
    case OPTION_FROM_FLAG: snprintf(text, OPTION_SOURCE_TEXT, "--%s", row->name); return;
    case OPTION_FROM_ENVIRONMENT: snprintf(text, OPTION_SOURCE_TEXT, "$%s", row->environment); return;
    case OPTION_FROM_FILE:
        option_describe_line(options, source.line, text);
        length = strlen(text);
        snprintf(text + length, OPTION_SOURCE_TEXT - length, ": %s", row->name);
        return;
    }
}

void
option_describe_field(const struct options *options, const void *field, char text[static OPTION_SOURCE_TEXT])
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if ((const char *)options + option_table[i].offset == field)
            option_describe_source(options, &option_table[i], options->sources[i], text);
}

int
option_store(const struct option_row *row, struct option_source source, const char *value, struct options *options, char sentence[static OPTION_TEXT])
{
    char *field = (char *)options + row->offset;
    char behind[OPTION_SOURCE_TEXT];
    uint64_t number = 0;
    int32_t port_or_none;
    bool truth = false;
    int error = 0;

    option_describe_source(options, row, source, behind);
    if (row->kind == OPTION_FLAG || row->kind == OPTION_SWITCH)
        error = truth_read(row, behind, value, &truth, sentence);
    else if (row->kind == OPTION_PORT_OR_NONE && strcasecmp(value, "none") == 0)
        number = UINT64_MAX;
    else if (row->kind != OPTION_WORD)
        error = number_read(row, behind, value, &number, sentence);
    else if (*value == '\0')
        error = value_refuse(row, behind, value, "is empty", sentence);
    if (error < 0)
        return error;

    /* The range has seen to it that each number fits. */
    port_or_none = number == UINT64_MAX ? -1 : (int32_t)number;
    switch (row->kind) {
    case OPTION_FLAG:
    case OPTION_SWITCH: memcpy(field, &truth, sizeof truth); break;
    case OPTION_WORD: memcpy(field, &value, sizeof value); break;
    case OPTION_PORT: memcpy(field, &(uint16_t){(uint16_t)number}, sizeof(uint16_t)); break;
    case OPTION_PORT_OR_NONE: memcpy(field, &port_or_none, sizeof port_or_none); break;
    case OPTION_NUMBER:
    case OPTION_SECONDS:
    case OPTION_MILLISECONDS: memcpy(field, &(uint32_t){(uint32_t)number}, sizeof(uint32_t)); break;
    case OPTION_SIZE: memcpy(field, &(size_t){(size_t)number}, sizeof(size_t)); break;
    }
    options->sources[row - option_table] = source;
    return 0;
}

const char *
option_format(const struct option_row *row, const struct options *options, char text[static OPTION_TEXT])
{
    const char *field = (const char *)options + row->offset;
    const char *word;
    bool truth;
    uint16_t port;
    int32_t port_or_none;
    uint32_t number;
    size_t size;

    switch (row->kind) {
    case OPTION_WORD: memcpy(&word, field, sizeof word); return word;
    case OPTION_FLAG:
    case OPTION_SWITCH: memcpy(&truth, field, sizeof truth); return truth ? "on" : "off";
    case OPTION_SIZE:
        memcpy(&size, field, sizeof size);
        option_format_size(size, text);
        return text;
    case OPTION_PORT_OR_NONE:
        memcpy(&port_or_none, field, sizeof port_or_none);
        snprintf(text, OPTION_TEXT, port_or_none < 0 ? "none" : "%" PRId32, port_or_none);
        return text;
    case OPTION_PORT:
        memcpy(&port, field, sizeof port);
        snprintf(text, OPTION_TEXT, "%u", port);
        return text;
    case OPTION_NUMBER:
    case OPTION_SECONDS:
    case OPTION_MILLISECONDS:
        memcpy(&number, field, sizeof number);
        snprintf(text, OPTION_TEXT, "%" PRIu32, number);
        return text;
    }
    return text;
}

void
option_take_over(const struct option_row *row, struct options *options, const struct options *from)
{
    static const size_t sizes[] = {
        [OPTION_FLAG] = sizeof(bool),
        [OPTION_SWITCH] = sizeof(bool),
        [OPTION_PORT] = sizeof(uint16_t),
        [OPTION_PORT_OR_NONE] = sizeof(int32_t),
        [OPTION_NUMBER] = sizeof(uint32_t),
        [OPTION_SECONDS] = sizeof(uint32_t),
        [OPTION_MILLISECONDS] = sizeof(uint32_t),
        [OPTION_SIZE] = sizeof(size_t),
        [OPTION_WORD] = sizeof(const char *),
    };

    memcpy((char *)options + row->offset, (const char *)from + row->offset, sizes[row->kind]);
    options->sources[row - option_table] = from->sources[row - option_table];
}
