/* SPDX-License-Identifier: MIT
 *
 * churn: everything at once. People arrive, leave (goodbye, a plain close, a reset), change their lists, give signs of life, bring a second device and take
 * it away again, and strangers begin messages that they never end; who is popular is watched by very many. Each of the people watches others and is
 * watched, so what somebody must be told depends on what happens to them meanwhile.
 *
 * How it is accounted for. Each of the people has a witness, a session that stays and lists some of them; of those only one comes or goes at a time, so
 * the witness is told exactly one word, whose latency is measured and which says that the transition has happened: the user's next one may be ordered,
 * and whoever has been there all along has to be told. In a dialect with names that is held against the truth, user by user (load/belief.h): what
 * answers say of those who are listed, then each change, then, when everybody rests, the state. In one without, it is held against bounds
 * (load/bounds.h): a word is due for certain to those who were there with that friend in their list, certainly and throughout; it is possible where an
 * arrival, a new list or a second device was under way at the time, which nobody acknowledges in that dialect. What is possible becomes certain when
 * everybody rests, after each quarter of the run: then all that came is judged, and all is exact again. Whoever has a device that comes or goes does
 * nothing but give signs of life until then.
 *
 * Over UDP what is lost is counted and no error. There nobody crashes; instead some vanish and say hello from another port, as a client that was started
 * again, which is news to nobody; they stay from then on, because the server holds their old address for a while.
 *
 * Clients: the witnesses, a pilot, the people, then the second devices in the same order, then the strangers.
 */
#ifndef SCENARIOS_CHURN_H
#define SCENARIOS_CHURN_H

#include "load/belief.h"
#include "load/bounds.h"
#include "scenarios/stage.h"

enum {
    CHURN_WITNESSES = 250, /* at most */
    CHURN_DROPPED = 4,     /* friends that one may take from its list until everybody rests */
    CHURN_STRANGERS = 8,   /* at once */
};

/* SURE: in the list throughout, as far as the server knows, too. The others are so when everybody has rested: in it, or gone from it. */
enum friendship { FRIEND_NONE, FRIEND_SURE, FRIEND_ADDED, FRIEND_DROPPED };

struct friend
{
    uint32_t person;
    enum friendship state;
};

enum seat_state { SEAT_EMPTY, SEAT_COMING /* it may not be there yet */, SEAT_THERE };

/* A session of one of the people. */
struct seat {
    enum seat_state state;
    bool awaits; /* an answer that names friends */
    struct bounds bounds;
    struct belief *beliefs; /* of each place in the person's list; NULL in a dialect without names */
};

struct person {
    struct friend *friends;  /* so many places as person_room says */
    uint32_t listed;         /* how many the list holds, always */
    struct friend *watchers; /* who list the person */
    uint32_t watchers_count, watchers_room;
    struct belief_truth truth;
    bool moving;  /* its witness has not been told of its last transition yet */
    bool resting; /* it does nothing but give signs of life until everybody has rested */
    bool haunted; /* the server may still hold an address of its that is no more */
    int64_t ordered_ns;
    struct seat seats[2];
};

/* Places of the list: of those in it, and of such as were taken from it and may still be told. */
static inline uint32_t
person_room(const struct person *person)
{
    return person->listed + CHURN_DROPPED;
}

enum churn_act { ACT_ARRIVE, ACT_GOODBYE, ACT_CLOSE, ACT_CRASH, ACT_RELIST, ACT_BEAT, ACT_DEVICE, ACT_STRANGER, ACTS };

struct churn {
    struct stage *stage;
    uint32_t people, witnesses, room; /* room: places in the longest list */
    struct person *persons;
    uint32_t *movers;    /* of each witness, the person that is moving; UINT32_MAX: none */
    uint32_t *snapshot;  /* room for an answer */
    struct friend *told; /* room for an audience */
    uint32_t *told_at;   /* of each person, its place there plus one, when told_of is the current one */
    uint32_t *told_of, told_now;
    struct talk_text text;
    uint32_t haunted, strangers;
    uint64_t acts[ACTS];
    uint64_t strangers_ended; /* by the server */
    int64_t next_ns;          /* when the next action is due */
};

static inline uint32_t
churn_client(const struct churn *churn, uint32_t person, int device)
{
    return churn->witnesses + 1 + person + (device ? churn->people : 0);
}

/* The person's user, of the whole population. */
static inline uint32_t
churn_user(const struct churn *churn, uint32_t person)
{
    return churn->stage->crowd.setting.first_user + churn_client(churn, person, 0);
}

static inline uint32_t
churn_stranger(const struct churn *churn, uint32_t number)
{
    return churn->witnesses + 1 + 2 * churn->people + number;
}

/* churn_people.c: the people and their lists. */
void churn_people_make(struct churn *churn);
void churn_people_done(struct churn *churn);
/* Takes a friend from the list and adds another one, both such as are not moving. Returns the place of the new one; UINT32_MAX: not now. */
uint32_t churn_friend_change(struct churn *churn, uint32_t person);
/* What was possible has become certain. */
void churn_people_rested(struct churn *churn);
/* The list as users, for a hello; returns how many. With `without` a place is left out, unless it is UINT32_MAX. */
uint32_t churn_list(const struct churn *churn, uint32_t person, uint32_t without, uint32_t *users);

/* churn_books.c: who must be told what. */
void churn_books_listen(struct churn *churn);
/* The person comes or leaves now; its truth has changed. */
void churn_books_move(struct churn *churn, uint32_t person);
/* A hello was sent for the seat. */
void churn_books_sit(struct churn *churn, uint32_t person, int device);
/* Its session ends here. */
void churn_books_rise(struct churn *churn, uint32_t person, int device);
/* A friend was added at the place of the list, and the seat has been sent that. */
void churn_books_added(struct churn *churn, uint32_t person, int device, uint32_t place);
/* Over UDP: those whose witness has not been told for too long are taken for through. */
void churn_books_give_up(struct churn *churn, int64_t now_ns);
/* Everybody rests: waits until nothing more comes, and judges what came. All shares do so at once. */
void churn_books_rest(struct churn *churn);

/* churn_acts.c: does something to somebody. False: nothing can be done now. */
bool churn_act(struct churn *churn, int64_t due_ns);
/* The person comes. */
void churn_arrive(struct churn *churn, uint32_t person, int64_t due_ns);

#endif
