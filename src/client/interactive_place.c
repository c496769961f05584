/* SPDX-License-Identifier: MIT */
#include "client/interactive_place.h"

#include <wchar.h>
#include <wctype.h>

enum { TAB_COLUMNS = 8 };

/* libedit shows a control character as ^X and what cannot be shown as \U+1234. */
static unsigned
character_width(const struct place *place, wchar_t character)
{
    int width;

    if (character == L'\t')
        return TAB_COLUMNS - place->column % TAB_COLUMNS;
    if (character < L' ' || character == 127)
        return 2;
    width = wcwidth(character);
    if (width >= 0)
        return (unsigned)width;
    return character > 0xFFFF ? 8 : 7;
}

void
place_advance(struct place *place, const char *text, size_t length)
{
    mbstate_t state = {0};

    while (length > 0) {
        wchar_t character = 0;
        size_t used = mbrtowc(&character, text, length, &state);
        unsigned width;

        if (used == 0 || used > length) { /* no character of this locale */
            state = (mbstate_t){0};
            used = 1;
            character = L'?';
        }
        text += used;
        length -= used;
        width = character_width(place, character);
        /* A wide one does not stand half on a row. */
        if (width == 2 && character >= 127 && place->column + width > place->columns) {
            place->row++;
            place->column = 0;
        }
        place->column += width;
        if (place->column >= place->columns) {
            place->row += place->column / place->columns;
            place->column %= place->columns;
        }
    }
}
