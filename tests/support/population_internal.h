/* SPDX-License-Identifier: MIT
 *
 * What the files of population.h share.
 */
#ifndef SUPPORT_POPULATION_INTERNAL_H
#define SUPPORT_POPULATION_INTERNAL_H

#include "support/population.h"

/* Connects, and listens to what is said. */
void population_connect(struct population *population, struct device *device);
void population_leave(struct population *population, struct device *device, enum device_leaving how);
/* Sends a hello with these friends and the round's beacons. */
void population_hello(struct population *population, struct device *device, const struct friends *friends);
/* A device that is not checked, which has said hello as this user and lists nobody. The caller's to free. */
struct device *population_beacon(struct population *population, int64_t user_id);

#endif
