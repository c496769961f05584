/* SPDX-License-Identifier: MIT */
#include "torture/grammar.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 6, WRONG_PERCENT = 6, TRAIL = 64 };

/* A text being written; what does not fit is cut off, which makes a broken framing as well. */
struct pen {
    struct dice *dice;
    char *text;
    size_t length;
};

static void
put_bytes(struct pen *pen, const char *bytes, size_t length)
{
    size_t room = GRAMMAR_BYTES - TRAIL - pen->length;

    length = length < room ? length : room;
    memcpy(pen->text + pen->length, bytes, length);
    pen->length += length;
}

static void
put(struct pen *pen, const char *text)
{
    put_bytes(pen, text, strlen(text));
}

#define PUT_ONE_OF(pen, words) put((pen), (words)[dice_below((pen)->dice, sizeof(words) / sizeof(words)[0])])

static void
put_space(struct pen *pen)
{
    static const char *const spaces[] = {"", "", "", " ", "\n", "\t", "\r\n", "  "};

    PUT_ONE_OF(pen, spaces);
}

static void
put_number(struct pen *pen)
{
    static const char *const numbers[] = {"0", "-0", "1", "-1", "1.0", "1e3", "01", "-", "9223372036854775807", "9223372036854775808",
        "-9223372036854775808", "-9223372036854775809", "1e999", "0x10", "+1", ".5", "1.", "99999999999999999999999999999999"};
    char text[24];

    if (dice_chance(pen->dice, 30)) {
        PUT_ONE_OF(pen, numbers);
    } else {
        snprintf(text, sizeof text, "%d", (int)dice_below(pen->dice, 2000) - 1000);
        put(pen, text);
    }
}

static void
put_string(struct pen *pen)
{
    static const char *const strings[] = {"\"\"", "\"a\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\ud83d\\ude00\"", "\"\\x\"", "\"\xff\xfe\"",
        "\"\xc0\x80\"", "\"\n\"", "\"bob\"", "\"1\"", "\"\\\"", "\"user_id\"", "\"2.0\"", "'a'", "\"\xed\xa0\x80\"", "\"\xf0\x9f\x98\x80\""};

    PUT_ONE_OF(pen, strings);
}

static void put_value(struct pen *pen, unsigned depth);

static void
put_list(struct pen *pen, unsigned depth, void (*item)(struct pen *, unsigned))
{
    unsigned count = dice_chance(pen->dice, 5) ? 300 : dice_below(pen->dice, 5);

    put(pen, "[");
    for (unsigned i = 0; i < count; i++) {
        put(pen, i > 0 ? "," : "");
        put_space(pen);
        item(pen, depth + 1);
    }
    put(pen, dice_chance(pen->dice, WRONG_PERCENT) ? ",]" : "]");
}

static void
put_id(struct pen *pen, unsigned depth)
{
    if (dice_chance(pen->dice, WRONG_PERCENT))
        put_value(pen, depth);
    else if (dice_chance(pen->dice, 20))
        put_string(pen);
    else
        put_number(pen);
}

static void
put_member(struct pen *pen, unsigned depth)
{
    static const char *const keys[] = {"\"user_id\"", "\"friends\"", "\"online\"", "\"jsonrpc\"", "\"method\"", "\"params\"", "\"id\"", "\"users\"",
        "\"status\"", "\"token\"", "\"\"", "user_id", "\"user\\u005fid\"", "\"USER_ID\"", "5", "null"};

    PUT_ONE_OF(pen, keys);
    put_space(pen);
    put(pen, dice_chance(pen->dice, WRONG_PERCENT) ? "" : ":");
    put_space(pen);
    put_value(pen, depth + 1);
}

static void
put_deep(struct pen *pen)
{
    unsigned depth = 20 + dice_below(pen->dice, 60);

    for (unsigned i = 0; i < depth; i++)
        put(pen, dice_chance(pen->dice, 50) ? "[" : "{\"a\":");
    for (unsigned i = 0; i < depth; i++)
        put(pen, dice_chance(pen->dice, 50) ? "]" : "}");
}

static void
put_value(struct pen *pen, unsigned depth)
{
    static const char *const words[] = {"null", "true", "false", "nul", "TRUE", "NaN", "Infinity", "undefined", "", "//", "/* */"};

    switch (depth < DEPTH_MAX ? dice_below(pen->dice, 8) : dice_below(pen->dice, 4)) {
    case 0:
    case 1: put_number(pen); break;
    case 2: put_string(pen); break;
    case 3: PUT_ONE_OF(pen, words); break;
    case 4: put_list(pen, depth, put_value); break;
    case 5: put_list(pen, depth, put_id); break;
    case 6:
        put(pen, "{");
        for (unsigned count = dice_below(pen->dice, 4); count > 0; count--) {
            put_member(pen, depth);
            put(pen, count > 1 ? "," : "");
        }
        put(pen, "}");
        break;
    default:
        if (dice_chance(pen->dice, 10))
            put_deep(pen);
        else
            put_id(pen, depth);
        break;
    }
}

/* A member that is there with a chance; with a small one, something else is. */
static void
put_likely(struct pen *pen, unsigned percent, const char *key, void (*value)(struct pen *, unsigned))
{
    if (!dice_chance(pen->dice, percent))
        return;
    put(pen, ",");
    put_space(pen);
    if (dice_chance(pen->dice, WRONG_PERCENT)) {
        put_member(pen, 1);
        return;
    }
    put(pen, key);
    put(pen, ":");
    put_space(pen);
    value(pen, 1);
}

static void
put_ids(struct pen *pen, unsigned depth)
{
    put_list(pen, depth, put_id);
}

static void
put_boolean(struct pen *pen, unsigned depth)
{
    if (dice_chance(pen->dice, WRONG_PERCENT))
        put_value(pen, depth);
    else
        put(pen, dice_chance(pen->dice, 70) ? "true" : "false");
}

static void
put_classic(struct pen *pen)
{
    put(pen, "{\"user_id\":");
    put_space(pen);
    put_id(pen, 1);
    put_likely(pen, 70, "\"friends\"", put_ids);
    put_likely(pen, 20, "\"online\"", put_boolean);
    put_likely(pen, 10, "\"extra\"", put_value);
    put(pen, "}");
}

static void
put_params(struct pen *pen, unsigned depth)
{
    if (dice_chance(pen->dice, 15)) {
        put_value(pen, depth);
        return;
    }
    put(pen, "{\"user_id\":");
    put_id(pen, depth);
    put_likely(pen, 50, "\"friends\"", put_ids);
    put_likely(pen, 30, "\"users\"", put_ids);
    put_likely(pen, 30, "\"status\"", put_value);
    put(pen, "}");
}

static void
put_call(struct pen *pen, unsigned depth)
{
    static const char *const methods[] = {"\"login\"", "\"login\"", "\"follow\"", "\"unfollow\"", "\"online\"", "\"status\"", "\"ping\"",
        "\"logout\"", "\"presence\"", "\"rpc.x\"", "\"\"", "5", "null"};

    (void)depth;
    put(pen, dice_chance(pen->dice, 95) ? "{\"jsonrpc\": \"2.0\", \"method\": " : "{\"jsonrpc\": \"1.0\", \"method\": ");
    PUT_ONE_OF(pen, methods);
    put_likely(pen, 80, "\"params\"", put_params);
    put_likely(pen, 80, "\"id\"", put_id);
    put(pen, "}");
}

/* A byte that is wrong, doubled or missing, or the text cut off. */
static void
damage(struct pen *pen)
{
    size_t at = dice_below(pen->dice, (unsigned)pen->length);

    switch (dice_below(pen->dice, 5)) {
    case 0: pen->text[at] = (char)dice_throw(pen->dice); break;
    case 1: pen->length = at; break;
    case 2:
        memmove(pen->text + at + 1, pen->text + at, pen->length - at);
        pen->length++;
        break;
    case 3:
        memmove(pen->text + at, pen->text + at + 1, pen->length - at - 1);
        pen->length--;
        break;
    default: pen->text[at] ^= (char)(1 << dice_below(pen->dice, 8)); break;
    }
}

size_t
grammar_write(struct dice *dice, char *text)
{
    static const char *const noise[] = {
        "", "}", "]", "beat", "GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02", "\xef\xbb\xbf", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n"};
    struct pen pen = {.dice = dice, .text = text};

    switch (dice_below(dice, 12)) {
    case 0: PUT_ONE_OF(&pen, noise); break;
    case 1: put_value(&pen, 0); break;
    case 2: put_list(&pen, 0, put_call); break;
    case 3: put_deep(&pen); break;
    case 4:
    case 5:
    case 6:
    case 7: put_call(&pen, 0); break;
    default: put_classic(&pen); break;
    }
    for (unsigned times = dice_chance(dice, 40) ? 1 + dice_below(dice, 3) : 0; times > 0 && pen.length > 0; times--)
        damage(&pen);
    return pen.length;
}
