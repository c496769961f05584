/* SPDX-License-Identifier: MIT
 *
 * What datagrams may hold, from several addresses to one worker, in both dialects: nothing crashes, nobody is answered more than three times
 * what was sent, answers and errors are not answered at all, and what is left at the end is what the sessions that are there account for.
 *
 * Input: datagrams one after another, each a byte that says from which address and how much happens after it, two bytes of length, and its bytes.
 */
#include "base/assert.h"
#include "net/session_internal.h"
#include "net/worker.h"
#include "presence/desk.h"
#include "presence/presence.h"
#include "store/store.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum {
    ADDRESSES = 4,
    FACTOR = 3,
    TIMEOUT_MS = 1000,
    SETTLES = 0x80, /* bits of the first byte: all that is under way is told; nothing is heard for so long that everybody is gone */
    SILENCE = 0x40,
};

static struct worker worker;
static struct pressure pressure;
static struct admission admission, datagram_admission;
static struct presence *presence;
static struct worker_config config;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One worker for all inputs, which leave nothing behind. */
int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const struct presence_config limits = {
        .limits = {.message_bytes = 4096, .nesting = 8, .friends = 100},
        .queue_limit = 16,
        .unfinished_limit = 1 << 20,
        .store = &store_light,
    };
    struct tcp_address address = {.v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, .length = sizeof address.v4};
    int descriptor = udp_open(&address, 0, false); /* it never begins: datagrams come from the input only */

    (void)argc;
    (void)argv;
    dialects_init();
    log_set_level(LEVEL_ERROR);
    pressure_init(&pressure);
    admission_init(&admission, 1);
    admission_init(&datagram_admission, ADDRESSES - 1);
    presence = presence_new(&worker, 1, &limits);
    config = (struct worker_config){
        .handler = &presence_handler,
        .context = presence,
        .admission = &admission,
        .datagram_admission = &datagram_admission,
        .pressure = &pressure,
        .timeouts_ms = {[DEADLINE_SILENCE] = TIMEOUT_MS, [DEADLINE_RETRY] = 1},
    };
    ASSERT(descriptor >= 0 && presence != NULL && workers_init(&worker, 1, &config) == 0 && worker_add_socket(&worker, descriptor) == 0);
    return 0;
}

/* What was said last. */
static char said[1 << 16];
static size_t said_length;

/* How many bytes wait to be sent; and forgets them, but for the last datagram. */
static size_t
outbox_take(void)
{
    struct datagram_port *port = worker.datagrams.ports[0];
    size_t bytes = 0;

    for (uint32_t i = port->outbox.first; i < port->outbox.count; i++) {
        const struct line *line = port->lines[i];

        ASSERT(line->length > 0 && line->length <= sizeof said && line->bytes[line->length - 1] == '\n');
        bytes += line->length;
        said_length = line->length;
        memcpy(said, line->bytes, said_length);
        line_drop(port->lines[i]);
    }
    port->outbox.first = port->outbox.count = 0;
    return bytes;
}

/* The rest of a turn. */
static bool
turn(void) REQUIRES(worker_role)
{
    struct list *link;
    bool more;

    for (struct mail *mail = mailbox_take(&worker.mailbox), *next; mail != NULL; mail = next) {
        next = mail->next;
        worker.mails_taken++;
        presence_handler.mail(presence, &worker, mail);
    }
    more = presence_handler.turn(presence, &worker);
    while ((link = list_take_first(&worker.due)) != NULL) {
        session_flush(&worker, LIST_ENTRY(link, struct session, due));
        (void)outbox_take();
    }
    while ((link = list_take_first(&worker.ended)) != NULL) {
        struct session *session = LIST_ENTRY(link, struct session, due);

        session->closed = true;
        write_queue_clear(&session->queue, &worker.pool);
        ASSERT(presence_handler.ended(presence, &worker, session));
        worker_release(&worker, session);
    }
    return more || worker.mailbox.first != NULL || !list_is_empty(&worker.due);
}

static void
settle(void) REQUIRES(worker_role)
{
    for (int turns = 0; turn(); turns++)
        ASSERT(turns < 10000);
}

/* Time passes, and those who were silent are gone. */
static void
be_silent(uint64_t time_ms) REQUIRES(worker_role)
{
    struct deadline *deadline;

    worker.now_ms += time_ms;
    while ((deadline = deadlines_take_due(&worker.deadlines[DEADLINE_SILENCE], worker.now_ms)) != NULL)
        presence_handler.deadline(presence, &worker, DEADLINE_SILENCE, deadline);
    settle();
}

static struct udp_address
address_of(uint32_t number)
{
    return (struct udp_address){.host = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}, .port = (uint16_t)(1000 + number)};
}

/* A datagram from memory of its own size. Returns how much it was answered. */
static size_t
receive(struct udp_address from, const void *bytes, size_t length) REQUIRES(worker_role)
{
    char *copy = malloc(length);
    struct datagram datagram = {.from = from, .bytes = copy, .length = length};
    uint32_t slot = address_table_find(&worker.datagrams.table, &from);
    struct session *session = slot == SLOTS_NONE ? NULL : slots_at(&worker.sessions, slot);

    memcpy(copy, bytes, length);
    if (session != NULL)
        deadlines_start(&worker.deadlines[DEADLINE_SILENCE], &session->deadline, worker.now_ms);
    presence_handler.datagram(presence, &worker, session, &datagram);
    free(copy);
    return outbox_take();
}

/* No answer is longer than it may be, and one that comes back from another server is not answered. */
static void
check_answer(struct udp_address from, const void *bytes, size_t length) REQUIRES(worker_role)
{
    size_t answered = receive(from, bytes, length);

    ASSERT(answered <= FACTOR * length);
    if (answered > 0)
        ASSERT(receive(address_of(ADDRESSES), said, said_length) == 0);
    worker.now_ms++;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) THREAD_ATTRIBUTE(no_thread_safety_analysis)
{
    struct graph_census census;

    while (size >= 3) {
        uint8_t how = data[0];
        size_t length = (size_t)data[1] << 8 | data[2];

        data += 3;
        size -= 3;
        if (length > size)
            length = size;
        check_answer(address_of(how % ADDRESSES), data, length);
        if (how & SETTLES)
            settle();
        if (how & SILENCE)
            be_silent(TIMEOUT_MS);
        data += length;
        size -= length;
    }
    settle();
    census = graph_census(presence->graph);
    ASSERT(census.members == worker.sessions.count && worker.datagrams.table.count == worker.sessions.count);
    ASSERT(admission_count(&datagram_admission) == worker.sessions.count && census.users_online <= census.members);
    be_silent(TIMEOUT_MS);
    census = graph_census(presence->graph);
    ASSERT(census.users == 0 && census.edges == 0 && census.members == 0);
    ASSERT(worker.sessions.count == 0 && worker.datagrams.table.count == 0 && presence->desks[0].unfinished == 0);
    return 0;
}
