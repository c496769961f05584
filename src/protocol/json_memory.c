/* SPDX-License-Identifier: MIT
 *
 * See json_memory.h. Chunks double in size, so that a large message needs few of them and a small one little memory, but only
 * up to what allocators keep at hand: larger ones come fresh from the kernel each time, page by page.
 */
#include "protocol/json_memory.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

enum {
    CHUNK_BYTES_FIRST = 4 * 1024,
    CHUNK_BYTES_MAX = 64 * 1024,
};

struct json_chunk {
    struct json_chunk *next;
    alignas(max_align_t) char bytes[];
};

/* The reading that is under way on this thread. */
static _Thread_local struct json_memory *reading;
static _Thread_local jmp_buf reading_failed;

static size_t
aligned(size_t bytes)
{
    return (bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

static bool
add_chunk(struct json_memory *memory, size_t needed)
{
    size_t bytes = needed > memory->next_bytes ? needed : memory->next_bytes;
    struct json_chunk *chunk = malloc(sizeof *chunk + bytes);

    if (chunk == NULL)
        return false;
    chunk->next = memory->chunks;
    memory->chunks = chunk;
    memory->free = chunk->bytes;
    memory->free_bytes = bytes;
    if (memory->next_bytes < CHUNK_BYTES_MAX)
        memory->next_bytes *= 2;
    return true;
}

static void *
take(size_t bytes)
{
    struct json_memory *memory = reading;

    if (memory == NULL)
        return malloc(bytes);
    if (bytes > SIZE_MAX / 2)
        longjmp(reading_failed, 1);

    size_t taken = aligned(bytes);

    if (taken > memory->free_bytes && !add_chunk(memory, taken))
        longjmp(reading_failed, 1);

    void *free_now = memory->free;

    memory->free += taken;
    memory->free_bytes -= taken;
    return free_now;
}

static void
give(void *memory)
{
    if (reading == NULL)
        free(memory);
}

void
json_memory_init(struct json_memory *memory)
{
    *memory = (struct json_memory){.next_bytes = CHUNK_BYTES_FIRST};
}

json_t *
json_memory_read(struct json_memory *memory, const char *text, size_t length, size_t flags, json_error_t *problem, bool *failed)
{
    ASSERT(reading == NULL);
    *failed = false;
    if (setjmp(reading_failed) != 0) {
        reading = NULL;
        *failed = true;
        return NULL;
    }
    reading = memory;

    json_t *value = json_loadb(text, length, flags, problem);

    reading = NULL;
    return value;
}

void
json_memory_done(struct json_memory *memory)
{
    struct json_chunk *next;

    for (struct json_chunk *chunk = memory->chunks; chunk != NULL; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    json_memory_init(memory);
}

void
json_memory_install(void)
{
    json_set_alloc_funcs(take, give);
}
