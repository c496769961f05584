/* SPDX-License-Identifier: MIT
 *
 * The few elements of SVG that plots are made of. Attributes are written as they are, texts escaped. Errors are the file's: whoever
 * writes a picture asks ferror once, at the end.
 */
#ifndef REPORT_SVG_H
#define REPORT_SVG_H

#include <stdio.h>

/* What a text or an attribute may hold of any clean text (see readable_clean). */
void svg_write(FILE *file, const char *text);

void svg_text(FILE *file, double x, double y, const char *attributes, const char *text);
void svg_line(FILE *file, double x1, double y1, double x2, double y2, const char *attributes);

#endif
