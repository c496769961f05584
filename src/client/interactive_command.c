/* SPDX-License-Identifier: MIT */
#include "client/interactive_command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char blanks[] = " \t\r\n";

const struct command_row command_table[COMMAND_COUNT] = {
    {COMMAND_LOGIN, "login", "ID [FRIEND ...]", "log in as this user and follow these friends", "login 1 2 3 carol \"4\""},
    {COMMAND_FOLLOW, "follow", "FRIEND ...", "follow more friends", "follow 5 dave"},
    {COMMAND_UNFOLLOW, "unfollow", "FRIEND ...", "follow them no more", "unfollow 5"},
    {COMMAND_ONLINE, "online", "[ID ...]", "ask the server who of these is online; without ids, who of the friends is", "online 2 3"},
    {COMMAND_FRIENDS, "friends", "", "list the friends, their state and since when", NULL},
    {COMMAND_STATUS, "status", "TEXT | none", "set the status that friends are told, or take it away", "status out for lunch"},
    {COMMAND_PING, "ping", "", "ask whether the server is there", NULL},
    {COMMAND_RAW, "raw", "on | off", "show what is sent and received, or do not", NULL},
    {COMMAND_WAIT, "wait", "COUNT [MS]",
        "wait until that many events came that no earlier wait has counted, 10000 milliseconds at most unless told otherwise; for scripts",
        "wait 1 5000"},
    {COMMAND_LOGOUT, "logout", "", "say goodbye to the server", NULL},
    {COMMAND_HELP, "help", "[COMMAND]", "explain the commands", NULL},
    {COMMAND_QUIT, "quit", "", "log out and end the program (Ctrl-D does, too)", NULL},
};

const struct command_row *
command_row_find(enum command_kind kind)
{
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (command_table[i].kind == kind)
            return &command_table[i];
    return NULL;
}

static const struct command_row *
row_of_word(const char *word, size_t length)
{
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (strlen(command_table[i].name) == length && strncmp(command_table[i].name, word, length) == 0)
            return &command_table[i];
    return NULL;
}

/* Is this the last word of the line? */
static bool
is_at_end(const char *line)
{
    return line[strspn(line, blanks)] == '\0';
}

/* The word that comes next; its length is 0 at the end. */
static const char *
word_next(const char **line, size_t *length)
{
    const char *word = *line + strspn(*line, blanks);

    *length = strcspn(word, blanks);
    *line = word + *length;
    return word;
}

static bool
word_is(const char *word, size_t length, const char *text)
{
    return strlen(text) == length && strncmp(word, text, length) == 0;
}

/* A whole number from 1 to the most that fits, behind which nothing stands but blanks. */
static bool
number_read(const char *word, size_t length, uint32_t *number)
{
    unsigned long long value;

    if (length == 0 || length > 9 || strspn(word, "0123456789") < length)
        return false;
    value = strtoull(word, NULL, 10);
    *number = (uint32_t)value;
    return value > 0;
}

static int
usage(const struct command_row *row, char problem[static COMMAND_PROBLEM])
{
    snprintf(problem, COMMAND_PROBLEM, "how to use it: %s%s%s", row->name, row->arguments[0] != '\0' ? " " : "", row->arguments);
    return -EINVAL;
}

static int
ids_read(const struct command_row *row, const char *line, size_t least, struct command *command, char problem[static COMMAND_PROBLEM])
{
    char why[ID_PROBLEM];
    int got;

    while ((got = id_read(&line, &command->ids, why)) > 0)
        ;
    if (got < 0) {
        snprintf(problem, COMMAND_PROBLEM, "%s", why);
        return got;
    }
    return command->ids.count < least ? usage(row, problem) : 0;
}

/* The rest of the line; in quotes when it is to have blanks at its ends, or to be the word none. */
static int
status_read(const struct command_row *row, const char *line, struct command *command, char problem[static COMMAND_PROBLEM])
{
    const char *text = line + strspn(line, blanks);
    size_t length = strlen(text);

    while (length > 0 && strchr(blanks, text[length - 1]) != NULL)
        length--;
    if (length == 0)
        return usage(row, problem);
    if (word_is(text, length, "none"))
        return 0;
    if (length >= 2 && text[0] == '"' && text[length - 1] == '"') {
        text++;
        length -= 2;
    }
    command->status = strndup(text, length);
    if (command->status == NULL) {
        snprintf(problem, COMMAND_PROBLEM, "out of memory");
        return -ENOMEM;
    }
    return 0;
}

static int
raw_read(const struct command_row *row, const char *line, struct command *command, char problem[static COMMAND_PROBLEM])
{
    size_t length;
    const char *word = word_next(&line, &length);

    command->on = word_is(word, length, "on");
    if (!is_at_end(line) || (!command->on && !word_is(word, length, "off")))
        return usage(row, problem);
    return 0;
}

static int
wait_read(const struct command_row *row, const char *line, struct command *command, char problem[static COMMAND_PROBLEM])
{
    size_t length;
    const char *word = word_next(&line, &length);

    command->timeout_ms = COMMAND_WAIT_MS;
    if (!number_read(word, length, &command->count))
        return usage(row, problem);
    word = word_next(&line, &length);
    if (!is_at_end(line) || (length > 0 && !number_read(word, length, &command->timeout_ms)))
        return usage(row, problem);
    return 0;
}

static int
help_read(const char *line, struct command *command, char problem[static COMMAND_PROBLEM])
{
    size_t length;
    const char *word = word_next(&line, &length);
    const struct command_row *about = row_of_word(word, length);

    if (length == 0)
        return 0;
    if (about == NULL || !is_at_end(line)) {
        snprintf(problem, COMMAND_PROBLEM, "'%.*s' is not a command; help alone lists them all", length > 40 ? 40 : (int)length, word);
        return -EINVAL;
    }
    command->about = about->kind;
    return 0;
}

static int
arguments_read(const struct command_row *row, const char *line, struct command *command, char problem[static COMMAND_PROBLEM])
{
    switch (row->kind) {
    case COMMAND_LOGIN:
    case COMMAND_FOLLOW:
    case COMMAND_UNFOLLOW: return ids_read(row, line, 1, command, problem);
    case COMMAND_ONLINE: return ids_read(row, line, 0, command, problem);
    case COMMAND_STATUS: return status_read(row, line, command, problem);
    case COMMAND_RAW: return raw_read(row, line, command, problem);
    case COMMAND_WAIT: return wait_read(row, line, command, problem);
    case COMMAND_HELP: return help_read(line, command, problem);
    default: return is_at_end(line) ? 0 : usage(row, problem);
    }
}

int
command_read(const char *line, struct command *command, char problem[static COMMAND_PROBLEM])
{
    struct command read = {.kind = COMMAND_NONE};
    size_t length;
    const char *word = word_next(&line, &length);

    if (length == 0 || word[0] == '#') {
        *command = read;
        return 0;
    }
    const struct command_row *row = row_of_word(word, length);
    if (row == NULL) {
        snprintf(problem, COMMAND_PROBLEM, "'%.*s' is not a command; help lists them", length > 40 ? 40 : (int)length, word);
        return -EINVAL;
    }
    read.kind = row->kind;
    int error = arguments_read(row, line, &read, problem);
    if (error < 0) {
        command_done(&read);
        return error;
    }
    *command = read;
    return 0;
}

void
command_done(struct command *command)
{
    id_list_done(&command->ids);
    free(command->status);
    command->status = NULL;
}
