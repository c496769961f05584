/* SPDX-License-Identifier: MIT
 *
 * Every text about alo-client, made from its tables: the help, the manual page alo-client(1), the bash completion, the version. Main thread.
 */
#include "client/interactive_command.h"
#include "client/interactive_options.h"
#include "client/version_generated.h"

#include <ctype.h>
#include <string.h>

enum {
    COLUMNS = 96,     /* of the help */
    TEXT_COLUMN = 34, /* where an explanation begins */
    NAME_BYTES = 128,
};

static void help_print(FILE *out);
static void man_print(FILE *out);
static void completion_print(FILE *out);
static void version_print(FILE *out);

const struct client_text_row client_commands[CLIENT_COMMAND_COUNT] = {
    {"help", "h", "shows this text", help_print},
    {"man", NULL, "prints the manual page alo-client(1)", man_print},
    {"completion", NULL, "prints the script that lets bash complete flags and commands", completion_print},
};

const struct client_text_row client_text_flags[CLIENT_TEXT_FLAG_COUNT] = {
    {"--help", "-h", "show this text", help_print},
    {"--version", NULL, "print the version and the commit it was built from", version_print},
};

/* A name and its explanation, in lines of at most COLUMNS. */
static void
entry_print(FILE *out, const char *name, const char *text)
{
    size_t at = TEXT_COLUMN;

    fprintf(out, "   %-*s", TEXT_COLUMN - 3, name);
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
text_row_print(FILE *out, const struct client_text_row *row)
{
    char name[NAME_BYTES];

    snprintf(name, sizeof name, "%s%s%s", row->name, row->short_name == NULL ? "" : ", ", row->short_name == NULL ? "" : row->short_name);
    entry_print(out, name, row->help);
}

static void
option_print(FILE *out, const struct client_option_row *row)
{
    const char *value = row->kind == CLIENT_FLAG ? "" : " value";
    char name[NAME_BYTES], text[512], fallback[64] = "", environment[64] = "";

    if (row->letter == 0)
        snprintf(name, sizeof name, "--%s%s", row->name, value);
    else
        snprintf(name, sizeof name, "--%s%s, -%c%s", row->name, value, row->letter, value);
    if (row->fallback != NULL)
        snprintf(fallback, sizeof fallback, " (default: %s)", row->fallback);
    if (row->environment != NULL)
        snprintf(environment, sizeof environment, " [$%s]", row->environment);
    snprintf(text, sizeof text, "%s%s%s", row->help, fallback, environment);
    entry_print(out, name, text);
}

static void
help_print(FILE *out)
{
    fputs("NAME:\n   alo-client - talks to the friend presence server alo: says who is there, and tells who comes and goes\n\n"
          "USAGE:\n   alo-client [global options] [host[:port]]\n   alo-client command\n\n"
          "   The server is localhost:8080 when nothing else is said.\n\n"
          "COMMANDS:\n",
        out);
    for (int i = 0; i < CLIENT_COMMAND_COUNT; i++)
        text_row_print(out, &client_commands[i]);
    fputs("\nAT THE PROMPT, OR LINE BY LINE ON STANDARD INPUT:\n", out);
    for (int i = 0; i < COMMAND_COUNT; i++) {
        char name[NAME_BYTES];

        snprintf(name, sizeof name, "%s %s", command_table[i].name, command_table[i].arguments);
        entry_print(out, name, command_table[i].help);
    }
    fputs("\nGLOBAL OPTIONS:\n", out);
    for (int i = 0; i < CLIENT_OPTION_COUNT; i++)
        option_print(out, &client_option_table[i]);
    for (int i = 0; i < CLIENT_TEXT_FLAG_COUNT; i++)
        text_row_print(out, &client_text_flags[i]);
}

static void
version_print(FILE *out)
{
    fputs("alo-client " VERSION_NUMBER " (commit " VERSION_COMMIT ")\n", out);
}

/* Text as roff shows it: a dash stays a dash and a backslash one. */
static void
roff_print(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '-' || *text == '\\')
            fputs(*text == '-' ? "\\-" : "\\e", out);
        else
            fputc(*text, out);
    }
}

/* One entry of a list in the manual page: a name and, as a sentence, its explanation. */
static void
man_entry_print(FILE *out, const char *name, const char *arguments, const char *text)
{
    fputs(".TP\n\\fB", out);
    roff_print(out, name);
    fputs("\\fR", out);
    if (arguments[0] != '\0') {
        fputs(" \\fI", out);
        roff_print(out, arguments);
        fputs("\\fR", out);
    }
    fprintf(out, "\n%c", toupper((unsigned char)text[0]));
    roff_print(out, text + 1);
    fputs(".\n", out);
}

static void
man_print(FILE *out)
{
    fputs(".\\\" Printed by alo-client man.\n"
          ".TH ALO-CLIENT 1 \"\" \"alo " VERSION_NUMBER "\" \"User Commands\"\n"
          ".SH NAME\nalo-client \\- talks to the friend presence server alo\n"
          ".SH SYNOPSIS\n.B alo-client\n.RI [ options ]\n.RI [ host [: port ]]\n.br\n.B alo-client\n.I command\n"
          ".SH DESCRIPTION\n"
          "Says to a server who is online, follows friends, and tells the moment one of them comes or goes.\n"
          "At a terminal one types the commands below; what happens appears above the line that is being typed.\n"
          "When the server goes away, alo-client says so, tries again after a while that grows with each try, and logs in as before.\n"
          ".PP\n"
          "When standard input is no terminal, or with\n.BR \\-\\-script ,\n"
          "each line of standard input is a command, and each result and event is a line of JSON on standard output.\n"
          "A result stands behind all events that the server told before it.\n"
          "A failed command does not end the script; the loss of the connection does.\n"
          ".PP\n"
          "An id made of digits is an integer; anything else, or what is in double quotes, is a string.\n"
          "A line that begins with # is a comment.\n"
          ".SH COMMANDS\nAt the prompt, or on standard input:\n",
        out);
    for (int i = 0; i < COMMAND_COUNT; i++)
        man_entry_print(out, command_table[i].name, command_table[i].arguments, command_table[i].help);
    fputs(".PP\nOn the command line:\n", out);
    for (int i = 0; i < CLIENT_COMMAND_COUNT; i++)
        man_entry_print(out, client_commands[i].name, "", client_commands[i].help);
    fputs(".SH OPTIONS\n", out);
    for (int i = 0; i < CLIENT_OPTION_COUNT; i++) {
        const struct client_option_row *row = &client_option_table[i];
        char name[NAME_BYTES];

        snprintf(name, sizeof name, "%s%.1s%s--%s", row->letter != 0 ? "-" : "", row->letter != 0 ? &row->letter : "", row->letter != 0 ? ", " : "",
            row->name);
        man_entry_print(out, name, row->kind == CLIENT_FLAG ? "" : "value", row->help);
        if (row->fallback != NULL) {
            fputs("The default is ", out);
            roff_print(out, row->fallback);
            fputs(".\n", out);
        }
    }
    for (int i = 0; i < CLIENT_TEXT_FLAG_COUNT; i++)
        man_entry_print(out, client_text_flags[i].name, "", client_text_flags[i].help);
    fputs(".SH ENVIRONMENT\n", out);
    for (int i = 0; i < CLIENT_OPTION_COUNT; i++)
        if (client_option_table[i].environment != NULL)
            fprintf(out, ".TP\n.B %s\nThe same as\n.BR \\-\\-%s .\n", client_option_table[i].environment, client_option_table[i].name);
    fputs(".TP\n.BR NO_COLOR ,\\  TERM\nNothing is coloured when NO_COLOR is not empty, or TERM is dumb.\n"
          ".SH FILES\n.TP\n.I ~/.alo_history\nWhat was typed.\n.TP\n.I ~/.editrc\nHow keys are bound, see\n.BR editrc (5).\n"
          ".SH EXIT STATUS\n.TP\n.B 0\nAll went well.\n"
          ".TP\n.B 1\nIn a script: a command failed, or the connection was lost.\n.TP\n.B 2\nWrong usage; one sentence on standard error says what.\n"
          ".SH EXAMPLES\nWait in a script until user 2 comes or goes:\n.PP\n.RS 4\n.nf\n"
          "printf 'login 1 2\\en wait 1 60000\\en' | alo-client\n.fi\n.RE\n"
          ".SH SEE ALSO\n.BR alo (8)\n",
        out);
}

static void
completion_print(FILE *out)
{
    fputs("# bash completion for alo-client\n"
          "_alo_client()\n"
          "{\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words\n"
          "\n"
          "    # bash takes --history=file for three words.\n"
          "    if [[ $word == = ]]; then\n"
          "        word=\n"
          "    elif [[ $before == = ]]; then\n"
          "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
          "    fi\n"
          "    case $before in\n"
          "    --history)\n"
          "        mapfile -t COMPREPLY < <(compgen -f -W none -- \"$word\")\n"
          "        return\n"
          "        ;;\n"
          "    --port | -p) words= ;;\n"
          "    *)\n"
          "        words='localhost",
        out);
    for (int i = 0; i < CLIENT_OPTION_COUNT; i++)
        fprintf(out, " --%s", client_option_table[i].name);
    for (int i = 0; i < CLIENT_TEXT_FLAG_COUNT; i++)
        fprintf(out, " %s", client_text_flags[i].name);
    fputs("'\n        if ((COMP_CWORD == 1)); then words+='", out);
    for (int i = 0; i < CLIENT_COMMAND_COUNT; i++)
        fprintf(out, " %s", client_commands[i].name);
    fputs("'; fi\n"
          "        ;;\n"
          "    esac\n"
          "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
          "}\n"
          "complete -F _alo_client alo-client\n",
        out);
}
