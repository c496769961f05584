/* SPDX-License-Identifier: MIT
 *
 * Where the elements of an array stand in its text, one after the other, without reading what is in them. Pure functions.
 */
#ifndef PROTOCOL_JSON_ELEMENTS_H
#define PROTOCOL_JSON_ELEMENTS_H

#include <stddef.h>

struct json_element {
    size_t begin, end; /* it is text[begin..end); empty: there is none */
};

/*
 * The next element of the array that is all of text[0..length): behind the element that ends at `after`, or with 0 the first. The array was found to be
 * good JSON before; of anything else some bytes of text[0..length) are an element.
 */
struct json_element json_element_next(const char *text, size_t length, size_t after);

#endif
