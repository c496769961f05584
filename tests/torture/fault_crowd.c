/* SPDX-License-Identifier: MIT
 *
 * Crowds that only take places: connections that say nothing, ten thousand of them; connections that are begun and never finished; and messages that come a
 * byte at a time and never end.
 */
#include "support/pace.h"
#include "support/process.h"
#include "torture/helper.h"
#include "torture/torture.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SILENT_MAX = 10000,
    SLOW_MAX = 300,
    OPEN_AT_ONCE = 100,
    TURN_MS = 10,
    LOOK_MS = 100,
    PATIENT_TIMEOUT_S = 3600,
    SLOW_TURN_MS = 40,
    EVENTS = 256,
    ANSWER_BYTES = 512,
    SYN_EACH_TURN = 40,
};
enum { COUNT_OPEN, COUNT_MOST, COUNT_TOLD, COUNT_ENDED, COUNT_BYTES };

static struct helper silent_helper, slow_helper;
static uint64_t forged;

/* ---- What both crowds share: many connections of which each is opened again when the server has ended it ---- */

struct place {
    int socket; /* -1: closed */
    unsigned said;
};

/* Reads; true when the connection has ended. `code` is what the server is to have said before. */
static bool
place_ended(struct helper *helper, struct place *place, const char *code)
{
    char text[ANSWER_BYTES + 1];
    ssize_t got = recv(place->socket, text, ANSWER_BYTES, MSG_DONTWAIT);

    if (got > 0) {
        text[got] = '\0';
        helper_count(helper, COUNT_TOLD, strstr(text, code) != NULL);
        return false;
    }
    return got == 0 || (errno != EAGAIN && errno != EINTR);
}

static void
place_close(struct helper *helper, struct place *place)
{
    close(place->socket);
    *place = (struct place){.socket = -1};
    helper_count(helper, COUNT_OPEN, (uint64_t)-1);
    helper_count(helper, COUNT_ENDED, 1);
}

static void
place_open(struct helper *helper, struct place *place, unsigned number, int poller)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = place};

    *place = (struct place){.socket = helper_connect(helper, number)};
    if (place->socket < 0)
        return;
    epoll_ctl(poller, EPOLL_CTL_ADD, place->socket, &event);
    helper_count(helper, COUNT_OPEN, 1);
    if (helper_counted(helper, COUNT_OPEN) > helper_counted(helper, COUNT_MOST))
        atomic_store(&helper->books->counts[COUNT_MOST], helper_counted(helper, COUNT_OPEN));
}

/* Opens some of those that are closed, and takes in what has arrived. */
static void
places_turn(struct helper *helper, struct place *places, unsigned count, int poller, const char *code)
{
    struct epoll_event events[EVENTS];
    unsigned opened = 0;

    for (unsigned i = 0; i < count && opened < OPEN_AT_ONCE; i++)
        if (places[i].socket < 0) {
            place_open(helper, &places[i], i, poller);
            opened++;
        }
    int got = epoll_wait(poller, events, EVENTS, 0);
    for (int i = 0; i < got; i++)
        if (place_ended(helper, events[i].data.ptr, code))
            place_close(helper, events[i].data.ptr);
}

static struct place *
places_new(unsigned count)
{
    struct place *places = calloc(count, sizeof *places);

    for (unsigned i = 0; i < count && places != NULL; i++)
        places[i].socket = -1;
    if (places == NULL)
        _exit(EXIT_FAILURE);
    return places;
}

/* As many as both processes have descriptors for. */
static unsigned
silent_count(void)
{
    rlim_t most = process_raise_descriptors();

    return pace_scaled(most / 2 > SILENT_MAX ? SILENT_MAX : (unsigned)(most / 2));
}

/* ---- Those who say nothing ---- */

static void
silent_run(struct helper *helper)
{
    unsigned count = silent_count();
    struct place *places = places_new(count);
    int poller = epoll_create1(EPOLL_CLOEXEC);

    while (!helper_ends(helper)) {
        places_turn(helper, places, count, poller, "hello_timeout");
        poll(NULL, 0, TURN_MS);
    }
}

static const char *
silent_begin(struct torture *torture)
{
    if (silent_count() < pace_scaled(SILENT_MAX) && !torture->together)
        torture_say("NOTE: this machine has descriptors for only %u connections that say nothing\n", silent_count());
    if (!torture->together) {
        torture->daemon.settings.hello_timeout_s = PATIENT_TIMEOUT_S;
        daemon_reload(&torture->daemon);
    }
    helper_start(&silent_helper, torture->daemon.port, dice_throw(&torture->dice), silent_run);
    return NULL;
}

/* Goes on until so many are counted. Fails when there are no more for long, however slowly they come. */
static void
await_silent(struct torture *torture, uint64_t (*counted)(const struct torture *torture), const char *what)
{
    int64_t deadline = pace_deadline_ms();

    for (uint64_t most = 0, now = counted(torture); now < silent_count(); now = counted(torture)) {
        if (now > most) {
            most = now;
            deadline = pace_deadline_ms();
        }
        ck_assert_msg(pace_left_ms(deadline) > 0, "of %u connections that say nothing, only %" PRIu64 " are %s", silent_count(), most, what);
        for (int64_t look_ms = pace_now_ms() + LOOK_MS; pace_now_ms() < look_ms;)
            torture_turn(torture);
    }
}

static uint64_t
silent_taken(const struct torture *torture)
{
    uint64_t taken = (uint64_t)process_descriptors(torture->daemon.server->process), open = helper_counted(&silent_helper, COUNT_OPEN);

    return taken < open ? taken : open;
}

static uint64_t
silent_told(const struct torture *torture)
{
    (void)torture;
    return helper_counted(&silent_helper, COUNT_TOLD);
}

static void
silent_end(struct torture *torture, char *held, size_t size)
{
    /* None is ended before the server has all of them, and then all are. When others take the places as well, it never has. */
    if (!torture->together) {
        await_silent(torture, silent_taken, "taken by the server");
        torture->daemon.settings.hello_timeout_s = DAEMON_HELLO_TIMEOUT_S;
        daemon_reload(&torture->daemon);
        await_silent(torture, silent_told, "told that they have said nothing for too long");
    }
    helper_stop(&silent_helper);
    torture_rounds(torture, &torture->folk, 2);
    snprintf(held, size, "%" PRIu64 " connections at once that say nothing; %" PRIu64 " were ended, %" PRIu64 " told why, and came again",
        helper_counted(&silent_helper, COUNT_MOST), helper_counted(&silent_helper, COUNT_ENDED), helper_counted(&silent_helper, COUNT_TOLD));
}

/* ---- Those who do not finish the handshake: the first packet of a connection, from addresses where nobody answers ---- */

static uint16_t
sum_words(const void *bytes, size_t length, uint32_t sum)
{
    const unsigned char *byte = bytes;

    for (size_t i = 0; i + 1 < length; i += 2)
        sum += (uint32_t)(byte[i] << 8 | byte[i + 1]);
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

static void
forge_syn(struct torture *torture)
{
    enum { FIRST_HOST = 3, HOSTS = 250, FIRST_PORT = 1024, PORTS = 60000, WINDOW = 1024 };
    struct {
        struct iphdr ip;
        struct tcphdr tcp;
    } packet = {
        .ip = {.version = 4, .ihl = 5, .tot_len = htons(sizeof packet), .ttl = 64, .protocol = IPPROTO_TCP},
        .tcp = {.doff = 5, .syn = 1, .window = htons(WINDOW)},
    };

    inet_pton(AF_INET, LINK_NEAR_ADDRESS, &packet.ip.daddr);
    packet.ip.saddr = htonl((ntohl(packet.ip.daddr) & ~(uint32_t)0xff) | (FIRST_HOST + dice_below(&torture->dice, HOSTS)));
    packet.tcp.source = htons((uint16_t)(FIRST_PORT + dice_below(&torture->dice, PORTS)));
    packet.tcp.dest = htons(torture->daemon.port);
    packet.tcp.seq = (uint32_t)dice_throw(&torture->dice);
    packet.ip.check = htons((uint16_t)~sum_words(&packet.ip, sizeof packet.ip, 0));
    uint32_t pseudo = sum_words(&packet.ip.saddr, sizeof packet.ip.saddr + sizeof packet.ip.daddr, IPPROTO_TCP + sizeof packet.tcp);
    packet.tcp.check = htons((uint16_t)~sum_words(&packet.tcp, sizeof packet.tcp, pseudo));
    link_forge(torture->link, &packet, sizeof packet);
    forged++;
}

static const char *
syn_begin(struct torture *torture)
{
    forged = 0;
    return link_is_real(torture->link) ? NULL : "no real link, and forged packets need one";
}

static void
syn_turn(struct torture *torture)
{
    for (int i = 0; i < SYN_EACH_TURN; i++)
        forge_syn(torture);
}

static void
syn_end(struct torture *torture, char *held, size_t size)
{
    torture_rounds(torture, &torture->folk, 2);
    snprintf(held, size, "%" PRIu64 " connections begun by a first packet and left there", forged);
}

/* ---- Those who never finish a message ---- */

/* The next byte of a message that is right as far as it goes, and goes on; three kinds of it. */
static char
slow_byte(unsigned number, unsigned said)
{
    static const char *const heads[] = {"{\"user_id\": 5, \"friends\": [", "[{\"jsonrpc\": \"2.0\", \"method\": \"ping\"}, ", "{\"status\": \""};
    static const char *const bodies[] = {"-17, ", "{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 1}, ", "\\u0020more "};
    const char *head = heads[number % 3], *body = bodies[number % 3];
    size_t length = strlen(head);

    return said < length ? head[said] : body[(said - length) % strlen(body)];
}

static void
slow_run(struct helper *helper)
{
    struct place *places = places_new(SLOW_MAX);
    int poller = epoll_create1(EPOLL_CLOEXEC);

    while (!helper_ends(helper)) {
        places_turn(helper, places, SLOW_MAX, poller, "message_timeout");
        for (unsigned i = 0; i < SLOW_MAX; i++) {
            char byte = slow_byte(i, places[i].said);

            if (places[i].socket >= 0 && send(places[i].socket, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1) {
                places[i].said++;
                helper_count(helper, COUNT_BYTES, 1);
            }
        }
        poll(NULL, 0, SLOW_TURN_MS);
    }
}

static const char *
slow_begin(struct torture *torture)
{
    helper_start(&slow_helper, torture->daemon.port, dice_throw(&torture->dice), slow_run);
    return NULL;
}

static void
slow_end(struct torture *torture, char *held, size_t size)
{
    for (int64_t deadline = pace_deadline_ms(); helper_counted(&slow_helper, COUNT_TOLD) == 0;) {
        ck_assert_msg(pace_left_ms(deadline) > 0, "nobody who does not finish a message is told message_timeout");
        torture_turn(torture);
    }
    helper_stop(&slow_helper);
    snprintf(held, size, "%" PRIu64 " messages at once that never end, %" PRIu64 " bytes one at a time; %" PRIu64 " were ended, %" PRIu64 " told why",
        helper_counted(&slow_helper, COUNT_MOST), helper_counted(&slow_helper, COUNT_BYTES), helper_counted(&slow_helper, COUNT_ENDED),
        helper_counted(&slow_helper, COUNT_TOLD));
}

const struct fault crowd_faults[] = {
    {.name = "connections that say nothing", .begin = silent_begin, .end = silent_end},
    {.name = "handshakes that are not finished", .begin = syn_begin, .turn = syn_turn, .end = syn_end},
    {.name = "messages a byte at a time (slow loris)", .begin = slow_begin, .end = slow_end},
    {.name = NULL},
};
