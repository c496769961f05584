/* SPDX-License-Identifier: MIT */
#include "support/xml.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { DEPTH = 16, ATTRIBUTES = 32 };

struct word {
    const char *begin;
    size_t length;
};

static struct word
take_name(const char **text)
{
    struct word name = {*text, strspn(*text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:")};

    *text += name.length;
    return name;
}

static bool
is_same(struct word a, struct word b)
{
    return a.length == b.length && memcmp(a.begin, b.begin, a.length) == 0;
}

/* Up to one of the stop characters; false at what may not stand there. */
static bool
take_characters(const char **text, const char *stop)
{
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};

    for (; **text != '\0' && strchr(stop, **text) == NULL; (*text)++) {
        bool entity = **text != '&';

        for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++)
            entity = entity || strncmp(*text, entities[i], strlen(entities[i])) == 0;
        if (!entity || **text == '<' || ((unsigned char)**text < ' ' && strchr("\t\r\n", **text) == NULL))
            return false;
        /* U+FFFE and U+FFFF, of all that UTF-8 can say */
        if (strncmp(*text, "\xef\xbf\xbe", 3) == 0 || strncmp(*text, "\xef\xbf\xbf", 3) == 0)
            return false;
    }
    return true;
}

/* From behind the element's name up to its end. */
static const char *
take_attributes(const char **text)
{
    struct word seen[ATTRIBUTES];
    size_t count = 0;

    while (**text == ' ' || **text == '\n') {
        *text += strspn(*text, " \n");
        if (**text == '/' || **text == '>')
            break;

        struct word name = take_name(text);
        char quote[2] = "";

        for (size_t i = 0; i < count; i++) {
            if (is_same(seen[i], name))
                return "an attribute twice";
        }
        if (name.length == 0 || count == ATTRIBUTES || *(*text)++ != '=')
            return "an attribute without a name or a value, or too many";
        seen[count++] = name;
        quote[0] = *(*text)++;
        if (quote[0] != '\'' && quote[0] != '"')
            return "an attribute's value without quotes";
        if (!take_characters(text, quote) || *(*text)++ != quote[0])
            return "an attribute's value with what may not stand in it, or without an end";
    }
    return NULL;
}

const char *
xml_wrong(const char *text)
{
    struct word open[DEPTH];
    size_t depth = 0;

    do {
        text += depth == 0 ? strspn(text, " \n") : 0;
        if (*text++ != '<')
            return depth == 0 ? "no element" : "an element without an end";

        bool closes = *text == '/';

        text += closes;

        struct word name = take_name(&text);
        const char *wrong = closes ? NULL : take_attributes(&text);

        if (wrong != NULL)
            return wrong;

        bool empty = !closes && *text == '/';

        text += empty;
        if (name.length == 0 || *text++ != '>')
            return "a tag without a name or an end";
        if (closes && (depth == 0 || !is_same(open[--depth], name)))
            return "elements closed in another order than opened";
        if (!closes && !empty) {
            if (depth == DEPTH)
                return "elements too deep";
            open[depth++] = name;
        }
        if (depth > 0 && !take_characters(&text, "<"))
            return "a text with what may not stand in it";
    } while (depth > 0);
    return text[strspn(text, " \n")] == '\0' ? NULL : "something after the end";
}
