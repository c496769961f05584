/* SPDX-License-Identifier: MIT
 *
 * A run as table, JSON and plot: what is in them, that they stay well-formed whatever the texts hold, and that failures to write
 * are told.
 */
#include "report/report.h"

#include "report/readable.h"
#include "support/unit.h"
#include "support/xml.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECOND = 1000000000 };

/* Markup, quotes, controls, what is no UTF-8 and what no XML may hold. */
#define EVIL "</svg><&\"'\x01\x1b\n\xff\xc3]]>\xef\xbf\xbe%s\\u0000é"

static struct report report;
static struct histogram histogram, empty;
static struct series series;
static char *text;
static char path[] = "/tmp/alo-test-report-XXXXXX";

static void
setup(void)
{
    int file = mkstemp(path);

    ck_assert_int_ge(file, 0);
    close(file);
    series_begin(&series, 0, SECOND);
}

static void
text_forget(void)
{
    free(text);
    text = NULL;
}

static void
teardown(void)
{
    unlink(path);
    text_forget();
}

static const char *
table(void)
{
    size_t bytes;

    text_forget();

    FILE *file = open_memstream(&text, &bytes);

    report_print_table(&report, file);
    fclose(file);
    return text;
}

static json_t *
json(void)
{
    size_t bytes;

    text_forget();

    FILE *file = open_memstream(&text, &bytes);

    ck_assert_int_eq(report_print_json(&report, file), 0);
    fclose(file);
    ck_assert_int_eq(text[bytes - 1], '\n');

    json_error_t error;
    json_t *whole = json_loads(text, JSON_REJECT_DUPLICATES, &error);

    ck_assert_msg(whole != NULL, "%s", error.text);
    return whole;
}

static const char *
plot(void)
{
    size_t bytes = 0;

    text_forget();
    ck_assert_int_eq(report_write_plot(&report, path), 0);

    FILE *file = fopen(path, "re");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(getdelim(&text, &bytes, '\0', file), 0);
    fclose(file);

    const char *wrong = xml_wrong(text);

    ck_assert_msg(wrong == NULL, "%s", wrong);
    return text;
}

static void
run_make(void)
{
    for (int i = 1; i <= 1000; i++) {
        histogram_record(&histogram, i * 1000);
        series_latency(&series, i * (int64_t)(SECOND / 100), i * 1000);
    }
    series_count(&series, 0, SERIES_TRANSITIONS, 20);
    series_online(&series, 0, 800);
    report_fact(&report, "scenario", "fanout");
    report_fact(&report, "target", "localhost:8080");
    report_fact_number(&report, "sessions", 8000);
    report_figure(&report, REPORT_SERVER, "server_cpu_ns_per_notification", 6024, "ns", "CPU per notification");
    report_figure(&report, REPORT_THROUGHPUT, "delivered_per_s", 24010.4, "/s", "notifications");
    report_figure(&report, REPORT_ERRORS, "missing", 0, "", "missing");
    report_latency(&report, "all_news", &histogram);
    report_latency(&report, "login", &empty);
    report_series(&report, &series);
}

START_TEST(the_table)
{
    run_make();
    ck_assert_str_eq(table(),
        "  scenario  fanout                                 target    localhost:8080\n"
        "  sessions  8,000\n"
        "\n"
        "Throughput\n"
        "  notifications                                             24,010 /s\n"
        "\n"
        "Latency                       count     mean      p50      p90      p99    p99.9   p99.99      max\n"
        "  all news                    1,000   500 µs   501 µs   901 µs   991 µs   999 µs  1.00 ms  1.00 ms\n"
        "  login                           0\n"
        "\n"
        "Server\n"
        "  CPU per notification                                        6.02 µs\n"
        "\n"
        "Errors\n"
        "  missing                                                        0\n");
}
END_TEST

START_TEST(the_table_of_nothing)
{
    ck_assert_str_eq(table(), "");
}
END_TEST

/* Facts go two by two where they fit into 100 columns; no line ends in spaces. */
START_TEST(facts_fit)
{
    char value[REPORT_TEXT_BYTES];

    for (int i = 0; i < 40; i++) {
        char name[16];

        snprintf(name, sizeof name, "fact_%d", i);
        snprintf(value, sizeof value, "%.*s", 2 * (i * 17 % 40 + 8), "ééééééééééééééééééééééééééééééééééééééééééééééé");
        report_fact(&report, name, value);
    }

    int lines = 0;

    for (char *line = strtok((char *)(uintptr_t)table(), "\n"); line != NULL; line = strtok(NULL, "\n")) {
        ck_assert_uint_le(readable_columns(line), 100);
        lines++;
    }
    ck_assert_int_lt(lines, 30);
    ck_assert_int_ge(lines, 20);
}
END_TEST

START_TEST(a_name_told_again_replaces)
{
    report_fact(&report, "seed", "one");
    report_fact_number(&report, "seed", 1234);
    report_figure(&report, REPORT_SERVER, "x", 1, "", "old");
    report_figure(&report, REPORT_ERRORS, "x", 2, "", "new");
    ck_assert_str_eq(report_fact_text(&report, "seed"), "1,234");
    ck_assert_str_eq(report_fact_text(&report, "tree"), "");
    ck_assert_str_eq(table(), "  seed  1,234\n\nErrors\n  new                                                            2\n");
}
END_TEST

static int64_t
integer_at(json_t *whole, const char *part, const char *name)
{
    const json_t *value = json_object_get(json_object_get(whole, part), name);

    ck_assert_msg(json_is_integer(value), "%s.%s", part, name);
    return json_integer_value(value);
}

START_TEST(the_json)
{
    run_make();
    report_figure(&report, REPORT_SERVER, "nothing", 0.0 / (double)empty.count, "", "a share of nothing");

    json_t *whole = json(), *latencies = json_object_get(whole, "latency"), *over_time = json_object_get(whole, "series");
    const char *name;
    json_t *column;

    ck_assert_int_eq(json_integer_value(json_object_get(whole, "format")), 1);
    ck_assert_str_eq(json_string_value(json_object_get(json_object_get(whole, "facts"), "target")), "localhost:8080");
    ck_assert_int_eq(integer_at(whole, "facts", "sessions"), 8000);
    ck_assert_int_eq(integer_at(whole, "figures", "server_cpu_ns_per_notification"), 6024);
    ck_assert_double_eq(json_real_value(json_object_get(json_object_get(whole, "figures"), "delivered_per_s")), 24010.4);
    ck_assert(json_is_null(json_object_get(json_object_get(whole, "figures"), "nothing")));
    ck_assert_int_eq(integer_at(latencies, "all_news", "count"), 1000);
    ck_assert_int_eq(integer_at(latencies, "all_news", "min_ns"), 1000);
    ck_assert_int_eq(integer_at(latencies, "all_news", "p99_9_ns"), histogram_percentile(&histogram, 99.9));
    ck_assert_int_eq(integer_at(latencies, "all_news", "max_ns"), 1000000);
    ck_assert_int_eq(integer_at(latencies, "login", "p50_ns"), 0);
    ck_assert_uint_eq(json_object_size(over_time), 9);
    json_object_foreach(over_time, name, column) ck_assert_uint_eq(json_array_size(column), series_length(&series));
    ck_assert_int_eq(json_integer_value(json_array_get(json_object_get(over_time, "delivered_per_s"), 3)), 100);
    ck_assert_int_eq(json_integer_value(json_array_get(json_object_get(over_time, "online"), 3)), 800);
    json_decref(whole);
}
END_TEST

START_TEST(the_plot)
{
    run_make();
    plot();
    ck_assert_ptr_nonnull(strstr(text, ">alo-bench fanout against localhost:8080</text>"));
    ck_assert_ptr_nonnull(strstr(text, ">sessions 8,000</text>"));
    ck_assert_ptr_nonnull(strstr(text, "p99.99 1.00 ms"));
    ck_assert_ptr_nonnull(strstr(text, ">Online</text>"));
    ck_assert_ptr_nonnull(strstr(text, ">100 µs</text>"));
    ck_assert_ptr_nonnull(strstr(text, ">seconds</text>"));
    ck_assert_ptr_null(strstr(text, "script"));
    ck_assert_ptr_null(strstr(text, "href"));
    ck_assert_ptr_null(strstr(text, "nan"));
    ck_assert_ptr_null(strstr(text, ">errors</text>"));
    series_count(&series, SECOND, SERIES_ERRORS, 1);
    ck_assert_ptr_nonnull(strstr(plot(), ">errors</text>"));
}
END_TEST

/* Each part of the run is named where it begins, and each latency by its name when there are several. */
START_TEST(a_plot_tells_parts_apart)
{
    run_make();
    ck_assert_ptr_nonnull(strstr(plot(), ">all news: delivered 1,000 · p50"));
    report.latencies = 1;
    ck_assert_ptr_nonnull(strstr(plot(), ">the whole run: delivered 1,000 · p50"));
    report_phase(&report, "logins", 0, 4);
    report_phase(&report, "logouts", 4.5, 1.5);
    plot();
    ck_assert_ptr_nonnull(strstr(text, "y='114.0' >logins: 4.00 s</text>"));
    ck_assert_ptr_nonnull(strstr(text, "y='128.0' >logouts: 1.50 s</text>"));

    json_t *whole = json();

    ck_assert_double_eq(json_number_value(json_object_get(json_object_get(json_object_get(whole, "phases"), "logouts"), "start_s")), 4.5);
    ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(json_object_get(whole, "phases"), "logins"), "seconds")), 4);
    json_decref(whole);
}
END_TEST

/* A rate of nothing is zero; a latency of nothing is none. */
START_TEST(a_plot_has_gaps_only_where_zero_has_no_place)
{
    int paths = 0;

    series_latency(&series, 0, 1000);
    series_latency(&series, 2 * (int64_t)SECOND, 1000);
    series_online(&series, 3 * (int64_t)SECOND - 1, 0);
    report_series(&report, &series);
    for (const char *path_element = strstr(plot(), "<path"); path_element != NULL; path_element = strstr(path_element + 1, "<path"))
        paths++;
    ck_assert_int_eq(paths, 2 + 3 * 2); /* one line and what is below it; three lines in two stretches */
}
END_TEST

/* 0: no series; 1: one that never began; 2: nothing happened; 3: one latency; 4: three decades; 5: all points used; 6: a long run */
START_TEST(a_plot_of_odd_runs)
{
    static const int64_t latencies[] = {1, 1000, VALUE_MAX_NS};

    if (_i == 1)
        memset(&series, 0, sizeof series);
    if (_i == 2)
        series_count(&series, 9 * (int64_t)SECOND, SERIES_TRANSITIONS, 0);
    if (_i == 3)
        series_latency(&series, 0, 1);
    for (int i = 0; _i == 4 && i < 3; i++)
        series_latency(&series, i * (int64_t)SECOND, latencies[i]);
    for (int64_t i = 0; _i == 5 && i < SERIES_POINTS; i++)
        series_latency(&series, i * SECOND, 1000 + i);
    for (int64_t i = 0; _i == 6 && i < 100; i++)
        series_online(&series, i * 3600 * SECOND, i % 3);
    if (_i > 0)
        report_series(&report, &series);
    report_latency(&report, "none", &empty);
    plot();
    ck_assert_ptr_null(strstr(text, "nan"));
    ck_assert_ptr_null(strstr(text, "inf"));
    /* Axes have labels, also where nothing lies on them. */
    ck_assert_ptr_nonnull(strstr(text, _i < 3 || _i == 6 ? ">10 ms</text>" : _i == 5 ? ">2 µs</text>" : ">1 ns</text>"));
    ck_assert_int_eq(strstr(text, "nothing in this run") != NULL, _i < 3 || _i == 6);
    json_decref(json());
}
END_TEST

START_TEST(texts_are_tame_everywhere)
{
    char large[3000];

    memset(large, 'x', sizeof large - 1);
    memcpy(large, EVIL, sizeof EVIL - 1);
    large[sizeof large - 1] = '\0';
    report_fact(&report, "scenario", _i == 0 ? EVIL : large);
    report_fact(&report, "target", large);
    report_fact(&report, "protocol", EVIL);
    report_fact(&report, EVIL, EVIL);
    report_figure(&report, REPORT_SERVER, EVIL, 1, EVIL, EVIL);
    report_latency(&report, EVIL, &histogram);

    json_t *whole = json();

    ck_assert_str_eq(json_string_value(json_object_get(json_object_get(whole, "facts"), "protocol")), "</svg><&\"'   ??]]> %s\\u0000é");
    json_decref(whole);
    ck_assert_ptr_nonnull(strstr(plot(), "&lt;/svg&gt;&lt;&amp;&quot;&apos;   ??]]&gt; %s\\u0000é"));
    ck_assert_ptr_null(strchr(table(), '\x1b'));
}
END_TEST

START_TEST(failures_to_write_are_told)
{
    FILE *full = fopen("/dev/full", "we");

    ck_assert_ptr_nonnull(full);
    ck_assert_int_eq(report_print_json(&report, full), -EIO);
    fclose(full);
    ck_assert_int_eq(report_write_plot(&report, "/dev/full"), -EIO);
    ck_assert_int_eq(report_write_plot(&report, "/nowhere/at/all"), -ENOENT);
}
END_TEST

/* What the tests above lean on. */
START_TEST(the_checker_sees_what_is_wrong)
{
    static const char *const bad[] = {"", "x", "<a>", "<a></b>", "<a><b></a></b>", "<a/>x", "<a/><b/>", "<a b=c/>", "<a b='c' b='d'/>", "<a b='c/>",
        "<a b='<'/>", "<a>&</a>", "<a>&nbsp;</a>", "<a>\x01</a>", "<a>\xef\xbf\xbf</a>", "<a", "<a b='c'd='e'/>"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(xml_wrong(bad[i]) != NULL, "%s", bad[i]);
    ck_assert_ptr_null(xml_wrong("<a b='\"' c=\"'\">x&lt;<d/>y<e>z</e>\n</a>\n"));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("report");
    TCase *tests = tcase_create("report");

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, the_table);
    tcase_add_test(tests, the_table_of_nothing);
    tcase_add_test(tests, facts_fit);
    tcase_add_test(tests, a_name_told_again_replaces);
    tcase_add_test(tests, the_json);
    tcase_add_test(tests, the_plot);
    tcase_add_test(tests, a_plot_tells_parts_apart);
    tcase_add_test(tests, a_plot_has_gaps_only_where_zero_has_no_place);
    tcase_add_loop_test(tests, a_plot_of_odd_runs, 0, 7);
    tcase_add_loop_test(tests, texts_are_tame_everywhere, 0, 2);
    tcase_add_test(tests, failures_to_write_are_told);
    tcase_add_test(tests, the_checker_sees_what_is_wrong);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
