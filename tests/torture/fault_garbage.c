/* SPDX-License-Identifier: MIT
 *
 * Garbage of every kind: nearly right messages of a grammar (grammar.h), over TCP in pieces that end anywhere, and in datagrams. Whatever comes back is
 * to be lines of JSON, and who sends it is ended or answered and nobody else hears of it.
 */
#include "support/pace.h"
#include "torture/grammar.h"
#include "torture/helper.h"
#include "torture/torture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TALKERS = 24, MESSAGES_MAX = 5, READ_BYTES = 65536, LIFE_MS = 300, TURN_MS = 3, DATAGRAMS_EACH_TURN = 4, SHOWN_BYTES = 120 };
enum { COUNT_MESSAGES, COUNT_CONNECTIONS, COUNT_LINES, COUNT_ERRORS, COUNT_DATAGRAMS, COUNT_ANSWERS };

static struct helper helper_of_garbage;

/* One connection that says a few things and reads what it is told, for a while. */
struct talker {
    int socket;        /* -1: none */
    unsigned messages; /* still to be said */
    int64_t until_ms;
    size_t length; /* of what was told and not looked at */
    char told[READ_BYTES];
};

/* Each line is JSON. Remembers the first one that is not. */
static void
look_at(struct helper *helper, const char *line, size_t length, unsigned count)
{
    json_t *parsed = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);

    if (parsed == NULL && helper->books->trouble[0] == '\0')
        snprintf(helper->books->trouble, sizeof helper->books->trouble, "garbage was answered by what is no JSON: %.*s",
            (int)(length < SHOWN_BYTES ? length : SHOWN_BYTES), line);
    json_decref(parsed);
    helper_count(helper, count, 1);
    helper_count(helper, COUNT_ERRORS, memmem(line, length, "\"error\"", 7) != NULL);
}

static void
talker_close(struct talker *talker)
{
    if (talker->socket >= 0)
        close(talker->socket);
    talker->socket = -1;
}

static void
talker_open(struct helper *helper, struct talker *talker, struct dice *dice)
{
    talker->socket = helper_connect(helper, dice_below(dice, 1000));
    talker->messages = 1 + dice_below(dice, MESSAGES_MAX);
    talker->until_ms = pace_now_ms() + 1 + dice_below(dice, LIFE_MS);
    talker->length = 0;
    helper_count(helper, COUNT_CONNECTIONS, talker->socket >= 0);
}

/* Says one message, in one or two pieces. What the kernel does not take is not said. */
static void
talker_say(struct helper *helper, struct talker *talker, struct dice *dice)
{
    char text[GRAMMAR_BYTES];
    size_t length = grammar_write(dice, text), piece = dice_chance(dice, 50) ? length : dice_below(dice, (unsigned)length + 1);

    if (send(talker->socket, text, piece, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        return;
    (void)!send(talker->socket, text + piece, length - piece, MSG_NOSIGNAL | MSG_DONTWAIT);
    talker->messages--;
    helper_count(helper, COUNT_MESSAGES, 1);
}

/* False when the connection has ended. */
static bool
talker_listen(struct helper *helper, struct talker *talker)
{
    ssize_t got = recv(talker->socket, talker->told + talker->length, READ_BYTES - talker->length, MSG_DONTWAIT);
    size_t from = 0;

    if (got <= 0)
        return got < 0 && (errno == EAGAIN || errno == EINTR);
    talker->length += (size_t)got;
    for (char *end = memchr(talker->told, '\n', talker->length); end != NULL; end = memchr(talker->told + from, '\n', talker->length - from)) {
        look_at(helper, talker->told + from, (size_t)(end - talker->told) - from, COUNT_LINES);
        from = (size_t)(end - talker->told) + 1;
    }
    memmove(talker->told, talker->told + from, talker->length - from);
    talker->length -= from;
    return talker->length < READ_BYTES;
}

static void
talker_turn(struct helper *helper, struct talker *talker, struct dice *dice)
{
    if (talker->socket < 0)
        talker_open(helper, talker, dice);
    if (talker->socket < 0)
        return;
    if (talker->messages > 0)
        talker_say(helper, talker, dice);
    if (!talker_listen(helper, talker) || pace_now_ms() > talker->until_ms)
        talker_close(talker);
}

/* A few datagrams from one of some addresses. */
static void
datagrams_turn(struct helper *helper, const int *sockets, unsigned count, struct dice *dice)
{
    char text[READ_BYTES];
    int from = sockets[dice_below(dice, count)];

    for (int i = 0; i < DATAGRAMS_EACH_TURN; i++) {
        size_t length = grammar_write(dice, text);

        helper_count(helper, COUNT_DATAGRAMS, send(from, text, length, MSG_DONTWAIT) >= 0);
    }
    for (ssize_t got = recv(from, text, sizeof text, MSG_DONTWAIT); got >= 0; got = recv(from, text, sizeof text, MSG_DONTWAIT))
        look_at(helper, text, (size_t)got, COUNT_ANSWERS);
}

static void
garbage_run(struct helper *helper)
{
    enum { SOCKETS = 8 };
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(helper->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct talker *talkers = calloc(TALKERS, sizeof *talkers);
    struct dice dice = {.state = helper->seed};
    int sockets[SOCKETS];

    if (talkers == NULL)
        _exit(EXIT_FAILURE);
    for (int i = 0; i < SOCKETS; i++) {
        sockets[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        (void)!connect(sockets[i], (struct sockaddr *)&to, sizeof to);
    }
    for (unsigned i = 0; i < TALKERS; i++)
        talkers[i].socket = -1;
    while (!helper_ends(helper)) {
        for (unsigned i = 0; i < TALKERS; i++)
            talker_turn(helper, &talkers[i], &dice);
        datagrams_turn(helper, sockets, SOCKETS, &dice);
        poll(NULL, 0, TURN_MS);
    }
}

static const char *
garbage_begin(struct torture *torture)
{
    helper_start(&helper_of_garbage, torture->daemon.port, dice_throw(&torture->dice), garbage_run);
    return NULL;
}

static void
garbage_end(struct torture *torture, char *held, size_t size)
{
    const struct helper *helper = &helper_of_garbage;

    helper_stop(&helper_of_garbage);
    torture_rounds(torture, &torture->folk, 2);
    snprintf(held, size,
        "%" PRIu64 " nearly right messages on %" PRIu64 " connections and %" PRIu64 " datagrams; %" PRIu64 " lines and %" PRIu64
        " datagrams came back, all JSON, %" PRIu64 " of them errors",
        helper_counted(helper, COUNT_MESSAGES), helper_counted(helper, COUNT_CONNECTIONS), helper_counted(helper, COUNT_DATAGRAMS),
        helper_counted(helper, COUNT_LINES), helper_counted(helper, COUNT_ANSWERS), helper_counted(helper, COUNT_ERRORS));
}

const struct fault garbage_faults[] = {
    {.name = "garbage of every kind", .begin = garbage_begin, .end = garbage_end},
    {.name = NULL},
};
