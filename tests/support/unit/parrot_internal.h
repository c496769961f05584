/* SPDX-License-Identifier: MIT
 *
 * What the parts of the parrot share: what it obeys and says (parrot_handler.c), its datagrams (parrot_datagrams.c), and its making,
 * starting and stopping (parrot.c).
 */
#ifndef SUPPORT_UNIT_PARROT_INTERNAL_H
#define SUPPORT_UNIT_PARROT_INTERNAL_H

#include "support/unit/parrot.h"

enum note_kind { NOTE, NOTE_RESUME, NOTE_TELL, NOTE_AGAIN, NOTE_LATER };

struct note {
    struct mail mail;
    enum note_kind kind;
};

struct parrot_session;

extern const struct session_handler parrot_handler;

/* Forgets what an earlier test left. */
void parrot_handler_init(void);
/* Says a word, as an event. */
void parrot_say_event(const char *word);
/* Carries out a line, which it may change; there is room for one byte more. */
void parrot_obey(struct worker *worker, struct parrot_session *own, char *command) REQUIRES(worker_role);
/* A whole line in a datagram. */
void parrot_datagram(void *context, struct worker *worker, struct session *session, const struct datagram *received) REQUIRES(worker_role);

#endif
