/* SPDX-License-Identifier: MIT
 *
 * One value of one option: from text into its field, checked against the table, and back into text; where it comes from, and what is
 * allowed, in words. Main thread.
 */
#ifndef SERVICE_OPTIONS_VALUE_H
#define SERVICE_OPTIONS_VALUE_H

#include "service/options.h"
#include "service/options_table.h"

enum { OPTION_SOURCE_TEXT = 200 }; /* holds what a value was written behind */

/* What is allowed, as the end of a sentence: "a number from 0 to 65535". */
void option_describe_allowed(const struct option_row *row, char text[static OPTION_TEXT]);

/* A size as one would type it: "256KiB". */
void option_format_size(uint64_t bytes, char text[static OPTION_TEXT]);

/* A line of the configuration file, counted from 1, as messages name it: "/etc/alo.conf:3". */
void option_describe_line(const struct options *options, uint32_t line, char text[static OPTION_SOURCE_TEXT]);
/* What a person wrote a value behind: "--port", "$SERVER_PORT", "/etc/alo.conf:3: port". Of a default it is the flag. */
void option_describe_source(
    const struct options *options, const struct option_row *row, struct option_source source, char text[static OPTION_SOURCE_TEXT]);
/* The same of the option whose field this is, by the source that is stored; for those who find a value wrong later. */
void option_describe_field(const struct options *options, const void *field, char text[static OPTION_SOURCE_TEXT]);

/*
 * Stores a value, and that it comes from this source. Returns 0, or -EINVAL with what is wrong, and what is allowed, in `sentence`. A word is
 * not copied.
 */
int option_store(
    const struct option_row *row, struct option_source source, const char *value, struct options *options, char sentence[static OPTION_TEXT]);

/* The stored value as one would type it: a word as it is, else one written into `text`. */
const char *option_format(const struct option_row *row, const struct options *options, char text[static OPTION_TEXT]);

/* Takes an option's value and source over from other options. A word is not copied. */
void option_take_over(const struct option_row *row, struct options *options, const struct options *from);

#endif
