/* SPDX-License-Identifier: MIT
 *
 * See interactive_talk.h. A connection exists only while somebody is logged in, or for the time of a ping: the server ends those that say
 * nothing.
 */
#include "client/interactive_talk.h"

#include "client/interactive_backoff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum {
    CONNECT_TIMEOUT_MS = 3000,
    REQUEST_TIMEOUT_MS = 5000,
    STEADY_MS = 10000, /* a connection that held so long was a good one: the waits between tries begin anew */
    EVENTS_A_TURN = 4096,
};

static int64_t
clock_ms(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const char *
result_code(enum alo_result result)
{
    switch (result) {
    case ALO_OK: return "ok";
    case ALO_TIMEOUT: return "timeout";
    case ALO_LOST: return "lost";
    case ALO_REFUSED: return "refused";
    case ALO_NOT_CONNECTED: return "not_connected";
    case ALO_NOT_LOGGED_IN: return "not_logged_in";
    case ALO_BAD_ARGUMENT: return "bad_argument";
    case ALO_UNSUPPORTED: return "unsupported";
    case ALO_TOO_LARGE: return "too_large";
    case ALO_NO_MEMORY: return "no_memory";
    case ALO_BAD_SERVER: return "bad_server";
    case ALO_BAD_ADDRESS: return "bad_address";
    }
    return "failed";
}

static void
trace(void *context, bool sent, const char *bytes, size_t length)
{
    struct talk *talk = context;

    if (talk->raw)
        talk->voice->traffic(talk->voice->context, sent, bytes, length);
}

/* Ends the connection, if there is one, without a word, and makes ready for another. Without memory the client is NULL, which all calls below expect. */
static void
client_renew(struct talk *talk)
{
    const struct alo_options options = {
        .udp = talk->options.udp,
        .classic = talk->options.classic,
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .request_timeout_ms = REQUEST_TIMEOUT_MS,
        .trace = trace,
        .trace_context = talk,
    };

    alo_close(talk->client);
    talk->client = alo_new(&options);
}

/* Tells the voice how a command ended. */
static bool
command_end(struct talk *talk, const struct command *command, enum alo_result result, const struct talk_answer *answer)
{
    if (result == ALO_OK) {
        talk->voice->done(talk->voice->context, command, answer);
        return true;
    }
    const char *word = result == ALO_REFUSED || result == ALO_LOST ? alo_error_code(talk->client) : "";

    talk->voice->failed(talk->voice->context, command, word[0] != '\0' ? word : result_code(result), alo_error_text(talk->client));
    return false;
}

static bool
command_fail(struct talk *talk, const struct command *command, enum alo_result result, const char *text)
{
    talk->voice->failed(talk->voice->context, command, result_code(result), text);
    return false;
}

/* The server is gone, or does not let us in for the moment. */
static void
retry_plan(struct talk *talk, const char *code, const char *text)
{
    uint32_t chance = 0;
    int64_t wait_ms = -1;

    (void)!getrandom(&chance, sizeof chance, 0); /* without it: no jitter */
    friends_forget_states(&talk->friends);
    talk->lost = true;
    talk->state = TALK_OUT;
    if (talk->options.reconnect) {
        int asked_ms = alo_retry_after_ms(talk->client);

        wait_ms = backoff_ms(talk->tries++, chance) + (asked_ms > 0 ? asked_ms : 0);
        talk->retry_at = clock_ms(CLOCK_MONOTONIC) + wait_ms;
        talk->state = TALK_RETRY;
    }
    talk->voice->lost(talk->voice->context, code, text, wait_ms);
}

static void
event_take(struct talk *talk, const struct alo_event *event)
{
    int64_t now = clock_ms(CLOCK_REALTIME), at = event->at_ms > 0 ? event->at_ms : now;

    switch (event->kind) {
    case ALO_EVENT_PRESENCE: {
        struct friend_entry *entry = friends_find(&talk->friends, event->user);

        talk->events += !event->snapshot;
        talk->voice->presence(talk->voice->context, event, at, entry);
        if (entry != NULL)
            friend_set(entry, event->online ? FRIEND_ONLINE : FRIEND_OFFLINE, at, !event->snapshot, event->status, event->reason);
        break;
    }
    case ALO_EVENT_SOMEONE:
        talk->events++;
        talk->voice->presence(talk->voice->context, event, at, NULL);
        break;
    case ALO_EVENT_ERROR: talk->voice->error(talk->voice->context, alo_error_code(talk->client), alo_error_text(talk->client)); break;
    case ALO_EVENT_LOST:
        if (clock_ms(CLOCK_MONOTONIC) - talk->logged_in_at >= STEADY_MS)
            talk->tries = 0;
        retry_plan(talk, alo_error_code(talk->client), alo_error_text(talk->client));
        break;
    }
}

static void
events_take(struct talk *talk)
{
    struct alo_event event;

    for (int i = 0; i < EVENTS_A_TURN && talk->state == TALK_IN && alo_next_event(talk->client, &event, 0) == ALO_OK; i++)
        event_take(talk, &event);
}

/* Whoever is followed and of whom no snapshot tells is not there. */
static void
friends_presume_offline(struct talk *talk, const struct alo_user *users, size_t count)
{
    int64_t now = clock_ms(CLOCK_REALTIME);

    for (size_t i = 0; i < count && !talk->options.classic; i++) {
        struct friend_entry *entry = friends_find(&talk->friends, users[i]);

        if (entry != NULL && entry->state == FRIEND_UNKNOWN)
            friend_set(entry, FRIEND_OFFLINE, now, false, NULL, ALO_REASON_NONE);
    }
}

/* Connects and logs in as talk->user with the friends that are followed. On failure there is no connection. */
static enum alo_result
login_do(struct talk *talk)
{
    size_t count;
    struct alo_user *users = friends_followed(&talk->friends, &count);
    enum alo_result result = ALO_NO_MEMORY;

    if (users != NULL && talk->client != NULL)
        result = alo_connect(talk->client, talk->options.address);
    if (result == ALO_OK)
        result = alo_login(talk->client, talk->user, users, count, talk->status);
    if (result == ALO_OK) {
        talk->state = TALK_IN;
        talk->lost = false;
        talk->logged_in_at = clock_ms(CLOCK_MONOTONIC);
        friends_presume_offline(talk, users, count);
    }
    free(users);
    return result;
}

static bool
users_follow(struct talk *talk, const struct alo_user *users, size_t count, bool followed)
{
    for (size_t i = 0; i < count; i++) {
        struct friend_entry *entry = friends_add(&talk->friends, users[i]);

        if (entry == NULL)
            return false;
        entry->followed = followed;
        if (!followed)
            friend_set(entry, FRIEND_UNKNOWN, 0, false, NULL, ALO_REASON_NONE);
    }
    return true;
}

/* Nobody is logged in any more. */
static void
leave(struct talk *talk)
{
    if (talk->state == TALK_IN)
        alo_logout(talk->client);
    talk->state = TALK_OUT;
    talk->tries = 0;
    friends_forget_states(&talk->friends);
    client_renew(talk);
}

static bool
run_login(struct talk *talk, const struct command *command)
{
    struct alo_user user;

    leave(talk);
    for (size_t i = 0; i < talk->friends.count; i++)
        talk->friends.entries[i].followed = false;
    if (talk->client == NULL || !users_follow(talk, command->ids.users + 1, command->ids.count - 1, true) || !id_copy(command->ids.users[0], &user))
        return command_fail(talk, command, ALO_NO_MEMORY, "out of memory");
    if (talk->has_user)
        id_free(talk->user);
    talk->user = user;
    talk->has_user = true;

    enum alo_result result = login_do(talk);
    if (result == ALO_OK)
        events_take(talk);
    bool well = command_end(talk, command, result, &(struct talk_answer){.session = result == ALO_OK ? alo_session_id(talk->client) : ""});
    if (!well)
        client_renew(talk);
    return well;
}

static bool
run_follow(struct talk *talk, const struct command *command)
{
    const struct id_list *ids = &command->ids;
    enum alo_result result = alo_follow(talk->client, ids->users, ids->count);

    if (result == ALO_OK) {
        if (!users_follow(talk, ids->users, ids->count, true))
            return command_fail(talk, command, ALO_NO_MEMORY, "out of memory");
        friends_presume_offline(talk, ids->users, ids->count);
    }
    events_take(talk);
    return command_end(talk, command, result, &(struct talk_answer){0});
}

static bool
run_unfollow(struct talk *talk, const struct command *command)
{
    const struct id_list *ids = &command->ids;

    events_take(talk);
    enum alo_result result = alo_unfollow(talk->client, ids->users, ids->count);
    if (result == ALO_OK && !users_follow(talk, ids->users, ids->count, false))
        return command_fail(talk, command, ALO_NO_MEMORY, "out of memory");
    return command_end(talk, command, result, &(struct talk_answer){0});
}

static bool
run_online(struct talk *talk, const struct command *command)
{
    size_t count = command->ids.count;
    struct alo_user *followed = count == 0 ? friends_followed(&talk->friends, &count) : NULL;
    const struct alo_user *users = followed != NULL ? followed : command->ids.users;
    struct alo_presence *presences = calloc(count > 0 ? count : 1, sizeof *presences);
    bool well;

    if (presences == NULL || (users == NULL && count > 0)) {
        well = command_fail(talk, command, ALO_NO_MEMORY, "out of memory");
    } else {
        enum alo_result result = alo_online(talk->client, users, count, presences);
        const struct talk_answer answer = {.users = users, .presences = presences, .count = count};

        well = command_end(talk, command, result, &answer);
    }
    free(followed);
    free(presences);
    return well;
}

static bool
run_status(struct talk *talk, const struct command *command)
{
    enum alo_result result = alo_set_status(talk->client, command->status);

    if (result == ALO_OK) {
        free(talk->status);
        talk->status = command->status == NULL ? NULL : strdup(command->status);
    }
    return command_end(talk, command, result, &(struct talk_answer){0});
}

static bool
run_ping(struct talk *talk, const struct command *command)
{
    struct timespec begin, end;
    enum alo_result result = ALO_OK;
    bool logged_in = talk->state == TALK_IN;

    if (!logged_in)
        result = alo_connect(talk->client, talk->options.address);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    if (result == ALO_OK)
        result = alo_ping(talk->client);
    clock_gettime(CLOCK_MONOTONIC, &end);

    const struct talk_answer answer = {.milliseconds = (double)(end.tv_sec - begin.tv_sec) * 1e3 + (double)(end.tv_nsec - begin.tv_nsec) / 1e6};
    if (logged_in && result == ALO_OK)
        events_take(talk); /* what was told before the answer is told before it here, too */
    bool well = command_end(talk, command, result, &answer);
    if (!logged_in)
        client_renew(talk);
    return well;
}

static bool
run_wait(struct talk *talk, const struct command *command)
{
    int64_t deadline = clock_ms(CLOCK_MONOTONIC) + command->timeout_ms;
    struct alo_event event;

    events_take(talk);
    while (talk->state == TALK_IN && talk->events < command->count) {
        int64_t left = deadline - clock_ms(CLOCK_MONOTONIC);

        if (left <= 0)
            return command_fail(talk, command, ALO_TIMEOUT, "not that many events came in that time");
        if (alo_next_event(talk->client, &event, (int)left) == ALO_OK)
            event_take(talk, &event);
    }
    if (talk->events < command->count)
        return command_fail(talk, command, talk->lost ? ALO_LOST : ALO_NOT_LOGGED_IN, "without a server no more events come");
    talk->events -= command->count;
    return command_end(talk, command, ALO_OK, &(struct talk_answer){0});
}

bool
talk_init(struct talk *talk, const struct talk_options *options, const struct talk_voice *voice)
{
    *talk = (struct talk){.options = *options, .voice = voice};
    client_renew(talk);
    return talk->client != NULL;
}

void
talk_done(struct talk *talk)
{
    if (talk->state == TALK_IN)
        alo_logout(talk->client);
    alo_close(talk->client);
    friends_done(&talk->friends);
    if (talk->has_user)
        id_free(talk->user);
    free(talk->status);
}

bool
talk_run(struct talk *talk, const struct command *command)
{
    bool well = true;

    if (talk->client == NULL)
        client_renew(talk);
    if (talk->client == NULL)
        return command_fail(talk, command, ALO_NO_MEMORY, "out of memory");
    switch (command->kind) {
    case COMMAND_LOGIN: return run_login(talk, command);
    case COMMAND_FRIENDS: break;
    case COMMAND_RAW: talk->raw = command->on; break;
    case COMMAND_WAIT: return run_wait(talk, command);
    case COMMAND_PING: well = run_ping(talk, command); break;
    case COMMAND_LOGOUT:
        if (talk->state == TALK_OUT)
            return command_fail(talk, command, ALO_NOT_LOGGED_IN, "nobody is logged in");
        leave(talk);
        break;
    default:
        if (talk->state != TALK_IN)
            return command_fail(talk, command, ALO_NOT_LOGGED_IN,
                talk->state == TALK_RETRY ? "the server is away just now" : "this needs a login first: login ID [FRIEND ...]");
        switch (command->kind) {
        case COMMAND_FOLLOW: well = run_follow(talk, command); break;
        case COMMAND_UNFOLLOW: well = run_unfollow(talk, command); break;
        case COMMAND_ONLINE: well = run_online(talk, command); break;
        case COMMAND_STATUS: well = run_status(talk, command); break;
        default: break;
        }
        events_take(talk);
        return well;
    }
    if (command->kind != COMMAND_PING)
        return command_end(talk, command, ALO_OK, &(struct talk_answer){0});
    events_take(talk);
    return well;
}

/* The errors of a login that another try may not meet. */
static bool
is_passing(enum alo_result result, const char *code)
{
    if (result == ALO_REFUSED)
        return strcmp(code, "server_full") == 0 || strcmp(code, "shutting_down") == 0;
    return result != ALO_BAD_ARGUMENT && result != ALO_UNSUPPORTED;
}

static void
come_back(struct talk *talk)
{
    static const struct command again = {.kind = COMMAND_LOGIN};

    if (talk->client == NULL)
        client_renew(talk);
    enum alo_result result = login_do(talk);

    if (result == ALO_OK) {
        events_take(talk);
        if (talk->state == TALK_IN)
            talk->voice->done(talk->voice->context, &again, &(struct talk_answer){.session = alo_session_id(talk->client), .again = true});
        return;
    }
    const char *code = talk->client == NULL ? "" : alo_error_code(talk->client);
    const char *text = talk->client == NULL ? "out of memory" : alo_error_text(talk->client);

    if (is_passing(result, code)) {
        retry_plan(talk, code, text);
        client_renew(talk);
    } else {
        talk->state = TALK_OUT;
        command_end(talk, &again, result, NULL);
        client_renew(talk);
    }
}

void
talk_turn(struct talk *talk)
{
    if (talk->state == TALK_RETRY && clock_ms(CLOCK_MONOTONIC) >= talk->retry_at)
        come_back(talk);
    else
        events_take(talk);
}

int
talk_descriptor(const struct talk *talk)
{
    return talk->state == TALK_IN ? alo_fd(talk->client) : -1;
}

int
talk_timeout_ms(const struct talk *talk)
{
    if (talk->state == TALK_RETRY) {
        int64_t left = talk->retry_at - clock_ms(CLOCK_MONOTONIC);

        return left > 0 ? (int)left : 0;
    }
    return talk->state == TALK_IN ? alo_timeout_ms(talk->client) : -1;
}
