/* SPDX-License-Identifier: MIT
 *
 * One value of one option: from text into its field, checked against the table, and what is allowed in words. Main thread.
 */
#ifndef SERVICE_OPTIONS_VALUE_H
#define SERVICE_OPTIONS_VALUE_H

#include "service/options.h"
#include "service/options_table.h"

enum { OPTION_TEXT = 512 }; /* holds a sentence about an option, or what it allows */

/* What is allowed, as the end of a sentence: "a number from 0 to 65535". */
void option_describe_allowed(const struct option_row *row, char text[static OPTION_TEXT]);

/* A size as one would type it: "256KiB". */
void option_format_size(uint64_t bytes, char text[static OPTION_TEXT]);

/*
 * Stores a value. `source` is what the person wrote it behind ("--port", "$SERVER_PORT"). Returns 0, or -EINVAL with what is wrong, and
 * what is allowed, in `sentence`. A word is not copied.
 */
int option_store(const struct option_row *row, const char *source, const char *value, struct options *options, char sentence[static OPTION_TEXT]);

#endif
