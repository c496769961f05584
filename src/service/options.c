/* SPDX-License-Identifier: MIT
 *
 * See options.h. Reads the command line and the environment by the table; nothing is kept between calls. By hand rather than through
 * getopt_long, because its messages cannot say what is allowed, and it takes a flag that is only begun (--max).
 */
#include "service/options.h"

#include "service/options_table.h"
#include "service/options_text.h"
#include "service/options_value.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { FLAG_BYTES = 64 }; /* longest name of a flag or variable, and its dashes */

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
        char source[FLAG_BYTES];

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
            snprintf(source, sizeof source, "$%s", row->environment);
            int error = option_store(row, source, value, options, sentence);
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
    bool is_long = word[1] == '-';
    size_t length = is_long ? strcspn(word + 2, "=") : 0;

    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_table[i];

        if (is_long && strncmp(row->name, word + 2, length) == 0 && row->name[length] == '\0') {
            *value = word[2 + length] == '=' ? word + 3 + length : NULL;
            return row;
        }
        if (!is_long && row->letter != 0 && row->letter == word[1] && (row->kind != OPTION_FLAG || word[2] == '\0')) {
            *value = word[2] != '\0' ? word + 2 : NULL;
            return row;
        }
    }
    return NULL;
}

/* How many letters must be added, dropped or changed to make one word of the other (Wagner and Fischer, 1974). */
static unsigned
words_distance(const char *one, size_t one_length, const char *other)
{
    unsigned row[FLAG_BYTES];
    size_t other_length = strlen(other);

    for (size_t j = 0; j <= other_length; j++)
        row[j] = (unsigned)j;
    for (size_t i = 0; i < one_length; i++) {
        unsigned diagonal = row[0];

        row[0] = (unsigned)i + 1;
        for (size_t j = 0; j < other_length; j++) {
            unsigned change = diagonal + (one[i] != other[j]);
            unsigned step = (row[j] < row[j + 1] ? row[j] : row[j + 1]) + 1;

            diagonal = row[j + 1];
            row[j + 1] = change < step ? change : step;
        }
    }
    return row[other_length];
}

/* No such flag: says which one was probably meant, if one is near. */
static int
flag_refuse(const char *word, char sentence[static OPTION_TEXT])
{
    const char *name = word + strspn(word, "-");
    size_t length = strcspn(name, "=");
    const struct option_row *nearest = NULL;
    unsigned nearest_distance = 4; /* from there on it is another word */

    for (int i = 0; length < FLAG_BYTES && i < OPTION_COUNT; i++) {
        unsigned distance = words_distance(name, length, option_table[i].name);

        if (distance < nearest_distance && distance < length) {
            nearest_distance = distance;
            nearest = &option_table[i];
        }
    }
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
    char source[FLAG_BYTES];

    if (row == NULL)
        return flag_refuse(word, sentence);
    snprintf(source, sizeof source, "--%s", row->name);
    if (value == NULL && row->kind == OPTION_FLAG)
        value = "on";
    if (value == NULL && reader->at < reader->count && !is_flag(reader->words[reader->at]))
        value = reader->words[reader->at++];
    if (value != NULL)
        return option_store(row, source, value, options, sentence);

    char allowed[OPTION_TEXT];

    option_describe_allowed(row, allowed);
    snprintf(sentence, OPTION_TEXT, "%s needs a value; allowed is %.200s", source, allowed);
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

static int
arguments_read(int argc, char **argv, struct options *options, char sentence[static OPTION_TEXT])
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
        int error = flag_read(&reader, options, sentence);
        if (error < 0)
            return error;
    }
    return 0;
}

enum options_outcome
options_parse(int argc, char **argv, char **environment, struct options *options, void (*warn)(const char *text))
{
    struct options read = {0};
    char sentence[OPTION_TEXT] = "";
    int error = 0;

    if (text_asked(argc, argv))
        return OPTIONS_DONE;
    for (int i = 0; i < OPTION_COUNT && error == 0; i++)
        error = option_store(&option_table[i], option_table[i].name, option_table[i].fallback, &read, sentence);
    if (error == 0)
        error = environment_read(environment, &read, warn, sentence);
    if (error == 0)
        error = arguments_read(argc, argv, &read, sentence);
    if (error < 0) {
        fprintf(stderr, "alo: %s; see alo --help\n", sentence);
        return OPTIONS_WRONG;
    }
    *options = read;
    return OPTIONS_RUN;
}
