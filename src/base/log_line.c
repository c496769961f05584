/* SPDX-License-Identifier: MIT
 *
 * See log_line.h.
 */
#include "base/log_line.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/utf8.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char cut_end[] = ",\"cut\":true}\n";
static const char whole_end[] = "}\n";
static const char ellipsis[] = "\xe2\x80\xa6"; /* U+2026 */

/* Appends what leaves room for the line's end; false, and nothing done, when it does not. */
static bool
line_put(struct log_line *line, const char *text, size_t length)
{
    if (length > LOG_LINE_BYTES - (sizeof cut_end - 1) - line->length)
        return false;
    memcpy(line->text + line->length, text, length);
    line->length += length;
    return true;
}

static bool
line_put_word(struct log_line *line, const char *word)
{
    return line_put(line, word, strlen(word));
}

/*
 * May it stand in a log as it is? Not when it controls a terminal (C0, DEL, C1), ends a line for some reader, is invisible, or turns
 * the direction of what is displayed after it.
 */
static bool
point_is_harmless(uint32_t point)
{
    return !(point < 0x20 || (point >= 0x7f && point <= 0x9f) || point == 0x61c || (point >= 0x200b && point <= 0x200f) ||
        (point >= 0x2028 && point <= 0x202e) || (point >= 0x2060 && point <= 0x206f) || point == 0xfeff);
}

/* Writes the character at `text` as it stands in a JSON string into `escaped`. Returns how many bytes it took from `text`. */
static size_t
character_escape(const char *text, const char *end, char escaped[static 8], size_t *escaped_length)
{
    uint32_t point;
    size_t length = utf8_read(text, end, &point);

    if (length > 0 && point != '"' && point != '\\' && point_is_harmless(point)) {
        memcpy(escaped, text, length);
        *escaped_length = length;
        return length;
    }
    if (length == 0)
        *escaped_length = (size_t)snprintf(escaped, 8, "\\ufffd");
    else if (point == '"' || point == '\\')
        *escaped_length = (size_t)snprintf(escaped, 8, "\\%c", (char)point);
    else if (point == '\n' || point == '\r' || point == '\t')
        *escaped_length = (size_t)snprintf(escaped, 8, "\\%c", point == '\n' ? 'n' : point == '\r' ? 'r' : 't');
    else
        *escaped_length = (size_t)snprintf(escaped, 8, "\\u%04x", point & 0xffff);
    return length == 0 ? 1 : length;
}

static bool
line_put_text(struct log_line *line, const char *text)
{
    if (text == NULL)
        return line_put_word(line, "null");
    if (!line_put_word(line, "\""))
        return false;

    const char *end = text + strlen(text);
    size_t start = line->length;

    while (text < end) {
        char escaped[8];
        size_t length;

        text += character_escape(text, end, escaped, &length);
        if (line->length - start + length > LOG_VALUE_BYTES)
            return line_put_word(line, ellipsis) && line_put_word(line, "\"");
        if (!line_put(line, escaped, length))
            return false;
    }
    return line_put_word(line, "\"");
}

static bool
line_put_field(struct log_line *line, const struct log_field *field)
{
    char number[24];

    if (!line_put_word(line, ",\"") || !line_put_word(line, field->name) || !line_put_word(line, "\":"))
        return false;
    if (field->kind == LOG_TEXT)
        return line_put_text(line, field->text);
    if (field->kind == LOG_TRUTH)
        return line_put_word(line, field->number != 0 ? "true" : "false");
    snprintf(number, sizeof number, "%lld", (long long)field->number);
    return line_put_word(line, number);
}

static const char *
level_name(enum log_level level)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};

    ASSERT((unsigned)level < sizeof names / sizeof names[0]);
    return names[level];
}

void
log_line_make(struct log_line *line, int64_t realtime_ms, enum log_level level, const char *event, const struct log_field *fields)
{
    const char *end = whole_end;
    char time[CLOCK_RFC3339_BYTES];

    line->length = 0;
    clock_format_rfc3339(realtime_ms, time);
    ASSERT(line_put_word(line, "{\"time\":\"") && line_put_word(line, time) && line_put_word(line, "\",\"level\":\"") &&
        line_put_word(line, level_name(level)) && line_put_word(line, "\",\"event\":") && line_put_text(line, event));
    for (; fields->kind != LOG_END; fields++) {
        size_t before = line->length;

        if (!line_put_field(line, fields)) {
            line->length = before;
            end = cut_end;
        }
    }
    memcpy(line->text + line->length, end, strlen(end));
    line->length += strlen(end);
}

void
log_line_prefix(struct log_line *line, enum log_level level)
{
    /* syslog(3) counts the same levels with two more between them. */
    static const char prefixes[][LOG_PREFIX_BYTES + 1] = {[LEVEL_ERROR] = "<3>", [LEVEL_WARN] = "<4>", [LEVEL_INFO] = "<6>", [LEVEL_DEBUG] = "<7>"};

    ASSERT((unsigned)level < sizeof prefixes / sizeof prefixes[0] && line->length <= LOG_LINE_BYTES);
    memmove(line->text + LOG_PREFIX_BYTES, line->text, line->length);
    memcpy(line->text, prefixes[level], LOG_PREFIX_BYTES);
    line->length += LOG_PREFIX_BYTES;
}
