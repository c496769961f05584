/* SPDX-License-Identifier: MIT
 *
 * See options_man.h. What the table cannot know stands here as roff; what comes from the table is escaped.
 */
#include "service/options_man.h"

#include "service/options_text.h"
#include "service/version.h"

#include <ctype.h>

static const char description[] =
    ".SH NAME\n"
    "alo \\- friend presence server\n"
    ".SH SYNOPSIS\n"
    ".B alo\n"
    ".RI [ options ]\n"
    ".br\n"
    ".B alo\n"
    ".I command\n"
    ".SH DESCRIPTION\n"
    ".B alo\n"
    "tells programs (a game, a chat, a collaboration tool) at once when their users' friends come online or go offline.\n"
    "A program opens a TCP connection for each device of a user and sends one JSON object: who the user is, and who the user's friends\n"
    "are.\n"
    "As long as the connection lasts, the user is online; and whenever one of the friends comes online or goes offline, the server sends a "
    "line.\n"
    "For user 1, whose friend 2 comes and goes, the whole conversation is:\n"
    ".PP\n"
    ".RS 4\n"
    ".nf\n"
    "client: {\"user_id\": 1, \"friends\": [2, 3, 4]}\n"
    "server: {\"online\": true}\n"
    "server: {\"online\": false}\n"
    ".fi\n"
    ".RE\n"
    ".PP\n"
    "It runs in the foreground until it is told to stop, keeps everything in memory, and logs one JSON object per line to standard error.\n"
    "The line whose event is \"listening\" says that it is ready, and on which port.\n"
    "Unless\n"
    ".B \\-\\-bind\n"
    "says otherwise, only programs on the same machine can connect.\n";

static const char file_section[] =
    ".SH CONFIGURATION FILE\n"
    "One key = value a line; the keys are the names of the flags without their dashes, and the values are those of the flags.\n"
    "A flag without a value takes on or off.\n"
    "Blank lines are skipped, and so is what follows a # at the beginning of a line or behind a blank.\n"
    "An unknown key, a key given twice or a wrong value is an error that names file and line.\n";

static const char rest[] = ".SH SIGNALS\n"
                           ".TP\n"
                           ".BR SIGTERM ,\\  SIGINT ,\\  SIGQUIT\n"
                           "Stop: take no more connections, tell each client, send what is queued for a few seconds at most, exit with status 0.\n"
                           "A second one ends the process at once.\n"
                           ".TP\n"
                           ".B SIGHUP\n"
                           "Reload: read flags, environment and configuration file anew, and change what can be changed without ending\n"
                           "a session.\n"
                           "The log names each option that differs and needs a restart; when something is wrong, all stays as it is.\n"
                           ".TP\n"
                           ".B SIGUSR2\n"
                           "Drain: take no more connections and let all clients go, spread over the drain time; each is told when to come back.\n"
                           "The server stays, and does nothing, until it is told to stop.\n"
                           ".PP\n"
                           "Other signals do nothing; those of job control and those that tell of a fault keep their meaning.\n"
                           ".SH EXIT STATUS\n"
                           ".TP\n"
                           ".B 0\n"
                           "It was told to stop, or printed what was asked for.\n"
                           ".TP\n"
                           ".B 1\n"
                           "It cannot serve, for example because the port is taken; one sentence says why.\n"
                           ".TP\n"
                           ".B 2\n"
                           "Wrong usage or configuration; one sentence on standard error says where, and what is allowed.\n"
                           ".SH EXAMPLES\n"
                           "Serve other machines, too, on port 9000:\n"
                           ".PP\n"
                           ".RS 4\n"
                           ".nf\n"
                           "alo \\-\\-bind all \\-\\-port 9000\n"
                           ".fi\n"
                           ".RE\n"
                           ".PP\n"
                           "The same, told by the environment:\n"
                           ".PP\n"
                           ".RS 4\n"
                           ".nf\n"
                           "ALO_BIND=all SERVER_PORT=9000 alo\n"
                           ".fi\n"
                           ".RE\n"
                           ".PP\n"
                           "Make a configuration file of these, and see whether it is fine:\n"
                           ".PP\n"
                           ".RS 4\n"
                           ".nf\n"
                           "alo \\-\\-bind all \\-\\-port 9000 \\-\\-print\\-config >alo.conf\n"
                           "alo \\-\\-config alo.conf \\-\\-check\\-config\n"
                           ".fi\n"
                           ".RE\n"
                           ".PP\n"
                           "See it work: as user 1 in one terminal, and as the friend in another.\n"
                           ".PP\n"
                           ".RS 4\n"
                           ".nf\n"
                           "telnet localhost 8080\n"
                           "{\"user_id\": 1, \"friends\": [2]}\n"
                           ".fi\n"
                           ".RE\n"
                           ".PP\n"
                           ".RS 4\n"
                           ".nf\n"
                           "telnet localhost 8080\n"
                           "{\"user_id\": 2, \"friends\": [1]}\n"
                           ".fi\n"
                           ".RE\n"
                           ".SH SEE ALSO\n"
                           ".BR telnet (1),\n"
                           ".BR systemd.service (5),\n"
                           ".BR tcp (7)\n";

/* Text as roff shows it: a dash stays a dash and a backslash one, and no line of it is a request. */
static void
roff_print(FILE *out, const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", out);
    for (; *text != '\0'; text++) {
        if (*text == '-' || *text == '\\')
            fputs(*text == '-' ? "\\-" : "\\e", out);
        else
            fputc(*text, out);
    }
}

/* A sentence made of a text that has neither capital nor full stop. */
static void
sentence_print(FILE *out, const char *text)
{
    fputc(toupper((unsigned char)text[0]), out);
    roff_print(out, text + 1);
    fputs(".\n", out);
}

static void
command_print(FILE *out, const struct option_command *command)
{
    fputs(".TP\n.B ", out);
    roff_print(out, command->name);
    if (command->short_name != NULL) {
        fputs(", ", out);
        roff_print(out, command->short_name);
    }
    fputc('\n', out);
    sentence_print(out, command->help);
}

static void
option_print(FILE *out, const struct option_row *row)
{
    const char *value = row->kind == OPTION_FLAG ? "" : " \\fIvalue\\fR";
    char allowed[OPTION_TEXT];

    fputs(".TP\n\\fB\\-\\-", out);
    roff_print(out, row->name);
    fprintf(out, "\\fR%s", value);
    if (row->letter != 0)
        fprintf(out, ", \\fB\\-%c\\fR%s", row->letter, value);
    fputc('\n', out);
    sentence_print(out, row->help);
    if (row->kind == OPTION_FLAG) {
        fputs(row->is_live ? "A reload changes it.\n" : "", out);
        return;
    }
    option_describe_allowed(row, allowed);
    fputs("Allowed is ", out);
    roff_print(out, allowed);
    fputs("; the default is ", out);
    roff_print(out, row->fallback);
    fputs(row->is_live ? ".\nA reload changes it.\n" : ".\n", out);
}

static void
variable_print(FILE *out, const struct option_row *row)
{
    fputs(".TP\n.B ", out);
    roff_print(out, row->environment);
    fputs("\nThe same as\n.BR \\-\\-", out);
    roff_print(out, row->name);
    fputs(row->kind == OPTION_FLAG ? " :\n1, true, yes and on set it, 0, false, no and off do not.\n" : " .\n", out);
}

void
options_man_print(FILE *out)
{
    fprintf(out, ".\\\" Printed by alo man.\n.TH ALO 8 \"\" \"alo %s\" \"System Administration\"\n", version_text());
    fputs(description, out);
    fputs(".SH COMMANDS\n", out);
    for (int i = 0; i < OPTION_COMMANDS; i++)
        command_print(out, &option_commands[i]);
    fputs(".SH OPTIONS\n"
          "A flag goes over the environment, that over the configuration file, and that over the default.\n"
          "The value may also be joined to the flag by an equals sign.\n",
        out);
    for (int i = 0; i < OPTION_COUNT; i++)
        option_print(out, &option_table[i]);
    for (int i = 0; i < OPTION_TEXT_FLAGS; i++)
        command_print(out, &option_text_flags[i]);
    fputs(".SH ENVIRONMENT\n"
          "An empty variable counts as not set.\n"
          "A variable that begins with ALO_ and has no meaning, or one whose value an orchestrator seems to have set (tcp://10.0.0.7:8080),\n"
          "is ignored with a warning in the log.\n",
        out);
    for (int i = 0; i < OPTION_COUNT; i++)
        variable_print(out, &option_table[i]);
    fputs(file_section, out);
    fputs(rest, out);
}
