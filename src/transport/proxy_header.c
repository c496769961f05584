/* SPDX-License-Identifier: MIT */
#include "transport/proxy_header.h"

#include "base/assert.h"

#include <arpa/inet.h>
#include <string.h>

enum {
    HEAD_BYTES = 16, /* of version 2: signature, version and command, family and protocol, length */
    COMMAND_LOCAL = 0,
    COMMAND_PROXY = 1,
    FAMILY_NONE = 0,
    FAMILY_IPV4 = 1,
    FAMILY_IPV6 = 2,
    FAMILY_UNIX = 3,
    PROTOCOL_MOST = 2, /* none, stream, datagram */
};

static const uint8_t signature[12] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
static const char line_begin[] = "PROXY ";

/* Length of the addresses of each family, with ports. */
static const uint16_t address_bytes[] = {[FAMILY_NONE] = 0, [FAMILY_IPV4] = 12, [FAMILY_IPV6] = 36, [FAMILY_UNIX] = 216};

static enum proxy_result
wrong(struct proxy_header *header, const char *problem)
{
    header->problem = problem;
    return PROXY_WRONG;
}

static void
source_set(struct proxy_header *header, int family, const void *host, uint16_t port)
{
    if (family == AF_INET)
        udp_host_map(host, header->source.host);
    else
        memcpy(header->source.host, host, 16);
    header->source.port = port;
    header->knows_source = true;
}

/* Takes the next word of the line, up to a space or the end, as text. False when it is empty, too long for `word`, or holds a NUL. */
static bool
word_take(const char **at, const char *end, char *word, size_t size)
{
    const char *stop = memchr(*at, ' ', (size_t)(end - *at));
    size_t length = (size_t)((stop == NULL ? end : stop) - *at);

    if (length == 0 || length >= size || memchr(*at, '\0', length) != NULL)
        return false;
    memcpy(word, *at, length);
    word[length] = '\0';
    *at += length + (stop != NULL);
    return stop == NULL || *at < end; /* a space is followed by something */
}

/* A decimal number without zeros before it. */
static bool
port_read(const char *word, uint16_t *port)
{
    uint32_t value = 0;

    if (word[0] == '0' && word[1] != '\0')
        return false;
    for (; *word != '\0'; word++) {
        if (*word < '0' || *word > '9')
            return false;
        value = value * 10 + (uint32_t)(*word - '0');
        if (value > UINT16_MAX)
            return false;
    }
    *port = (uint16_t)value;
    return true;
}

/* Does the proxy not know whom it speaks for? Whatever follows is to be ignored then. */
static bool
is_unknown(const char *at, const char *end)
{
    static const char word[] = "UNKNOWN";
    size_t length = (size_t)(end - at);

    return length >= sizeof word - 1 && memcmp(at, word, sizeof word - 1) == 0 && (length == sizeof word - 1 || at[sizeof word - 1] == ' ');
}

/* The line of version 1 is complete, its end taken off. */
static enum proxy_result
line_read(struct proxy_header *header, size_t length)
{
    const char *at = (const char *)header->bytes + sizeof line_begin - 1, *end = (const char *)header->bytes + length;
    char family_word[8], source[INET6_ADDRSTRLEN], destination[INET6_ADDRSTRLEN], source_port[6], destination_port[6];
    uint8_t source_host[16], destination_host[16];
    uint16_t port, other_port;
    int family;

    if (is_unknown(at, end))
        return PROXY_DONE;
    if (!word_take(&at, end, family_word, sizeof family_word))
        return wrong(header, "the family is missing");
    if (strcmp(family_word, "TCP4") == 0)
        family = AF_INET;
    else if (strcmp(family_word, "TCP6") == 0)
        family = AF_INET6;
    else
        return wrong(header, "the family is none of TCP4, TCP6 and UNKNOWN");
    if (!word_take(&at, end, source, sizeof source) || !word_take(&at, end, destination, sizeof destination) ||
        !word_take(&at, end, source_port, sizeof source_port) || !word_take(&at, end, destination_port, sizeof destination_port) || at != end)
        return wrong(header, "there are not two addresses and two ports with one space between each");
    if (inet_pton(family, source, source_host) != 1 || inet_pton(family, destination, destination_host) != 1)
        return wrong(header, "an address is wrong");
    if (!port_read(source_port, &port) || !port_read(destination_port, &other_port))
        return wrong(header, "a port is wrong");
    source_set(header, family, source_host, port);
    return PROXY_DONE;
}

static enum proxy_result
line_take(struct proxy_header *header, uint8_t byte)
{
    size_t length = header->at;

    header->bytes[header->at++] = byte;
    if (length < sizeof line_begin - 1)
        return byte == (uint8_t)line_begin[length] ? PROXY_MORE : wrong(header, "it does not begin with PROXY");
    if (header->bytes[length - 1] == '\r')
        return byte == '\n' ? line_read(header, length - 1) : wrong(header, "a carriage return is not followed by a line feed");
    if (byte == '\n')
        return wrong(header, "a line feed does not follow a carriage return");
    return header->at == PROXY_LINE_MAX ? wrong(header, "the line is longer than 107 bytes") : PROXY_MORE;
}

/* The head of version 2 is complete. */
static enum proxy_result
head_read(struct proxy_header *header)
{
    unsigned command = header->bytes[12] & 0x0f, family = header->bytes[13] >> 4, protocol = header->bytes[13] & 0x0f;

    header->left = (uint16_t)(header->bytes[14] << 8 | header->bytes[15]);
    header->address_end = HEAD_BYTES;
    if (header->bytes[12] >> 4 != 2)
        return wrong(header, "the version is not 2");
    if (command > COMMAND_PROXY)
        return wrong(header, "the command is neither LOCAL nor PROXY");
    if (command == COMMAND_LOCAL) {
        header->is_opaque = true; /* the family, too */
        return header->left == 0 ? PROXY_DONE : PROXY_MORE;
    }
    if (family > FAMILY_UNIX || protocol > PROTOCOL_MOST)
        return wrong(header, "the family or the protocol is unknown");
    if (header->left < address_bytes[family])
        return wrong(header, "it is too short for its addresses");
    header->is_opaque = family == FAMILY_NONE;
    header->address_end = (uint16_t)(HEAD_BYTES + address_bytes[family]);
    return header->left == 0 ? PROXY_DONE : PROXY_MORE;
}

/* Version 2 is complete. */
static enum proxy_result
body_read(struct proxy_header *header)
{
    unsigned family = header->bytes[13] >> 4;
    const uint8_t *hosts = header->bytes + HEAD_BYTES;

    if (header->is_opaque)
        return PROXY_DONE;
    if (header->value_at != 0)
        return wrong(header, "what follows the addresses ends inside a value");
    if (family == FAMILY_IPV4)
        source_set(header, AF_INET, hosts, (uint16_t)(hosts[8] << 8 | hosts[9]));
    else if (family == FAMILY_IPV6)
        source_set(header, AF_INET6, hosts, (uint16_t)(hosts[32] << 8 | hosts[33]));
    return PROXY_DONE; /* the address of a Unix socket says nothing */
}

static enum proxy_result
body_take(struct proxy_header *header, uint8_t byte)
{
    header->left--;
    if (header->at < header->address_end) {
        if (header->at < sizeof header->bytes)
            header->bytes[header->at] = byte;
        header->at++;
    } else if (header->value_left > 0) {
        header->value_left--;
    } else if (!header->is_opaque) {
        header->value_head[header->value_at++] = byte;
        if (header->value_at == sizeof header->value_head) {
            header->value_at = 0;
            header->value_left = (uint16_t)(header->value_head[1] << 8 | header->value_head[2]);
            if (header->value_left > header->left)
                return wrong(header, "a value is longer than what is left");
        }
    }
    return header->left == 0 ? body_read(header) : PROXY_MORE;
}

static enum proxy_result
binary_take(struct proxy_header *header, uint8_t byte)
{
    if (header->at >= HEAD_BYTES)
        return body_take(header, byte);
    header->bytes[header->at++] = byte;
    if (header->at <= sizeof signature && byte != signature[header->at - 1])
        return wrong(header, "the signature of version 2 is wrong");
    return header->at == HEAD_BYTES ? head_read(header) : PROXY_MORE;
}

enum proxy_result
proxy_header_take(struct proxy_header *header, const void *bytes, size_t length, size_t *consumed)
{
    const uint8_t *at = bytes;
    enum proxy_result result = PROXY_MORE;
    size_t taken = 0;

    ASSERT(header->problem == NULL);
    if (header->at == 0 && length > 0)
        header->is_binary = at[0] == signature[0];
    while (taken < length && result == PROXY_MORE) {
        result = header->is_binary ? binary_take(header, at[taken]) : line_take(header, at[taken]);
        taken++;
    }
    *consumed = taken;
    return result;
}
