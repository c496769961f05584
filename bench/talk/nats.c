/* SPDX-License-Identifier: MIT
 *
 * Friend presence by NATS: a subject for each user, which is the user's id. A session subscribes to its friends' subjects and publishes "1" in its
 * own, and "0" before it closes. Core NATS knows no last will, so a client that crashes says nothing.
 *
 * The server speaks first (INFO); a client that does not want TLS need not wait for that. A login ends with PING, as client libraries do to
 * know that all of it was taken: its PONG is the last word of the answer. "echo" off spares the server to look whether one hears oneself.
 */
#include "talk/number.h"
#include "talk/talk.h"

#include <string.h>

enum { LINE_MAX_BYTES = 64 * 1024 };

static void
publish_put(struct talk_text *out, uint32_t user, char state)
{
    talk_print(out, "PUB %u 1\r\n%c\r\n", number_id(user), state);
}

/* A subscription is numbered by its friend, so that it can be ended without having been remembered. */
static void
subscribe_put(struct talk_text *out, uint32_t friend)
{
    talk_print(out, "SUB %u %u\r\n", number_id(friend), number_id(friend));
}

static void
nats_login(struct talk_text *out, uint32_t user, const uint32_t *friends, uint32_t count)
{
    talk_print(out, "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":false,\"protocol\":1,\"lang\":\"c\",\"version\":\"1\"}\r\n");
    for (uint32_t i = 0; i < count; i++)
        subscribe_put(out, friends[i]);
    publish_put(out, user, '1');
    talk_print(out, "PING\r\n");
}

static void
nats_leave(struct talk_text *out, uint32_t user, bool datagrams)
{
    (void)datagrams;
    publish_put(out, user, '0');
}

static void
nats_relist(struct talk_text *out, uint32_t user, const uint32_t *old, uint32_t old_count, const uint32_t *new, uint32_t new_count)
{
    (void)user;
    for (uint32_t i = 0; i < old_count; i++)
        if (!number_listed(new, new_count, old[i]))
            talk_print(out, "UNSUB %u\r\n", number_id(old[i]));
    for (uint32_t i = 0; i < new_count; i++)
        if (!number_listed(old, old_count, new[i]))
            subscribe_put(out, new[i]);
}

static bool
line_begins(const char *line, const char *end, const char *word)
{
    size_t length = strlen(word);

    return (size_t)(end - line) >= length && memcmp(line, word, length) == 0;
}

/* MSG <subject> <sid> <bytes>, a line; then one byte and the end of its line. `end` is that of the first line, `length` of all that is there. */
static ssize_t
message_read(const char *bytes, const char *end, size_t length, struct talk_word *word)
{
    const char *subject = bytes + sizeof "MSG " - 1, *at = memchr(subject, ' ', (size_t)(end - subject));
    size_t used = (size_t)(end - bytes) + sizeof "\r\n1\r\n" - 1;

    if (at == NULL)
        return -1;
    word->user = number_user(subject, at++);
    if (word->user == TALK_NOBODY || number_read(&at, end) == UINT64_MAX || end - at != 2 || memcmp(at, " 1", 2) != 0)
        return -1;
    if (length < used)
        return 0;
    word->kind = TALK_NEWS;
    word->online = bytes[used - 3] == '1';
    return (ssize_t)used;
}

static ssize_t
nats_read(const char *bytes, size_t length, struct talk_word *word)
{
    static const char pong[] = "PONG\r\n";
    const char *end = length > 0 ? memchr(bytes, '\n', length) : NULL;

    *word = (struct talk_word){.kind = TALK_OTHER, .user = TALK_NOBODY};
    if (end == NULL)
        return length > LINE_MAX_BYTES ? -1 : 0;

    ssize_t used = end + 1 - bytes;

    if (end == bytes || *--end != '\r')
        return -1;
    if (line_begins(bytes, end, "MSG "))
        return message_read(bytes, end, length, word);
    if (line_begins(bytes, end, "PING")) {
        word->reply = pong;
        word->reply_bytes = sizeof pong - 1;
    } else if (line_begins(bytes, end, "PONG")) {
        word->kind = TALK_READY;
    } else if (line_begins(bytes, end, "-ERR")) {
        word->kind = TALK_ERROR;
    } else if (!line_begins(bytes, end, "INFO ") && !line_begins(bytes, end, "+OK")) {
        return -1;
    }
    return used;
}

const struct talk talk_nats = {
    .name = "nats",
    .about = "NATS without JetStream, one subject for each user",
    .names_users = true,
    .login = nats_login,
    .leave = nats_leave,
    .relist = nats_relist,
    .read = nats_read,
    .users_most = NUMBER_USERS,
};
