/* SPDX-License-Identifier: MIT
 *
 * Whether a text is well-formed XML, as far as the pictures of alo-bench use it: elements that are closed in order, attributes that
 * are quoted and named once, the five named entities, characters that XML may hold. No comments, declarations or namespaces.
 */
#ifndef SUPPORT_XML_H
#define SUPPORT_XML_H

/* NULL when it is, else what is wrong with it (a text that stays). */
const char *xml_wrong(const char *text);

#endif
