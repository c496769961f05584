/* SPDX-License-Identifier: MIT
 *
 * What the clients of the benchmark say to a kind of server, and what they understand of its answers: one struct talk for each --protocol. Composing
 * and reading keep no state between calls, so that a crowd of any size needs none; whoever calls holds the bytes.
 *
 * User numbers are the population's, from 0; each talk makes its own names of them.
 */
#ifndef TALK_TALK_H
#define TALK_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Added to a user's number where ids are numbers, so that every id takes six digits and a message is as long in a small population as in a large one. */
enum { TALK_ID_FIRST = 100000 };

/* The dialect does not say whose news it is. */
#define TALK_NOBODY UINT32_MAX

/* Bytes that grow. All zero is empty. */
struct talk_text {
    char *bytes;
    size_t used;
    size_t room;
};

void talk_put(struct talk_text *text, const char *bytes, size_t length);
void talk_print(struct talk_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void talk_number(struct talk_text *text, uint32_t number);
/* Numbers with ", " between them, each with `base` added. */
void talk_numbers(struct talk_text *text, uint32_t base, const uint32_t *numbers, uint32_t count);
void talk_text_done(struct talk_text *text);

enum talk_kind {
    TALK_NEWS,  /* somebody came or went */
    TALK_READY, /* the login has been carried out */
    TALK_OTHER, /* nothing that the crowd needs to know */
    TALK_ERROR, /* the server complains */
};

struct talk_word {
    enum talk_kind kind;
    uint32_t user; /* of news, or TALK_NOBODY */
    bool online;
    const char *answer; /* of TALK_READY and TALK_OTHER: what the server answered, as long as the bytes that were read live; or NULL */
    size_t answer_bytes;
    const char *reply; /* what must be sent back for it, or NULL; stays valid */
    size_t reply_bytes;
};

struct talk {
    const char *name;
    const char *about;
    bool names_users;  /* its news says who */
    bool may_merge;    /* and may leave out a change that was undone while it waited */
    bool tells_listed; /* those whom a leaver lists are told of its departure, too */
    bool datagrams;    /* it can be spoken over UDP */

    /* Appends what brings one user online with this list. */
    void (*login)(struct talk_text *out, uint32_t user, const uint32_t *friends, uint32_t count);
    /* Appends what is said before the connection is closed; over a stream that may be nothing. */
    void (*leave)(struct talk_text *out, uint32_t user, bool datagrams);
    /* Appends a sign of life; NULL: none is needed, and none can be asked for. */
    void (*beat)(struct talk_text *out, uint32_t user);
    /* Appends what makes the session's list, which was `old`, the list `new`; NULL: it cannot be changed. */
    void (*relist)(struct talk_text *out, uint32_t user, const uint32_t *old, uint32_t old_count, const uint32_t *new, uint32_t new_count);

    /*
     * Who is online, says an answer to a login or to a changed list: writes at most `room` users and returns how many it names; UINT32_MAX: it is no such
     * answer. NULL: nothing is answered.
     */
    uint32_t (*snapshot)(const char *answer, size_t length, uint32_t *users, uint32_t room);

    /*
     * Takes one word from what the server sent. Returns the bytes that it used, 0 when the word is not complete yet, -1 when this is nothing that the
     * server may say. *word is written only for a positive result. Several news in one message are handed out one by one: the message is then used
     * up piece by piece, and what is left of it is understood when it begins the next call's bytes.
     */
    ssize_t (*read)(const char *bytes, size_t length, struct talk_word *word);

    uint32_t users_most; /* it has names for so many; 0: for as many as anybody asks for */
};

/* By the name of --protocol; NULL when there is none. */
const struct talk *talk_find(const char *name);
/* All of them, for the help; NULL after the last. */
const struct talk *talk_at(size_t number);

extern const struct talk talk_classic, talk_jsonrpc, talk_floor, talk_redis, talk_mqtt, talk_nats;

#endif
