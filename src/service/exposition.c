/* SPDX-License-Identifier: MIT */
#include "service/exposition.h"

#include <inttypes.h>

void
metric_begin(struct buffer *out, const char *name, enum metric_type type, const char *help)
{
    static const char *const names[] = {[METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram"};

    buffer_format(out, "# HELP %s ", name);
    buffer_append_text(out, help);
    buffer_format(out, "\n# TYPE %s %s\n", name, names[type]);
}

static void
sample_begin(struct buffer *out, const char *name, const char *labels)
{
    if (*labels == '\0')
        buffer_format(out, "%s ", name);
    else
        buffer_format(out, "%s{%s} ", name, labels);
}

void
metric_number(struct buffer *out, const char *name, const char *labels, uint64_t value)
{
    sample_begin(out, name, labels);
    buffer_format(out, "%" PRIu64 "\n", value);
}

void
metric_fraction(struct buffer *out, const char *name, const char *labels, uint64_t value, uint64_t per_whole)
{
    sample_begin(out, name, labels);
    buffer_format(out, "%.15g\n", (double)value / (double)per_whole);
}

void
metric_distribution(struct buffer *out, const char *name, const struct distribution *distribution, uint64_t per_whole)
{
    uint64_t count = 0;

    for (int bucket = 0; bucket < DISTRIBUTION_BUCKETS; bucket++) {
        count += counter_read(&distribution->buckets[bucket]);
        if (bucket + 1 < DISTRIBUTION_BUCKETS)
            buffer_format(out, "%s_bucket{le=\"%.15g\"} %" PRIu64 "\n", name, (double)(UINT64_C(1) << bucket) / (double)per_whole, count);
        else
            buffer_format(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, count);
    }
    buffer_format(out, "%s_sum %.15g\n", name, (double)counter_read(&distribution->sum) / (double)per_whole);
    buffer_format(out, "%s_count %" PRIu64 "\n", name, count);
}

void
metric_single(struct buffer *out, const char *name, enum metric_type type, const char *help, uint64_t value)
{
    metric_begin(out, name, type, help);
    metric_number(out, name, "", value);
}
