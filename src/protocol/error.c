/* SPDX-License-Identifier: MIT
 *
 * See error.h. A sentence often repeats a piece of what the client sent, so whatever is in it is made harmless here, once, and not
 * by each who writes one. Any thread; no allocation.
 */
#include "protocol/error.h"

#include "base/assert.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

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
    const char *end = error->message + strlen(error->message);
    char *at = error->message;

    while (at < end) {
        uint32_t point;
        size_t bytes = utf8_read(at, end, &point);

        if (bytes == 0 && was_cut && is_cut_character((const unsigned char *)at)) {
            *at = '\0';
            break;
        }
        if (bytes == 0 || (unsigned char)*at < 0x20 || *at == 0x7F) {
            *at = '?';
            bytes = 1;
        }
        at += bytes;
    }
    error->code = code;
}
