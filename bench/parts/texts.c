/* SPDX-License-Identifier: MIT */
#include "parts/texts.h"

#include "base/buffer.h"
#include "load/failure.h"

#include <stdbool.h>

enum { FIRST_FRIEND = 100000, FRIENDS_SPAN = 900000 };

/* What stands around the friends of a text, and around each of them. */
static const struct shape {
    const char *head, *before, *between, *after, *tail;
    bool numbered; /* between `before` and `after` stands who it is */
} shapes[] = {
    [TEXT_HELLO] = {"{\"user_id\": 123456, \"friends\": [", "", ", ", "", "]}", true},
    [TEXT_PRETTY_HELLO] = {"{\n    \"user_id\": 123456,\n    \"friends\": [\n", "        ", ",\n", "", "\n    ]\n}", true},
    [TEXT_FOREIGN_HELLO] =
        {"{\"user_id\": 123456, \"client\": {\"name\": \"caf\\u00e9 \\\"chat\\\"\", \"version\": [1, 20, {\"beta\": true}]}, \"friends\": [", "",
            ", ", "", "], \"motd\": \"a\\ttab, a \\\\ and quite some text that means nothing to anybody\"}", true},
    [TEXT_LOGIN] = {"{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"login\", \"params\": {\"user_id\": 123456, \"friends\": [", "", ", ", "", "]}}",
        true},
    [TEXT_NAMES] = {"{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"login\", \"params\": {\"user_id\": \"ada-lovelace\", \"friends\": [",
        "\"user-name-", ", ", "\"", "]}}", true},
    [TEXT_PING] = {"{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"ping\"}", "", "", "", "", false},
    [TEXT_BATCH] = {"[", "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"ping\"}", ", ", "", "]", false},
};

void
sample_make(struct text_sample *sample, enum text_kind kind, uint32_t friends)
{
    const struct shape *shape = &shapes[kind];
    struct buffer text = {0};
    uint32_t id = FIRST_FRIEND;

    if (kind == TEXT_HELLO && friends == 0) {
        buffer_append_text(&text, "{\"user_id\": 123456}");
    } else {
        buffer_append_text(&text, shape->head);
        for (uint32_t i = 0; i < friends; i++) {
            buffer_append_text(&text, i > 0 ? shape->between : "");
            buffer_append_text(&text, shape->before);
            if (shape->numbered)
                buffer_format(&text, "%u", id);
            buffer_append_text(&text, shape->after);
            id = FIRST_FRIEND + (id * 7919U + 17U) % FRIENDS_SPAN;
        }
        buffer_append_text(&text, shape->tail);
    }
    if (text.failed)
        failure_exit("no memory");
    *sample = (struct text_sample){.bytes = text.bytes, .length = text.length};
}

void
sample_done(struct text_sample *sample)
{
    struct buffer text = {.bytes = sample->bytes, .capacity = sample->length};

    buffer_done(&text);
}
