/* SPDX-License-Identifier: MIT
 *
 * The conversation with the server: carries out commands, takes what happens, keeps what is known of the friends, and comes back after the server went
 * away. What there is to tell goes to a voice: the terminal (interactive_shell.c) or lines of JSON (interactive_script.c). One thread's.
 */
#ifndef CLIENT_INTERACTIVE_TALK_H
#define CLIENT_INTERACTIVE_TALK_H

#include "alo/client.h"
#include "client/interactive_command.h"
#include "client/interactive_friends.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a command that went well has brought. */
struct talk_answer {
    const char *session;                  /* login: "" when the server has none */
    bool again;                           /* login: after the server went away */
    const struct alo_user *users;         /* online: who was asked about */
    const struct alo_presence *presences; /* online: as many */
    size_t count;
    double milliseconds; /* ping */
};

/* Everything borrowed, for the time of the call. Times are milliseconds since the epoch. */
struct talk_voice {
    void *context;
    void (*done)(void *context, const struct command *command, const struct talk_answer *answer);
    /* `code` is the server's word, or one of this program's in the same style; text is a sentence. */
    void (*failed)(void *context, const struct command *command, const char *code, const char *text);
    /* `before` is what was known of the user until now; NULL when nothing. */
    void (*presence)(void *context, const struct alo_event *event, int64_t at_ms, const struct friend_entry *before);
    void (*error)(void *context, const char *code, const char *text);
    /* The server went away; the next try is in so many milliseconds, or -1: there will be none. */
    void (*lost)(void *context, const char *code, const char *text, int64_t retry_ms);
    void (*traffic)(void *context, bool sent, const char *bytes, size_t length);
};

struct talk_options {
    const char *address;
    bool udp, classic;
    bool reconnect;
};

enum talk_state {
    TALK_OUT,   /* nobody is logged in */
    TALK_IN,    /* logged in */
    TALK_RETRY, /* the server went away; in a while it is tried again */
};

struct talk {
    struct talk_options options;
    const struct talk_voice *voice;
    struct alo_client *client;
    enum talk_state state;
    struct alo_user user; /* who is, or was last, logged in; owned */
    bool has_user;
    char *status; /* owned, or NULL */
    struct friends friends;
    bool raw;
    bool lost;        /* a connection broke */
    uint64_t events;  /* changes that no wait has counted yet */
    unsigned tries;   /* to come back, since the server went away */
    int64_t retry_at; /* monotonic */
    int64_t logged_in_at;
};

/* The options' texts and the voice must outlive it. False without memory. */
bool talk_init(struct talk *talk, const struct talk_options *options, const struct talk_voice *voice);
/* Says goodbye when somebody is logged in. */
void talk_done(struct talk *talk);

/* Carries out a command about the server or the friends: all but help and quit. It has told the voice; false when it failed. */
bool talk_run(struct talk *talk, const struct command *command);

/* Tells all that has happened, and comes back to the server when it is time for that. */
void talk_turn(struct talk *talk);

/* For poll: the descriptor to read from, or -1; and in how many milliseconds talk_turn should be called though nothing came, -1 for no limit. */
int talk_descriptor(const struct talk *talk);
int talk_timeout_ms(const struct talk *talk);

#endif
