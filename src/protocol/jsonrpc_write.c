/* SPDX-License-Identifier: MIT
 *
 * Writes messages of the JSON-RPC dialect (see jsonrpc.h). Numbers are written here and not by printf: a busy session's changes are written for it
 * alone, many at a time. Any thread.
 */
#include "protocol/jsonrpc.h"

#include "base/assert.h"
#include "protocol/json_escape.h"

#include <stdio.h>
#include <string.h>

static void
append_unsigned(struct buffer *buffer, uint64_t number)
{
    char digits[20]; /* as many as 64 bits have */
    size_t first = sizeof digits;

    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    buffer_append(buffer, digits + first, sizeof digits - first);
}

static void
append_integer(struct buffer *buffer, int64_t number)
{
    if (number < 0)
        buffer_append_text(buffer, "-");
    append_unsigned(buffer, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

static void
append_string(struct buffer *buffer, const char *bytes, size_t length)
{
    size_t begin = 0; /* of what needs no escape */

    buffer_append_text(buffer, "\"");
    for (size_t i = 0; i < length; i++) {
        char escaped[JSON_ESCAPED_MAX];

        if (!json_escape_needed(bytes[i]))
            continue;
        buffer_append(buffer, bytes + begin, i - begin);
        buffer_append(buffer, escaped, json_escape_byte(bytes[i], escaped));
        begin = i + 1;
    }
    buffer_append(buffer, bytes + begin, length - begin);
    buffer_append_text(buffer, "\"");
}

static void
append_user(struct buffer *buffer, struct user_id user)
{
    if (user.name == NULL)
        append_integer(buffer, user.number);
    else
        append_string(buffer, user.name->bytes, user.name->length);
}

static void
append_status(struct buffer *buffer, const struct text *status)
{
    buffer_append_text(buffer, ", \"status\": ");
    append_string(buffer, status->bytes, status->length);
}

static void
result_begin(struct buffer *buffer)
{
    buffer_append_text(buffer, "{\"jsonrpc\": \"2.0\", \"result\": ");
}

/* The end of every response. */
static void
response_end(struct buffer *buffer, const struct jsonrpc_id *id)
{
    ASSERT(id->kind != JSONRPC_ID_NONE);
    buffer_append_text(buffer, ", \"id\": ");
    switch (id->kind) {
    case JSONRPC_ID_INTEGER: append_integer(buffer, id->integer); break;
    case JSONRPC_ID_STRING: append_string(buffer, id->string, id->length); break;
    default: buffer_append_text(buffer, "null"); break;
    }
    buffer_append_text(buffer, "}");
}

void
jsonrpc_write_error(struct buffer *buffer, const struct jsonrpc_id *id, int code, const char *data, const char *message)
{
    buffer_append_text(buffer, "{\"jsonrpc\": \"2.0\", \"error\": {\"code\": ");
    append_integer(buffer, code);
    buffer_append_text(buffer, ", \"message\": ");
    append_string(buffer, message, strlen(message));
    buffer_append_text(buffer, ", \"data\": ");
    append_string(buffer, data, strlen(data));
    buffer_append_text(buffer, "}");
    response_end(buffer, id);
}

void
jsonrpc_write_empty(struct buffer *buffer, const struct jsonrpc_id *id)
{
    result_begin(buffer);
    buffer_append_text(buffer, "{}");
    response_end(buffer, id);
}

void
jsonrpc_write_pong(struct buffer *buffer, const struct jsonrpc_id *id)
{
    result_begin(buffer);
    buffer_append_text(buffer, "\"pong\"");
    response_end(buffer, id);
}

static void
append_statuses(struct buffer *buffer, const struct jsonrpc_online *online, uint32_t count)
{
    bool begun = false;

    for (uint32_t i = 0; i < count; i++) {
        if (online[i].status == NULL)
            continue;
        buffer_append_text(buffer, begun ? ", {\"user_id\": " : ", \"statuses\": [{\"user_id\": ");
        append_user(buffer, online[i].user);
        append_status(buffer, online[i].status);
        buffer_append_text(buffer, "}");
        begun = true;
    }
    if (begun)
        buffer_append_text(buffer, "]");
}

void
jsonrpc_write_online(struct buffer *buffer, const struct jsonrpc_id *id, const struct jsonrpc_online *online, uint32_t count, const char *session,
    uint32_t heartbeat_s)
{
    result_begin(buffer);
    buffer_append_text(buffer, "{");
    if (session != NULL) {
        buffer_append_text(buffer, "\"session\": ");
        append_string(buffer, session, strlen(session));
        buffer_append_text(buffer, ", ");
    }
    buffer_append_text(buffer, "\"online\": [");
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_append_text(buffer, ", ");
        append_user(buffer, online[i].user);
    }
    buffer_append_text(buffer, "]");
    if (session != NULL) {
        buffer_append_text(buffer, ", \"heartbeat\": ");
        append_unsigned(buffer, heartbeat_s);
    }
    append_statuses(buffer, online, count);
    buffer_append_text(buffer, "}");
    response_end(buffer, id);
}

void
jsonrpc_write_change(struct buffer *buffer, struct user_id user, bool online, uint64_t at_ms, const struct text *status, const char *reason)
{
    buffer_append_text(buffer, "{\"user_id\": ");
    append_user(buffer, user);
    buffer_append_text(buffer, online ? ", \"online\": true, \"at\": " : ", \"online\": false, \"at\": ");
    append_unsigned(buffer, at_ms);
    if (online && status != NULL)
        append_status(buffer, status);
    if (!online && reason != NULL) {
        buffer_append_text(buffer, ", \"reason\": ");
        append_string(buffer, reason, strlen(reason));
    }
    buffer_append_text(buffer, "}");
}

/* The beginning of every notification, up to what it says. */
static void
notification_begin(struct buffer *buffer, const char *method, uint64_t seq)
{
    buffer_append_text(buffer, "{\"jsonrpc\": \"2.0\", \"method\": ");
    append_string(buffer, method, strlen(method));
    buffer_append_text(buffer, ", \"params\": {");
    if (seq != 0) {
        buffer_append_text(buffer, "\"seq\": ");
        append_unsigned(buffer, seq);
        buffer_append_text(buffer, ", ");
    }
}

void
jsonrpc_write_changes_begin(struct buffer *buffer, uint64_t seq)
{
    notification_begin(buffer, "presence", seq);
    buffer_append_text(buffer, "\"changes\": [");
}

void
jsonrpc_write_changes_end(struct buffer *buffer)
{
    buffer_append_text(buffer, "]}}\n");
}

void
jsonrpc_write_drain(struct buffer *buffer, uint64_t seq, uint32_t retry_after_ms)
{
    notification_begin(buffer, "drain", seq);
    buffer_append_text(buffer, "\"retry_after_ms\": ");
    append_unsigned(buffer, retry_after_ms);
    buffer_append_text(buffer, "}}\n");
}

int
jsonrpc_code_of(enum error_code code)
{
    switch (code) {
    case ERROR_BAD_JSON: return JSONRPC_PARSE_ERROR;
    case ERROR_BAD_MESSAGE: return JSONRPC_INVALID_REQUEST;
    default: return JSONRPC_SERVER_ERROR;
    }
}

size_t
jsonrpc_encode_error(const struct protocol_error *error, char *line)
{
    char tail[64];
    size_t length =
        (size_t)snprintf(line, ERROR_LINE_MAX, "{\"jsonrpc\": \"2.0\", \"error\": {\"code\": %d, \"message\": \"", jsonrpc_code_of(error->code));
    size_t tail_length = (size_t)snprintf(tail, sizeof tail, "\", \"data\": \"%s\"}, \"id\": null}\n", error_code_name(error->code));

    /* It fits whole as protocol_error_set makes it; any other sentence is cut. */
    length += json_escape_text(error->message, line + length, ERROR_LINE_MAX - tail_length - length);
    memcpy(line + length, tail, tail_length);
    return length + tail_length;
}
