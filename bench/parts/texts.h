/* SPDX-License-Identifier: MIT
 *
 * What clients send, for the benchmarks of reading it.
 */
#ifndef PARTS_TEXTS_H
#define PARTS_TEXTS_H

#include <stddef.h>
#include <stdint.h>

enum text_kind {
    TEXT_HELLO,         /* classic, on one line; without friends a sign of life */
    TEXT_PRETTY_HELLO,  /* the same, indented, each friend on a line of its own */
    TEXT_FOREIGN_HELLO, /* the same with unknown keys that hold nested values and text with escapes: nothing for the plain reader */
    TEXT_LOGIN,         /* JSON-RPC, friends are numbers */
    TEXT_NAMES,         /* JSON-RPC, friends are strings */
    TEXT_PING,          /* JSON-RPC */
    TEXT_BATCH,         /* JSON-RPC: as many pings as there would be friends */
};

struct text_sample {
    char *bytes;
    size_t length;
};

/* Makes the text, with so many friends; never fails. sample_done frees it. */
void sample_make(struct text_sample *sample, enum text_kind kind, uint32_t friends);
void sample_done(struct text_sample *sample);

#endif
