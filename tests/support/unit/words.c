/* SPDX-License-Identifier: MIT */
#include "support/unit/words.h"

#include "support/unit/require.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A word being written. */
struct word {
    char *text;
    size_t length, size;
};

static void __attribute__((format(printf, 2, 3))) say(struct word *word, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(word->text + word->length, word->size - word->length, format, arguments);
    va_end(arguments);
    REQUIRE(length >= 0 && (size_t)length < word->size - word->length, "too long a word: %s", word->text);
    word->length += (size_t)length;
}

/* A user or the id of a call. */
static void
say_id(struct word *word, const json_t *id)
{
    if (json_is_string(id))
        say(word, "\"%s\"", json_string_value(id));
    else if (json_is_null(id))
        say(word, "null");
    else if (json_is_integer(id))
        say(word, "%lld", (long long)json_integer_value(id));
    else
        ck_abort_msg("a strange id in %s", word->text);
}

static void
say_status(struct word *word, const json_t *status)
{
    if (status == NULL)
        return;
    REQUIRE(json_is_string(status), "a status is no string");
    say(word, "=%s", json_string_value(status));
}

/* One of "changes". */
static void
say_change(struct word *word, const json_t *change)
{
    bool online = json_is_true(json_object_get(change, "online"));
    const json_t *status = json_object_get(change, "status"), *reason = json_object_get(change, "reason");
    json_int_t at_ms = json_integer_value(json_object_get(change, "at"));

    REQUIRE(json_is_boolean(json_object_get(change, "online")), "online is no boolean");
    REQUIRE(at_ms > 1000000000000 && at_ms < 10000000000000, "at is no time");
    REQUIRE(json_object_size(change) == 3U + (status != NULL) + (reason != NULL), "a change has strange keys");
    REQUIRE(online ? reason == NULL : status == NULL && json_is_string(reason), "a change has wrong keys");
    say_id(word, json_object_get(change, "user_id"));
    say(word, online ? "+" : "-%s", online ? "" : json_string_value(reason));
    say_status(word, status);
}

static void
say_news(struct word *word, const json_t *line)
{
    const json_t *params = json_object_get(line, "params"), *seq = json_object_get(params, "seq"), *changes = json_object_get(params, "changes");

    REQUIRE(json_object_size(line) == 3 && json_object_get(line, "id") == NULL, "a notification has strange keys");
    REQUIRE(json_object_size(params) == 1U + (seq != NULL) && json_array_size(changes) > 0, "params has strange keys");
    REQUIRE(strcmp(json_string_value(json_object_get(line, "method")), "presence") == 0, "a strange method");
    say(word, "<");
    if (seq != NULL)
        say(word, "#%lld:", (long long)json_integer_value(seq));
    for (size_t i = 0; i < json_array_size(changes); i++) {
        say(word, "%s", i > 0 ? "," : "");
        say_change(word, json_array_get(changes, i));
    }
    say(word, ">");
}

/* The status of a user in "statuses". */
static const json_t *
status_of(const json_t *statuses, const json_t *user)
{
    for (size_t i = 0; i < json_array_size(statuses); i++)
        if (json_equal(json_object_get(json_array_get(statuses, i), "user_id"), user))
            return json_object_get(json_array_get(statuses, i), "status");
    return NULL;
}

/* {"seq": ..., "retry_after_ms": 1234}, the former over UDP. */
static void
say_drain(struct word *word, const json_t *params)
{
    const json_t *seq = json_object_get(params, "seq"), *retry = json_object_get(params, "retry_after_ms");

    REQUIRE(json_object_size(params) == 1U + (seq != NULL) && json_is_integer(retry), "params has strange keys");
    say(word, "<");
    if (seq != NULL)
        say(word, "#%lld:", (long long)json_integer_value(seq));
    say(word, "drain:%lld>", (long long)json_integer_value(retry));
}

static void
say_result(struct word *word, const json_t *result)
{
    const json_t *online = json_object_get(result, "online"), *statuses = json_object_get(result, "statuses");
    const json_t *session = json_object_get(result, "session"), *heartbeat = json_object_get(result, "heartbeat");
    size_t told = 0;

    if (json_is_string(result)) {
        say(word, "%s", json_string_value(result));
        return;
    }
    REQUIRE(json_is_object(result), "a strange result");
    if (json_object_size(result) == 0) {
        say(word, "{}");
        return;
    }
    REQUIRE((session != NULL) == (heartbeat != NULL), "only one of session and heartbeat");
    REQUIRE(json_object_size(result) == 1U + (statuses != NULL) + 2 * (session != NULL) && json_is_array(online), "a result has strange keys");
    if (session != NULL) {
        REQUIRE(json_string_length(session) > 0 && json_integer_value(heartbeat) > 0, "a strange session or heartbeat");
        say(word, "hi");
    }
    say(word, "[");
    for (size_t i = 0; i < json_array_size(online); i++) {
        const json_t *status = status_of(statuses, json_array_get(online, i));

        say(word, "%s", i > 0 ? "," : "");
        say_id(word, json_array_get(online, i));
        say_status(word, status);
        told += status != NULL;
    }
    say(word, "]");
    REQUIRE(told == json_array_size(statuses) && (statuses == NULL || told > 0), "statuses of others");
}

static void
say_answer(struct word *word, const json_t *line)
{
    const json_t *error = json_object_get(line, "error"), *result = json_object_get(line, "result");

    REQUIRE(json_object_size(line) == 3 && (error == NULL) != (result == NULL), "an answer has strange keys");
    say_id(word, json_object_get(line, "id"));
    say(word, ":");
    if (result != NULL) {
        say_result(word, result);
        return;
    }
    REQUIRE(json_object_size(error) == 3 && json_string_length(json_object_get(error, "message")) > 0, "an error has strange keys");
    say(word, "%lld/%s", (long long)json_integer_value(json_object_get(error, "code")), json_string_value(json_object_get(error, "data")));
}

static void
say_jsonrpc(struct word *word, const json_t *line)
{
    const char *method = json_is_array(line) || json_object_get(line, "method") == NULL ? "" : json_string_value(json_object_get(line, "method"));

    if (json_is_array(line)) {
        REQUIRE(json_array_size(line) > 0, "an empty batch");
        say(word, "(");
        for (size_t i = 0; i < json_array_size(line); i++) {
            say(word, "%s", i > 0 ? "," : "");
            say_answer(word, json_array_get(line, i));
        }
        say(word, ")");
        return;
    }
    REQUIRE(strcmp(json_string_value(json_object_get(line, "jsonrpc")), "2.0") == 0, "not of version 2.0");
    if (strcmp(method, "drain") == 0)
        say_drain(word, json_object_get(line, "params"));
    else if (json_object_get(line, "method") != NULL)
        say_news(word, line);
    else
        say_answer(word, line);
}

size_t
word_of_line(const char *line, size_t length, char *text, size_t size)
{
    static const char error[] = "{\"error\": {\"code\": \"", jsonrpc[] = "{\"jsonrpc\": \"2.0\", ";
    struct word word = {.text = text, .size = size};
    size_t code = sizeof error - 1;

    if (length == 17 && memcmp(line, "{\"online\": true}\n", 17) == 0) {
        say(&word, "+");
    } else if (length == 18 && memcmp(line, "{\"online\": false}\n", 18) == 0) {
        say(&word, "-");
    } else if (line[0] == '[' || (length > sizeof jsonrpc - 1 && memcmp(line, jsonrpc, sizeof jsonrpc - 1) == 0)) {
        json_t *value = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);

        REQUIRE(value != NULL, "no JSON: %.*s", (int)length, line);
        say_jsonrpc(&word, value);
        json_decref(value);
    } else {
        REQUIRE(length > code && memcmp(line, error, code) == 0, "a strange line: %.*s", (int)length, line);
        say(&word, "%.*s", (int)strcspn(line + code, "\""), line + code);
    }
    return word.length;
}
