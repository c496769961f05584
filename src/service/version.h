/* SPDX-License-Identifier: MIT
 *
 * What --version says. Any thread.
 */
#ifndef SERVICE_VERSION_H
#define SERVICE_VERSION_H

/* The version and the commit it was built from, such as "0.1.0 (commit abc1234)"; constant. */
const char *version_text(void);
/* The same in parts. */
const char *version_number(void);
const char *version_commit(void);

#endif
