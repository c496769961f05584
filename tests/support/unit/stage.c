/* SPDX-License-Identifier: MIT
 *
 * The steps are those of net/worker.c, which has them for itself. Connections are pairs of local sockets, so what was written is there to be read at
 * once.
 */
#include "support/unit/stage.h"

#include "base/assert.h"
#include "net/session_internal.h"
#include "net/worker_internal.h"
#include "presence/client.h"
#include "support/unit/require.h"
#include "support/unit/words.h"
#include "transport/tcp.h"
#include "transport/udp.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ACTORS_MAX = 2000, TEXT_MAX = 1 << 18, BYTES_MAX = 1 << 22, STEPS_MAX = 100000 };

struct stage stage;

static struct actor actors[ACTORS_MAX];
static uint32_t actor_count;
static bool dialects_ready;
static uint16_t datagram_ports[STAGE_WORKERS_MAX]; /* of each worker's own socket; 0 while it has none */

struct presence_config
stage_usual(void)
{
    return (struct presence_config){
        .limits = {.message_bytes = 256 << 10, .nesting = 32, .friends = 10000},
        .queue_limit = 4096,
        .unfinished_limit = 256 << 20,
        .stream_heartbeat_s = 20,
        .datagram_heartbeat_s = 10,
        .store = &store_light,
    };
}

void
stage_open(uint32_t workers)
{
    struct presence_config config = stage_usual();

    stage_open_with(workers, &config);
}

void
stage_open_with(uint32_t workers, const struct presence_config *config)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    log_set_level(LEVEL_ERROR);
    if (!dialects_ready)
        dialects_init();
    dialects_ready = true;
    stage = (struct stage){.count = workers, .config = *config};
    actor_count = 0;
    admission_init(&stage.admission, ACTORS_MAX);
    admission_init(&stage.datagram_admission, ACTORS_MAX);
    memset(datagram_ports, 0, sizeof datagram_ports);
    pressure_init(&stage.pressure);
    stage.presence = presence_new(stage.workers, workers, config);
    ck_assert_ptr_nonnull(stage.presence);
    stage.worker_config = (struct worker_config){
        .handler = &presence_handler,
        .context = stage.presence,
        .admission = &stage.admission,
        .datagram_admission = &stage.datagram_admission,
        .pressure = &stage.pressure,
        .refusal = "full\n",
        .refusal_length = 5,
        .io_uring = true,
        .silence_ms = 1000000,
        .timeouts_ms =
            {
                [DEADLINE_HELLO] = STAGE_HELLO_MS,
                [DEADLINE_SILENCE] = STAGE_SILENCE_MS,
                [DEADLINE_MESSAGE] = STAGE_MESSAGE_MS,
                [DEADLINE_LINGER] = STAGE_LINGER_MS,
                [DEADLINE_DELIVERY] = STAGE_DELIVERY_MS,
                [DEADLINE_HEARD] = STAGE_HEARD_MS,
                [DEADLINE_BRAKE] = 1,
                [DEADLINE_RETRY] = STAGE_RETRY_MS,
                [DEADLINE_DRAIN] = 10,
            },
    };
    ck_assert_int_eq(workers_init(stage.workers, workers, &stage.worker_config), 0);
}

static struct actor *
actor_of(const struct session *session)
{
    for (uint32_t i = 0; i < actor_count; i++)
        if (actors[i].session == session)
            return &actors[i];
    return NULL;
}

static void
free_ended(struct worker *worker)
{
    struct list *link;

    while ((link = list_take_first(&worker->ended)) != NULL) {
        struct session *session = LIST_ENTRY(link, struct session, due);

        if (!session_is_datagram(session)) {
            close(session->descriptor);
            admission_leave(&stage.admission);
        }
        session->descriptor = -1;
        session->polled = false;
        session->closed = true;
        worker->kept++;
        write_queue_clear(&session->queue, &worker->pool);
        if (presence_handler.ended(stage.presence, worker, session)) {
            if (!session_is_datagram(session))
                actor_of(session)->session = NULL;
            worker_release(worker, session);
        }
    }
}

/* A session that waited for memory to tell its departure, or was absent, is released by presence itself. */
static void
forget_released(struct worker *worker)
{
    for (uint32_t i = 0; i < actor_count; i++) {
        struct actor *actor = &actors[i];
        const struct session *session = NULL;

        if (actor->session == NULL || actor->sends_datagrams || actor->worker != worker->number)
            continue;
        if (slots_exists(&worker->sessions, handle_slot(actor->handle)))
            session = slots_at(&worker->sessions, handle_slot(actor->handle));
        if (session == NULL || session->handle.generation != actor->handle.generation)
            actor->session = NULL;
    }
}

/* Ends the sessions of datagrams. */
static void
end_datagrams(struct worker *worker)
{
    for (uint32_t slot = 0; slot < ACTORS_MAX; slot++) {
        struct session *session = slots_exists(&worker->sessions, slot) ? slots_at(&worker->sessions, slot) : NULL;

        if (session == NULL || session->handle.generation == 0 || !session_is_datagram(session))
            continue;
        if (session->closed) {
            ck_assert(presence_handler.ended(stage.presence, worker, session));
            worker_release(worker, session);
        } else {
            session_end(worker, session);
        }
    }
}

void
stage_give_grace(uint64_t time_ms)
{
    static const enum deadline_kind kinds[] = {DEADLINE_GRACE, DEADLINE_GRACE_DATAGRAM};

    for (int i = 0; i < 2; i++) {
        stage.worker_config.timeouts_ms[kinds[i]] = time_ms;
        for (uint32_t worker = 0; worker < stage.count; worker++)
            deadlines_change(&stage.workers[worker].deadlines[kinds[i]], time_ms, stage.workers[worker].now_ms);
    }
}

void
stage_open_two(void)
{
    stage_open(2);
}

void
stage_open_three(void)
{
    stage_open(3);
}

void
stage_close(void)
{
    presence_stop(stage.presence);
    for (uint32_t i = 0; i < actor_count; i++) {
        struct actor *actor = &actors[i];
        struct worker *worker = &stage.workers[actor->worker];

        if (actor->session != NULL && actor->session->closed) {
            ck_assert(presence_handler.ended(stage.presence, worker, actor->session));
            worker_release(worker, actor->session);
            actor->session = NULL;
        } else if (actor->session != NULL) {
            session_end(worker, actor->session);
        }
        if (actor->peer >= 0)
            close(actor->peer);
    }
    for (uint32_t worker = 0; worker < stage.count; worker++) {
        end_datagrams(&stage.workers[worker]);
        free_ended(&stage.workers[worker]);
        ck_assert_uint_eq(stage.workers[worker].sessions.count, 0);
    }
    ck_assert_uint_eq(admission_count(&stage.admission), 0);
    ck_assert_uint_eq(admission_count(&stage.datagram_admission), 0);
    for (uint32_t worker = 0; worker < stage.count; worker++)
        ck_assert_uint_eq(stage.presence->desks[worker].unfinished, 0);
    workers_done(stage.workers, stage.count, presence_drop_mail);
    presence_free(stage.presence);
}

void
stage_open_again(uint32_t workers, struct presence_config config)
{
    stage_close();
    stage_open_with(workers, &config);
}

struct actor *
stage_connect(uint32_t number)
{
    struct worker *worker = &stage.workers[number];
    uint32_t slot = slots_take(&worker->sessions);
    struct session *session;
    int ends[2];

    if (slot == SLOTS_NONE) {
        REQUIRE(slots_grow(&worker->sessions) == 0, "no memory");
        slot = slots_take(&worker->sessions);
    }
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0, "no descriptors");
    REQUIRE(actor_count < ACTORS_MAX, "too many actors");
    admission_enter(&stage.admission);
    session = slots_at(&worker->sessions, slot);
    session->handle = handle_of(number, slot, ++worker->generation);
    session->opened_s = (uint32_t)(worker->now_ms / 1000);
    session->descriptor = ends[0];
    session->transport = &transport_tcp;
    actors[actor_count] = (struct actor){.worker = number, .session = session, .handle = session->handle, .peer = ends[1]};
    deadlines_start(&worker->deadlines[DEADLINE_HELLO], &session->deadline, worker->now_ms);
    session_poll(worker, session);
    presence_handler.opened(stage.presence, worker, session, false);
    return &actors[actor_count++];
}

void
stage_forget_last(void)
{
    struct actor *actor = &actors[actor_count - 1];

    REQUIRE(actor->session == NULL && !actor->sends_datagrams, "it is still there");
    if (actor->peer >= 0)
        close(actor->peer);
    actor_count--;
}

/* A worker's own socket; no group, so that a test chooses the worker. */
static void
serve_datagrams(uint32_t number)
{
    struct tcp_address addresses[TCP_ADDRESSES_MAX];
    int descriptor = -EADDRINUSE;
    bool optional;

    REQUIRE(tcp_addresses_parse("127.0.0.1", addresses, &optional) == 1, "no address");
    for (uint16_t port = 20000; descriptor == -EADDRINUSE; port++) {
        descriptor = udp_open(&addresses[0], port, false);
        datagram_ports[number] = port;
    }
    REQUIRE(descriptor >= 0 && worker_add_socket(&stage.workers[number], descriptor) == 0, "no socket");
    udp_begin(descriptor);
}

struct actor *
stage_correspond(uint32_t number)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int peer = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (datagram_ports[number] == 0)
        serve_datagrams(number);
    address.sin_port = htons(datagram_ports[number]);
    REQUIRE(peer >= 0 && connect(peer, (struct sockaddr *)&address, sizeof address) == 0, "no socket");
    REQUIRE(actor_count < ACTORS_MAX, "too many actors");
    actors[actor_count] = (struct actor){.worker = number, .peer = peer, .sends_datagrams = true};
    return &actors[actor_count++];
}

void
stage_receive_bytes(struct actor *actor, const char *bytes, size_t length)
{
    if (actor->sends_datagrams) {
        REQUIRE(send(actor->peer, bytes, length, 0) == (ssize_t)length, "it cannot be sent");
        datagrams_event(&stage.workers[actor->worker], 0, EPOLLIN);
        return;
    }

    /* In memory of exactly this size, as little as is promised. */
    char *copy = malloc(length);

    REQUIRE(copy != NULL || length == 0, "no memory");
    memcpy(copy, bytes, length);
    if (stage_is_read(actor))
        presence_handler.received(stage.presence, &stage.workers[actor->worker], actor->session, copy, length);
    free(copy);
}

void
stage_receive(struct actor *actor, const char *text)
{
    stage_receive_bytes(actor, text, strlen(text));
}

void
stage_end_input(struct actor *actor)
{
    actor->session->input_ended = true;
    presence_handler.input_ended(stage.presence, &stage.workers[actor->worker], actor->session);
    session_poll(&stage.workers[actor->worker], actor->session);
}

void
stage_lose(struct actor *actor)
{
    session_end(&stage.workers[actor->worker], actor->session);
}

void
stage_room(struct actor *actor)
{
    session_writable(&stage.workers[actor->worker], actor->session);
}

void
stage_shrink(struct actor *actor)
{
    int bytes = 1; /* the kernel takes its least instead */

    REQUIRE(setsockopt(actor->session->descriptor, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) == 0, "no option");
}

void
stage_hello(struct actor *actor, int64_t user, const char *friends)
{
    static char text[1 << 17];
    int length =
        snprintf(text, sizeof text, friends == NULL ? "{\"user_id\": %" PRId64 "}" : "{\"user_id\": %" PRId64 ", \"friends\": [%s]}", user, friends);

    ASSERT(length < (int)sizeof text);
    stage_receive_bytes(actor, text, (size_t)length);
}

struct actor *
stage_login(uint32_t worker, int64_t user, const char *friends)
{
    struct actor *actor = stage_connect(worker);

    stage_hello(actor, user, friends);
    REQUIRE(actor->session->state == SESSION_OPEN, "the login failed: %s", stage_heard(actor));
    return actor;
}

void
stage_take_mail(uint32_t number)
{
    struct worker *worker = &stage.workers[number];
    struct mail *mail = mailbox_take(&worker->mailbox);

    while (mail != NULL) {
        struct mail *next = mail->next;

        worker->mails_taken++;
        presence_handler.mail(stage.presence, worker, mail);
        mail = next;
    }
}

bool
stage_tell(uint32_t worker)
{
    return presence_handler.turn(stage.presence, &stage.workers[worker]);
}

void
stage_write(uint32_t number)
{
    struct worker *worker = &stage.workers[number];

    worker_flush(worker);
    free_ended(worker);
    datagrams_send(worker);
}

bool
stage_turn(uint32_t worker)
{
    stage_take_mail(worker);
    bool more = stage_tell(worker);

    stage_write(worker);
    forget_released(&stage.workers[worker]);
    return more;
}

void
stage_settle(void)
{
    bool more = true;

    for (int steps = 0; more; steps++) {
        ASSERT(steps < STEPS_MAX);
        more = false;
        for (uint32_t worker = 0; worker < stage.count; worker++)
            more = stage_turn(worker) || more;
        for (uint32_t worker = 0; worker < stage.count; worker++)
            more = more || stage.workers[worker].mailbox.first != NULL;
    }
}

static void
fall_due(struct worker *worker)
{
    for (enum deadline_kind kind = 0; kind < DEADLINE_KINDS; kind++) {
        struct deadline *deadline;

        while ((deadline = deadlines_take_due(&worker->deadlines[kind], worker->now_ms)) != NULL) {
            if (kind == DEADLINE_LINGER)
                session_end(worker, LIST_ENTRY(deadline, struct session, deadline));
            else if (kind == DEADLINE_DELIVERY || kind == DEADLINE_HEARD)
                session_delivery_due(worker, LIST_ENTRY(deadline, struct session, delivery));
            else if (kind == DEADLINE_DRAIN)
                drain_tick(worker);
            else
                presence_handler.deadline(stage.presence, worker, kind, deadline);
        }
    }
    forget_released(worker);
}

void
stage_pass_ms(uint64_t time_ms)
{
    for (uint64_t ms = 0; ms < time_ms; ms++) {
        for (uint32_t worker = 0; worker < stage.count; worker++) {
            stage.workers[worker].now_ms++;
            fall_due(&stage.workers[worker]);
        }
        stage_settle();
    }
}

/* Everything that has come, behind the first `length` bytes. True: the end, too. */
static bool
listen_to(struct actor *actor, char *bytes, size_t size, size_t *length)
{
    ssize_t part;

    while ((part = recv(actor->peer, bytes + *length, size - *length, MSG_DONTWAIT)) > 0) {
        const char *newline = memchr(bytes + *length, '\n', (size_t)part);

        REQUIRE(!actor->sends_datagrams || newline == bytes + *length + part - 1, "a datagram is not one line");
        *length += (size_t)part;
        REQUIRE(*length < size, "too much was said");
    }
    return part == 0;
}

/* The lines as words. */
static const char *
words_of(struct actor *actor, const char *bytes, size_t length, bool over)
{
    static char text[TEXT_MAX];
    size_t words = 0;

    stage.heard_bytes = length;
    text[0] = '\0';
    for (size_t at = 0; at < length;) {
        const char *end = memchr(bytes + at, '\n', length - at);

        REQUIRE(end != NULL, "the end of a line is missing: %.*s", (int)(length - at), bytes + at);
        REQUIRE(words < TEXT_MAX - 64, "too many words");
        if (words > 0)
            text[words++] = ' ';
        words += word_of_line(bytes + at, (size_t)(end + 1 - (bytes + at)), text + words, TEXT_MAX - words - 8);
        at = (size_t)(end + 1 - bytes);
    }
    if (over && !actor->over) {
        actor->over = true;
        sprintf(text + words, "%s.", words > 0 ? " " : "");
    }
    return text;
}

const char *
stage_heard(struct actor *actor)
{
    static char bytes[BYTES_MAX];
    size_t length = 0;
    bool over = listen_to(actor, bytes, sizeof bytes, &length);

    return words_of(actor, bytes, length, over);
}

const char *
stage_heard_out(struct actor *actor)
{
    static char bytes[BYTES_MAX];
    size_t length = 0, before;
    bool over;

    do {
        before = length;
        over = listen_to(actor, bytes, sizeof bytes, &length);
        if (actor->session != NULL && actor->session->blocked)
            stage_room(actor);
        stage_settle();
    } while (!over && length > before);
    return words_of(actor, bytes, length, over);
}

struct graph_census
stage_census(void)
{
    return graph_census(stage.presence->graph);
}

struct client *
stage_client(const struct actor *actor)
{
    return client_of(actor->session);
}

size_t
stage_unfinished(void)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < stage.count; i++)
        bytes += stage.presence->desks[i].unfinished;
    return bytes;
}

bool
stage_is_read(const struct actor *actor)
{
    return actor->session != NULL && actor->session->state == SESSION_OPEN && !actor->session->paused && !actor->session->input_ended;
}
