/* SPDX-License-Identifier: MIT */
#include "client/interactive_id.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char between[] = " \t\r\n,";

/* Is it a minus, or none, and digits? */
static bool
is_integer(const char *word, size_t length)
{
    size_t at = word[0] == '-';

    return at < length && strspn(word + at, "0123456789") >= length - at;
}

/* Appends a user whose name becomes the list's, also when that fails. */
static bool
list_take(struct id_list *list, struct alo_user user)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity > 0 ? list->capacity * 2 : 8;
        struct alo_user *users = reallocarray(list->users, capacity, sizeof *users);

        if (users == NULL) {
            id_free(user);
            return false;
        }
        list->users = users;
        list->capacity = capacity;
    }
    list->users[list->count++] = user;
    return true;
}

/* The text in quotes that begins at *line; NULL when it does not end. A new one, or NULL without memory (then *line is behind it). */
static char *
quoted_read(const char **line, bool *ended)
{
    const char *at = *line + 1;
    char *text = malloc(strlen(at) + 1);
    size_t length = 0;

    *ended = false;
    for (; text != NULL && *at != '\0' && *at != '"'; at++) {
        if (*at == '\\' && at[1] != '\0')
            at++;
        text[length++] = *at;
    }
    if (text == NULL)
        return NULL;
    text[length] = '\0';
    *ended = *at == '"';
    *line = at + *ended;
    return text;
}

static int
refuse(int error, char problem[static ID_PROBLEM], const char *text)
{
    snprintf(problem, ID_PROBLEM, "%s", text);
    return error;
}

int
id_read(const char **line, struct id_list *list, char problem[static ID_PROBLEM])
{
    struct alo_user user = {0};
    const char *at = *line + strspn(*line, between);
    size_t length = strcspn(at, between);
    char *name;

    if (length == 0) {
        *line = at;
        return 0;
    }
    if (*at == '"') {
        bool ended;

        name = quoted_read(&at, &ended);
        if (name != NULL && (!ended || (*at != '\0' && strchr(between, *at) == NULL))) {
            free(name);
            return refuse(-EINVAL, problem, ended ? "a blank or a comma must stand behind the quotes" : "the quotes are not closed");
        }
    } else if (is_integer(at, length)) {
        errno = 0;
        user.number = strtoll(at, NULL, 10);
        if (errno == ERANGE) {
            snprintf(problem, ID_PROBLEM, "%.40s is beyond 64 bits; in quotes it would be a string id", at);
            return -EINVAL;
        }
        *line = at + length;
        return list_take(list, user) ? 1 : refuse(-ENOMEM, problem, "out of memory");
    } else {
        name = strndup(at, length);
        at += length;
    }
    user.name = name;
    if (name == NULL || !list_take(list, user))
        return refuse(-ENOMEM, problem, "out of memory");
    *line = at;
    return 1;
}

bool
id_list_add(struct id_list *list, struct alo_user user)
{
    struct alo_user copy;

    return id_copy(user, &copy) && list_take(list, copy);
}

void
id_list_done(struct id_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        id_free(list->users[i]);
    free(list->users);
    *list = (struct id_list){0};
}

bool
id_copy(struct alo_user user, struct alo_user *copy)
{
    *copy = user;
    if (user.name == NULL)
        return true;
    copy->name = strdup(user.name);
    return copy->name != NULL;
}

void
id_free(struct alo_user user)
{
    free((char *)(uintptr_t)user.name);
}

int
id_compare(struct alo_user a, struct alo_user b)
{
    if (a.name == NULL && b.name == NULL)
        return (a.number > b.number) - (a.number < b.number);
    if (a.name == NULL || b.name == NULL)
        return a.name == NULL ? -1 : 1;
    return strcmp(a.name, b.name);
}

void
id_write(struct alo_user user, char text[static ID_TEXT])
{
    size_t length = 0;

    if (user.name == NULL) {
        snprintf(text, ID_TEXT, "%" PRId64, user.number);
        return;
    }
    size_t size = strlen(user.name);
    if (size > 0 && strpbrk(user.name, " \t\r\n,\"\\#") == NULL && !is_integer(user.name, size)) {
        snprintf(text, ID_TEXT, "%s", user.name);
        return;
    }
    text[length++] = '"';
    for (const char *at = user.name; *at != '\0' && length + 4 < ID_TEXT; at++) {
        if (*at == '"' || *at == '\\')
            text[length++] = '\\';
        text[length++] = *at;
    }
    text[length++] = '"';
    text[length] = '\0';
}
