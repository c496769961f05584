/* SPDX-License-Identifier: MIT
 *
 * Reads messages of the JSON-RPC dialect: which dialect it is, what a message as a whole is, and what the specification fixes about each call in
 * it (see jsonrpc.h). What the methods ask for is in jsonrpc_params.c.
 *
 * Where the specification leaves room: an invalid request is answered under its own id when that is a good one, and under null when it has none
 * or a bad one; `"params": null`, which some client libraries send for none, is none, and so is an empty array; as our methods know their
 * params by name, any other array is wrong params.
 */
#include "protocol/jsonrpc.h"

#include "base/assert.h"
#include "protocol/decoder.h"
#include "protocol/jsonrpc_params.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char marker[] = "jsonrpc"; /* the key that tells this dialect */

/* Can any key in this text be the marker? Keys that are spelled with escapes are for jansson to read. */
static bool
may_have_marker(const char *text, size_t length)
{
    return memmem(text, length, marker, sizeof marker - 1) != NULL || memchr(text, '\\', length) != NULL;
}

static bool
has_marker(const json_t *value)
{
    for (size_t i = 0; i < json_array_size(value); i++)
        if (json_object_get(json_array_get(value, i), marker) != NULL)
            return true;
    return json_object_get(value, marker) != NULL;
}

/*
 * Reads what this dialect looks at: in a message, which is one call or, of a batch, one call of each kind, so that its dialect can be told and whether it is
 * answers; or in one call of a batch.
 */
static int
read_text(
    const struct protocol_limits *limits, const char *text, size_t length, bool is_of_batch, struct json_text *read, struct protocol_error *error)
{
    static const struct json_shape *const scalar = &json_shape_scalar;
    const struct json_shape list = {.element = scalar, .element_max = limits->friends};
    const struct json_member of_params[] = {{"user_id", scalar}, {"friends", &list}, {"users", &list}, {"status", scalar}, {"token", scalar}};
    /* Of an array it only matters whether it is empty. */
    const struct json_shape params = {.members = of_params, .member_count = sizeof of_params / sizeof of_params[0], .element = scalar};
    const struct json_member members[] = {
        {marker, scalar}, {"id", scalar}, {"method", scalar}, {"params", &params}, {"result", scalar}, {"error", scalar}};
    const struct json_member of_kind[] = {{marker, scalar}, {"method", scalar}, {"result", scalar}, {"error", scalar}};
    const struct json_shape kind = {.members = of_kind, .member_count = sizeof of_kind / sizeof of_kind[0]};
    const struct json_shape call = {.members = members, .member_count = sizeof members / sizeof members[0]};
    const struct json_shape message = {.members = members, .member_count = call.member_count, .element = &kind, .element_max = 0};

    return is_of_batch ? json_text_read_element(text, length, &call, read, error) : json_text_read(text, length, &message, read, error);
}

int
jsonrpc_detect(const struct protocol_limits *limits, const char *text, size_t length, struct json_text *tree, struct protocol_error *error)
{
    struct json_text read;

    if (!may_have_marker(text, length))
        return 0;

    int result = read_text(limits, text, length, false, &read, error);

    if (result < 0)
        return result;
    if (!has_marker(read.value)) {
        json_text_done(&read);
        return 0;
    }
    *tree = read;
    return 1;
}

static bool
is_answer(const json_t *value)
{
    return json_object_get(value, "method") == NULL && (json_object_get(value, "result") != NULL || json_object_get(value, "error") != NULL);
}

bool
jsonrpc_is_answer(const struct json_text *tree)
{
    for (size_t i = 0; i < json_array_size(tree->value); i++)
        if (!is_answer(json_array_get(tree->value, i)))
            return false;
    return json_is_array(tree->value) || is_answer(tree->value);
}

int
jsonrpc_read(const struct protocol_limits *limits, const char *text, size_t length, struct jsonrpc_message *message, int *failure,
    struct protocol_error *error)
{
    struct json_text tree;
    int result = read_text(limits, text, length, false, &tree, error);

    if (result == -EBADMSG)
        *failure = jsonrpc_code_of(error->code);
    return result < 0 ? result : jsonrpc_take(limits, text, length, &tree, message, failure, error);
}

int
jsonrpc_take(const struct protocol_limits *limits, const char *text, size_t length, struct json_text *tree, struct jsonrpc_message *message,
    int *failure, struct protocol_error *error)
{
    bool is_batch = json_is_array(tree->value);
    size_t count = is_batch ? tree->elements : 1;

    if (tree->depth > limits->nesting) {
        protocol_error_set(error, ERROR_TOO_LARGE, "nested deeper than the %" PRIu32 " levels that are allowed", limits->nesting);
    } else if (count > JSONRPC_BATCH_MAX) {
        protocol_error_set(error, ERROR_TOO_LARGE, "the batch holds more than the %d calls that are allowed", JSONRPC_BATCH_MAX);
    } else if (count == 0) {
        protocol_error_set(error, ERROR_BAD_MESSAGE, "the batch holds no call");
    } else {
        if (is_batch) {
            json_text_done(tree);
            jsonrpc_take_up(text, length, (uint32_t)count, message);
        } else {
            *message = (struct jsonrpc_message){.text = text, .length = length, .count = 1, .tree = *tree, .read_end = length};
        }
        return 0;
    }
    *failure = jsonrpc_code_of(error->code);
    json_text_done(tree);
    return -EBADMSG;
}

void
jsonrpc_take_up(const char *text, size_t length, uint32_t count, struct jsonrpc_message *message)
{
    *message = (struct jsonrpc_message){.text = text, .length = length, .is_batch = true, .count = count};
}

void
jsonrpc_message_done(struct jsonrpc_message *message)
{
    json_text_done(&message->tree);
}

struct json_element
jsonrpc_next(const struct jsonrpc_message *message, size_t after)
{
    struct json_element all = {.end = message->length};

    return message->is_batch ? json_element_next(message->text, message->length, after) : all;
}

static int
refuse(struct jsonrpc_call *call, int failure)
{
    call->failure = failure;
    return -EBADMSG;
}

/* The id that it will be answered under. A bad one leaves it at NULL. */
static bool
read_id(const json_t *id, struct jsonrpc_id *read)
{
    *read = (struct jsonrpc_id){.kind = id == NULL ? JSONRPC_ID_NONE : JSONRPC_ID_NULL};
    if (json_is_integer(id)) {
        read->kind = JSONRPC_ID_INTEGER;
        read->integer = json_integer_value(id);
    } else if (json_is_string(id)) {
        read->kind = JSONRPC_ID_STRING;
        read->string = json_string_value(id);
        read->length = json_string_length(id);
    }
    return read->kind != JSONRPC_ID_NULL || json_is_null(id);
}

/* Is the object a request at all? What is none gets an answer, so it has an id. */
static int
read_request(const json_t *object, struct jsonrpc_call *call)
{
    const json_t *id = json_object_get(object, "id"), *version = json_object_get(object, marker);
    const json_t *method = json_object_get(object, "method"), *params = json_object_get(object, "params");
    struct protocol_error *error = &call->error;

    if (!json_is_object(object))
        protocol_error_set(error, ERROR_BAD_MESSAGE, "a call is an object such as {\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 1}, not %s",
            json_text_type_name(object));
    else if (!read_id(id, &call->id))
        protocol_error_set(error, ERROR_BAD_MESSAGE, "id must be a string, an integer of 64 bits or null, not %s", json_text_type_name(id));
    else if (version == NULL)
        protocol_error_set(error, ERROR_BAD_MESSAGE, "jsonrpc is missing");
    else if (!json_is_string(version) || strcmp(json_string_value(version), "2.0") != 0)
        protocol_error_set(error, ERROR_BAD_MESSAGE, "jsonrpc must be the string \"2.0\"");
    else if (method == NULL)
        protocol_error_set(error, ERROR_BAD_MESSAGE, "method is missing");
    else if (!json_is_string(method))
        protocol_error_set(error, ERROR_BAD_MESSAGE, "method must be a string, not %s", json_text_type_name(method));
    else if (params != NULL && !json_is_object(params) && !json_is_array(params) && !json_is_null(params))
        protocol_error_set(error, ERROR_BAD_MESSAGE, "params must be an object, not %s", json_text_type_name(params));
    else
        return 0;

    if (call->id.kind == JSONRPC_ID_NONE)
        call->id.kind = JSONRPC_ID_NULL;
    return refuse(call, JSONRPC_INVALID_REQUEST);
}

static int
read_method(const json_t *method, struct jsonrpc_call *call)
{
    if (jsonrpc_method_find(json_string_value(method), json_string_length(method), &call->method))
        return 0;
    protocol_error_set(&call->error, ERROR_BAD_MESSAGE, "there is no method \"%s\"", json_string_value(method));
    return refuse(call, JSONRPC_METHOD_NOT_FOUND);
}

static int
read_params(struct decoder *decoder, const struct protocol_limits *limits, const json_t *params, struct jsonrpc_call *call)
{
    if (json_array_size(params) > 0) {
        protocol_error_set(&call->error, ERROR_BAD_MESSAGE, "params are known by name here: they must be an object, not an array");
        return refuse(call, JSONRPC_INVALID_PARAMS);
    }

    int result = jsonrpc_params_read(decoder, limits, json_is_object(params) ? params : NULL, call);

    if (result == -EBADMSG)
        return refuse(call, call->error.code == ERROR_BAD_MESSAGE ? JSONRPC_INVALID_PARAMS : JSONRPC_SERVER_ERROR);
    return result;
}

/* Makes message->tree that of the call there. */
static int
read_call(const struct protocol_limits *limits, struct jsonrpc_message *message, struct json_element place, struct protocol_error *error)
{
    int result;

    if (message->read_end == place.end)
        return 0;
    json_text_done(&message->tree);
    message->read_end = 0;
    result = read_text(limits, message->text + place.begin, place.end - place.begin, true, &message->tree, error);
    if (result == 0)
        message->read_end = place.end;
    return result;
}

int
jsonrpc_call_read(struct decoder *decoder, const struct protocol_limits *limits, struct jsonrpc_message *message, struct json_element place,
    struct jsonrpc_call *call)
{
    struct jsonrpc_call said = {.id = {.kind = JSONRPC_ID_NONE}};
    const json_t *object = NULL;
    int result = read_call(limits, message, place, &said.error);

    decoder_begin(decoder);
    if (result == 0) {
        object = message->is_batch ? json_array_get(message->tree.value, 0) : message->tree.value;
        result = read_request(object, &said);
    } else if (result == -EBADMSG) { /* what walks over a text and what reads it do not agree: all of it was found to be good */
        said.id.kind = JSONRPC_ID_NULL;
        said.failure = JSONRPC_INVALID_REQUEST;
    }
    if (result == 0)
        result = read_method(json_object_get(object, "method"), &said);
    if (result == 0)
        result = read_params(decoder, limits, json_object_get(object, "params"), &said);
    if (result == -ENOMEM)
        return result;
    *call = said;
    return 0;
}
