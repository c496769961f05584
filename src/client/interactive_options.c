/* SPDX-License-Identifier: MIT */
#include "client/interactive_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIELD(name) offsetof(struct client_options, name)

const struct client_option_row client_option_table[CLIENT_OPTION_COUNT] = {
    {"port", 'p', CLIENT_PORT, "SERVER_PORT", "8080", FIELD(port), "port of the server, for an address that names none"},
    {"udp", 'u', CLIENT_FLAG, NULL, NULL, FIELD(udp), "talk by UDP instead of TCP"},
    {"classic", 'c', CLIENT_FLAG, NULL, NULL, FIELD(classic), "speak the classic dialect instead of JSON-RPC"},
    {"script", 's', CLIENT_FLAG, NULL, NULL, FIELD(script),
        "read commands from standard input and print JSON lines; so it is anyway when standard input is no terminal"},
    {"history", 0, CLIENT_FILE, "ALO_HISTORY", "~/.alo_history", FIELD(history), "file that keeps what was typed; none: it is forgotten at the end"},
};

static bool
is_port(const char *text)
{
    size_t length = strlen(text);
    long port = length <= 5 && strspn(text, "0123456789") == length ? strtol(text, NULL, 10) : 0;

    return port >= 1 && port <= 65535;
}

/* Stores a value that was written behind `source`. */
static int
option_store(
    const struct client_option_row *row, const char *source, const char *value, struct client_options *options, char problem[static CLIENT_PROBLEM])
{
    char *field = (char *)options + row->offset;

    switch (row->kind) {
    case CLIENT_FLAG: *(bool *)(void *)field = true; break;
    case CLIENT_PORT:
        if (!is_port(value)) {
            snprintf(problem, CLIENT_PROBLEM, "%s: '%.60s' is not allowed; allowed is a number from 1 to 65535", source, value);
            return -EINVAL;
        }
        snprintf(field, sizeof options->port, "%s", value);
        break;
    case CLIENT_FILE:
        if (strlen(value) >= CLIENT_PATH) {
            snprintf(problem, CLIENT_PROBLEM, "%s: the path is too long", source);
            return -EINVAL;
        }
        snprintf(field, CLIENT_PATH, "%s", strcmp(value, "none") == 0 ? "" : value);
        break;
    }
    return 0;
}

/* A default that begins with ~ needs a home; without one there is none. */
static void
history_default(struct client_options *options)
{
    const char *home = getenv("HOME");
    int length = 0;

    if (home != NULL && home[0] == '/')
        length = snprintf(options->history, CLIENT_PATH, "%s/.alo_history", home);
    if (length >= CLIENT_PATH)
        options->history[0] = '\0';
}

static int
environment_read(struct client_options *options, char problem[static CLIENT_PROBLEM])
{
    for (int i = 0; i < CLIENT_OPTION_COUNT; i++) {
        const struct client_option_row *row = &client_option_table[i];
        const char *value = row->environment == NULL ? NULL : getenv(row->environment);
        char source[64];

        /* Orchestrators set SERVER_PORT=tcp://10.0.0.7:8080 for a service of that name; nobody meant this one. */
        if (value == NULL || value[0] == '\0' || (row->kind == CLIENT_PORT && strstr(value, "://") != NULL))
            continue;
        snprintf(source, sizeof source, "$%s", row->environment);
        if (option_store(row, source, value, options, problem) < 0)
            return -EINVAL;
    }
    return 0;
}

/* The option that a word names; *value is what is written to it with `=`, or right behind its letter, else NULL. */
static const struct client_option_row *
flag_find(const char *word, const char **value)
{
    bool is_long = word[1] == '-';
    size_t length = is_long ? strcspn(word + 2, "=") : 0;

    *value = NULL;
    for (int i = 0; i < CLIENT_OPTION_COUNT; i++) {
        const struct client_option_row *row = &client_option_table[i];

        if (is_long && strlen(row->name) == length && strncmp(row->name, word + 2, length) == 0) {
            *value = word[2 + length] == '=' ? word + 3 + length : NULL;
            return row;
        }
        if (!is_long && row->letter != 0 && row->letter == word[1] && (row->kind != CLIENT_FLAG || word[2] == '\0')) {
            *value = word[2] != '\0' ? word + 2 : NULL;
            return row;
        }
    }
    return NULL;
}

/* host, host:port, 1.2.3.4, ::1, [::1] or [::1]:port, made whole with the port of the options. */
static int
address_complete(const char *given, struct client_options *options, char problem[static CLIENT_PROBLEM])
{
    const char *colon = strrchr(given, ':'), *bracket = strchr(given, ']');
    bool bare_ipv6 = given[0] != '[' && colon != NULL && strchr(given, ':') != colon;
    bool has_port = colon != NULL && !bare_ipv6 && (bracket == NULL || colon > bracket);

    if (given[0] == '\0' || (given[0] == ':' && !bare_ipv6) || strlen(given) > CLIENT_ADDRESS - 10 || (given[0] == '[' && bracket == NULL) ||
        strpbrk(given, " \t/@") != NULL || (has_port && !is_port(colon + 1))) {
        snprintf(problem, CLIENT_PROBLEM,
            "'%.80s' is not an address; allowed is host, host:port, 127.0.0.1, ::1 or [::1]:8080, with a port from 1 to 65535", given);
        return -EINVAL;
    }
    if (has_port)
        snprintf(options->address, CLIENT_ADDRESS, "%s", given);
    else
        snprintf(options->address, CLIENT_ADDRESS, bare_ipv6 ? "[%s]:%s" : "%s:%s", given, options->port);
    return 0;
}

/* Reads one word that begins with a dash, and its value, which may be the next word. Returns how many words those are, or -EINVAL. */
static int
flag_read(int left, char **words, struct client_options *options, char problem[static CLIENT_PROBLEM])
{
    const char *value;
    const struct client_option_row *row = flag_find(words[0], &value);
    char source[64];
    int used = 1;

    if (row == NULL) {
        snprintf(problem, CLIENT_PROBLEM, "%.60s is not a flag", words[0]);
        return -EINVAL;
    }
    snprintf(source, sizeof source, "--%s", row->name);
    if (row->kind == CLIENT_FLAG && value != NULL) {
        snprintf(problem, CLIENT_PROBLEM, "%s takes no value", source);
        return -EINVAL;
    }
    if (row->kind != CLIENT_FLAG && value == NULL && left > 1) {
        value = words[1];
        used = 2;
    }
    if (row->kind != CLIENT_FLAG && value == NULL) {
        snprintf(problem, CLIENT_PROBLEM, "%s needs a value", source);
        return -EINVAL;
    }
    return option_store(row, source, value, options, problem) < 0 ? -EINVAL : used;
}

/* Prints what a command, --help or --version asks for. A command is one only as the first word. */
static bool
text_asked(int count, char **words)
{
    for (int at = 1; at < count; at++) {
        for (int i = 0; i < CLIENT_TEXT_FLAG_COUNT; i++) {
            const struct client_text_row *row = &client_text_flags[i];

            if (strcmp(words[at], row->name) == 0 || (row->short_name != NULL && strcmp(words[at], row->short_name) == 0)) {
                row->print(stdout);
                return true;
            }
        }
    }
    for (int i = 0; count > 1 && i < CLIENT_COMMAND_COUNT; i++) {
        const struct client_text_row *row = &client_commands[i];

        if (strcmp(words[1], row->name) == 0 || (row->short_name != NULL && strcmp(words[1], row->short_name) == 0)) {
            row->print(stdout);
            return true;
        }
    }
    return false;
}

enum client_outcome
client_options_read(int count, char **words, struct client_options *options, char problem[static CLIENT_PROBLEM])
{
    const char *address = NULL;

    if (text_asked(count, words))
        return CLIENT_DONE;
    *options = (struct client_options){.port = "8080"};
    history_default(options);
    if (environment_read(options, problem) < 0)
        return CLIENT_WRONG;
    for (int at = 1; at < count;) {
        int used = 1;

        if (words[at][0] == '-') {
            used = flag_read(count - at, words + at, options, problem);
            if (used < 0)
                return CLIENT_WRONG;
        } else if (address != NULL) {
            snprintf(problem, CLIENT_PROBLEM, "'%.60s' is one address too many", words[at]);
            return CLIENT_WRONG;
        } else {
            address = words[at];
        }
        at += used;
    }
    return address_complete(address == NULL ? "localhost" : address, options, problem) < 0 ? CLIENT_WRONG : CLIENT_RUN;
}
