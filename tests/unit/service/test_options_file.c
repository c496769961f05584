/* SPDX-License-Identifier: MIT */
#include "service/options_file.h"

#include "service/options_value.h"
#include "support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct options options;
static char sentence[OPTION_TEXT];
static char path[] = "/tmp/alo-options-XXXXXX"; /* where the file of the test that runs is */

static void
warn(const char *text)
{
    ck_abort_msg("%s", text);
}

static void
file_write(const char *text, size_t length)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
}

/* Reads the options with the file as it is, one flag, and one variable; either may be NULL. */
static int
options_reread(const char *flag, const char *variable)
{
    char *argv[] = {(char[]){"alo"}, (char[]){"--config"}, path, flag != NULL ? strdup(flag) : NULL, NULL};
    char *environment[] = {variable != NULL ? strdup(variable) : NULL, NULL};
    int result;

    sentence[0] = '\0';
    options_done(&options);
    result = options_read(flag != NULL ? 4 : 3, argv, environment, &options, warn, sentence);
    free(argv[3]); /* no test looks at a word that was one of these */
    free(environment[0]);
    return result;
}

static void
expect_read(const char *text)
{
    file_write(text, strlen(text));
    ck_assert_msg(options_reread(NULL, NULL) == 0, "%s", sentence);
}

/* The file is refused with one sentence that names this line, if it is not 0, and has these words. */
static void
expect_refused_bytes(const char *text, size_t length, unsigned line, const char *words)
{
    char place[64];

    file_write(text, length);
    options_done(&options);
    memset(&options, 0, sizeof options);
    options.port = 4711;
    ck_assert_int_eq(options_reread(NULL, NULL), -EINVAL);
    ck_assert_uint_eq(options.port, 4711);
    ck_assert_ptr_null(options.file_text);
    snprintf(place, sizeof place, line > 0 ? "%s:%u: " : "--config '%s' ", path, line);
    ck_assert_msg(strncmp(sentence, place, strlen(place)) == 0, "'%s' does not begin with '%s'", sentence, place);
    ck_assert_msg(strstr(sentence, words) != NULL, "'%s' lacks '%s'", sentence, words);
    ck_assert_msg(strstr(sentence, "llowed") != NULL, "'%s' does not say what is allowed", sentence);
    ck_assert_ptr_null(strchr(sentence, '\n'));
}

static void
expect_refused(const char *text, unsigned line, const char *words)
{
    expect_refused_bytes(text, strlen(text), line, words);
}

static struct option_source
source_of(const char *name)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (strcmp(option_table[i].name, name) == 0)
            return options.sources[i];
    ck_abort_msg("%s is no option", name);
}

START_TEST(lines_are_keys_and_values)
{
    expect_read(
        "# a comment\n\n  \t\nport=9000\n  max-friends =  7 \nverbose = on\r\n\tbind = 127.0.0.1,::1\t# and a comment\nmax-message = 64K\nudp = off");
    ck_assert_uint_eq(options.port, 9000);
    ck_assert_uint_eq(options.max_friends, 7);
    ck_assert(options.verbose);
    ck_assert_str_eq(options.bind, "127.0.0.1,::1");
    ck_assert_uint_eq(options.max_message, 64 << 10);
    ck_assert(!options.udp);
    ck_assert_uint_eq(options.queue_limit, 4096);
    ck_assert_int_eq(source_of("port").origin, OPTION_FROM_FILE);
    ck_assert_uint_eq(source_of("port").line, 4);
    ck_assert_uint_eq(source_of("udp").line, 9);
    ck_assert_int_eq(source_of("queue-limit").origin, OPTION_FROM_DEFAULT);
}
END_TEST

START_TEST(an_empty_file_is_one)
{
    expect_read("");
    ck_assert_uint_eq(options.port, 8080);
    expect_read("\n\n#\n");
    expect_read("\xef\xbb\xbfport = 9001\n");
    ck_assert_uint_eq(options.port, 9001);
    expect_read("# \xc3\xa9\xe2\x82\xac\xf0\x9f\x99\x82\n");
}
END_TEST

START_TEST(a_number_sign_inside_a_value_is_no_comment)
{
    expect_read("store = a#b#\nbind = c #d\n");
    ck_assert_str_eq(options.store, "a#b#");
    ck_assert_str_eq(options.bind, "c");
    expect_read("store = a=b\n");
    ck_assert_str_eq(options.store, "a=b");
}
END_TEST

START_TEST(every_option_can_stand_in_it_but_the_file_itself)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_table[i];
        char text[256];

        snprintf(text, sizeof text, "\n%s = %s\n", row->name, row->fallback);
        if (row->is_outside) {
            expect_refused(text, 2, "config cannot stand in a file");
            continue;
        }
        expect_read(text);
        ck_assert_int_eq(options.sources[i].origin, OPTION_FROM_FILE);
    }
}
END_TEST

START_TEST(a_flag_goes_over_a_variable_over_the_file_over_the_default)
{
    expect_read("port = 1\nmax-friends = 1\n");
    ck_assert_uint_eq(options.port, 1);
    ck_assert_int_eq(options_reread(NULL, "SERVER_PORT=2"), 0);
    ck_assert_uint_eq(options.port, 2);
    ck_assert_int_eq(source_of("port").origin, OPTION_FROM_ENVIRONMENT);
    ck_assert_uint_eq(options.max_friends, 1);
    ck_assert_int_eq(options_reread("--port=3", "SERVER_PORT=2"), 0);
    ck_assert_uint_eq(options.port, 3);
    ck_assert_int_eq(source_of("port").origin, OPTION_FROM_FLAG);
    ck_assert_int_eq(options_reread("--port=8080", NULL), 0); /* also one that is the default */
    ck_assert_uint_eq(options.port, 8080);
}
END_TEST

START_TEST(what_is_gone_over_must_be_right_all_the_same)
{
    file_write("port = x\n", 9);
    ck_assert_int_eq(options_reread("--port=3", NULL), -EINVAL);
    ck_assert_ptr_nonnull(strstr(sentence, ":1: port 'x' is not a number; allowed is a number from 0 to 65535"));
}
END_TEST

START_TEST(a_variable_names_the_file_and_a_flag_goes_over_it)
{
    char *argv[] = {(char[]){"alo"}, (char[]){"--config"}, path, NULL}, variable[64];
    char *environment[] = {variable, NULL};

    snprintf(variable, sizeof variable, "ALO_CONFIG=%s", path);
    file_write("port = 5\n", 9);
    ck_assert_int_eq(options_read(1, argv, environment, &options, warn, sentence), 0);
    ck_assert_uint_eq(options.port, 5);
    options_done(&options);
    snprintf(variable, sizeof variable, "ALO_CONFIG=/nowhere");
    ck_assert_int_eq(options_read(1, argv, environment, &options, warn, sentence), -EINVAL);
    ck_assert_ptr_nonnull(strstr(sentence, "$ALO_CONFIG '/nowhere' cannot be opened (No such file"));
    ck_assert_int_eq(options_read(3, argv, environment, &options, warn, sentence), 0);
    ck_assert_uint_eq(options.port, 5);
    options_done(&options);
    argv[2] = (char[]){"none"};
    ck_assert_int_eq(options_read(3, argv, environment, &options, warn, sentence), 0);
    ck_assert_uint_eq(options.port, 8080);
    ck_assert_ptr_null(options.file_text);
}
END_TEST

START_TEST(each_mistake_is_named_with_its_line)
{
    expect_refused("port = 1\nprot = 2\n", 2, "'prot' is not a key; the nearest is port");
    expect_refused("colour = 2\n", 1, "'colour' is not a key; allowed");
    expect_refused("--port = 2\n", 1, "'--port' is not a key");
    expect_refused("Port = 2\n", 1, "'Port' is not a key; the nearest is port");
    expect_refused("port 2 = 2\n", 1, "'port 2' is not a key");
    expect_refused("= 2\n", 1, "there is no key");
    expect_refused("\n\nverbose\n", 3, "'verbose' has no '='");
    expect_refused("port # = 2\n", 1, "'port' has no '='");
    expect_refused("port = 1\nbind = all\n\nport = 1\n", 4, "port is given twice, in line 1 too");
    expect_refused("port =\n", 1, "port has no value; allowed is a number from 0 to 65535");
    expect_refused("verbose = # on\n", 1, "verbose has no value; allowed is 1, true");
    expect_refused("store = \n", 1, "store has no value");
    expect_refused("port = 65536\n", 1, "port '65536' is out of range; allowed is a number from 0 to 65535");
    expect_refused("port = 80 80\n", 1, "port '80 80' is not a whole number");
    expect_refused("port = \"80\"\n", 1, "port '\"80\"' is not a number");
    expect_refused("udp = maybe\n", 1, "udp 'maybe' is neither true nor false; allowed is on or off");
    expect_refused("max-message = 2M\n", 1, "max-message '2M' is out of range; allowed is a size from 1KiB to 1MiB");
    expect_refused("hello-timeout = 5m\n", 1, "hello-timeout '5m' is not a whole number; allowed is a number of seconds");
}
END_TEST

START_TEST(what_is_no_text_is_refused)
{
    expect_refused_bytes("port = 1\nbind = a\0b\n", 20, 2, "byte 9 of the line is a control character");
    expect_refused("bind = \xff\n", 1, "byte 8 of the line is not UTF-8");
    expect_refused("# \xc0\xaf\n", 1, "byte 3 of the line is not UTF-8");
    expect_refused("# \xe2\x82", 1, "byte 3 of the line is not UTF-8"); /* the file ends inside a character */
    expect_refused("\n# \x1b[2J\n", 2, "byte 3 of the line is a control character");
    expect_refused("# \xc2\x9b\n", 1, "byte 3 of the line is a control character");
    expect_refused("port = 1\rport = 2\r\n", 1, "byte 9 of the line is a control character");
}
END_TEST

START_TEST(a_line_may_be_so_long)
{
    static char text[OPTIONS_LINE_BYTES + 3];

    memset(text, '#', OPTIONS_LINE_BYTES);
    strcpy(text + OPTIONS_LINE_BYTES, "\n");
    expect_read(text);
    strcpy(text + OPTIONS_LINE_BYTES, "#\n");
    expect_refused(text, 1, "the line is longer than the 4096 bytes that are allowed");
    text[OPTIONS_LINE_BYTES + 1] = '\0';
    expect_refused(text, 1, "the line is longer than the 4096 bytes that are allowed");
}
END_TEST

START_TEST(a_file_may_be_so_large)
{
    static char text[OPTIONS_FILE_BYTES + 2];

    memset(text, '\n', OPTIONS_FILE_BYTES);
    expect_read(text);
    text[OPTIONS_FILE_BYTES] = '\n';
    expect_refused(text, 0, "is larger than 262144 bytes");
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_named)
{
    unlink(path);
    ck_assert_int_eq(options_reread(NULL, NULL), -EINVAL);
    ck_assert_ptr_nonnull(strstr(sentence, "--config '/tmp/alo-options-"));
    ck_assert_ptr_nonnull(strstr(sentence, "' cannot be opened (No such file or directory); allowed is the path of a readable file, or none"));
    ck_assert_int_eq(mkfifo(path, 0600), 0); /* nobody writes into it, and nobody waits for that */
    ck_assert_int_eq(options_reread(NULL, NULL), -EINVAL);
    ck_assert_ptr_nonnull(strstr(sentence, "is not a regular file; allowed"));
    unlink(path);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(options_reread(NULL, NULL), -EINVAL);
    ck_assert_ptr_nonnull(strstr(sentence, "is not a regular file; allowed"));
    rmdir(path);
    path[1] = '\n';
    ck_assert_int_eq(options_reread(NULL, NULL), -EINVAL);
    ck_assert_ptr_nonnull(strstr(sentence, "has a byte in it that is a control character; allowed"));
    path[1] = '\xff';
    ck_assert_int_eq(options_reread(NULL, NULL), -EINVAL);
    ck_assert_ptr_nonnull(strstr(sentence, "has a byte in it that is not UTF-8; allowed"));
    path[1] = 't';
}
END_TEST

START_TEST(long_names_do_not_push_out_what_is_allowed)
{
    char text[1200] = "port = ", folder[600] = "/tmp/", *argv[] = {(char[]){"alo"}, (char[]){"--config"}, folder, NULL}, *nothing[] = {NULL};

    memset(text + 7, 'x', 1000);
    expect_refused(text, 1, "; allowed is a number from 0 to 65535");
    memset(text, 'x', 7);
    expect_refused(text, 1, "; allowed are key = value, a comment after #, and nothing");
    strcpy(text + 1000, " = 1");
    expect_refused(text, 1, "; allowed are the long flags without their dashes");

    for (int i = 0; i < 140; i++)
        strcat(folder, "/./");
    strcat(folder, path + strlen("/tmp/"));
    file_write("max-unfinished = 0x\n", 20);
    ck_assert_int_eq(options_read(3, argv, nothing, &options, warn, sentence), -EINVAL);
    ck_assert_ptr_eq(strstr(sentence, "..."), sentence);
    ck_assert_ptr_nonnull(strstr(sentence, path + strlen("/tmp/")));
    ck_assert_ptr_nonnull(strstr(sentence, ":1: max-unfinished '0x' is not a size; allowed is a size from 1MiB to 1024GiB"));
    strcat(folder, "no");
    ck_assert_int_eq(options_read(3, argv, nothing, &options, warn, sentence), -EINVAL);
    ck_assert_ptr_nonnull(strstr(sentence, "; allowed is the path of a readable file, or none"));
}
END_TEST

/* What is printed of the options that were read last. */
static char *
printed(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    options_file_print(out, &options);
    fclose(out);
    return text;
}

START_TEST(what_is_printed_can_be_read_again)
{
    char *first, *second, expected[128];
    struct options before;

    expect_read("port = 9000\nmax-message = 1536\nmax-unfinished = 2097152\nverbose = yes\nbind = ::1 # no other\n");
    ck_assert_int_eq(options_reread("--queue-limit=77", "ALO_UDP=off"), 0);
    first = printed();
    snprintf(expected, sizeof expected, "\nport = 9000                      # %s:1\n", path);
    ck_assert_ptr_nonnull(strstr(first, expected));
    snprintf(expected, sizeof expected, "\nmax-message = 1536               # %s:2\n", path);
    ck_assert_ptr_nonnull(strstr(first, expected));
    snprintf(expected, sizeof expected, "\n# config = %s # --config\n", path);
    ck_assert_ptr_nonnull(strstr(first, expected));
    ck_assert_ptr_nonnull(strstr(first, "\nmax-unfinished = 2MiB "));
    ck_assert_ptr_nonnull(strstr(first, "\nudp = off                        # $ALO_UDP\n"));
    ck_assert_ptr_nonnull(strstr(first, "\nqueue-limit = 77                 # --queue-limit\n"));
    ck_assert_ptr_nonnull(strstr(first, "\nstore = light                    # default\n"));
    before = options;
    options.file_text = NULL; /* lest it be freed */
    expect_read(first);
    for (int i = 0; i < OPTION_COUNT; i++) {
        char one[OPTION_TEXT], other[OPTION_TEXT];

        ck_assert_str_eq(option_format(&option_table[i], &before, one), option_format(&option_table[i], &options, other));
        ck_assert_int_eq(options.sources[i].origin, option_table[i].is_outside ? OPTION_FROM_FLAG : OPTION_FROM_FILE);
    }
    second = printed();
    ck_assert_str_ne(first, second); /* it comes from other places */
    options_done(&before);
    free(first);
    free(second);
}
END_TEST

/* Wherever a long path is cut, it is not cut in the middle of a character. */
START_TEST(what_is_printed_of_a_long_path_can_be_read_again)
{
    for (int odd = 0; odd < 2; odd++) {
        char folder[300], file[320], *argv[] = {(char[]){"alo"}, (char[]){"--config"}, file, NULL}, *nothing[] = {NULL};
        size_t length = (size_t)snprintf(folder, sizeof folder, "%s-%s", path, odd ? "x" : "");

        for (int i = 0; i < 100; i++)
            length += (size_t)snprintf(folder + length, sizeof folder - length, "\xc3\xa9");
        snprintf(file, sizeof file, "%s/conf", folder);
        ck_assert_int_eq(mkdir(folder, 0700), 0);
        file_write("port = 7\n", 9);
        ck_assert_int_eq(rename(path, file), 0);
        options_done(&options);
        ck_assert_int_eq(options_read(3, argv, nothing, &options, warn, sentence), 0);

        char *text = printed();

        ck_assert_ptr_nonnull(strstr(text, "# ...\xc3\xa9"));
        expect_read(text);
        free(text);
        unlink(file);
        rmdir(folder);
    }
}
END_TEST

START_TEST(no_word_changes_live)
{
    /* A reload that took one over would have to keep the file's text that it stands in. */
    for (int i = 0; i < OPTION_COUNT; i++)
        ck_assert(!option_table[i].is_live || option_table[i].kind != OPTION_WORD);
}
END_TEST

static void
set_up(void)
{
    strcpy(path, "/tmp/alo-options-XXXXXX");
    close(mkstemp(path));
}

static void
tear_down(void)
{
    unlink(path);
    options_done(&options);
}

int
main(void)
{
    Suite *suite = suite_create("options_file");
    TCase *tests = tcase_create("options_file");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, lines_are_keys_and_values);
    tcase_add_test(tests, an_empty_file_is_one);
    tcase_add_test(tests, a_number_sign_inside_a_value_is_no_comment);
    tcase_add_test(tests, every_option_can_stand_in_it_but_the_file_itself);
    tcase_add_test(tests, a_flag_goes_over_a_variable_over_the_file_over_the_default);
    tcase_add_test(tests, what_is_gone_over_must_be_right_all_the_same);
    tcase_add_test(tests, a_variable_names_the_file_and_a_flag_goes_over_it);
    tcase_add_test(tests, each_mistake_is_named_with_its_line);
    tcase_add_test(tests, what_is_no_text_is_refused);
    tcase_add_test(tests, a_line_may_be_so_long);
    tcase_add_test(tests, a_file_may_be_so_large);
    tcase_add_test(tests, a_file_that_cannot_be_read_is_named);
    tcase_add_test(tests, long_names_do_not_push_out_what_is_allowed);
    tcase_add_test(tests, what_is_printed_can_be_read_again);
    tcase_add_test(tests, what_is_printed_of_a_long_path_can_be_read_again);
    tcase_add_test(tests, no_word_changes_live);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
