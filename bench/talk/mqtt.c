/* SPDX-License-Identifier: MIT
 *
 * Friend presence by MQTT 3.1.1 (OASIS standard, 29 October 2014): a topic for each user, which is the user's id. A session connects with a last
 * will of "0" in its own topic, subscribes to its friends' topics in one packet and publishes "1" in its own. It leaves by
 * closing: a broker publishes the will of whoever goes without DISCONNECT. Everything has quality of service 0, nothing is retained, and there
 * is no keep-alive. Version 5 would bring properties that nobody needs here, and a longer packet for each.
 *
 * PUBLISH with quality 0 is not answered, so the last word that a login is answered with is SUBACK; who has no friends pings instead.
 */
#include "talk/number.h"
#include "talk/talk.h"

#include <assert.h>
#include <string.h>

enum {
    CONNECT = 0x10,
    CONNACK = 0x20,
    PUBLISH = 0x30,   /* with quality 0, neither retained nor repeated */
    SUBSCRIBE = 0x82, /* with the flags that it must have (3.8.1) */
    SUBACK = 0x90,
    UNSUBSCRIBE = 0xa2,
    UNSUBACK = 0xb0,
    PINGREQ = 0xc0,
    PINGRESP = 0xd0,
    CONNECT_FLAGS = 0x06, /* clean session, and a will of quality 0 that is not retained */
    REFUSED = 0x80,       /* a return code of SUBACK */
    TOPIC = 2 + NUMBER_ID_BYTES,
    REMAINING_MAX = 268435455, /* 2.2.3 */
};

static void
byte_put(struct talk_text *out, unsigned byte)
{
    char value = (char)byte;

    talk_put(out, &value, 1);
}

static void
header_put(struct talk_text *out, unsigned type, size_t remaining)
{
    assert(remaining <= REMAINING_MAX);
    byte_put(out, type);
    for (; remaining > 127; remaining /= 128)
        byte_put(out, 128 | remaining % 128);
    byte_put(out, (unsigned)remaining);
}

/* A string of less than 256 bytes, after its length. */
static void
string_put(struct talk_text *out, const char *string, size_t length)
{
    byte_put(out, 0);
    byte_put(out, (unsigned)length);
    talk_put(out, string, length);
}

static void
id_put(struct talk_text *out, uint32_t user)
{
    byte_put(out, 0);
    byte_put(out, NUMBER_ID_BYTES);
    talk_print(out, "%u", number_id(user));
}

/* Names those in one list who are not in the other as topics of a packet; none: no packet. */
static void
difference_put(struct talk_text *out, unsigned type, const uint32_t *in, uint32_t in_count, const uint32_t *out_of, uint32_t out_of_count)
{
    size_t named = 0;

    for (uint32_t i = 0; i < in_count; i++)
        named += !number_listed(out_of, out_of_count, in[i]);
    if (named == 0)
        return;
    header_put(out, type, 2 + named * (TOPIC + (type == SUBSCRIBE)));
    byte_put(out, 0); /* the packet's identifier: 1 */
    byte_put(out, 1);
    for (uint32_t i = 0; i < in_count; i++) {
        if (number_listed(out_of, out_of_count, in[i]))
            continue;
        id_put(out, in[i]);
        if (type == SUBSCRIBE)
            byte_put(out, 0); /* the quality of service */
    }
}

static void
mqtt_login(struct talk_text *out, uint32_t user, const uint32_t *friends, uint32_t count)
{
    header_put(out, CONNECT, 2 + 4 + 1 + 1 + 2 + TOPIC + TOPIC + 2 + 1);
    string_put(out, "MQTT", 4);
    byte_put(out, 4); /* the level of 3.1.1 */
    byte_put(out, CONNECT_FLAGS);
    byte_put(out, 0); /* no keep-alive */
    byte_put(out, 0);
    id_put(out, user); /* the client's identifier */
    id_put(out, user); /* the will's topic */
    string_put(out, "0", 1);
    difference_put(out, SUBSCRIBE, friends, count, NULL, 0);
    header_put(out, PUBLISH, TOPIC + 1);
    id_put(out, user);
    byte_put(out, '1');
    if (count == 0)
        header_put(out, PINGREQ, 0);
}

static void
mqtt_leave(struct talk_text *out, uint32_t user, bool datagrams)
{
    (void)out;
    (void)user;
    (void)datagrams;
}

static void
mqtt_relist(struct talk_text *out, uint32_t user, const uint32_t *old, uint32_t old_count, const uint32_t *new, uint32_t new_count)
{
    (void)user;
    difference_put(out, UNSUBSCRIBE, old, old_count, new, new_count);
    difference_put(out, SUBSCRIBE, new, new_count, old, old_count);
}

/* The bytes of a packet's header, and what follows it; 0 when it has only begun, -1 when it has no end. */
static ssize_t
header_read(const unsigned char *bytes, size_t length, size_t *remaining)
{
    *remaining = 0;
    for (size_t i = 1; i <= 4; i++) {
        if (i >= length)
            return 0;
        *remaining |= (size_t)(bytes[i] & 127) << 7 * (i - 1);
        if ((bytes[i] & 128) == 0)
            return (ssize_t)i + 1;
    }
    return -1;
}

static int
packet_read(unsigned type, const char *body, size_t length, struct talk_word *word)
{
    switch (type) {
    case PUBLISH:
        if (length != 2 + NUMBER_ID_BYTES + 1 || body[0] != 0 || body[1] != NUMBER_ID_BYTES)
            return -1;
        word->kind = TALK_NEWS;
        word->user = number_user(body + 2, body + 2 + NUMBER_ID_BYTES);
        word->online = body[2 + NUMBER_ID_BYTES] == '1';
        return word->user != TALK_NOBODY ? 0 : -1;
    case CONNACK: word->kind = length == 2 && body[1] == 0 ? TALK_OTHER : TALK_ERROR; return 0;
    case SUBACK: word->kind = length > 2 && memchr(body + 2, REFUSED, length - 2) == NULL ? TALK_READY : TALK_ERROR; return 0;
    case UNSUBACK: return 0;
    case PINGRESP: word->kind = TALK_READY; return 0;
    default: return -1;
    }
}

static ssize_t
mqtt_read(const char *bytes, size_t length, struct talk_word *word)
{
    size_t remaining;
    ssize_t header = header_read((const unsigned char *)bytes, length, &remaining);

    *word = (struct talk_word){.kind = TALK_OTHER, .user = TALK_NOBODY};
    if (header <= 0 || length < (size_t)header + remaining)
        return header < 0 ? -1 : 0;
    if (packet_read((unsigned char)bytes[0], bytes + header, remaining, word) != 0)
        return -1;
    return header + (ssize_t)remaining;
}

const struct talk talk_mqtt = {
    .name = "mqtt",
    .about = "MQTT 3.1.1 (Mosquitto and others), one topic for each user, a last will for its departure",
    .names_users = true,
    .login = mqtt_login,
    .leave = mqtt_leave,
    .relist = mqtt_relist,
    .read = mqtt_read,
    .users_most = NUMBER_USERS,
};
