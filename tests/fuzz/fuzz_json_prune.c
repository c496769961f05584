/* SPDX-License-Identifier: MIT
 *
 * What is read of a text that is pruned first, against what jansson reads of all of it: the same texts are refused, with the same words, and
 * what the shape names is the same in both trees. Only where there are numbers that jansson has no type for the words may differ, because it is given
 * others in their place, and it depends on what was left out whether it is.
 *
 * Input: a byte that picks the shape, and one text, framed or not.
 */
#include "base/assert.h"
#include "protocol/dialect.h"
#include "protocol/json_numbers.h"
#include "protocol/json_text.h"
#include "protocol/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Short names, so that they are found soon; a call of the JSON-RPC dialect is as deep. */
static const struct json_shape list = {.element = &json_shape_scalar, .element_max = 2};
static const struct json_member of_params[] = {{"user_id", &json_shape_scalar}, {"friends", &list}, {"b", &json_shape_scalar}};
static const struct json_shape params = {.members = of_params, .member_count = 3, .element = &json_shape_scalar};
static const struct json_member of_call[] = {
    {"id", &json_shape_scalar}, {"params", &params}, {"a", &json_shape_scalar}, {"b", &list}, {"c", &params}, {"", &json_shape_scalar}};
static const struct json_shape call = {.members = of_call, .member_count = 6};
static const struct json_shape batch = {.members = of_call, .member_count = 6, .element = &call, .element_max = 3};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_value(const json_t *whole, const json_t *pruned, const struct json_shape *shape);

static uint64_t
kind_of(const json_t *value, const struct json_shape *shape)
{
    uint64_t kind = 0;

    for (size_t i = 0; i < shape->member_count; i++)
        if (json_object_get(value, shape->members[i].name) != NULL)
            kind |= UINT64_C(1) << i;
    return UINT64_C(1) << kind;
}

static void
check_object(const json_t *whole, const json_t *pruned, const struct json_shape *shape)
{
    size_t count = 0;

    for (size_t i = 0; i < shape->member_count; i++) {
        const struct json_member *member = &shape->members[i];
        const json_t *value = json_object_get(whole, member->name);

        if (value == NULL)
            continue;
        check_value(value, json_object_get(pruned, member->name), member->shape);
        count++;
    }
    ASSERT(json_object_size(pruned) == count);
}

static void
check_array(const json_t *whole, const json_t *pruned, const struct json_shape *shape)
{
    const struct json_shape *element = shape->element;
    uint64_t kinds = 0;
    size_t count = 0;

    for (size_t i = 0; element != NULL && i < json_array_size(whole); i++) {
        const json_t *value = json_array_get(whole, i);

        if (i >= shape->element_max) {
            uint64_t kind = kind_of(value, element);

            if (kinds & kind)
                continue;
            kinds |= kind;
        }
        check_value(value, json_array_get(pruned, count), element);
        count++;
    }
    ASSERT(json_array_size(pruned) == count);
}

static void
check_value(const json_t *whole, const json_t *pruned, const struct json_shape *shape)
{
    ASSERT(pruned != NULL && json_typeof(whole) == json_typeof(pruned));
    if (json_is_object(whole))
        check_object(whole, pruned, shape);
    else if (json_is_array(whole))
        check_array(whole, pruned, shape);
    else if (!json_is_real(whole)) /* which reals these are is nobody's affair */
        ASSERT(json_equal(whole, pruned));
}

static bool
has_wild_number(const char *text, size_t length)
{
    char *tame = malloc(length > 0 ? length : 1);

    ASSERT(tame != NULL);
    memcpy(tame, text, length);
    json_numbers_tame(tame, length);

    bool differs = memcmp(tame, text, length) != 0;

    free(tame);
    return differs;
}

static void
compare(const struct json_shape *shape, const char *text, size_t length)
{
    struct json_text whole, pruned;
    struct protocol_error whole_error, pruned_error;
    int result = json_text_read(text, length, NULL, &whole, &whole_error);

    ASSERT(json_text_read(text, length, shape, &pruned, &pruned_error) == result);
    ASSERT(result == 0 || result == -EBADMSG);
    if (result < 0) {
        ASSERT(whole_error.code == pruned_error.code);
        ASSERT(strcmp(whole_error.message, pruned_error.message) == 0 || has_wild_number(text, length));
        return;
    }
    ASSERT(whole.depth == pruned.depth);
    if (whole.depth <= NESTING_MAX) /* what is deeper is not walked to its end, and refused for that by whoever reads it */
        check_value(whole.value, pruned.value, shape);
    json_text_done(&whole);
    json_text_done(&pruned);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    dialects_init();
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct json_shape *const shapes[] = {&batch, &call, &json_shape_scalar};

    if (size == 0)
        return 0;

    char *text = malloc(size > 1 ? size - 1 : 1); /* of its own size, so that reading on is found out */

    ASSERT(text != NULL);
    memcpy(text, data + 1, size - 1);
    compare(shapes[data[0] % 3], text, size - 1);
    free(text);
    return 0;
}
