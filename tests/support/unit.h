/* SPDX-License-Identifier: MIT
 *
 * What every test program ends with: run one suite of Check, print its totals, return an exit status.
 */
#ifndef SUPPORT_UNIT_H
#define SUPPORT_UNIT_H

#include <check.h>

/* Runs and frees the suite; 0 when all passed. */
int unit_run(Suite *suite);

#endif
