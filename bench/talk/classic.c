/* SPDX-License-Identifier: MIT
 *
 * The classic dialect, and the floor, which is sent the same bytes. What comes is held against the lines of the protocol to the byte: anything else
 * is not understood.
 */
#include "talk/talk.h"

#include <string.h>

static const char online_line[] = "{\"online\": true}\n", offline_line[] = "{\"online\": false}\n", error_line[] = "{\"error\": ";

static void
classic_login(struct talk_text *out, uint32_t user, const uint32_t *friends, uint32_t count)
{
    talk_print(out, "{\"user_id\": %u", TALK_ID_FIRST + user);
    if (count > 0) {
        talk_print(out, ", \"friends\": [");
        talk_numbers(out, TALK_ID_FIRST, friends, count);
        talk_print(out, "]");
    }
    talk_print(out, "}");
}

/* A stream's end says enough. */
static void
classic_leave(struct talk_text *out, uint32_t user, bool datagrams)
{
    if (datagrams)
        talk_print(out, "{\"user_id\": %u, \"online\": false}", TALK_ID_FIRST + user);
}

static void
classic_beat(struct talk_text *out, uint32_t user)
{
    classic_login(out, user, NULL, 0);
}

/* An empty list has to be said: a hello without one keeps what there is. */
static void
classic_relist(struct talk_text *out, uint32_t user, const uint32_t *old, uint32_t old_count, const uint32_t *new, uint32_t new_count)
{
    (void)old;
    (void)old_count;
    if (new_count > 0)
        classic_login(out, user, new, new_count);
    else
        talk_print(out, "{\"user_id\": %u, \"friends\": []}", TALK_ID_FIRST + user);
}

/* Whether the bytes begin with the line, or the line with the bytes. */
static bool
begins(const char *bytes, size_t length, const char *line, size_t line_length)
{
    return memcmp(bytes, line, length < line_length ? length : line_length) == 0;
}

static ssize_t
classic_read(const char *bytes, size_t length, struct talk_word *word)
{
    const struct {
        const char *line;
        size_t length;
    } news[] = {{offline_line, sizeof offline_line - 1}, {online_line, sizeof online_line - 1}};

    for (int online = 0; online < 2; online++) {
        if (!begins(bytes, length, news[online].line, news[online].length))
            continue;
        if (length < news[online].length)
            return 0;
        *word = (struct talk_word){.kind = TALK_NEWS, .user = TALK_NOBODY, .online = online == 1};
        return (ssize_t)news[online].length;
    }
    if (!begins(bytes, length, error_line, sizeof error_line - 1))
        return -1;

    const char *end = memchr(bytes, '\n', length);

    if (end == NULL)
        return 0;
    *word = (struct talk_word){.kind = TALK_ERROR, .user = TALK_NOBODY};
    return end + 1 - bytes;
}

const struct talk talk_classic = {
    .name = "classic",
    .about = "the classic dialect: {\"user_id\": 1, \"friends\": [2]} (the default)",
    .tells_listed = true,
    .datagrams = true,
    .login = classic_login,
    .leave = classic_leave,
    .beat = classic_beat,
    .relist = classic_relist,
    .read = classic_read,
};

const struct talk talk_floor = {
    .name = "floor",
    .about = "the same bytes, against .bin/alo-floor, which is sent a table first",
    .tells_listed = true,
    .login = classic_login,
    .leave = classic_leave,
    .read = classic_read,
};
