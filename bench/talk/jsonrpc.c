/* SPDX-License-Identifier: MIT
 *
 * The JSON-RPC dialect. Of what comes, only what the server writes by rule is understood: a notification begins with the keys jsonrpc, method and
 * params in this order, and its changes hold no objects of their own. A notification is used up change by change: first what stands before the first
 * one together with it, then each further one with the comma before it, then what closes it.
 */
#include "talk/number.h"
#include "talk/talk.h"

#include <stdlib.h>
#include <string.h>

static const char notification_start[] = "{\"jsonrpc\": \"2.0\", \"method\": \"presence\", \"params\": {",
                  sequence_start[] = "\"seq\": ", changes_start[] = "\"changes\": [", changes_end[] = "]}}\n",
                  result_start[] = "{\"jsonrpc\": \"2.0\", \"result\"", error_start[] = "{\"jsonrpc\": \"2.0\", \"error\"",
                  drain_start[] = "{\"jsonrpc\": \"2.0\", \"method\": \"drain\"", /* an end as well */
    classic_error_start[] = "{\"error\"";                                         /* of what goes wrong before the dialect is known */

static void
jsonrpc_login(struct talk_text *out, uint32_t user, const uint32_t *friends, uint32_t count)
{
    talk_print(out, "{\"jsonrpc\": \"2.0\", \"method\": \"login\", \"id\": 1, \"params\": {\"user_id\": %u, \"friends\": [", TALK_ID_FIRST + user);
    talk_numbers(out, TALK_ID_FIRST, friends, count);
    talk_print(out, "]}}");
}

/* A stream's end says enough. */
static void
jsonrpc_leave(struct talk_text *out, uint32_t user, bool datagrams)
{
    (void)user;
    if (datagrams)
        talk_print(out, "{\"jsonrpc\": \"2.0\", \"method\": \"logout\"}");
}

static void
jsonrpc_beat(struct talk_text *out, uint32_t user)
{
    (void)user;
    talk_print(out, "{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 2}");
}

/* Asks for what is in one list and not in the other; nothing when that is nobody. */
static void
difference_print(struct talk_text *out, const char *method, const uint32_t *in, uint32_t in_count, const uint32_t *out_of, uint32_t out_of_count)
{
    uint32_t said = 0;

    for (uint32_t i = 0; i < in_count; i++) {
        if (number_listed(out_of, out_of_count, in[i]))
            continue;
        if (said++ == 0)
            talk_print(out, "{\"jsonrpc\": \"2.0\", \"method\": \"%s\", \"id\": 3, \"params\": {\"friends\": [", method);
        else
            talk_print(out, ", ");
        talk_numbers(out, TALK_ID_FIRST, &in[i], 1);
    }
    if (said > 0)
        talk_print(out, "]}}");
}

static void
jsonrpc_relist(struct talk_text *out, uint32_t user, const uint32_t *old, uint32_t old_count, const uint32_t *new, uint32_t new_count)
{
    (void)user;
    difference_print(out, "unfollow", old, old_count, new, new_count);
    difference_print(out, "follow", new, new_count, old, old_count);
}

/* Whether the bytes begin with the text. */
static bool
begins(const char *bytes, size_t length, const char *text)
{
    size_t text_length = strlen(text);

    return length >= text_length && memcmp(bytes, text, text_length) == 0;
}

/* Whether the text begins with the bytes, so that it may still become the text. */
static bool
may_become(const char *bytes, size_t length, const char *text)
{
    return length < strlen(text) && memcmp(bytes, text, length) == 0;
}

/* Where the object that begins here ends; 0: not yet. */
static size_t
object_length(const char *bytes, size_t length)
{
    bool quoted = false;

    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '"')
            quoted = !quoted;
        else if (quoted && bytes[i] == '\\')
            i++;
        else if (!quoted && bytes[i] == '}')
            return i + 1;
    }
    return 0;
}

/* A change, which is whole: {"user_id": 100002, "online": true, ... */
static ssize_t
change_read(const char *bytes, size_t before, size_t length, struct talk_word *word)
{
    static const char user_key[] = "{\"user_id\": ", online_key[] = ", \"online\": ";
    char *end;
    unsigned long user;

    if (!begins(bytes, length, user_key))
        return -1;
    user = strtoul(bytes + sizeof user_key - 1, &end, 10);
    if (user < TALK_ID_FIRST || user >= UINT32_MAX || !begins(end, length - (size_t)(end - bytes), online_key))
        return -1;
    end += sizeof online_key - 1;
    *word = (struct talk_word){.kind = TALK_NEWS, .user = (uint32_t)user - TALK_ID_FIRST, .online = *end == 't'};
    return *end == 't' || *end == 'f' ? (ssize_t)(before + length) : -1;
}

/* What a whole line says that is no notification. */
static ssize_t
answer_read(const char *bytes, size_t length, struct talk_word *word)
{
    static const char login_start[] = "{\"jsonrpc\": \"2.0\", \"result\": {\"session\"";
    const char *end = memchr(bytes, '\n', length);
    enum talk_kind kind = begins(bytes, length, login_start) ? TALK_READY : TALK_OTHER;

    if (end == NULL)
        return 0;
    if (begins(bytes, length, error_start) || begins(bytes, length, drain_start) || begins(bytes, length, classic_error_start))
        kind = TALK_ERROR;
    else if (!begins(bytes, length, result_start))
        return -1;
    *word = (struct talk_word){.kind = kind, .user = TALK_NOBODY, .answer = bytes, .answer_bytes = (size_t)(end - bytes)};
    return end + 1 - bytes;
}

static uint32_t
jsonrpc_snapshot(const char *answer, size_t length, uint32_t *users, uint32_t room)
{
    static const char online_key[] = "\"online\": [";
    const char *next = memmem(answer, length, online_key, sizeof online_key - 1), *end = answer + length;
    uint32_t count = 0;

    if (next == NULL)
        return UINT32_MAX;
    for (next += sizeof online_key - 1; next < end && *next != ']'; count++) {
        char *rest;
        unsigned long user = strtoul(next, &rest, 10);

        if (rest == next)
            return UINT32_MAX;
        if (count < room)
            users[count] = (uint32_t)user - TALK_ID_FIRST;
        next = rest + strspn(rest, ", ");
    }
    return count;
}

/* How many bytes stand before the object of the first change; 0: not all of them are there, or this is no notification. */
static size_t
start_length(const char *bytes, size_t length)
{
    size_t at = sizeof notification_start - 1;

    if (!begins(bytes, length, notification_start))
        return 0;
    if (begins(bytes + at, length - at, sequence_start)) {
        const char *comma = memchr(bytes + at, ',', length - at);

        if (comma == NULL)
            return 0;
        at = (size_t)(comma + 2 - bytes);
    }
    return at <= length && begins(bytes + at, length - at, changes_start) ? at + sizeof changes_start - 1 : 0;
}

static ssize_t
jsonrpc_read(const char *bytes, size_t length, struct talk_word *word)
{
    size_t before = 0, object;

    if (may_become(bytes, length, changes_end) || may_become(bytes, length, ", {") || may_become(bytes, length, notification_start))
        return 0;
    if (begins(bytes, length, changes_end)) {
        *word = (struct talk_word){.kind = TALK_OTHER, .user = TALK_NOBODY};
        return sizeof changes_end - 1;
    }
    if (begins(bytes, length, ", {"))
        before = 2;
    else if (!begins(bytes, length, notification_start))
        return answer_read(bytes, length, word);
    else if ((before = start_length(bytes, length)) == 0)
        return memchr(bytes, '\n', length) != NULL ? -1 : 0;
    object = object_length(bytes + before, length - before);
    if (object == 0)
        return memchr(bytes, '\n', length) != NULL ? -1 : 0;
    return change_read(bytes + before, before, object, word);
}

const struct talk talk_jsonrpc = {
    .name = "jsonrpc",
    .about = "the JSON-RPC 2.0 dialect",
    .names_users = true,
    .may_merge = true,
    .datagrams = true,
    .login = jsonrpc_login,
    .leave = jsonrpc_leave,
    .beat = jsonrpc_beat,
    .relist = jsonrpc_relist,
    .snapshot = jsonrpc_snapshot,
    .read = jsonrpc_read,
};
