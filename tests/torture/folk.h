/* SPDX-License-Identifier: MIT
 *
 * Normal users: a few hundred over TCP, who do nothing wrong, whatever is done to the server meanwhile, and must be told of each other exactly what the
 * rules allow. Half speak the classic dialect, half JSON-RPC; each lists neighbours, mostly both ways, and a few strangers.
 *
 * They come and go in rounds, driven by one thread without waiting (folk_turn). In a round some of them move, each once: who is there leaves in
 * one of the ways there are, who is not there comes. In an orderly round all leave before anybody comes, in a mixed one everything happens at once.
 * When all have moved, the truth is asked for: who of all is online, and that must be exactly those who are there, so a ghost stops the round.
 * Then two beacons follow, whom everybody lists: for JSON-RPC a user whose status is a number, for the classic dialect one who comes and goes. Whoever
 * has heard of them has heard all that was to be said before, and is judged (folk_judge.c):
 *
 * - JSON-RPC names users. Each change is looked at when it comes: of a friend, who moves, to the state that it moves to, told once, with the reason
 *   that is due and a time that is the same for all who are told and never before the friend's last; in the end all that is believed is true.
 * - Classic words have no names. Who was there all the time has so many arrivals and departures to hear, then the beacon's two, and nothing else. Of a
 *   round that a user comes in, it may hear those who come after it; of two friends who come at once at least one hears.
 *
 * Anything else fails the test and says who heard what. The friend graph and what is done come from a seed.
 */
#ifndef TORTURE_FOLK_H
#define TORTURE_FOLK_H

#include "support/dice.h"
#include "torture/talk.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum { FOLK_FRIENDS = 12, FOLK_HEARD = 256 };

enum person_phase {
    PERSON_AWAY,
    PERSON_COMING, /* connects, or has said hello, and it is not known yet that this has been carried out */
    PERSON_THERE,
    PERSON_LEAVING, /* has gone, and the server has not closed yet */
};

/* The last two are not its will: without a word the link is cut, or what stands for the link breaks the connection. */
enum person_leaving { BY_GOODBYE, BY_HALF_CLOSE, BY_CLOSE, BY_RESET, BY_CUT, BY_BREAK };

/* One of the folk; its number is its place in folk->people. */
struct person {
    int64_t id;
    bool rpc;
    bool far; /* behind the link */
    unsigned friends[FOLK_FRIENDS], friend_count;

    struct talk talk;
    enum person_phase phase;
    int64_t retry_ms; /* COMING without a connection: when it tries again */
    bool answered;    /* its login; of the classic dialect, whose hello is not answered: sent */
    bool deaf;        /* left without hearing the rest */
    bool excused;     /* when it is not let in: it came while there was a shortage */
    int64_t last_at;  /* time of its last transition that anybody was told of */
    int64_t round_at; /* and of the one of this round; 0: nobody was told yet */

    /* This round. */
    bool was_online, wanted, moves;
    enum person_leaving how;

    /* What it was told, since it came or the round began. */
    bool believes[FOLK_FRIENDS]; /* that these are online; JSON-RPC */
    unsigned changes;            /* of this round; JSON-RPC */
    int64_t beacon;              /* the number heard last; JSON-RPC */
    char heard[FOLK_HEARD];      /* '+' and '-'; classic */
    unsigned heard_count;
};

enum folk_step { FOLK_RESTS, FOLK_MOVES, FOLK_ASKS, FOLK_HEARS, FOLK_PARTS };

/* Who asks for the truth, and is the beacon of JSON-RPC. */
struct asker {
    struct talk talk;
    bool there, waits; /* for an answer */
    int64_t retry_ms, ask_ms;
    int64_t number; /* of its status */
    bool has_answer, said;
    int64_t differs; /* somebody about whom the last answer was not what it should be */
};

/* What was held since somebody asked last. */
struct folk_books {
    uint64_t rounds, moves, told; /* changes that were told */
    uint64_t refused;             /* users who were let in later */
    int64_t slowest_ms;           /* of the rounds */
};

struct folk {
    const char *name;
    struct way near, far;
    struct dice dice;
    unsigned count;
    struct person *people;
    bool *lists; /* lists[a * count + b]: a lists b */
    int64_t first_id;
    int poller; /* epoll: which of them has something to read */

    enum folk_step step;
    bool mixed;     /* all move at once */
    unsigned stage; /* orderly: 0, who leaves; 1, who comes */
    bool reunion;   /* everybody comes again, after a crash */
    int64_t begun_ms, deadline_ms, next_ms;
    uint64_t round;
    struct asker asker;
    int beacon_socket; /* UDP: needs no descriptor of the server, so it comes and goes while those are exhausted */
    struct sockaddr_in beacon_to;
    int64_t beacon_ms; /* when to say it again */

    /* Set from outside. */
    bool pauses;   /* begins no other round */
    bool shortage; /* newcomers may be refused; they come again */
    bool balanced; /* no more come than have left before */
    int room;      /* how many may come, then */
    bool cut;      /* the link is cut: who is far does not move */
    int patience_s;
    void (*on_lost)(void); /* called before somebody who lost its connection fails the test: when the server is dead, that is what fails */
    struct folk_books books;
};

/* `far` of `count` people are behind the link. Nobody is there yet. */
void folk_init(struct folk *folk, const char *name, unsigned count, unsigned far, uint64_t seed, const struct way *near, const struct way *link);
void folk_done(struct folk *folk);

/* Takes in what has arrived and goes on with the round as far as it goes. */
void folk_turn(struct folk *folk);

/* No round is under way. */
bool folk_rests(const struct folk *folk);
unsigned folk_online(const struct folk *folk);

/* The server is dead, whatever is under way: everybody who was to be there comes again, in a round of its own. */
void folk_crashed(struct folk *folk);
/* The link is dead, while the folk rests: who is far and there is to be found missing, in a round of its own. Not silent: all are told by a reset. */
void folk_cut(struct folk *folk, bool silent);
/* Gives everybody all the time again. */
void folk_be_patient(struct folk *folk);

#endif
