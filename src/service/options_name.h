/* SPDX-License-Identifier: MIT
 *
 * Options by their names: the flag without its dashes, which is also the key in a configuration file. Main thread.
 */
#ifndef SERVICE_OPTIONS_NAME_H
#define SERVICE_OPTIONS_NAME_H

#include "service/options_table.h"

#include <stddef.h>

/* The option of this name, of which `length` bytes are looked at; NULL when there is none. */
const struct option_row *option_find(const char *name, size_t length);

/* The option that was probably meant by a name that is none; NULL when nothing is near. */
const struct option_row *option_nearest(const char *name, size_t length);

#endif
