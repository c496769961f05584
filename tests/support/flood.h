/* SPDX-License-Identifier: MIT
 *
 * A client that sends the same text again and again, without end and without reading an answer, on a thread of its own. The test
 * has no other use of the client meanwhile.
 */
#ifndef SUPPORT_FLOOD_H
#define SUPPORT_FLOOD_H

#include "support/client.h"

#include <stdint.h>

struct flood;

/* Begins to send. The text is copied. */
struct flood *flood_start(struct client *client, const char *text);

/* Waits until the kernel has taken so many bytes more: it is still sent, and the server still reads. */
#define flood_expect_progress(flood, bytes) flood_expect_progress_at((flood), (bytes), __func__, __LINE__)
void flood_expect_progress_at(struct flood *flood, uint64_t bytes, const char *function, int line);

/* Waits until it has ended because the server has closed. */
void flood_expect_end(struct flood *flood);

/* Ends it, at the end of a text unless the server has closed, and frees. The client is the test's again. */
void flood_stop(struct flood *flood);

#endif
