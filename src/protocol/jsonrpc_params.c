/* SPDX-License-Identifier: MIT
 *
 * See jsonrpc_params.h. Params are looked at twice: first whether all is right and how much memory the names in it need, then they are
 * put into that memory, so that a name never moves once it is pointed at. On the decoder's worker.
 */
#include "protocol/jsonrpc_params.h"

#include "protocol/json_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The params of one call being read. */
struct reading {
    struct decoder *decoder;
    const struct protocol_limits *limits;
    const json_t *params;
    struct jsonrpc_call *call;
    const json_t *user; /* these two were found to be right */
    const json_t *list;
    size_t name_bytes; /* of the ids in them */
};

static int
refuse_missing(const struct reading *reading, const char *name)
{
    protocol_error_set(&reading->call->error, ERROR_BAD_MESSAGE, "%s is missing", name);
    return -EBADMSG;
}

static int
refuse_type(const struct reading *reading, const char *name, const char *wanted, const json_t *value)
{
    protocol_error_set(&reading->call->error, ERROR_BAD_MESSAGE, "%s must be %s, not %s", name, wanted, json_text_type_name(value));
    return -EBADMSG;
}

static int
refuse_length(const struct reading *reading, const char *name, const char *wanted, const json_t *value)
{
    protocol_error_set(&reading->call->error, ERROR_BAD_MESSAGE, "%s must be %s, not a string of %zu bytes", name, wanted, json_string_length(value));
    return -EBADMSG;
}

static bool
is_user(const json_t *value)
{
    size_t length = json_string_length(value); /* 0 of what is no string */

    return json_is_integer(value) || (length > 0 && length <= USER_NAME_MAX);
}

static int
refuse_user(const struct reading *reading, const char *name, const json_t *value)
{
    static const char wanted[] = "an integer of 64 bits or a string of 1 to 128 bytes";

    _Static_assert(USER_NAME_MAX == 128, "the sentence says so");
    return json_is_string(value) ? refuse_length(reading, name, wanted, value) : refuse_type(reading, name, wanted, value);
}

static void
count_name(struct reading *reading, const json_t *user)
{
    if (json_is_string(user))
        reading->name_bytes += decoder_name_size(json_string_length(user));
}

static int
check_user(struct reading *reading)
{
    const json_t *user = json_object_get(reading->params, "user_id");

    if (user == NULL)
        return refuse_missing(reading, "user_id");
    if (!is_user(user))
        return refuse_user(reading, "user_id", user);
    count_name(reading, user);
    reading->user = user;
    return 0;
}

static int
check_list(struct reading *reading, const char *name, bool required)
{
    const json_t *list = json_object_get(reading->params, name);

    if (list == NULL && required)
        return refuse_missing(reading, name);
    if (list == NULL || (json_is_null(list) && !required))
        return 0;
    if (!json_is_array(list))
        return refuse_type(reading, name, required ? "an array" : "an array or null", list);

    size_t count = json_array_size(list);

    if (count > reading->limits->friends) {
        protocol_error_set(&reading->call->error, ERROR_TOO_MANY_FRIENDS, "%s has more than the %" PRIu32 " elements that are allowed", name,
            reading->limits->friends);
        return -EBADMSG;
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *element = json_array_get(list, i);

        if (!is_user(element)) {
            char element_name[32];

            snprintf(element_name, sizeof element_name, "%s[%zu]", name, i);
            return refuse_user(reading, element_name, element);
        }
        count_name(reading, element);
    }
    reading->list = list;
    return 0;
}

static int
check_status(struct reading *reading, bool required)
{
    static const char wanted[] = "a string of at most 256 bytes or null";
    struct jsonrpc_call *call = reading->call;
    const json_t *status = json_object_get(reading->params, "status");

    _Static_assert(JSONRPC_STATUS_MAX == 256, "the sentence says so");
    if (status == NULL && required)
        return refuse_missing(reading, "status");
    if (status == NULL || (json_is_null(status) && !required))
        return 0;
    if (!json_is_string(status) && !json_is_null(status))
        return refuse_type(reading, "status", wanted, status);
    if (json_string_length(status) > JSONRPC_STATUS_MAX)
        return refuse_length(reading, "status", wanted, status);
    call->has_status = true;
    call->status = json_string_value(status);
    call->status_length = json_string_length(status);
    return 0;
}

static int
check_token(struct reading *reading)
{
    const json_t *token = json_object_get(reading->params, "token");

    if (token != NULL && !json_is_string(token) && !json_is_null(token))
        return refuse_type(reading, "token", "a string or null", token);
    return 0;
}

static int
check_login(struct reading *reading)
{
    int result = check_user(reading);

    if (result == 0)
        result = check_list(reading, "friends", false);
    if (result == 0)
        result = check_token(reading);
    if (result == 0)
        result = check_status(reading, false);
    return result;
}

static int
check_friends(struct reading *reading)
{
    return check_list(reading, "friends", true);
}

static int
check_users(struct reading *reading)
{
    return check_list(reading, "users", true);
}

static int
check_new_status(struct reading *reading)
{
    return check_status(reading, true);
}

static int
check_nothing(struct reading *reading)
{
    (void)reading;
    return 0;
}

static const struct method {
    const char *name;
    int (*check)(struct reading *reading);
} methods[] = {
    [JSONRPC_LOGIN] = {"login", check_login},
    [JSONRPC_FOLLOW] = {"follow", check_friends},
    [JSONRPC_UNFOLLOW] = {"unfollow", check_friends},
    [JSONRPC_ONLINE] = {"online", check_users},
    [JSONRPC_STATUS] = {"status", check_new_status},
    [JSONRPC_PING] = {"ping", check_nothing},
    [JSONRPC_LOGOUT] = {"logout", check_nothing},
};

static struct user_id
place_user(const struct reading *reading, const json_t *user)
{
    if (json_is_integer(user))
        return (struct user_id){.number = json_integer_value(user)};
    return (struct user_id){.name = decoder_name(reading->decoder, json_string_value(user), json_string_length(user))};
}

/* What was found to be right, as the call holds it. */
static int
place_users(const struct reading *reading)
{
    struct decoder *decoder = reading->decoder;
    struct jsonrpc_call *call = reading->call;
    uint32_t count = (uint32_t)json_array_size(reading->list);
    int result = decoder_reserve_names(decoder, reading->name_bytes);

    if (result == 0)
        result = decoder_reserve(decoder, count);
    if (result < 0)
        return result;
    if (reading->user != NULL)
        call->user = place_user(reading, reading->user);
    for (uint32_t i = 0; i < count; i++)
        decoder->friends[i] = place_user(reading, json_array_get(reading->list, i));
    if (reading->list != NULL) {
        call->has_friends = true;
        call->friends = decoder->friends;
        call->friend_count = count;
    }
    return 0;
}

bool
jsonrpc_method_find(const char *name, size_t length, enum jsonrpc_method *method)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strlen(methods[i].name) == length && memcmp(methods[i].name, name, length) == 0) {
            *method = (enum jsonrpc_method)i;
            return true;
        }
    return false;
}

int
jsonrpc_params_read(struct decoder *decoder, const struct protocol_limits *limits, const json_t *params, struct jsonrpc_call *call)
{
    struct reading reading = {.decoder = decoder, .limits = limits, .params = params, .call = call};
    int result = methods[call->method].check(&reading);

    return result < 0 ? result : place_users(&reading);
}
