/* SPDX-License-Identifier: MIT
 *
 * Who lists whom in a storm, and how all of them come and leave.
 */
#include "load/draw.h"
#include "load/failure.h"
#include "scenarios/storm.h"

#include <stdlib.h>

enum {
    CLOSES = 64, /* in a row, before what they led to is read */
    LOOKS = 64,  /* at users who may have to wait, before what comes is read */
};

static const int64_t wait_ns = 20000000, again_ns = 1000000000, look_ns = 50000000, lost_ns = 5000000000;

static uint32_t
witness_of(uint32_t user)
{
    return user % STORM_WITNESSES;
}

/* Half of a mutual list is drawn by the others. */
static void
lists_draw(struct storm *storm, struct rows *friends)
{
    struct stage *stage = storm->stage;
    const struct plan *plan = stage->plan;
    uint32_t users = stage->sessions, strangers = users + STORM_WITNESSES + 1;

    for (uint32_t user = 0; user < users; user++) {
        stage_stop_check(stage);
        if (plan->mutual)
            draw_row(friends, &stage->random, plan->graph, (plan->friends + 1) / 2, 0, users, user);
        else
            draw_row(friends, &stage->random, plan->graph, plan->friends, strangers, users, user);
        rows_end(friends);
    }
    if (plan->mutual)
        draw_mutual(friends, users);
}

void
storm_people_make(struct storm *storm)
{
    struct stage *stage = storm->stage;
    uint32_t users = stage->sessions, pilot = users + STORM_WITNESSES;
    struct rows *friends = &storm->friends, told;

    rows_init(friends);
    rows_init(&told);
    lists_draw(storm, friends);
    for (uint32_t user = 0; user < users; user++) {
        rows_put(&told, users + witness_of(user));
        for (uint32_t i = 0; stage->plan->mutual && i < rows_length(friends, user); i++)
            rows_put(&told, rows_at(friends, user)[i]);
        rows_end(&told);
    }
    for (uint32_t witness = 0; witness < STORM_WITNESSES; witness++) {
        rows_put(friends, pilot);
        for (uint32_t user = witness; user < users; user += STORM_WITNESSES)
            rows_put(friends, user);
        rows_end(friends);
        rows_end(&told);
    }
    rows_end(friends);
    for (uint32_t i = 0; i < STORM_WITNESSES; i++)
        rows_put(&told, users + i);
    rows_end(&told);
    for (uint32_t client = 0; client <= pilot; client++)
        hellos_add(&storm->hellos, client, rows_at(friends, client), rows_length(friends, client));
    stage_table(stage, &told, &told);
    rows_done(&told);
    storm->states = memory_new(users, sizeof *storm->states);
    storm->order = memory_new(users, sizeof *storm->order);
    for (uint32_t witness = 0; witness < STORM_WITNESSES; witness++)
        storm->flights[witness].user = UINT32_MAX;
}

void
storm_people_done(struct storm *storm)
{
    rows_done(&storm->friends);
    hellos_done(&storm->hellos);
    free(storm->states);
    free(storm->order);
}

/* Friends of the user who may be there; nobody's are when lists are one-sided. */
static uint32_t
friends_count(const struct storm *storm, uint32_t user)
{
    return storm->stage->plan->mutual ? rows_length(&storm->friends, user) : 0;
}

/* The user's last transition has happened, or will never be told. */
static void
flight_end(struct storm *storm, struct storm_flight *flight)
{
    uint32_t user = flight->user;

    flight->user = UINT32_MAX;
    storm->flying--;
    if (storm->states[user] == STORM_COMING) {
        storm->states[user] = STORM_THERE;
        return;
    }
    storm->states[user] = STORM_AWAY;
    if (crowd_joined(&storm->stage->crowd, user))
        crowd_drop(&storm->stage->crowd, user);
}

static void
witness_told(void *context, uint32_t client, bool online)
{
    struct storm *storm = context;
    uint32_t users = storm->stage->sessions;
    struct storm_flight *flight = client < users ? NULL : &storm->flights[client - users];

    /* What is told twice, over UDP, is of the other kind or of nobody. */
    if (flight != NULL && flight->user != UINT32_MAX && online == (storm->states[flight->user] == STORM_COMING))
        flight_end(storm, flight);
}

/* Whoever has said goodbye may still be told something, until the server has read that. */
static bool
leaver_took(void *context, uint32_t client, const struct talk_word *word)
{
    const struct storm *storm = context;

    (void)word;
    return client < storm->stage->sessions && storm->states[client] == STORM_LEAVING;
}

static void
user_say(struct storm *storm, uint32_t user)
{
    struct crowd *crowd = &storm->stage->crowd;
    size_t length;
    const char *hello = hellos_at(&storm->hellos, user, &length);

    if (storm->states[user] == STORM_LEAVING)
        crowd_part(crowd, user);
    else if (crowd_joined(crowd, user))
        crowd_say(crowd, user, hello, length);
    else
        crowd_join(crowd, user, hello, length);
}

/* Orders that the user comes or leaves, now. */
static void
transition_order(struct storm *storm, uint32_t user, bool online)
{
    struct stage *stage = storm->stage;
    struct crowd *crowd = &stage->crowd;
    struct storm_flight *flight = &storm->flights[witness_of(user)];
    uint32_t named = crowd->setting.first_user + user;
    int64_t now_ns = crowd_clock_ns();

    crowd_transition(crowd, now_ns);
    crowd_expect(crowd, stage->sessions + witness_of(user), named, online, now_ns);
    for (uint32_t i = 0; i < friends_count(storm, user); i++)
        if (storm->states[rows_at(&storm->friends, user)[i]] == STORM_THERE)
            crowd_expect(crowd, rows_at(&storm->friends, user)[i], named, online, now_ns);
    if (!online)
        crowd_forget(crowd, user);
    if (online || stage->plan->udp) {
        storm->states[user] = online ? STORM_COMING : STORM_LEAVING;
        *flight = (struct storm_flight){.user = user, .ordered_ns = now_ns, .said_ns = now_ns};
        storm->flying++;
        user_say(storm, user);
    } else {
        storm->states[user] = STORM_AWAY;
        crowd_leave(crowd, user);
    }
}

/* Over UDP: what was lost is said again, and what has been lost for good is not waited for. */
static void
flights_look(struct storm *storm, int64_t now_ns)
{
    int64_t late_ns = storm->stage->plan->late_ns;

    if (!storm->stage->plan->udp || now_ns - storm->looked_ns < look_ns)
        return;
    storm->looked_ns = now_ns;
    for (struct storm_flight *flight = storm->flights; flight < storm->flights + STORM_WITNESSES; flight++) {
        if (flight->user == UINT32_MAX)
            continue;
        if (now_ns - flight->ordered_ns > (late_ns < lost_ns ? late_ns : lost_ns)) {
            flight_end(storm, flight);
        } else if (now_ns - flight->said_ns > again_ns) {
            flight->said_ns = now_ns;
            storm->repeats++;
            user_say(storm, flight->user);
        }
    }
}

/* Whether it is known what the user's arrival or departure is news to. Over TCP a departure is not waited for. */
static bool
may_move(const struct storm *storm, uint32_t user, bool online)
{
    if (!online && !storm->stage->plan->udp)
        return true;
    if (storm->flights[witness_of(user)].user != UINT32_MAX)
        return false;
    for (uint32_t i = 0; online && i < friends_count(storm, user); i++)
        if (storm->states[rows_at(&storm->friends, user)[i]] == STORM_COMING)
            return false;
    return true;
}

/* Moves one of those who have waited longest to the front, order[0]; false: none of them may move. */
static bool
next_find(const struct storm *storm, uint32_t *order, uint32_t count, bool online)
{
    for (uint32_t i = 0; i < count && i < LOOKS; i++) {
        uint32_t user = order[i];

        if (!may_move(storm, user, online))
            continue;
        order[i] = order[0];
        order[0] = user;
        return true;
    }
    return false;
}

/* Those first `count` of the order come or leave, as many at once as `most`. */
static void
all_move(struct storm *storm, uint32_t count, bool online, uint32_t most)
{
    struct stage *stage = storm->stage;

    for (uint32_t moved = 0; moved < count && (!online || !stage_stopping(stage)) && !stage_stalled(stage, crowd_clock_ns());) {
        if (storm->flying < most && next_find(storm, storm->order + moved, count - moved, online)) {
            transition_order(storm, storm->order[moved++], online);
            if (online || moved % CLOSES != 0)
                continue;
            crowd_poll(&stage->crowd, 0);
        } else {
            crowd_poll(&stage->crowd, storm->flying > 0 ? wait_ns : 0);
        }
        flights_look(storm, crowd_clock_ns());
    }
    while (stage->plan->udp && storm->flying > 0) {
        crowd_poll(&stage->crowd, wait_ns);
        flights_look(storm, crowd_clock_ns());
    }
    crowd_settle(&stage->crowd);
}

static void
crowd_listen(struct storm *storm)
{
    struct stage *stage = storm->stage;

    stage->crowd.told = witness_told;
    stage->crowd.told_context = storm;
    stage->crowd.told_below = stage->sessions + STORM_WITNESSES;
    stage->crowd.took = leaver_took;
    stage->crowd.context = storm;
}

void
storm_come(struct storm *storm)
{
    struct stage *stage = storm->stage;

    crowd_listen(storm);
    for (uint32_t user = 0; user < stage->sessions; user++)
        storm->order[user] = user;
    all_move(storm, stage->sessions, true, stage_part(stage, stage->plan->in_flight) + 1);
}

/* What is still under way when the run is broken off, or nothing comes any more, has been waited for. */
void
storm_leave(struct storm *storm)
{
    struct stage *stage = storm->stage;
    uint32_t count = 0;

    for (uint32_t user = 0; user < stage->sessions; user++)
        if (crowd_joined(&stage->crowd, user))
            storm->order[count++] = user;
    for (struct storm_flight *flight = storm->flights; flight < storm->flights + STORM_WITNESSES; flight++)
        if (flight->user != UINT32_MAX)
            flight_end(storm, flight);
    all_move(storm, count, false, STORM_WITNESSES);
}
