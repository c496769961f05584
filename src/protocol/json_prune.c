/* SPDX-License-Identifier: MIT
 *
 * See json_prune.h. Each token is copied, and what turns out to be nobody's affair is taken back when it is over. So at any time the copy is a text
 * that brings a reader to the same point as the original: that is what makes it possible to stop anywhere and give the rest to jansson.
 */
#include "protocol/json_prune.h"

#include "base/assert.h"
#include "protocol/json_keys.h"
#include "protocol/json_number.h"
#include "protocol/json_string.h"
#include "protocol/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct json_shape json_shape_scalar = {.members = NULL};

struct walk {
    const char *text, *end;
    const char *at; /* past the last token that was copied */
    char *copy;
    size_t used;
    uint32_t level, depth;
    size_t elements; /* of the outermost array */
    uint32_t kind;   /* which members of its shape the value walked last had */
    struct json_keys keys;
    /* When it stops: */
    bool failed;          /* for want of memory */
    struct json_key twin; /* has a length: the next token is this key again, which may have been left out */
    bool is_after_comma;  /* the next token is a bracket that closes after a comma, which may have been left out */
};

static bool walk_value(struct walk *walk, const struct json_shape *shape);

static void
put(struct walk *walk, char byte)
{
    walk->copy[walk->used++] = byte;
}

static void
append(struct walk *walk, const char *bytes, size_t length)
{
    memcpy(walk->copy + walk->used, bytes, length);
    walk->used += length;
}

/* Copies the token from `token` on, which ends before `end`. */
static void
copy_token(struct walk *walk, const char *token, const char *end)
{
    append(walk, token, (size_t)(end - token));
    walk->at = end;
}

/* The next token, or the end. It is not taken yet. */
static const char *
next_token(const struct walk *walk)
{
    const char *at = walk->at;

    while (at < walk->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

static bool
is_next(const struct walk *walk, const char *token, char byte)
{
    return token < walk->end && *token == byte;
}

/* Past the word, which must not go on as another one. */
static const char *
word_end(const struct walk *walk, const char *at, const char *word)
{
    size_t length = strlen(word);

    if ((size_t)(walk->end - at) < length || memcmp(at, word, length) != 0)
        return NULL;
    at += length;
    return at < walk->end && ((*at | 0x20) >= 'a' && (*at | 0x20) <= 'z') ? NULL : at;
}

/* Past what is neither an object nor an array, or NULL. */
static const char *
scalar_end(const struct walk *walk, const char *token)
{
    bool ignored;

    switch (*token) {
    case '"': return json_string_end(token, walk->end, &ignored);
    case 't': return word_end(walk, token, "true");
    case 'f': return word_end(walk, token, "false");
    case 'n': return word_end(walk, token, "null");
    default: return json_number_end(token, walk->end, &ignored);
    }
}

/* Takes a bracket that opens. */
static bool
open_bracket(struct walk *walk, const char *token)
{
    if (walk->level == NESTING_MAX)
        return false;
    if (++walk->level > walk->depth)
        walk->depth = walk->level;
    copy_token(walk, token, token + 1);
    return true;
}

/* Takes the bracket that closes, whose token is next. */
static void
close_bracket(struct walk *walk, const char *token)
{
    walk->level--;
    copy_token(walk, token, token + 1);
}

/*
 * After a value: is the next token a comma, or the bracket that closes? Then what stands after the mark is taken back, unless it is kept, and the
 * token is taken. The comma is copied with what follows it.
 */
static bool
after_value(struct walk *walk, char closing, bool is_kept, size_t mark, bool *is_over)
{
    const char *token = next_token(walk);

    if (token == walk->end || (*token != ',' && *token != closing))
        return false;
    if (!is_kept)
        walk->used = mark;
    *is_over = *token == closing;
    if (*is_over) {
        close_bracket(walk, token);
        return true;
    }
    walk->at = token + 1;
    walk->is_after_comma = is_next(walk, next_token(walk), closing);
    return !walk->is_after_comma;
}

static bool
walk_array(struct walk *walk, const char *token, const struct json_shape *shape)
{
    const struct json_shape *element = shape->element != NULL ? shape->element : &json_shape_scalar;
    size_t kept = 0;
    uint64_t kinds = 0; /* of elements beyond those that are kept in any case */
    bool is_over = false;

    if (!open_bracket(walk, token))
        return false;
    token = next_token(walk);
    if (is_next(walk, token, ']')) {
        close_bracket(walk, token);
        is_over = true;
    }
    while (!is_over) {
        size_t mark = walk->used;
        bool is_kept = true;

        if (kept > 0)
            put(walk, ',');
        if (!walk_value(walk, element))
            return false;
        walk->elements += walk->level == 1;
        if (kept >= shape->element_max) {
            is_kept = shape->element != NULL && (kinds & UINT64_C(1) << walk->kind) == 0;
            kinds |= UINT64_C(1) << walk->kind;
        }
        if (!after_value(walk, ']', is_kept, mark, &is_over))
            return false;
        kept += is_kept;
    }
    walk->kind = 0;
    return true;
}

/* Takes the key whose token is next; *number is that of the shape's member of this name, or member_count. */
static bool
take_key(struct walk *walk, const char *token, uint32_t first, const struct json_shape *shape, size_t *number)
{
    bool has_escapes;
    const char *end = json_string_end(token, walk->end, &has_escapes);

    if (end == NULL)
        return false;

    const char *name = token + 1;
    size_t length = (size_t)(end - token) - 2;

    if (has_escapes) { /* what it says fits where it is copied to next */
        length = json_string_decode(name, length, walk->copy + walk->used);
        name = walk->copy + walk->used;
    }

    for (*number = 0; *number < shape->member_count; ++*number)
        if (strlen(shape->members[*number].name) == length && memcmp(shape->members[*number].name, name, length) == 0)
            break;

    struct json_key key = {.at = (uint32_t)(token - walk->text), .length = (uint32_t)(end - token)}, twin;
    int result = json_keys_add(&walk->keys, first, name, length, key, &twin);

    walk->failed = result == -ENOMEM;
    if (result == -EEXIST && *number == shape->member_count) /* else it stands in the copy */
        walk->twin = twin;
    if (result < 0)
        return false;
    copy_token(walk, token, end);
    return true;
}

/* Takes a member up to its value, which is next. */
static bool
begin_member(struct walk *walk, uint32_t first, const struct json_shape *shape, size_t *number)
{
    const char *token = next_token(walk);

    if (!is_next(walk, token, '"') || !take_key(walk, token, first, shape, number))
        return false;
    token = next_token(walk);
    if (!is_next(walk, token, ':'))
        return false;
    copy_token(walk, token, token + 1);
    return true;
}

static bool
walk_object(struct walk *walk, const char *token, const struct json_shape *shape)
{
    uint32_t first = walk->keys.count;
    uint32_t kind = 0;
    bool is_over = false;

    if (!open_bracket(walk, token))
        return false;
    token = next_token(walk);
    ASSERT(shape->member_count <= JSON_SHAPE_MEMBERS_MAX);
    if (is_next(walk, token, '}')) {
        close_bracket(walk, token);
        is_over = true;
    }
    while (!is_over) {
        size_t mark = walk->used, number;

        if (kind != 0)
            put(walk, ',');
        if (!begin_member(walk, first, shape, &number))
            return false;

        bool is_kept = number < shape->member_count;
        const struct json_shape *inside = is_kept ? shape->members[number].shape : &json_shape_scalar;

        if (!walk_value(walk, inside) || !after_value(walk, '}', is_kept, mark, &is_over))
            return false;
        if (is_kept)
            kind |= 1U << number;
    }
    json_keys_drop(&walk->keys, first);
    walk->kind = kind;
    return true;
}

/* Takes the next value. It calls itself once for each level, of which there are at most NESTING_MAX. */
static bool
walk_value(struct walk *walk, const struct json_shape *shape)
{
    const char *token = next_token(walk), *end;

    if (token == walk->end)
        return false;
    if (*token == '{')
        return walk_object(walk, token, shape);
    if (*token == '[')
        return walk_array(walk, token, shape);
    end = scalar_end(walk, token);
    if (end == NULL)
        return false;
    copy_token(walk, token, end);
    walk->kind = 0;
    return true;
}

static bool
walk_text(struct walk *walk, const struct json_shape *shape)
{
    const char *token = next_token(walk);

    if (!is_next(walk, token, '{') && !is_next(walk, token, '['))
        return false;
    return walk_value(walk, shape) && next_token(walk) == walk->end;
}

static bool
walk_element(struct walk *walk, const struct json_shape *shape)
{
    put(walk, '[');
    walk->level = walk->depth = 1;
    if (!walk_value(walk, shape) || next_token(walk) != walk->end)
        return false;
    put(walk, ']');
    return true;
}

/* Appends what must stand between the copy and the rest, so that the next token is as wrong as it was in the text. */
static void
bridge(struct walk *walk)
{
    static const char key[] = "\"\":", value[] = "0,", key_and_value[] = ":0,";
    char last = walk->used > 0 ? walk->copy[walk->used - 1] : '\0';

    if (walk->is_after_comma && last == '{')
        append(walk, key, sizeof key - 1);
    if (walk->is_after_comma && (last == '{' || last == '['))
        append(walk, value, sizeof value - 1);
    else if (walk->is_after_comma)
        put(walk, ',');
    if (walk->twin.length > 0) {
        append(walk, walk->text + walk->twin.at, walk->twin.length);
        append(walk, key_and_value, sizeof key_and_value - 1);
    }
}

/* The copy as far as it goes, and then the text as it is. */
static int
stop(struct walk *walk, struct json_pruned *pruned)
{
    enum { BRIDGE_MAX = 8 }; /* beside a key */
    size_t rest = (size_t)(walk->end - walk->at);
    char *longer = realloc(walk->copy, walk->used + walk->twin.length + BRIDGE_MAX + rest);

    if (longer == NULL)
        return -ENOMEM;
    walk->copy = longer;
    bridge(walk);
    pruned->left_out = (walk->at - walk->text) - (ptrdiff_t)walk->used;
    append(walk, walk->at, rest);
    return 0;
}

static int
prune(const char *text, size_t length, const struct json_shape *shape, bool (*walk_all)(struct walk *, const struct json_shape *),
    struct json_pruned *pruned)
{
    struct walk walk = {.text = text, .end = text + length, .at = text, .copy = malloc(length + sizeof "[]")};
    int result = 0;

    ASSERT(length <= UINT32_MAX);
    if (walk.copy == NULL)
        return -ENOMEM;
    json_keys_init(&walk.keys);

    struct json_pruned made = {.is_whole = walk_all(&walk, shape)};

    json_keys_done(&walk.keys);
    if (walk.failed)
        result = -ENOMEM;
    else if (!made.is_whole)
        result = stop(&walk, &made);
    if (result < 0) {
        free(walk.copy);
        return result;
    }
    made.bytes = walk.copy;
    made.length = walk.used;
    made.elements = walk.elements;
    made.depth = walk.depth;
    *pruned = made;
    return 0;
}

int
json_prune(const char *text, size_t length, const struct json_shape *shape, struct json_pruned *pruned)
{
    return prune(text, length, shape, walk_text, pruned);
}

int
json_prune_element(const char *text, size_t length, const struct json_shape *shape, struct json_pruned *pruned)
{
    return prune(text, length, shape, walk_element, pruned);
}
