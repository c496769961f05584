/* SPDX-License-Identifier: MIT
 *
 * See error.h. A sentence often repeats a piece of what the client sent, so whatever is in it is made harmless here, once, and not
 * by each who writes one. Any thread; no allocation.
 */
#include "protocol/error.h"

#include "base/assert.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

static const char *const code_names[ERROR_CODES] = {
    [ERROR_BAD_JSON] = "bad_json",
    [ERROR_BAD_MESSAGE] = "bad_message",
    [ERROR_USER_MISMATCH] = "user_mismatch",
    [ERROR_TOO_LARGE] = "too_large",
    [ERROR_TOO_MANY_FRIENDS] = "too_many_friends",
    [ERROR_HELLO_TIMEOUT] = "hello_timeout",
    [ERROR_SERVER_FULL] = "server_full",
    [ERROR_TOO_SLOW] = "too_slow",
    [ERROR_MESSAGE_TIMEOUT] = "message_timeout",
    [ERROR_UNAUTHORIZED] = "unauthorized",
    [ERROR_SHUTTING_DOWN] = "shutting_down",
    [ERROR_NOT_LOGGED_IN] = "not_logged_in",
    [ERROR_ALREADY_LOGGED_IN] = "already_logged_in",
};

/*
 * How many bytes the UTF-8 character at text[0] has, which must be whole before the terminating NUL; 0 when it is none. Overlong
 * forms, surrogates and what is beyond U+10FFFF are none.
 */
static size_t
character_bytes(const unsigned char *text)
{
    unsigned char low = 0x80, high = 0xBF; /* what the second byte may be */
    size_t bytes;

    if (text[0] < 0x80)
        return 1;
    if (text[0] >= 0xC2 && text[0] <= 0xDF)
        bytes = 2;
    else if (text[0] >= 0xE0 && text[0] <= 0xEF)
        bytes = 3;
    else if (text[0] >= 0xF0 && text[0] <= 0xF4)
        bytes = 4;
    else
        return 0;

    if (text[0] == 0xE0)
        low = 0xA0;
    if (text[0] == 0xED)
        high = 0x9F;
    if (text[0] == 0xF0)
        low = 0x90;
    if (text[0] == 0xF4)
        high = 0x8F;
    if (text[1] < low || text[1] > high)
        return 0;
    for (size_t i = 2; i < bytes; i++)
        if (text[i] < 0x80 || text[i] > 0xBF)
            return 0;
    return bytes;
}

/* Begins a character at `text` that the NUL cuts short? */
static bool
is_cut_character(const unsigned char *text)
{
    size_t bytes = text[0] >= 0xF0 ? 4 : text[0] >= 0xE0 ? 3 : text[0] >= 0xC0 ? 2 : 1;

    for (size_t i = 1; i < bytes; i++) {
        if (text[i] == '\0')
            return true;
        if (text[i] < 0x80 || text[i] > 0xBF)
            return false;
    }
    return false;
}

const char *
error_code_name(enum error_code code)
{
    ASSERT((unsigned)code < ERROR_CODES);
    return code_names[code];
}

void
protocol_error_set(struct protocol_error *error, enum error_code code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int wanted = vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    if (wanted < 0)
        error->message[0] = '\0'; /* the code alone still tells what was wrong */

    bool was_cut = wanted >= (int)sizeof error->message;
    unsigned char *at = (unsigned char *)error->message;

    while (*at != '\0') {
        size_t bytes = character_bytes(at);

        if (bytes == 0 && was_cut && is_cut_character(at)) {
            *at = '\0';
            break;
        }
        if (bytes == 0 || *at < 0x20 || *at == 0x7F) {
            *at = '?';
            bytes = 1;
        }
        at += bytes;
    }
    error->code = code;
}
