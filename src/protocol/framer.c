/* SPDX-License-Identifier: MIT
 *
 * See framer.h. A machine of few states whose two hot ones (inside and outside of a string) skip over bytes that mean nothing by
 * one table look-up each. What it keeps between two pieces of the stream is in struct framer and nowhere else, so a stream may be
 * cut anywhere, inside of an escape too.
 */
#include "protocol/framer.h"

#include "base/assert.h"

#include <string.h>

enum state {
    STATE_BETWEEN,      /* no message has begun */
    STATE_OUTSIDE,      /* in a message, not in a string */
    STATE_FRIENDS_OPEN, /* like OUTSIDE, in the array `friends` before its first element */
    STATE_STRING,       /* in a string */
    STATE_ESCAPE,       /* in a string, after a backslash */
    STATE_KEY,          /* in a string of depth 1 that may become the key `friends` */
    STATE_LITERAL_TRUE, /* in a bare true, false or null: good JSON, no message */
    STATE_LITERAL_FALSE,
    STATE_LITERAL_NULL,
};

/* Outside of strings: what a byte does to the framer. */
enum outside {
    OUTSIDE_PLAIN, /* nothing, white space too */
    OUTSIDE_CONTROL,
    OUTSIDE_QUOTE,
    OUTSIDE_OPEN,
    OUTSIDE_CLOSE,
    OUTSIDE_COMMA,
};

/* Inside of strings. */
enum inside {
    INSIDE_PLAIN,
    INSIDE_CONTROL,
    INSIDE_QUOTE,
    INSIDE_BACKSLASH,
};

static const uint8_t outside_of[256] = {
    [0 ... '\t' - 1] = OUTSIDE_CONTROL,
    ['\n' + 1 ... '\r' - 1] = OUTSIDE_CONTROL,
    ['\r' + 1 ... ' ' - 1] = OUTSIDE_CONTROL,
    ['"'] = OUTSIDE_QUOTE,
    ['{'] = OUTSIDE_OPEN,
    ['['] = OUTSIDE_OPEN,
    ['}'] = OUTSIDE_CLOSE,
    [']'] = OUTSIDE_CLOSE,
    [','] = OUTSIDE_COMMA,
};

static const uint8_t inside_of[256] = {
    [0 ... ' ' - 1] = INSIDE_CONTROL,
    ['"'] = INSIDE_QUOTE,
    ['\\'] = INSIDE_BACKSLASH,
};

static const char friends_key[] = "friends";

enum {
    KEY_MATCHED = sizeof friends_key - 1, /* the whole key was read */
    KEY_OTHER = UINT8_MAX,                /* it is another key, or this one's value has begun */
};

/* One call of framer_scan. */
struct scan {
    struct framer *framer;
    const struct protocol_limits *limits;
    const unsigned char *at;    /* the next byte to look at */
    const unsigned char *start; /* the message's first byte in this piece */
    const unsigned char *end;   /* of the piece, or of what the message may still have */
    size_t bytes_before;        /* of the message, in earlier pieces */
    struct protocol_error *error;
};

/* Which byte of its message the next byte is, as people count: from 1. */
static size_t
scan_position(const struct scan *scan)
{
    return scan->bytes_before + (size_t)(scan->at - scan->start) + 1;
}

static bool
is_space(unsigned char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* A byte as it can be shown in a sentence. */
struct shown {
    char text[8];
};

static struct shown
byte_shown(unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    struct shown shown = {.text = {'\'', (char)byte, '\''}};

    if (byte > ' ' && byte < 0x7F)
        return shown;
    memcpy(shown.text, "0x", 2);
    shown.text[2] = digits[byte >> 4];
    shown.text[3] = digits[byte & 15];
    return shown;
}

static enum framer_result
fail_at_control(struct scan *scan, const char *where)
{
    protocol_error_set(
        scan->error, ERROR_BAD_JSON, "control character %s %s, at byte %zu of the message", byte_shown(*scan->at).text, where, scan_position(scan));
    return FRAMER_ERROR;
}

static enum framer_result
fail_value(struct scan *scan, const char *what)
{
    protocol_error_set(scan->error, ERROR_BAD_MESSAGE, "a message is an object such as {\"user_id\": 1, \"friends\": [2, 3]}, not %s", what);
    return FRAMER_ERROR;
}

static enum framer_result
fail_friends(struct scan *scan)
{
    protocol_error_set(scan->error, ERROR_TOO_MANY_FRIENDS, "friends has more than the %u elements that are allowed, at byte %zu of the message",
        (unsigned)scan->limits->friends, scan_position(scan));
    return FRAMER_ERROR;
}

/* The first byte of a value, which scan->at has not passed yet. */
static enum framer_result
scan_first_byte(struct scan *scan)
{
    struct framer *framer = scan->framer;
    unsigned char byte = *scan->at;

    framer->literal = 1;
    switch (byte) {
    case '{':
    case '[':
        framer->state = STATE_OUTSIDE; /* which also opens it */
        return FRAMER_MORE;
    case 't': framer->state = STATE_LITERAL_TRUE; break;
    case 'f': framer->state = STATE_LITERAL_FALSE; break;
    case 'n': framer->state = STATE_LITERAL_NULL; break;
    case '"': return fail_value(scan, "a string");
    default:
        if (byte == '-' || (byte >= '0' && byte <= '9'))
            return fail_value(scan, "a number");
        protocol_error_set(scan->error, ERROR_BAD_JSON,
            "a message begins with '{', not with %s; it is an object such as {\"user_id\": 1, \"friends\": [2, 3]}", byte_shown(byte).text);
        return FRAMER_ERROR;
    }
    scan->at++;
    return FRAMER_MORE;
}

static enum framer_result
scan_literal(struct scan *scan, const char *literal)
{
    struct framer *framer = scan->framer;

    for (; scan->at < scan->end; scan->at++) {
        if (*scan->at != (unsigned char)literal[framer->literal]) {
            protocol_error_set(scan->error, ERROR_BAD_JSON, "%s was begun and not finished: byte %zu of the message is %s", literal,
                scan_position(scan), byte_shown(*scan->at).text);
            return FRAMER_ERROR;
        }
        if (literal[++framer->literal] == '\0')
            return fail_value(scan, literal);
    }
    return FRAMER_MORE;
}

static enum framer_result
scan_string(struct scan *scan)
{
    const unsigned char *at = scan->at;
    enum inside inside = INSIDE_PLAIN;

    while (at < scan->end && (inside = inside_of[*at]) == INSIDE_PLAIN)
        at++;
    scan->at = at;
    if (at == scan->end)
        return FRAMER_MORE;
    if (inside == INSIDE_CONTROL)
        return fail_at_control(scan, "in a string");
    scan->framer->state = inside == INSIDE_QUOTE ? STATE_OUTSIDE : STATE_ESCAPE;
    scan->at++;
    return FRAMER_MORE;
}

static enum framer_result
scan_escape(struct scan *scan)
{
    if (inside_of[*scan->at] == INSIDE_CONTROL)
        return fail_at_control(scan, "in a string");
    scan->framer->state = STATE_STRING;
    scan->at++;
    return FRAMER_MORE;
}

static enum framer_result
scan_key(struct scan *scan)
{
    struct framer *framer = scan->framer;

    while (scan->at < scan->end && framer->key_matched < KEY_MATCHED && *scan->at == (unsigned char)friends_key[framer->key_matched]) {
        framer->key_matched++;
        scan->at++;
    }
    if (scan->at == scan->end)
        return FRAMER_MORE;
    if (*scan->at != '"' || framer->key_matched != KEY_MATCHED)
        framer->key_matched = KEY_OTHER;
    framer->state = STATE_STRING; /* which also looks at its end */
    return FRAMER_MORE;
}

/* In `friends` before its first element: white space is passed, any other byte is left to scan_outside. */
static enum framer_result
scan_friends_open(struct scan *scan)
{
    struct framer *framer = scan->framer;

    while (scan->at < scan->end && is_space(*scan->at))
        scan->at++;
    if (scan->at == scan->end)
        return FRAMER_MORE;
    framer->state = STATE_OUTSIDE;
    if (*scan->at == ']')
        return FRAMER_MORE;
    framer->friends = 1;
    return scan->limits->friends < 1 ? fail_friends(scan) : FRAMER_MORE;
}

static enum framer_result
scan_open(struct scan *scan)
{
    struct framer *framer = scan->framer;
    bool is_object = *scan->at == '{';
    bool is_friends = !is_object && framer->key_matched == KEY_MATCHED; /* so at depth 1, where the key was */

    if (framer->depth >= scan->limits->nesting) { /* above it when the limit was lowered meanwhile */
        protocol_error_set(scan->error, ERROR_TOO_LARGE, "nested deeper than the %u levels that are allowed, at byte %zu of the message",
            (unsigned)scan->limits->nesting, scan_position(scan));
        return FRAMER_ERROR;
    }
    framer->brackets = framer->brackets << 1 | is_object;
    framer->depth++;
    framer->key_matched = KEY_OTHER;
    if (is_friends)
        framer->state = STATE_FRIENDS_OPEN;
    return FRAMER_MORE;
}

static enum framer_result
scan_close(struct scan *scan)
{
    struct framer *framer = scan->framer;
    bool is_object = framer->brackets & 1;

    if (is_object != (*scan->at == '}')) {
        protocol_error_set(scan->error, ERROR_BAD_JSON, "'%c' closes what '%c' opened, at byte %zu of the message", *scan->at, is_object ? '{' : '[',
            scan_position(scan));
        return FRAMER_ERROR;
    }
    framer->brackets >>= 1;
    framer->depth--;
    if (framer->depth == 1)
        framer->friends = 0;
    return framer->depth == 0 ? FRAMER_MESSAGE : FRAMER_MORE;
}

static enum framer_result
scan_comma(struct scan *scan)
{
    struct framer *framer = scan->framer;

    /* It is above 0 only within `friends`. A comma promises one more element. */
    if (framer->depth == 2 && framer->friends > 0 && ++framer->friends > scan->limits->friends)
        return fail_friends(scan);
    return FRAMER_MORE;
}

/* Up to a byte that changes the state. */
static enum framer_result
scan_outside(struct scan *scan)
{
    struct framer *framer = scan->framer;
    enum framer_result result = FRAMER_MORE;

    while (framer->state == STATE_OUTSIDE && result == FRAMER_MORE) {
        const unsigned char *at = scan->at;
        enum outside outside = OUTSIDE_PLAIN;

        while (at < scan->end && (outside = outside_of[*at]) == OUTSIDE_PLAIN)
            at++;
        scan->at = at;
        if (at == scan->end)
            return FRAMER_MORE;

        switch (outside) {
        case OUTSIDE_COMMA: result = scan_comma(scan); break;
        case OUTSIDE_QUOTE:
            framer->state = STATE_STRING;
            if (framer->depth == 1 && (framer->brackets & 1)) {
                framer->state = STATE_KEY;
                framer->key_matched = 0;
            }
            break;
        case OUTSIDE_OPEN: result = scan_open(scan); break;
        case OUTSIDE_CLOSE: result = scan_close(scan); break;
        case OUTSIDE_CONTROL: return fail_at_control(scan, "outside of strings");
        case OUTSIDE_PLAIN: break;
        }
        if (result != FRAMER_ERROR)
            scan->at++;
    }
    return result;
}

static enum framer_result
scan_message(struct scan *scan)
{
    enum framer_result result = FRAMER_MORE;

    while (scan->at < scan->end && result == FRAMER_MORE)
        switch ((enum state)scan->framer->state) {
        case STATE_BETWEEN: result = scan_first_byte(scan); break;
        case STATE_OUTSIDE: result = scan_outside(scan); break;
        case STATE_FRIENDS_OPEN: result = scan_friends_open(scan); break;
        case STATE_STRING: result = scan_string(scan); break;
        case STATE_ESCAPE: result = scan_escape(scan); break;
        case STATE_KEY: result = scan_key(scan); break;
        case STATE_LITERAL_TRUE: result = scan_literal(scan, "true"); break;
        case STATE_LITERAL_FALSE: result = scan_literal(scan, "false"); break;
        case STATE_LITERAL_NULL: result = scan_literal(scan, "null"); break;
        }
    return result;
}

void
framer_init(struct framer *framer)
{
    memset(framer, 0, sizeof *framer); /* STATE_BETWEEN */
}

bool
framer_in_message(const struct framer *framer)
{
    return framer->message_bytes > 0;
}

enum framer_result
framer_scan(struct framer *framer, const struct protocol_limits *limits, const char *bytes, size_t length, size_t *skipped, size_t *consumed,
    struct protocol_error *error)
{
    const unsigned char *first = (const unsigned char *)bytes;
    const unsigned char *end = first + length;
    struct scan scan = {.framer = framer, .limits = limits, .at = first, .end = end, .bytes_before = framer->message_bytes, .error = error};

    ASSERT(limits->nesting >= 1 && limits->nesting <= NESTING_MAX);
    if (framer->state == STATE_BETWEEN)
        while (scan.at < end && is_space(*scan.at))
            scan.at++;
    scan.start = scan.at;
    *skipped = (size_t)(scan.at - first);

    size_t allowed = limits->message_bytes > scan.bytes_before ? limits->message_bytes - scan.bytes_before : 0;

    if ((size_t)(end - scan.start) > allowed)
        scan.end = scan.start + allowed;

    enum framer_result result = scan_message(&scan);

    if (result == FRAMER_MORE && scan.at < end) {
        protocol_error_set(error, ERROR_TOO_LARGE, "the message is longer than the %zu bytes that are allowed", limits->message_bytes);
        result = FRAMER_ERROR;
    }
    if (result == FRAMER_ERROR)
        scan.at++; /* the byte that is wrong was looked at too */
    framer->message_bytes = scan.bytes_before + (size_t)(scan.at - scan.start);
    if (result == FRAMER_MESSAGE)
        framer_init(framer);
    *consumed = (size_t)(scan.at - first);
    return result;
}
