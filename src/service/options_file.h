/* SPDX-License-Identifier: MIT
 *
 * The configuration file: one `key = value` a line, keys as the long flags without their dashes. Blank lines are skipped, and so is what follows
 * a `#` at the beginning of a line or behind a blank. It is small (OPTIONS_FILE_BYTES, lines of OPTIONS_LINE_BYTES), strict UTF-8 and without
 * control characters. Main thread.
 */
#ifndef SERVICE_OPTIONS_FILE_H
#define SERVICE_OPTIONS_FILE_H

#include "service/options.h"

#include <stdio.h>

enum { OPTIONS_FILE_BYTES = 256 << 10, OPTIONS_LINE_BYTES = 4096 };

/*
 * Reads the file that options->config names, if any, and stores what neither a flag nor a variable has set; what they have set must be right
 * all the same. Every source but the file has been read. Returns 0, or -EINVAL with what is wrong, where, and what is allowed, in `sentence`.
 */
int options_file_read(struct options *options, char sentence[static OPTION_TEXT]);

/* Prints the options as such a file, which says behind each value where it comes from. They have been checked, so it can be read again. */
void options_file_print(FILE *out, const struct options *options);

#endif
