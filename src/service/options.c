/* SPDX-License-Identifier: MIT
 *
 * Reads the command line and the environment by the table. Nothing is kept between calls.
 */
#include "service/options.h"

#include "service/options_table.h"
#include "service/options_text.h"
#include "service/version.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SENTENCE = 512 };

static bool __attribute__((format(printf, 2, 3))) refuse(char sentence[SENTENCE], const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sentence, SENTENCE, format, arguments);
    va_end(arguments);
    return false;
}

/* Digits only, no sign; false when there is anything else or the number does not fit. `*rest` is what follows the digits. */
static bool
parse_digits(const char *text, uint64_t *number, const char **rest)
{
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *number = strtoull(text, &end, 10);
    *rest = end;
    return errno == 0;
}

/* The factor of a unit such as K, KiB or KB; 0 when there is none of that name. */
static uint64_t
size_factor(const char *unit)
{
    static const struct {
        const char *letter;
        uint64_t factor;
    } units[] = {{"", 1}, {"K", UINT64_C(1) << 10}, {"M", UINT64_C(1) << 20}, {"G", UINT64_C(1) << 30}};

    for (unsigned i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t length = strlen(units[i].letter);

        if (strncasecmp(unit, units[i].letter, length) != 0)
            continue;
        if (unit[length] == '\0' || (length > 0 && strcasecmp(unit + length, "iB") == 0) || (length == 0 && strcasecmp(unit, "B") == 0))
            return units[i].factor;
    }
    return 0;
}

static bool
parse_number(const struct option_row *row, const char *source, const char *text, uint64_t *number, char sentence[SENTENCE])
{
    char range[OPTIONS_RANGE];
    uint64_t factor = 1;
    const char *rest;
    bool good = parse_digits(text, number, &rest);

    if (good && row->kind == OPTION_SIZE)
        factor = size_factor(rest);
    else if (good && row->kind == OPTION_SECONDS && strcmp(rest, "s") == 0)
        factor = 1;
    else if (good && *rest != '\0')
        factor = 0;
    if (!good || factor == 0 || *number > UINT64_MAX / factor) {
        options_range(row, range);
        return refuse(sentence, "%s: '%s' is not a number that is allowed; allowed is %s", source, text, range);
    }
    *number *= factor;
    if (*number < row->least || *number > row->most) {
        options_range(row, range);
        return refuse(sentence, "%s: %s is out of range; allowed is %s", source, text, range);
    }
    return true;
}

static bool
parse_truth(const char *source, const char *text, bool *truth, char sentence[SENTENCE])
{
    static const char *const words[2][4] = {{"0", "false", "no", "off"}, {"1", "true", "yes", "on"}};

    for (int value = 0; value < 2; value++) {
        for (int i = 0; i < 4; i++) {
            if (strcasecmp(text, words[value][i]) == 0) {
                *truth = value == 1;
                return true;
            }
        }
    }
    return refuse(sentence, "%s: '%s' is neither true nor false; allowed are 1, true, yes, on, 0, false, no and off", source, text);
}

/* Stores a value, given as text. `source` names where it came from: the flag or the variable. */
static bool
store_value(const struct option_row *row, const char *source, const char *text, struct options *options, char sentence[SENTENCE])
{
    char *field = (char *)options + row->offset;
    uint64_t number = 0;
    uint32_t number_32;
    uint16_t port;
    bool truth = false;

    switch (row->kind) {
    case OPTION_FLAG:
        if (!parse_truth(source, text, &truth, sentence))
            return false;
        memcpy(field, &truth, sizeof truth);
        return true;
    case OPTION_WORD:
        if (*text == '\0')
            return refuse(sentence, "%s: the value is empty; allowed is %s", source, row->help);
        memcpy(field, &text, sizeof text);
        return true;
    case OPTION_PORT:
    case OPTION_NUMBER:
    case OPTION_SECONDS:
    case OPTION_SIZE: break;
    }
    if (!parse_number(row, source, text, &number, sentence))
        return false;
    number_32 = (uint32_t)number;
    port = (uint16_t)number;
    if (row->kind == OPTION_PORT)
        memcpy(field, &port, sizeof port);
    else if (row->kind == OPTION_SIZE)
        memcpy(field, &number, sizeof number);
    else
        memcpy(field, &number_32, sizeof number_32);
    return true;
}

_Static_assert(sizeof(size_t) == sizeof(uint64_t), "a size is stored as it was read");

/* Values like tcp://10.0.0.7:8080 are set by orchestrators for every service they know; nobody typed them. */
static bool
looks_injected(const char *text)
{
    return strncmp(text, "tcp://", 6) == 0 || strncmp(text, "udp://", 6) == 0;
}

static const struct option_row *
find_variable(const char *name, size_t length)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (strlen(option_table[i].environment) == length && memcmp(option_table[i].environment, name, length) == 0)
            return &option_table[i];
    return NULL;
}

static bool
read_environment(char **environment, struct options *options, void (*warn)(const char *text), char sentence[SENTENCE])
{
    for (char **variable = environment; *variable != NULL; variable++) {
        const char *equals = strchr(*variable, '=');
        size_t length = equals == NULL ? 0 : (size_t)(equals - *variable);
        const struct option_row *row = find_variable(*variable, length);
        char text[SENTENCE];

        if (row == NULL && strncmp(*variable, "ALO_", 4) == 0 && length > 4) {
            snprintf(text, sizeof text, "The environment variable %.*s is not one that alo knows, it is ignored.", (int)length, *variable);
            warn(text);
        } else if (row != NULL && looks_injected(equals + 1)) {
            snprintf(text, sizeof text, "The environment variable %s holds %s, which looks injected by an orchestrator, it is ignored.",
                row->environment, equals + 1);
            warn(text);
        } else if (row != NULL && equals[1] != '\0') {
            char source[64];

            snprintf(source, sizeof source, "$%s", row->environment);
            if (!store_value(row, source, equals + 1, options, sentence))
                return false;
        }
    }
    return true;
}

static const struct option_row *
find_flag(const char *name, size_t length)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (strlen(option_table[i].name) == length && memcmp(option_table[i].name, name, length) == 0)
            return &option_table[i];
    return NULL;
}

/* The number of letters to add, drop or change between two words (Wagner and Fischer, 1974). */
static unsigned
distance(const char *a, size_t a_length, const char *b)
{
    unsigned row[64];
    size_t b_length = strlen(b);

    if (b_length >= sizeof row / sizeof row[0])
        return UINT32_MAX;
    for (unsigned j = 0; j <= b_length; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        unsigned diagonal = row[0];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned change = diagonal + (a[i - 1] != b[j - 1]);
            unsigned step = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

            diagonal = row[j];
            row[j] = change < step ? change : step;
        }
    }
    return row[b_length];
}

static bool
refuse_flag(const char *word, char sentence[SENTENCE])
{
    const struct option_row *nearest = NULL;
    const char *name = word + strspn(word, "-");
    size_t length = strcspn(name, "=");
    unsigned least = 4;

    for (int i = 0; i < OPTION_COUNT; i++) {
        unsigned apart = distance(name, length, option_table[i].name);

        if (apart < least && apart < length) {
            least = apart;
            nearest = &option_table[i];
        }
    }
    if (nearest != NULL)
        return refuse(sentence, "%s: there is no such flag, do you mean --%s? alo --help lists them all", word, nearest->name);
    return refuse(sentence, "%s: there is no such flag; alo --help lists them all", word);
}

/* The option of a flag such as --port, --port=9000, -p or -p9000, and the value that it carries, if it does. NULL: there is no such flag. */
static const struct option_row *
look_up(const char *word, const char **value)
{
    size_t length = strcspn(word, "=");

    *value = NULL;
    if (word[0] == '-' && word[1] == '-') {
        *value = word[length] == '=' ? word + length + 1 : NULL;
        return find_flag(word + 2, length - 2);
    }
    for (int i = 0; word[0] == '-' && word[1] != '\0' && i < OPTION_COUNT; i++) {
        if (option_table[i].letter != word[1] || (option_table[i].kind == OPTION_FLAG && word[2] != '\0'))
            continue;
        *value = word[2] != '\0' ? word + 2 : NULL;
        return &option_table[i];
    }
    return NULL;
}

/* Reads the flag at argv[*at], and its value, which may be the next word. */
static bool
read_flag(int argc, char **argv, int *at, struct options *options, char sentence[SENTENCE])
{
    const char *value;
    const struct option_row *row = look_up(argv[*at], &value);
    char source[64];

    if (row == NULL)
        return refuse_flag(argv[*at], sentence);
    snprintf(source, sizeof source, "--%s", row->name);
    if (row->kind == OPTION_FLAG)
        return store_value(row, source, value == NULL ? "true" : value, options, sentence);
    if (value == NULL && *at + 1 == argc) {
        char range[OPTIONS_RANGE];

        options_range(row, range);
        return refuse(sentence, "%s: a value is missing; allowed is %s", source, range);
    }
    return store_value(row, source, value != NULL ? value : argv[++*at], options, sentence);
}

/* Prints what a command or --help or --version asks for. False: it is neither. */
static bool
print_text(const char *word)
{
    static const struct {
        const char *words[4];
        void (*print)(FILE *out);
    } texts[] = {
        {{"help", "h", "--help", "-h"}, options_print_help},
        {{"--version"}, options_print_version},
        {{"man"}, options_print_man},
        {{"completion"}, options_print_completion},
        {{"options-table"}, options_print_table},
    };

    for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (int j = 0; j < 4 && texts[i].words[j] != NULL; j++) {
            if (strcmp(word, texts[i].words[j]) == 0) {
                texts[i].print(stdout);
                return true;
            }
        }
    }
    return false;
}

/* Looks for a command or a flag that asks for a text, before anything can be wrong. A flag's value is not one. */
static bool
prints_text(int argc, char **argv)
{
    for (int at = 1; at < argc; at++) {
        const char *value;
        const struct option_row *row = look_up(argv[at], &value);

        if (row == NULL && print_text(argv[at]))
            return true;
        if (row != NULL && row->kind != OPTION_FLAG && value == NULL)
            at++;
    }
    return false;
}

enum options_outcome
options_parse(int argc, char **argv, char **environment, struct options *options, void (*warn)(const char *text))
{
    struct options read = {0};
    char sentence[SENTENCE] = "";
    bool good = true;

    for (int i = 0; i < OPTION_COUNT; i++)
        good = store_value(&option_table[i], option_table[i].name, option_table[i].fallback, &read, sentence) && good;
    if (prints_text(argc, argv))
        return OPTIONS_DONE;
    good = good && read_environment(environment, &read, warn, sentence);
    for (int at = 1; good && at < argc; at++) {
        if (argv[at][0] == '-' && argv[at][1] != '\0')
            good = read_flag(argc, argv, &at, &read, sentence);
        else
            good = refuse(sentence, "%s: there is no such command; alo --help lists them all", argv[at]);
    }
    if (!good) {
        fprintf(stderr, "alo: %s\n", sentence);
        return OPTIONS_WRONG;
    }
    *options = read;
    return OPTIONS_RUN;
}
