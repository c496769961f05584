/* SPDX-License-Identifier: MIT
 *
 * See interactive_script.h. A result comes after all events that the server told before it, so a program that asks something (ping) and waits for the
 * result has seen them.
 */
#include "client/interactive_script.h"

#include "client/interactive_json.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct script {
    struct talk talk;
    bool failed;   /* a command */
    bool finished; /* quit, or the server went away */
    char *bytes;   /* of standard input: of commands not carried out yet, with room for COMMAND_LINE_MAX */
    size_t length;
    bool at_end;
};

/* Ends a line of output, which begins anywhere below, and lets the reader have it. */
static void
line_end(void)
{
    fputs("}\n", stdout);
    fflush(stdout);
}

static void
result_begin(const struct command *command, bool well)
{
    const struct command_row *row = command_row_find(command->kind);

    fputs("{\"command\":", stdout);
    json_write_text(stdout, row == NULL ? NULL : row->name);
    fprintf(stdout, ",\"ok\":%s", well ? "true" : "false");
}

static void
write_online(const struct talk_answer *answer)
{
    const char *between = "";

    fputs(",\"online\":[", stdout);
    for (size_t i = 0; i < answer->count; i++) {
        if (!answer->presences[i].online)
            continue;
        fputs(between, stdout);
        json_write_user(stdout, answer->users[i]);
        between = ",";
    }
    fputs("],\"statuses\":[", stdout);
    between = "";
    for (size_t i = 0; i < answer->count; i++) {
        if (answer->presences[i].status == NULL)
            continue;
        fprintf(stdout, "%s{\"user_id\":", between);
        json_write_user(stdout, answer->users[i]);
        fputs(",\"status\":", stdout);
        json_write_text(stdout, answer->presences[i].status);
        fputc('}', stdout);
        between = ",";
    }
    fputc(']', stdout);
}

static void
write_friends(const struct friends *friends)
{
    const char *between = "";

    fputs(",\"friends\":[", stdout);
    for (size_t i = 0; i < friends->count; i++) {
        const struct friend_entry *entry = &friends->entries[i];

        if (!entry->followed)
            continue;
        fprintf(stdout, "%s{\"user_id\":", between);
        json_write_user(stdout, entry->user);
        fprintf(stdout, ",\"online\":%s", entry->state == FRIEND_UNKNOWN ? "null" : entry->state == FRIEND_ONLINE ? "true" : "false");
        if (entry->since_ms > 0)
            fprintf(stdout, ",\"since\":%lld,\"exactly\":%s", (long long)entry->since_ms, entry->since_exactly ? "true" : "false");
        if (entry->status != NULL) {
            fputs(",\"status\":", stdout);
            json_write_text(stdout, entry->status);
        }
        fputc('}', stdout);
        between = ",";
    }
    fputc(']', stdout);
}

static void
write_done(void *context, const struct command *command, const struct talk_answer *answer)
{
    struct script *script = context;

    result_begin(command, true);
    switch (command->kind) {
    case COMMAND_LOGIN:
        if (answer->session[0] != '\0') {
            fputs(",\"session\":", stdout);
            json_write_text(stdout, answer->session);
        }
        break;
    case COMMAND_ONLINE: write_online(answer); break;
    case COMMAND_FRIENDS: write_friends(&script->talk.friends); break;
    case COMMAND_PING: fprintf(stdout, ",\"milliseconds\":%.3f", answer->milliseconds); break;
    default: break;
    }
    line_end();
}

static void
write_failed(void *context, const struct command *command, const char *code, const char *text)
{
    struct script *script = context;

    script->failed = true;
    result_begin(command, false);
    fputs(",\"code\":", stdout);
    json_write_text(stdout, code);
    fputs(",\"message\":", stdout);
    json_write_text(stdout, text);
    line_end();
}

static void
write_presence(void *context, const struct alo_event *event, int64_t at_ms, const struct friend_entry *before)
{
    static const char *const reasons[] = {
        [ALO_REASON_NONE] = NULL, [ALO_REASON_GOODBYE] = "goodbye", [ALO_REASON_CLOSED] = "closed", [ALO_REASON_TIMEOUT] = "timeout"};

    (void)context;
    (void)before;
    fputs("{\"event\":\"presence\"", stdout);
    if (event->kind == ALO_EVENT_PRESENCE) {
        fputs(",\"user_id\":", stdout);
        json_write_user(stdout, event->user);
    }
    fprintf(
        stdout, ",\"online\":%s,\"snapshot\":%s,\"at\":%lld", event->online ? "true" : "false", event->snapshot ? "true" : "false", (long long)at_ms);
    if (event->kind == ALO_EVENT_PRESENCE && event->status != NULL) {
        fputs(",\"status\":", stdout);
        json_write_text(stdout, event->status);
    }
    if (event->kind == ALO_EVENT_PRESENCE && !event->online && event->reason != ALO_REASON_NONE)
        fprintf(stdout, ",\"reason\":\"%s\"", reasons[event->reason]);
    line_end();
}

static void
write_trouble(const char *event, const char *code, const char *text)
{
    fprintf(stdout, "{\"event\":\"%s\",\"code\":", event);
    json_write_text(stdout, code);
    fputs(",\"message\":", stdout);
    json_write_text(stdout, text);
    line_end();
}

static void
write_error(void *context, const char *code, const char *text)
{
    struct script *script = context;

    script->failed = true;
    write_trouble("error", code, text);
}

static void
write_lost(void *context, const char *code, const char *text, int64_t retry_ms)
{
    struct script *script = context;

    (void)retry_ms;
    script->failed = script->finished = true;
    write_trouble("lost", code, text);
}

static void
write_traffic(void *context, bool sent, const char *bytes, size_t length)
{
    (void)context;
    fprintf(stdout, "{\"event\":\"%s\",\"text\":", sent ? "sent" : "received");
    json_write_bytes(stdout, bytes, length);
    line_end();
}

static void
write_help(const struct command *command)
{
    const char *between = "";

    result_begin(command, true);
    fputs(",\"commands\":[", stdout);
    for (int i = 0; i < COMMAND_COUNT; i++) {
        const struct command_row *row = &command_table[i];

        if (command->about != COMMAND_NONE && command->about != row->kind)
            continue;
        fprintf(stdout, "%s{\"name\":\"%s\",\"arguments\":\"%s\",\"help\":", between, row->name, row->arguments);
        json_write_text(stdout, row->help);
        fputc('}', stdout);
        between = ",";
    }
    fputc(']', stdout);
    line_end();
}

static void
line_run(struct script *script, const char *line)
{
    char problem[COMMAND_PROBLEM];
    struct command command;

    if (command_read(line, &command, problem) < 0) {
        write_failed(script, &(struct command){.kind = COMMAND_NONE}, "bad_command", problem);
        return;
    }
    switch (command.kind) {
    case COMMAND_NONE: break;
    case COMMAND_QUIT: script->finished = true; break;
    case COMMAND_HELP: write_help(&command); break;
    default: talk_run(&script->talk, &command); break;
    }
    command_done(&command);
}

/* Carries out the commands that are there, in order. What stands before the end of input is one, too, when it has no line end. */
static void
lines_run(struct script *script)
{
    size_t at = 0;

    while (!script->finished) {
        char *end = memchr(script->bytes + at, '\n', script->length - at);

        if (end == NULL && script->length - at == COMMAND_LINE_MAX) {
            write_failed(script, &(struct command){.kind = COMMAND_NONE}, "too_large", "the line is too long");
            script->finished = true;
            break;
        }
        if (end == NULL && (!script->at_end || at == script->length))
            break;
        size_t line = at;
        at = end == NULL ? script->length : (size_t)(end - script->bytes) + 1;
        script->bytes[end == NULL ? script->length : (size_t)(end - script->bytes)] = '\0';
        line_run(script, script->bytes + line);
    }
    memmove(script->bytes, script->bytes + at, script->length - at);
    script->length -= at;
}

static void
input_read(struct script *script)
{
    ssize_t got = read(STDIN_FILENO, script->bytes + script->length, COMMAND_LINE_MAX - script->length);

    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (got <= 0)
        script->at_end = true;
    else
        script->length += (size_t)got;
    lines_run(script);
}

static void
script_loop(struct script *script)
{
    while (!script->finished && !script->at_end) {
        struct pollfd wanted[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = talk_descriptor(&script->talk), .events = POLLIN}};

        if (poll(wanted, 2, talk_timeout_ms(&script->talk)) < 0 && errno != EINTR)
            break;
        /* Events first: who reads the result of a command finds what came before it already told. */
        talk_turn(&script->talk);
        if (wanted[0].revents != 0 && !script->finished)
            input_read(script);
    }
}

int
script_run(const struct talk_options *options)
{
    struct script script = {.bytes = malloc(COMMAND_LINE_MAX + 1)};
    const struct talk_voice voice = {&script, write_done, write_failed, write_presence, write_error, write_lost, write_traffic};
    struct talk_options once = *options;

    once.reconnect = false; /* a script is to know */
    if (script.bytes == NULL || !talk_init(&script.talk, &once, &voice)) {
        fputs("alo-client: out of memory\n", stderr);
        free(script.bytes);
        return EXIT_FAILURE;
    }
    script_loop(&script);
    talk_done(&script.talk);
    free(script.bytes);
    if (fflush(stdout) != 0 || ferror(stdout) != 0)
        return EXIT_FAILURE;
    return script.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
