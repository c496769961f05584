/* SPDX-License-Identifier: MIT
 *
 * What a program may ask for. Everything that a call needs memory for is prepared before anything is sent: users that are added are staged in the
 * roster, and become followed when the server agreed. So a failure changes nothing, and an answer that came can always be taken in.
 */
#include "client/client_internal.h"

#include "client/compose.h"

#include <stdio.h>
#include <string.h>

/* ---- Arguments ---- */

static bool
is_valid_user(struct alo_user user)
{
    size_t length = user.name != NULL ? strnlen(user.name, CLIENT_NAME_MAX + 1) : 1;

    return length >= 1 && length <= CLIENT_NAME_MAX && (user.name == NULL || wire_is_utf8(user.name, length));
}

static enum alo_result
check_users(struct alo_client *client, const struct alo_user *users, size_t count)
{
    if (users == NULL && count > 0)
        return connection_fail(client, ALO_BAD_ARGUMENT, NULL);
    for (size_t i = 0; i < count; i++) {
        if (!is_valid_user(users[i]))
            return connection_fail(client, ALO_BAD_ARGUMENT, "a string id has 1 to 128 bytes of UTF-8");
        if (client->options.classic && users[i].name != NULL)
            return connection_fail(client, ALO_UNSUPPORTED, "the classic dialect has integer ids only");
    }
    return ALO_OK;
}

static enum alo_result
check_status(struct alo_client *client, const char *status)
{
    size_t length = status != NULL ? strnlen(status, CLIENT_STATUS_MAX + 1) : 0;

    if (length > CLIENT_STATUS_MAX || (status != NULL && !wire_is_utf8(status, length)))
        return connection_fail(client, ALO_BAD_ARGUMENT, "a status has up to 256 bytes of UTF-8");
    if (status != NULL && client->options.classic)
        return connection_fail(client, ALO_UNSUPPORTED, "the classic dialect has no statuses");
    return ALO_OK;
}

/* A copy: a status that an event told may be given here, and news that comes during the call would end it. */
static const char *
keep_text(const char *text, char room[static CLIENT_STATUS_MAX + 1])
{
    return text != NULL ? memcpy(room, text, strlen(text) + 1) : NULL;
}

/* Each call begins with it. */
static enum alo_result
check_client(struct alo_client *client, bool needs_login)
{
    if (client == NULL)
        return ALO_BAD_ARGUMENT;
    connection_begin(client);
    if (client->socket < 0)
        return connection_fail(client, ALO_NOT_CONNECTED, NULL);
    if (needs_login && !client->logged_in)
        return connection_fail(client, ALO_NOT_LOGGED_IN, NULL);
    return ALO_OK;
}

/* ---- The roster, while a call is made ---- */

static void
unstage(struct alo_client *client, bool agreed)
{
    struct roster *roster = &client->followed;

    for (struct roster_user *user = roster_next(roster, NULL), *next; user != NULL; user = next) {
        next = roster_next(roster, user);
        user->wanted = false;
        if (user->staged && !agreed)
            roster_remove(roster, user);
        else
            user->staged = false;
    }
}

/* Marks these users as wanted, adding those who are not there. Nothing stays changed on failure. */
static enum alo_result
stage(struct alo_client *client, const struct alo_user *users, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool added;
        struct roster_user *user = roster_add(&client->followed, users[i], &added);

        if (user == NULL) {
            unstage(client, false);
            return connection_fail(client, ALO_NO_MEMORY, NULL);
        }
        user->wanted = true;
        user->staged |= added;
    }
    return ALO_OK;
}

/* Those who are not wanted leave. */
static void
keep_wanted(struct alo_client *client)
{
    for (struct roster_user *user = roster_next(&client->followed, NULL), *next; user != NULL; user = next) {
        next = roster_next(&client->followed, user);
        if (!user->wanted)
            roster_remove(&client->followed, user);
    }
}

/* What is in the answer could not be taken in: what is known would be wrong from here on. */
static enum alo_result
take_in(struct alo_client *client, enum alo_result result)
{
    return result == ALO_OK ? ALO_OK : connection_lose(client, result);
}

/* A refusal by a server that forgot this session: it is logged in to again from alo_next_event. */
static enum alo_result
refused(struct alo_client *client, enum alo_result result)
{
    if (result == ALO_REFUSED && client->options.udp && strcmp(client->error_code, "not_logged_in") == 0) {
        client->upkeep.stale = true;
        client->upkeep.fresh_ms = 0;
    }
    return result;
}

/* ---- Login ---- */

struct login {
    const char *status;
};

static void
compose_wanted(struct alo_client *client, uint64_t id, const void *context)
{
    const struct login *login = context;
    const struct compose_users wanted = {.roster = &client->followed, .which = COMPOSE_WANTED};

    compose_login(client, id, &wanted, login->status);
}

static void
set_user(struct alo_client *client, struct alo_user user)
{
    client->user = user;
    if (user.name == NULL)
        return;
    if (user.name != client->user_name)
        memcpy(client->user_name, user.name, strlen(user.name) + 1);
    client->user.name = client->user_name;
}

static void
set_status(struct alo_client *client, const char *status)
{
    client->has_status = status != NULL;
    if (status != NULL)
        memcpy(client->status, status, strlen(status) + 1);
}

/* Sends a hello with the wanted users; what the classic dialect has for login, follow and unfollow. */
static enum alo_result
send_hello(struct alo_client *client)
{
    const struct login login = {NULL};

    compose_wanted(client, 0, &login);
    return link_send(client);
}

static enum alo_result
login_wanted(struct alo_client *client, const char *status)
{
    const struct login login = {status};
    struct wire_value answer;
    enum alo_result result;

    if (client->options.classic) {
        result = send_hello(client);
        if (result == ALO_OK)
            keep_wanted(client);
        return result;
    }
    upkeep_supersede(client);
    result = call_for_snapshot(client, compose_wanted, &login, &answer, NULL);
    if (result != ALO_OK)
        return result;
    keep_wanted(client);
    return take_in(client, message_login(client, answer));
}

enum alo_result
alo_login(struct alo_client *client, struct alo_user user, const struct alo_user *friends, size_t friend_count, const char *status)
{
    enum alo_result result = check_client(client, false);
    char name_before[CLIENT_NAME_MAX + 1], status_room[CLIENT_STATUS_MAX + 1];
    struct alo_user before;

    if (result == ALO_OK)
        result = check_users(client, &user, 1);
    if (result == ALO_OK)
        result = check_users(client, friends, friend_count);
    if (result == ALO_OK)
        result = check_status(client, status);
    if (result == ALO_OK)
        result = stage(client, friends, friend_count);
    if (result != ALO_OK)
        return result;

    before = client->user;
    memcpy(name_before, client->user_name, sizeof name_before);
    set_user(client, user);
    status = keep_text(status, status_room);
    result = login_wanted(client, status);
    unstage(client, result == ALO_OK);
    if (result != ALO_OK) {
        memcpy(client->user_name, name_before, sizeof name_before);
        client->user = before;
        return result;
    }
    set_status(client, status);
    client->logged_in = true;
    upkeep_begin(client);
    return ALO_OK;
}

/* ---- Following ---- */

struct users {
    const char *method, *name;
    struct compose_users users;
};

static void
compose_list(struct alo_client *client, uint64_t id, const void *context)
{
    const struct users *users = context;

    compose_users(client, id, users->method, users->name, &users->users);
}

/* By UDP everybody must fit into the login that asks afresh. */
static enum alo_result
check_fits(struct alo_client *client)
{
    const struct compose_users all = {.roster = &client->followed, .which = COMPOSE_ALL};

    if (!client->options.udp)
        return ALO_OK;
    compose_login(client, UINT64_MAX, &all, client->has_status ? client->status : NULL);
    return client->output.length > CLIENT_DATAGRAM_MAX ? connection_fail(client, ALO_TOO_LARGE, NULL) : ALO_OK;
}

static enum alo_result
follow_staged(struct alo_client *client, const struct alo_user *friends, size_t count)
{
    const struct users follow = {"follow", "friends", {.list = friends, .count = count}};
    struct wire_value answer;
    bool repeated = false;
    enum alo_result result;

    if (client->options.classic) {
        for (struct roster_user *user = roster_next(&client->followed, NULL); user != NULL; user = roster_next(&client->followed, user))
            user->wanted = true;
        return send_hello(client);
    }
    result = check_fits(client);
    if (result != ALO_OK)
        return result;
    upkeep_supersede(client);
    result = refused(client, call_for_snapshot(client, compose_list, &follow, &answer, &repeated));
    if (result != ALO_OK)
        return result;
    /* The second time that it is asked for, the server begins to follow nobody, and its snapshot is empty. */
    client->upkeep.stale |= repeated;
    return take_in(client, message_snapshot(client, &client->followed, answer, false, true));
}

enum alo_result
alo_follow(struct alo_client *client, const struct alo_user *friends, size_t friend_count)
{
    enum alo_result result = check_client(client, true);

    if (result == ALO_OK)
        result = check_users(client, friends, friend_count);
    if (result == ALO_OK)
        result = stage(client, friends, friend_count);
    if (result != ALO_OK)
        return result;
    result = follow_staged(client, friends, friend_count);
    unstage(client, result == ALO_OK);
    return result;
}

static enum alo_result
unfollow_agreed(struct alo_client *client, const struct alo_user *friends, size_t count)
{
    uint64_t id = client->next_id++;
    const struct compose_users users = {.list = friends, .count = count};
    struct wire_value answer;

    if (client->options.classic)
        return send_hello(client);
    upkeep_supersede(client);
    compose_users(client, id, "unfollow", "friends", &users);
    return refused(client, call_server(client, id, &answer, NULL));
}

enum alo_result
alo_unfollow(struct alo_client *client, const struct alo_user *friends, size_t friend_count)
{
    enum alo_result result = check_client(client, true);

    if (result == ALO_OK)
        result = check_users(client, friends, friend_count);
    if (result != ALO_OK)
        return result;
    for (struct roster_user *user = roster_next(&client->followed, NULL); user != NULL; user = roster_next(&client->followed, user))
        user->wanted = true;
    for (size_t i = 0; i < friend_count; i++) {
        struct roster_user *user = roster_find(&client->followed, friends[i]);

        if (user != NULL)
            user->wanted = false;
    }
    result = unfollow_agreed(client, friends, friend_count);
    if (result == ALO_OK)
        keep_wanted(client);
    unstage(client, false);
    return result;
}

/* ---- The rest ---- */

static enum alo_result
ask(struct alo_client *client, const struct alo_user *users, size_t count)
{
    const struct users question = {"online", "users", {.list = users, .count = count}};
    struct wire_value answer;
    enum alo_result result;

    roster_clear(&client->asked);
    for (size_t i = 0; i < count; i++) {
        bool added;

        if (roster_add(&client->asked, users[i], &added) == NULL)
            return connection_fail(client, ALO_NO_MEMORY, NULL);
    }
    result = refused(client, call_for_snapshot(client, compose_list, &question, &answer, NULL));
    return result != ALO_OK ? result : take_in(client, message_snapshot(client, &client->asked, answer, true, false));
}

enum alo_result
alo_online(struct alo_client *client, const struct alo_user *users, size_t user_count, struct alo_presence *presences)
{
    enum alo_result result = check_client(client, true);

    if (result == ALO_OK && client->options.classic)
        result = connection_fail(client, ALO_UNSUPPORTED, NULL);
    if (result == ALO_OK)
        result = check_users(client, users, user_count);
    if (result == ALO_OK && presences == NULL && user_count > 0)
        result = connection_fail(client, ALO_BAD_ARGUMENT, NULL);
    if (result == ALO_OK)
        result = ask(client, users, user_count);
    if (result != ALO_OK)
        return result;
    for (size_t i = 0; i < user_count && presences != NULL; i++) {
        const struct roster_user *user = roster_find(&client->asked, users[i]);

        presences[i] = (struct alo_presence){.online = user->online, .status = user->status};
    }
    return ALO_OK;
}

enum alo_result
alo_set_status(struct alo_client *client, const char *status)
{
    enum alo_result result = check_client(client, true);
    char room[CLIENT_STATUS_MAX + 1];
    struct wire_value answer;
    uint64_t id;

    if (result == ALO_OK && client->options.classic)
        result = connection_fail(client, ALO_UNSUPPORTED, NULL);
    if (result == ALO_OK)
        result = check_status(client, status);
    if (result != ALO_OK)
        return result;
    status = keep_text(status, room);
    upkeep_supersede(client);
    id = client->next_id++;
    compose_status(client, id, status);
    result = refused(client, call_server(client, id, &answer, NULL));
    if (result == ALO_OK)
        set_status(client, status);
    return result;
}

enum alo_result
alo_ping(struct alo_client *client)
{
    enum alo_result result = check_client(client, client != NULL && client->options.classic);
    struct wire_value answer;
    uint64_t id;

    if (result != ALO_OK)
        return result;
    if (client->options.classic) {
        compose_beat(client);
        return link_send(client);
    }
    id = client->next_id++;
    compose_plain(client, id, "ping");
    return call_server(client, id, &answer, NULL);
}

/* A stream that is closed with something unread in it is reset, and the goodbye that is on its way may be lost by that; so it is read to its end. */
static void
read_to_end(struct alo_client *client)
{
    uint64_t deadline = link_now_ms() + (uint64_t)client->options.request_timeout_ms;
    const char *line;
    size_t length;

    while (!client->options.udp && !client->at_end && link_now_ms() < deadline) {
        while (link_line(client, &line, &length))
            ;
        if (link_receive(client, deadline) != ALO_OK)
            return;
    }
}

enum alo_result
alo_logout(struct alo_client *client)
{
    enum alo_result result = check_client(client, true);
    struct wire_value answer;

    if (result != ALO_OK)
        return result;
    if (client->options.classic) {
        compose_goodbye(client);
        result = link_send(client);
    } else {
        uint64_t id = client->next_id++;
        bool repeated = false;

        upkeep_supersede(client);
        compose_plain(client, id, "logout");
        result = call_server(client, id, &answer, &repeated);
        if (result == ALO_REFUSED && repeated)
            result = ALO_OK; /* the first was carried out, and its answer was lost */
    }
    if (result != ALO_OK)
        return result;
    read_to_end(client);
    connection_forget(client);
    return ALO_OK;
}
