/* SPDX-License-Identifier: MIT */
#include "load/draw.h"
#include "load/failure.h"
#include "scenarios/churn.h"

#include <stdlib.h>

static void
watcher_add(struct person *person, uint32_t watcher, enum friendship state)
{
    if (person->watchers_count == person->watchers_room) {
        person->watchers_room = person->watchers_room * 2 + 8;
        person->watchers = realloc(person->watchers, person->watchers_room * sizeof *person->watchers);
        if (person->watchers == NULL)
            failure_exit("out of memory");
    }
    person->watchers[person->watchers_count++] = (struct friend){.person = watcher, .state = state};
}

static void
watcher_mark(struct person *person, uint32_t watcher, enum friendship state)
{
    for (uint32_t i = 0; i < person->watchers_count; i++)
        if (person->watchers[i].person == watcher)
            person->watchers[i].state = state;
}

/* Half of a mutual list is drawn by the others; lists then differ in length. */
static void
lists_draw(struct churn *churn, struct rows *rows)
{
    struct stage *stage = churn->stage;
    uint32_t count = stage->plan->mutual ? (stage->plan->friends + 1) / 2 : stage->plan->friends;

    for (uint32_t person = 0; person < churn->people; person++) {
        draw_row(rows, &stage->random, stage->plan->graph, count, 0, churn->people, person);
        rows_end(rows);
    }
    if (stage->plan->mutual)
        draw_mutual(rows, churn->people);
}

void
churn_people_make(struct churn *churn)
{
    struct stage *stage = churn->stage;
    struct rows rows;

    rows_init(&rows);
    churn->room = 0;
    lists_draw(churn, &rows);
    churn->persons = memory_new(churn->people, sizeof *churn->persons);
    for (uint32_t person = 0; person < churn->people; person++) {
        struct person *it = &churn->persons[person];

        it->listed = rows_length(&rows, person);
        churn->room = churn->room > person_room(it) ? churn->room : person_room(it);
        it->friends = memory_new(person_room(it), sizeof *it->friends);
        for (int device = 0; device < 2 && stage->plan->talk->names_users; device++)
            it->seats[device].beliefs = memory_new(person_room(it), sizeof *it->seats[device].beliefs);
        for (uint32_t i = 0; i < it->listed; i++) {
            it->friends[i] = (struct friend){.person = rows_at(&rows, person)[i], .state = FRIEND_SURE};
            watcher_add(&churn->persons[it->friends[i].person], person, FRIEND_SURE);
        }
    }
    rows_done(&rows);
    churn->movers = memory_new(churn->witnesses, sizeof *churn->movers);
    for (uint32_t witness = 0; witness < churn->witnesses; witness++)
        churn->movers[witness] = UINT32_MAX;
    churn->snapshot = memory_new(churn->room + 1, sizeof *churn->snapshot);
    churn->told = memory_new(churn->people, sizeof *churn->told);
    churn->told_at = memory_new(churn->people, sizeof *churn->told_at);
    churn->told_of = memory_new(churn->people, sizeof *churn->told_of);
}

void
churn_people_done(struct churn *churn)
{
    for (uint32_t person = 0; person < churn->people; person++) {
        free(churn->persons[person].friends);
        free(churn->persons[person].watchers);
        free(churn->persons[person].seats[0].beliefs);
        free(churn->persons[person].seats[1].beliefs);
    }
    free(churn->persons);
    free(churn->movers);
    free(churn->snapshot);
    free(churn->told);
    free(churn->told_at);
    free(churn->told_of);
    talk_text_done(&churn->text);
}

static bool
list_has(const struct churn *churn, uint32_t person, uint32_t other)
{
    for (uint32_t i = 0; i < person_room(&churn->persons[person]); i++)
        if (churn->persons[person].friends[i].state != FRIEND_NONE && churn->persons[person].friends[i].person == other)
            return true;
    return false;
}

/* Somebody new to the list; UINT32_MAX: not found. */
static uint32_t
stranger_draw(struct churn *churn, uint32_t person)
{
    enum { TRIES = 100 };

    for (int i = 0; i < TRIES; i++) {
        uint32_t other = draw_one(&churn->stage->random, churn->stage->plan->graph, 0, churn->people);

        if (other != person && !churn->persons[other].moving && !list_has(churn, person, other))
            return other;
    }
    return UINT32_MAX;
}

uint32_t
churn_friend_change(struct churn *churn, uint32_t person)
{
    struct person *it = &churn->persons[person];
    uint32_t place = random_below(&churn->stage->random, it->listed), spare = it->listed, other;

    while (spare < person_room(it) && it->friends[spare].state != FRIEND_NONE)
        spare++;
    if (spare == person_room(it) || it->friends[place].state != FRIEND_SURE || churn->persons[it->friends[place].person].moving)
        return UINT32_MAX;
    other = stranger_draw(churn, person);
    if (other == UINT32_MAX)
        return UINT32_MAX;
    it->friends[spare] = (struct friend){.person = it->friends[place].person, .state = FRIEND_DROPPED};
    for (int device = 0; device < 2 && it->seats[0].beliefs != NULL; device++)
        it->seats[device].beliefs[spare] = it->seats[device].beliefs[place];
    watcher_mark(&churn->persons[it->friends[place].person], person, FRIEND_DROPPED);
    it->friends[place] = (struct friend){.person = other, .state = FRIEND_ADDED};
    watcher_add(&churn->persons[other], person, FRIEND_ADDED);
    return place;
}

/* Drops what was dropped, keeps what was added. Returns how many there are. */
static uint32_t
friends_settle(struct friend *friends, uint32_t count)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++)
        if (friends[i].state == FRIEND_SURE || friends[i].state == FRIEND_ADDED)
            friends[kept++] = (struct friend){.person = friends[i].person, .state = FRIEND_SURE};
    return kept;
}

void
churn_people_rested(struct churn *churn)
{
    for (uint32_t person = 0; person < churn->people; person++) {
        struct person *it = &churn->persons[person];

        /* What is dropped stands behind what is not, so everything stays in its place. */
        for (uint32_t i = friends_settle(it->friends, person_room(it)); i < person_room(it); i++)
            it->friends[i].state = FRIEND_NONE;
        it->watchers_count = friends_settle(it->watchers, it->watchers_count);
        it->resting = false;
        for (int device = 0; device < 2; device++) {
            it->seats[device].bounds = (struct bounds){.mover = 0};
            if (it->seats[device].state == SEAT_COMING)
                it->seats[device].state = SEAT_THERE;
        }
    }
}

uint32_t
churn_list(const struct churn *churn, uint32_t person, uint32_t without, uint32_t *users)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < churn->persons[person].listed; i++)
        if (i != without)
            users[count++] = churn_user(churn, churn->persons[person].friends[i].person);
    return count;
}
