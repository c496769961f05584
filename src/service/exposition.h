/* SPDX-License-Identifier: MIT
 *
 * The text format in which Prometheus reads metrics (its version 0.0.4): families, each with its help and type, and their samples. Writes only;
 * what there is to say is others' business. Labels come as they stand between the braces, such as worker="0", and their values have nothing that
 * would have to be escaped. Any thread; a want of memory shows in the buffer.
 */
#ifndef SERVICE_EXPOSITION_H
#define SERVICE_EXPOSITION_H

#include "base/buffer.h"
#include "base/metrics.h"

#include <stdint.h>

#define EXPOSITION_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/* Begins a family. The help is one line, without a backslash. */
void metric_begin(struct buffer *out, const char *name, enum metric_type type, const char *help);
/* A sample; labels may be "". */
void metric_number(struct buffer *out, const char *name, const char *labels, uint64_t value);
/* The same of a number with a fraction: `value` in units of which `per_whole` make one whole. */
void metric_fraction(struct buffer *out, const char *name, const char *labels, uint64_t value, uint64_t per_whole);
/* All samples of a histogram without labels; `per_whole` as above, for its values. */
void metric_distribution(struct buffer *out, const char *name, const struct distribution *distribution, uint64_t per_whole);
/* A family of one sample without labels. */
void metric_single(struct buffer *out, const char *name, enum metric_type type, const char *help, uint64_t value);

#endif
