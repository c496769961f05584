/* SPDX-License-Identifier: MIT
 *
 * Checks a JSON text as strictly as jansson does, and leaves out what nobody looks at, so that jansson, which builds a tree of all that it is given,
 * gets little however much was sent. One pass, without a tree: its memory is one copy of the text, and a few words for each key of
 * the objects that are open at once.
 *
 * What jansson reads of the result is what it would have read of the text, pruned: of objects, the members that the shape names; of arrays, the
 * first element_max elements, and of those after them one of each kind, which is the set of the members of an element that the shape names. So it can be
 * told that there are more, and what they are, and the result is nonetheless no longer than what is looked at. An object or array in
 * a place where the shape ends is empty.
 *
 * It is not for this code to say what is wrong with a text. Where it does not go on, be it for an error or because it is not sure, the result
 * is what it has so far, without what was left out and with all that was not walked, and jansson says of that what it would have said of the text.
 */
#ifndef PROTOCOL_JSON_PRUNE_H
#define PROTOCOL_JSON_PRUNE_H

#include "protocol/json_shape.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_pruned {
    char *bytes; /* the caller's to free */
    size_t length;
    size_t elements;    /* of the outermost array that were walked, left out or not */
    uint32_t depth;     /* levels of objects and arrays that were walked, the outermost counted as one */
    bool is_whole;      /* all was walked: it is good JSON. Else jansson will most likely refuse it */
    ptrdiff_t left_out; /* if it was not: a byte that jansson stops at stands so many bytes later in the text */
};

/* Prunes text[0..length), in which no byte is 0. Returns 0 or -ENOMEM. */
int json_prune(const char *text, size_t length, const struct json_shape *shape, struct json_pruned *pruned);
/* The same of one element of an array, a value of any kind: the result is an array of this one element. */
int json_prune_element(const char *text, size_t length, const struct json_shape *shape, struct json_pruned *pruned);

#endif
