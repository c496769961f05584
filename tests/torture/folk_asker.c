/* SPDX-License-Identifier: MIT
 *
 * Who asks the server for the truth: a session of JSON-RPC beside the folk. It is the beacon of those who speak JSON-RPC, too: its status is a number. It
 * may be refused while there is a shortage, answers and all; then it asks again.
 */
#include "support/pace.h"
#include "torture/folk_internal.h"

#include <check.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 256, ID_BYTES = 24, ASK_AGAIN_MS = 10 };

void
asker_lost(struct folk *folk)
{
    struct asker *asker = &folk->asker;

    talk_close(&asker->talk, false);
    asker->there = asker->waits = false;
    asker->retry_ms = pace_now_ms() + FOLK_RETRY_MS;
}

static void
asker_come(struct folk *folk)
{
    struct asker *asker = &folk->asker;
    char text[TEXT_BYTES];

    talk_open(&asker->talk, &folk->near, folk->count, folk->poller, asker);
    snprintf(text, sizeof text,
        "{\"jsonrpc\": \"2.0\", \"method\": \"login\", \"params\": {\"user_id\": %" PRId64 ", \"status\": \"%" PRId64 "\"}, \"id\": 1}",
        folk_rpc_beacon(folk), asker->number);
    talk_say(&asker->talk, text);
}

/* The answer to its question: is everybody online who should be, and nobody else? */
static bool
is_truth(struct folk *folk, json_t *online)
{
    bool *found = calloc(folk->count, sizeof *found), same = true;
    size_t index;
    json_t *id;

    ck_assert_ptr_nonnull(found);
    json_array_foreach(online, index, id)
    {
        int64_t number = json_integer_value(id) - folk->first_id;

        ck_assert_msg(number >= 0 && number < folk->count && !found[number], "%s: the server says that %" PRId64 " is online, who was not asked for",
            folk->name, (int64_t)json_integer_value(id));
        found[number] = true;
    }
    for (unsigned i = 0; i < folk->count; i++)
        if (found[i] != folk_expects(folk, &folk->people[i])) {
            folk->asker.differs = folk->people[i].id;
            same = false;
        }
    free(found);
    return same;
}

static void
asker_hear(struct folk *folk, const char *line)
{
    struct asker *asker = &folk->asker;
    json_t *message = json_loads(line, 0, NULL), *result = json_object_get(message, "result");
    int64_t id = json_integer_value(json_object_get(message, "id"));

    asker->waits = false;
    if (result == NULL)
        asker_lost(folk);
    else if (id == 1)
        asker->there = asker->said = true;
    else if (id == 3)
        asker->has_answer = is_truth(folk, json_object_get(result, "online"));
    else if (id == 4)
        asker->said = true;
    json_decref(message);
}

void
asker_turn(struct folk *folk)
{
    struct asker *asker = &folk->asker;

    if (asker->talk.client == NULL) {
        if (pace_now_ms() >= asker->retry_ms)
            asker_come(folk);
        return;
    }
    talk_push(&asker->talk);
    bool ended = talk_take(&asker->talk);
    for (const char *line = talk_line(&asker->talk); line != NULL; line = talk_line(&asker->talk))
        asker_hear(folk, line);
    if (ended)
        asker_lost(folk);
}

void
asker_ask(struct folk *folk)
{
    struct asker *asker = &folk->asker;
    size_t size = (size_t)folk->count * ID_BYTES + TEXT_BYTES;

    asker->has_answer = false;
    if (!asker->there || asker->waits || pace_now_ms() < asker->ask_ms)
        return;
    asker->ask_ms = pace_now_ms() + ASK_AGAIN_MS;
    char *text = malloc(size);
    ck_assert_ptr_nonnull(text);
    size_t length = (size_t)snprintf(text, size, "{\"jsonrpc\": \"2.0\", \"id\": 3, \"method\": \"online\", \"params\": {\"users\": [");
    for (unsigned i = 0; i < folk->count; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%" PRId64, i > 0 ? "," : "", folk->people[i].id);
    snprintf(text + length, size - length, "]}}");
    talk_say(&asker->talk, text);
    free(text);
    asker->waits = true;
}

bool
asker_agrees(struct folk *folk)
{
    if (!folk->asker.has_answer && !folk->asker.waits)
        asker_ask(folk);
    return folk->asker.has_answer;
}

void
asker_say(struct folk *folk)
{
    struct asker *asker = &folk->asker;
    char text[TEXT_BYTES];

    asker->number++;
    asker->said = false;
    if (!asker->there)
        return; /* its next login says it */
    snprintf(
        text, sizeof text, "{\"jsonrpc\": \"2.0\", \"id\": 4, \"method\": \"status\", \"params\": {\"status\": \"%" PRId64 "\"}}", asker->number);
    talk_say(&asker->talk, text);
    asker->waits = true;
}

bool
asker_has_said(const struct folk *folk)
{
    return folk->asker.said;
}
