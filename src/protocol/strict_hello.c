/* SPDX-License-Identifier: MIT
 *
 * See strict_hello.h. That it is JSON has been checked (json_text.h); what the protocol fixes about the members is checked here.
 */
#include "protocol/strict_hello.h"

#include "protocol/json_text.h"

#include <errno.h>
#include <inttypes.h>

/* One message being read. */
struct reading {
    struct decoder *decoder;
    const struct protocol_limits *limits;
    struct protocol_error *error;
};

static int
read_user(const struct reading *reading, const json_t *object, bool is_goodbye, struct message *message)
{
    const json_t *user = json_object_get(object, "user_id");

    if (user == NULL && !is_goodbye) {
        protocol_error_set(reading->error, ERROR_BAD_MESSAGE, "user_id is missing");
        return -EBADMSG;
    }
    if (user == NULL)
        return 0;
    if (!json_is_integer(user)) {
        protocol_error_set(reading->error, ERROR_BAD_MESSAGE, "user_id must be an integer of 64 bits, not %s", json_text_type_name(user));
        return -EBADMSG;
    }
    message->has_user = true;
    message->user.number = json_integer_value(user);
    return 0;
}

static int
read_friends(const struct reading *reading, const json_t *object, struct message *message)
{
    const json_t *friends = json_object_get(object, "friends");

    if (friends == NULL || json_is_null(friends))
        return 0;
    if (!json_is_array(friends)) {
        protocol_error_set(reading->error, ERROR_BAD_MESSAGE, "friends must be an array or null, not %s", json_text_type_name(friends));
        return -EBADMSG;
    }

    size_t count = json_array_size(friends);

    if (count > reading->limits->friends) {
        protocol_error_set(
            reading->error, ERROR_TOO_MANY_FRIENDS, "friends has more than the %" PRIu32 " elements that are allowed", reading->limits->friends);
        return -EBADMSG;
    }

    int result = decoder_reserve(reading->decoder, (uint32_t)count);

    if (result < 0)
        return result;
    for (size_t i = 0; i < count; i++) {
        const json_t *element = json_array_get(friends, i);

        if (!json_is_integer(element)) {
            protocol_error_set(
                reading->error, ERROR_BAD_MESSAGE, "friends[%zu] must be an integer of 64 bits, not %s", i, json_text_type_name(element));
            return -EBADMSG;
        }
        reading->decoder->friends[i] = (struct user_id){.number = json_integer_value(element)};
    }
    message->has_friends = true;
    message->friend_count = (uint32_t)count;
    message->friends = reading->decoder->friends;
    return 0;
}

static int
read_object(const struct reading *reading, const json_t *object, struct message *message)
{
    const json_t *online = json_object_get(object, "online");
    struct message said = {.kind = MESSAGE_HELLO};

    if (online != NULL && !json_is_boolean(online)) {
        protocol_error_set(reading->error, ERROR_BAD_MESSAGE, "online must be true or false, not %s", json_text_type_name(online));
        return -EBADMSG;
    }
    if (json_is_false(online))
        said.kind = MESSAGE_GOODBYE;

    int result = read_user(reading, object, said.kind == MESSAGE_GOODBYE, &said);

    if (result == 0)
        result = read_friends(reading, object, &said);
    if (result < 0)
        return result;
    if (said.kind == MESSAGE_GOODBYE) { /* a list on leaving was checked, and has no meaning */
        said.has_friends = false;
        said.friend_count = 0;
        said.friends = NULL;
    }
    *message = said;
    return 0;
}

static int
read_value(const struct reading *reading, const struct json_text *read, struct message *message)
{
    const json_t *value = read->value;

    if (read->depth > reading->limits->nesting) {
        protocol_error_set(reading->error, ERROR_TOO_LARGE, "nested deeper than the %" PRIu32 " levels that are allowed", reading->limits->nesting);
        return -EBADMSG;
    }
    if (!json_is_object(value)) {
        protocol_error_set(reading->error, ERROR_BAD_MESSAGE, "a message is an object such as {\"user_id\": 1, \"friends\": [2, 3]}, not %s",
            json_text_type_name(value));
        return -EBADMSG;
    }
    return read_object(reading, value, message);
}

int
strict_hello_read(struct decoder *decoder, const struct protocol_limits *limits, const char *text, size_t length, struct message *message,
    struct protocol_error *error)
{
    const struct reading reading = {.decoder = decoder, .limits = limits, .error = error};
    const struct json_shape list = {.element = &json_shape_scalar, .element_max = limits->friends};
    const struct json_member members[] = {{"user_id", &json_shape_scalar}, {"friends", &list}, {"online", &json_shape_scalar}};
    const struct json_shape hello = {.members = members, .member_count = sizeof members / sizeof members[0]};
    struct json_text read;
    int result = json_text_read(text, length, &hello, &read, error);

    if (result < 0)
        return result;
    result = read_value(&reading, &read, message);
    json_text_done(&read);
    return result;
}
