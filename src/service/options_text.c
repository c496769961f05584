/* SPDX-License-Identifier: MIT */
#include "service/options_text.h"

#include "service/version.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

enum {
    COLUMNS = 96,
    NAME_COLUMN = 32, /* where the help of a flag begins */
    LINE = 512,
};

static const struct {
    const char *name;
    const char *help;
} commands[] = {
    {"help, h", "Shows this text"},
    {"man", "Prints the manual page alo(8)"},
    {"completion", "Prints the completion script for bash"},
    {"options-table", "Prints the options as a Markdown table"},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void
format_size(uint64_t bytes, char text[32])
{
    static const char *const units[] = {"", "KiB", "MiB", "GiB"};
    unsigned unit = 0;

    for (; unit < 3 && bytes >= 1024 && bytes % 1024 == 0; unit++)
        bytes /= 1024;
    snprintf(text, 32, "%" PRIu64 "%s", bytes, units[unit]);
}

void
options_range(const struct option_row *row, char text[OPTIONS_RANGE])
{
    char least[32], most[32];

    switch (row->kind) {
    case OPTION_FLAG: snprintf(text, OPTIONS_RANGE, "true or false"); return;
    case OPTION_WORD: snprintf(text, OPTIONS_RANGE, "a word"); return;
    case OPTION_SIZE:
        format_size(row->least, least);
        format_size(row->most, most);
        snprintf(text, OPTIONS_RANGE, "a size from %s to %s (units K, M, G)", least, most);
        return;
    case OPTION_PORT:
    case OPTION_NUMBER:
    case OPTION_SECONDS:
        snprintf(
            text, OPTIONS_RANGE, "a number%s from %" PRIu64 " to %" PRIu64, row->kind == OPTION_SECONDS ? " of seconds" : "", row->least, row->most);
        return;
    }
}

/* What stands for the value in a synopsis. */
static const char *
value_name(const struct option_row *row)
{
    static const char *const names[] = {
        [OPTION_FLAG] = "",
        [OPTION_PORT] = "port",
        [OPTION_NUMBER] = "number",
        [OPTION_SECONDS] = "seconds",
        [OPTION_SIZE] = "size",
        [OPTION_WORD] = "word",
    };

    return names[row->kind];
}

/* The default in words, such as "8080" or "one per processor". */
static void
format_default(const struct option_row *row, char text[LINE])
{
    if (row->meaning == NULL)
        snprintf(text, LINE, "%s", row->fallback);
    else if (strcmp(row->fallback, "0") == 0)
        snprintf(text, LINE, "%s", row->meaning);
    else
        snprintf(text, LINE, "%s: %s", row->fallback, row->meaning);
}

/* Writes text in lines of at most COLUMNS, the first of which begins at column `at` and the others at `indent`. */
static void
print_wrapped(FILE *out, const char *text, size_t at, size_t indent)
{
    while (*text != '\0') {
        size_t word = strcspn(text, " ");

        if (at > indent && at + 1 + word > COLUMNS) {
            fprintf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (at > indent) {
            fputc(' ', out);
            at++;
        }
        fprintf(out, "%.*s", (int)word, text);
        at += word;
        text += word;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

static void
print_entry(FILE *out, const char *name, const char *help)
{
    int width = fprintf(out, "   %s", name);

    if (width >= NAME_COLUMN - 1) {
        fputc('\n', out);
        width = 0;
    }
    fprintf(out, "%*s", NAME_COLUMN - width, "");
    print_wrapped(out, help, NAME_COLUMN, NAME_COLUMN);
}

static void
print_option(FILE *out, const struct option_row *row)
{
    char name[LINE], help[LINE], fallback[LINE];
    const char *value = value_name(row);
    const char *space = *value == '\0' ? "" : " ";

    snprintf(name, sizeof name, "--%s%s%s", row->name, space, value);
    if (row->letter != 0)
        snprintf(name + strlen(name), sizeof name - strlen(name), ", -%c%s%s", row->letter, space, value);
    format_default(row, fallback);
    if (row->kind == OPTION_FLAG)
        snprintf(help, sizeof help, "%s [$%s]", row->help, row->environment);
    else
        snprintf(help, sizeof help, "%s (default: %.200s) [$%s]", row->help, fallback, row->environment);
    print_entry(out, name, help);
}

void
options_print_help(FILE *out)
{
    fputs("NAME:\n   alo - friend presence server: tells programs when their users' friends come online or go\n\n"
          "USAGE:\n   alo [global options]\n   alo command\n\nCOMMANDS:\n",
        out);
    for (int i = 0; i < COMMANDS; i++)
        print_entry(out, commands[i].name, commands[i].help);
    fputs("\nGLOBAL OPTIONS:\n", out);
    for (int i = 0; i < OPTION_COUNT; i++)
        print_option(out, &option_table[i]);
    print_entry(out, "--help, -h", "show this text");
    print_entry(out, "--version", "print the version");
    fputs("\nTo see it work: alo, then in another terminal 'telnet localhost 8080', and type\n"
          "{\"user_id\": 1, \"friends\": [2]}\n",
        out);
}

void
options_print_version(FILE *out)
{
    fprintf(out, "alo %s\n", version_text());
}

/* Text in roff: a dash is a dash, a backslash is one, and no line begins with a request. */
static void
print_roff(FILE *out, const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", out);
    for (; *text != '\0'; text++) {
        if (*text == '-')
            fputs("\\-", out);
        else if (*text == '\\')
            fputs("\\e", out);
        else
            fputc(*text, out);
    }
}

static void
print_man_option(FILE *out, const struct option_row *row)
{
    char fallback[LINE], range[OPTIONS_RANGE];
    const char *value = value_name(row);

    fputs(".TP\n\\fB\\-\\-", out);
    print_roff(out, row->name);
    fputs("\\fR", out);
    if (*value != '\0')
        fprintf(out, " \\fI%s\\fR", value);
    if (row->letter != 0)
        fprintf(out, ", \\fB\\-%c\\fR%s%s%s", row->letter, *value != '\0' ? " \\fI" : "", value, *value != '\0' ? "\\fR" : "");
    fputc('\n', out);
    fputc(toupper((unsigned char)row->help[0]), out);
    print_roff(out, row->help + 1);
    fputs(".\n", out);
    format_default(row, fallback);
    options_range(row, range);
    if (row->kind != OPTION_FLAG) {
        fputs("Default: ", out);
        print_roff(out, fallback);
        fputs(".\n", out);
    }
    if (row->kind != OPTION_FLAG && row->kind != OPTION_WORD) {
        fputs("Allowed: ", out);
        print_roff(out, range);
        fputs(".\n", out);
    }
    fprintf(out, "Environment: \\fB%s\\fR.\n", row->environment);
}

void
options_print_man(FILE *out)
{
    fprintf(out, ".TH ALO 8 \"\" \"alo %s\" \"System Administration\"\n", version_text());
    fputs(
        ".SH NAME\nalo \\- friend presence server\n"
        ".SH SYNOPSIS\n.B alo\n[\\fIoptions\\fR]\n.br\n.B alo\n\\fIcommand\\fR\n"
        ".SH DESCRIPTION\n"
        "Programs connect to\n.B alo\nover TCP, say who they are and who their friends are, and are told the moment a friend comes online or goes:\n"
        ".PP\n.nf\n"
        "    client: {\"user_id\": 1, \"friends\": [2, 3, 4]}\n"
        "    server: {\"online\": true}\n"
        "    server: {\"online\": false}\n"
        ".fi\n.PP\n"
        "It runs in the foreground and logs one JSON object per line to standard error; the line with the event \"listening\" says that it is "
        "ready.\n"
        ".SH COMMANDS\n",
        out);
    for (int i = 0; i < COMMANDS; i++) {
        fputs(".TP\n.B ", out);
        print_roff(out, commands[i].name);
        fputc('\n', out);
        print_roff(out, commands[i].help);
        fputs(".\n", out);
    }
    fputs(".SH OPTIONS\nA flag goes over its environment variable, and that over the default.\n", out);
    for (int i = 0; i < OPTION_COUNT; i++)
        print_man_option(out, &option_table[i]);
    fputs(".TP\n\\fB\\-\\-help\\fR, \\fB\\-h\\fR\nShow a summary of the options.\n.TP\n\\fB\\-\\-version\\fR\nPrint the version.\n"
          ".SH ENVIRONMENT\nEach option names its variable.\n"
          "An unknown variable that begins with ALO_, or one whose value looks injected by an orchestrator, is a warning in the log.\n"
          ".SH SIGNALS\n.TP\nSIGTERM, SIGINT, SIGQUIT\nStop: take no more connections, tell every session, send what is queued, exit.\n"
          "A second one ends the process at once.\n.PP\nOther signals are ignored.\n"
          ".SH EXIT STATUS\n.TP\n0\nIt was stopped, or printed what was asked for.\n.TP\n1\nIt could not serve; one sentence says why.\n"
          ".TP\n2\nIt was called wrongly; one sentence says what is allowed.\n"
          ".SH EXAMPLES\n.TP\n.B alo \\-\\-port 9000 \\-\\-bind all\nServe on port 9000, reachable from other machines.\n"
          ".TP\n.B telnet localhost 8080\nTalk to it by hand: type {\"user_id\": 1, \"friends\": [2]}\n"
          ".SH SEE ALSO\n.BR telnet (1),\n.BR nc (1)\n",
        out);
}

void
options_print_completion(FILE *out)
{
    fputs("# bash completion for alo\n"
          "_alo()\n{\n"
          "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n\n"
          "    case $previous in\n"
          "    --store) mapfile -t COMPREPLY < <(compgen -W 'light' -- \"$current\"); return ;;\n"
          "    --bind) mapfile -t COMPREPLY < <(compgen -W 'localhost all' -- \"$current\"); return ;;\n"
          "    ",
        out);
    for (int i = 0, first = 1; i < OPTION_COUNT; i++) {
        if (option_table[i].kind == OPTION_FLAG || option_table[i].kind == OPTION_WORD)
            continue;
        fprintf(out, "%s--%s", first ? "" : " | ", option_table[i].name);
        if (option_table[i].letter != 0)
            fprintf(out, " | -%c", option_table[i].letter);
        first = 0;
    }
    fputs(") return ;;\n    esac\n    mapfile -t COMPREPLY < <(compgen -W 'help man completion options-table --help --version", out);
    for (int i = 0; i < OPTION_COUNT; i++)
        fprintf(out, " --%s", option_table[i].name);
    fputs("' -- \"$current\")\n}\ncomplete -F _alo alo\n", out);
}

void
options_print_table(FILE *out)
{
    fputs("| flag | variable | default | allowed | what it is |\n|---|---|---|---|---|\n", out);
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_table[i];
        char fallback[LINE], range[OPTIONS_RANGE];

        format_default(row, fallback);
        options_range(row, range);
        fprintf(out, "| `--%s`", row->name);
        if (row->letter != 0)
            fprintf(out, ", `-%c`", row->letter);
        fprintf(out, " | `%s` | %s | %s | %s |\n", row->environment, fallback, range, row->help);
    }
}
