/* SPDX-License-Identifier: MIT */
#include "server_api_text.h"

#include "base/clock.h"
#include "protocol/json_escape.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A text in quotes, as in JSON. */
static void
append_string(struct buffer *out, const char *bytes, size_t length)
{
    char escaped[JSON_ESCAPED_MAX];

    buffer_append_text(out, "\"");
    for (size_t i = 0; i < length; i++)
        buffer_append(out, escaped, json_escape_byte(bytes[i], escaped));
    buffer_append_text(out, "\"");
}

static void
append_user(struct buffer *out, struct user_id user)
{
    if (user.name == NULL)
        buffer_format(out, "%" PRId64, user.number);
    else
        append_string(out, user.name->bytes, user.name->length);
}

static const char *
truth(bool is_true)
{
    return is_true ? "true" : "false";
}

/* As session_name() does. */
static void
append_name(struct buffer *out, struct handle handle)
{
    buffer_format(out, "%u-%x", handle_worker(handle), handle.generation);
}

static double
rate_of(const struct session_view *view)
{
    return (double)view->lines / ((double)view->age_s + 1);
}

static void
write_session(struct buffer *out, const struct session_view *view)
{
    buffer_append_text(out, "{\"session\": \"");
    append_name(out, view->handle);
    buffer_append_text(out, "\", \"user_id\": ");
    if (view->logged_in)
        append_user(out, view->user);
    else
        buffer_append_text(out, "null");
    buffer_format(out, ", \"transport\": \"%s\", \"dialect\": \"%s\", \"peer\": \"%s\", \"age_seconds\": %" PRIu32, view->is_datagram ? "udp" : "tcp",
        view->is_jsonrpc ? "jsonrpc" : "classic", view->peer, view->age_s);
    buffer_format(out, ", \"lists\": %" PRIu32 ", \"lines\": %" PRIu32 ", \"lines_per_second\": %.3f, \"queued\": %" PRIu32, view->lists, view->lines,
        rate_of(view), view->queued);
    buffer_format(
        out, ", \"reads_slowly\": %s, \"parked\": %s, \"closing\": %s", truth(view->is_waiting), truth(view->is_parked), truth(view->is_closing));
}

static void
write_table_head(struct buffer *out)
{
    buffer_format(
        out, "%-12s %-9s %-7s %-24s %9s %8s %9s %8s  %s\n", "SESSION", "TRANSPORT", "DIALECT", "PEER", "AGE s", "LISTS", "LINES/s", "QUEUED", "USER");
}

static void
write_table_row(struct buffer *out, const struct session_view *view)
{
    char name[32];

    snprintf(name, sizeof name, "%u-%x", handle_worker(view->handle), view->handle.generation);
    buffer_format(out, "%-12s %-9s %-7s %-24s %9" PRIu32 " %8" PRIu32 " %9.3f %8" PRIu32 "  ", name, view->is_datagram ? "udp" : "tcp",
        view->is_jsonrpc ? "jsonrpc" : "classic", view->peer, view->age_s, view->lists, rate_of(view), view->queued);
    if (view->logged_in)
        append_user(out, view->user);
    else
        buffer_append_text(out, "-");
    buffer_append_text(out, "\n");
}

static int
compare(const void *one, const void *other)
{
    return session_view_compare(*(const struct session_view *const *)one, *(const struct session_view *const *)other);
}

/* The views of all parts, in order; the caller frees the array. NULL: no memory, and the buffer says so. */
static const struct session_view **
sorted(struct buffer *out, const struct inquiry *inquiry, uint32_t *count)
{
    const struct session_view **views;

    *count = 0;
    for (uint32_t number = 0; number < inquiry->part_count; number++)
        *count += inquiry->parts[number].count;
    views = malloc((*count + 1) * sizeof(const struct session_view *));
    if (views == NULL) {
        out->failed = true;
        *count = 0;
        return NULL;
    }
    *count = 0;
    for (uint32_t number = 0; number < inquiry->part_count; number++)
        for (uint32_t i = 0; i < inquiry->parts[number].count; i++)
            views[(*count)++] = &inquiry->parts[number].views[i];
    qsort(views, *count, sizeof(const struct session_view *), compare);
    return views;
}

static uint64_t
total_of(const struct inquiry *inquiry)
{
    uint64_t total = 0;

    for (uint32_t number = 0; number < inquiry->part_count; number++)
        total += inquiry->parts[number].total;
    return total;
}

void
api_write_sessions(struct buffer *out, const struct inquiry *inquiry, uint32_t offset, uint32_t limit, bool as_table)
{
    uint32_t count;
    const struct session_view **views = sorted(out, inquiry, &count);

    if (as_table)
        write_table_head(out);
    else
        buffer_format(out, "{\"total\": %" PRIu64 ", \"offset\": %" PRIu32 ", \"sessions\": [", total_of(inquiry), offset);
    for (uint32_t i = offset; i < count && i - offset < limit; i++) {
        if (as_table) {
            write_table_row(out, views[i]);
            continue;
        }
        buffer_append_text(out, i > offset ? ", " : "");
        write_session(out, views[i]);
        buffer_append_text(out, "}");
    }
    if (as_table)
        buffer_format(out, "%" PRIu64 " in all\n", total_of(inquiry));
    else
        buffer_append_text(out, "]}\n");
    free(views);
}

static const char *
reason_of(enum leave_reason reason)
{
    return reason == LEAVE_GOODBYE ? "goodbye" : reason == LEAVE_TIMEOUT ? "timeout" : "closed";
}

static void
write_transition(struct buffer *out, bool online, uint64_t at_ms, enum leave_reason reason)
{
    buffer_format(out, "{\"online\": %s, \"at\": %" PRIu64, truth(online), at_ms);
    if (!online)
        buffer_format(out, ", \"reason\": \"%s\"", reason_of(reason));
    buffer_append_text(out, "}");
}

/* The same for people. */
static void
write_table_transition(struct buffer *out, bool online, uint64_t at_ms, enum leave_reason reason)
{
    char at[CLOCK_RFC3339_BYTES];

    clock_format_rfc3339((int64_t)at_ms, at);
    if (online)
        buffer_format(out, "came %s\n", at);
    else
        buffer_format(out, "went %s (%s)\n", at, reason_of(reason));
}

/* One user without its sessions. Every worker has looked; the first one's look is as good as any. */
static void
write_facts(struct buffer *out, const struct inquiry *inquiry, uint32_t which)
{
    const struct graph_facts *facts = &inquiry->parts[0].facts[which];

    buffer_append_text(out, "\"user_id\": ");
    append_user(out, inquiry->users[which]);
    buffer_format(out, ", \"online\": %s, \"watchers\": %" PRIu32, truth(facts->online), facts->watchers);
    buffer_append_text(out, ", \"last_transition\": ");
    if (facts->changed_at_ms == 0)
        buffer_append_text(out, "null");
    else
        write_transition(out, facts->went_online, facts->changed_at_ms, facts->left_because);
    if (facts->absent)
        buffer_append_text(out, ", \"in_grace\": true");
    if (facts->has_more_sessions)
        buffer_append_text(out, ", \"more_sessions\": true");
}

static void
write_table_facts(struct buffer *out, const struct inquiry *inquiry, uint32_t which)
{
    const struct graph_facts *facts = &inquiry->parts[0].facts[which];

    buffer_append_text(out, "user ");
    append_user(out, inquiry->users[which]);
    buffer_format(out, " is %s, watched by %" PRIu32 " sessions", facts->absent ? "in grace" : facts->online ? "online" : "offline", facts->watchers);
    if (facts->changed_at_ms == 0) {
        buffer_append_text(out, "; when it came or went is not known\n");
        return;
    }
    buffer_append_text(out, "; ");
    write_table_transition(out, facts->went_online, facts->changed_at_ms, facts->left_because);
}

static void
write_history(struct buffer *out, const struct graph_history *history)
{
    static const char *const older[] = {[OLDER_NONE] = "none", [OLDER_UNTOLD] = "not told", [OLDER_FORGOTTEN] = "forgotten"};

    buffer_append_text(out, ", \"transitions\": [");
    for (uint32_t i = 0; i < history->count; i++) {
        buffer_append_text(out, i > 0 ? ", " : "");
        write_transition(out, history->past[i].online, history->past[i].at_ms, history->past[i].reason);
    }
    buffer_format(out, "], \"older_transitions\": \"%s\"", older[history->older]);
}

static void
write_table_history(struct buffer *out, const struct graph_history *history)
{
    static const char *const older[] = {[OLDER_NONE] = "nothing earlier since the server was started",
        [OLDER_UNTOLD] = "earlier ones are not told",
        [OLDER_FORGOTTEN] = "earlier ones are forgotten"};

    buffer_append_text(out, "\nlast transitions of the user:\n");
    for (uint32_t i = 0; i < history->count; i++) {
        buffer_append_text(out, "    ");
        write_table_transition(out, history->past[i].online, history->past[i].at_ms, history->past[i].reason);
    }
    buffer_format(out, "    %s\n", older[history->older]);
}

/* What a session of the watcher can know of the user. */
static const char *
why(const struct session_view *view, bool is_listed)
{
    if (!view->logged_in)
        return "it has not said who it is, so it is told nothing";
    if (view->lists_other && view->queued > 0)
        return "it lists the user; what waits for it in its queue has not been read by its client yet";
    if (view->lists_other)
        return "it lists the user, and all that it was told has been handed to the kernel";
    if (is_listed && !view->is_jsonrpc)
        return "it does not list the user; it hears of the user's departures only, because the user lists it";
    return "it does not list the user, so it is told nothing of it";
}

/* Does a session of the user list the watcher, or the one that was lost? */
static bool
user_lists_watcher(const struct inquiry *inquiry)
{
    for (uint32_t number = 0; number < inquiry->part_count; number++) {
        const struct inquiry_part *part = &inquiry->parts[number];

        if (part->lost_lists)
            return true;
        for (uint32_t i = 0; i < part->count; i++)
            if (part->views[i].which == 1 && part->views[i].lists_other)
                return true;
    }
    return false;
}

/* The sessions of one of the users; with an explanation where there are two. */
static void
write_sessions_of(struct buffer *out, const struct inquiry *inquiry, uint32_t which, bool as_table)
{
    uint32_t count;
    const struct session_view **views = sorted(out, inquiry, &count);
    bool explains = inquiry->user_count == 2, listed = explains && user_lists_watcher(inquiry);
    const char *between = "";

    if (!as_table)
        buffer_append_text(out, ", \"sessions\": [");
    for (uint32_t i = 0; i < count; i++) {
        if (views[i]->which != which)
            continue;
        if (as_table) {
            if (*between == '\0')
                write_table_head(out);
            write_table_row(out, views[i]);
            if (explains && which == 0)
                buffer_format(out, "    %s\n", why(views[i], listed));
        } else {
            buffer_append_text(out, between);
            write_session(out, views[i]);
            if (explains)
                buffer_format(out, ", \"lists_other\": %s", truth(views[i]->lists_other));
            if (explains && which == 0)
                buffer_format(out, ", \"because\": \"%s\"", why(views[i], listed));
            buffer_append_text(out, "}");
        }
        between = ", ";
    }
    if (!as_table)
        buffer_append_text(out, "]");
    free(views);
}

static void
write_user(struct buffer *out, const struct inquiry *inquiry, uint32_t which, bool as_table)
{
    if (as_table) {
        write_table_facts(out, inquiry, which);
        write_sessions_of(out, inquiry, which, true);
        return;
    }
    buffer_append_text(out, "{");
    write_facts(out, inquiry, which);
    write_sessions_of(out, inquiry, which, false);
    buffer_append_text(out, "}");
}

void
api_write_user(struct buffer *out, const struct inquiry *inquiry, bool as_table)
{
    write_user(out, inquiry, 0, as_table);
    buffer_append_text(out, as_table ? "" : "\n");
}

void
api_write_explanation(struct buffer *out, const struct inquiry *inquiry, bool as_table)
{
    bool news_waits = false;

    for (uint32_t number = 0; number < inquiry->part_count; number++)
        news_waits = news_waits || inquiry->parts[number].news_waits;
    if (as_table) {
        write_user(out, inquiry, 0, true);
        buffer_append_text(out, "\n");
        write_user(out, inquiry, 1, true);
        write_table_history(out, &inquiry->parts[0].history);
        buffer_append_text(out, news_waits ? "\nnews of the user is still being told\n" : "");
        return;
    }
    buffer_append_text(out, "{\"watcher\": ");
    write_user(out, inquiry, 0, false);
    buffer_append_text(out, ", \"user\": ");
    write_user(out, inquiry, 1, false);
    write_history(out, &inquiry->parts[0].history);
    buffer_format(out, ", \"news_under_way\": %s}\n", truth(news_waits));
}

void
api_write_closed(struct buffer *out, const struct inquiry *inquiry, bool as_table)
{
    buffer_format(out, as_table ? "%" PRIu64 " closed\n" : "{\"closed\": %" PRIu64 "}\n", total_of(inquiry));
}
