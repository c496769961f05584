/* SPDX-License-Identifier: MIT */
#include "client/interactive_complete.h"

#include "client/interactive_command.h"

#include <stdlib.h>
#include <string.h>

struct words {
    char **list; /* always room for NULL at its end */
    size_t count, capacity;
};

/* Takes a word that begins with what was typed; without memory the list has one less. */
static void
words_offer(struct words *words, const char *word, const char *typed)
{
    if (strncmp(word, typed, strlen(typed)) != 0)
        return;
    if (words->count + 1 >= words->capacity) {
        size_t capacity = words->capacity > 0 ? words->capacity * 2 : 16;
        char **list = reallocarray(words->list, capacity, sizeof *list);

        if (list == NULL)
            return;
        words->list = list;
        words->capacity = capacity;
    }
    words->list[words->count] = strdup(word);
    if (words->list[words->count] != NULL)
        words->count++;
    words->list[words->count] = NULL;
}

/* Where the last word begins: behind the last blank or comma that is not in quotes. */
static size_t
word_start(const char *line)
{
    size_t start = 0;
    bool quoted = false;

    for (size_t at = 0; line[at] != '\0'; at++) {
        if (quoted && line[at] == '\\' && line[at + 1] != '\0')
            at++;
        else if (line[at] == '"')
            quoted = !quoted;
        else if (!quoted && strchr(" \t,", line[at]) != NULL)
            start = at + 1;
    }
    return start;
}

static void
commands_offer(struct words *words, const char *typed)
{
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (command_table[i].kind != COMMAND_WAIT)
            words_offer(words, command_table[i].name, typed);
}

static void
ids_offer(struct words *words, const struct friends *friends, bool followed_only, const char *typed)
{
    for (size_t i = 0; i < friends->count; i++) {
        char id[ID_TEXT];

        if (followed_only && !friends->entries[i].followed)
            continue;
        id_write(friends->entries[i].user, id);
        words_offer(words, id, typed);
    }
}

char **
complete_line(const struct friends *friends, const char *line, size_t *start)
{
    size_t begin = strspn(line, " \t"), length = strcspn(line + begin, " \t");
    struct words words = {0};
    enum command_kind kind = COMMAND_NONE;

    *start = word_start(line);
    if (*start <= begin) {
        commands_offer(&words, line + *start);
        return words.list;
    }
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (strlen(command_table[i].name) == length && strncmp(command_table[i].name, line + begin, length) == 0)
            kind = command_table[i].kind;
    switch (kind) {
    case COMMAND_LOGIN:
    case COMMAND_FOLLOW:
    case COMMAND_ONLINE: ids_offer(&words, friends, false, line + *start); break;
    case COMMAND_UNFOLLOW: ids_offer(&words, friends, true, line + *start); break;
    case COMMAND_HELP: commands_offer(&words, line + *start); break;
    case COMMAND_STATUS: words_offer(&words, "none", line + *start); break;
    case COMMAND_RAW:
        words_offer(&words, "off", line + *start);
        words_offer(&words, "on", line + *start);
        break;
    default: break;
    }
    return words.list;
}
