/* SPDX-License-Identifier: MIT
 *
 * The framer over any bytes: in one piece and in pieces that the input itself cuts, the outcome must be the same, and a simple
 * scanner that keeps whole messages must agree about every message that it finds.
 *
 * Input: a byte that picks the limits, a byte with the number of pieces' sizes, these sizes, which repeat, and the stream.
 */
#include "base/assert.h"
#include "protocol/framer.h"

#include <stdlib.h>
#include <string.h>

enum { MESSAGES_MAX = 4096 };

static const struct protocol_limits limits_of[] = {
    {.message_bytes = 256UL * 1024, .nesting = 32, .friends = 10000},
    {.message_bytes = 64, .nesting = 4, .friends = 2},
    {.message_bytes = 1, .nesting = 1, .friends = 0},
    {.message_bytes = 4096, .nesting = NESTING_MAX, .friends = 1},
};

struct outcome {
    size_t count; /* of messages, which lie in [starts, ends) of the stream */
    size_t starts[MESSAGES_MAX];
    size_t ends[MESSAGES_MAX];
    size_t looked_at;
    bool failed;
    bool in_message;
    struct protocol_error error;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Gives stream[from..to) to the framer from memory of its own size. */
static void
feed(struct framer *framer, const struct protocol_limits *limits, const char *stream, size_t from, size_t to, size_t *start, struct outcome *outcome)
{
    size_t length = to - from, at = 0;
    char *piece = malloc(length > 0 ? length : 1);

    ASSERT(piece != NULL);
    memcpy(piece, stream + from, length);
    while (!outcome->failed && outcome->count < MESSAGES_MAX) {
        bool was_in_message = framer_in_message(framer);
        size_t skipped = SIZE_MAX, consumed = SIZE_MAX;
        enum framer_result result = framer_scan(framer, limits, piece + at, length - at, &skipped, &consumed, &outcome->error);

        ASSERT(skipped <= consumed && consumed <= length - at);
        ASSERT(!was_in_message || skipped == 0);
        if (!was_in_message)
            *start = from + at + skipped;
        at += consumed;
        outcome->looked_at += consumed;
        if (result == FRAMER_MORE) {
            ASSERT(at == length);
            break;
        }
        outcome->failed = result == FRAMER_ERROR;
        if (result == FRAMER_MESSAGE) {
            ASSERT(!framer_in_message(framer));
            outcome->starts[outcome->count] = *start;
            outcome->ends[outcome->count++] = from + at;
        }
    }
    outcome->in_message = framer_in_message(framer);
    free(piece);
}

/* Whether the text is one value of balanced brackets that keeps to the limits, by keeping a stack. */
static bool
is_message(const struct protocol_limits *limits, const char *text, size_t length)
{
    char stack[NESTING_MAX + 1];
    size_t depth = 0;
    bool in_string = false;

    if (length > limits->message_bytes || (text[0] != '{' && text[0] != '['))
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];

        if (byte < ' ' && (in_string || (byte != '\t' && byte != '\r' && byte != '\n')))
            return false;
        if (in_string) {
            if (byte == '\\' && i + 1 < length && (unsigned char)text[i + 1] >= ' ')
                i++;
            else if (byte == '"')
                in_string = false;
        } else if (byte == '"') {
            in_string = true;
        } else if (byte == '{' || byte == '[') {
            if (depth == limits->nesting)
                return false;
            stack[depth++] = (char)(byte == '{' ? '}' : ']');
        } else if (byte == '}' || byte == ']') {
            if (stack[--depth] != (char)byte)
                return false;
            if (depth == 0)
                return i + 1 == length;
        }
    }
    return false;
}

static void
check_errors(const struct outcome *outcome)
{
    if (!outcome->failed)
        return;
    ASSERT(outcome->error.code == ERROR_BAD_JSON || outcome->error.code == ERROR_BAD_MESSAGE || outcome->error.code == ERROR_TOO_LARGE ||
        outcome->error.code == ERROR_TOO_MANY_FRIENDS);
    ASSERT(memchr(outcome->error.message, '\0', sizeof outcome->error.message) != NULL);
    ASSERT(outcome->error.message[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct outcome whole, cut;
    struct framer framer;
    size_t start = 0;

    if (size < 2 || size < 2 + (size_t)(data[1] & 7))
        return 0;

    const struct protocol_limits *limits = &limits_of[data[0] & 3];
    size_t sizes = data[1] & 7;
    const uint8_t *piece_bytes = data + 2;
    const char *stream = (const char *)data + 2 + sizes;
    size_t length = size - 2 - sizes;

    whole.count = whole.looked_at = cut.count = cut.looked_at = 0;
    whole.failed = cut.failed = false;
    framer_init(&framer);
    feed(&framer, limits, stream, 0, length, &start, &whole);

    framer_init(&framer);
    for (size_t at = 0, i = 0; at < length && !cut.failed; i++) {
        size_t piece = sizes > 0 ? piece_bytes[i % sizes] : 1;

        if (piece > length - at || (sizes > 0 && i > 4096))
            piece = length - at;
        feed(&framer, limits, stream, at, at + piece, &start, &cut);
        at += piece;
    }

    ASSERT(whole.count == cut.count && whole.failed == cut.failed && whole.looked_at == cut.looked_at);
    ASSERT(memcmp(whole.starts, cut.starts, whole.count * sizeof whole.starts[0]) == 0);
    ASSERT(memcmp(whole.ends, cut.ends, whole.count * sizeof whole.ends[0]) == 0);
    ASSERT(whole.failed || whole.in_message == cut.in_message || length == 0);
    ASSERT(!whole.failed || (whole.error.code == cut.error.code && strcmp(whole.error.message, cut.error.message) == 0));
    check_errors(&whole);
    for (size_t i = 0; i < whole.count; i++)
        ASSERT(is_message(limits, stream + whole.starts[i], whole.ends[i] - whole.starts[i]));
    return 0;
}
