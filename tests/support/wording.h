/* SPDX-License-Identifier: MIT
 *
 * What a session of the classic dialect may have been told. Its words carry no names, so what comes is one sequence of '+'
 * (a friend came online) and '-' (a friend went offline) in which the words about several users are mixed. The words about one
 * user are in a known order, or in one of several orders; those about different users may be mixed at will.
 *
 * A wording is the set of sequences that may be heard about one user (a trie). An expectation is a wording for each user
 * concerned; it tells whether what was heard can be put together from one sequence of each of them, mixed in some order.
 */
#ifndef SUPPORT_WORDING_H
#define SUPPORT_WORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WORDING_NODES = 2048, /* of one set of sequences */
    WORDING_LONG = 8,     /* users at once about whom more than one word may be heard; more are only counted */
};

struct wording_node {
    uint16_t next[2];         /* after a '+', after a '-'; 0 where there is none */
    uint8_t arrivals, losses; /* '+' and '-' up to here */
    bool complete;            /* a sequence of the set ends here */
};

struct wording {
    unsigned count;
    struct wording_node nodes[WORDING_NODES];
};

/* How often each word, 0 '+' and 1 '-', is heard at least and at most. */
struct wording_range {
    unsigned least[2], most[2];
};

struct expectation {
    struct wording_range all;   /* of all users together */
    struct wording_range brief; /* of those about whom at most one word is heard: their words may come at any place */
    unsigned long_count;        /* may be above WORDING_LONG: then only `all` is looked at */
    struct wording longer[WORDING_LONG];
};

enum wording_match {
    WORDING_WHOLE, /* this can be all that is heard */
    WORDING_BEGUN, /* it can be the beginning */
    WORDING_WRONG,
};

/* An empty set; a set with nothing in it allows nothing, so add at least one sequence (which may be empty). */
void wording_clear(struct wording *wording);
void wording_add(struct wording *wording, const char *words, unsigned count);

void expectation_clear(struct expectation *expectation);
/* Another user, about whom one sequence of this set is heard. */
void expectation_add(struct expectation *expectation, const struct wording *wording);
/* Is exactly one multiset of words allowed, and one sequence about each user? */
bool expectation_is_exact(const struct expectation *expectation);
enum wording_match expectation_match(const struct expectation *expectation, const char *words, size_t count);

#endif
