/* SPDX-License-Identifier: MIT
 *
 * What the server's lines mean. Everything in them is checked before it is believed; what is well-formed and not known here is left alone, so that
 * a newer server may say more.
 */
#include "client/client_internal.h"

#include <string.h>

enum { RETRY_MOST_MS = 24 * 60 * 60 * 1000 }; /* no server may send a client away for longer */

static enum alo_result
bad_server(struct alo_client *client)
{
    return connection_fail(client, ALO_BAD_SERVER, NULL);
}

/* Room for a string id, and one byte more that shows that it is too long. */
struct name_room {
    char text[CLIENT_NAME_MAX + 2];
};

static bool
read_user(struct wire_value value, struct name_room *room, struct alo_user *user)
{
    ptrdiff_t length = wire_string(value, room->text, sizeof room->text);

    *user = (struct alo_user){0};
    if (length < 0)
        return wire_integer(value, &user->number);
    user->name = room->text;
    return length > 0 && length <= CLIENT_NAME_MAX;
}

/* A short text of the server's, fit to be printed. */
static void
read_text(struct wire_value object, const char *name, char *text, size_t room)
{
    struct wire_value value;

    text[0] = '\0';
    if (!wire_member(object, name, &value) || wire_string(value, text, room) < 0)
        return;
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == '\x7f')
            *text = ' ';
}

static enum alo_reason
read_reason(struct wire_value change)
{
    char word[16];

    read_text(change, "reason", word, sizeof word);
    if (strcmp(word, "goodbye") == 0)
        return ALO_REASON_GOODBYE;
    if (strcmp(word, "closed") == 0)
        return ALO_REASON_CLOSED;
    return strcmp(word, "timeout") == 0 ? ALO_REASON_TIMEOUT : ALO_REASON_NONE;
}

/* A status in an object; *status is NULL when there is none. False when it is something else. */
static bool
read_status(struct wire_value object, char room[static CLIENT_STATUS_MAX + 1], const char **status)
{
    struct wire_value value;

    *status = NULL;
    if (!wire_member(object, "status", &value) || wire_is_null(value))
        return true;
    *status = room;
    return wire_string(value, room, CLIENT_STATUS_MAX + 1) >= 0;
}

static enum alo_result
read_change(struct alo_client *client, struct wire_value change)
{
    struct wire_value value;
    struct name_room room;
    struct alo_user user;
    struct roster_user *found;
    bool online;
    char status_room[CLIENT_STATUS_MAX + 1];
    const char *status;
    int64_t at_ms = 0;

    if (!wire_member(change, "user_id", &value) || !read_user(value, &room, &user) || !wire_member(change, "online", &value) ||
        !wire_boolean(value, &online) || !read_status(change, status_room, &status) ||
        (wire_member(change, "at", &value) && !wire_integer(value, &at_ms)))
        return bad_server(client);
    found = roster_find(&client->followed, user);
    if (found == NULL || found->staged)
        return ALO_OK; /* unfollowed while this was on its way */
    if (!roster_set(found, online, status))
        return connection_fail(client, ALO_NO_MEMORY, NULL);
    found->at_ms = at_ms;
    found->snapshot = false;
    found->reason = online ? ALO_REASON_NONE : read_reason(change);
    roster_tell(&client->followed, found);
    return ALO_OK;
}

/* Looks at the sequence number that a notification has by UDP. *old: it is older than what is known, and nothing of it counts. */
static enum alo_result
read_seq(struct alo_client *client, struct wire_value params, bool *old)
{
    struct wire_value value;
    int64_t seq;

    *old = false;
    if (!client->options.udp || !wire_member(params, "seq", &value))
        return ALO_OK;
    if (!wire_integer(value, &seq) || seq < 1)
        return bad_server(client);
    *old = !upkeep_seq(client, (uint64_t)seq);
    return ALO_OK;
}

/* The server lets this client go. Nothing will come after that, so the connection is lost now. */
static enum alo_result
read_drain(struct alo_client *client, struct wire_value notification)
{
    static const char code[] = "shutting_down";
    struct wire_value params, value;
    int64_t retry_ms;
    bool old;
    enum alo_result result;

    if (!wire_member(notification, "params", &params) || !wire_member(params, "retry_after_ms", &value) || !wire_integer(value, &retry_ms) ||
        retry_ms < 0)
        return bad_server(client);
    result = read_seq(client, params, &old);
    if (result != ALO_OK || old)
        return result;
    client->retry_after_ms = retry_ms < RETRY_MOST_MS ? (int)retry_ms : RETRY_MOST_MS;
    (void)connection_fail(client, ALO_LOST, "the server is being drained");
    memcpy(client->error_code, code, sizeof code);
    return ALO_LOST;
}

static enum alo_result
read_presence(struct alo_client *client, struct wire_value notification)
{
    struct wire_value params, value;
    struct wire_items changes;
    bool old;
    enum alo_result seen;

    if (!wire_member(notification, "params", &params) || !wire_member(params, "changes", &value) || !wire_is_array(value))
        return bad_server(client);
    changes = wire_items(value);
    seen = read_seq(client, params, &old);
    if (seen != ALO_OK || old)
        return seen;
    while (wire_items_next(&changes, &value)) {
        enum alo_result result = read_change(client, value);

        if (result != ALO_OK)
            return result;
    }
    return ALO_OK;
}

/* The word is `data` in JSON-RPC, and `code` in the classic form, which a server also uses before it knows what is spoken. */
static void
read_error(struct alo_client *client, struct wire_value error)
{
    static const char nothing_said[] = "the server does not say why";

    read_text(error, "message", client->error_text, sizeof client->error_text);
    read_text(error, "data", client->error_code, sizeof client->error_code);
    if (client->error_code[0] == '\0')
        read_text(error, "code", client->error_code, sizeof client->error_code);
    if (client->error_text[0] == '\0')
        memcpy(client->error_text, nothing_said, sizeof nothing_said);
}

static enum alo_result
read_complaint(struct alo_client *client, struct wire_value error, struct message *message)
{
    if (!wire_is_object(error))
        return bad_server(client);
    read_error(client, error);
    memcpy(client->lost_text, client->error_text, sizeof client->lost_text);
    memcpy(client->lost_code, client->error_code, sizeof client->lost_code);
    message->kind = MESSAGE_ERROR;
    return ALO_OK;
}

static enum alo_result
read_response(struct alo_client *client, struct wire_value response, struct message *message)
{
    struct wire_value id, error;
    bool refused = wire_member(response, "error", &error);
    int64_t number = 0;

    if (!wire_member(response, "id", &id) || wire_is_null(id))
        return refused ? read_complaint(client, error, message) : ALO_OK;
    if (!wire_integer(id, &number) || number < 1)
        return bad_server(client); /* no request had such an id */
    message->id = (uint64_t)number;
    if (refused) {
        if (!wire_is_object(error))
            return bad_server(client);
        read_error(client, error);
        message->kind = MESSAGE_REFUSAL;
        return ALO_OK;
    }
    if (!wire_member(response, "result", &message->result))
        return bad_server(client);
    message->kind = MESSAGE_ANSWER;
    return ALO_OK;
}

static bool
is_blank(const char *line, size_t length)
{
    while (length > 0 && (*line == ' ' || *line == '\t' || *line == '\r' || *line == '\n')) {
        line++;
        length--;
    }
    return length == 0;
}

static enum alo_result
read_classic(struct alo_client *client, struct wire_value line, struct message *message)
{
    struct wire_value value;

    if (wire_member(line, "error", &value))
        return read_complaint(client, value, message);
    if (!wire_member(line, "online", &value))
        return ALO_OK;
    if (!wire_boolean(value, &message->online))
        return bad_server(client);
    message->kind = MESSAGE_SOMEONE;
    return ALO_OK;
}

enum alo_result
message_read(struct alo_client *client, const char *line, size_t length, struct message *message)
{
    struct wire_value value, method;
    char name[16];

    *message = (struct message){.kind = MESSAGE_NOTHING};
    if (is_blank(line, length))
        return ALO_OK;
    if (!wire_check(line, length, &value) || !wire_is_object(value))
        return bad_server(client);
    if (client->options.classic)
        return read_classic(client, value, message);
    if (!wire_member(value, "method", &method))
        return read_response(client, value, message);
    if (wire_string(method, name, sizeof name) < 0)
        return bad_server(client);
    if (strcmp(name, "drain") == 0)
        return read_drain(client, value);
    return strcmp(name, "presence") == 0 ? read_presence(client, value) : ALO_OK;
}

/* ---- Snapshots ---- */

/* What a snapshot says of one user becomes what is known. */
static enum alo_result
snapshot_set(struct alo_client *client, struct roster *roster, struct roster_user *user, bool online, const char *status, bool tell)
{
    bool same_status = status == NULL || user->status == NULL ? status == user->status : strcmp(status, user->status) == 0;

    if (user->online == online && same_status)
        return ALO_OK;
    if (!roster_set(user, online, status))
        return connection_fail(client, ALO_NO_MEMORY, NULL);
    user->at_ms = 0;
    user->reason = ALO_REASON_NONE;
    user->snapshot = true;
    if (tell)
        roster_tell(roster, user);
    return ALO_OK;
}

/* Marks those who are online. */
static bool
snapshot_mark(const struct roster *roster, struct wire_value online)
{
    struct wire_items ids = wire_items(online);
    struct wire_value id;

    while (wire_items_next(&ids, &id)) {
        struct name_room room;
        struct alo_user user;
        struct roster_user *found;

        if (!read_user(id, &room, &user))
            return false;
        found = roster_find(roster, user);
        if (found != NULL)
            found->present = true;
    }
    return true;
}

/* Takes over the statuses of those who are marked. */
static enum alo_result
snapshot_statuses(struct alo_client *client, struct roster *roster, struct wire_value statuses, bool tell)
{
    struct wire_items items = wire_items(statuses);
    struct wire_value item;

    while (wire_items_next(&items, &item)) {
        struct wire_value value;
        struct name_room room;
        struct alo_user user;
        struct roster_user *found;
        char status_room[CLIENT_STATUS_MAX + 1];
        const char *status;
        enum alo_result result;

        if (!wire_member(item, "user_id", &value) || !read_user(value, &room, &user) || !read_status(item, status_room, &status))
            return bad_server(client);
        found = roster_find(roster, user);
        if (found == NULL || !found->present)
            continue;
        result = snapshot_set(client, roster, found, true, status, tell);
        if (result != ALO_OK)
            return result;
        found->finished = true;
    }
    return ALO_OK;
}

enum alo_result
message_snapshot(struct alo_client *client, struct roster *roster, struct wire_value snapshot, bool whole, bool tell)
{
    struct wire_value online, statuses;
    enum alo_result result = ALO_OK;

    if (!wire_member(snapshot, "online", &online) || !wire_is_array(online) || !snapshot_mark(roster, online))
        return bad_server(client);
    if (wire_member(snapshot, "statuses", &statuses))
        result = snapshot_statuses(client, roster, statuses, tell);
    for (struct roster_user *user = roster_next(roster, NULL); user != NULL; user = roster_next(roster, user)) {
        if (result == ALO_OK && !user->finished && (user->present || whole))
            result = snapshot_set(client, roster, user, user->present, NULL, tell);
        user->present = user->finished = false;
    }
    return result;
}

enum alo_result
message_login(struct alo_client *client, struct wire_value login)
{
    struct wire_value value;
    int64_t heartbeat_s;

    read_text(login, "session", client->session_id, sizeof client->session_id);
    client->upkeep.heartbeat_ms = CLIENT_HEARTBEAT_MS;
    if (wire_member(login, "heartbeat", &value) && wire_integer(value, &heartbeat_s) && heartbeat_s >= 1 && heartbeat_s <= 3600)
        client->upkeep.heartbeat_ms = (int)heartbeat_s * 1000;
    return message_snapshot(client, &client->followed, login, true, true);
}
