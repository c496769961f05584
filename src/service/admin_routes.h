/* SPDX-License-Identifier: MIT
 *
 * What there is to ask the admin interface, and the answers. On the admin thread.
 */
#ifndef SERVICE_ADMIN_ROUTES_H
#define SERVICE_ADMIN_ROUTES_H

#include "service/admin.h"

/* Does the request bring this token? In a time that does not depend on the token. */
bool admin_brings_token(const struct admin_request *request, const char *token);
/* Finds the answer to a request whose head has been read; its path and connection are set. Never ADMIN_UNKNOWN. */
enum admin_outcome admin_route(const struct admin_config *config, struct admin_request *request, const char *method, bool brings_token);
/* Sends the answer, whose body is taken. False: it cannot be sent, and the connection is to be closed. */
bool admin_send(struct admin_request *request);

#endif
