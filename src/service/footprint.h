/* SPDX-License-Identifier: MIT
 *
 * What the process costs the machine: memory, as the allocator and the kernel see it, and processor time. Any thread; takes none of the server's locks.
 */
#ifndef SERVICE_FOOTPRINT_H
#define SERVICE_FOOTPRINT_H

#include "base/buffer.h"

/* Writes it as metrics; what this machine or allocator does not tell is left out. */
void footprint_write(struct buffer *out);

#endif
