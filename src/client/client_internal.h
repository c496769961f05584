/* SPDX-License-Identifier: MIT
 *
 * What the files of libalo share. A call of the program composes a request (compose.h), sends it and waits for its answer (call.c); everything
 * that comes meanwhile goes through message.c, which keeps the roster current; alo_next_event (events.c) gives the news in the roster to
 * the program and, by UDP, keeps the session alive (upkeep.c). Bytes go through link.c, connections are made in address.c.
 *
 * On the thread that calls; nothing here waits longer than it is told.
 */
#ifndef CLIENT_CLIENT_INTERNAL_H
#define CLIENT_CLIENT_INTERNAL_H

#include "alo/client.h"
#include "base/buffer.h"
#include "client/roster.h"
#include "client/wire.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
    CLIENT_NAME_MAX = 128,   /* bytes of a string id */
    CLIENT_STATUS_MAX = 256, /* bytes of a status */
    CLIENT_DATAGRAM_MAX = 65507,
    CLIENT_ADDRESSES_MAX = 8,
    CLIENT_HEARTBEAT_MS = 10000, /* when the server says nothing: a third of its usual patience */
    CLIENT_TRIES = 5,            /* how often a datagram that asks something is sent */
};

struct client_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
    socklen_t length;
};

/* By UDP: what alo_next_event has asked the server by itself and waits for, and when it asks next. */
struct upkeep {
    int heartbeat_ms;
    uint64_t beat_ms;  /* when a heartbeat was last sent, or a login answered */
    uint64_t probe_id; /* of the question that is not answered yet; 0: none */
    uint64_t probe_ms; /* when that was last sent */
    unsigned tries;    /* how often */
    bool is_login;     /* it is a login, whose answer is a snapshot */
    bool stale;        /* the state should be asked for afresh */
    uint64_t fresh_ms; /* when it was last asked for afresh */
    unsigned beats;    /* heartbeats since */
    unsigned refused;  /* the machine said in so many sends in a row that nobody is there */
    uint64_t seq;      /* the notification that is expected */
    bool seq_restarts; /* the next one may count from 1 again */
};

struct alo_client {
    struct alo_options options; /* with the defaults filled in */
    char *token;

    int socket;  /* -1: no connection */
    bool heard;  /* anything was received over it */
    bool lost;   /* it has ended, and the program was not told by an event */
    bool at_end; /* nothing more will be received; what is in `input` is still to be looked at */
    bool logged_in;
    int retry_after_ms;                 /* the server has asked to be left alone for so long; -1: it has not */
    char lost_text[256], lost_code[32]; /* why; before that, the last that the server complained about */
    char error_text[256], error_code[32];

    struct client_address addresses[CLIENT_ADDRESSES_MAX]; /* UDP: those to try, until one is heard of */
    unsigned address_count, address_now;

    char *input; /* input[start..length) is not looked at yet; of that [start..scanned) holds no line end */
    size_t start, scanned, length, capacity;
    struct buffer output; /* the request that is being made */

    uint64_t next_id;
    size_t padding;       /* UDP: a request that is answered with a snapshot is made so long, for the answer may be three times as long */
    struct alo_user user; /* who logged in; its name is user_name */
    char user_name[CLIENT_NAME_MAX + 1];
    bool has_status;
    char status[CLIENT_STATUS_MAX + 1];
    char session_id[CLIENT_NAME_MAX + 1];
    struct roster followed;
    struct roster asked; /* alo_online's users: what it returned points here */
    struct upkeep upkeep;
};

/* ---- client.c ---- */

/* Forgets why the last call failed. Each public function begins with it. */
void connection_begin(struct alo_client *client);
/* Each notes why, for alo_error_text, and returns the result. Without a text it is alo_result_text's. */
enum alo_result connection_fail(struct alo_client *client, enum alo_result result, const char *text);
enum alo_result connection_fail_errno(struct alo_client *client, enum alo_result result, const char *what, int error);
/* Closes the connection, if there is one, and keeps for ALO_EVENT_LOST why: what was noted last. Returns the result. */
enum alo_result connection_lose(struct alo_client *client, enum alo_result result);
/* The same for a stream that came to its end, with what is known of why. Returns ALO_LOST. */
enum alo_result connection_end(struct alo_client *client);
/* Why it was lost, for alo_error_text. */
void connection_say_why_lost(struct alo_client *client);
/* Closes it and forgets all that belonged to it. */
void connection_forget(struct alo_client *client);
uint64_t link_now_ms(void);

/* ---- link.c ---- */

/* Sends output[0..), by TCP with a line end, waiting at most request_timeout_ms. A datagram that the machine does not take is as if it was lost. */
enum alo_result link_send(struct alo_client *client);
/*
 * Takes in what has arrived, waiting for it until `deadline_ms` (0: not). ALO_OK also at the end of the stream, which client->at_end tells; ALO_TIMEOUT
 * when nothing came. All that link_line gave becomes invalid.
 */
enum alo_result link_receive(struct alo_client *client, uint64_t deadline_ms);
/* Takes the next whole line, or datagram, that has been received; false when there is none. */
bool link_line(struct alo_client *client, const char **line, size_t *length);
/* Is there one? */
bool link_has_line(const struct alo_client *client);

/* ---- address.c ---- */

enum alo_result address_connect(struct alo_client *client, const char *address);
/* UDP: goes on to the name's next address; false when there is none. */
bool address_next(struct alo_client *client);

/* ---- message.c ---- */

enum message_kind {
    MESSAGE_NOTHING, /* for nobody to look at: unknown, or news that is in the roster now */
    MESSAGE_SOMEONE, /* classic news: `online` */
    MESSAGE_ANSWER,  /* to the request `id`: `result` */
    MESSAGE_REFUSAL, /* of the request `id`, noted for alo_error_text */
    MESSAGE_ERROR,   /* of no request, noted for alo_error_text */
};

struct message {
    enum message_kind kind;
    bool online;
    uint64_t id;
    struct wire_value result;
};

/* Reads a line. Fails with ALO_BAD_SERVER or ALO_NO_MEMORY, noted, and not yet lost. */
enum alo_result message_read(struct alo_client *client, const char *line, size_t length, struct message *message);
/*
 * A result with `online` and `statuses` becomes the state of a roster. With `whole` users that it does not name are offline (a login's), else they stay as
 * they are. With `tell` differences are news.
 */
enum alo_result message_snapshot(struct alo_client *client, struct roster *roster, struct wire_value result, bool whole, bool tell);
/* Notes session and heartbeat of a login's result, and the snapshot. */
enum alo_result message_login(struct alo_client *client, struct wire_value result);

/* ---- call.c ---- */

/*
 * Sends what is in `output`, a request with this id, and waits for its answer, which is valid until anything else is received. *repeated, if not NULL: it was
 * sent more than once, so the server may have carried it out more than once.
 */
enum alo_result call_server(struct alo_client *client, uint64_t id, struct wire_value *result, bool *repeated);
/* The same for requests that are answered with a snapshot: a refusal for want of room makes `compose` and asks again with more padding. */
typedef void call_compose(struct alo_client *client, uint64_t id, const void *context);
enum alo_result call_for_snapshot(struct alo_client *client, call_compose *compose, const void *context, struct wire_value *result, bool *repeated);

/* ---- upkeep.c ---- */

/* A login was answered. */
void upkeep_begin(struct alo_client *client);
/* A call changes the session: what was asked before it is answered too late. */
void upkeep_supersede(struct alo_client *client);
/* The sequence number of a notification. False when it is older than what is known. */
bool upkeep_seq(struct alo_client *client, uint64_t seq);
/* Is this the answer, or the refusal, to a question of upkeep's? Then it is carried out. */
bool upkeep_answer(struct alo_client *client, const struct message *message, enum alo_result *result);
/* UDP: was the refusal for want of room for the answer, and can requests be made longer? Then they will be. */
bool upkeep_pad_more(struct alo_client *client);
/* Sends what is due. */
enum alo_result upkeep_run(struct alo_client *client);
/* When something is due next; UINT64_MAX: never. */
uint64_t upkeep_due_ms(const struct alo_client *client);

#endif
