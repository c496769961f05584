/* SPDX-License-Identifier: MIT */
#include "support/unit/reading.h"

#include "protocol/dialect.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct decoder *reading_decoder;

void
reading_set_up(void)
{
    reading_decoder = decoder_new();
    ck_assert_ptr_nonnull(reading_decoder);
}

void
reading_tear_down(void)
{
    decoder_free(reading_decoder);
}

char *
reading_copy(const char *text, size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, length);
    return copy;
}
