/* SPDX-License-Identifier: MIT
 *
 * What the parrot obeys and says, on the workers' threads.
 */
#include "support/unit/parrot_internal.h"

#include "base/assert.h"
#include "transport/tcp.h"

#include <check.h>
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

void
parrot_say_event(const char *word)
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
    parrot_say_event(word);
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
    parrot_say_event("asked");
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

/* Every open session of the worker is told the same, in one turn. */
static void
obey_all(struct worker *worker, const char *text, size_t length) REQUIRES(worker_role)
{
    struct session *session;

    for (uint32_t slot = 0; (session = worker_next_session(worker, &slot, HANDLE_SLOTS_MAX)) != NULL; slot++)
        say(worker, session, text, length);
}

void
parrot_obey(struct worker *worker, struct parrot_session *own, char *command) REQUIRES(worker_role)
{
    struct session *session = &own->session;

    if (strncmp(command, "echo ", 5) == 0) {
        size_t length = strlen(command);

        command[length] = '\n';
        say(worker, session, command + 5, length - 4);
    } else if (strncmp(command, "all ", 4) == 0) {
        size_t length = strlen(command);

        command[length] = '\n';
        obey_all(worker, command + 4, length - 3);
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
        parrot_say_event("held");
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
    parrot_say_event(refused ? "refused" : "opened");
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
        parrot_obey(worker, own, own->line);
    }
}

static void
input_ended(void *context, struct worker *worker, struct session *session) REQUIRES(worker_role)
{
    (void)context;
    parrot_say_event("input_ended");
    session_close(worker, session);
}

static void
stopping(void *context, struct worker *worker, struct session *session) REQUIRES(worker_role)
{
    (void)context;
    parrot_say_event("stopping");
    say(worker, session, "stopping\n", 9);
    session_close(worker, session);
}

static void
draining(void *context, struct worker *worker, struct session *session, uint32_t retry_after_ms) REQUIRES(worker_role)
{
    (void)context;
    (void)retry_after_ms;
    parrot_say_event("draining");
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
    parrot_say_event("ended");
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
        parrot_say_event("released");
    } else if (kind == DEADLINE_BRAKE) {
        event_by("later");
    } else {
        ASSERT(kind == DEADLINE_HELLO || kind == DEADLINE_SILENCE);
        session_close(worker, LIST_ENTRY(deadline, struct session, deadline));
        parrot_say_event(kind == DEADLINE_HELLO ? "hello" : "silence");
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
        parrot_say_event("resumed");
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
        parrot_say_event("note");
    }
    free(note);
}

/* The settings are the word that it says. */
static void
configured(void *context, struct worker *worker, const void *settings) REQUIRES(worker_role)
{
    (void)context;
    (void)worker;
    parrot_say_event(settings);
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

const struct session_handler parrot_handler = {
    .session_bytes = sizeof(struct parrot_session),
    .opened = opened,
    .received = received,
    .datagram = parrot_datagram,
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
parrot_handler_init(void)
{
    vanished = transport_tcp;
    vanished.delivery = never_delivered;
    memset(desks, 0, sizeof desks);
    ck_assert_int_eq(sem_init(&let_go, 0, 0), 0);
}

void
parrot_let_go(void)
{
    for (uint32_t worker = 0; worker < parrot.count; worker++)
        ck_assert_int_eq(sem_post(&let_go), 0);
}
