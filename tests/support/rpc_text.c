/* SPDX-License-Identifier: MIT */
#include "support/rpc_text.h"

#include "support/pace.h"

#include <check.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    CLOCK_SLACK_MS = 5000, /* a clock may be set while a test runs */
    SHOWN_BYTES = 600,     /* of what came instead, in a failure's text */
};

char *
rpc_request(const char *id, const char *method, const char *params)
{
    char *text = NULL;

    ck_assert_int_gt(asprintf(&text, "{\"jsonrpc\": \"2.0\", \"method\": \"%s\"%s%s%s%s%s}", method, params != NULL ? ", \"params\": {" : "",
                         params != NULL ? params : "", params != NULL ? "}" : "", id != NULL ? ", \"id\": " : "", id != NULL ? id : ""),
        0);
    return text;
}

char *
rpc_result(const char *id, const char *result)
{
    char *text = NULL;

    ck_assert_int_gt(asprintf(&text, "{\"jsonrpc\": \"2.0\", \"result\": %s, \"id\": %s}\n", result, id), 0);
    return text;
}

void
rpc_check_error(struct rpc_place place, const char *text, const char *id, int code, const char *word)
{
    char head[128], tail[1024];
    size_t length = strlen(text);
    size_t head_length = (size_t)snprintf(head, sizeof head, "{\"jsonrpc\": \"2.0\", \"error\": {\"code\": %d, \"message\": \"", code);
    size_t tail_length = (size_t)snprintf(tail, sizeof tail, "\", \"data\": \"%s\"}, \"id\": %s}\n", word, id);

    /* At least one byte of a sentence stands between the two. */
    if (length <= head_length + tail_length || strncmp(text, head, head_length) != 0 || strcmp(text + length - tail_length, tail) != 0)
        ck_abort_msg(
            "%s, line %d: expected the error %d, %s under the id %s but came: %.*s", place.function, place.line, code, word, id, SHOWN_BYTES, text);

    json_t *parsed = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

    ck_assert_msg(parsed != NULL, "%s, line %d: no JSON: %s", place.function, place.line, text);
    ck_assert_uint_eq(json_object_size(parsed), 3);
    ck_assert_uint_eq(json_object_size(json_object_get(parsed, "error")), 3);
    json_decref(parsed);
}

int64_t
rpc_check_change(struct rpc_place place, const char *text, const struct rpc_change *change, uint64_t seq)
{
    char sequence[48] = "", head[512], tail[2048];
    int64_t at = 0;

    if (seq > 0)
        snprintf(sequence, sizeof sequence, "\"seq\": %" PRIu64 ", ", seq);
    snprintf(head, sizeof head,
        "{\"jsonrpc\": \"2.0\", \"method\": \"presence\", \"params\": {%s\"changes\": [{\"user_id\": %s, \"online\": %s, \"at\": ", sequence,
        change->user, change->online ? "true" : "false");
    if (change->online)
        snprintf(tail, sizeof tail, "%s%s}]}}\n", change->status != NULL ? ", \"status\": " : "", change->status != NULL ? change->status : "");
    else
        snprintf(tail, sizeof tail, ", \"reason\": \"%s\"}]}}\n", change->reason);

    size_t head_length = strlen(head), digits = 0;
    bool same = strncmp(text, head, head_length) == 0;

    if (same) {
        digits = strspn(text + head_length, "0123456789");
        at = strtoll(text + head_length, NULL, 10);
        same = digits > 0 && strcmp(text + head_length + digits, tail) == 0;
    }
    ck_assert_msg(same, "%s, line %d: expected %s<at>%s but came: %.*s", place.function, place.line, head, tail, SHOWN_BYTES, text);
    ck_assert_msg(at > rpc_now_ms() - pace_seconds(120) * 1000 && at < rpc_now_ms() + CLOCK_SLACK_MS, "%s, line %d: at %" PRId64 " is not now",
        place.function, place.line, at);
    return at;
}

char *
rpc_first_change(const char *text, char **rest)
{
    static const char begin[] = "\"changes\": [", between[] = "}, {\"user_id\": ";
    const char *changes = strstr(text, begin), *end = changes != NULL ? strstr(changes, between) : NULL;
    char *first = NULL;

    *rest = NULL;
    if (end == NULL || strncmp(text, "{\"jsonrpc\": \"2.0\", \"method\": ", 28) != 0) {
        first = strdup(text);
    } else {
        int head = (int)(changes + sizeof begin - 1 - text);

        ck_assert_int_gt(asprintf(rest, "%.*s%s", head, text, end + 3), 0);
        ck_assert_int_gt(asprintf(&first, "%.*s}]}}\n", (int)(end - text), text), 0);
    }
    ck_assert_ptr_nonnull(first);
    return first;
}

int64_t
rpc_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
