/* SPDX-License-Identifier: MIT */
#include "client/interactive_json.h"

#include <inttypes.h>
#include <string.h>

/* How many bytes the character of UTF-8 at the beginning has; 0 when there is none. */
static size_t
character_length(const char *bytes, size_t length)
{
    unsigned char first = (unsigned char)bytes[0];
    size_t wanted = first < 0x80 ? 1 : first >= 0xC2 && first < 0xE0 ? 2 : (first & 0xF0) == 0xE0 ? 3 : first >= 0xF0 && first < 0xF5 ? 4 : 0;

    if (wanted == 0 || wanted > length)
        return 0;
    for (size_t i = 1; i < wanted; i++)
        if (((unsigned char)bytes[i] & 0xC0) != 0x80)
            return 0;
    unsigned char second = wanted > 1 ? (unsigned char)bytes[1] : 0;
    /* Too long a form, a surrogate, beyond U+10FFFF. */
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second >= 0xA0) || (first == 0xF0 && second < 0x90) ||
        (first == 0xF4 && second >= 0x90))
        return 0;
    return wanted;
}

void
json_write_bytes(FILE *out, const char *bytes, size_t length)
{
    fputc('"', out);
    while (length > 0) {
        size_t taken = character_length(bytes, length);

        if (taken == 0)
            fputs("\\ufffd", out);
        else if (*bytes == '"' || *bytes == '\\')
            fprintf(out, "\\%c", *bytes);
        else if ((unsigned char)*bytes < ' ' || *bytes == 127)
            fprintf(out, "\\u%04x", (unsigned)*bytes);
        else
            fwrite(bytes, 1, taken, out);
        taken += taken == 0;
        bytes += taken;
        length -= taken;
    }
    fputc('"', out);
}

void
json_write_text(FILE *out, const char *text)
{
    if (text == NULL)
        fputs("null", out);
    else
        json_write_bytes(out, text, strlen(text));
}

void
json_write_user(FILE *out, struct alo_user user)
{
    if (user.name == NULL)
        fprintf(out, "%" PRId64, user.number);
    else
        json_write_text(out, user.name);
}
