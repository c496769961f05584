/* SPDX-License-Identifier: MIT
 *
 * See json_text.h. jansson's lexer goes on when the memory for a byte of a token could not be had: the token is shorter then, and an
 * id another one. So each failed allocation is remembered per thread, and whatever was read during one is thrown away.
 */
#include "protocol/json_text.h"

#include "base/assert.h"
#include "protocol/json_numbers.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* JSON_ALLOW_NUL stays off: ids and words are compared as whole strings everywhere, a NUL in one has no honest use. */
enum { READ_FLAGS = JSON_REJECT_DUPLICATES };

static _Thread_local bool allocation_failed;

static void *
allocate(size_t bytes)
{
    void *memory = malloc(bytes);

    if (memory == NULL)
        allocation_failed = true;
    return memory;
}

/* Reads once. NULL when it could not be read or memory ran out, which allocation_failed tells apart. */
static json_t *
read_once(const char *text, size_t length, json_error_t *problem)
{
    allocation_failed = false;

    json_t *value = json_loadb(text, length, READ_FLAGS, problem);

    if (value != NULL && allocation_failed) {
        json_decref(value);
        return NULL;
    }
    return value;
}

/* Reads a copy in which no number is too large for jansson. */
static json_t *
read_tamed(const char *text, size_t length, json_error_t *problem)
{
    char *copy = allocate(length);

    if (copy == NULL)
        return NULL;
    memcpy(copy, text, length);
    json_numbers_tame(copy, length);

    json_t *value = read_once(copy, length, problem);

    free(copy);
    return value;
}

static int
problem_tell(const json_error_t *problem, struct protocol_error *error)
{
    switch (json_error_code(problem)) {
    case json_error_out_of_memory: return -ENOMEM;
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
    return -EBADMSG;
}

int
json_text_read(const char *text, size_t length, json_t **value, struct protocol_error *error)
{
    json_error_t problem;
    json_t *read = read_once(text, length, &problem);

    if (read == NULL && !allocation_failed && json_error_code(&problem) == json_error_numeric_overflow)
        read = read_tamed(text, length, &problem);
    if (read == NULL)
        return allocation_failed ? -ENOMEM : problem_tell(&problem, error);
    *value = read;
    return 0;
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

    json_set_alloc_funcs(allocate, free);
    /* Who knows the seed can choose keys that collide. With 0, should the kernel refuse, jansson looks for randomness itself. */
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = 0;
    json_object_seed(seed);
}
