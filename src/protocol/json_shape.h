/* SPDX-License-Identifier: MIT
 *
 * What a reader looks at in a JSON value: which members of an object, and how many elements of an array. Everything else must be good JSON, too, but
 * nobody needs to have it.
 */
#ifndef PROTOCOL_JSON_SHAPE_H
#define PROTOCOL_JSON_SHAPE_H

#include <stddef.h>

enum { JSON_SHAPE_MEMBERS_MAX = 6 }; /* so that the sets of them that there can be fit into the bits of a word */

struct json_member {
    const char *name;
    const struct json_shape *shape; /* of its value */
};

struct json_shape {
    const struct json_member *members; /* if it is an object: those that are looked at */
    size_t member_count;               /* at most JSON_SHAPE_MEMBERS_MAX */
    const struct json_shape *element;  /* if it is an array: of each element; NULL: no element is looked at */
    size_t element_max;                /* of more elements it only matters that there are more, and of which kinds */
};

/* Of a value that is looked at as a whole: a number, a string, a word, or that it is none of these. */
extern const struct json_shape json_shape_scalar;

#endif
