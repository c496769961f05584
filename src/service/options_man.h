/* SPDX-License-Identifier: MIT
 *
 * The manual page alo(8), made from the table of options. Main thread.
 */
#ifndef SERVICE_OPTIONS_MAN_H
#define SERVICE_OPTIONS_MAN_H

#include <stdio.h>

/* Prints the page in roff, for man's macros. */
void options_man_print(FILE *out);

#endif
