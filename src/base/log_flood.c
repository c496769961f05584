/* SPDX-License-Identifier: MIT
 *
 * See log_flood.h. A scan over a small array: it is short, and it only ever holds what happened within the last second.
 */
#include "base/log_flood.h"

#include <stddef.h>

/* An entry that says nothing any more: its window is over and it has no summary to give. */
static bool
entry_is_idle(const struct log_flood_entry *entry, uint64_t now_ms)
{
    return entry->event == NULL || (entry->suppressed == 0 && now_ms - entry->window_ms >= LOG_FLOOD_WINDOW_MS);
}

/* The event's entry, or an idle one made its own, or NULL when all are busy with others. */
static struct log_flood_entry *
entry_get(struct log_flood *flood, const char *event, uint64_t now_ms)
{
    struct log_flood_entry *idle = NULL;

    for (size_t i = 0; i < LOG_FLOOD_EVENTS; i++) {
        struct log_flood_entry *entry = &flood->entries[i];

        if (entry->event == event)
            return entry;
        if (idle == NULL && entry_is_idle(entry, now_ms))
            idle = entry;
    }
    if (idle != NULL)
        *idle = (struct log_flood_entry){.event = event, .window_ms = now_ms};
    return idle;
}

enum log_flood_answer
log_flood_ask(struct log_flood *flood, const char *event, enum log_level level, uint64_t now_ms)
{
    struct log_flood_entry *entry = entry_get(flood, event, now_ms);

    if (entry == NULL)
        return LOG_FLOOD_WRITE;
    if (now_ms - entry->window_ms >= LOG_FLOOD_WINDOW_MS) {
        entry->window_ms = now_ms;
        entry->written = 0;
    }
    if (entry->written < LOG_BURST) {
        entry->written++;
        return LOG_FLOOD_WRITE;
    }
    entry->level = level;
    if (entry->suppressed++ > 0)
        return LOG_FLOOD_SUPPRESS;
    entry->summary_ms = entry->window_ms + LOG_FLOOD_WINDOW_MS;
    return LOG_FLOOD_SUPPRESS_FIRST;
}

uint64_t
log_flood_due(const struct log_flood *flood)
{
    uint64_t due_ms = UINT64_MAX;

    for (size_t i = 0; i < LOG_FLOOD_EVENTS; i++)
        if (flood->entries[i].suppressed > 0 && flood->entries[i].summary_ms < due_ms)
            due_ms = flood->entries[i].summary_ms;
    return due_ms;
}

bool
log_flood_take(struct log_flood *flood, uint64_t now_ms, struct log_flood_summary *summary)
{
    for (size_t i = 0; i < LOG_FLOOD_EVENTS; i++) {
        struct log_flood_entry *entry = &flood->entries[i];

        if (entry->suppressed == 0 || entry->summary_ms > now_ms)
            continue;
        *summary = (struct log_flood_summary){.event = entry->event, .level = entry->level, .lines = entry->suppressed};
        entry->suppressed = 0;
        return true;
    }
    return false;
}
