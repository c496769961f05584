/* SPDX-License-Identifier: MIT
 *
 * The plain reader against the strict one: whatever it takes, the other reads to the same message.
 *
 * Input: a byte that picks the limits, and one text, framed or not.
 */
#include "base/assert.h"
#include "protocol/dialect.h"
#include "protocol/plain_hello.h"
#include "protocol/strict_hello.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct protocol_limits limits_of[] = {
    {.message_bytes = 256UL * 1024, .nesting = 32, .friends = 10000},
    {.message_bytes = 256UL * 1024, .nesting = 2, .friends = 2},
    {.message_bytes = 256UL * 1024, .nesting = 1, .friends = 0},
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    dialects_init();
    return 0;
}

static void
compare(const struct protocol_limits *limits, const char *text, size_t length)
{
    struct decoder *plain_decoder = decoder_new(), *strict_decoder = decoder_new();
    struct message plain, strict;
    struct protocol_error error;

    ASSERT(plain_decoder != NULL && strict_decoder != NULL);

    int taken = plain_hello_read(plain_decoder, limits, text, length, &plain);

    ASSERT(taken == 0 || taken == -ENOMSG);
    if (taken == 0) {
        ASSERT(strict_hello_read(strict_decoder, limits, text, length, &strict, &error) == 0);
        ASSERT(plain.kind == strict.kind);
        ASSERT(plain.has_user == strict.has_user && user_id_equal(plain.user, strict.user));
        ASSERT(plain.has_friends == strict.has_friends && plain.friend_count == strict.friend_count);
        for (uint32_t i = 0; i < plain.friend_count; i++)
            ASSERT(user_id_equal(plain.friends[i], strict.friends[i]));
    }
    decoder_free(plain_decoder);
    decoder_free(strict_decoder);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;

    char *text = malloc(size); /* of its own size, so that reading on is found out */

    ASSERT(text != NULL);
    memcpy(text, data + 1, size - 1);
    text = realloc(text, size > 1 ? size - 1 : 1);
    ASSERT(text != NULL);
    compare(&limits_of[data[0] % 3], text, size - 1);
    free(text);
    return 0;
}
