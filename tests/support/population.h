/* SPDX-License-Identifier: MIT
 *
 * Very many users of one server, driven by one thread. What they do comes in rounds: each user has a script or stays as it is,
 * the scripts of a round are carried out mixed with one another, and then a quiet point is reached, at which it is known (not
 * slept for) that the server has carried out everything and that whatever it had to say has arrived here:
 *
 * - A goodbye and a half-close have been carried out when the server has closed the connection.
 * - Devices that closed or crashed are gone from the server when it has as few descriptors open as we have connections;
 *   the thread that closed the last one has told it on when it has heard of anything later.
 * - Each user has an auditor: a session that lists this user only, so what it hears are the user's transitions, in order. It shows
 *   which of several possible things has happened, and when.
 * - A choir is sessions on every worker that list nothing but a beacon. News of small audiences is told by each worker in
 *   the order in which it was posted; so when all have heard of a beacon that came after everything else, everything else has
 *   been told, and when they have heard of another one after that, it has been written. News of large audiences may be told
 *   later than other news, but also in order, so where there is any, a second choir of that size is needed.
 * - Every list that is sent in a round ends with beacons of this round. Once nothing else is to be said, they come one after
 *   another until each device concerned has heard one: then its list is in force.
 */
#ifndef SUPPORT_POPULATION_H
#define SUPPORT_POPULATION_H

#include "support/device.h"
#include "support/dice.h"
#include "support/script.h"
#include "support/server.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    PERSON_DEVICES = 4,
    PERSON_HISTORY = 6, /* rounds that a report tells of */
    HISTORY_TEXT = 160,
    POPULATION_CHOIR = 64, /* sessions of the first choir */
    POPULATION_CHOIRS = 2,
    POPULATION_BEACONS = 8, /* of each round */
};

struct person {
    int64_t id;
    struct device *auditor;
    struct device *devices[PERSON_DEVICES]; /* those that it has between rounds */
    unsigned device_count;
    struct script *script; /* of this round; NULL: it does nothing */
    struct outcome outcomes[SCRIPT_OUTCOMES];
    unsigned outcome_count; /* in the end, only those that agree with the auditor */
    char history[PERSON_HISTORY][HISTORY_TEXT];
    unsigned history_count;
};

struct choir {
    struct device **devices;
    unsigned count;
    int64_t beacon; /* whom they list */
};

struct population {
    struct server *server;
    struct dice dice;
    uint64_t seed;
    int poller;
    int base_descriptors; /* of the server, without connections */
    int open;             /* connections that we hold */
    unsigned round;
    unsigned count;
    struct person *persons;
    struct device **devices; /* all but choirs and beacons: of persons, auditors, observers */
    unsigned device_count, device_room, device_numbers;
    struct choir choirs[POPULATION_CHOIRS];
    unsigned choir_count;
    int64_t round_beacon;  /* the first of this round's */
    uint64_t words, steps; /* for the test's last line */
};

/* Starts a server with these flags, and auditors for so many users, none of whom is there yet. */
struct population *population_new(unsigned count, uint64_t seed, const char *flags);
/* Another choir, for news of audiences of up to this size. */
void population_add_choir(struct population *population, unsigned size);
/* Everybody says goodbye and has heard nothing more; then the server is stopped. */
void population_free(struct population *population);

/* A device of nobody in particular that lists these users (taken over) from now on. It is checked like the others. */
struct device *population_observe(struct population *population, struct friends *friends);
/* A device for a script of this user. */
struct device *population_device(struct population *population, unsigned user);
/* Takes back all that was planned for a device in this round; a new one is freed. */
void population_unplan(struct population *population, struct device *device);
/* Gives a user a script, which becomes the population's. */
void population_assign(struct population *population, unsigned user, struct script *script);

/* Takes in what has arrived, waiting for something to come at most so long. */
void population_pump(struct population *population, int timeout_ms);

/* Carries out the steps of all scripts, up to the end of every connection that was ended. */
void population_act(struct population *population);
/* Returns when everything that the server has carried out by now has been told and has arrived here. */
void population_fence(struct population *population);
/* Returns when the server has as many connections as we have. */
void population_await_departures(struct population *population);
/* Returns when the lists sent in this round are in force. Nothing but its beacons may be heard meanwhile. */
void population_settle(struct population *population);
/* Forgets what was heard, the scripts, and the devices that have gone. */
void population_end_round(struct population *population);

/* Fails the test: what went wrong, with the seed and the round. */
_Noreturn void population_fail(const struct population *population, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
