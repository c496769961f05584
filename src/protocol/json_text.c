/* SPDX-License-Identifier: MIT
 *
 * See json_text.h. jansson reads what is left of a text without what nobody looks at (json_prune.h); where it stopped at a number too large
 * for it, a copy with tamed numbers is read in its place, once.
 */
#include "protocol/json_text.h"

#include "base/assert.h"
#include "protocol/json_keys.h"
#include "protocol/json_numbers.h"
#include "protocol/json_prune.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* JSON_ALLOW_NUL stays off: ids and words are compared as whole strings everywhere, a NUL in one has no honest use. */
enum { READ_FLAGS = JSON_REJECT_DUPLICATES };

/* Reads a copy in which no number is too large for jansson. */
static json_t *
read_tamed(struct json_memory *memory, const char *text, size_t length, json_error_t *problem, bool *failed)
{
    char *copy = malloc(length);

    if (copy == NULL) {
        *failed = true;
        return NULL;
    }
    memcpy(copy, text, length);
    json_numbers_tame(copy, length);

    json_t *value = json_memory_read(memory, copy, length, READ_FLAGS, problem, failed);

    free(copy);
    return value;
}

static void
problem_tell(const json_error_t *problem, struct protocol_error *error)
{
    switch (json_error_code(problem)) {
    case json_error_duplicate_key:
        protocol_error_set(error, ERROR_BAD_MESSAGE, "%s, at byte %d of the message", problem->text, problem->position);
        break;
    case json_error_null_character:
    case json_error_null_byte_in_key:
        protocol_error_set(error, ERROR_BAD_MESSAGE, "a string holds \\u0000, at byte %d of the message", problem->position);
        break;
    case json_error_stack_overflow:
        protocol_error_set(error, ERROR_TOO_LARGE, "nested too deeply, at byte %d of the message", problem->position);
        break;
    case json_error_numeric_overflow: /* again, so it is not a number of its own but runs into something */
        protocol_error_set(error, ERROR_BAD_JSON, "not JSON: a number out of place, at byte %d of the message", problem->position);
        break;
    default: protocol_error_set(error, ERROR_BAD_JSON, "not JSON: %s, at byte %d of the message", problem->text, problem->position); break;
    }
}

/* Reads all of the text. 0, -EBADMSG and the problem, or -ENOMEM. */
static int
read_whole(const char *text, size_t length, struct json_text *read, json_error_t *problem)
{
    struct json_memory memory;
    bool failed;

    json_memory_init(&memory);

    json_t *value = json_memory_read(&memory, text, length, READ_FLAGS, problem, &failed);

    if (value == NULL && !failed && json_error_code(problem) == json_error_numeric_overflow) {
        json_memory_done(&memory);
        value = read_tamed(&memory, text, length, problem, &failed);
    }
    if (value == NULL) {
        json_memory_done(&memory);
        return failed ? -ENOMEM : -EBADMSG;
    }
    read->value = value;
    read->memory = memory;
    return 0;
}

/* How many levels a tree has. It recurses that deep, which jansson limits. */
static uint32_t
depth_of(json_t *value)
{
    uint32_t deepest = 0;

    for (size_t i = 0; i < json_array_size(value); i++) {
        uint32_t depth = depth_of(json_array_get(value, i));

        deepest = depth > deepest ? depth : deepest;
    }
    for (void *member = json_object_iter(value); member != NULL; member = json_object_iter_next(value, member)) {
        uint32_t depth = depth_of(json_object_iter_value(member));

        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + (json_is_object(value) || json_is_array(value));
}

/* Reads what is left of a text that was pruned, which is freed. */
static int
read_pruned(struct json_pruned *pruned, struct json_text *read, struct protocol_error *error)
{
    json_error_t problem;
    int result = read_whole(pruned->bytes, pruned->length, read, &problem);

    free(pruned->bytes);
    if (result == 0) {
        read->depth = pruned->depth;
        read->elements = pruned->elements;
    }
    if (result == 0 && !pruned->is_whole) { /* it is nested deeper than is walked */
        uint32_t depth = depth_of(read->value);

        read->depth = depth > pruned->depth ? depth : pruned->depth;
        read->elements = SIZE_MAX;
    }
    if (result == -EBADMSG) {
        problem.position += (int)pruned->left_out;
        problem_tell(&problem, error);
    }
    return result;
}

/* Reads all of the text, whatever it holds. */
static int
read_unpruned(const char *text, size_t length, struct json_text *read, struct protocol_error *error)
{
    json_error_t problem;
    int result = read_whole(text, length, read, &problem);

    if (result == -EBADMSG)
        problem_tell(&problem, error);
    if (result == 0) {
        read->depth = depth_of(read->value);
        read->elements = json_array_size(read->value);
    }
    return result;
}

int
json_text_read(const char *text, size_t length, const struct json_shape *shape, struct json_text *read, struct protocol_error *error)
{
    struct json_pruned pruned;
    const char *nul = memchr(text, '\0', length);

    if (nul != NULL) { /* jansson passes over one after a number */
        protocol_error_set(error, ERROR_BAD_JSON, "not JSON: control character 0x00, at byte %zu of the message", (size_t)(nul - text) + 1);
        return -EBADMSG;
    }
    if (shape == NULL)
        return read_unpruned(text, length, read, error);
    return json_prune(text, length, shape, &pruned) < 0 ? -ENOMEM : read_pruned(&pruned, read, error);
}

int
json_text_read_element(const char *text, size_t length, const struct json_shape *shape, struct json_text *read, struct protocol_error *error)
{
    struct json_pruned pruned;

    return json_prune_element(text, length, shape, &pruned) < 0 ? -ENOMEM : read_pruned(&pruned, read, error);
}

void
json_text_done(struct json_text *read)
{
    json_memory_done(&read->memory);
}

const char *
json_text_type_name(const json_t *value)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "an object",
        [JSON_ARRAY] = "an array",
        [JSON_STRING] = "a string",
        [JSON_INTEGER] = "an integer",
        [JSON_REAL] = "a number with a fraction, an exponent or more than 64 bits",
        [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",
        [JSON_NULL] = "null",
    };

    ASSERT((size_t)json_typeof(value) < sizeof names / sizeof names[0]);
    return names[json_typeof(value)];
}

void
json_text_init(void)
{
    size_t seed = 0;

    json_memory_install();
    json_keys_secret_make();
    /* Who knows the seed can choose keys that collide. With 0, should the kernel refuse, jansson looks for randomness itself. */
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = 0;
    json_object_seed(seed);
}
