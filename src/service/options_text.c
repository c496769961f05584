/* SPDX-License-Identifier: MIT
 *
 * See options_text.h. The manual page has a file of its own, options_man.c.
 */
#include "service/options_text.h"

#include "service/ctl.h"
#include "service/options_man.h"
#include "service/version.h"

#include <string.h>

enum {
    COLUMNS = 96,     /* of the help */
    TEXT_COLUMN = 34, /* where the help of a flag or command begins */
};

static void help_print(FILE *out);
static void version_print(FILE *out);
static void completion_print(FILE *out);
static void table_print(FILE *out);

const struct option_command option_commands[OPTION_COMMANDS] = {
    {"help", "h", "shows this text", help_print},
    {"man", NULL, "prints the manual page alo(8)", options_man_print},
    {"completion", NULL, "prints the script that lets bash complete flags and commands", completion_print},
    {"ctl", NULL, "asks a running server about its users and sessions, and ends some: alo ctl --help", ctl_help_print},
    {"options-table", NULL, "prints the options as a Markdown table", table_print},
};

const struct option_command option_text_flags[OPTION_TEXT_FLAGS] = {
    {"--help", "-h", "show this text", help_print},
    {"--version", NULL, "print the version and the commit it was built from", version_print},
    {OPTION_CHECK_FLAG, NULL, "read flags, environment and configuration file, say whether they are fine, and start nothing", NULL},
    {OPTION_PRINT_FLAG, NULL, "print each option's value and where it comes from, as a configuration file, and start nothing", NULL},
};

/* Prints words in lines of at most COLUMNS; the first begins where `at` says, the others at TEXT_COLUMN. */
static void
wrapped_print(FILE *out, const char *text, size_t at)
{
    while (*text != '\0') {
        size_t word = strcspn(text, " ");

        if (at > TEXT_COLUMN && at + 1 + word > COLUMNS) {
            fprintf(out, "\n%*s", TEXT_COLUMN, "");
            at = TEXT_COLUMN;
        } else if (at > TEXT_COLUMN) {
            fputc(' ', out);
            at++;
        }
        fprintf(out, "%.*s", (int)word, text);
        at += word;
        text += word;
        text += *text == ' ';
    }
    fputc('\n', out);
}

static void
entry_print(FILE *out, const char *name, const char *text)
{
    fprintf(out, "   %-*s", TEXT_COLUMN - 3, name);
    /* A long name has its line to itself. */
    if (strlen(name) >= TEXT_COLUMN - 3)
        fprintf(out, "\n%*s", TEXT_COLUMN, "");
    wrapped_print(out, text, TEXT_COLUMN);
}

static void
command_entry_print(FILE *out, const struct option_command *command)
{
    char name[OPTION_TEXT];

    snprintf(
        name, sizeof name, "%s%s%s", command->name, command->short_name == NULL ? "" : ", ", command->short_name == NULL ? "" : command->short_name);
    entry_print(out, name, command->help);
}

static void
option_entry_print(FILE *out, const struct option_row *row)
{
    const char *value = row->kind == OPTION_FLAG ? "" : " value";
    char name[OPTION_TEXT], text[OPTION_TEXT];

    if (row->letter == 0)
        snprintf(name, sizeof name, "--%s%s", row->name, value);
    else
        snprintf(name, sizeof name, "--%s%s, -%c%s", row->name, value, row->letter, value);
    if (row->kind == OPTION_FLAG)
        snprintf(text, sizeof text, "%s [$%s]", row->help, row->environment);
    else
        snprintf(text, sizeof text, "%s (default: %s) [$%s]", row->help, row->fallback, row->environment);
    entry_print(out, name, text);
}

static void
help_print(FILE *out)
{
    fputs("NAME:\n   alo - friend presence server: tells programs at once when their users' friends come and go\n\n"
          "USAGE:\n   alo [global options]\n   alo command\n\n"
          "COMMANDS:\n",
        out);
    for (int i = 0; i < OPTION_COMMANDS; i++)
        command_entry_print(out, &option_commands[i]);
    fputs("\nGLOBAL OPTIONS:\n", out);
    for (int i = 0; i < OPTION_COUNT; i++)
        option_entry_print(out, &option_table[i]);
    for (int i = 0; i < OPTION_TEXT_FLAGS; i++)
        command_entry_print(out, &option_text_flags[i]);
}

static void
version_print(FILE *out)
{
    fprintf(out, "alo %s\n", version_text());
}

/* The patterns of a case in shell: every flag that takes a value nobody can guess. */
static void
numeric_flags_print(FILE *out)
{
    const char *between = "";

    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_table[i];

        if (row->kind == OPTION_FLAG || row->words != NULL)
            continue;
        fprintf(out, "%s--%s", between, row->name);
        between = " | ";
        if (row->letter != 0)
            fprintf(out, " | -%c", row->letter);
    }
}

static void
completion_print(FILE *out)
{
    fputs("# bash completion for alo\n"
          "_alo()\n"
          "{\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words files=\n"
          "\n"
          "    # bash takes --store=light for three words.\n"
          "    if [[ $word == = ]]; then\n"
          "        word=\n"
          "    elif [[ $before == = ]]; then\n"
          "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
          "    fi\n"
          "    case $before in\n",
        out);
    for (int i = 0; i < OPTION_COUNT; i++)
        if (option_table[i].words != NULL)
            fprintf(out, "    --%s) words='%s'%s ;;\n", option_table[i].name, option_table[i].words, option_table[i].is_file ? " files=-f" : "");
    fputs("    ", out);
    numeric_flags_print(out);
    fputs(") words= ;;\n    *)\n        words='", out);
    for (int i = 0; i < OPTION_COUNT; i++)
        fprintf(out, "--%s ", option_table[i].name);
    for (int i = 0; i < OPTION_TEXT_FLAGS; i++)
        fprintf(out, "%s%s", option_text_flags[i].name, i + 1 < OPTION_TEXT_FLAGS ? " " : "'\n");
    fputs("        if ((COMP_CWORD == 1)); then words+='", out);
    for (int i = 0; i < OPTION_COMMANDS; i++)
        fprintf(out, " %s", option_commands[i].name);
    fputs("'; fi\n"
          "        ;;\n"
          "    esac\n"
          "    mapfile -t COMPREPLY < <(compgen $files -W \"$words\" -- \"$word\")\n"
          "}\n"
          "complete -F _alo alo\n",
        out);
}

static void
table_print(FILE *out)
{
    fputs("| flag | variable | default | allowed | changes | what it is |\n|---|---|---|---|---|---|\n", out);
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_table[i];
        char allowed[OPTION_TEXT];

        option_describe_allowed(row, allowed);
        fprintf(out, "| `--%s`", row->name);
        if (row->letter != 0)
            fprintf(out, ", `-%c`", row->letter);
        fprintf(out, " | `%s` | `%s` | %s | %s | %s |\n", row->environment, row->fallback, row->kind == OPTION_FLAG ? "on or off" : allowed,
            row->is_live ? "live" : "restart", row->help);
    }
}

bool
options_print(FILE *out, const char *word)
{
    const struct option_command *const all[] = {option_commands, option_text_flags};
    const int counts[] = {OPTION_COMMANDS, OPTION_TEXT_FLAGS};

    for (int list = 0; list < 2; list++) {
        for (int i = 0; i < counts[list]; i++) {
            const struct option_command *command = &all[list][i];

            if (command->print == NULL)
                continue;
            if (strcmp(word, command->name) == 0 || (command->short_name != NULL && strcmp(word, command->short_name) == 0)) {
                command->print(out);
                return true;
            }
        }
    }
    return false;
}

void
options_list_commands(char text[static OPTION_TEXT])
{
    size_t length = 0;

    for (int i = 0; i < OPTION_COMMANDS; i++) {
        const char *between = i == 0 ? "" : i + 1 < OPTION_COMMANDS ? ", " : " and ";

        length += (size_t)snprintf(text + length, OPTION_TEXT - length, "%s%s", between, option_commands[i].name);
    }
}
