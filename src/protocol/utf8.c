/* SPDX-License-Identifier: MIT
 *
 * See utf8.h. What the second byte may be tells the forms that are none; all later ones are any continuation.
 */
#include "protocol/utf8.h"

size_t
utf8_character_bytes(const char *at, const char *end)
{
    const unsigned char *text = (const unsigned char *)at;
    unsigned char low = 0x80, high = 0xBF; /* what the second byte may be */
    size_t bytes;

    if (text[0] < 0x80)
        return 1;
    if (text[0] >= 0xC2 && text[0] <= 0xDF)
        bytes = 2;
    else if (text[0] >= 0xE0 && text[0] <= 0xEF)
        bytes = 3;
    else if (text[0] >= 0xF0 && text[0] <= 0xF4)
        bytes = 4;
    else
        return 0;

    if (text[0] == 0xE0)
        low = 0xA0;
    if (text[0] == 0xED)
        high = 0x9F;
    if (text[0] == 0xF0)
        low = 0x90;
    if (text[0] == 0xF4)
        high = 0x8F;
    if ((size_t)(end - at) < bytes || text[1] < low || text[1] > high)
        return 0;
    for (size_t i = 2; i < bytes; i++)
        if (text[i] < 0x80 || text[i] > 0xBF)
            return 0;
    return bytes;
}
