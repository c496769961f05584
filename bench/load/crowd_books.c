/* SPDX-License-Identifier: MIT
 *
 * Who must be told what, and what has come of it. Over UDP a notification may be lost: whatever has not come when it would be late is taken for
 * that; until then a dialect without names makes the next one of its kind look as late as the lost one would be.
 */
#include "load/crowd_internal.h"

#include <stdarg.h>
#include <stdio.h>

/* Over UDP, for how long nothing at all comes in the end until the rest is taken for lost, at most. */
static const int64_t silence_ns = 5000000000;

void
crowd_wrong(struct crowd *crowd, uint64_t *count, int64_t now_ns, const char *format, ...)
{
    struct tally *tally = crowd->setting.tally;
    va_list arguments;

    (*count)++;
    series_count(&tally->series, now_ns, SERIES_ERRORS, 1);
    if (tally->first_error[0] != '\0')
        return;
    va_start(arguments, format);
    vsnprintf(tally->first_error, sizeof tally->first_error, format, arguments);
    va_end(arguments);
}

/* The queue that holds such news to a client. */
static struct pending_queue *
queue_of(struct crowd *crowd, uint32_t client, bool online)
{
    return &crowd->clients[client].due[crowd->setting.talk->names_users ? 0 : online];
}

void
crowd_expect(struct crowd *crowd, uint32_t client, uint32_t user, bool online, int64_t due_ns)
{
    struct pending_queue *queue = queue_of(crowd, client, online);

    if (crowd->setting.talk->may_merge)
        pending_forget_undone(&crowd->pool, queue, user);
    pending_put(&crowd->pool, queue, user, online, due_ns);
    crowd->under_way++;
    crowd->setting.tally->counts.due++;
}

void
crowd_transition(struct crowd *crowd, int64_t now_ns)
{
    crowd->setting.tally->counts.transitions++;
    series_count(&crowd->setting.tally->series, now_ns, SERIES_TRANSITIONS, 1);
}

/* What waits for so long that it has been lost. */
static void
lost_forget(struct crowd *crowd, struct pending_queue *queue, int64_t now_ns)
{
    struct pending_entry entry;

    while (queue->first != 0 && now_ns - crowd->pool.entries[queue->first].due_ns > crowd->setting.late_ns &&
        pending_take(&crowd->pool, queue, &entry)) {
        crowd->setting.tally->counts.lost += !entry.undone;
        crowd->under_way -= !entry.undone;
    }
}

void
crowd_books_lose(struct crowd *crowd, int64_t now_ns)
{
    for (uint32_t i = 0; i < crowd->size; i++)
        for (int kind = 0; kind < 2; kind++)
            lost_forget(crowd, &crowd->clients[i].due[kind], now_ns);
}

/* The client has been told of a change, and so many of the same user that were due before it are still owed. */
static void
skipped_count(struct crowd *crowd, uint32_t number, uint32_t user, uint64_t skipped, int64_t now_ns)
{
    struct tally_counts *counts = &crowd->setting.tally->counts;

    if (crowd->setting.talk->may_merge)
        counts->merged += skipped;
    else if (crowd->setting.datagrams)
        counts->lost += skipped;
    else
        for (uint64_t i = 0; i < skipped; i++)
            crowd_wrong(crowd, &counts->missing, now_ns, "user %u was told of a change of user %u, and not of the one before it",
                crowd_id(crowd, number), TALK_ID_FIRST + user);
    crowd->under_way -= skipped;
}

static bool
entry_find(struct crowd *crowd, uint32_t number, const struct talk_word *word, int64_t now_ns, struct pending_entry *entry)
{
    struct pending_queue *queue = queue_of(crowd, number, word->online);
    uint64_t skipped = 0;
    bool found;

    entry->undone = false;
    if (crowd->setting.datagrams)
        lost_forget(crowd, queue, now_ns);
    if (crowd->setting.talk->names_users)
        found = pending_take_user(&crowd->pool, queue, word->user, word->online, entry, &skipped);
    else
        found = pending_take(&crowd->pool, queue, entry);
    skipped_count(crowd, number, word->user, skipped, now_ns);
    if (found && entry->undone)
        crowd->setting.tally->counts.merged--; /* it was told all the same */
    crowd->under_way -= found && !entry->undone;
    return found;
}

void
crowd_books_news(struct crowd *crowd, uint32_t number, const struct talk_word *word, int64_t now_ns)
{
    struct tally *tally = crowd->setting.tally;
    struct pending_entry entry;

    crowd->clients[number].heard[word->online]++;
    crowd->heard++;
    crowd->heard_ns = now_ns; /* news only: answers to signs of life come all the time */
    if (crowd->took != NULL && crowd->took(crowd->context, number, word))
        return;
    if (!crowd->strict)
        return;
    tally->counts.heard++;
    if (!entry_find(crowd, number, word, now_ns, &entry)) {
        if (crowd->setting.datagrams && tally->counts.lost > 0)
            return; /* it may be one that was taken for lost */
        crowd_wrong(crowd, &tally->counts.extra, now_ns, "user %u was told that somebody %s, and nothing of that kind was due",
            crowd_id(crowd, number), word->online ? "came" : "left");
        return;
    }

    int64_t latency_ns = now_ns - entry.due_ns;

    histogram_record(&tally->latency, latency_ns);
    series_latency(&tally->series, now_ns, latency_ns);
    if (latency_ns > crowd->setting.late_ns)
        crowd_wrong(crowd, &tally->counts.late, now_ns, "user %u was told %.1f s late that user %u %s", crowd_id(crowd, number),
            (double)latency_ns / 1e9, TALK_ID_FIRST + entry.user, word->online ? "came" : "left");
}

/* What has undone itself while it waited may be left out by some dialects: nothing waits for it any more. */
static void
undone_mark(struct crowd *crowd)
{
    for (uint32_t i = 0; crowd->setting.talk->may_merge && i < crowd->size; i++) {
        uint64_t undone = pending_mark_undone(&crowd->pool, &crowd->clients[i].due[0]);

        crowd->setting.tally->counts.merged += undone;
        crowd->under_way -= undone;
    }
}

/* Whatever is due still will not come any more. */
static void
missing_count(struct crowd *crowd)
{
    struct tally *tally = crowd->setting.tally;
    struct pending_entry entry;

    for (uint32_t i = 0; i < crowd->size; i++) {
        for (int kind = 0; kind < 2; kind++) {
            while (crowd->under_way > 0 && pending_take(&crowd->pool, &crowd->clients[i].due[kind], &entry)) {
                if (entry.undone)
                    continue;
                crowd->under_way--;
                if (crowd->setting.datagrams) {
                    tally->counts.lost++;
                    continue;
                }
                crowd_wrong(crowd, &tally->counts.missing, crowd_clock_ns(), "user %u was never told that user %u %s", crowd_id(crowd, i),
                    TALK_ID_FIRST + entry.user, entry.online ? "came" : "left");
            }
        }
    }
}

void
crowd_settle(struct crowd *crowd)
{
    enum { QUIET_NS = 200000000, WAIT_NS = 50000000 };
    int64_t start_ns = crowd_clock_ns(), most_ns = crowd->setting.late_ns, quiet_ns = 0;

    if (crowd->setting.datagrams && most_ns > silence_ns)
        most_ns = silence_ns;
    while (crowd->under_way > 0 && quiet_ns <= most_ns) {
        crowd_poll(crowd, WAIT_NS);
        quiet_ns = crowd_clock_ns() - (crowd->heard_ns > start_ns ? crowd->heard_ns : start_ns);
        if (quiet_ns > QUIET_NS)
            undone_mark(crowd);
    }
    missing_count(crowd);
}

void
crowd_forget(struct crowd *crowd, uint32_t client)
{
    struct pending_entry entry;

    for (int kind = 0; kind < 2; kind++)
        while (pending_take(&crowd->pool, &crowd->clients[client].due[kind], &entry))
            crowd->under_way -= !entry.undone;
}

void
crowd_reset(struct crowd *crowd, bool strict)
{
    for (uint32_t i = 0; i < crowd->size; i++) {
        crowd->clients[i].heard[0] = crowd->clients[i].heard[1] = 0;
        crowd_forget(crowd, i);
    }
    crowd->strict = strict;
}
