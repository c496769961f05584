/* SPDX-License-Identifier: MIT
 *
 * What the rules allow in a round of a population, and whether that is what was heard.
 *
 * What a user's transitions were is known from its auditor, and must be one of the outcomes of the user's script. For each
 * device and each user that concerns it follows what may be heard: while the device watches the user all through the round,
 * exactly the transitions; where its list changes in the same round, every position of the changes among the transitions is
 * possible, and then what is heard are those that fall into times in which it watches, and departures of a user whose last list
 * had the device's own user, while the device exists. Words about different users may come in any order among each other.
 */
#ifndef SUPPORT_MODEL_H
#define SUPPORT_MODEL_H

#include "support/population.h"

#include <stdbool.h>

struct model_totals {
    uint64_t devices; /* looked at, in all rounds */
    uint64_t free;    /* of them, those that might have heard one thing or another */
    uint64_t counted; /* of them, those so entangled that only the numbers of words were compared */
    uint64_t pairs;   /* friends who came at the same time and list each other */
};

/*
 * Carries out the scripts that have been assigned, reaches a quiet point and looks at what every device has heard. Fails the test at the first
 * device that heard what is not allowed, after a report on standard error. With `exact` the scripts are such that each device
 * could hear one thing only, and that is demanded too.
 */
void model_round(struct population *population, bool exact, struct model_totals *totals);

#endif
