/* SPDX-License-Identifier: MIT
 *
 * idle over UDP: up to millions of sessions, each from an address of its own, rise and are kept alive for some rounds. The figures are those of idle over
 * TCP; lists are said with the hello, so the slope of the memory holds the friends, too.
 *
 * Everybody lists users who came before, so that edges have both their ends and a login is news to hardly anybody; and if a session was lost, those who
 * list its user would hear of it. Where lists are mutual, those of a group list each other, in a second hello when all of the group have come. Whoever is
 * there is kept alive while the others still come. In the classic dialect.
 *
 * A sign of life is a hello, too, and would hide that the first one was refused or lost: before each, a census of those who are new tells that they are
 * there. Another one after the rest tells that they have stayed. At the end all say goodbye, without lists, so that this is news to nobody.
 */
#include "load/address_crowd.h"
#include "load/census.h"
#include "load/cost.h"
#include "load/draw.h"
#include "load/failure.h"
#include "scenarios/idle.h"

enum {
    GROUP = 1000,       /* mutual lists: who list each other come one after the other, so many of them or up to twice as many */
    FIRST_PART = 16,    /* memory is measured from a sixteenth of the sessions on: before that it is the process itself */
    SWEEP_SECONDS = 14, /* far less than the time-out, for the sweep takes its time too */
    SWEEP_LOOKS = 1024,
    SOCKETS = 64,      /* more than a crowd of addresses has */
    REST_SECONDS = 20, /* at most: nobody gives a sign of life then */
    GOODBYES = 3,      /* of all; datagrams may be lost */
    GOODBYES_SECONDS = 60,
    GOODBYES_HASTE_SECONDS = 5, /* for those who have pressed Ctrl-C */
};

static const int64_t second_ns = 1000000000;

struct datagrams {
    struct stage *stage;
    struct address_crowd *crowd;
    struct census *census;
    uint32_t first_user;
    uint32_t come;    /* clients that have said hello */
    uint32_t counted; /* of them, how many are known to be there */
    struct talk_text text;
    struct rows friends;
};

uint64_t
idle_descriptors(const struct plan *plan)
{
    return plan->udp ? SOCKETS : plan->sessions;
}

/* The client says hello, or again, with this list. */
static void
list_say(struct datagrams *datagrams, uint32_t client, const uint32_t *friends, uint32_t count)
{
    datagrams->text.used = 0;
    datagrams->stage->plan->talk->login(&datagrams->text, datagrams->first_user + client, friends, count);
    address_crowd_say(datagrams->crowd, client, datagrams->text.bytes, datagrams->text.used);
}

static void
hello_say(struct datagrams *datagrams, uint32_t client)
{
    struct stage *stage = datagrams->stage;
    struct rows *friends = &datagrams->friends;
    uint32_t count = client > stage->plan->friends ? stage->plan->friends : 0;

    draw_row(friends, &stage->random, stage->plan->graph, count, 0, client, client);
    for (uint32_t i = friends->start[friends->count]; i < friends->start[friends->count + 1]; i++)
        friends->items[i] += datagrams->first_user;
    list_say(datagrams, client, friends->items + friends->start[friends->count], count);
    friends->start[friends->count + 1] = friends->start[friends->count]; /* the row is used again */
}

/* In mutual lists: the next client comes, and when it is the last of its group, all of them say whom they list. */
static void
mutual_say(struct datagrams *datagrams, uint32_t client)
{
    struct stage *stage = datagrams->stage;
    uint32_t groups = stage->sessions >= 2 * GROUP ? stage->sessions / GROUP : 1, group = (uint32_t)((uint64_t)client * groups / stage->sessions);
    uint32_t first = (uint32_t)(((uint64_t)group * stage->sessions + groups - 1) / groups);
    uint32_t end = (uint32_t)(((uint64_t)(group + 1) * stage->sessions + groups - 1) / groups);
    struct rows friends;

    list_say(datagrams, client, NULL, 0);
    if (client + 1 < end)
        return;
    rows_init(&friends);
    idle_lists_draw(stage, &friends, datagrams->first_user + first, end - first);
    for (uint32_t i = 0; i < end - first; i++)
        list_say(datagrams, first + i, rows_at(&friends, i), rows_length(&friends, i));
    rows_done(&friends);
}

/* All of the clients from `first` on that have come are there, or the program ends. Nothing is asked when the run is to end. */
static void
census_check(struct datagrams *datagrams, uint32_t first)
{
    uint32_t expected = datagrams->come - first, online;

    address_crowd_settle(datagrams->crowd);
    if (stage_stopping(datagrams->stage))
        return;
    online = census_online(datagrams->census, datagrams->first_user + first, expected);
    if (online < expected)
        failure_exit("%u of %u sessions are not there: the server has refused or lost them", expected - online, expected);
    datagrams->counted = datagrams->come;
}

/* The sessions that are there give a sign of life. */
static void
sweep(struct datagrams *datagrams)
{
    struct stage *stage = datagrams->stage;

    for (uint32_t client = 0; client < datagrams->come; client++) {
        datagrams->text.used = 0;
        stage->plan->talk->beat(&datagrams->text, datagrams->first_user + client);
        address_crowd_say(datagrams->crowd, client, datagrams->text.bytes, datagrams->text.used);
        if (client % SWEEP_LOOKS != 0)
            continue;
        crowd_poll(&stage->crowd, 0);
        if (stage_stopping(stage))
            break;
    }
    address_crowd_settle(datagrams->crowd);
}

/* All log in; *first is the memory after the first part. Returns the processor time of what kept the others alive meanwhile. */
static int64_t
fill(struct datagrams *datagrams, uint32_t part, struct cost_memory *first)
{
    struct stage *stage = datagrams->stage;
    int64_t swept_ns = crowd_clock_ns(), sweeps_ns = 0;

    for (; datagrams->come < stage->sessions; datagrams->come++) {
        if (datagrams->come == part) {
            address_crowd_settle(datagrams->crowd);
            *first = cost_memory_now(stage->target->process);
        }
        if (datagrams->come % SWEEP_LOOKS == 0) {
            crowd_poll(&stage->crowd, 0);
            if (stage_stopping(stage))
                break;
            if (crowd_clock_ns() - swept_ns > SWEEP_SECONDS * second_ns) {
                address_crowd_settle(datagrams->crowd);
                swept_ns = crowd_clock_ns();
                sweeps_ns -= cost_cpu_ns(stage->target->process);
                census_check(datagrams, datagrams->counted);
                sweep(datagrams);
                sweeps_ns += cost_cpu_ns(stage->target->process);
            }
        }
        if (stage->plan->mutual)
            mutual_say(datagrams, datagrams->come);
        else
            hello_say(datagrams, datagrams->come);
    }
    address_crowd_settle(datagrams->crowd);
    return sweeps_ns;
}

static void
rise_play(struct datagrams *datagrams)
{
    static struct phase phase;
    struct stage *stage = datagrams->stage;
    struct cost_memory first = cost_memory_now(stage->target->process), last;
    uint32_t part = stage->sessions / FIRST_PART;
    int64_t sweeps_ns;

    stage_phase_begin(stage);
    sweeps_ns = fill(datagrams, part, &first);
    stage_phase_end(stage, &phase);
    last = cost_memory_now(stage->target->process);
    stage_meet(stage); /* a census takes memory, too */
    census_check(datagrams, datagrams->counted);
    if (stage_stopping(stage))
        return;
    phase.spent.cpu_ns -= sweeps_ns;
    stage_cost(stage, &phase, "login", stage->plan->sessions);
    stage_figure(stage, REPORT_SERVER, "rss_bytes_per_session",
        (double)(last.rss_bytes - first.rss_bytes) / (stage->sessions - part) / stage->shares->count, "B", "RSS per session with its friends");
    stage_figure(stage, REPORT_SERVER, "rss_all_bytes", (double)last.rss_bytes, "B", "RSS with all");
}

static void
round_play(void *context)
{
    sweep(context);
}

static void
beats_play(struct datagrams *datagrams)
{
    static struct phase total;
    struct stage *stage = datagrams->stage;
    double beats = (double)idle_rounds(stage, round_play, datagrams, &total) * stage->plan->sessions;

    if (stage->share != 0 || beats == 0)
        return;
    stage_cost(stage, &total, "heartbeat", beats);
    stage_figure(stage, REPORT_THROUGHPUT, "heartbeats_per_second", beats / ((double)total.spent.wall_ns / 1e9), "1/s", "heartbeats");
    stage_figure(stage, REPORT_SERVER, "cores_at_20_s", (double)total.spent.cpu_ns / beats * stage->plan->sessions / 20e9, "",
        "cores for a heartbeat of all every 20 s");
    stage_figure(stage, REPORT_THROUGHPUT, "seconds_kept_alive", (double)total.spent.wall_ns / 1e9, "s", "kept alive");
}

/* All who have come say hello with this beside the user. False: the time is up. */
static bool
all_say(struct datagrams *datagrams, const char *what, int64_t start_ns)
{
    for (uint32_t client = 0; client < datagrams->come; client++) {
        int64_t most_ns = (stage_stopping(datagrams->stage) ? GOODBYES_HASTE_SECONDS : GOODBYES_SECONDS) * second_ns;

        if (client % SWEEP_LOOKS == 0) {
            crowd_poll(&datagrams->stage->crowd, 0);
            if (crowd_clock_ns() - start_ns > most_ns)
                return false;
        }
        datagrams->text.used = 0;
        talk_print(&datagrams->text, "{\"user_id\": %u, %s}", TALK_ID_FIRST + datagrams->first_user + client, what);
        address_crowd_say(datagrams->crowd, client, datagrams->text.bytes, datagrams->text.used);
    }
    address_crowd_settle(datagrams->crowd);
    return true;
}

/* What stayed behind would be in the next run's way for half a minute. */
static void
all_leave(struct datagrams *datagrams)
{
    int64_t start_ns = crowd_clock_ns();
    uint32_t left = datagrams->come;

    for (int times = 0; times < GOODBYES && left > 0; times++) {
        if (!all_say(datagrams, "\"friends\": []", start_ns) || !all_say(datagrams, "\"online\": false", start_ns))
            return;
        left = census_online(datagrams->census, datagrams->first_user, datagrams->come);
    }
    if (left > 0)
        failure_exit("%u sessions are still there after they have said goodbye", left);
}

/* Sessions that were lost, and then made anew by a sign of life, are there without their friends. */
static void
departures_check(const struct datagrams *datagrams)
{
    uint64_t departures = address_crowd_departures(datagrams->crowd);

    if (departures > 0)
        failure_exit("%llu departures were told, so sessions were lost", (unsigned long long)departures);
}

void
idle_datagrams_play(struct stage *stage)
{
    struct datagrams datagrams = {.stage = stage, .first_user = stage->share * stage->users};

    if (stage->plan->talk != &talk_classic || !stage->target->loopback)
        failure_usage("idle over UDP speaks the classic dialect, with a server at a loopback address");
    if (stage->sessions < 2 * FIRST_PART)
        failure_usage("idle over UDP needs at least %d sessions in each process", 2 * FIRST_PART);
    if (stage->plan->run_ns > REST_SECONDS * second_ns)
        failure_usage("sessions over UDP end after 30 s without a sign of life, and idle lets them rest for at most %d", REST_SECONDS);
    datagrams.crowd = address_crowd_new(stage->sessions, stage->target);
    datagrams.census = census_new(stage->target, stage->share);
    rows_init(&datagrams.friends);
    idle_memory(stage, "rss_before_bytes", "RSS before");
    stage_crowd(stage, 0); /* only for its clock and its line of progress */
    rise_play(&datagrams);
    beats_play(&datagrams);
    departures_check(&datagrams);
    idle_rest(stage);
    census_check(&datagrams, 0);
    departures_check(&datagrams);
    all_leave(&datagrams);
    census_free(datagrams.census);
    stage_meet(stage);
    idle_give_back(stage);
    address_crowd_free(datagrams.crowd);
    rows_done(&datagrams.friends);
    talk_text_done(&datagrams.text);
    crowd_done(&stage->crowd);
}
