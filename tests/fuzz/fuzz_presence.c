/* SPDX-License-Identifier: MIT
 *
 * What clients of both dialects may do to a presence, over streams and by datagrams, with a worker that takes its steps on this thread: nothing
 * crashes, each line told is JSON, no answer to a datagram is longer than three times that, and when all have left, nothing of them is left.
 *
 * Input: lines. The first byte says who sends the rest of the line: 'a' and 'b' are streams, '1' to '4' are addresses. 'A' and 'B' end a stream's
 * input, 'c' connects again those that have ended, '.' is a turn of the worker, 'z' lets four seconds pass, 'g' gives the users of lost sessions a grace, 'G' takes it.
 */
#include "base/assert.h"
#include "net/session_internal.h"
#include "net/worker.h"
#include "net/worker_internal.h"
#include "presence/client.h"
#include "presence/datagram.h"
#include "presence/desk.h"
#include "transport/tcp.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STREAMS = 2, PASS_MS = 4000, GRACE_MS = 6000, TURNS_MAX = 10000, SAID_MAX = 1 << 20 };

static struct worker worker;
static struct worker_config config;
static struct presence *presence;
static struct session *streams[STREAMS];
static int peers[STREAMS];
static int sink; /* where the datagrams of the server go */
static uint16_t sink_port;

static struct admission admission, datagram_admission;
static struct pressure pressure;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
connect_stream(int number)
{
    struct session *session = worker_new_session(&worker);
    int ends[2];

    ASSERT(session != NULL && socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    admission_enter(&admission);
    session->descriptor = ends[0];
    session->transport = &transport_tcp;
    streams[number] = session;
    peers[number] = ends[1];
    deadlines_start(&worker.deadlines[DEADLINE_HELLO], &session->deadline, worker.now_ms);
    session_poll(&worker, session);
    presence_handler.opened(presence, &worker, session, false);
}

/* Looks at lines that were told. Returns how many bytes of them are answers. */
static size_t
check_lines(const char *bytes, size_t length)
{
    size_t answers = 0;

    for (size_t at = 0; at < length;) {
        const char *newline = memchr(bytes + at, '\n', length - at);

        ASSERT(newline != NULL);

        size_t line = (size_t)(newline + 1 - (bytes + at));
        json_t *value = json_loadb(bytes + at, line, JSON_REJECT_DUPLICATES, NULL);

        ASSERT(value != NULL);
        if (json_object_get(value, "method") == NULL && json_object_get(value, "online") == NULL)
            answers += line;
        json_decref(value);
        at += line;
    }
    return answers;
}

/* Reads all that has come to a socket; returns how many bytes of it are answers. */
static size_t
check_said(int descriptor)
{
    static char bytes[SAID_MAX];
    size_t length = 0;
    ssize_t part;

    while (length < sizeof bytes && (part = recv(descriptor, bytes + length, sizeof bytes - length, MSG_DONTWAIT)) > 0)
        length += (size_t)part;
    return check_lines(bytes, length);
}

static void
free_ended(void)
{
    struct list *link;

    while ((link = list_take_first(&worker.ended)) != NULL) {
        struct session *session = LIST_ENTRY(link, struct session, due);

        for (int i = 0; i < STREAMS; i++)
            if (streams[i] == session)
                streams[i] = NULL;
        if (!session_is_datagram(session)) {
            close(session->descriptor);
            admission_leave(&admission);
        }
        session->descriptor = -1;
        session->closed = true;
        worker.kept++;
        write_queue_clear(&session->queue, &worker.pool);
        if (presence_handler.ended(presence, &worker, session))
            worker_release(&worker, session);
        else
            ASSERT(client_of(session)->absent);
    }
}

static void
flush(void)
{
    worker_flush(&worker);
    free_ended();
    datagrams_send(&worker);
}

/* True: there is more to do. */
static bool
turn(void)
{
    struct mail *mail = mailbox_take(&worker.mailbox);
    bool more;

    while (mail != NULL) {
        struct mail *next = mail->next;

        worker.mails_taken++;
        presence_handler.mail(presence, &worker, mail);
        mail = next;
    }
    more = presence_handler.turn(presence, &worker);
    flush();
    (void)check_said(sink);
    return more || worker.mailbox.first != NULL;
}

static void
settle(void)
{
    int turns = 0;

    while (turn())
        ASSERT(++turns < TURNS_MAX);
}

static void
pass(void)
{
    worker.now_ms += PASS_MS;
    for (enum deadline_kind kind = 0; kind < DEADLINE_KINDS; kind++) {
        struct deadline *deadline;

        while ((deadline = deadlines_take_due(&worker.deadlines[kind], worker.now_ms)) != NULL) {
            if (kind == DEADLINE_LINGER)
                session_end(&worker, LIST_ENTRY(deadline, struct session, deadline));
            else if (kind == DEADLINE_DELIVERY || kind == DEADLINE_HEARD)
                session_delivery_due(&worker, LIST_ENTRY(deadline, struct session, delivery));
            else
                presence_handler.deadline(presence, &worker, kind, deadline);
        }
    }
    settle();
}

/* From memory of its own size. */
static void
send_stream(int number, const uint8_t *bytes, size_t length)
{
    struct session *session = streams[number];
    char *copy;

    if (length == 0 || session == NULL || session->state != SESSION_OPEN || session->paused || session->input_ended)
        return;
    copy = malloc(length);
    ASSERT(copy != NULL);
    memcpy(copy, bytes, length);
    presence_handler.received(presence, &worker, session, copy, length);
    free(copy);
    flush();
    (void)check_said(peers[number]);
}

static void
end_stream(int number)
{
    struct session *session = streams[number];

    if (session == NULL || session->state != SESSION_OPEN || session->paused || session->input_ended)
        return;
    session->input_ended = true;
    presence_handler.input_ended(presence, &worker, session);
    flush();
}

static void
send_datagram(int address, const uint8_t *bytes, size_t length)
{
    struct datagram datagram = {
        .length = length, .from = {.host = {[10] = 0xff, [11] = 0xff, [12] = 127, [13] = 0, [14] = 0, [15] = (uint8_t)address}, .port = sink_port}};
    struct session *session = NULL;
    char *copy = malloc(length);
    uint32_t slot;

    ASSERT(copy != NULL);
    memcpy(copy, bytes, length);
    datagram.bytes = copy;
    slot = address_table_find(&worker.datagrams.table, &datagram.from);
    if (slot != SLOTS_NONE) {
        session = slots_at(&worker.sessions, slot);
        deadlines_start(&worker.deadlines[DEADLINE_SILENCE], &session->deadline, worker.now_ms);
    }
    presence_handler.datagram(presence, &worker, session, &datagram);
    free(copy);
    flush();
    ASSERT(check_said(sink) <= DATAGRAM_FACTOR * length);
}

static void
connect_again(void)
{
    for (int i = 0; i < STREAMS; i++) {
        if (streams[i] != NULL)
            continue;
        (void)check_said(peers[i]);
        close(peers[i]);
        connect_stream(i);
    }
}

static void
give_grace(uint64_t time_ms)
{
    static const enum deadline_kind kinds[] = {DEADLINE_GRACE, DEADLINE_GRACE_DATAGRAM};

    for (int i = 0; i < 2; i++) {
        config.timeouts_ms[kinds[i]] = time_ms;
        deadlines_change(worker_deadlines(&worker, kinds[i]), time_ms, worker.now_ms);
    }
}

static void
carry_out(const uint8_t *line, size_t length)
{
    switch (line[0]) {
    case 'a': send_stream(0, line + 1, length - 1); break;
    case 'b': send_stream(1, line + 1, length - 1); break;
    case 'A': end_stream(0); break;
    case 'B': end_stream(1); break;
    case '.': (void)turn(); break;
    case 'c': connect_again(); break;
    case 'z': pass(); break;
    case 'g': give_grace(GRACE_MS); break;
    case 'G': give_grace(0); break;
    default:
        if (line[0] >= '1' && line[0] <= '4')
            send_datagram(line[0] - '0', line + 1, length - 1);
        break;
    }
}

/* Once: what all have left is as if it was new, and making it anew takes longer than most inputs. */
static void
begin(void)
{
    const struct presence_config presence_config = {
        .limits = {.message_bytes = 1024, .nesting = 8, .friends = 6},
        .queue_limit = 16,
        .unfinished_limit = 4096,
        .stream_heartbeat_s = 20,
        .datagram_heartbeat_s = 10,
        .store = &store_light,
    };
    int served = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    presence = presence_new(&worker, 1, &presence_config);
    ASSERT(presence != NULL);
    config.context = presence;
    ASSERT(workers_init(&worker, 1, &config) == 0);
    ASSERT(served >= 0 && worker_add_socket(&worker, served) == 0);
}

/* All leave, and nothing is left. */
static void
end(void)
{
    struct graph_census census;

    for (int i = 0; i < STREAMS; i++)
        if (streams[i] != NULL)
            session_end(&worker, streams[i]);
    settle();
    for (int i = 0; i < 4; i++)
        pass();
    give_grace(0);
    census = graph_census(presence->graph);
    ASSERT(worker.sessions.count == 0 && worker.kept == 0 && census.members == 0 && census.edges == 0 && census.users == 0);
    ASSERT(atomic_load(&presence->absent[TALLY_TCP]) == 0 && atomic_load(&presence->absent[TALLY_UDP]) == 0);
    ASSERT(presence->desks[0].unfinished == 0 && presence->desks[0].progress == NULL);
    ASSERT(admission_count(&admission) == 0 && admission_count(&datagram_admission) == 0);
    for (int i = 0; i < STREAMS; i++) {
        (void)check_said(peers[i]);
        close(peers[i]);
    }
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;

    (void)argc;
    (void)argv;
    dialects_init();
    log_set_level(LEVEL_ERROR);
    admission_init(&admission, 100);
    admission_init(&datagram_admission, 3);
    pressure_init(&pressure);
    config = (struct worker_config){
        .handler = &presence_handler,
        .admission = &admission,
        .datagram_admission = &datagram_admission,
        .pressure = &pressure,
        .silence_ms = 1000000,
        .timeouts_ms = {[DEADLINE_HELLO] = 10000,
            [DEADLINE_SILENCE] = 3000,
            [DEADLINE_MESSAGE] = 5000,
            [DEADLINE_LINGER] = 2000,
            [DEADLINE_DELIVERY] = 5000,
            [DEADLINE_HEARD] = 50000,
            [DEADLINE_BRAKE] = 1,
            [DEADLINE_RETRY] = 50},
    };
    sink = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ASSERT(sink >= 0 && bind(sink, (struct sockaddr *)&address, sizeof address) == 0);
    ASSERT(getsockname(sink, (struct sockaddr *)&address, &length) == 0);
    sink_port = ntohs(address.sin_port);
    begin();
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int i = 0; i < STREAMS; i++)
        connect_stream(i);
    for (size_t at = 0; at < size;) {
        const uint8_t *newline = memchr(data + at, '\n', size - at);
        size_t length = newline == NULL ? size - at : (size_t)(newline - (data + at));

        if (length > 0)
            carry_out(data + at, length);
        at += length + 1;
    }
    end();
    return 0;
}
