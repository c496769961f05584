/* SPDX-License-Identifier: MIT
 *
 * See plain_hello.h. The text's last byte is a closing brace, which no loop here runs over: no byte but that one has to be asked
 * whether it is the last.
 */
#include "protocol/plain_hello.h"

#include <errno.h>
#include <string.h>

enum member {
    MEMBER_USER = 1,
    MEMBER_FRIENDS = 2,
    MEMBER_ONLINE = 4,
};

/* One message being read. */
struct reading {
    const char *at;  /* the next byte; never past the last one, which is a '}' */
    const char *end; /* past the last byte */
    struct decoder *decoder;
    const struct protocol_limits *limits;
    unsigned members; /* those that were read */
};

static const char *
skip_space(const char *at)
{
    while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')
        at++;
    return at;
}

/* Takes the word, whose length the compiler knows, when it is next. */
static inline bool
take_word(struct reading *reading, const char *word, size_t length)
{
    if ((size_t)(reading->end - reading->at) <= length || memcmp(reading->at, word, length) != 0)
        return false;
    reading->at += length;
    return true;
}

/* Takes an integer of 64 bits as JSON writes it; what follows it is for the caller to judge. NULL when it is none. */
static inline const char *
take_integer(const char *at, int64_t *number)
{
    bool negative = *at == '-';
    const char *digits = at + negative;
    uint64_t value = 0;

    for (at = digits; *at >= '0' && *at <= '9'; at++)
        value = value * 10 + (uint64_t)(*at - '0');
    /* 19 digits do not overflow 64 bits without a sign. */
    if (at == digits || at - digits > 19 || (*digits == '0' && at - digits > 1) || value > (uint64_t)INT64_MAX + negative)
        return NULL;
    *number = (int64_t)(negative ? 0 - value : value);
    return at;
}

/* The array after its opening bracket. 0, -ENOMSG or -ENOMEM. */
static int
read_elements(struct reading *reading, struct message *message)
{
    struct decoder *decoder = reading->decoder;
    const char *at = skip_space(reading->at);
    uint32_t count = 0;

    if (*at == ']') {
        at++;
    } else {
        char after;

        do {
            int64_t number;

            at = take_integer(skip_space(at), &number);
            if (at == NULL || count == reading->limits->friends)
                return -ENOMSG;
            if (count == decoder->capacity && decoder_reserve(decoder, count + 1) < 0)
                return -ENOMEM;
            decoder->friends[count++] = (struct user_id){.number = number};
            if (*at != ',')
                at = skip_space(at);
            after = *at++;
        } while (after == ',');
        if (after != ']')
            return -ENOMSG;
    }
    reading->at = at;
    message->has_friends = true;
    message->friend_count = count;
    message->friends = decoder->friends;
    return 0;
}

static int
read_friends(struct reading *reading, struct message *message)
{
    if (take_word(reading, "null", 4))
        return 0;
    if (!take_word(reading, "[", 1))
        return -ENOMSG;
    return read_elements(reading, message);
}

static int
read_user(struct reading *reading, struct message *message)
{
    const char *at = take_integer(reading->at, &message->user.number);

    if (at == NULL)
        return -ENOMSG;
    reading->at = at;
    message->has_user = true;
    return 0;
}

static int
read_online(struct reading *reading, struct message *message)
{
    if (take_word(reading, "true", 4))
        return 0;
    if (!take_word(reading, "false", 5))
        return -ENOMSG;
    message->kind = MESSAGE_GOODBYE;
    return 0;
}

static int
read_member(struct reading *reading, struct message *message)
{
    int (*read_value)(struct reading *, struct message *);
    unsigned member;

    if (take_word(reading, "\"user_id\"", 9)) {
        member = MEMBER_USER;
        read_value = read_user;
    } else if (take_word(reading, "\"friends\"", 9)) {
        member = MEMBER_FRIENDS;
        read_value = read_friends;
    } else if (take_word(reading, "\"online\"", 8)) {
        member = MEMBER_ONLINE;
        read_value = read_online;
    } else {
        return -ENOMSG;
    }
    if (reading->members & member)
        return -ENOMSG;
    reading->members |= member;
    reading->at = skip_space(reading->at);
    if (*reading->at != ':')
        return -ENOMSG;
    reading->at = skip_space(reading->at + 1);
    return read_value(reading, message);
}

int
plain_hello_read(struct decoder *decoder, const struct protocol_limits *limits, const char *text, size_t length, struct message *message)
{
    struct reading reading = {.at = text + 1, .end = text + length, .decoder = decoder, .limits = limits};
    struct message said = {.kind = MESSAGE_HELLO};
    char after;

    if (length < 2 || text[0] != '{' || text[length - 1] != '}' || limits->nesting < 2)
        return -ENOMSG;
    do {
        reading.at = skip_space(reading.at);

        int result = read_member(&reading, &said);

        if (result < 0)
            return result;
        reading.at = skip_space(reading.at);
        after = *reading.at++;
    } while (after == ',');
    if (after != '}' || reading.at != reading.end)
        return -ENOMSG;
    if (!said.has_user && said.kind == MESSAGE_HELLO)
        return -ENOMSG;
    if (said.kind == MESSAGE_GOODBYE) { /* a list on leaving has no meaning */
        said.has_friends = false;
        said.friend_count = 0;
        said.friends = NULL;
    }
    *message = said;
    return 0;
}
