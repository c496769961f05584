/* SPDX-License-Identifier: MIT */
#include "report/readable.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Above this all digits are no longer of use to a person, and no longer certain in a double. */
static const double DIGITS_END = 1e15;

static struct readable
with_commas(double value)
{
    char digits[24];
    struct readable result;
    size_t length = (size_t)snprintf(digits, sizeof digits, "%.0f", fabs(value)), used = 0;

    if (value < 0 && digits[0] != '0')
        result.text[used++] = '-';
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            result.text[used++] = ',';
        result.text[used++] = digits[i];
    }
    result.text[used] = '\0';
    return result;
}

/* Three digits, zeros at the end too, so that columns of such numbers look even. */
static struct readable
three_digits(double value)
{
    struct readable result;
    double size = fabs(value);

    if (size >= 99.95)
        return with_commas(value);
    snprintf(result.text, sizeof result.text, "%.*f", size < 9.995 ? 2 : 1, value);
    return result;
}

struct readable
readable_number(double value)
{
    struct readable result;

    if (!isfinite(value))
        return (struct readable){"–"};
    if (fabs(value) >= DIGITS_END || (value != 0 && fabs(value) < 0.001)) {
        snprintf(result.text, sizeof result.text, "%.3g", value);
        return result;
    }
    if (value == floor(value))
        return with_commas(value);
    if (fabs(value) >= 0.9995)
        return three_digits(value);
    snprintf(result.text, sizeof result.text, "%.3f", value);
    return result;
}

/* The value in the last of the units (each `step` of the one before) in which it is at least 1 when it is shown. */
static struct readable
in_units(double value, double step, const char *const *units, uint32_t count)
{
    uint32_t unit = 0;
    bool whole = value == floor(value);

    if (value == 0)
        return (struct readable){"0"};
    if (!isfinite(value) || fabs(value) >= DIGITS_END * 1e3)
        return readable_number(value);
    /* 999.6 would be shown as 1,000 */
    while (unit + 1 < count && fabs(value) >= step - 0.5) {
        value /= step;
        unit++;
    }

    struct readable number = unit == 0 && whole ? with_commas(value) : three_digits(value), result;

    snprintf(result.text, sizeof result.text, "%.36s %s", number.text, units[unit]);
    return result;
}

struct readable
readable_duration(double ns)
{
    static const char *const units[] = {"ns", "µs", "ms", "s"};

    return in_units(ns, 1000, units, 4);
}

struct readable
readable_bytes(double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB"};

    return in_units(bytes, 1024, units, 4);
}

struct readable
readable_value(double value, const char *unit)
{
    static const struct {
        const char *unit;
        double ns;
    } durations[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};

    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        if (strcmp(unit, durations[i].unit) == 0)
            return readable_duration(value * durations[i].ns);
    }
    if (strcmp(unit, "B") == 0)
        return readable_bytes(value);

    struct readable number = readable_number(value), result;

    snprintf(result.text, sizeof result.text, "%.30s%s%.15s", number.text, unit[0] == '\0' ? "" : " ", unit);
    return result;
}

/* The length of the UTF-8 character at text, 0 when there is none that is whole and in its shortest form. */
static size_t
character_bytes(const unsigned char *text)
{
    static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t bytes = text[0] < 0x80 ? 1 : text[0] < 0xc0 ? 0 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : text[0] < 0xf8 ? 4 : 0;
    uint32_t code = bytes < 2 ? text[0] : text[0] & (0x7fU >> bytes);

    for (size_t i = 1; i < bytes; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3f);
    }
    return code < lowest[bytes] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? 0 : bytes;
}

static bool
is_printable(const unsigned char *text, size_t bytes)
{
    if (bytes == 1)
        return text[0] >= ' ' && text[0] != 0x7f;
    if (bytes == 2)
        return text[0] != 0xc2 || text[1] >= 0xa0;
    return memcmp(text, "\xef\xbf\xbe", 3) != 0 && memcmp(text, "\xef\xbf\xbf", 3) != 0;
}

void
readable_clean(char *into, size_t room, const char *text)
{
    const unsigned char *rest = (const unsigned char *)text;
    size_t used = 0;

    while (*rest != '\0') {
        size_t bytes = character_bytes(rest);
        bool kept = bytes > 0 && is_printable(rest, bytes);
        const char *write = kept ? (const char *)rest : bytes == 0 ? "?" : " ";
        size_t length = kept ? bytes : 1;

        if (used + length >= room)
            break;
        memcpy(into + used, write, length);
        used += length;
        rest += bytes == 0 ? 1 : bytes;
    }
    into[used] = '\0';
}

void
readable_words(char *name)
{
    for (; *name != '\0'; name++)
        if (*name == '_')
            *name = ' ';
}

size_t
readable_columns(const char *text)
{
    size_t columns = 0;

    for (; *text != '\0'; text++)
        columns += ((unsigned char)*text & 0xc0) != 0x80;
    return columns;
}

void
readable_clip(char *text, size_t columns)
{
    if (readable_columns(text) <= columns)
        return;
    for (size_t seen = 0; *text != '\0'; text++) {
        seen += ((unsigned char)*text & 0xc0) != 0x80;
        if (seen == columns)
            break;
    }
    memcpy(text, "…", sizeof "…");
}
