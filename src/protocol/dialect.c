/* SPDX-License-Identifier: MIT
 *
 * What all dialects need once.
 */
#include "protocol/dialect.h"

#include "protocol/json_text.h"

void
dialects_init(void)
{
    json_text_init();
}
