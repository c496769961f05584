/* SPDX-License-Identifier: MIT
 *
 * The command line of alo-bench: one table for reading and for the help.
 */
#ifndef LOAD_OPTIONS_H
#define LOAD_OPTIONS_H

#include "load/plan.h"
#include "report/report.h"

#include <stdio.h>

/* Options that only some scenarios know, as bits of a mask; the rest all know. */
enum options_mask {
    OPTION_SESSIONS = 1 << 0,
    OPTION_FRIENDS = 1 << 1,
    OPTION_FLAPPING = 1 << 2,
    OPTION_RATE = 1 << 3,
    OPTION_IN_FLIGHT = 1 << 4,
    OPTION_NOTIFICATIONS = 1 << 5,
    OPTION_ROUNDS = 1 << 6,
    OPTION_SECONDS = 1 << 7,
    OPTION_WARM_UP = 1 << 8,
    OPTION_GRAPH = 1 << 9,
    OPTION_MUTUAL = 1 << 10,
    OPTION_UDP = 1 << 11,
    OPTION_PROCESSES = 1 << 12,
    OPTION_GIVE_BACK = 1 << 13,
    OPTION_SLOW = 1 << 14,
    OPTION_BEHIND = 1 << 15,
    OPTION_BACK_TO = 1 << 16,
};

/* Reads options into a plan that holds the scenario's defaults. Ends the program with a sentence and status 2 when one is wrong. */
void options_read(int argc, char **argv, const char *scenario, unsigned takes, struct plan *plan);

/* One line for each option. */
void options_print(FILE *file);

/* What was asked for, as facts of the report. */
void options_facts(struct report *report, unsigned takes, const struct plan *plan);

/* What a scenario takes, with the values that its defaults give, in lines: " --sessions 8000 ..." */
void options_defaults_print(FILE *file, unsigned takes, const struct plan *defaults);

#endif
