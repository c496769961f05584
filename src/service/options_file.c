/* SPDX-License-Identifier: MIT
 *
 * See options_file.h. The file is read whole and cut up in place, so words point into it.
 */
#include "service/options_file.h"

#include "base/utf8.h"
#include "service/options_name.h"
#include "service/options_value.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOURCE_COLUMN = 32 }; /* where print begins to say where a value comes from */

static const char byte_order_mark[] = "\xef\xbb\xbf"; /* some editors put it at the beginning; nobody sees it */

/* Where the reading stands. */
struct lines {
    struct options *options;
    uint32_t number;              /* of the line, from 1 */
    uint32_t given[OPTION_COUNT]; /* in which line an option stands; 0 in none */
    char *sentence;               /* OPTION_TEXT */
};

/* Says what is wrong with the file as a whole, behind what named it. */
static int
file_refuse(const struct options *options, const char *what, char sentence[static OPTION_TEXT])
{
    const struct option_row *row = option_find("config", strlen("config"));
    char behind[OPTION_SOURCE_TEXT];

    option_describe_field(options, &options->config, behind);
    snprintf(sentence, OPTION_TEXT, "%s '%.150s' %.80s; allowed is %s", behind, options->config, what, row->allowed);
    return -EINVAL;
}

/* Is it text that a person can see? Returns the place where it is not, and what is wrong there; NULL when all of it is. */
static const char *
fault_find(const char *text, const char *end, const char **what)
{
    while (text < end) {
        uint32_t point;
        size_t taken = utf8_read(text, end, &point);

        if (taken == 0) {
            *what = "is not UTF-8";
            return text;
        }
        if ((point < 0x20 && point != '\t') || (point >= 0x7f && point <= 0x9f)) {
            *what = "is a control character";
            return text;
        }
        text += taken;
    }
    return NULL;
}

/* Reads up to `room` bytes; returns how many, or -errno. */
static ssize_t
bytes_read(int descriptor, char *bytes, size_t room)
{
    size_t length = 0;

    while (length < room) {
        ssize_t count = read(descriptor, bytes + length, room - length);

        if (count < 0 && errno != EINTR)
            return -errno;
        if (count == 0)
            break;
        length += count > 0 ? (size_t)count : 0;
    }
    return (ssize_t)length;
}

/* Reads the whole file into options->file_text, which ends in NUL then; *length is without that. */
static int
file_load(struct options *options, size_t *length, char sentence[static OPTION_TEXT])
{
    const char *fault = NULL;
    /* With such a path, what options_file_print prints would not be a file that can be read. */
    bool is_named = fault_find(options->config, options->config + strlen(options->config), &fault) == NULL;
    /* Not blocking, lest opening a pipe waits for its writer. */
    int descriptor = is_named ? open(options->config, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;
    char what[OPTION_TEXT] = "";
    ssize_t count = 0;
    struct stat status;

    if (!is_named)
        snprintf(what, sizeof what, "has a byte in it that %s", fault);
    else if (descriptor < 0 || fstat(descriptor, &status) < 0)
        snprintf(what, sizeof what, "cannot be opened (%s)", strerror(errno));
    else if (!S_ISREG(status.st_mode))
        snprintf(what, sizeof what, "is not a regular file");
    else if ((options->file_text = malloc(OPTIONS_FILE_BYTES + 2)) == NULL)
        snprintf(what, sizeof what, "finds no memory");
    else if ((count = bytes_read(descriptor, options->file_text, OPTIONS_FILE_BYTES + 1)) < 0)
        snprintf(what, sizeof what, "cannot be read (%s)", strerror((int)-count));
    else if (count > OPTIONS_FILE_BYTES)
        snprintf(what, sizeof what, "is larger than %d bytes", OPTIONS_FILE_BYTES);
    if (descriptor >= 0)
        close(descriptor);
    if (what[0] != '\0' || options->file_text == NULL)
        return file_refuse(options, what, sentence);
    options->file_text[count] = '\0';
    *length = (size_t)count;
    return 0;
}

/* Says what is wrong with this line. */
static int __attribute__((format(printf, 2, 3))) line_refuse(const struct lines *lines, const char *format, ...)
{
    char behind[OPTION_SOURCE_TEXT];
    va_list arguments;
    int length;

    option_describe_line(lines->options, lines->number, behind);
    length = snprintf(lines->sentence, OPTION_TEXT, "%s: ", behind);
    va_start(arguments, format);
    vsnprintf(lines->sentence + length, OPTION_TEXT - (size_t)length, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

/* Is the line short enough, and text that a person can see? */
static int
line_check(const struct lines *lines, const char *line, size_t length)
{
    const char *fault, *what;

    if (length > OPTIONS_LINE_BYTES)
        return line_refuse(lines, "the line is longer than the %d bytes that are allowed", OPTIONS_LINE_BYTES);
    fault = fault_find(line, line + length, &what);
    if (fault == NULL)
        return 0;
    return line_refuse(lines, "byte %zu of the line %s; allowed is text in UTF-8", (size_t)(fault - line) + 1, what);
}

static bool
is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* Cuts blanks off both ends of a text, in place; returns where it begins now. */
static char *
trimmed(char *text)
{
    size_t length;

    while (is_blank(*text))
        text++;
    for (length = strlen(text); length > 0 && is_blank(text[length - 1]); length--)
        text[length - 1] = '\0';
    return text;
}

/* Cuts off a comment: from a `#` at the beginning, or behind a blank. */
static void
comment_cut(char *line)
{
    for (char *at = line; (at = strchr(at, '#')) != NULL; at++) {
        if (at == line || is_blank(at[-1])) {
            *at = '\0';
            return;
        }
    }
}

static int
key_refuse(const struct lines *lines, const char *key)
{
    const struct option_row *nearest = option_nearest(key, strlen(key));

    if (*key == '\0')
        return line_refuse(lines, "there is no key before the '='; allowed is key = value");
    if (nearest != NULL)
        return line_refuse(lines, "'%.60s' is not a key; the nearest is %s; allowed are the long flags without their dashes", key, nearest->name);
    return line_refuse(lines, "'%.60s' is not a key; allowed are the long flags without their dashes", key);
}

/* Stores one value, or only looks at it when a flag or a variable goes over it. */
static int
value_store(struct lines *lines, const struct option_row *row, const char *value)
{
    uint32_t *given = &lines->given[row - option_table];
    struct options overridden = *lines->options;
    bool is_free = lines->options->sources[row - option_table].origin < OPTION_FROM_ENVIRONMENT;
    char allowed[OPTION_TEXT];

    if (row->is_outside)
        return line_refuse(lines, "%s cannot stand in a file; allowed are --%s and $%s", row->name, row->name, row->environment);
    if (*given != 0)
        return line_refuse(lines, "%s is given twice, in line %" PRIu32 " too; allowed is once", row->name, *given);
    *given = lines->number;
    option_describe_allowed(row, allowed);
    if (*value == '\0')
        return line_refuse(lines, "%s has no value; allowed is %.200s", row->name, allowed);
    return option_store(row, (struct option_source){.origin = OPTION_FROM_FILE, .line = lines->number}, value, is_free ? lines->options : &overridden,
        lines->sentence);
}

/* Reads one line, which ends in NUL. */
static int
line_read(struct lines *lines, char *line)
{
    const struct option_row *row;
    char *equals, *key;

    comment_cut(line);
    line = trimmed(line);
    if (*line == '\0')
        return 0;
    equals = strchr(line, '=');
    if (equals == NULL)
        return line_refuse(lines, "'%.60s' has no '='; allowed are key = value, a comment after #, and nothing", line);
    *equals = '\0';
    key = trimmed(line);
    row = option_find(key, strlen(key));
    if (row == NULL)
        return key_refuse(lines, key);
    return value_store(lines, row, trimmed(equals + 1));
}

int
options_file_read(struct options *options, char sentence[static OPTION_TEXT])
{
    struct lines lines = {.options = options, .sentence = sentence};
    size_t length = 0;
    int error;

    if (strcmp(options->config, "none") == 0)
        return 0;
    error = file_load(options, &length, sentence);
    if (error < 0)
        return error;

    char *line = options->file_text, *end = line + length;

    if (strncmp(line, byte_order_mark, sizeof byte_order_mark - 1) == 0)
        line += sizeof byte_order_mark - 1;
    while (line < end && error == 0) {
        char *newline = memchr(line, '\n', (size_t)(end - line));
        char *next = newline != NULL ? newline + 1 : end;
        char *line_end = newline != NULL ? newline : end;

        line_end -= line_end > line && line_end[-1] == '\r';
        *line_end = '\0';
        lines.number++;
        error = line_check(&lines, line, (size_t)(line_end - line));
        if (error == 0)
            error = line_read(&lines, line);
        line = next;
    }
    return error;
}

void
options_file_print(FILE *out, const struct options *options)
{
    fputs("# Each option of alo with its value, and behind that where it comes from.\n", out);
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_table[i];
        char value[OPTION_TEXT], source[OPTION_SOURCE_TEXT];
        int length;

        if (options->sources[i].origin == OPTION_FROM_FILE)
            option_describe_line(options, options->sources[i].line, source);
        else if (options->sources[i].origin == OPTION_FROM_DEFAULT)
            snprintf(source, sizeof source, "default");
        else
            option_describe_source(options, row, options->sources[i], source);
        length = fprintf(out, "%s%s = %s", row->is_outside ? "# " : "", row->name, option_format(row, options, value));
        fprintf(out, "%*s # %s\n", length < SOURCE_COLUMN ? SOURCE_COLUMN - length : 0, "", source);
    }
}
