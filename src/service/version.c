/* SPDX-License-Identifier: MIT
 *
 * The one file that knows version and commit, so that a commit rebuilds this file and no other. The build generates
 * the header that holds them.
 */
#include "service/version.h"

#include "service/version_generated.h"

const char *
version_text(void)
{
    return VERSION_NUMBER " (commit " VERSION_COMMIT ")";
}

const char *
version_number(void)
{
    return VERSION_NUMBER;
}

const char *
version_commit(void)
{
    return VERSION_COMMIT;
}
