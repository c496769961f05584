/* SPDX-License-Identifier: MIT
 *
 * Every text about the options, made from the table: the help, the manual page, the bash completion, the README's table. Main thread.
 */
#ifndef SERVICE_OPTIONS_TEXT_H
#define SERVICE_OPTIONS_TEXT_H

#include "service/options_table.h"

#include <stdio.h>

enum { OPTIONS_RANGE = 128 };

/* Says what values are allowed, such as "a number from 1 to 256" or "a size from 1KiB to 1MiB". */
void options_range(const struct option_row *row, char text[OPTIONS_RANGE]);

void options_print_help(FILE *out);
void options_print_version(FILE *out);
void options_print_man(FILE *out);
void options_print_completion(FILE *out);
void options_print_table(FILE *out);

#endif
