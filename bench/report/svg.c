/* SPDX-License-Identifier: MIT */
#include "report/svg.h"

void
svg_write(FILE *file, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&': fputs("&amp;", file); break;
        case '<': fputs("&lt;", file); break;
        case '>': fputs("&gt;", file); break;
        case '"': fputs("&quot;", file); break;
        case '\'': fputs("&apos;", file); break;
        default: fputc(*text, file);
        }
    }
}

void
svg_text(FILE *file, double x, double y, const char *attributes, const char *text)
{
    fprintf(file, "<text x='%.1f' y='%.1f' %s>", x, y, attributes);
    svg_write(file, text);
    fputs("</text>\n", file);
}

void
svg_line(FILE *file, double x1, double y1, double x2, double y2, const char *attributes)
{
    fprintf(file, "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' %s/>\n", x1, y1, x2, y2, attributes);
}
