/* SPDX-License-Identifier: MIT */
#include "service/options_text.h"

#include "service/version.h"
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What such a word prints; the caller frees it. */
static char *
text_of(const char *word)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    ck_assert_msg(options_print(out, word), "%s prints nothing", word);
    fclose(out);
    return text;
}

static void
expect_inside(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "'%s' is missing in:\n%s", part, text);
}

/* The text with every stretch of white space made one blank, as a person reads it. The caller frees it. */
static char *
unwrapped(const char *text)
{
    char *flat = calloc(1, strlen(text) + 1);
    size_t length = 0;

    for (; *text != '\0'; text++) {
        bool white = *text == ' ' || *text == '\n';

        if (!white || (length > 0 && flat[length - 1] != ' '))
            flat[length++] = white ? ' ' : *text;
    }
    return flat;
}

START_TEST(help_has_the_shape_of_the_original)
{
    char *help = text_of("help"), *flat = unwrapped(help);
    const char *name = strstr(help, "NAME:\n   alo - "), *usage = strstr(help, "\n\nUSAGE:\n   alo [global options]\n");
    const char *commands = strstr(help, "\n\nCOMMANDS:\n   help, h "), *options = strstr(help, "\n\nGLOBAL OPTIONS:\n   --port value, -p value ");

    ck_assert_ptr_eq(name, help);
    ck_assert(usage != NULL && commands != NULL && options != NULL);
    ck_assert(name < usage && usage < commands && commands < options);
    expect_inside(flat, "(default: 8080) [$SERVER_PORT]");
    expect_inside(flat, "[$VERBOSE]");
    expect_inside(flat, "--help, -h show this text");
    free(flat);
    free(help);
}
END_TEST

START_TEST(help_tells_everything_about_each_option)
{
    char *help = text_of("--help"), *flat = unwrapped(help);

    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_table[i];
        char expected[1024];

        if (row->kind == OPTION_FLAG)
            snprintf(expected, sizeof expected, " %s [$%s]", row->help, row->environment);
        else
            snprintf(expected, sizeof expected, " value %s (default: %s) [$%s]", row->help, row->fallback, row->environment);
        expect_inside(flat, expected);
        snprintf(expected, sizeof expected, "\n   --%s%s", row->name, row->kind == OPTION_FLAG ? "" : " value");
        expect_inside(help, expected);
    }
    for (int i = 0; i < OPTION_COMMANDS; i++)
        expect_inside(flat, option_commands[i].help);
    free(flat);
    free(help);
}
END_TEST

START_TEST(no_line_of_the_help_is_too_wide_for_a_terminal)
{
    char *help = text_of("help");

    for (char *line = strtok(help, "\n"); line != NULL; line = strtok(NULL, "\n"))
        ck_assert_msg(strlen(line) <= 100, "%s", line);
    free(help);
}
END_TEST

START_TEST(version_is_one_line)
{
    char *version = text_of("--version"), expected[256];

    snprintf(expected, sizeof expected, "alo %s\n", version_text());
    ck_assert_str_eq(version, expected);
    free(version);
}
END_TEST

START_TEST(the_manual_page_has_its_sections_in_order)
{
    static const char *const sections[] = {"NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "ENVIRONMENT", "CONFIGURATION FILE", "SIGNALS",
        "EXIT STATUS", "EXAMPLES", "SEE ALSO"};
    char *man = text_of("man");
    const char *at = man;

    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        char heading[64];

        snprintf(heading, sizeof heading, "\n.SH %s\n", sections[i]);
        at = strstr(at, heading);
        ck_assert_msg(at != NULL, "%s", sections[i]);
    }
    expect_inside(man, ".TH ALO 8 ");
    expect_inside(man, "client: {\"user_id\": 1, \"friends\": [2, 3, 4]}\nserver: {\"online\": true}\nserver: {\"online\": false}\n");
    free(man);
}
END_TEST

/* `text` as roff: each dash a real one. */
static const char *
dashed(const char *text)
{
    static char roff[900];
    size_t length = 0;

    for (; *text != '\0'; text++) {
        if (*text == '-')
            roff[length++] = '\\';
        roff[length++] = *text;
    }
    roff[length] = '\0';
    return roff;
}

START_TEST(the_manual_page_tells_everything_about_each_option)
{
    char *man = text_of("man");

    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_table[i];
        char expected[1024], allowed[OPTION_TEXT];

        snprintf(expected, sizeof expected, "\\fB\\-\\-%s\\fR", dashed(row->name));
        expect_inside(man, expected);
        expect_inside(man, dashed(row->help + 1)); /* but for its capital */
        const char *entry = strstr(man, expected), *end = strstr(entry, "\n.TP\n"), *reload = strstr(entry, "\nA reload changes it.\n");
        ck_assert_int_eq(reload != NULL && reload < end, row->is_live);
        snprintf(expected, sizeof expected, "\n.B %s\n", row->environment);
        expect_inside(man, expected);
        if (row->kind == OPTION_FLAG)
            continue;
        option_describe_allowed(row, allowed);
        snprintf(expected, sizeof expected, "Allowed is %s; the default is %s.\n", allowed, row->fallback);
        expect_inside(man, dashed(expected));
    }
    free(man);
}
END_TEST

START_TEST(the_completion_knows_flags_commands_and_words)
{
    char *script = text_of("completion");

    for (int i = 0; i < OPTION_COUNT; i++) {
        char flag[64];

        snprintf(flag, sizeof flag, "--%s ", option_table[i].name);
        expect_inside(script, flag);
    }
    for (int i = 0; i < OPTION_COMMANDS; i++)
        expect_inside(strstr(script, "COMP_CWORD == 1"), option_commands[i].name);
    expect_inside(script, "--store) words='light' ;;\n");
    expect_inside(script, "--bind) words='localhost all' ;;\n");
    for (int i = 0; i < OPTION_TEXT_FLAGS; i++)
        expect_inside(script, option_text_flags[i].name);
    expect_inside(script, "complete -F _alo alo\n");
    free(script);
}
END_TEST

/* What bash offers for these words, the last of which is being typed; one a line. */
static void
expect_completion(const char *script_path, const char *words, const char *expected)
{
    char command[1024], offered[1024];

    snprintf(command, sizeof command, "source %s; COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _alo; printf '%%s ' \"${COMPREPLY[@]}\"",
        script_path, words);
    int ends[2], status;

    ck_assert_int_eq(pipe(ends), 0);
    pid_t bash = fork();
    if (bash == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execlp("bash", "bash", "-c", command, NULL);
        _exit(127);
    }
    close(ends[1]);
    FILE *out = fdopen(ends[0], "r");
    offered[fread(offered, 1, sizeof offered - 1, out)] = '\0';
    fclose(out);
    ck_assert_int_eq(waitpid(bash, &status, 0), bash);
    ck_assert_int_eq(status, 0);
    ck_assert_msg(strcmp(offered, expected) == 0, "%s offers %s", words, offered);
}

START_TEST(bash_completes_with_it)
{
    char path[] = "/tmp/alo-completion-XXXXXX", *script = text_of("completion");
    FILE *file = fdopen(mkstemp(path), "w");
    char words[64], offered[64];

    fputs(script, file);
    fclose(file);
    free(script);
    expect_completion(path, "alo --po", "--port ");
    expect_completion(path, "alo opt", "options-table ");
    expect_completion(path, "alo --verbose opt", " "); /* a command stands alone */
    expect_completion(path, "alo --store \"\"", "light ");
    expect_completion(path, "alo --store = li", "light ");
    expect_completion(path, "alo --store =", "light ");
    expect_completion(path, "alo --config non", "none ");
    snprintf(words, sizeof words, "alo --config %.*s", (int)(strlen(path) - 2), path);
    snprintf(offered, sizeof offered, "%s ", path);
    expect_completion(path, words, offered);
    expect_completion(path, "alo --check", "--check-config ");
    expect_completion(path, "alo --bind a", "all ");
    expect_completion(path, "alo -p \"\"", " ");
    remove(path);
}
END_TEST

START_TEST(the_markdown_table_has_a_row_for_each_option)
{
    char *table = text_of("options-table");
    int lines = 0;

    for (char *line = strtok(table, "\n"); line != NULL; line = strtok(NULL, "\n"), lines++) {
        int bars = 0;

        for (const char *at = line; *at != '\0'; at++)
            bars += *at == '|';
        ck_assert_int_eq(bars, 7);
        if (lines < 2)
            continue;

        const struct option_row *row = &option_table[lines - 2];
        char expected[1024];

        snprintf(expected, sizeof expected, "| `--%s`", row->name);
        ck_assert_int_eq(strncmp(line, expected, strlen(expected)), 0);
        snprintf(expected, sizeof expected, " | `%s` | `%s` | ", row->environment, row->fallback);
        expect_inside(line, expected);
        snprintf(expected, sizeof expected, " | %s | %s |", row->is_live ? "live" : "restart", row->help);
        expect_inside(line, expected);
    }
    ck_assert_int_eq(lines, OPTION_COUNT + 2);
    free(table);
}
END_TEST

START_TEST(commands_are_listed_in_a_sentence)
{
    char text[OPTION_TEXT];

    options_list_commands(text);
    ck_assert_str_eq(text, "help, man, completion, ctl and options-table");
}
END_TEST

START_TEST(other_words_print_nothing)
{
    static const char *const words[] = {"", "-", "--", "--port", "Help", "helpp", "--help=1", "v"};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        ck_assert_msg(!options_print(out, words[i]), "%s", words[i]);
    fclose(out);
    ck_assert_uint_eq(size, 0);
    free(text);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("options_text");
    TCase *tests = tcase_create("options_text");

    tcase_add_test(tests, help_has_the_shape_of_the_original);
    tcase_add_test(tests, help_tells_everything_about_each_option);
    tcase_add_test(tests, no_line_of_the_help_is_too_wide_for_a_terminal);
    tcase_add_test(tests, version_is_one_line);
    tcase_add_test(tests, the_manual_page_has_its_sections_in_order);
    tcase_add_test(tests, the_manual_page_tells_everything_about_each_option);
    tcase_add_test(tests, the_completion_knows_flags_commands_and_words);
    tcase_add_test(tests, bash_completes_with_it);
    tcase_add_test(tests, the_markdown_table_has_a_row_for_each_option);
    tcase_add_test(tests, commands_are_listed_in_a_sentence);
    tcase_add_test(tests, other_words_print_nothing);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
