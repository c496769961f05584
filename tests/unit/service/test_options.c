/* SPDX-License-Identifier: MIT */
#include "service/options.h"

#include "service/options_value.h"
#include "support/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MAX = 16, OUTPUT_BYTES = 65536 };

static struct options options;
static char warnings[4096];                                 /* one a line */
static char printed[OUTPUT_BYTES], complaint[OUTPUT_BYTES]; /* standard output and standard error of the last call */
static const char *nothing[WORDS_MAX] = {NULL};

static void
warn(const char *text)
{
    strcat(strcat(warnings, text), "\n");
}

/* Sends a stream's descriptor to a file; returns the descriptor it had. */
static int
stream_divert(FILE *stream, FILE *file)
{
    fflush(stream);
    int aside = dup(fileno(stream));
    dup2(fileno(file), fileno(stream));
    return aside;
}

static void
stream_restore(FILE *stream, int aside, FILE *file, char text[OUTPUT_BYTES])
{
    fflush(stream);
    dup2(aside, fileno(stream));
    close(aside);
    rewind(file);
    text[fread(text, 1, OUTPUT_BYTES - 1, file)] = '\0';
    fclose(file);
}

/* Parses such a command line (its last word is NULL) in such an environment. */
static enum options_outcome
parse(const char *const arguments[WORDS_MAX], const char *const environment[WORDS_MAX])
{
    static char words[2][WORDS_MAX][256];
    char *argv[WORDS_MAX + 2] = {(char[]){"alo"}}, *variables[WORDS_MAX + 1] = {NULL};
    int argc = 1;
    FILE *out = tmpfile(), *err = tmpfile();

    for (int i = 0; arguments[i] != NULL; i++)
        argv[argc++] = strcpy(words[0][i], arguments[i]);
    for (int i = 0; environment[i] != NULL; i++)
        variables[i] = strcpy(words[1][i], environment[i]);
    memset(&options, 0xee, sizeof options);
    warnings[0] = '\0';
    int out_aside = stream_divert(stdout, out), err_aside = stream_divert(stderr, err);
    enum options_outcome outcome = options_parse(argc, argv, variables, &options, warn);
    stream_restore(stdout, out_aside, out, printed);
    stream_restore(stderr, err_aside, err, complaint);
    return outcome;
}

#define LINE(...) ((const char *const[WORDS_MAX]){__VA_ARGS__})

/* It was refused with one sentence that has all these words, and options were left alone. */
static void
expect_refused(enum options_outcome outcome, const char *one, const char *two)
{
    static struct options untouched;

    memset(&untouched, 0xee, sizeof untouched);
    ck_assert_int_eq(outcome, OPTIONS_WRONG);
    ck_assert_str_eq(printed, "");
    ck_assert_msg(strstr(complaint, one) != NULL && strstr(complaint, two) != NULL, "%s lacks '%s' or '%s'", complaint, one, two);
    ck_assert_int_eq(strncmp(complaint, "alo: ", 5), 0);
    ck_assert_ptr_nonnull(strstr(complaint, "--help"));
    ck_assert_ptr_eq(strchr(complaint, '\n'), complaint + strlen(complaint) - 1);
    ck_assert_mem_eq(&options, &untouched, sizeof options);
}

/* What the last call stored for an option that is a number of some kind. */
static uint64_t
number_stored(const struct option_row *row)
{
    const char *field = (const char *)&options + row->offset;
    uint16_t port;
    uint32_t number;
    size_t size;

    switch (row->kind) {
    case OPTION_PORT: memcpy(&port, field, sizeof port); return port;
    case OPTION_SIZE: memcpy(&size, field, sizeof size); return size;
    case OPTION_PORT_OR_NONE: /* as long as it is a port */
    case OPTION_NUMBER:
    case OPTION_SECONDS:
    case OPTION_MILLISECONDS: memcpy(&number, field, sizeof number); return number;
    case OPTION_FLAG:
    case OPTION_SWITCH:
    case OPTION_WORD: break;
    }
    ck_abort_msg("--%s is no number", row->name);
}

static bool
is_number(const struct option_row *row)
{
    return row->kind != OPTION_FLAG && row->kind != OPTION_SWITCH && row->kind != OPTION_WORD;
}

START_TEST(defaults_are_those_of_the_contract)
{
    ck_assert_int_eq(parse(nothing, nothing), OPTIONS_RUN);
    ck_assert_uint_eq(options.port, 8080);
    ck_assert(!options.verbose);
    ck_assert_str_eq(options.bind, "localhost");
    ck_assert_uint_eq(options.workers, 0);
    ck_assert_uint_eq(options.hello_timeout_s, 10);
    ck_assert_uint_eq(options.message_timeout_s, 10);
    ck_assert_uint_eq(options.peer_timeout_s, 60);
    ck_assert(options.udp);
    ck_assert_uint_eq(options.udp_timeout_s, 30);
    ck_assert_uint_eq(options.stop_timeout_s, 3);
    ck_assert_uint_eq(options.drain_time_s, 30);
    ck_assert_uint_eq(options.max_friends, 10000);
    ck_assert_uint_eq(options.max_message, UINT64_C(256) << 10);
    ck_assert_uint_eq(options.max_unfinished, UINT64_C(256) << 20);
    ck_assert_uint_eq(options.max_nesting, 32);
    ck_assert_str_eq(options.listen, "none");
    ck_assert_str_eq(options.listen_mode, "660");
    ck_assert_str_eq(options.proxy_protocol, "none");
    ck_assert_uint_eq(options.max_sessions, 0);
    ck_assert_uint_eq(options.max_udp_sessions, 1048576);
    ck_assert_uint_eq(options.login_rate, 0);
    ck_assert_uint_eq(options.max_connections_per_address, 0);
    ck_assert_uint_eq(options.login_rate_per_address, 0);
    ck_assert_uint_eq(options.message_rate_per_address, 0);
    ck_assert_uint_eq(options.queue_limit, 4096);
    ck_assert_str_eq(options.store, "light");
    ck_assert_int_eq(options.admin_port, 8081);
    ck_assert_str_eq(options.admin_bind, "localhost");
    ck_assert_str_eq(options.admin_token_file, "none");
    ck_assert_str_eq(warnings, "");
    ck_assert_str_eq(complaint, "");
}
END_TEST

START_TEST(names_and_ranges_are_those_of_the_contract)
{
    static const struct {
        const char *flag, *variable;
        uint64_t least, most;
    } contract[] = {
        {"port", "SERVER_PORT", 0, 65535},
        {"verbose", "VERBOSE", 0, 0},
        {"bind", "ALO_BIND", 0, 0},
        {"listen", "ALO_LISTEN", 0, 0},
        {"listen-mode", "ALO_LISTEN_MODE", 0, 0},
        {"proxy-protocol", "ALO_PROXY_PROTOCOL", 0, 0},
        {"workers", "ALO_WORKERS", 0, 256},
        {"hello-timeout", "ALO_HELLO_TIMEOUT", 1, 86400},
        {"message-timeout", "ALO_MESSAGE_TIMEOUT", 1, 86400},
        {"peer-timeout", "ALO_PEER_TIMEOUT", 5, 86400},
        {"udp", "ALO_UDP", 0, 0},
        {"udp-timeout", "ALO_UDP_TIMEOUT", 3, 86400},
        {"stop-timeout", "ALO_STOP_TIMEOUT", 1, 3600},
        {"offline-grace", "ALO_OFFLINE_GRACE", 0, 3600000},
        {"drain-time", "ALO_DRAIN_TIME", 1, 3600},
        {"max-friends", "ALO_MAX_FRIENDS", 1, 1000000},
        {"max-message", "ALO_MAX_MESSAGE", 1024, 1048576},
        {"max-unfinished", "ALO_MAX_UNFINISHED", 1048576, UINT64_C(1) << 40},
        {"max-nesting", "ALO_MAX_NESTING", 2, 64},
        {"max-sessions", "ALO_MAX_SESSIONS", 0, 16000000},
        {"max-udp-sessions", "ALO_MAX_UDP_SESSIONS", 1, 16000000},
        {"login-rate", "ALO_LOGIN_RATE", 0, 1000000},
        {"max-connections-per-address", "ALO_MAX_CONNECTIONS_PER_ADDRESS", 0, 16000000},
        {"login-rate-per-address", "ALO_LOGIN_RATE_PER_ADDRESS", 0, 1000000},
        {"message-rate-per-address", "ALO_MESSAGE_RATE_PER_ADDRESS", 0, 1000000},
        {"queue-limit", "ALO_QUEUE_LIMIT", 16, 1000000},
        {"io-uring", "ALO_IO_URING", 0, 0},
        {"store", "ALO_STORE", 0, 0},
        {"admin-port", "ALO_ADMIN_PORT", 0, 65535},
        {"admin-bind", "ALO_ADMIN_BIND", 0, 0},
        {"admin-token-file", "ALO_ADMIN_TOKEN_FILE", 0, 0},
        {"config", "ALO_CONFIG", 0, 0},
    };

    ck_assert_uint_eq(sizeof contract / sizeof contract[0], OPTION_COUNT);
    for (int i = 0; i < OPTION_COUNT; i++) {
        ck_assert_str_eq(option_table[i].name, contract[i].flag);
        ck_assert_str_eq(option_table[i].environment, contract[i].variable);
        ck_assert_uint_eq(option_table[i].least, contract[i].least);
        ck_assert_uint_eq(option_table[i].most, contract[i].most);
    }
}
END_TEST

START_TEST(each_number_takes_its_range_and_nothing_beyond)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_table[i];
        char flag[64], variable[128], text[32], named[64];

        if (!is_number(row))
            continue;
        snprintf(flag, sizeof flag, "--%s", row->name);
        for (int most = 0; most < 2; most++) {
            uint64_t edge = most ? row->most : row->least;

            snprintf(text, sizeof text, "%" PRIu64, edge);
            snprintf(variable, sizeof variable, "%s=%s", row->environment, text);
            ck_assert_int_eq(parse(LINE(flag, text), nothing), OPTIONS_RUN);
            ck_assert_uint_eq(number_stored(row), edge);
            ck_assert_int_eq(parse(nothing, LINE(variable)), OPTIONS_RUN);
            ck_assert_uint_eq(number_stored(row), edge);

            if (!most && edge == 0)
                continue;
            snprintf(text, sizeof text, "%" PRIu64, most ? edge + 1 : edge - 1);
            snprintf(variable, sizeof variable, "%s=%s", row->environment, text);
            snprintf(named, sizeof named, "$%s '%s' is out of range", row->environment, text);
            expect_refused(parse(LINE(flag, text), nothing), flag, "out of range; allowed is");
            expect_refused(parse(nothing, LINE(variable)), named, "out of range; allowed is");
        }
    }
}
END_TEST

START_TEST(milliseconds_may_be_said_in_seconds)
{
    ck_assert_int_eq(parse(LINE("--offline-grace", "1500"), nothing), OPTIONS_RUN);
    ck_assert_uint_eq(options.offline_grace_ms, 1500);
    ck_assert_int_eq(parse(LINE("--offline-grace", "1500ms"), nothing), OPTIONS_RUN);
    ck_assert_uint_eq(options.offline_grace_ms, 1500);
    ck_assert_int_eq(parse(nothing, LINE("ALO_OFFLINE_GRACE=15s")), OPTIONS_RUN);
    ck_assert_uint_eq(options.offline_grace_ms, 15000);
    ck_assert_int_eq(parse(nothing, nothing), OPTIONS_RUN);
    ck_assert_uint_eq(options.offline_grace_ms, 0);
    expect_refused(parse(LINE("--offline-grace", "3601s"), nothing), "--offline-grace", "is out of range; allowed is a number of milliseconds");
    expect_refused(parse(LINE("--offline-grace", "1m"), nothing), "--offline-grace", "is not a whole number");
}
END_TEST

START_TEST(a_port_may_be_none)
{
    ck_assert_int_eq(parse(LINE("--admin-port", "none"), nothing), OPTIONS_RUN);
    ck_assert_int_eq(options.admin_port, -1);
    ck_assert_int_eq(parse(nothing, LINE("ALO_ADMIN_PORT=None")), OPTIONS_RUN);
    ck_assert_int_eq(options.admin_port, -1);
    ck_assert_int_eq(parse(nothing, nothing), OPTIONS_RUN);
    ck_assert_int_eq(options.admin_port, 8081);
    expect_refused(parse(LINE("--admin-port", "nono"), nothing), "--admin-port", "allowed is a number from 0 to 65535, or none");
    expect_refused(parse(LINE("--port", "none"), nothing), "--port", "allowed is a number from 0 to 65535");
}
END_TEST

START_TEST(a_number_is_decimal_digits_and_no_more)
{
    static const char *const wrong[] = {"", " 1", "1 ", "+1", "-1", "0x10", "1e2", "10.0", "ten", "64x", "5,0", "\xd9\xa3"};

    for (int i = 0; i < OPTION_COUNT; i++) {
        char flag[128];

        for (size_t j = 0; is_number(&option_table[i]) && j < sizeof wrong / sizeof wrong[0]; j++) {
            snprintf(flag, sizeof flag, "--%s=%s", option_table[i].name, wrong[j]);
            expect_refused(parse(LINE(flag), nothing), option_table[i].name, "allowed is");
        }
    }
}
END_TEST

START_TEST(a_number_too_large_for_any_integer_is_out_of_range)
{
    expect_refused(parse(LINE("--port", "18446744073709551617"), nothing), "--port", "out of range");
    expect_refused(parse(LINE("--port", "18446744073709559696"), nothing), "--port", "out of range");             /* 8080 + 2^64 */
    expect_refused(parse(LINE("--workers=4294967297"), nothing), "--workers", "out of range");                    /* 1 + 2^32 */
    expect_refused(parse(LINE("--max-message", "18014398509481985K"), nothing), "--max-message", "out of range"); /* 1 KiB + 2^64 */
    expect_refused(parse(LINE("--max-unfinished", "99999999999999999999999999999999G"), nothing), "--max-unfinished", "out of range");
}
END_TEST

START_TEST(sizes_take_units)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } sizes[] = {{"1048576", 1048576}, {"1048576B", 1048576}, {"2048K", 2097152}, {"2048KiB", 2097152}, {"3M", 3145728}, {"3MiB", 3145728},
        {"3mib", 3145728}, {"2G", UINT64_C(2147483648)}, {"2GiB", UINT64_C(2147483648)}};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        ck_assert_int_eq(parse(LINE("--max-unfinished", sizes[i].text), nothing), OPTIONS_RUN);
        ck_assert_uint_eq(options.max_unfinished, sizes[i].bytes);
    }
    expect_refused(parse(LINE("--max-unfinished", "1T"), nothing), "--max-unfinished '1T' is not a size", "KiB, MiB or GiB");
    expect_refused(parse(LINE("--max-unfinished", "1 M"), nothing), "is not a size", "KiB, MiB or GiB");
    expect_refused(parse(LINE("--max-unfinished", "M"), nothing), "is not a number", "KiB, MiB or GiB");
    expect_refused(parse(LINE("--max-friends", "10K"), nothing), "--max-friends '10K' is not a whole number", "from 1 to 1000000");
}
END_TEST

START_TEST(durations_are_seconds)
{
    ck_assert_int_eq(parse(LINE("--hello-timeout", "7s"), nothing), OPTIONS_RUN);
    ck_assert_uint_eq(options.hello_timeout_s, 7);
    expect_refused(parse(LINE("--hello-timeout", "7m"), nothing), "--hello-timeout '7m'", "a number of seconds from 1 to 86400");
    expect_refused(parse(LINE("--hello-timeout", "500ms"), nothing), "--hello-timeout '500ms'", "seconds");
}
END_TEST

START_TEST(a_value_may_follow_in_each_usual_way)
{
    ck_assert_int_eq(parse(LINE("--port", "9000"), nothing), OPTIONS_RUN);
    ck_assert_uint_eq(options.port, 9000);
    ck_assert_int_eq(parse(LINE("--port=9001"), nothing), OPTIONS_RUN);
    ck_assert_uint_eq(options.port, 9001);
    ck_assert_int_eq(parse(LINE("-p", "9002"), nothing), OPTIONS_RUN);
    ck_assert_uint_eq(options.port, 9002);
    ck_assert_int_eq(parse(LINE("-p9003", "-v", "--bind", "all", "--store=other"), nothing), OPTIONS_RUN);
    ck_assert_uint_eq(options.port, 9003);
    ck_assert(options.verbose);
    ck_assert_str_eq(options.bind, "all");
    ck_assert_str_eq(options.store, "other"); /* which stores there are is known elsewhere */
    ck_assert_int_eq(parse(LINE("--port=1", "--port", "2"), nothing), OPTIONS_RUN);
    ck_assert_uint_eq(options.port, 2);
}
END_TEST

START_TEST(a_flag_goes_over_the_environment_and_that_over_the_default)
{
    ck_assert_int_eq(parse(nothing, LINE("SERVER_PORT=9000", "VERBOSE=1", "ALO_BIND=::1")), OPTIONS_RUN);
    ck_assert_uint_eq(options.port, 9000);
    ck_assert(options.verbose);
    ck_assert_str_eq(options.bind, "::1");
    ck_assert_int_eq(
        parse(LINE("--port", "9001", "--verbose=off", "--bind=all"), LINE("SERVER_PORT=9000", "VERBOSE=1", "ALO_BIND=::1")), OPTIONS_RUN);
    ck_assert_uint_eq(options.port, 9001);
    ck_assert(!options.verbose);
    ck_assert_str_eq(options.bind, "all");
}
END_TEST

START_TEST(an_empty_variable_counts_as_not_set)
{
    ck_assert_int_eq(parse(nothing, LINE("SERVER_PORT=", "ALO_BIND=", "ALO_STORE=", "ALO_MAX_MESSAGE=", "VERBOSE=")), OPTIONS_RUN);
    ck_assert_uint_eq(options.port, 8080);
    ck_assert_str_eq(options.bind, "localhost");
    ck_assert_str_eq(warnings, "");
}
END_TEST

START_TEST(truth_has_several_names)
{
    static const char *const yes[] = {"VERBOSE=1", "VERBOSE=true", "VERBOSE=yes", "VERBOSE=on", "VERBOSE=TRUE", "VERBOSE=Yes"};
    static const char *const no[] = {"VERBOSE=0", "VERBOSE=false", "VERBOSE=no", "VERBOSE=off", "VERBOSE=OFF", "VERBOSE="};

    for (int i = 0; i < 6; i++) {
        ck_assert_int_eq(parse(nothing, LINE(yes[i])), OPTIONS_RUN);
        ck_assert_msg(options.verbose, "%s", yes[i]);
        ck_assert_int_eq(parse(nothing, LINE(no[i])), OPTIONS_RUN);
        ck_assert_msg(!options.verbose, "%s", no[i]);
    }
    expect_refused(parse(nothing, LINE("VERBOSE=maybe")), "$VERBOSE 'maybe'", "1, true, yes or on");
    expect_refused(parse(LINE("--verbose=2"), nothing), "--verbose '2'", "1, true, yes or on");
}
END_TEST

START_TEST(what_an_orchestrator_sets_is_a_warning)
{
    ck_assert_int_eq(parse(nothing,
                         LINE("SERVER_PORT=tcp://10.0.0.7:8080", "ALO_PORT=tcp://10.0.0.7:8080", "ALO_SERVICE_HOST=10.0.0.7",
                             "ALO_WORKERS=udp://10.0.0.7:1", "ALONE=1", "HOME=/", "ODD")),
        OPTIONS_RUN);
    ck_assert_uint_eq(options.port, 8080);
    ck_assert_uint_eq(options.workers, 0);
    ck_assert_str_eq(warnings,
        "The environment variable SERVER_PORT is ignored: its value 'tcp://10.0.0.7:8080' looks set by an orchestrator.\n"
        "The environment variable ALO_PORT is ignored: no option has that name.\n"
        "The environment variable ALO_SERVICE_HOST is ignored: no option has that name.\n"
        "The environment variable ALO_WORKERS is ignored: its value 'udp://10.0.0.7:1' looks set by an orchestrator.\n");
}
END_TEST

START_TEST(an_unknown_variable_of_any_length_is_a_warning)
{
    static char variable[256] = "ALO_";

    memset(variable + 4, 'X', 200);
    strcat(variable, "=1");
    ck_assert_int_eq(parse(nothing, LINE(variable)), OPTIONS_RUN);
    ck_assert_ptr_nonnull(strstr(warnings, "ALO_XXX"));
    ck_assert_ptr_nonnull(strstr(warnings, " is ignored: no option has that name.\n"));
}
END_TEST

START_TEST(a_wrong_flag_is_named_and_the_nearest_suggested)
{
    static const char *const typos[][2] = {
        {"--prot", "--port"},
        {"--prot=9000", "--port"},
        {"--worker", "--workers"},
        {"--max-mesage", "--max-message"},
        {"--hello_timeout", "--hello-timeout"},
        {"-verbose", "--verbose"},
        {"--VERBOSE", ""},
        {"--colour", ""},
        {"--max", ""},
        {"-x", ""},
        {"-vx", ""},
        {"--", ""},
        {"--=", ""},
    };

    for (size_t i = 0; i < sizeof typos / sizeof typos[0]; i++) {
        char expected[64], named[64];

        snprintf(expected, sizeof expected, "; the nearest is %s;", typos[i][1]);
        snprintf(named, sizeof named, "%s is not a flag", typos[i][0]);
        expect_refused(parse(LINE(typos[i][0]), nothing), named, typos[i][1][0] == '\0' ? "is not a flag; see" : expected);
    }
}
END_TEST

START_TEST(a_missing_value_is_named)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_table[i];
        char flag[64], named[128];

        if (row->kind == OPTION_FLAG)
            continue;
        snprintf(flag, sizeof flag, "--%s", row->name);
        snprintf(named, sizeof named, "%s needs a value", flag);
        expect_refused(parse(LINE(flag), nothing), named, "allowed is");
        expect_refused(parse(LINE(flag, "--verbose"), nothing), named, "allowed is");
    }
    expect_refused(parse(LINE("-p"), nothing), "--port needs a value", "from 0 to 65535");
}
END_TEST

START_TEST(an_empty_word_is_refused)
{
    expect_refused(parse(LINE("--bind", ""), nothing), "--bind '' is empty", "localhost, all");
    expect_refused(parse(LINE("--store="), nothing), "--store '' is empty", "light");
}
END_TEST

START_TEST(a_stray_word_is_named_with_the_commands_there_are)
{
    expect_refused(parse(LINE("serve"), nothing), "'serve' is not a command", "help, man, completion, ctl and options-table");
    expect_refused(parse(LINE("--port", "1", "2"), nothing), "'2' is not a command", "help");
    expect_refused(parse(LINE("-v", "on"), nothing), "'on' is not a command", "help");
    expect_refused(parse(LINE(""), nothing), "'' is not a command", "help");
    expect_refused(parse(LINE("-"), nothing), "'-' is not a command", "help");
}
END_TEST

START_TEST(a_long_mistake_does_not_push_out_what_is_allowed)
{
    static char word[256];

    memset(word, '9', 250);
    expect_refused(parse(LINE("--port", word), nothing), "--port '999", "a number from 0 to 65535; see");
    word[0] = '-';
    expect_refused(parse(LINE(word), nothing), "-999", "is not a flag; see");
    word[0] = 'x';
    expect_refused(parse(LINE(word), nothing), "'x99", "is not a command; the commands are");
}
END_TEST

START_TEST(what_prints_a_text_prints_it_and_is_done)
{
    static const struct {
        const char *word, *begins;
    } texts[] = {{"help", "NAME:\n   alo - "}, {"h", "NAME:\n"}, {"--help", "NAME:\n"}, {"-h", "NAME:\n"}, {"--version", "alo "}, {"man", ".\\\""},
        {"completion", "# bash completion"}, {"options-table", "| flag |"}};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ck_assert_int_eq(parse(LINE(texts[i].word), LINE("SERVER_PORT=wrong")), OPTIONS_DONE);
        ck_assert_msg(strncmp(printed, texts[i].begins, strlen(texts[i].begins)) == 0, "%s prints %s", texts[i].word, printed);
        ck_assert_str_eq(complaint, "");
        ck_assert_str_eq(warnings, "");
    }
}
END_TEST

START_TEST(help_is_given_beside_other_flags_but_is_also_a_value)
{
    ck_assert_int_eq(parse(LINE("--port", "99999", "--colour", "--help"), nothing), OPTIONS_DONE);
    ck_assert_int_eq(parse(LINE("--store", "help", "--bind=man"), nothing), OPTIONS_RUN);
    ck_assert_str_eq(options.store, "help");
    ck_assert_str_eq(options.bind, "man");
}
END_TEST

START_TEST(to_check_and_to_print_are_asked_beside_other_flags)
{
    ck_assert_int_eq(parse(LINE("--port", "7", "--check-config", "--verbose"), nothing), OPTIONS_CHECK);
    ck_assert_uint_eq(options.port, 7);
    ck_assert(options.verbose);
    ck_assert_int_eq(parse(LINE("--print-config"), nothing), OPTIONS_PRINT);
    ck_assert_str_eq(printed, "");
    ck_assert_int_eq(parse(LINE("--store", "light", "--check-config", "--print-config"), nothing), OPTIONS_PRINT);
    ck_assert_int_eq(parse(LINE("--check-config", "--help"), nothing), OPTIONS_DONE);
    expect_refused(parse(LINE("--check-config", "--port", "x"), nothing), "--port", "not a number");
    expect_refused(parse(LINE("--check-config=on"), nothing), "--check-config=on", "not a flag");
    expect_refused(parse(LINE("--config", "/nowhere/at/all"), nothing), "--config '/nowhere/at/all'", "cannot be opened");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("options");
    TCase *tests = tcase_create("options");

    tcase_add_test(tests, defaults_are_those_of_the_contract);
    tcase_add_test(tests, names_and_ranges_are_those_of_the_contract);
    tcase_add_test(tests, each_number_takes_its_range_and_nothing_beyond);
    tcase_add_test(tests, milliseconds_may_be_said_in_seconds);
    tcase_add_test(tests, a_port_may_be_none);
    tcase_add_test(tests, a_number_is_decimal_digits_and_no_more);
    tcase_add_test(tests, a_number_too_large_for_any_integer_is_out_of_range);
    tcase_add_test(tests, sizes_take_units);
    tcase_add_test(tests, durations_are_seconds);
    tcase_add_test(tests, a_value_may_follow_in_each_usual_way);
    tcase_add_test(tests, a_flag_goes_over_the_environment_and_that_over_the_default);
    tcase_add_test(tests, an_empty_variable_counts_as_not_set);
    tcase_add_test(tests, truth_has_several_names);
    tcase_add_test(tests, what_an_orchestrator_sets_is_a_warning);
    tcase_add_test(tests, an_unknown_variable_of_any_length_is_a_warning);
    tcase_add_test(tests, a_wrong_flag_is_named_and_the_nearest_suggested);
    tcase_add_test(tests, a_missing_value_is_named);
    tcase_add_test(tests, an_empty_word_is_refused);
    tcase_add_test(tests, a_stray_word_is_named_with_the_commands_there_are);
    tcase_add_test(tests, a_long_mistake_does_not_push_out_what_is_allowed);
    tcase_add_test(tests, what_prints_a_text_prints_it_and_is_done);
    tcase_add_test(tests, help_is_given_beside_other_flags_but_is_also_a_value);
    tcase_add_test(tests, to_check_and_to_print_are_asked_beside_other_flags);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
