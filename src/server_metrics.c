/* SPDX-License-Identifier: MIT
 *
 * The counters of several threads are read one after another, so a number that is the difference of two (who came, who went) may be off by what
 * happens meanwhile; it is never below zero.
 */
#include "server_metrics.h"

#include "service/exposition.h"
#include "service/footprint.h"
#include "service/version.h"

#include <inttypes.h>
#include <stdio.h>

enum { LABELS_BYTES = 96, US_PER_S = 1000000 };

static const char *const transports[TALLY_TRANSPORTS] = {[TALLY_TCP] = "tcp", [TALLY_UDP] = "udp"};
static const char *const dialects[TALLY_DIALECTS] = {[TALLY_CLASSIC] = "classic", [TALLY_JSONRPC] = "jsonrpc"};
static const char *const ends[END_KINDS] = {[END_GOODBYE] = "goodbye",
    [END_CLOSED] = "closed",
    [END_TIMEOUT] = "timeout",
    [END_ERROR] = "error",
    [END_STOPPED] = "stopped",
    [END_OPERATOR] = "operator"};

static uint64_t
difference(uint64_t more, uint64_t less)
{
    return more > less ? more - less : 0;
}

static void
write_build(const struct server_parts *parts, bool is_ready, struct buffer *out)
{
    char labels[LABELS_BYTES];

    snprintf(labels, sizeof labels, "version=\"%s\",commit=\"%s\"", version_number(), version_commit());
    metric_begin(out, "alo_build_info", METRIC_GAUGE, "Always 1; its labels say what runs.");
    metric_number(out, "alo_build_info", labels, 1);
    metric_begin(out, "alo_start_time_seconds", METRIC_GAUGE, "When the server started, in seconds since the epoch.");
    metric_fraction(out, "alo_start_time_seconds", "", (uint64_t)parts->started_ms, 1000);
    metric_single(out, "alo_ready", METRIC_GAUGE, "Does the server take connections and serve them? As /readyz.", is_ready);
    metric_single(out, "alo_workers", METRIC_GAUGE, "Threads that serve connections.", parts->worker_count);
}

/* One sample for each dialect and transport. */
static void
write_by_dialect(struct buffer *out, const char *name, const struct counter values[TALLY_DIALECTS][TALLY_TRANSPORTS],
    const struct counter less[TALLY_DIALECTS][TALLY_TRANSPORTS])
{
    char labels[LABELS_BYTES];

    for (int dialect = 0; dialect < TALLY_DIALECTS; dialect++)
        for (int transport = 0; transport < TALLY_TRANSPORTS; transport++) {
            uint64_t value = counter_read(&values[dialect][transport]);

            snprintf(labels, sizeof labels, "dialect=\"%s\",transport=\"%s\"", dialects[dialect], transports[transport]);
            metric_number(out, name, labels, less == NULL ? value : difference(value, counter_read(&less[dialect][transport])));
        }
}

static void
write_by_transport(struct buffer *out, const char *name, uint64_t tcp, uint64_t udp)
{
    metric_number(out, name, "transport=\"tcp\"", tcp);
    metric_number(out, name, "transport=\"udp\"", udp);
}

/* Who is there, who came and who went. */
static void
write_presence(const struct server_parts *parts, const struct tally *tally, struct buffer *out)
{
    char labels[LABELS_BYTES];
    uint64_t arrivals = counter_read(&tally->arrivals), departures = counter_read(&tally->departures);
    uint64_t absences = counter_read(&tally->absences), returns = counter_read(&tally->returns), vanished = counter_read(&tally->vanished);

    metric_single(out, "alo_users_online", METRIC_GAUGE, "Users with at least one session.", presence_users_online(parts->presence));
    metric_single(out, "alo_users_in_grace", METRIC_GAUGE,
        "Of the users online, those whose last session was lost and who may come back within --offline-grace.",
        difference(absences, returns + vanished));
    metric_begin(out, "alo_grace_ends_total", METRIC_COUNTER, "Users in grace who came back, and who did not.");
    metric_number(out, "alo_grace_ends_total", "outcome=\"returned\"", returns);
    metric_number(out, "alo_grace_ends_total", "outcome=\"gone\"", vanished);
    metric_begin(out, "alo_transitions_total", METRIC_COUNTER, "Users who came online and who went offline.");
    metric_number(out, "alo_transitions_total", "state=\"online\"", arrivals);
    metric_number(out, "alo_transitions_total", "state=\"offline\"", departures);
    metric_begin(out, "alo_sessions", METRIC_GAUGE, "Sessions that have said who they are.");
    write_by_dialect(out, "alo_sessions", tally->logins, tally->logouts);
    metric_begin(out, "alo_logins_total", METRIC_COUNTER, "Sessions that began.");
    write_by_dialect(out, "alo_logins_total", tally->logins, NULL);
    metric_begin(out, "alo_logouts_total", METRIC_COUNTER, "Sessions that had begun and ended.");
    write_by_dialect(out, "alo_logouts_total", tally->logouts, NULL);
    metric_begin(out, "alo_connections_ended_total", METRIC_COUNTER,
        "Connections, and addresses over UDP, that ended, those that never said who they are among them, by why.");
    for (int end = END_GOODBYE; end < END_KINDS; end++)
        for (int transport = 0; transport < TALLY_TRANSPORTS; transport++) {
            snprintf(labels, sizeof labels, "reason=\"%s\",transport=\"%s\"", ends[end], transports[transport]);
            metric_number(out, "alo_connections_ended_total", labels, counter_read(&tally->ended[end][transport]));
        }
}

static void
write_news(const struct tally *tally, struct buffer *out)
{
    char labels[LABELS_BYTES];

    metric_begin(out, "alo_notifications_total", METRIC_COUNTER, "Changes told: one for each session that was told of one.");
    write_by_dialect(out, "alo_notifications_total", tally->notifications, NULL);
    metric_single(out, "alo_notifications_merged_total", METRIC_COUNTER,
        "Changes that took the place of an older one of the same user that still waited for a slow reader.", counter_read(&tally->merged));
    metric_begin(out, "alo_fanout_sessions", METRIC_HISTOGRAM, "Sessions to be told of one change, of changes that anybody is told of.");
    metric_distribution(out, "alo_fanout_sessions", &tally->audience, 1);
    metric_begin(out, "alo_change_to_written_seconds", METRIC_HISTOGRAM,
        "Time from reading what made a change to handing its notifications to the kernel, each notification counted.");
    metric_distribution(out, "alo_change_to_written_seconds", &tally->delay, US_PER_S);
    metric_begin(out, "alo_errors_total", METRIC_COUNTER, "Errors told to clients, by the protocol's words for them.");
    for (enum error_code code = 0; code < ERROR_CODES; code++) {
        snprintf(labels, sizeof labels, "code=\"%s\"", error_code_name(code));
        metric_number(out, "alo_errors_total", labels, counter_read(&tally->errors[code]));
    }
    metric_single(out, "alo_unfinished_messages_bytes", METRIC_GAUGE, "Memory for messages that have begun and not ended.",
        counter_read(&tally->unfinished_bytes));
}

static void
write_connections(const struct server_parts *parts, const struct worker_counters *counters, struct buffer *out)
{
    uint64_t opened = counter_read(&counters->opened), datagram_opened = counter_read(&counters->datagram_opened);

    metric_begin(out, "alo_connections", METRIC_GAUGE, "Connections, and addresses over UDP, that are there.");
    write_by_transport(out, "alo_connections", admission_count(parts->admission), admission_count(parts->datagram_admission));
    metric_begin(out, "alo_connections_max", METRIC_GAUGE, "How many there may be.");
    write_by_transport(out, "alo_connections_max", admission_limit(parts->admission), admission_limit(parts->datagram_admission));
    metric_begin(out, "alo_connections_opened_total", METRIC_COUNTER, "Connections, and addresses over UDP, that were taken.");
    write_by_transport(out, "alo_connections_opened_total", difference(opened, datagram_opened), datagram_opened);
    metric_single(out, "alo_connections_refused_total", METRIC_COUNTER,
        "Connections that were closed at once because not even their refusal could be handed on.", counter_read(&parts->acceptor->refused));
    metric_single(out, "alo_lines_sent_total", METRIC_COUNTER, "Lines queued for clients or sent to them: notifications, answers, errors.",
        counter_read(&counters->lines));
    metric_single(out, "alo_writes_total", METRIC_COUNTER, "Writes to sockets that took them, many of which may be one system call.",
        counter_read(&counters->writes));
    metric_single(out, "alo_datagrams_received_total", METRIC_COUNTER, "Datagrams that came in.", counter_read(&counters->datagrams));
    metric_single(out, "alo_datagrams_lost_total", METRIC_COUNTER, "Datagrams that could not be sent.", counter_read(&counters->lost));
    metric_single(out, "alo_stale_news_total", METRIC_COUNTER, "Notifications whose session had ended by then.", counter_read(&counters->stale));
}

/* How busy the workers are, and whether they stand in each other's way. */
static void
write_workers(const struct server_parts *parts, const struct worker_counters *counters, struct buffer *out)
{
    char labels[LABELS_BYTES];

    metric_begin(out, "alo_turn_seconds", METRIC_HISTOGRAM, "Time that a turn of a worker's loop takes, the waiting for something to do apart.");
    metric_distribution(out, "alo_turn_seconds", &counters->turn, US_PER_S);
    metric_begin(out, "alo_mailbox_mails", METRIC_GAUGE, "Mails that a worker has not taken yet.");
    for (uint32_t number = 0; number < parts->worker_count; number++) {
        snprintf(labels, sizeof labels, "worker=\"%u\"", number);
        metric_number(out, "alo_mailbox_mails", labels, counter_read(&parts->workers[number].mailbox.depth));
    }
    metric_begin(out, "alo_mailbox_notifications", METRIC_GAUGE,
        "Sessions that a worker still has to tell, a celebrity's audience counted as 256; over 262144 nobody is read from.");
    for (uint32_t number = 0; number < parts->worker_count; number++) {
        snprintf(labels, sizeof labels, "worker=\"%u\"", number);
        metric_number(out, "alo_mailbox_notifications", labels, counter_read(&parts->workers[number].mailbox.weight));
    }
    metric_single(
        out, "alo_under_pressure", METRIC_GAUGE, "Is some worker so far behind that nobody is read from?", pressure_is_high(parts->pressure));
    metric_single(out, "alo_shard_lock_waits_total", METRIC_COUNTER,
        "How often a worker waited for another one's look at the same part of the graph.", presence_lock_waits(parts->presence));
}

void
server_metrics_write(const struct server_parts *parts, bool is_ready, struct buffer *out)
{
    struct worker_counters counters;
    struct tally tally;

    counters_init(&counters.opened, COUNTERS_IN(struct worker_counters));
    counters_init(&tally.logins[0][0], COUNTERS_IN(struct tally));
    for (uint32_t number = 0; number < parts->worker_count; number++)
        counters_sum(&counters.opened, &parts->workers[number].counters.opened, COUNTERS_IN(struct worker_counters));
    presence_count(parts->presence, &tally);
    write_build(parts, is_ready, out);
    write_presence(parts, &tally, out);
    write_connections(parts, &counters, out);
    write_news(&tally, out);
    write_workers(parts, &counters, out);
    footprint_write(out);
}
