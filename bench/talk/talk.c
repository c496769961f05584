/* SPDX-License-Identifier: MIT */
#include "talk/talk.h"

#include "load/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct talk *const talks[] = {&talk_classic, &talk_jsonrpc, &talk_floor, &talk_redis, &talk_mqtt, &talk_nats};

enum { TALKS = sizeof talks / sizeof talks[0] };

const struct talk *
talk_at(size_t number)
{
    return number < TALKS ? talks[number] : NULL;
}

const struct talk *
talk_find(const char *name)
{
    for (size_t i = 0; i < TALKS; i++)
        if (strcmp(talks[i]->name, name) == 0)
            return talks[i];
    return NULL;
}

static void
text_reserve(struct talk_text *text, size_t bytes)
{
    if (text->used + bytes <= text->room)
        return;
    text->room = (text->used + bytes) * 2;
    text->bytes = realloc(text->bytes, text->room);
    if (text->bytes == NULL)
        failure_exit("out of memory");
}

void
talk_put(struct talk_text *text, const char *bytes, size_t length)
{
    text_reserve(text, length);
    memcpy(text->bytes + text->used, bytes, length);
    text->used += length;
}

void
talk_print(struct talk_text *text, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    text_reserve(text, (size_t)length + 1);
    va_start(arguments, format);
    vsnprintf(text->bytes + text->used, (size_t)length + 1, format, arguments);
    va_end(arguments);
    text->used += (size_t)length;
}

void
talk_number(struct talk_text *text, uint32_t number)
{
    char digits[10]; /* as many as 32 bits have */
    size_t first = sizeof digits;

    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    talk_put(text, digits + first, sizeof digits - first);
}

void
talk_numbers(struct talk_text *text, uint32_t base, const uint32_t *numbers, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            talk_put(text, ", ", 2);
        talk_number(text, base + numbers[i]);
    }
}

void
talk_text_done(struct talk_text *text)
{
    free(text->bytes);
    *text = (struct talk_text){.bytes = NULL};
}
