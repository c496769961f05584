/* SPDX-License-Identifier: MIT */
#include "support/unit/parrot.h"

#include "base/assert.h"
#include "support/unit/peer.h"
#include "transport/tcp.h"
#include "transport/udp.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct parrot parrot;

static int latest;

enum note_kind { NOTE, NOTE_RESUME, NOTE_TELL, NOTE_AGAIN, NOTE_LATER };

struct note {
    struct mail mail;
    enum note_kind kind;
};

struct parrot_session {
    struct session session;
    struct deadline retry;
    struct parrot_session *next_paused;
    bool keep;
    int bequest;
    size_t length;
    char line[64];
};

/* Each worker's own. */
static struct desk {
    struct parrot_session *paused;
    uint32_t unsettled;
    bool again;
    struct deadline later;
} desks[PARROT_WORKERS_MAX];

static sem_t let_go;

static void
event(const char *word)
{
    char line[32];
    int length = snprintf(line, sizeof line, "%s\n", word);

    ASSERT(write(parrot.events[1], line, (size_t)length) == length);
}

/* The number of the worker whose thread this is. */
static uint32_t
own_number(void)
{
    for (uint32_t number = 0; number < parrot.count; number++)
        if (pthread_equal(parrot.workers[number].thread, pthread_self()))
            return number;
    return UINT32_MAX;
}

static void
event_by(const char *what)
{
    char word[32];

    snprintf(word, sizeof word, "%s by %u", what, own_number());
    event(word);
}

static void
post_note(struct worker *worker, int to, enum note_kind kind, int weight) REQUIRES(worker_role)
{
    struct note *note = calloc(1, sizeof *note);

    ASSERT(note != NULL);
    *note = (struct note){.mail = {.tag = MAIL_NEWS, .weight = (uint32_t)weight}, .kind = kind};
    worker_post(worker, (uint32_t)to, &note->mail);
}

/* Says that a peer owes an acknowledgement and was never heard of. */
static enum delivery
never_delivered(int descriptor, uint32_t *silent_ms)
{
    (void)descriptor;
    *silent_ms = UINT32_MAX;
    event("asked");
    return DELIVERY_UNDER_WAY;
}

static struct transport vanished;

static void
say(struct worker *worker, struct session *session, const char *bytes, size_t length) REQUIRES(worker_role)
{
    struct line *line = line_new(bytes, length);

    if (line == NULL || session_send(worker, session, line) < 0)
        session_close(worker, session);
    line_drop(line);
}

static void
obey_count(struct worker *worker, struct session *session, int count) REQUIRES(worker_role)
{
    for (int i = 0; i < count; i++) {
        char text[16];

        say(worker, session, text, (size_t)snprintf(text, sizeof text, "%d\n", i));
    }
}

static void
obey_bulk(struct worker *worker, struct session *session, int count) REQUIRES(worker_role)
{
    char text[BULK_BYTES];

    for (int i = 0; i < count; i++) {
        memset(text, 'a' + i % 26, sizeof text - 1);
        text[sizeof text - 1] = '\n';
        say(worker, session, text, sizeof text);
    }
}

static void
obey(struct worker *worker, struct parrot_session *own, char *command) REQUIRES(worker_role)
{
    struct session *session = &own->session;

    if (strncmp(command, "echo ", 5) == 0) {
        size_t length = strlen(command);

        command[length] = '\n';
        say(worker, session, command + 5, length - 4);
    } else if (strncmp(command, "count ", 6) == 0) {
        obey_count(worker, session, atoi(command + 6));
    } else if (strncmp(command, "bulk ", 5) == 0) {
        obey_bulk(worker, session, atoi(command + 5));
    } else if (strcmp(command, "close") == 0) {
        say(worker, session, "closing\n", 8);
        session_close(worker, session);
    } else if (strcmp(command, "pause") == 0) {
        own->next_paused = desks[worker->number].paused;
        desks[worker->number].paused = own;
        session_pause(worker, session, true);
    } else if (strncmp(command, "note ", 5) == 0) {
        post_note(worker, atoi(command + 5), NOTE, 0);
    } else if (strncmp(command, "tell ", 5) == 0) {
        post_note(worker, atoi(command + 5), NOTE_TELL, atoi(strchr(command + 5, ' ')));
    } else if (strncmp(command, "again ", 6) == 0) {
        post_note(worker, atoi(command + 6), NOTE_AGAIN, 0);
    } else if (strncmp(command, "later ", 6) == 0) {
        post_note(worker, atoi(command + 6), NOTE_LATER, 0);
    } else if (strcmp(command, "hold") == 0) {
        event("held");
        while (sem_wait(&let_go) < 0)
            ASSERT(errno == EINTR);
    } else if (strcmp(command, "vanish") == 0) {
        session->transport = &vanished;
        say(worker, session, "gone\n", 5);
    } else if (strcmp(command, "keep") == 0) {
        own->keep = true;
    } else if (strncmp(command, "bequeath ", 9) == 0) {
        own->bequest = atoi(command + 9);
    }
}

static void
opened(void *context, struct worker *worker, struct session *session, bool refused) REQUIRES(worker_role)
{
    ASSERT(context == &parrot && worker->crew == parrot.workers && session->state == SESSION_OPEN);
    event(refused ? "refused" : "opened");
    if (!refused)
        return;
    say(worker, session, "refused\n", 8);
    session_close(worker, session);
}

/* Bytes while it is paused or closing would be against the contract. */
static void
received(void *context, struct worker *worker, struct session *session, const char *bytes, size_t length) REQUIRES(worker_role)
{
    struct parrot_session *own = (struct parrot_session *)session;

    (void)context;
    ASSERT(session->state == SESSION_OPEN && !session->paused);
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != '\n') {
            own->line[own->length++ % (sizeof own->line - 1)] = bytes[i];
            continue;
        }
        own->line[own->length % (sizeof own->line - 1)] = '\0';
        own->length = 0;
        obey(worker, own, own->line);
    }
}

/* A whole line in a datagram. */
static void
datagram(void *context, struct worker *worker, struct session *session, const struct datagram *received) REQUIRES(worker_role)
{
    char line[64];
    size_t length = received->length < sizeof line - 1 ? received->length : sizeof line - 2;

    (void)context;
    memcpy(line, received->bytes, length);
    line[length] = '\0';
    if (session != NULL) {
        ASSERT(session->state == SESSION_OPEN && session_is_datagram(session));
        obey(worker, (struct parrot_session *)session, line);
    } else if (strcmp(line, "open") == 0) {
        session = worker_open_datagram(worker, received);
        event(session == NULL ? "full" : "opened");
    } else if (strncmp(line, "answer ", 7) == 0) {
        line[length] = '\n';
        worker_answer(worker, received, line + 7, length - 6);
    } else {
        event(received->truncated ? "truncated" : "stranger");
    }
}

static void
input_ended(void *context, struct worker *worker, struct session *session) REQUIRES(worker_role)
{
    (void)context;
    event("input_ended");
    session_close(worker, session);
}

static void
stopping(void *context, struct worker *worker, struct session *session) REQUIRES(worker_role)
{
    (void)context;
    event("stopping");
    say(worker, session, "stopping\n", 9);
    session_close(worker, session);
}

static void
draining(void *context, struct worker *worker, struct session *session, uint32_t retry_after_ms) REQUIRES(worker_role)
{
    (void)context;
    (void)retry_after_ms;
    event("draining");
    say(worker, session, "draining\n", 9);
    session_close(worker, session);
}

static bool
ended(void *context, struct worker *worker, struct session *session) REQUIRES(worker_role)
{
    struct parrot_session *own = (struct parrot_session *)session;

    (void)context;
    ASSERT(session->descriptor < 0);
    for (struct parrot_session **at = &desks[worker->number].paused; *at != NULL; at = &(*at)->next_paused)
        if (*at == own) {
            *at = own->next_paused;
            break;
        }
    event("ended");
    for (uint32_t to = 0; to < parrot.count && own->bequest > 0; to++)
        if (to != worker->number)
            post_note(worker, (int)to, NOTE_TELL, own->bequest);
    deadline_stop(&own->retry);
    if (own->keep && !worker->stopping)
        deadlines_start(worker_deadlines(worker, DEADLINE_RETRY), &own->retry, worker->now_ms);
    return !own->keep || worker->stopping;
}

static void
deadline_due(void *context, struct worker *worker, enum deadline_kind kind, struct deadline *deadline) REQUIRES(worker_role)
{
    (void)context;
    if (kind == DEADLINE_RETRY) {
        worker_release(worker, &LIST_ENTRY(deadline, struct parrot_session, retry)->session);
        event("released");
    } else if (kind == DEADLINE_BRAKE) {
        event_by("later");
    } else {
        ASSERT(kind == DEADLINE_HELLO || kind == DEADLINE_SILENCE);
        session_close(worker, LIST_ENTRY(deadline, struct session, deadline));
        event(kind == DEADLINE_HELLO ? "hello" : "silence");
    }
}

static void
mail_arrived(void *context, struct worker *worker, struct mail *mail) REQUIRES(worker_role)
{
    struct note *note = (struct note *)(void *)mail;
    struct desk *desk = &desks[worker->number];

    (void)context;
    if (note->kind == NOTE_RESUME) {
        while (desk->paused != NULL) {
            struct parrot_session *own = desk->paused;

            desk->paused = own->next_paused;
            session_pause(worker, &own->session, false);
        }
        event("resumed");
    } else if (note->kind != NOTE) {
        mailbox_settle(&worker->mailbox, mail->weight);
        desk->again = note->kind == NOTE_AGAIN;
        if (note->kind == NOTE_LATER)
            deadlines_start(worker_deadlines(worker, DEADLINE_BRAKE), &desk->later, worker->now_ms);
        event_by("told");
    } else {
        if (mail->weight > 0) {
            desk->unsettled += mail->weight;
        } else if (desk->unsettled > 0) {
            mailbox_settle(&worker->mailbox, desk->unsettled);
            desk->unsettled = 0;
        }
        event("note");
    }
    free(note);
}

/* The settings are the word that it says. */
static void
configured(void *context, struct worker *worker, const void *settings) REQUIRES(worker_role)
{
    (void)context;
    (void)worker;
    event(settings);
}

static bool
turn(void *context, struct worker *worker) REQUIRES(worker_role)
{
    struct desk *desk = &desks[worker->number];

    (void)context;
    if (!desk->again)
        return false;
    if (own_number() != worker->number)
        return true; /* whoever stands in has only one turn */
    desk->again = false;
    event_by("again");
    return false;
}

static const struct session_handler handler = {
    .session_bytes = sizeof(struct parrot_session),
    .opened = opened,
    .received = received,
    .datagram = datagram,
    .input_ended = input_ended,
    .stopping = stopping,
    .draining = draining,
    .ended = ended,
    .deadline = deadline_due,
    .configured = configured,
    .mail = mail_arrived,
    .turn = turn,
};

void
parrot_init(uint32_t workers)
{
    struct tcp_address addresses[TCP_ADDRESSES_MAX];
    bool optional;

    log_set_level(LEVEL_ERROR);
    vanished = transport_tcp;
    vanished.delivery = never_delivered;
    parrot = (struct parrot){.count = workers, .refusal = "no room\n"};
    memset(desks, 0, sizeof desks);
    ck_assert_int_eq(sem_init(&let_go, 0, 0), 0);
    admission_init(&parrot.admission, 1000);
    admission_init(&parrot.datagram_admission, 1000);
    pressure_init(&parrot.pressure);
    parrot.config = (struct worker_config){
        .handler = &handler,
        .context = &parrot,
        .admission = &parrot.admission,
        .datagram_admission = &parrot.datagram_admission,
        .pressure = &parrot.pressure,
        .refusal = parrot.refusal,
        .refusal_length = strlen(parrot.refusal),
        .timeouts_ms =
            {
                [DEADLINE_HELLO] = 1000000,
                [DEADLINE_SILENCE] = 1000000,
                [DEADLINE_MESSAGE] = 1000000,
                [DEADLINE_LINGER] = 1000000,
                [DEADLINE_DELIVERY] = 1000000,
                [DEADLINE_HEARD] = 1000000,
                [DEADLINE_BRAKE] = 1000000,
                [DEADLINE_ENTRANCE] = ENTRANCE_TICK_MS,
                [DEADLINE_RETRY] = 1,
                [DEADLINE_DRAIN] = 1,
            },
        .stop_timeout_ms = 1000000,
        .peer_timeout_s = 60,
        .silence_ms = 1000000,
    };
    ck_assert_int_eq(pipe(parrot.events), 0);
    ck_assert_int_eq(tcp_addresses_parse("127.0.0.1", addresses, &optional), 1);
    parrot.listener = tcp_listen(&addresses[0], 0, 60);
    ck_assert_int_ge(parrot.listener, 0);
    parrot.port = tcp_address_port(&addresses[0]);
}

int
parrot_serve_datagrams(void)
{
    struct tcp_address addresses[TCP_ADDRESSES_MAX];
    int sockets[PARROT_WORKERS_MAX];
    bool optional;

    ck_assert_int_eq(tcp_addresses_parse("127.0.0.1", addresses, &optional), 1);
    ck_assert_int_eq(workers_init(parrot.workers, parrot.count, &parrot.config), 0);
    parrot.initialised = true;
    for (uint32_t worker = 0; worker < parrot.count; worker++) {
        sockets[worker] = udp_open(&addresses[0], parrot.port, worker > 0);
        ck_assert_int_ge(sockets[worker], 0);
        ck_assert_int_eq(worker_add_socket(&parrot.workers[worker], sockets[worker]), 0);
    }
    for (uint32_t worker = 0; worker < parrot.count; worker++)
        udp_begin(sockets[worker]);
    return sockets[0];
}

int
parrot_correspond(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(parrot.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int peer = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(peer, 0);
    ck_assert_int_eq(connect(peer, (struct sockaddr *)&address, sizeof address), 0);
    return peer;
}

void
parrot_start(void)
{
    if (!parrot.initialised)
        ck_assert_int_eq(workers_init(parrot.workers, parrot.count, &parrot.config), 0);
    ck_assert_int_eq(workers_start(parrot.workers, parrot.count), 0);
}

void
parrot_open(uint32_t workers)
{
    parrot_init(workers);
    parrot_start();
}

static void
drop(struct mail *mail)
{
    free(mail);
}

void
parrot_stop(void)
{
    workers_stop(parrot.workers, parrot.count);
}

void
parrot_done(void)
{
    workers_done(parrot.workers, parrot.count, drop);
    close(parrot.listener);
    close(parrot.events[0]);
    close(parrot.events[1]);
}

void
parrot_close(void)
{
    parrot_stop();
    parrot_done();
}

static void
post(uint32_t worker, struct mail *mail)
{
    if (mailbox_post(&parrot.workers[worker].mailbox, mail))
        mailbox_wake(&parrot.workers[worker].mailbox);
}

static struct socket_mail *
prepare(int peer)
{
    struct socket_mail *letter = calloc(1, sizeof *letter);

    ck_assert_int_ge(peer, 0);
    ck_assert_ptr_nonnull(letter);
    (void)peer_wait_any(&parrot.listener, 1);
    latest = accept4(parrot.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    ck_assert_int_ge(latest, 0);
    *letter = (struct socket_mail){.mail.tag = MAIL_SOCKET, .descriptor = latest, .transport = &transport_tcp};
    return letter;
}

struct socket_mail *
parrot_prepare(int *peer)
{
    *peer = peer_connect(parrot.port);
    return prepare(*peer);
}

void
parrot_hand_over(uint32_t worker, struct socket_mail *letter)
{
    admission_enter(&parrot.admission);
    post(worker, &letter->mail);
}

static int
connected(uint32_t worker, int peer)
{
    parrot_hand_over(worker, prepare(peer));
    parrot_expect("opened");
    return peer;
}

int
parrot_connect(uint32_t worker)
{
    return connected(worker, peer_connect(parrot.port));
}

int
parrot_connect_narrow(uint32_t worker)
{
    return connected(worker, peer_connect_narrow(parrot.port));
}

int
parrot_latest(void)
{
    return latest;
}

static const char *
event_at(const char *file, int line)
{
    static char text[32];
    size_t length = 0;

    for (;;) {
        (void)peer_wait_any_at(&parrot.events[0], 1, file, line);
        ck_assert_int_eq(read(parrot.events[0], text + length, 1), 1);
        if (text[length] == '\n')
            break;
        ck_assert_uint_lt(++length, sizeof text);
    }
    text[length] = '\0';
    return text;
}

const char *
parrot_event(void)
{
    return event_at(__FILE__, __LINE__);
}

void
parrot_expect_at(const char *word, const char *file, int line)
{
    const char *next = event_at(file, line);

    ck_assert_msg(strcmp(next, word) == 0, "%s:%d: the event is \"%s\" where \"%s\" should be", file, line, next, word);
}

void
parrot_await_sleep(uint32_t number)
{
    struct worker *worker = &parrot.workers[number];

    for (bool asleep = false; !asleep; sched_yield()) {
        baton_take(&worker->turn);
        asleep = worker->asleep;
        baton_give(&worker->turn);
    }
}

void
parrot_let_go(void)
{
    for (uint32_t worker = 0; worker < parrot.count; worker++)
        ck_assert_int_eq(sem_post(&let_go), 0);
}

void
parrot_resume(uint32_t worker)
{
    struct note *note = calloc(1, sizeof *note);

    ck_assert_ptr_nonnull(note);
    *note = (struct note){.mail.tag = MAIL_NEWS, .kind = NOTE_RESUME};
    post(worker, &note->mail);
    parrot_expect("resumed");
}

void
parrot_post(uint32_t worker, uint32_t weight)
{
    struct note *note = calloc(1, sizeof *note);

    ck_assert_ptr_nonnull(note);
    *note = (struct note){.mail = {.tag = MAIL_NEWS, .weight = weight}};
    post(worker, &note->mail);
    parrot_expect("note");
}
