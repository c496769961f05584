/* SPDX-License-Identifier: MIT
 *
 * Numbers as a person reads them, and texts that are safe to print: three digits that matter, units that fit, UTF-8 that is
 * whole. What is for machines (report_json.c) writes its numbers itself.
 */
#ifndef REPORT_READABLE_H
#define REPORT_READABLE_H

#include <stddef.h>

struct readable {
    char text[48];
};

/* "24,010", "12.3", "0.021"; a dash for what is no number. */
struct readable readable_number(double value);
/* "850 ns", "1.20 ms", "61.0 s"; nothing is "0". */
struct readable readable_duration(double ns);
/* "512 B", "1.25 MiB"; nothing is "0". */
struct readable readable_bytes(double bytes);
/* The value with its unit: "ns", "us", "ms", "s" and "B" become what fits, of other units only the number is written differently. */
struct readable readable_value(double value, const char *unit);

/* Writes what of the text fits into `room` bytes, with a NUL. What is not UTF-8 becomes '?', control characters (and the two
 * codes that no XML may hold) become spaces; no character is cut in two. */
void readable_clean(char *into, size_t room, const char *text);

/* The underscores of a name become spaces. */
void readable_words(char *name);

/* How many columns of a terminal a clean text takes, when none of its characters is wide. */
size_t readable_columns(const char *text);

/* Cuts a clean text to so many columns (at least 1), of which the last is then an ellipsis; the text has room for 3 bytes more
 * than it is long. */
void readable_clip(char *text, size_t columns);

#endif
