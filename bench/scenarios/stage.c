/* SPDX-License-Identifier: MIT */
#include "scenarios/stage.h"

#include "load/cost.h"
#include "load/failure.h"
#include "load/floor_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    GATHER_BATCH = 256, /* well below any listen queue */
    GATHER_DATAGRAMS = 16,
    GATHER_SECONDS = 20, /* nobody is accepted for so long: the server will not do it any more */
    PILOT_QUIET_MS = 300,
    PILOT_LATE_MS = 5000,
    UDP_LATE_MS = 1000,
    ROLL_CALLS = 50, /* over UDP, where any call may lose something */
    ROLL_CALLS_STREAM = 10,
    GOODBYES = 3,
    QUIET_SECONDS = 60,
    STATUS_INTERRUPTED = 130,
};

/* Some servers are never at rest: Redis looks after its clients many times a second. One part in so many of a processor is rest enough. */
enum { RESTLESS = 10 };

static const int64_t ms_ns = 1000000, second_ns = 1000000000;
enum { TICK_NS = 50000000, SHOWN_NS = 200000000 };

static void
numbers_send(int descriptor, const uint32_t *numbers, size_t count)
{
    const char *bytes = (const char *)numbers;
    size_t left = count * sizeof *numbers;

    while (left > 0) {
        ssize_t sent = send(descriptor, bytes, left, MSG_NOSIGNAL);

        if (sent < 0)
            failure_errno("send");
        bytes += sent;
        left -= (size_t)sent;
    }
}

void
stage_table(const struct stage *stage, const struct rows *arrive, const struct rows *leave)
{
    struct floor_header header = {
        .magic = FLOOR_MAGIC,
        .users = arrive->count,
        .arrive_items = arrive->start[arrive->count],
        .leave_items = leave->start[leave->count],
    };
    int descriptor;
    char answer;

    if (stage->plan->talk != &talk_floor)
        return;
    descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0 || connect(descriptor, (const struct sockaddr *)&stage->target->address, stage->target->length) != 0)
        failure_errno("cannot connect to the floor");
    numbers_send(descriptor, (const uint32_t *)&header, sizeof header / sizeof(uint32_t));
    numbers_send(descriptor, arrive->start, header.users + 1);
    numbers_send(descriptor, arrive->items, header.arrive_items);
    numbers_send(descriptor, leave->start, header.users + 1);
    numbers_send(descriptor, leave->items, header.leave_items);
    if (recv(descriptor, &answer, 1, 0) != 1)
        failure_exit("the floor did not take the table");
    close(descriptor);
}

/* The line of progress, from what all shares show. */
static void
progress_tell(struct stage *stage, int64_t now_ns)
{
    struct progress_state state = {.unit = "notifications"};
    uint64_t delivered = 0;

    for (uint32_t share = 0; share < stage->shares->count; share++) {
        const struct tally *tally = &stage->shares->tallies[share];

        delivered += atomic_load_explicit(&tally->shown_heard, memory_order_relaxed);
        state.errors += atomic_load_explicit(&tally->shown_errors, memory_order_relaxed);
        state.online += atomic_load_explicit(&tally->shown_online, memory_order_relaxed);
    }
    if (now_ns - stage->rate_ns > SHOWN_NS) {
        stage->rate =
            delivered >= stage->rate_delivered ? (double)(delivered - stage->rate_delivered) / ((double)(now_ns - stage->rate_ns) / 1e9) : 0;
        stage->rate_ns = now_ns;
        stage->rate_delivered = delivered;
    }
    state.delivered = delivered;
    state.rate = stage->rate;
    state.seconds = (double)(now_ns - stage->start.wall_ns) / 1e9;
    state.seconds_total = stage->end_ns > 0 ? (double)(stage->end_ns - stage->start.wall_ns) / 1e9 : 0;
    progress_show(&stage->progress, now_ns, &state);
}

static void
stage_tick(void *context, int64_t now_ns)
{
    struct stage *stage = context;
    struct tally *tally = stage->crowd.setting.tally;

    atomic_store_explicit(&tally->shown_heard, tally->counts.heard, memory_order_relaxed);
    atomic_store_explicit(&tally->shown_errors, tally_errors(&tally->counts), memory_order_relaxed);
    atomic_store_explicit(&tally->shown_online, stage->crowd.online, memory_order_relaxed);
    if (now_ns - stage->ticked_ns < TICK_NS)
        return;
    stage->ticked_ns = now_ns;
    if (stage->measuring)
        series_online(&tally->series, now_ns, stage->crowd.online);
    if (stage->share == 0 && stage->rss_most_bytes > 0) {
        int64_t rss_bytes = cost_rss_bytes(stage->target->process);

        if (rss_bytes > stage->rss_most_bytes)
            stage->rss_most_bytes = rss_bytes;
    }
    if (stage->share == 0)
        progress_tell(stage, now_ns);
}

void
stage_crowd(struct stage *stage, uint32_t clients)
{
    struct crowd_setting setting = {
        .target = stage->target,
        .talk = stage->plan->talk,
        .datagrams = stage->plan->udp,
        .first_user = stage->share * stage->users,
        .late_ns = stage->plan->late_ns,
        .tally = &stage->shares->tallies[stage->share],
    };

    series_begin(&setting.tally->series, crowd_clock_ns(), second_ns);
    crowd_init(&stage->crowd, clients, &setting);
    stage->start.wall_ns = crowd_clock_ns();
    stage->crowd.ticked = stage_tick;
    stage->crowd.tick_context = stage;
}

void
stage_hellos(struct stage *stage, struct hellos *hellos)
{
    hellos_init(hellos, stage->plan->talk, stage->share * stage->users);
}

uint32_t
stage_part(const struct stage *stage, uint32_t whole)
{
    uint32_t count = stage->shares->count;

    return whole / count + (stage->share < whole % count);
}

void
stage_abandon(struct stage *stage)
{
    atomic_store_explicit(&stage->shares->abandoned, true, memory_order_relaxed);
    while (stage->share != 0)
        pause(); /* the first one ends the run, even if it is further and waits for this one: see stage_meet */
    progress_clear(&stage->progress);
    fprintf(stderr, "%s: stopped before anything was measured\n", program_invocation_short_name);
    exit(STATUS_INTERRUPTED);
}

void
stage_stop_check(struct stage *stage)
{
    if (stage_stopping(stage))
        stage_abandon(stage);
}

void
stage_gather(struct stage *stage, uint32_t first, uint32_t count, const struct hellos *hellos, uint32_t first_hello)
{
    bool paced = stage->target->process != 0 && stage->target->accepts && !stage->plan->udp;
    uint32_t batch = stage->plan->udp ? GATHER_DATAGRAMS : GATHER_BATCH, before = paced ? cost_descriptors(stage->target->process) : 0;

    for (uint32_t i = 0; i < count; i++) {
        size_t length;
        const char *hello = hellos_at(hellos, first_hello + i, &length);
        int64_t start_ns;

        crowd_join(&stage->crowd, first + i, hello, length);
        if (i % batch != batch - 1 && i != count - 1)
            continue;
        crowd_poll(&stage->crowd, paced ? 0 : ms_ns);
        start_ns = crowd_clock_ns();
        /* The table's connection may end in between, hence one less. */
        while (paced && cost_descriptors(stage->target->process) + 1 < before + i + 1) {
            if (crowd_clock_ns() - start_ns > GATHER_SECONDS * second_ns)
                failure_exit("the server does not accept more than %u connections", i + 1);
            crowd_poll(&stage->crowd, ms_ns);
            stage_stop_check(stage);
        }
        stage_stop_check(stage);
    }
}

/*
 * For how long nothing may come before it is taken for certain that nothing will. Whoever takes longer than a notification may take is wrong in any case,
 * but 5 s are long enough where that is much. Over UDP, where news may be lost, waiting does not help: the call is repeated soon.
 */
static int64_t
patience_ns(const struct stage *stage)
{
    int64_t most_ns = stage->plan->udp ? PILOT_QUIET_MS * ms_ns : PILOT_LATE_MS * ms_ns;

    if (stage->plan->late_ns < PILOT_QUIET_MS * ms_ns)
        return PILOT_QUIET_MS * ms_ns;
    return stage->plan->late_ns < most_ns ? stage->plan->late_ns : most_ns;
}

/* Whether every client of the range that is not known to be there has heard the word; waits for that while anything comes. */
static bool
range_heard(struct stage *stage, uint32_t first, uint32_t count, const bool *there, bool online)
{
    struct crowd *crowd = &stage->crowd;
    int64_t start_ns = crowd_clock_ns();
    uint32_t next = first;

    for (;;) {
        while (next < first + count && (there[next - first] || crowd->clients[next].heard[online] > 0))
            next++;
        if (next == first + count)
            return true;

        int64_t last_ns = crowd->heard_ns > start_ns ? crowd->heard_ns : start_ns;

        if (crowd_clock_ns() - last_ns > patience_ns(stage))
            return false;
        crowd_poll(crowd, 50 * ms_ns);
        stage_stop_check(stage);
    }
}

/*
 * Whether each has heard that the pilot came and left, and nothing else. Over TCP all of them must have in one call, so that nothing is under way any
 * more; over UDP, where news may be lost, one after the other.
 */
static bool
range_there(const struct stage *stage, uint32_t first, uint32_t count, bool *there)
{
    const struct client *clients = &stage->crowd.clients[first];
    bool all = true;

    for (uint32_t i = 0; i < count; i++) {
        there[i] = (there[i] && stage->plan->udp) || (clients[i].heard[0] == 1 && clients[i].heard[1] == 1);
        all = all && there[i];
    }
    return all;
}

static void
hellos_repeat(struct stage *stage, uint32_t first, uint32_t count, const bool *there, const struct hellos *hellos)
{
    for (uint32_t i = 0; i < count; i++) {
        size_t length;
        const char *hello = hellos_at(hellos, first + i, &length);

        if (there[i] || stage->crowd.clients[first + i].heard[1] > 0)
            continue;
        crowd_say(&stage->crowd, first + i, hello, length);
        if (i % GATHER_DATAGRAMS == 0)
            crowd_poll(&stage->crowd, ms_ns);
    }
}

/* Over UDP, with more than one goodbye: if it were lost, the pilot would stay for half a minute, and its next arrival be news to nobody. */
static void
pilot_leave(struct stage *stage, uint32_t pilot)
{
    struct talk_text text = {0};

    for (int times = 0; stage->plan->udp && times < GOODBYES; times++) {
        text.used = 0;
        stage->plan->talk->leave(&text, stage->crowd.setting.first_user + pilot, true);
        crowd_say(&stage->crowd, pilot, text.bytes, text.used);
    }
    talk_text_done(&text);
    crowd_leave(&stage->crowd, pilot);
}

void
stage_roll_call(struct stage *stage, uint32_t first, uint32_t count, uint32_t pilot, const struct hellos *hellos)
{
    size_t length;
    const char *text = hellos_at(hellos, pilot, &length);
    bool *there = memory_new(count, sizeof *there);

    for (int call = 0; call == 0 || !range_there(stage, first, count, there); call++) {
        if (call == (stage->plan->udp ? ROLL_CALLS : ROLL_CALLS_STREAM))
            failure_exit("not all of %u sessions hear that a friend comes and goes", count);
        /*
         * Who has not been logged in when the pilot comes does not hear of it, and nobody can tell that from news that is slow. So the server is
         * given the time to finish what it is doing, and what it may still have to say of the last call must not be taken for this one's.
         */
        stage_quiet(stage, call > 0 && stage->plan->udp ? UDP_LATE_MS : PILOT_QUIET_MS);
        if (!stage->plan->udp)
            memset(there, 0, count);
        crowd_reset(&stage->crowd, false);
        crowd_join(&stage->crowd, pilot, text, length);
        if (!range_heard(stage, first, count, there, true) && stage->plan->udp)
            hellos_repeat(stage, first, count, there, hellos);
        pilot_leave(stage, pilot);
        range_heard(stage, first, count, there, false);
    }
    free(there);
    crowd_reset(&stage->crowd, true);
}

void
stage_quiet(struct stage *stage, int quiet_ms)
{
    struct crowd *crowd = &stage->crowd;
    /* Over UDP the signs of life never rest. */
    pid_t process = stage->plan->udp && crowd->online > 0 ? 0 : stage->target->process;
    uint64_t heard = crowd->heard;
    int64_t cpu_ns = process != 0 ? cost_cpu_ns(process) : 0, start_ns = crowd_clock_ns(), since_ns = start_ns, look_ns = start_ns;

    while (look_ns - since_ns < quiet_ms * ms_ns && !stage_stopping(stage)) {
        int64_t now_ns = crowd_clock_ns(), spent_ns = process != 0 ? cost_cpu_ns(process) - cpu_ns : 0;

        if (crowd->heard != heard || spent_ns > (now_ns - look_ns) / RESTLESS)
            since_ns = now_ns;
        heard = crowd->heard;
        cpu_ns += spent_ns;
        look_ns = now_ns;
        if (since_ns - start_ns > QUIET_SECONDS * second_ns)
            failure_exit("the server does not come to rest");
        crowd_poll(crowd, 10 * ms_ns);
    }
}

bool
stage_stalled(const struct stage *stage, int64_t now_ns)
{
    int64_t last_ns = stage->crowd.heard_ns > stage->start.wall_ns ? stage->crowd.heard_ns : stage->start.wall_ns;

    return stage->crowd.under_way > 0 && now_ns - last_ns > stage->plan->late_ns;
}

double
values_median(double *values, size_t count)
{
    double swap;

    for (size_t i = 1; i < count; i++)
        for (size_t j = i; j > 0 && values[j] < values[j - 1]; j--) {
            swap = values[j];
            values[j] = values[j - 1];
            values[j - 1] = swap;
        }
    if (count == 0)
        return 0;
    return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}
