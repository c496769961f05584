/* SPDX-License-Identifier: MIT
 *
 * See options.h. Reads the command line and the environment by the table; nothing is kept between calls. By hand rather than through
 * getopt_long, because its messages cannot say what is allowed, and it takes a flag that is only begun (--max).
 */
#include "service/options.h"

#include "service/options_file.h"
#include "service/options_name.h"
#include "service/options_table.h"
#include "service/options_text.h"
#include "service/options_value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads argv; `at` is the word that comes next. */
struct reader {
    int count;
    char **words;
    int at;
};

/* Orchestrators set variables like SERVER_PORT=tcp://10.0.0.7:8080 for each service that they know, by its name; nobody meant this one. */
static bool
looks_injected(const struct option_row *row, const char *value)
{
    return row->kind != OPTION_WORD && strstr(value, "://") != NULL;
}

static const struct option_row *
variable_find(const char *name, size_t length)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (strncmp(option_table[i].environment, name, length) == 0 && option_table[i].environment[length] == '\0')
            return &option_table[i];
    return NULL;
}

static int
environment_read(char **environment, struct options *options, void (*warn)(const char *text), char sentence[static OPTION_TEXT])
{
    char text[OPTION_TEXT];

    for (; *environment != NULL; environment++) {
        size_t length = strcspn(*environment, "=");
        const char *value = *environment + length + ((*environment)[length] == '=');
        const struct option_row *row = variable_find(*environment, length);

        if (row == NULL) {
            if (strncmp(*environment, "ALO_", 4) != 0)
                continue;
            snprintf(text, sizeof text, "The environment variable %.*s is ignored: no option has that name.", length > 200 ? 200 : (int)length,
                *environment);
            warn(text);
        } else if (looks_injected(row, value)) {
            snprintf(text, sizeof text, "The environment variable %s is ignored: its value '%.200s' looks set by an orchestrator.", row->environment,
                value);
            warn(text);
        } else if (*value != '\0') {
            int error = option_store(row, (struct option_source){.origin = OPTION_FROM_ENVIRONMENT}, value, options, sentence);
            if (error < 0)
                return error;
        }
    }
    return 0;
}

/* The option that a word names; *value is what is written to it with `=` or right behind its letter, else NULL. */
static const struct option_row *
flag_find(const char *word, const char **value)
{
    if (word[1] == '-') {
        size_t length = strcspn(word + 2, "=");

        *value = word[2 + length] == '=' ? word + 3 + length : NULL;
        return option_find(word + 2, length);
    }
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_table[i];

        if (row->letter != 0 && row->letter == word[1] && (row->kind != OPTION_FLAG || word[2] == '\0')) {
            *value = word[2] != '\0' ? word + 2 : NULL;
            return row;
        }
    }
    return NULL;
}

/* No such flag: says which one was probably meant, if one is near. */
static int
flag_refuse(const char *word, char sentence[static OPTION_TEXT])
{
    const char *name = word + strspn(word, "-");
    const struct option_row *nearest = option_nearest(name, strcspn(name, "="));

    if (nearest != NULL)
        snprintf(sentence, OPTION_TEXT, "%.60s is not a flag; the nearest is --%s", word, nearest->name);
    else
        snprintf(sentence, OPTION_TEXT, "%.60s is not a flag", word);
    return -EINVAL;
}

/* Is the word no value but the next flag? A dash and a digit is a number, though a wrong one. */
static bool
is_flag(const char *word)
{
    return word[0] == '-' && !(word[1] >= '0' && word[1] <= '9');
}

/* Takes one word that begins with a dash, and its value, which may be the word after it. */
static int
flag_read(struct reader *reader, struct options *options, char sentence[static OPTION_TEXT])
{
    const char *word = reader->words[reader->at++];
    const char *value = NULL;
    const struct option_row *row = flag_find(word, &value);

    if (row == NULL)
        return flag_refuse(word, sentence);
    if (value == NULL && row->kind == OPTION_FLAG)
        value = "on";
    if (value == NULL && reader->at < reader->count && !is_flag(reader->words[reader->at]))
        value = reader->words[reader->at++];
    if (value != NULL)
        return option_store(row, (struct option_source){.origin = OPTION_FROM_FLAG}, value, options, sentence);

    char allowed[OPTION_TEXT];

    option_describe_allowed(row, allowed);
    snprintf(sentence, OPTION_TEXT, "--%s needs a value; allowed is %.200s", row->name, allowed);
    return -EINVAL;
}

/* Prints what a command, --help or --version asks for, wherever it stands; false when nothing does. Values of flags are no commands. */
static bool
text_asked(int argc, char **argv)
{
    for (int at = 1; at < argc; at++) {
        const char *value = NULL;
        const struct option_row *row = argv[at][0] == '-' ? flag_find(argv[at], &value) : NULL;

        if (row == NULL && options_print(stdout, argv[at]))
            return true;
        if (row != NULL && row->kind != OPTION_FLAG && value == NULL && at + 1 < argc && !is_flag(argv[at + 1]))
            at++;
    }
    return false;
}

/* What is to be done with the options, if a word asks for anything but serving. */
static bool
outcome_asked(const char *word, enum options_outcome *outcome)
{
    if (strcmp(word, OPTION_CHECK_FLAG) == 0)
        *outcome = OPTIONS_CHECK;
    else if (strcmp(word, OPTION_PRINT_FLAG) == 0)
        *outcome = OPTIONS_PRINT;
    else
        return false;
    return true;
}

static int
arguments_read(int argc, char **argv, struct options *options, enum options_outcome *outcome, char sentence[static OPTION_TEXT])
{
    struct reader reader = {.count = argc, .words = argv, .at = 1};

    while (reader.at < argc) {
        const char *word = argv[reader.at];

        if (word[0] != '-' || word[1] == '\0') {
            char commands[OPTION_TEXT];

            options_list_commands(commands);
            snprintf(sentence, OPTION_TEXT, "'%.60s' is not a command; the commands are %.200s", word, commands);
            return -EINVAL;
        }
        if (outcome_asked(word, outcome)) {
            reader.at++;
            continue;
        }
        int error = flag_read(&reader, options, sentence);
        if (error < 0)
            return error;
    }
    return 0;
}

/* Reads all sources. The file comes last, because the others say which it is; what they have set it leaves alone. */
static int
sources_read(int argc, char **argv, char **environment, struct options *options, enum options_outcome *outcome, void (*warn)(const char *text),
    char sentence[static OPTION_TEXT])
{
    struct options read = {0};
    int error = 0;

    for (int i = 0; i < OPTION_COUNT && error == 0; i++)
        error = option_store(&option_table[i], (struct option_source){.origin = OPTION_FROM_DEFAULT}, option_table[i].fallback, &read, sentence);
    if (error == 0)
        error = environment_read(environment, &read, warn, sentence);
    if (error == 0)
        error = arguments_read(argc, argv, &read, outcome, sentence);
    if (error == 0)
        error = options_file_read(&read, sentence);
    if (error < 0)
        options_done(&read);
    else
        *options = read;
    return error;
}

enum options_outcome
options_parse(int argc, char **argv, char **environment, struct options *options, void (*warn)(const char *text))
{
    enum options_outcome outcome = OPTIONS_RUN;
    char sentence[OPTION_TEXT] = "";

    if (text_asked(argc, argv))
        return OPTIONS_DONE;
    if (sources_read(argc, argv, environment, options, &outcome, warn, sentence) < 0) {
        fprintf(stderr, "alo: %s; see alo --help\n", sentence);
        return OPTIONS_WRONG;
    }
    return outcome;
}

int
options_read(int argc, char **argv, char **environment, struct options *options, void (*warn)(const char *text), char sentence[static OPTION_TEXT])
{
    enum options_outcome outcome;

    return sources_read(argc, argv, environment, options, &outcome, warn, sentence);
}

void
options_done(struct options *options)
{
    free(options->file_text);
    options->file_text = NULL;
}
