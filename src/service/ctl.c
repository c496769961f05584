/* SPDX-License-Identifier: MIT
 *
 * The commands are a table, from which their help is made, too. What the server answers is printed as it is: tables are made there.
 */
#include "service/ctl.h"

#include "service/ctl_http.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { ARGUMENTS_MAX = 2, PATH_BYTES = 2048, TOKEN_BYTES = 514, EXIT_WRONG = 2 };

struct command {
    const char *name;
    const char *arguments; /* for people */
    int count;             /* of arguments */
    const char *path;      /* a %s for each of them, but none in what has options */
    const char *help;
    bool is_post;
    bool has_table; /* it can be answered as a table or as JSON */
    bool is_list;   /* it takes --sort, --limit and --offset */
};

static const struct command commands[] = {
    {"ready", "", 0, "/readyz", "is the server ready? Exit status 0 if so", false, false, false},
    {"metrics", "", 0, "/metrics", "all metrics, as Prometheus reads them", false, false, false},
    {"sessions", "[--sort age|newest|queue|rate] [--limit N] [--offset N]", 0, "/api/v1/sessions", "lists sessions", false, true, true},
    {"user", "ID", 1, "/api/v1/users/%s", "one user and its sessions", false, true, false},
    {"explain", "WATCHER USER", 2, "/api/v1/explain?watcher=%s&user=%s", "what one user can have heard of another, and why", false, true, false},
    {"close-session", "NAME", 1, "/api/v1/sessions/%s/close", "ends a session, such as 0-1a", true, true, false},
    {"drain", "", 0, "/api/v1/drain", "begins to let all sessions go, spread over --drain-time, as SIGUSR2 does", true, false, false},
    {"close-user", "ID", 1, "/api/v1/users/%s/close", "ends all sessions of a user", true, true, false},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

/* What the words say. */
struct wish {
    const struct command *command;
    const char *server; /* HOST:PORT, PORT or unix:/path */
    const char *token_file;
    bool as_json;
    const char *sort, *limit, *offset;
    const char *arguments[ARGUMENTS_MAX];
    int count;
};

void
ctl_help_print(FILE *out)
{
    fputs("USAGE:\n   alo ctl [--server SERVER] [--token-file FILE] [--json] command\n\nCOMMANDS:\n", out);
    for (int i = 0; i < COMMANDS; i++)
        fprintf(out, "   %s%s%s\n      %s\n", commands[i].name, *commands[i].arguments == '\0' ? "" : " ", commands[i].arguments, commands[i].help);
    fputs("\nOPTIONS:\n"
          "   --server SERVER     where the server's admin interface is: HOST:PORT, PORT or unix:/path (default: localhost and $ALO_ADMIN_PORT, or "
          "8081)\n"
          "   --token-file FILE   file with the token that ending sessions and draining take [$ALO_ADMIN_TOKEN_FILE]\n"
          "   --json              print JSON and not a table\n"
          "\nA user's id is an integer, or a word; a word that looks like an integer is put into quotes: '\"7\"'.\n",
        out);
}

static int
complain(const char *what, const char *word)
{
    fprintf(stderr, "alo ctl: %s%.60s; see alo ctl --help\n", what, word);
    return -EINVAL;
}

/* Where the value of an option goes that has this name; NULL: there is no such option. */
static const char **
option_place(struct wish *wish, const char *name)
{
    const struct {
        const char *name;
        const char **place;
    } options[] = {{"--server", &wish->server}, {"--token-file", &wish->token_file}, {"--sort", &wish->sort}, {"--limit", &wish->limit},
        {"--offset", &wish->offset}};

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (strcmp(name, options[i].name) == 0)
            return options[i].place;
    return NULL;
}

static const struct command *
command_find(const char *name)
{
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0)
            return &commands[i];
    return NULL;
}

/* Reads the words. Returns 0 or -EINVAL, and has complained. */
static int
words_read(int argc, char **argv, struct wish *wish)
{
    for (int at = 0; at < argc; at++) {
        bool is_option = strncmp(argv[at], "--", 2) == 0;
        const char **place = is_option ? option_place(wish, argv[at]) : NULL;

        if (strcmp(argv[at], "--json") == 0) {
            wish->as_json = true;
        } else if (place != NULL && at + 1 < argc) {
            *place = argv[++at];
        } else if (is_option) {
            return complain(place == NULL ? "there is no option " : "a value is missing behind ", argv[at]);
        } else if (wish->command == NULL) {
            wish->command = command_find(argv[at]);
            if (wish->command == NULL)
                return complain("there is no command ", argv[at]);
        } else if (wish->count == wish->command->count) {
            return complain("one word too many: ", argv[at]);
        } else {
            wish->arguments[wish->count++] = argv[at];
        }
    }
    if (wish->command == NULL)
        return complain("what is to be done is missing", "");
    if (wish->count < wish->command->count)
        return complain("it takes ", wish->command->arguments);
    if (!wish->command->is_list && (wish->sort != NULL || wish->limit != NULL || wish->offset != NULL))
        return complain("--sort, --limit and --offset are for sessions", "");
    return 0;
}

/* Appends a text as it stands in a URL; what does not fit is cut, which the server notices. */
static void
append_escaped(char *path, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    size_t length = strlen(path);

    for (; *text != '\0' && length + 4 < PATH_BYTES; text++) {
        bool is_plain = strchr(plain, *text) != NULL;

        length += (size_t)snprintf(path + length, PATH_BYTES - length, is_plain ? "%c" : "%%%02X", (unsigned char)*text);
    }
}

static void
append_option(char *path, const char *name, const char *value)
{
    if (value == NULL)
        return;
    strncat(path, strchr(path, '?') == NULL ? "?" : "&", PATH_BYTES - strlen(path) - 1);
    strncat(path, name, PATH_BYTES - strlen(path) - 1);
    append_escaped(path, value);
}

static void
path_make(const struct wish *wish, char path[PATH_BYTES])
{
    const char *rest = wish->command->path;

    path[0] = '\0';
    for (int i = 0; i < wish->command->count; i++) {
        const char *hole = strstr(rest, "%s");

        strncat(path, rest, (size_t)(hole - rest));
        append_escaped(path, wish->arguments[i]);
        rest = hole + 2;
    }
    strncat(path, rest, PATH_BYTES - strlen(path) - 1);
    append_option(path, "sort=", wish->sort);
    append_option(path, "limit=", wish->limit);
    append_option(path, "offset=", wish->offset);
    append_option(path, "format=", wish->command->has_table && !wish->as_json ? "table" : NULL);
}

/* Reads the token. Returns 0 or -errno. */
static int
token_read(const char *path, char token[TOKEN_BYTES])
{
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return -errno;
    if (fgets(token, TOKEN_BYTES, file) == NULL)
        token[0] = '\0';
    fclose(file);
    token[strcspn(token, "\r\n")] = '\0';
    return 0;
}

int
ctl_run(int argc, char **argv)
{
    const char *port = getenv("ALO_ADMIN_PORT"), *token_file = getenv("ALO_ADMIN_TOKEN_FILE");
    struct wish wish = {.server = port != NULL && *port != '\0' ? port : "8081", .token_file = token_file};
    char path[PATH_BYTES], token[TOKEN_BYTES] = "", problem[CTL_PROBLEM];
    struct buffer body = {0};
    int status;

    if (argc > 0 && (strcmp(argv[0], "help") == 0 || strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)) {
        ctl_help_print(stdout);
        return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    if (words_read(argc, argv, &wish) < 0)
        return EXIT_WRONG;
    if (wish.command->is_post && wish.token_file != NULL && strcmp(wish.token_file, "none") != 0) {
        int error = token_read(wish.token_file, token);

        if (error < 0) {
            fprintf(stderr, "alo ctl: %s: %s\n", wish.token_file, strerror(-error));
            return EXIT_FAILURE;
        }
    }
    path_make(&wish, path);
    status = ctl_ask(wish.server, wish.command->is_post ? "POST" : "GET", path, token, &body, problem);
    explicit_bzero(token, sizeof token);
    if (status < 0)
        fprintf(stderr, "alo ctl: %s\n", problem);
    else
        fwrite(body.bytes, 1, body.length, status == 200 ? stdout : stderr);
    buffer_done(&body);
    return status == 200 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
