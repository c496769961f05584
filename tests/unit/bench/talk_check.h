/* SPDX-License-Identifier: MIT
 *
 * What the tests of the benchmark's talks have in common: a word is read from memory of its own size, so that reading on is found out, and every
 * beginning of it is unfinished.
 */
#ifndef BENCH_TALK_CHECK_H
#define BENCH_TALK_CHECK_H

#include "talk/talk.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static inline ssize_t
talk_read_copy(const struct talk *talk, const char *bytes, size_t length, struct talk_word *word)
{
    char *copy = malloc(length > 0 ? length : 1);

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, length);

    ssize_t used = talk->read(copy, length, word);

    free(copy);
    return used;
}

/* The bytes are one word of this kind, whether or not something follows. */
static inline struct talk_word
talk_assert_word(const struct talk *talk, const char *bytes, size_t length, enum talk_kind kind)
{
    struct talk_word word;
    char longer[4096];

    ck_assert_uint_le(length, sizeof longer / 2);
    for (size_t part = 0; part < length; part++)
        ck_assert_msg(talk_read_copy(talk, bytes, part, &word) == 0, "%s: %zu of %zu bytes are a word", talk->name, part, length);
    memcpy(longer, bytes, length);
    memcpy(longer + length, bytes, length);
    ck_assert_int_eq(talk_read_copy(talk, longer, length * 2, &word), (ssize_t)length);
    ck_assert_int_eq(talk_read_copy(talk, bytes, length, &word), (ssize_t)length);
    ck_assert_int_eq(word.kind, kind);
    return word;
}

static inline void
talk_assert_news(const struct talk *talk, const char *bytes, size_t length, uint32_t user, bool online)
{
    struct talk_word word = talk_assert_word(talk, bytes, length, TALK_NEWS);

    ck_assert_uint_eq(word.user, user);
    ck_assert_int_eq(word.online, online);
    ck_assert_uint_eq(word.reply_bytes, 0);
}

static inline void
talk_assert_refused(const struct talk *talk, const char *bytes, size_t length)
{
    struct talk_word word;

    ck_assert_msg(talk_read_copy(talk, bytes, length, &word) == -1, "%s takes %.*s", talk->name, (int)length, bytes);
}

/* What is said at a login with these friends, and at the end. */
static inline void
talk_assert_says(
    const struct talk *talk, uint32_t user, const uint32_t *friends, uint32_t count, const char *login, size_t login_bytes, const char *leave)
{
    struct talk_text text = {.bytes = NULL};

    talk->login(&text, user, friends, count);
    ck_assert_msg(text.used == login_bytes && memcmp(text.bytes, login, login_bytes) == 0, "%s: %.*s", talk->name, (int)text.used, text.bytes);
    text.used = 0;
    talk->leave(&text, user, false);
    ck_assert_uint_eq(text.used, strlen(leave));
    ck_assert(text.used == 0 || memcmp(text.bytes, leave, text.used) == 0);
    talk_text_done(&text);
}

/* What is said to make a list another one. */
static inline void
talk_assert_relists(
    const struct talk *talk, const uint32_t *old, uint32_t old_count, const uint32_t *new, uint32_t new_count, const char *says, size_t says_bytes)
{
    struct talk_text text = {.bytes = NULL};

    talk->relist(&text, 1, old, old_count, new, new_count);
    ck_assert_msg(text.used == says_bytes && (says_bytes == 0 || memcmp(text.bytes, says, says_bytes) == 0), "%s: %.*s", talk->name, (int)text.used,
        text.bytes);
    talk_text_done(&text);
}

#endif
