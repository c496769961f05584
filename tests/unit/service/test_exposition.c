/* SPDX-License-Identifier: MIT
 *
 * The exposition format to the byte. What an independent reader makes of a whole page is in tests/system/test_admin.c.
 */
#include "service/exposition.h"

#include "support/unit.h"

#include <string.h>

static struct buffer out;

static void
expect(const char *text)
{
    buffer_append(&out, "", 1);
    ck_assert(!out.failed);
    ck_assert_str_eq(out.bytes, text);
    buffer_done(&out);
}

START_TEST(a_family_has_help_type_and_samples)
{
    metric_begin(&out, "alo_things_total", METRIC_COUNTER, "Things.");
    metric_number(&out, "alo_things_total", "kind=\"a\"", 0);
    metric_number(&out, "alo_things_total", "kind=\"b\"", UINT64_MAX);
    metric_single(&out, "alo_one", METRIC_GAUGE, "One.", 1);
    expect("# HELP alo_things_total Things.\n# TYPE alo_things_total counter\nalo_things_total{kind=\"a\"} 0\n"
           "alo_things_total{kind=\"b\"} 18446744073709551615\n"
           "# HELP alo_one One.\n# TYPE alo_one gauge\nalo_one 1\n");
}
END_TEST

START_TEST(a_long_help_is_whole)
{
    char help[600];

    memset(help, 'x', sizeof help - 1);
    help[sizeof help - 1] = '\0';
    metric_begin(&out, "alo_long", METRIC_GAUGE, help);
    ck_assert_uint_eq(out.length, strlen("# HELP alo_long ") + sizeof help - 1 + strlen("\n# TYPE alo_long gauge\n"));
    buffer_done(&out);
}
END_TEST

START_TEST(a_fraction_is_in_base_units)
{
    metric_fraction(&out, "alo_seconds", "", 1764000000123, 1000);
    metric_fraction(&out, "alo_seconds", "mode=\"user\"", 1, 1000000);
    expect("alo_seconds 1764000000.123\nalo_seconds{mode=\"user\"} 1e-06\n");
}
END_TEST

/* Buckets count all that is at most their bound; the last has no bound, and holds what is larger than any. */
START_TEST(a_histogram_adds_up)
{
    static struct distribution distribution;
    const char *line;

    distribution_add(&distribution, 1, 2);
    distribution_add(&distribution, 3, 1);
    distribution_add(&distribution, UINT64_C(1) << 40, 1);
    metric_begin(&out, "alo_x_seconds", METRIC_HISTOGRAM, "X.");
    metric_distribution(&out, "alo_x_seconds", &distribution, 1000000);
    buffer_append(&out, "", 1);
    line = strstr(out.bytes, "alo_x_seconds_bucket");
    ck_assert_ptr_nonnull(line);
    ck_assert_int_eq(
        strncmp(line, "alo_x_seconds_bucket{le=\"1e-06\"} 2\nalo_x_seconds_bucket{le=\"2e-06\"} 2\nalo_x_seconds_bucket{le=\"4e-06\"} 3\n", 104), 0);
    ck_assert_ptr_nonnull(strstr(out.bytes,
        "alo_x_seconds_bucket{le=\"16.777216\"} 3\nalo_x_seconds_bucket{le=\"+Inf\"} 4\nalo_x_seconds_sum 1099511.627781\n"
        "alo_x_seconds_count 4\n"));
    buffer_done(&out);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("exposition");
    TCase *tests = tcase_create("exposition");

    tcase_add_test(tests, a_family_has_help_type_and_samples);
    tcase_add_test(tests, a_long_help_is_whole);
    tcase_add_test(tests, a_fraction_is_in_base_units);
    tcase_add_test(tests, a_histogram_adds_up);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
