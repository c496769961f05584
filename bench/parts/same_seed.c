/* SPDX-License-Identifier: MIT
 *
 * The secrets that hashes are keyed with come from the kernel, and other keys mean other collisions: two runs would not take the same number
 * of instructions. Micro benchmarks, and nothing else, are linked with this in the place of the C library's function.
 */
#include "load/random.h"

#include <string.h>
#include <sys/random.h>

ssize_t
getrandom(void *bytes, size_t length, unsigned flags)
{
    static struct random random = {.state = 1};
    char *to = bytes;

    (void)flags;
    for (size_t done = 0; done < length;) {
        uint64_t word = random_next(&random);
        size_t part = length - done < sizeof word ? length - done : sizeof word;

        memcpy(to + done, &word, part);
        done += part;
    }
    return (ssize_t)length;
}
