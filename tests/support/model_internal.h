/* SPDX-License-Identifier: MIT
 *
 * What the files of model.h share.
 */
#ifndef SUPPORT_MODEL_INTERNAL_H
#define SUPPORT_MODEL_INTERNAL_H

#include "support/model.h"
#include "support/wording.h"

/* Users whose last device may have listed a certain user when it left. */
struct tellers {
    unsigned *users;
    unsigned count, room;
};

struct model {
    struct population *population;
    struct tellers *tellers; /* for each user */
    unsigned *seen;          /* for each user: the look at which it was found last */
    unsigned looks;
    unsigned *concerned; /* the users who concern the device looked at */
    unsigned concerned_count;
    struct expectation *expectation;
    struct wording *wording; /* scratch */
};

/* Finds the users who concern a device. */
void model_concerned(struct model *model, const struct device *device);
/* All that the device may have heard about a user; with `last_heard` only what has the last transition in it. */
void model_wording(const struct population *population, const struct device *device, unsigned user, bool last_heard, struct wording *wording);

/* These tell what is wrong, in full, and fail the test. */
_Noreturn void model_report_outcome(struct population *population, const struct person *person);
_Noreturn void model_report_device(struct model *model, const struct device *device, bool incomplete);
_Noreturn void model_report_pair(struct model *model, const struct device *device, const struct device *other);

#endif
