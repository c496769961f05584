/* SPDX-License-Identifier: MIT
 *
 * What a client of the classic dialect may send, from bytes to messages: nothing crashes, what comes out keeps to the limits, and each
 * error is told as one line of JSON.
 *
 * Input: a byte that picks the limits, and the stream.
 */
#include "base/assert.h"
#include "protocol/dialect.h"
#include "protocol/framer.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const struct protocol_limits limits_of[] = {
    {.message_bytes = 256UL * 1024, .nesting = 32, .friends = 10000},
    {.message_bytes = 128, .nesting = 3, .friends = 2},
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_error(const struct protocol_error *error)
{
    char line[ERROR_LINE_MAX];
    size_t length = dialect_classic.encode_error(error, line);

    ASSERT(
        error->code == ERROR_BAD_JSON || error->code == ERROR_BAD_MESSAGE || error->code == ERROR_TOO_LARGE || error->code == ERROR_TOO_MANY_FRIENDS);
    ASSERT(length <= sizeof line && line[length - 1] == '\n' && memchr(line, '\n', length - 1) == NULL);

    json_t *told = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);
    json_t *inside = json_object_get(told, "error");

    ASSERT(json_object_size(told) == 1 && json_object_size(inside) == 2);
    ASSERT(strcmp(json_string_value(json_object_get(inside, "code")), error_code_name(error->code)) == 0);
    ASSERT(strcmp(json_string_value(json_object_get(inside, "message")), error->message) == 0);
    json_decref(told);
}

static void
check_message(const struct protocol_limits *limits, const struct message *message)
{
    volatile int64_t sum = 0; /* so that the friends are read */

    ASSERT(message->kind == MESSAGE_GOODBYE || message->has_user);
    ASSERT(message->kind == MESSAGE_HELLO || !message->has_friends);
    ASSERT(message->has_friends || message->friend_count == 0);
    ASSERT(message->friend_count <= limits->friends);
    for (uint32_t i = 0; i < message->friend_count; i++)
        sum = sum ^ message->friends[i].number;
}

/* Decodes one framed text, from memory of its own size. */
static void
decode(struct decoder *decoder, const struct protocol_limits *limits, const char *text, size_t length)
{
    struct message message;
    struct protocol_error error;
    char *copy = malloc(length);

    ASSERT(copy != NULL);
    memcpy(copy, text, length);

    int result = dialect_classic.decode(decoder, limits, copy, length, &message, &error);

    free(copy);
    ASSERT(result == 0 || result == -EBADMSG);
    if (result == 0)
        check_message(limits, &message);
    else
        check_error(&error);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    dialects_init();
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct framer framer;
    struct decoder *decoder = decoder_new();

    ASSERT(decoder != NULL);
    framer_init(&framer);
    for (size_t at = 1; at < size;) {
        const struct protocol_limits *limits = &limits_of[data[0] & 1];
        struct protocol_error error;
        size_t skipped, consumed;
        enum framer_result result = framer_scan(&framer, limits, (const char *)data + at, size - at, &skipped, &consumed, &error);

        if (result == FRAMER_ERROR)
            check_error(&error);
        if (result != FRAMER_MESSAGE)
            break;
        decode(decoder, limits, (const char *)data + at + skipped, consumed - skipped);
        at += consumed;
    }
    decoder_free(decoder);
    return 0;
}
