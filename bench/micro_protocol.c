/* SPDX-License-Identifier: MIT
 *
 * What reading and writing messages costs, without a server: the framer, the look for the dialect, the plain reader of hellos, the strict one
 * (jansson), JSON-RPC calls, and what is written in JSON-RPC.
 */
#include "base/buffer.h"
#include "load/failure.h"
#include "parts/measure.h"
#include "parts/texts.h"
#include "protocol/dialect.h"
#include "protocol/framer.h"
#include "protocol/jsonrpc.h"
#include "protocol/plain_hello.h"
#include "protocol/strict_hello.h"

#include <stdlib.h>

enum {
    ONLINE_MAX = 1000,
    BUFFER_KEPT = 1 << 20,
};

static const struct protocol_limits limits = {.message_bytes = 256UL * 1024, .nesting = 32, .friends = 10000};

struct desk {
    const struct micro *micro;
    struct decoder *decoder;
    struct text_sample text;
    struct buffer written;
    struct text *status, *names[ONLINE_MAX];
    struct jsonrpc_online online[ONLINE_MAX];
};

static void *
desk_open(const struct micro *micro)
{
    struct desk *desk = memory_new(1, sizeof *desk);

    desk->micro = micro;
    desk->decoder = decoder_new();
    if (desk->decoder == NULL)
        failure_exit("no memory");
    return desk;
}

static void
desk_close(void *subject)
{
    struct desk *desk = subject;

    sample_done(&desk->text);
    buffer_done(&desk->written);
    text_drop(desk->status);
    for (uint32_t i = 0; i < ONLINE_MAX; i++)
        text_drop(desk->names[i]);
    decoder_free(desk->decoder);
    free(desk);
}

/* ---- Reading ---- */

/* A desk with a text of the case's kind and size. */
static void *
open_text(const struct micro *micro)
{
    struct desk *desk = desk_open(micro);

    sample_make(&desk->text, micro->kind, micro->size);
    return desk;
}

static size_t
bytes_read(const void *subject)
{
    return ((const struct desk *)subject)->text.length;
}

/* Scans the text in pieces of at most `piece` bytes; exits if it is not one message. */
static void
scan(const struct desk *desk, size_t piece)
{
    const struct text_sample *text = &desk->text;
    enum framer_result result = FRAMER_MORE;
    struct framer framer;
    struct protocol_error error;
    size_t skipped, consumed;

    framer_init(&framer);
    for (size_t done = 0; result == FRAMER_MORE && done < text->length; done += consumed) {
        size_t length = text->length - done < piece ? text->length - done : piece;

        result = framer_scan(&framer, &limits, text->bytes + done, length, &skipped, &consumed, &error);
    }
    if (result != FRAMER_MESSAGE)
        failure_exit("the framer did not find the message");
}

static void
run_framer(void *subject, uint32_t thread, uint64_t operations)
{
    (void)thread;
    for (uint64_t i = 0; i < operations; i++)
        scan(subject, SIZE_MAX);
}

/* As from a client that sends each byte by itself. */
static void
run_framer_by_byte(void *subject, uint32_t thread, uint64_t operations)
{
    (void)thread;
    for (uint64_t i = 0; i < operations; i++)
        scan(subject, 1);
}

static void
run_plain(void *subject, uint32_t thread, uint64_t operations)
{
    const struct desk *desk = subject;
    struct message message;

    (void)thread;
    for (uint64_t i = 0; i < operations; i++)
        if (plain_hello_read(desk->decoder, &limits, desk->text.bytes, desk->text.length, &message) != 0)
            failure_exit("it is no plain hello");
}

static void
run_strict(void *subject, uint32_t thread, uint64_t operations)
{
    const struct desk *desk = subject;
    struct message message;
    struct protocol_error error;

    (void)thread;
    for (uint64_t i = 0; i < operations; i++)
        if (strict_hello_read(desk->decoder, &limits, desk->text.bytes, desk->text.length, &message, &error) != 0)
            failure_exit("it is no hello");
}

/* What a session's first message costs in addition, where it is no plain hello. */
static void
run_detect(void *subject, uint32_t thread, uint64_t operations)
{
    const struct desk *desk = subject;
    struct protocol_error error;

    (void)thread;
    for (uint64_t i = 0; i < operations; i++) {
        struct json_text tree;
        int is_rpc = jsonrpc_detect(&limits, desk->text.bytes, desk->text.length, &tree, &error);

        if (is_rpc < 0)
            failure_exit("it is of no dialect");
        if (is_rpc > 0)
            json_text_done(&tree);
    }
}

static void
run_calls(void *subject, uint32_t thread, uint64_t operations)
{
    const struct desk *desk = subject;
    struct jsonrpc_message message;
    struct jsonrpc_call call;
    struct protocol_error error;
    int failure;

    (void)thread;
    for (uint64_t i = 0; i < operations; i++) {
        if (jsonrpc_read(&limits, desk->text.bytes, desk->text.length, &message, &failure, &error) != 0)
            failure_exit("it is no JSON-RPC");

        struct json_element place = {0};

        for (uint32_t which = 0; which < message.count; which++) {
            place = jsonrpc_next(&message, place.end);
            if (jsonrpc_call_read(desk->decoder, &limits, &message, place, &call) != 0 || call.failure != 0)
                failure_exit("it is no call");
        }
        jsonrpc_message_done(&message);
    }
}

/* ---- Writing ---- */

static const struct jsonrpc_id request_id = {.kind = JSONRPC_ID_INTEGER, .integer = 42};

static void *
open_writing(const struct micro *micro)
{
    struct desk *desk = desk_open(micro);

    for (uint32_t i = 0; i < ONLINE_MAX; i++)
        desk->online[i].user = (struct user_id){.number = 100000 + i};
    return desk;
}

/* Users with names and a status in which something must be escaped. */
static void *
open_writing_names(const struct micro *micro)
{
    static const char status[] = "in a \"meeting\" until 3";
    struct desk *desk = desk_open(micro);

    desk->status = text_new(status, sizeof status - 1);
    for (uint32_t i = 0; i < ONLINE_MAX; i++) {
        struct buffer name = {0};

        buffer_format(&name, "user-name-%u", i);
        desk->names[i] = text_new(name.bytes, name.length);
        if (desk->names[i] == NULL || desk->status == NULL)
            failure_exit("no memory");
        desk->online[i] = (struct jsonrpc_online){.user = {.name = desk->names[i]}, .status = desk->status};
        buffer_done(&name);
    }
    return desk;
}

static size_t
bytes_written(const void *subject)
{
    return ((const struct desk *)subject)->written.length;
}

static void
written(const struct desk *desk)
{
    if (desk->written.failed)
        failure_exit("no memory");
}

/* A notification with `size` changes. */
static void
run_changes(void *subject, uint32_t thread, uint64_t operations)
{
    struct desk *desk = subject;

    (void)thread;
    for (uint64_t i = 0; i < operations; i++) {
        buffer_reset(&desk->written, BUFFER_KEPT);
        jsonrpc_write_changes_begin(&desk->written, 0);
        for (uint32_t which = 0; which < desk->micro->size; which++) {
            buffer_append_text(&desk->written, which > 0 ? ", " : "");
            jsonrpc_write_change(&desk->written, desk->online[which].user, true, 1764000000123, desk->online[which].status, NULL);
        }
        jsonrpc_write_changes_end(&desk->written);
    }
    written(desk);
}

/* The result of a login of whose friends `size` are online. */
static void
run_snapshots(void *subject, uint32_t thread, uint64_t operations)
{
    struct desk *desk = subject;

    (void)thread;
    for (uint64_t i = 0; i < operations; i++) {
        buffer_reset(&desk->written, BUFFER_KEPT);
        jsonrpc_write_online(&desk->written, &request_id, desk->online, desk->micro->size, "0000000000000001", 30);
    }
    written(desk);
}

static void
run_pongs(void *subject, uint32_t thread, uint64_t operations)
{
    struct desk *desk = subject;

    (void)thread;
    for (uint64_t i = 0; i < operations; i++) {
        buffer_reset(&desk->written, BUFFER_KEPT);
        jsonrpc_write_pong(&desk->written, &request_id);
    }
    written(desk);
}

/* clang-format off */
#define READS .open = open_text, .close = desk_close, .bytes = bytes_read
#define WRITES .close = desk_close, .bytes = bytes_written
/* clang-format on */

static const struct micro cases[] = {
    {"framer-life", "a sign of life is framed", .kind = TEXT_HELLO, .run = run_framer, READS, .once = 10000},
    {"framer-50", "a hello with 50 friends is framed", 50, 50, .kind = TEXT_HELLO, .run = run_framer, READS, .once = 1000},
    {"framer-10000", "a hello with 10,000 friends is framed", 10000, 10000, .kind = TEXT_HELLO, .run = run_framer, READS, .once = 5},
    {"framer-50-pretty", "an indented hello with 50 friends is framed", 50, 50, .kind = TEXT_PRETTY_HELLO, .run = run_framer, READS, .once = 1000},
    {"framer-50-foreign", "a hello with 50 friends, nested values and escapes is framed", 50, 50, .kind = TEXT_FOREIGN_HELLO, .run = run_framer,
        READS, .once = 1000},
    {"framer-50-names", "a JSON-RPC login with 50 names is framed", 50, 50, .kind = TEXT_NAMES, .run = run_framer, READS, .once = 1000},
    {"framer-50-bytes", "a hello with 50 friends is framed that arrives byte by byte", 50, 50, .kind = TEXT_HELLO, .run = run_framer_by_byte, READS,
        .once = 1000},
    {"framer-ping", "a JSON-RPC ping is framed", .kind = TEXT_PING, .run = run_framer, READS, .once = 10000},
    {"detect-50", "a hello with 50 friends is looked at for its dialect", 50, 50, .kind = TEXT_HELLO, .run = run_detect, READS, .once = 1000},
    {"detect-50-login", "a JSON-RPC login with 50 friends is recognized, and read to a tree", 50, 50, .kind = TEXT_LOGIN, .run = run_detect, READS,
        .once = 1000},
    {"plain-life", "a sign of life is read by the plain reader", .kind = TEXT_HELLO, .run = run_plain, READS, .once = 10000},
    {"plain-50", "a hello with 50 friends is read by the plain reader", 50, 50, .kind = TEXT_HELLO, .run = run_plain, READS, .once = 1000},
    {"plain-50-pretty", "an indented one", 50, 50, .kind = TEXT_PRETTY_HELLO, .run = run_plain, READS, .once = 1000},
    {"plain-10000", "one with 10,000 friends", 10000, 10000, .kind = TEXT_HELLO, .run = run_plain, READS, .once = 5},
    {"strict-life", "a sign of life is read by the strict reader", .kind = TEXT_HELLO, .run = run_strict, READS, .once = 10000},
    {"strict-50", "a hello with 50 friends is read by the strict reader", 50, 50, .kind = TEXT_HELLO, .run = run_strict, READS, .once = 1000},
    {"strict-50-foreign", "one with nested values and escapes", 50, 50, .kind = TEXT_FOREIGN_HELLO, .run = run_strict, READS, .once = 1000},
    {"strict-10000", "one with 10,000 friends", 10000, 10000, .kind = TEXT_HELLO, .run = run_strict, READS, .once = 5},
    {"rpc-ping", "a JSON-RPC ping is read", .kind = TEXT_PING, .run = run_calls, READS, .once = 10000},
    {"rpc-login-50", "a JSON-RPC login with 50 friends is read", 50, 50, .kind = TEXT_LOGIN, .run = run_calls, READS, .once = 1000},
    {"rpc-login-50-names", "one whose friends are strings", 50, 50, .kind = TEXT_NAMES, .run = run_calls, READS, .once = 1000},
    {"rpc-login-10000", "one with 10,000 friends", 10000, 10000, .kind = TEXT_LOGIN, .run = run_calls, READS, .once = 5},
    {"rpc-batch-1000", "a batch of 1,000 pings is read", 1000, 1000, .kind = TEXT_BATCH, .run = run_calls, READS, .once = 5},
    {"write-change", "a presence notification with 1 change is written", 1, 1, .open = open_writing, .run = run_changes, WRITES, .once = 10000},
    {"write-change-name", "one with a name and a status", 1, 1, .open = open_writing_names, .run = run_changes, WRITES, .once = 10000},
    {"write-changes-1000", "one with 1,000 changes", 1000, 1000, .open = open_writing, .run = run_changes, WRITES, .once = 20},
    {"write-snapshot-50", "a login's result is written, 50 friends are online", 50, 50, .open = open_writing, .run = run_snapshots, WRITES,
        .once = 1000},
    {"write-snapshot-50-names", "one with names and statuses", 50, 50, .open = open_writing_names, .run = run_snapshots, WRITES, .once = 1000},
    {"write-pong", "the answer to a ping is written", .open = open_writing, .run = run_pongs, WRITES, .once = 10000},
};

int
main(int argc, char **argv)
{
    dialects_init();
    return micro_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
