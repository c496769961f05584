/* SPDX-License-Identifier: MIT */
#include "support/unit/parrot.h"

#include "support/unit/parrot_internal.h"
#include "support/unit/peer.h"
#include "transport/tcp.h"

#include <check.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct parrot parrot;

static int latest;

void
parrot_init(uint32_t workers)
{
    struct tcp_address addresses[TCP_ADDRESSES_MAX];
    bool optional;

    log_set_level(LEVEL_ERROR);
    parrot = (struct parrot){.count = workers, .refusal = "no room\n"};
    parrot_handler_init();
    admission_init(&parrot.admission, 1000);
    admission_init(&parrot.datagram_admission, 1000);
    pressure_init(&parrot.pressure);
    parrot.config = (struct worker_config){
        .handler = &parrot_handler,
        .context = &parrot,
        .admission = &parrot.admission,
        .datagram_admission = &parrot.datagram_admission,
        .pressure = &parrot.pressure,
        .refusal = parrot.refusal,
        .refusal_length = strlen(parrot.refusal),
        .io_uring = true,
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
