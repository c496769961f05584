/* SPDX-License-Identifier: MIT */
#include "support/lying_server.h"

#include "support/pace.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GUESTS = 256, FRIENDS = 64, LIE_AT = 3, HELLO_BYTES = 4096, WORDS = 256 };

static const int64_t slow_ms = 800;

/* News that is told later, in its order. */
struct word {
    int64_t due_ms;
    bool online;
};

struct guest {
    int socket; /* -1: nobody */
    int64_t user;
    int64_t friends[FRIENDS];
    unsigned count;
};

struct liar {
    enum lie lie;
    int64_t first, last;
    unsigned departures; /* of these users */
    struct guest guests[GUESTS];
    struct guest *slow; /* who is told later: the first who was told anything */
    struct word words[WORDS];
    unsigned first_word, word_count;
};

static bool
watches(const struct guest *guest, int64_t user)
{
    for (unsigned i = 0; i < guest->count; i++)
        if (guest->friends[i] == user)
            return true;
    return false;
}

static void
tell(const struct guest *guest, bool online)
{
    const char *line = online ? "{\"online\": true}\n" : "{\"online\": false}\n";

    (void)!send(guest->socket, line, strlen(line), MSG_NOSIGNAL);
}

/* Tells it later, if this is the one to whom the liar is slow. */
static bool
tell_later(struct liar *liar, const struct guest *guest, bool online)
{
    if (liar->lie != LIE_SLOW || guest != liar->slow)
        return false;
    ck_assert_uint_lt(liar->word_count, WORDS);
    liar->words[(liar->first_word + liar->word_count++) % WORDS] = (struct word){.due_ms = pace_now_ms() + slow_ms, .online = online};
    return true;
}

/* Tells what is due; returns for how long nothing is, as poll takes it. */
static int
words_tell(struct liar *liar)
{
    for (; liar->word_count > 0; liar->first_word = (liar->first_word + 1) % WORDS, liar->word_count--) {
        const struct word *word = &liar->words[liar->first_word];
        int left_ms = pace_left_ms(word->due_ms);

        if (left_ms > 0)
            return left_ms;
        tell(liar->slow, word->online);
    }
    return -1;
}

/* Whether this is the moment, and the guest the one, for the lie. */
static bool
lies_now(const struct liar *liar, const struct guest *guest, int64_t user, bool online)
{
    if (online || liar->departures != LIE_AT || user < liar->first || user > liar->last)
        return false;
    for (const struct guest *other = guest + 1; other < liar->guests + GUESTS; other++)
        if (other->socket >= 0 && watches(other, user))
            return false;
    return watches(guest, user);
}

static void
news(struct liar *liar, const struct guest *about, bool online)
{
    if (!online && about->user >= liar->first && about->user <= liar->last)
        liar->departures++;
    for (int i = 0; i < GUESTS; i++) {
        const struct guest *guest = &liar->guests[i];
        bool told = watches(guest, about->user) || (!online && watches(about, guest->user));

        if (guest->socket < 0 || guest->user == 0 || guest == about || !told)
            continue;
        if (liar->slow == NULL)
            liar->slow = &liar->guests[i];
        if (tell_later(liar, guest, online))
            continue;
        if (!lies_now(liar, guest, about->user, online)) {
            tell(guest, online);
            continue;
        }
        for (int times = liar->lie == LIE_NONE || liar->lie == LIE_SLOW ? 1 : liar->lie == LIE_REPEAT ? 2 : 0; times > 0; times--)
            tell(guest, online);
    }
}

/* A whole hello: whoever sends so little sends it at once. */
static void
guest_read(struct liar *liar, struct guest *guest)
{
    char text[HELLO_BYTES + 1], *next;
    ssize_t length = recv(guest->socket, text, HELLO_BYTES, 0);
    bool arrives = guest->user == 0;

    if (length <= 0) {
        close(guest->socket);
        guest->socket = -1;
        if (!arrives)
            news(liar, guest, false);
        guest->user = 0;
        guest->count = 0;
        return;
    }
    text[length] = '\0';
    guest->user = strtoll(strchr(text, ':') + 1, NULL, 10);
    guest->count = 0;
    next = strchr(text, '[');
    while (next != NULL && guest->count < FRIENDS) {
        guest->friends[guest->count++] = strtoll(next + 1, NULL, 10);
        next = strchr(next + 1, ',');
    }
    if (arrives)
        news(liar, guest, true);
}

static _Noreturn void
liar_serve(struct liar *liar, int listener)
{
    for (;;) {
        struct pollfd wanted[GUESTS + 1] = {{.fd = listener, .events = POLLIN}};

        for (int i = 0; i < GUESTS; i++)
            wanted[i + 1] = (struct pollfd){.fd = liar->guests[i].socket, .events = POLLIN};
        if (poll(wanted, GUESTS + 1, words_tell(liar)) < 0)
            _exit(1);
        for (int i = 0; i < GUESTS; i++)
            if (wanted[i + 1].revents != 0)
                guest_read(liar, &liar->guests[i]);
        for (int i = 0; wanted[0].revents != 0 && i < GUESTS; i++) {
            if (liar->guests[i].socket >= 0)
                continue;
            liar->guests[i].socket = accept(listener, NULL, NULL);
            break;
        }
    }
}

struct lying_server
lying_server_start(enum lie lie, int64_t first, int64_t last)
{
    static struct liar liar;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pid_t parent = getpid();
    struct lying_server server;

    ck_assert_int_ge(listener, 0);
    ck_assert_int_eq(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, GUESTS), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    liar = (struct liar){.lie = lie, .first = first, .last = last};
    for (int i = 0; i < GUESTS; i++)
        liar.guests[i].socket = -1;
    server.port = ntohs(address.sin_port);
    server.process = fork();
    ck_assert_int_ge(server.process, 0);
    if (server.process == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent)
            liar_serve(&liar, listener);
        _exit(1);
    }
    close(listener);
    return server;
}

void
lying_server_stop(const struct lying_server *server)
{
    kill(server->process, SIGKILL);
    waitpid(server->process, NULL, 0);
}
