/* SPDX-License-Identifier: MIT
 *
 * What one of the folk says, and its reading of what it is told.
 */
#include "support/pace.h"
#include "torture/folk_internal.h"

#include <check.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HELLO_BYTES = 1024, GOODBYE_BYTES = 128 };

/* Its friends and the beacon, as the inside of a JSON array. */
static void
write_friends(const struct folk *folk, const struct person *person, char *text, size_t size)
{
    int length = 0;

    for (unsigned i = 0; i < person->friend_count; i++)
        length += snprintf(text + length, size - (size_t)length, "%" PRId64 ", ", folk->first_id + person->friends[i]);
    snprintf(text + length, size - (size_t)length, "%" PRId64, person->rpc ? folk_rpc_beacon(folk) : folk_classic_beacon(folk));
}

static void
say_hello(struct folk *folk, struct person *person)
{
    char friends[HELLO_BYTES / 2], text[HELLO_BYTES];

    write_friends(folk, person, friends, sizeof friends);
    if (person->rpc)
        snprintf(text, sizeof text,
            "{\"jsonrpc\": \"2.0\", \"method\": \"login\", \"params\": {\"user_id\": %" PRId64 ", \"friends\": [%s]}, \"id\": 1}", person->id,
            friends);
    else
        snprintf(text, sizeof text, "{\"user_id\": %" PRId64 ", \"friends\": [%s]}", person->id, friends);
    talk_say(&person->talk, text);
    person->answered = !person->rpc;
}

void
person_gone(struct person *person)
{
    talk_close(&person->talk, false);
    person->phase = PERSON_AWAY;
    person->answered = false;
}

void
person_come(struct folk *folk, struct person *person)
{
    memset(person->believes, 0, sizeof person->believes);
    person->changes = person->heard_count = 0;
    person->deaf = false;
    person->excused = folk->shortage;
    person->phase = PERSON_COMING;
    talk_close(&person->talk, true);
    talk_open(&person->talk, person->far ? &folk->far : &folk->near, person_number(folk, person), folk->poller, person);
    say_hello(folk, person);
}

void
person_leave(struct folk *folk, struct person *person)
{
    char text[GOODBYE_BYTES];

    person->phase = PERSON_LEAVING;
    switch (person->how) {
    case BY_GOODBYE:
        if (person->rpc)
            snprintf(text, sizeof text, "{\"jsonrpc\": \"2.0\", \"method\": \"logout\", \"id\": 2}");
        else
            snprintf(text, sizeof text, "{\"user_id\": %" PRId64 ", \"online\": false}", person->id);
        talk_say(&person->talk, text);
        break;
    case BY_HALF_CLOSE: client_half_close(person->talk.client); break;
    case BY_CLOSE:
    case BY_RESET:
        person_hear(folk, person);
        talk_close(&person->talk, person->how == BY_RESET);
        person->deaf = true;
        person_gone(person);
        break;
    case BY_CUT:
    case BY_BREAK: /* it does not know: its connection is there until it comes again */
        person->deaf = true;
        person->phase = PERSON_AWAY;
        break;
    }
}

/* It was not let in, and comes again a little later. */
static void
person_refused(struct folk *folk, struct person *person, const char *why)
{
    if (!person->excused && !folk->shortage && !folk->reunion && !person->far) {
        folk->on_lost();
        ck_abort_msg("%s: %" PRId64 ", a normal user, was not let in: %s", folk->name, person->id, why);
    }
    ck_assert_msg(
        person->heard_count == 0 && person->changes == 0, "%s: %" PRId64 " was told news and then not let in: %s", folk->name, person->id, why);
    talk_close(&person->talk, false);
    person->answered = false;
    person->retry_ms = pace_now_ms() + FOLK_RETRY_MS + dice_below(&folk->dice, FOLK_RETRY_MS);
    folk->books.refused++;
}

static void
hear_word(struct folk *folk, struct person *person, char word)
{
    ck_assert_msg(person->heard_count < FOLK_HEARD - 1, "%s: %" PRId64 " is told without end", folk->name, person->id);
    person->heard[person->heard_count++] = word;
    person->heard[person->heard_count] = '\0';
}

static void
hear_changes(struct folk *folk, struct person *person, json_t *changes)
{
    size_t index;
    json_t *change;

    json_array_foreach(changes, index, change)
    {
        int64_t id = json_integer_value(json_object_get(change, "user_id"));
        const char *status = json_string_value(json_object_get(change, "status")), *reason = json_string_value(json_object_get(change, "reason"));

        if (id == folk_rpc_beacon(folk)) {
            person->beacon = status != NULL ? strtoll(status, NULL, 10) : 0;
            continue;
        }
        int64_t about = id - folk->first_id;
        ck_assert_msg(about >= 0 && about < folk->count, "%s: %" PRId64 " was told of %" PRId64 ", who is not of them", folk->name, person->id, id);
        judge_change(folk, person, (unsigned)about, json_is_true(json_object_get(change, "online")), reason,
            json_integer_value(json_object_get(change, "at")));
    }
}

static void
hear_login(struct folk *folk, struct person *person, json_t *result)
{
    size_t index;
    json_t *id;

    ck_assert_msg(json_is_array(json_object_get(result, "online")), "%s: the login of %" PRId64 " has no snapshot", folk->name, person->id);
    person->answered = true;
    person->phase = PERSON_THERE;
    json_array_foreach(json_object_get(result, "online"), index, id) if (json_integer_value(id) != folk_rpc_beacon(folk))
        judge_snapshot(folk, person, (unsigned)(json_integer_value(id) - folk->first_id));
}

/* One line of JSON-RPC; true when it says that it was not let in. */
static bool
hear_message(struct folk *folk, struct person *person, const char *line)
{
    json_t *message = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    json_t *result = json_object_get(message, "result"), *params = json_object_get(message, "params");
    int64_t id = json_integer_value(json_object_get(message, "id"));
    bool refused = false;

    if (params != NULL && person->answered) {
        hear_changes(folk, person, json_object_get(params, "changes"));
    } else if (result != NULL && id == 1 && !person->answered) {
        hear_login(folk, person, result);
    } else if (result == NULL || id != 2 || person->phase != PERSON_LEAVING) {
        refused = person->phase == PERSON_COMING && strstr(line, "\"error\"") != NULL;
        ck_assert_msg(refused, "%s: %" PRId64 " was told: %s", folk->name, person->id, line);
    }
    json_decref(message);
    return refused;
}

void
person_hear(struct folk *folk, struct person *person)
{
    for (const char *line = talk_line(&person->talk); line != NULL; line = talk_line(&person->talk)) {
        if (person->deaf)
            continue;
        if (person->rpc) {
            if (line[0] == '{' && !hear_message(folk, person, line))
                continue;
            ck_assert_msg(person->phase == PERSON_COMING, "%s: %" PRId64 " was told: %s", folk->name, person->id, line);
        } else if (strcmp(line, ONLINE) == 0 || strcmp(line, OFFLINE) == 0) {
            hear_word(folk, person, strcmp(line, ONLINE) == 0 ? '+' : '-');
            continue;
        }
        ck_assert_msg(person->phase == PERSON_COMING, "%s: %" PRId64 " was told: %s", folk->name, person->id, line);
        person_refused(folk, person, line);
        return;
    }
}

void
person_listen(struct folk *folk, struct person *person)
{
    bool ended = talk_take(&person->talk);

    person_hear(folk, person);
    if (!ended || person->talk.client == NULL)
        return;
    const char *how = person->talk.client->end_error != 0 ? strerror(person->talk.client->end_error) : "closed";
    if (person->phase == PERSON_THERE) {
        folk->on_lost();
        ck_abort_msg("%s: %" PRId64 ", a normal user, lost its connection: %s", folk->name, person->id, how);
    }
    if (person->phase == PERSON_COMING)
        person_refused(folk, person, how);
    else
        person_gone(person);
}
