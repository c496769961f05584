/* SPDX-License-Identifier: MIT
 *
 * How the answers of /api/v1 are written: as JSON, or as a table for a person. On the admin thread.
 */
#ifndef SERVER_API_TEXT_H
#define SERVER_API_TEXT_H

#include "base/buffer.h"
#include "presence/inquiry.h"

#include <stdbool.h>
#include <stdint.h>

/* Writes an answer to an inquiry that has come back. `offset`: how many sessions of a list are passed over; `limit`: how many are told then. */
void api_write_sessions(struct buffer *out, const struct inquiry *inquiry, uint32_t offset, uint32_t limit, bool as_table);
void api_write_user(struct buffer *out, const struct inquiry *inquiry, bool as_table);
void api_write_explanation(struct buffer *out, const struct inquiry *inquiry, bool as_table);
void api_write_closed(struct buffer *out, const struct inquiry *inquiry, bool as_table);

#endif
