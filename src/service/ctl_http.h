/* SPDX-License-Identifier: MIT
 *
 * One HTTP request to an admin interface, for `alo ctl`. One thread; waits.
 */
#ifndef SERVICE_CTL_HTTP_H
#define SERVICE_CTL_HTTP_H

#include "base/buffer.h"

enum { CTL_PROBLEM = 256 };

/*
 * Asks a server, HOST:PORT, PORT or unix:/path (unix:@name where it has no file), and appends the body of the answer. The token may be "". Returns the status of HTTP, or -1 and a sentence in
 * problem.
 */
int ctl_ask(const char *server, const char *method, const char *path, const char *token, struct buffer *body, char problem[CTL_PROBLEM]);

#endif
