/* SPDX-License-Identifier: MIT
 *
 * `alo ctl`: asks the admin interface of a running server, and prints what it says. A client of it and nothing more: whatever it can do, curl can.
 */
#ifndef SERVICE_CTL_H
#define SERVICE_CTL_H

#include <stdio.h>

/* Carries out the words behind `alo ctl`. Returns the exit status: 0, 1 when the server did not do it, 2 when the words are wrong. */
int ctl_run(int argc, char **argv);
/* Prints how it is used. */
void ctl_help_print(FILE *out);

#endif
