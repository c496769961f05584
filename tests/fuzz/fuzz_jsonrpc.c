/* SPDX-License-Identifier: MIT
 *
 * What a client of the JSON-RPC dialect may send, from bytes to calls: nothing crashes, what comes out keeps to the limits and is what was
 * sent, and each answer is JSON under the id of its request, with the same names in it.
 *
 * Input: a byte that picks the limits and whether what follows is a stream or a datagram.
 */
#include "base/assert.h"
#include "protocol/decoder.h"
#include "protocol/framer.h"
#include "protocol/jsonrpc.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const struct protocol_limits limits_of[] = {
    {.message_bytes = 256UL * 1024, .nesting = 32, .friends = 10000},
    {.message_bytes = 256, .nesting = 4, .friends = 2},
};

enum { IS_TIGHT = 1, IS_DATAGRAM = 2 }; /* bits of the first byte */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An error as this dialect tells it when the session ends. */
static void
check_line(const struct protocol_error *error)
{
    char line[ERROR_LINE_MAX];
    size_t length = jsonrpc_encode_error(error, line);

    ASSERT(length <= sizeof line && line[length - 1] == '\n' && memchr(line, '\n', length - 1) == NULL);

    json_t *told = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);
    json_t *inside = json_object_get(told, "error");

    ASSERT(json_object_size(told) == 3 && json_is_null(json_object_get(told, "id")) && json_object_size(inside) == 3);
    ASSERT(json_integer_value(json_object_get(inside, "code")) == jsonrpc_code_of(error->code));
    ASSERT(strcmp(json_string_value(json_object_get(inside, "data")), error_code_name(error->code)) == 0);
    ASSERT(strcmp(json_string_value(json_object_get(inside, "message")), error->message) == 0);
    json_decref(told);
}

/* Is the id that of the request, or none where the request's is no good one? */
static void
check_id(const json_t *sent, const json_t *told, const struct jsonrpc_call *call)
{
    bool is_good = json_is_integer(sent) || json_is_string(sent);

    ASSERT(told != NULL);
    if (is_good)
        ASSERT(json_equal(sent, told));
    else
        ASSERT(json_is_null(told));
    if (!is_good && !json_is_null(sent))
        ASSERT(call->failure == JSONRPC_INVALID_REQUEST);
}

static json_t *
read_answer(const struct buffer *answer)
{
    ASSERT(!answer->failed && memchr(answer->bytes, '\n', answer->length) == NULL);

    json_t *told = json_loadb(answer->bytes, answer->length, JSON_REJECT_DUPLICATES, NULL);

    ASSERT(json_object_size(told) == 3 && strcmp(json_string_value(json_object_get(told, "jsonrpc")), "2.0") == 0);
    return told;
}

static void
check_refusal(const json_t *object, const struct jsonrpc_call *call)
{
    struct buffer answer = {0};

    ASSERT(call->error.code == ERROR_BAD_MESSAGE || (call->error.code == ERROR_TOO_MANY_FRIENDS && call->failure == JSONRPC_SERVER_ERROR));
    if (call->id.kind == JSONRPC_ID_NONE) {
        ASSERT(call->failure != JSONRPC_INVALID_REQUEST && json_object_get(object, "id") == NULL);
        return;
    }
    jsonrpc_write_error(&answer, &call->id, call->failure, error_code_name(call->error.code), call->error.message);

    json_t *told = read_answer(&answer);

    ASSERT(json_integer_value(json_object_get(json_object_get(told, "error"), "code")) == call->failure);
    check_id(json_object_get(object, "id"), json_object_get(told, "id"), call);
    json_decref(told);
    buffer_done(&answer);
}

/* Who was listed is written back, as if all were online, each with the status of this call. */
static void
write_back(struct buffer *answer, const struct jsonrpc_call *call, const struct jsonrpc_id *id)
{
    struct jsonrpc_online *online = malloc((call->friend_count + 1) * sizeof *online);
    struct text *status = call->status == NULL ? NULL : text_new(call->status, call->status_length);

    ASSERT(online != NULL && (status != NULL || call->status == NULL));
    for (uint32_t i = 0; i < call->friend_count; i++)
        online[i] = (struct jsonrpc_online){.user = call->friends[i], .status = status};
    if (call->method == JSONRPC_LOGIN) {
        online[call->friend_count] = (struct jsonrpc_online){.user = call->user, .status = status};
        jsonrpc_write_online(answer, id, online, call->friend_count + 1, "session", 30);
    } else {
        jsonrpc_write_online(answer, id, online, call->friend_count, NULL, 0);
    }
    text_drop(status);
    free(online);
}

static void
check_call(const json_t *object, const struct protocol_limits *limits, const struct jsonrpc_call *call)
{
    static const struct jsonrpc_id null = {.kind = JSONRPC_ID_NULL};
    const json_t *sent = json_object_get(object, "id"), *params = json_object_get(object, "params");
    const json_t *list = json_object_get(params, call->method == JSONRPC_ONLINE ? "users" : "friends");
    const json_t *status = json_object_get(params, "status");
    bool lists = call->method <= JSONRPC_ONLINE;
    struct buffer answer = {0};

    ASSERT(json_is_string(json_object_get(object, "method")) && strcmp(json_string_value(json_object_get(object, "jsonrpc")), "2.0") == 0);
    ASSERT((call->id.kind == JSONRPC_ID_NONE) == (sent == NULL));
    ASSERT(call->friend_count <= limits->friends && call->has_friends == (lists && json_is_array(list)));
    ASSERT(call->status_length <= JSONRPC_STATUS_MAX);

    write_back(&answer, call, call->id.kind == JSONRPC_ID_NONE ? &null : &call->id);

    json_t *told = read_answer(&answer);
    json_t *result = json_object_get(told, "result"), *online = json_object_get(result, "online"), *statuses = json_object_get(result, "statuses");

    if (sent != NULL)
        check_id(sent, json_object_get(told, "id"), call);
    if (call->method == JSONRPC_LOGIN) {
        ASSERT(json_equal(json_array_get(online, call->friend_count), json_object_get(params, "user_id")));
        json_array_remove(online, call->friend_count);
        ASSERT(call->status == NULL || json_equal(json_object_get(json_array_get(statuses, 0), "status"), status));
    }
    ASSERT(call->has_friends ? json_equal(online, list) : json_array_size(online) == 0);
    json_decref(told);
    buffer_done(&answer);
}

/* Each call, as it is read where it stands, is what a tree of the whole text has there; where it is stopped and taken up again between two of them, too. */
static void
check_message(struct decoder *decoder, const struct protocol_limits *limits, struct jsonrpc_message *message)
{
    struct json_text whole;
    struct protocol_error error;
    struct json_element place = {0};

    ASSERT(json_text_read(message->text, message->length, NULL, &whole, &error) == 0);
    ASSERT(message->count >= 1 && message->count <= JSONRPC_BATCH_MAX && message->is_batch == json_is_array(whole.value));
    ASSERT(!message->is_batch || message->count == json_array_size(whole.value));
    for (uint32_t i = 0; i < message->count; i++) {
        const json_t *object = message->is_batch ? json_array_get(whole.value, i) : whole.value;
        struct jsonrpc_call call;

        place = jsonrpc_next(message, place.end);
        if (message->is_batch && i % 2 == 1) {
            jsonrpc_message_done(message);
            jsonrpc_take_up(message->text, message->length, message->count, message);
        }
        ASSERT(jsonrpc_call_read(decoder, limits, message, place, &call) == 0);
        if (call.failure != 0)
            check_refusal(object, &call);
        else
            check_call(object, limits, &call);
    }
    place = jsonrpc_next(message, place.end);
    ASSERT(!message->is_batch || place.begin == place.end);
    json_text_done(&whole);
    jsonrpc_message_done(message);
}

/* Reads one value, the first of a session and any other, which must come to the same. */
static void
read_both_ways(struct decoder *decoder, const struct protocol_limits *limits, const char *text, size_t length)
{
    struct jsonrpc_message message;
    struct protocol_error error, first_error;
    struct json_text tree;
    int failure = 0, first_failure = 0;
    int detected = jsonrpc_detect(limits, text, length, &tree, &first_error);
    int result = jsonrpc_read(limits, text, length, &message, &failure, &error);

    ASSERT(result == 0 || (result == -EBADMSG && failure == jsonrpc_code_of(error.code)));
    if (result == 0)
        check_message(decoder, limits, &message);
    else
        check_line(&error);

    ASSERT(detected == 0 || detected == 1 || detected == -EBADMSG);
    if (detected == -EBADMSG)
        ASSERT(result == -EBADMSG && error.code == first_error.code);
    if (detected != 1)
        return;
    ASSERT(jsonrpc_take(limits, text, length, &tree, &message, &first_failure, &first_error) == result && failure == first_failure);
    if (result == 0)
        check_message(decoder, limits, &message);
}

/* Reads from memory of the text's own size. */
static void
read_copy(struct decoder *decoder, const struct protocol_limits *limits, const char *text, size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);

    ASSERT(copy != NULL);
    memcpy(copy, text, length);
    read_both_ways(decoder, limits, copy, length);
    free(copy);
}

static void
read_stream(struct decoder *decoder, const struct protocol_limits *limits, const char *bytes, size_t size)
{
    struct framer framer;

    framer_init(&framer);
    for (size_t at = 0; at < size;) {
        struct protocol_error error;
        size_t skipped, consumed;
        enum framer_result result = framer_scan(&framer, limits, bytes + at, size - at, &skipped, &consumed, &error);

        if (result == FRAMER_ERROR)
            check_line(&error);
        if (result != FRAMER_MESSAGE)
            break;
        read_copy(decoder, limits, bytes + at + skipped, consumed - skipped);
        at += consumed;
    }
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
    struct decoder *decoder;
    const struct protocol_limits *limits;

    if (size == 0)
        return 0;
    limits = &limits_of[data[0] & IS_TIGHT];
    decoder = decoder_new();
    ASSERT(decoder != NULL);
    if (data[0] & IS_DATAGRAM)
        read_copy(decoder, limits, (const char *)data + 1, size - 1);
    else
        read_stream(decoder, limits, (const char *)data + 1, size - 1);
    decoder_free(decoder);
    return 0;
}
