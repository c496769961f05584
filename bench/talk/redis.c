/* SPDX-License-Identifier: MIT
 *
 * Friend presence by Redis: a channel for each user, whose name is the user's id. A session speaks RESP3, the version in which a connection that
 * has subscribed may publish, too: it subscribes to its friends' channels and publishes "1" in its own, and "0" before it
 * closes. Redis knows no last will, so a client that crashes says nothing: this is what Redis does for those who leave politely.
 *
 * The last word that a login is answered with is the reply to its PUBLISH, a number.
 */
#include "talk/number.h"
#include "talk/talk.h"

#include <string.h>

enum {
    BULK_MAX = 64 * 1024, /* far above anything that Redis says here */
    FIELDS_MAX = 1024,
};

static void
publish_put(struct talk_text *out, uint32_t user, char state)
{
    talk_print(out, "*3\r\n$7\r\nPUBLISH\r\n$6\r\n%u\r\n$1\r\n%c\r\n", number_id(user), state);
}

/* Names those in one list who are not in the other as arguments of a command; none: no command. */
static void
difference_put(struct talk_text *out, const char *command, const uint32_t *in, uint32_t in_count, const uint32_t *out_of, uint32_t out_of_count)
{
    uint32_t named = 0;

    for (uint32_t i = 0; i < in_count; i++)
        named += !number_listed(out_of, out_of_count, in[i]);
    if (named > 0)
        talk_print(out, "*%u\r\n$%zu\r\n%s\r\n", named + 1, strlen(command), command);
    for (uint32_t i = 0; i < in_count; i++)
        if (!number_listed(out_of, out_of_count, in[i]))
            talk_print(out, "$6\r\n%u\r\n", number_id(in[i]));
}

static void
redis_login(struct talk_text *out, uint32_t user, const uint32_t *friends, uint32_t count)
{
    talk_print(out, "*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n");
    difference_put(out, "SUBSCRIBE", friends, count, NULL, 0);
    publish_put(out, user, '1');
}

static void
redis_leave(struct talk_text *out, uint32_t user, bool datagrams)
{
    (void)datagrams;
    publish_put(out, user, '0');
}

static void
redis_relist(struct talk_text *out, uint32_t user, const uint32_t *old, uint32_t old_count, const uint32_t *new, uint32_t new_count)
{
    (void)user;
    difference_put(out, "UNSUBSCRIBE", old, old_count, new, new_count);
    difference_put(out, "SUBSCRIBE", new, new_count, old, old_count);
}

/* The length of the line at `at` without its end; -1 when the end is not there yet. */
static ssize_t
line_length(const char *at, const char *end)
{
    const char *stop = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;

    return stop != NULL && stop > at && stop[-1] == '\r' ? stop - 1 - at : -1;
}

/*
 * The bytes of one whole value with all that is inside it: what nests is counted, so that depth costs nothing. 0 when it is not whole, -1 when
 * it is no RESP3.
 */
static ssize_t
value_length(const char *bytes, size_t length)
{
    const char *at = bytes, *end = bytes + length;

    for (uint64_t open = 1; open > 0; open--) {
        ssize_t line = line_length(at, end);

        if (line < 1)
            return line == 0 ? -1 : 0;

        const char *digits = at + 1;
        uint64_t number = number_read(&digits, at + line);
        char type = *at;

        at += line + 2;
        if (memchr("+-:_#,(", type, 7) != NULL)
            continue;
        if (number > (memchr("$!=", type, 3) != NULL ? BULK_MAX : FIELDS_MAX) || memchr("$!=*>~%|", type, 8) == NULL)
            return -1;
        if (memchr("$!=", type, 3) != NULL) {
            if ((size_t)(end - at) < number + 2)
                return 0;
            at += number + 2;
        } else {
            open += type == '%' ? 2 * number : type == '|' ? 2 * number + 1 : number;
        }
    }
    return at - bytes;
}

/* A message with a user's id and one byte has one form only, and nearly everything that comes has it. */
static ssize_t
message_read(const char *bytes, size_t length, struct talk_word *word)
{
    static const char head[] = ">3\r\n$7\r\nmessage\r\n$6\r\n", middle[] = "\r\n$1\r\n";
    enum { ID = sizeof head - 1, MIDDLE = ID + 6, STATE = MIDDLE + sizeof middle - 1, ALL = STATE + 3 };

    if (length < ALL || memcmp(bytes, head, ID) != 0 || memcmp(bytes + MIDDLE, middle, STATE - MIDDLE) != 0)
        return 0;
    word->user = number_user(bytes + ID, bytes + MIDDLE);
    word->online = bytes[STATE] == '1';
    word->kind = TALK_NEWS;
    return word->user != TALK_NOBODY ? ALL : -1;
}

static ssize_t
redis_read(const char *bytes, size_t length, struct talk_word *word)
{
    static const char news[] = ">3\r\n$7\r\nmessage\r\n";
    ssize_t used;

    *word = (struct talk_word){.kind = TALK_OTHER, .user = TALK_NOBODY};
    used = message_read(bytes, length, word);
    if (used == 0)
        used = value_length(bytes, length);
    if (used <= 0 || word->kind == TALK_NEWS)
        return used;
    if ((size_t)used >= sizeof news && memcmp(bytes, news, sizeof news - 1) == 0)
        return -1; /* of somebody outside the population */
    if (bytes[0] == ':')
        word->kind = TALK_READY;
    if (bytes[0] == '-' || bytes[0] == '!')
        word->kind = TALK_ERROR;
    return used;
}

const struct talk talk_redis = {
    .name = "redis",
    .about = "Redis from version 6: RESP3, one channel for each user",
    .names_users = true,
    .login = redis_login,
    .leave = redis_leave,
    .relist = redis_relist,
    .read = redis_read,
    .users_most = NUMBER_USERS,
};
