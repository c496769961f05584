/* SPDX-License-Identifier: MIT
 *
 * See utf8.h. What the second byte may be tells the forms that are none; all later ones are any continuation.
 */
#include "base/utf8.h"

size_t
utf8_read(const char *at, const char *end, uint32_t *point)
{
    const unsigned char *text = (const unsigned char *)at;
    unsigned char low = 0x80, high = 0xBF; /* what the second byte may be */
    size_t bytes = 1;

    if (text[0] >= 0xC2 && text[0] <= 0xDF)
        bytes = 2;
    else if (text[0] >= 0xE0 && text[0] <= 0xEF)
        bytes = 3;
    else if (text[0] >= 0xF0 && text[0] <= 0xF4)
        bytes = 4;
    else if (text[0] >= 0x80)
        return 0;

    if (text[0] == 0xE0)
        low = 0xA0;
    if (text[0] == 0xED)
        high = 0x9F;
    if (text[0] == 0xF0)
        low = 0x90;
    if (text[0] == 0xF4)
        high = 0x8F;
    if ((size_t)(end - at) < bytes || (bytes > 1 && (text[1] < low || text[1] > high)))
        return 0;

    uint32_t value = bytes == 1 ? text[0] : text[0] & (0x7FU >> bytes);

    for (size_t i = 1; i < bytes; i++) {
        if (text[i] < 0x80 || text[i] > 0xBF)
            return 0;
        value = value << 6 | (text[i] & 0x3F);
    }
    *point = value;
    return bytes;
}
