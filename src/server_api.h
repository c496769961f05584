/* SPDX-License-Identifier: MIT
 *
 * The questions of /api/v1: what comes by HTTP becomes an inquiry (presence/inquiry.h) to all workers, and what they say becomes an answer. On the
 * admin thread, but for api_init and api_done.
 */
#ifndef SERVER_API_H
#define SERVER_API_H

#include "net/mailbox.h"
#include "presence/inquiry.h"
#include "service/admin.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct api_question;

enum { API_QUESTIONS_MAX = ADMIN_CONNECTIONS_MAX }; /* a worker that hangs answers none of them, and each takes up to 150 KB a worker */

struct api {
    struct worker *workers;
    uint32_t worker_count;
    struct pressure pressure; /* its mailbox has one, and never any weight */
    struct mailbox answers;
    struct api_question *questions; /* those whose inquiries have not come back as a whole, given up ones among them */
    uint32_t question_count;
    _Atomic bool stopping; /* the server stops, so there is nothing to drain any more; the main thread sets it */
};

/* Makes it ready. Returns 0 or -errno. */
int api_init(struct api *api, struct worker *workers, uint32_t worker_count);
/* Frees what was asked and never answered. No worker may run any more. */
void api_done(struct api *api);

/* As in struct admin_calls. */
enum admin_outcome api_ask(struct api *api, struct admin_request *request);
void api_collect(struct api *api);
void api_give_up(struct api *api, struct admin_request *request);

#endif
