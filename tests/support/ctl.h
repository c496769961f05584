/* SPDX-License-Identifier: MIT
 *
 * `alo ctl`, as an operator runs it.
 */
#ifndef SUPPORT_CTL_H
#define SUPPORT_CTL_H

/* Runs it with these words for this --server: what it says has this text, and its exit status is this. */
void ctl_expect(const char *server, const char *words, int status, const char *text);

#endif
