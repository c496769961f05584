/* SPDX-License-Identifier: MIT
 *
 * See interactive_shell.h. Puts into sentences what the conversation (interactive_talk.h) has to tell.
 */
#include "client/interactive_shell.h"

#include "client/interactive_complete.h"
#include "client/interactive_screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TIME_TEXT = 32, PROMPT_BYTES = ID_TEXT + 32 };

struct shell {
    struct talk talk;
    struct screen *screen;
    char prompt[PROMPT_BYTES];
};

__attribute__((format(printf, 3, 4))) static void
say(struct shell *shell, enum screen_colour colour, const char *format, ...)
{
    char *text = NULL;
    va_list values;

    va_start(values, format);
    int length = vasprintf(&text, format, values);
    va_end(values);
    screen_print(shell->screen, colour, length < 0 ? "(out of memory)" : text);
    if (length >= 0)
        free(text);
}

/* The time of day, and the day when it is not today. */
static void
time_write(int64_t at_ms, char text[static TIME_TEXT])
{
    time_t at = (time_t)(at_ms / 1000), now = time(NULL);
    struct tm then, today;

    localtime_r(&at, &then);
    localtime_r(&now, &today);
    bool same_day = then.tm_year == today.tm_year && then.tm_yday == today.tm_yday;
    strftime(text, TIME_TEXT, same_day ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &then);
}

static void
time_write_now(char text[static TIME_TEXT])
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    time_write((int64_t)now.tv_sec * 1000, text);
}

static const char *
reason_text(enum alo_reason reason)
{
    switch (reason) {
    case ALO_REASON_GOODBYE: return " (said goodbye)";
    case ALO_REASON_CLOSED: return " (connection closed)";
    case ALO_REASON_TIMEOUT: return " (not heard of any more)";
    default: return "";
    }
}

static void
say_presence(void *context, const struct alo_event *event, int64_t at_ms, const struct friend_entry *before)
{
    struct shell *shell = context;
    enum screen_colour colour = event->online ? SCREEN_GOOD : SCREEN_GONE;
    const char *status = event->status, *already = event->snapshot ? " already" : "";
    char at[TIME_TEXT], id[ID_TEXT];

    time_write(at_ms, at);
    if (event->kind == ALO_EVENT_SOMEONE) {
        say(shell, colour, "%s  a friend %s", at, event->online ? "came online" : "went offline");
        return;
    }
    id_write(event->user, id);
    if (!event->online)
        say(shell, colour, "%s  %s is offline%s", at, id, reason_text(event->reason));
    else if (!event->snapshot && before != NULL && before->state == FRIEND_ONLINE && status == NULL && before->status != NULL)
        say(shell, colour, "%s  %s has no status any more", at, id);
    else if (!event->snapshot && before != NULL && before->state == FRIEND_ONLINE && status != NULL)
        say(shell, colour, "%s  %s is \"%s\" now", at, id, status);
    else if (status != NULL)
        say(shell, colour, "%s  %s is online%s: \"%s\"", at, id, already, status);
    else
        say(shell, colour, "%s  %s is online%s", at, id, already);
}

static void
say_error(void *context, const char *code, const char *text)
{
    struct shell *shell = context;

    say(shell, SCREEN_BAD, "The server says: %s%s%s%s", text, code[0] != '\0' ? " (" : "", code, code[0] != '\0' ? ")" : "");
}

static void
say_lost(void *context, const char *code, const char *text, int64_t retry_ms)
{
    struct shell *shell = context;
    char at[TIME_TEXT], word[128] = "";

    time_write_now(at);
    if (code[0] != '\0')
        snprintf(word, sizeof word, " (%.100s)", code);
    if (shell->talk.tries <= 1)
        say(shell, SCREEN_BAD, "%s  The server went away: %s%s. Trying again in %.1f s.", at, text, word, (double)retry_ms / 1000);
    else
        say(shell, SCREEN_FAINT, "%s  Still no server: %s%s. Trying again in %.1f s.", at, text, word, (double)retry_ms / 1000);
}

static void
say_traffic(void *context, bool sent, const char *bytes, size_t length)
{
    struct shell *shell = context;

    say(shell, SCREEN_FAINT, "%s %.*s", sent ? ">" : "<", (int)length, bytes);
}

static void
say_friends(struct shell *shell)
{
    static const char *const states[] = {[FRIEND_UNKNOWN] = "unknown", [FRIEND_OFFLINE] = "offline", [FRIEND_ONLINE] = "online"};
    static const enum screen_colour colours[] = {[FRIEND_UNKNOWN] = SCREEN_FAINT, [FRIEND_OFFLINE] = SCREEN_GONE, [FRIEND_ONLINE] = SCREEN_GOOD};
    const struct friends *friends = &shell->talk.friends;
    size_t shown = 0;

    for (size_t i = 0; i < friends->count; i++) {
        const struct friend_entry *entry = &friends->entries[i];
        const char *status = entry->status;
        char id[ID_TEXT], at[TIME_TEXT] = "", since[TIME_TEXT + 16] = "";

        if (!entry->followed)
            continue;
        shown++;
        id_write(entry->user, id);
        if (entry->since_ms > 0) {
            time_write(entry->since_ms, at);
            snprintf(since, sizeof since, " since%s %s", entry->since_exactly ? "" : " before", at);
        }
        say(shell, colours[entry->state], "%-16s  %s%s%s%s%s%s", id, states[entry->state], since, reason_text(entry->reason),
            status == NULL ? "" : ": \"", status == NULL ? "" : status, status == NULL ? "" : "\"");
    }
    if (shown == 0)
        say(shell, SCREEN_PLAIN, "No friends are followed; follow FRIEND ... begins to.");
}

static void
say_online(struct shell *shell, const struct talk_answer *answer)
{
    char id[ID_TEXT];

    for (size_t i = 0; i < answer->count; i++) {
        const struct alo_presence *presence = &answer->presences[i];

        id_write(answer->users[i], id);
        say(shell, presence->online ? SCREEN_GOOD : SCREEN_GONE, "%-16s  %s%s%s%s", id, presence->online ? "online" : "offline",
            presence->status == NULL ? "" : ": \"", presence->status == NULL ? "" : presence->status, presence->status == NULL ? "" : "\"");
    }
    if (answer->count == 0)
        say(shell, SCREEN_PLAIN, "Nobody to ask about; online ID ... asks about these users.");
}

static void
say_logged_in(struct shell *shell, const struct talk_answer *answer)
{
    const struct friends *friends = &shell->talk.friends;
    size_t followed = 0, online = 0;
    char id[ID_TEXT], at[TIME_TEXT];

    for (size_t i = 0; i < friends->count; i++) {
        followed += friends->entries[i].followed;
        online += friends->entries[i].followed && friends->entries[i].state == FRIEND_ONLINE;
    }
    id_write(shell->talk.user, id);
    time_write_now(at);
    if (shell->talk.options.classic)
        say(shell, SCREEN_PLAIN, "%s  %s %s, with %zu friends.", at, answer->again ? "The server is back; logged in again as" : "Logged in as", id,
            followed);
    else
        say(shell, SCREEN_PLAIN, "%s  %s %s; %zu of %zu friends online.", at,
            answer->again ? "The server is back; logged in again as" : "Logged in as", id, online, followed);
}

static void
say_done(void *context, const struct command *command, const struct talk_answer *answer)
{
    struct shell *shell = context;

    switch (command->kind) {
    case COMMAND_LOGIN: say_logged_in(shell, answer); break;
    case COMMAND_ONLINE: say_online(shell, answer); break;
    case COMMAND_FRIENDS: say_friends(shell); break;
    case COMMAND_PING:
        if (shell->talk.options.classic)
            say(shell, SCREEN_PLAIN, "Sent a sign of life; the classic dialect does not answer it.");
        else
            say(shell, SCREEN_PLAIN, "pong after %.2f ms", answer->milliseconds);
        break;
    case COMMAND_LOGOUT: say(shell, SCREEN_PLAIN, "Logged out."); break;
    default: break;
    }
}

static void
say_failed(void *context, const struct command *command, const char *code, const char *text)
{
    struct shell *shell = context;
    const struct command_row *row = command_row_find(command->kind);

    say(shell, SCREEN_BAD, "%s: %s (%s)", row == NULL ? "error" : row->name, text, code);
}

static void
say_help(struct shell *shell, enum command_kind about)
{
    const struct command_row *row = command_row_find(about);

    if (row != NULL) {
        say(shell, SCREEN_PLAIN, "%s%s%s: %s", row->name, row->arguments[0] != '\0' ? " " : "", row->arguments, row->help);
        if (row->example != NULL)
            say(shell, SCREEN_PLAIN, "for example: %s", row->example);
        return;
    }
    for (int i = 0; i < COMMAND_COUNT; i++) {
        char usage[64];

        row = &command_table[i];
        if (row->kind == COMMAND_WAIT)
            continue;
        snprintf(usage, sizeof usage, "%s %s", row->name, row->arguments);
        say(shell, SCREEN_PLAIN, "%-24s%s", usage, row->help);
    }
    say(shell, SCREEN_PLAIN, "Ids are integers, or strings: alice, \"1\" (in quotes digits are a string). Tab completes, arrow up brings back.");
}

/* Carries out what was typed; false to quit. */
static bool
line_run(struct shell *shell, const char *line)
{
    char problem[COMMAND_PROBLEM];
    struct command command;
    bool more = true;

    if (command_read(line, &command, problem) < 0) {
        say(shell, SCREEN_BAD, "%s", problem);
        return true;
    }
    switch (command.kind) {
    case COMMAND_NONE: break;
    case COMMAND_QUIT: more = false; break;
    case COMMAND_HELP: say_help(shell, command.about); break;
    case COMMAND_WAIT: say(shell, SCREEN_BAD, "wait is for scripts; here events appear by themselves"); break;
    default: talk_run(&shell->talk, &command); break;
    }
    command_done(&command);
    return more;
}

static int
watch(void *context, struct pollfd *wanted)
{
    struct shell *shell = context;

    wanted->fd = talk_descriptor(&shell->talk);
    wanted->events = POLLIN;
    return talk_timeout_ms(&shell->talk);
}

static void
turn(void *context)
{
    struct shell *shell = context;

    talk_turn(&shell->talk);
}

static const char *
prompt(void *context)
{
    struct shell *shell = context;
    char id[ID_TEXT];

    if (shell->talk.state == TALK_OUT)
        return "alo> ";
    id_write(shell->talk.user, id);
    snprintf(shell->prompt, sizeof shell->prompt, "alo %s%s> ", id, shell->talk.state == TALK_RETRY ? " (no server)" : "");
    return shell->prompt;
}

static char **
complete(void *context, const char *line, size_t *start)
{
    struct shell *shell = context;

    return complete_line(&shell->talk.friends, line, start);
}

int
shell_run(const struct talk_options *options, const char *history)
{
    struct shell shell = {.screen = NULL};
    const struct talk_voice voice = {&shell, say_done, say_failed, say_presence, say_error, say_lost, say_traffic};
    const struct screen_hooks hooks = {&shell, watch, turn, prompt, complete};
    const char *line;

    if (!talk_init(&shell.talk, options, &voice) || screen_open(&hooks, history, &shell.screen) < 0) {
        fputs("alo-client: cannot use this terminal, or out of memory\n", stderr);
        talk_done(&shell.talk);
        return EXIT_FAILURE;
    }
    say(&shell, SCREEN_PLAIN, "The server is %s (%s, %s). Say login ID [FRIEND ...] to begin, help for more, quit to end.", options->address,
        options->udp ? "UDP" : "TCP", options->classic ? "classic dialect" : "JSON-RPC");
    while ((line = screen_read(shell.screen)) != NULL)
        if (!line_run(&shell, line))
            break;
    talk_done(&shell.talk);
    screen_close(shell.screen);
    return EXIT_SUCCESS;
}
