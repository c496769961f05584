/* SPDX-License-Identifier: MIT
 *
 * Who must be told what, and what has come of it. The witnesses' words are in the crowd's own books.
 */
#include "scenarios/churn.h"

enum { POLL_NS = 20000000, QUIET_MS = 200, QUIET_UNSEEN_MS = 500 /* where the server's own rest cannot be seen */ };

static const int64_t lost_ns = 1000000000;

/* What somebody was told, or was not, about another one is wrong. Over UDP it may come of what was lost. */
static void
wrong(struct churn *churn, bool missing, uint32_t client, const char *what, uint32_t person)
{
    struct crowd *crowd = &churn->stage->crowd;
    struct tally_counts *counts = &crowd->setting.tally->counts;

    if (crowd->setting.datagrams && (missing || counts->lost > 0)) {
        counts->lost++;
        return;
    }
    crowd_wrong(crowd, missing ? &counts->missing : &counts->extra, crowd_clock_ns(), "user %u %s user %u", crowd_id(crowd, client), what,
        TALK_ID_FIRST + churn_user(churn, person));
}

static void
wrong_bounds(struct churn *churn, bool missing, uint32_t client, const struct bounds *bounds)
{
    struct crowd *crowd = &churn->stage->crowd;
    struct tally_counts *counts = &crowd->setting.tally->counts;

    if (crowd->setting.datagrams && (missing || counts->lost > 0)) {
        counts->lost++;
        return;
    }
    crowd_wrong(crowd, missing ? &counts->missing : &counts->extra, crowd_clock_ns(),
        "user %u was told of %u arrivals, which had to be %u and could be %u more, and of %u departures, which had to be %u and could be %u more",
        crowd_id(crowd, client), bounds->heard[1], bounds->must[1], bounds->may[1], bounds->heard[0], bounds->must[0], bounds->may[0]);
}

/* Adds somebody to those who are told of the current move. */
static void
told_add(struct churn *churn, uint32_t *count, uint32_t person, bool sure)
{
    if (churn->told_of[person] != churn->told_now) {
        churn->told_of[person] = churn->told_now;
        churn->told_at[person] = (*count)++;
        churn->told[churn->told_at[person]] = (struct friend){.person = person, .state = FRIEND_NONE};
    }
    if (sure)
        churn->told[churn->told_at[person]].state = FRIEND_SURE;
}

void
churn_books_move(struct churn *churn, uint32_t person)
{
    const struct talk *talk = churn->stage->plan->talk;
    const struct person *it = &churn->persons[person];
    uint32_t count = 0;

    if (talk->names_users)
        return;
    churn->told_now++;
    for (uint32_t i = 0; i < it->watchers_count; i++)
        told_add(churn, &count, it->watchers[i].person, it->watchers[i].state == FRIEND_SURE);
    for (uint32_t i = 0; talk->tells_listed && !it->truth.online && i < person_room(it); i++)
        if (it->friends[i].state != FRIEND_NONE)
            told_add(churn, &count, it->friends[i].person, it->friends[i].state == FRIEND_SURE);
    for (uint32_t i = 0; i < count; i++) {
        struct seat *seats = churn->persons[churn->told[i].person].seats;

        for (int device = 0; device < 2; device++)
            if (seats[device].state != SEAT_EMPTY)
                bounds_expect(
                    &seats[device].bounds, person, it->truth.online, churn->told[i].state == FRIEND_SURE && seats[device].state == SEAT_THERE);
    }
}

/* What is under way while it sits down it may be told. */
static void
bounds_begin(const struct churn *churn, uint32_t person, struct bounds *bounds)
{
    const struct person *it = &churn->persons[person];

    *bounds = (struct bounds){.mover = 0};
    for (uint32_t i = 0; i < it->listed; i++) {
        const struct person *friend = &churn->persons[it->friends[i].person];

        if (friend->moving)
            bounds_expect(bounds, it->friends[i].person, friend->truth.online, false);
    }
    for (uint32_t i = 0; i < it->watchers_count; i++) {
        const struct person *watcher = &churn->persons[it->watchers[i].person];

        if (watcher->moving && !watcher->truth.online)
            bounds_expect(bounds, it->watchers[i].person, false, false);
    }
}

/* From here on the server may have looked whether the friend is there; what it answers must be no older. */
static void
belief_ask(const struct churn *churn, struct belief *belief, uint32_t friend)
{
    const struct person *it = &churn->persons[friend];

    *belief = (struct belief){.told = it->truth.changes - it->moving};
}

void
churn_books_sit(struct churn *churn, uint32_t person, int device)
{
    struct person *it = &churn->persons[person];
    struct seat *seat = &it->seats[device];

    seat->state = SEAT_COMING;
    seat->awaits = seat->beliefs != NULL;
    bounds_begin(churn, person, &seat->bounds);
    for (uint32_t i = 0; seat->beliefs != NULL && i < person_room(it); i++)
        belief_ask(churn, &seat->beliefs[i], it->friends[i].person);
}

void
churn_books_added(struct churn *churn, uint32_t person, int device, uint32_t place)
{
    struct person *it = &churn->persons[person];
    struct seat *seat = &it->seats[device];

    if (seat->beliefs == NULL)
        return;
    seat->awaits = true;
    belief_ask(churn, &seat->beliefs[place], it->friends[place].person);
}

void
churn_books_rise(struct churn *churn, uint32_t person, int device)
{
    struct seat *seat = &churn->persons[person].seats[device];

    if (bounds_exceeded(&seat->bounds) && seat->beliefs == NULL)
        wrong_bounds(churn, false, churn_client(churn, person, device), &seat->bounds);
    seat->state = SEAT_EMPTY;
    seat->awaits = false;
}

/* The server answers which of those whom it begins to follow are there. */
static void
snapshot_hear(struct churn *churn, uint32_t person, int device, const struct talk_word *word)
{
    struct person *it = &churn->persons[person];
    struct seat *seat = &it->seats[device];
    uint32_t count = churn->stage->plan->talk->snapshot(word->answer, word->answer_bytes, churn->snapshot, churn->room);

    if (count == UINT32_MAX)
        return;
    seat->awaits = false;
    for (uint32_t i = 0; i < person_room(it); i++) {
        bool online = false;

        if (it->friends[i].state == FRIEND_DROPPED)
            seat->beliefs[i].known = false;
        if (seat->beliefs[i].known || it->friends[i].state == FRIEND_NONE || it->friends[i].state == FRIEND_DROPPED)
            continue;
        for (uint32_t j = 0; j < count && j < person_room(it) && !online; j++)
            online = churn->snapshot[j] == churn_user(churn, it->friends[i].person);
        if (!belief_begin(&seat->beliefs[i], online, seat->beliefs[i].told, &churn->persons[it->friends[i].person].truth))
            wrong(churn, true, churn_client(churn, person, device), "was answered wrongly about", it->friends[i].person);
    }
}

static void
change_hear(struct churn *churn, uint32_t person, int device, const struct talk_word *word)
{
    const struct person *it = &churn->persons[person];
    uint32_t other = word->user - churn_user(churn, 0);

    for (uint32_t i = 0; i < person_room(it); i++) {
        if (it->friends[i].state == FRIEND_NONE || it->friends[i].person != other)
            continue;
        if (!belief_hear(&it->seats[device].beliefs[i], word->online, &churn->persons[other].truth))
            wrong(churn, false, churn_client(churn, person, device), "was told twice, or too early, or too long, of", other);
        return;
    }
    wrong(churn, false, churn_client(churn, person, device), "does not follow and was told of", other);
}

static bool
word_took(void *context, uint32_t client, const struct talk_word *word)
{
    struct churn *churn = context;
    uint32_t first = churn_client(churn, 0, 0);

    if (client < first || client >= churn_stranger(churn, 0))
        return false;

    uint32_t person = (client - first) % churn->people;
    int device = (client - first) / churn->people;

    if (word->kind == TALK_NEWS) {
        churn->stage->crowd.setting.tally->counts.heard++;
        if (churn->stage->plan->talk->names_users)
            change_hear(churn, person, device, word);
        else
            bounds_hear(&churn->persons[person].seats[device].bounds, word->online);
    } else if (word->answer != NULL && churn->persons[person].seats[device].awaits) {
        snapshot_hear(churn, person, device, word);
    }
    return true;
}

/* The transition that the witness of some has been told has happened. */
static void
mover_done(struct churn *churn, uint32_t witness)
{
    struct person *it = &churn->persons[churn->movers[witness]];

    it->moving = false;
    churn->movers[witness] = UINT32_MAX;
    if (it->truth.online && it->seats[0].state == SEAT_COMING)
        it->seats[0].state = SEAT_THERE;
}

static void
witness_told(void *context, uint32_t client, bool online)
{
    struct churn *churn = context;

    (void)online;
    if (churn->movers[client] != UINT32_MAX)
        mover_done(churn, client);
}

/* Strangers who do not end their messages are shown the door. */
static bool
stranger_ended(void *context, uint32_t client, const char *why)
{
    struct churn *churn = context;

    (void)why;
    churn->strangers_ended += client >= churn_stranger(churn, 0);
    return client >= churn_stranger(churn, 0);
}

void
churn_books_listen(struct churn *churn)
{
    struct crowd *crowd = &churn->stage->crowd;

    crowd->context = crowd->told_context = churn;
    crowd->took = word_took;
    crowd->ended = stranger_ended;
    crowd->told = witness_told;
    crowd->told_below = churn->witnesses;
}

void
churn_books_give_up(struct churn *churn, int64_t now_ns)
{
    for (uint32_t witness = 0; witness < churn->witnesses; witness++)
        if (churn->movers[witness] != UINT32_MAX && now_ns - churn->persons[churn->movers[witness]].ordered_ns > lost_ns)
            mover_done(churn, witness);
}

/* A place in the list of somebody whose true state the seat has not been told; UINT32_MAX: there is none. */
static uint32_t
seat_errs(const struct churn *churn, uint32_t person, int device)
{
    const struct person *it = &churn->persons[person];
    const struct seat *seat = &it->seats[device];

    for (uint32_t i = 0; i < it->listed; i++)
        if (!seat->beliefs[i].known || seat->beliefs[i].online != churn->persons[it->friends[i].person].truth.online)
            return i;
    return UINT32_MAX;
}

static bool
seat_through(const struct churn *churn, uint32_t person, int device)
{
    const struct seat *seat = &churn->persons[person].seats[device];

    if (seat->state == SEAT_EMPTY)
        return true;
    return seat->beliefs != NULL ? seat_errs(churn, person, device) == UINT32_MAX : bounds_through(&seat->bounds);
}

/* Until everybody has been told what is due, or nothing has come for as long as a notification may take. */
static void
all_wait(struct churn *churn)
{
    struct stage *stage = churn->stage;
    struct crowd *crowd = &stage->crowd;
    int64_t start_ns = crowd_clock_ns(), last_ns = start_ns, most_ns = stage->plan->udp ? lost_ns : stage->plan->late_ns;
    uint32_t next = 0;

    while (crowd_clock_ns() - last_ns < most_ns) {
        while (next < churn->people && seat_through(churn, next, 0) && seat_through(churn, next, 1))
            next++;
        if (next == churn->people)
            return;
        crowd_poll(crowd, POLL_NS);
        last_ns = crowd->heard_ns > start_ns ? crowd->heard_ns : start_ns;
    }
}

static void
seat_judge(struct churn *churn, uint32_t person, int device)
{
    struct person *it = &churn->persons[person];
    struct seat *seat = &it->seats[device];
    uint32_t client = churn_client(churn, person, device);
    uint32_t place;

    if (seat->state == SEAT_EMPTY)
        return;
    if (seat->beliefs != NULL) {
        if ((place = seat_errs(churn, person, device)) != UINT32_MAX)
            wrong(churn, true, client, "was not told in the end of", it->friends[place].person);
        for (uint32_t i = 0; i < it->listed; i++) {
            const struct belief_truth *truth = &churn->persons[it->friends[i].person].truth;

            (void)belief_begin(&seat->beliefs[i], truth->online, truth->changes, truth);
        }
        return;
    }
    switch (bounds_judge(&seat->bounds)) {
    case BOUNDS_RIGHT: break;
    case BOUNDS_MISSING: wrong_bounds(churn, true, client, &seat->bounds); break;
    case BOUNDS_EXTRA: wrong_bounds(churn, false, client, &seat->bounds); break;
    case BOUNDS_LAST: wrong(churn, false, client, "was told in the wrong order of", seat->bounds.mover - 1); break;
    }
}

void
churn_books_rest(struct churn *churn)
{
    struct stage *stage = churn->stage;

    crowd_settle(&stage->crowd);
    for (uint32_t witness = 0; witness < churn->witnesses; witness++)
        if (churn->movers[witness] != UINT32_MAX)
            mover_done(churn, witness);
    all_wait(churn);
    stage_meet(stage);
    stage_quiet(stage, stage->target->process != 0 && !stage->plan->udp ? QUIET_MS : QUIET_UNSEEN_MS);
    for (uint32_t person = 0; person < churn->people; person++)
        for (int device = 0; device < 2; device++)
            seat_judge(churn, person, device);
    churn_people_rested(churn);
    stage_meet(stage);
}
