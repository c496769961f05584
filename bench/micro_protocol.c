/* SPDX-License-Identifier: MIT
 *
 * What reading a message costs, without a server: the framer, the look for the dialect, the strict reader (jansson) and the plain one, over the hellos
 * that clients send. One line per case, of the fastest of several rounds, because everything that disturbs only adds.
 *
 *   .bin/micro_protocol [milliseconds per case]
 */
#include "base/clock.h"
#include "load/failure.h"
#include "protocol/dialect.h"
#include "protocol/framer.h"
#include "protocol/jsonrpc.h"
#include "protocol/plain_hello.h"
#include "protocol/strict_hello.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    TEXT_BYTES = 128 * 1024,
    ROUNDS = 10,
    ROUND_MS = 30, /* default: a case takes 0.3 s */
    ROUND_MS_MAX = 1000,
    BATCH = 16, /* messages between two looks at the clock */
};

static const struct protocol_limits limits = {.message_bytes = 256UL * 1024, .nesting = 32, .friends = 10000};

struct sample {
    const char *name;
    size_t length;
    char bytes[TEXT_BYTES];
};

/* Reads the text once; false when it could not, which is a mistake of this program. */
typedef bool read_function(struct decoder *decoder, const struct sample *text);

static bool
read_frame(struct decoder *decoder, const struct sample *text)
{
    struct framer framer;
    struct protocol_error error;
    size_t skipped, consumed;

    (void)decoder;
    framer_init(&framer);
    return framer_scan(&framer, &limits, text->bytes, text->length, &skipped, &consumed, &error) == FRAMER_MESSAGE;
}

static bool
read_strict(struct decoder *decoder, const struct sample *text)
{
    struct message message;
    struct protocol_error error;

    return strict_hello_read(decoder, &limits, text->bytes, text->length, &message, &error) == 0;
}

/* What a first message that is no plain hello costs in addition, until it is known that the strict reader is to read it. */
static bool
read_detect(struct decoder *decoder, const struct sample *text)
{
    struct json_text tree;
    struct protocol_error error;

    (void)decoder;
    return jsonrpc_detect(text->bytes, text->length, &tree, &error) == 0;
}

static bool
read_plain(struct decoder *decoder, const struct sample *text)
{
    struct message message;

    return plain_hello_read(decoder, &limits, text->bytes, text->length, &message) == 0;
}

/* Nanoseconds per message over one round. */
static double
measure_round(struct decoder *decoder, const struct sample *text, read_function *read, double round_ns)
{
    uint64_t start = clock_monotonic_ns();
    double passed = 0;
    size_t messages = 0;

    while (passed < round_ns) {
        for (size_t i = 0; i < BATCH; i++)
            if (!read(decoder, text))
                failure_exit("a text could not be read: %s", text->name);
        messages += BATCH;
        passed = (double)(clock_monotonic_ns() - start);
    }
    return passed / (double)messages;
}

static double
measure(struct decoder *decoder, const struct sample *text, const char *reader, read_function *read, double round_ns)
{
    double best = measure_round(decoder, text, read, round_ns);

    for (int round = 1; round < ROUNDS; round++) {
        double took = measure_round(decoder, text, read, round_ns);

        if (took < best)
            best = took;
    }
    printf("%-22s %-8s %8zu bytes %12.1f ns/message %8.2f ns/byte %8.0f MB/s\n", text->name, reader, text->length, best, best / (double)text->length,
        (double)text->length * 1e3 / best);
    return best;
}

static void
text_fill(struct sample *text, const char *name, unsigned friends)
{
    unsigned id = 100000;

    text->name = name;
    text->length = (size_t)snprintf(text->bytes, TEXT_BYTES, "{\"user_id\": 123456");
    if (friends > 0)
        text->length += (size_t)snprintf(text->bytes + text->length, TEXT_BYTES - text->length, ", \"friends\": [");
    for (unsigned i = 0; i < friends; i++) {
        text->length += (size_t)snprintf(text->bytes + text->length, TEXT_BYTES - text->length, "%s%u", i > 0 ? ", " : "", id);
        id = 100000 + (id * 7919U + 17U) % 900000;
    }
    text->length += (size_t)snprintf(text->bytes + text->length, TEXT_BYTES - text->length, friends > 0 ? "]}" : "}");
}

int
main(int argc, char **argv)
{
    static struct sample text;
    static const struct {
        const char *name;
        unsigned friends;
    } cases[] = {{"sign of life", 0}, {"hello, 50 friends", 50}, {"hello, 10000 friends", 10000}};
    long round_ms = argc > 1 ? strtol(argv[1], NULL, 10) / ROUNDS : ROUND_MS;

    if (round_ms < 1 || round_ms > ROUND_MS_MAX)
        failure_exit("milliseconds per case: %d to %d", ROUNDS, ROUNDS * ROUND_MS_MAX);
    dialects_init();

    struct decoder *decoder = decoder_new();

    if (decoder == NULL)
        failure_exit("no memory");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double round_ns = (double)round_ms * 1e6;

        text_fill(&text, cases[i].name, cases[i].friends);
        measure(decoder, &text, "framer", read_frame, round_ns);
        measure(decoder, &text, "detect", read_detect, round_ns);

        double strict = measure(decoder, &text, "strict", read_strict, round_ns);
        double plain = measure(decoder, &text, "plain", read_plain, round_ns);

        printf("%-22s plain is %.1f times as fast as strict\n", text.name, strict / plain);
    }
    decoder_free(decoder);
    return 0;
}
