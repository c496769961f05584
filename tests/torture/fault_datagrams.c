/* SPDX-License-Identifier: MIT
 *
 * Users over UDP behind a link that loses, delays, doubles and reorders their datagrams. They are programs that use libalo, in a process of their
 * own that is far away, and follow those who come and go at the link. Nobody can promise them every change; but they stay online, notice what they
 * have missed, and when the link is good again all that they believe is true.
 */
#include "alo/client.h"
#include "support/pace.h"
#include "torture/helper.h"
#include "torture/torture.h"

#include <check.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    USERS = 12,
    FOLLOWED_MAX = HELPER_TRUTHS,
    FIRST_USER = -5000,
    TURN_MS = 10,
    LOSS_PERCENT = 20,
    DOUBLED_PERCENT = 2,
    DELAY_MS = 30,
    JITTER_MS = 30,
    HEARTBEAT_MS = 1000
};
enum { COUNT_LOGINS, COUNT_CHANGES, COUNT_AFRESH, COUNT_LOST };

static struct helper datagram_helper;

/* A program with its client, and what it believes. */
struct listener {
    struct alo_client *client; /* NULL: it has to log in */
    bool online[FOLLOWED_MAX];
};

/* Whom all of them follow. */
static struct alo_user followed[FOLLOWED_MAX];
static unsigned followed_count;

static void
listener_login(struct helper *helper, struct listener *listener, unsigned number)
{
    char address[64];

    snprintf(address, sizeof address, LINK_NEAR_ADDRESS ":%u", helper->port);
    *listener = (struct listener){.client = alo_new(&(struct alo_options){.udp = true, .heartbeat_ms = HEARTBEAT_MS})};
    if (listener->client != NULL && alo_connect(listener->client, address) == ALO_OK &&
        alo_login(listener->client, alo_user_number(FIRST_USER - (int64_t)number), followed, followed_count, NULL) == ALO_OK) {
        helper_count(helper, COUNT_LOGINS, 1);
        return;
    }
    alo_close(listener->client);
    listener->client = NULL;
}

/* Takes in what it was told. */
static void
listener_turn(struct helper *helper, struct listener *listener, unsigned number)
{
    struct alo_event event;

    if (listener->client == NULL)
        listener_login(helper, listener, number);
    while (listener->client != NULL && alo_next_event(listener->client, &event, 0) == ALO_OK) {
        if (event.kind == ALO_EVENT_LOST) {
            helper_count(helper, COUNT_LOST, 1);
            alo_close(listener->client);
            listener->client = NULL;
        } else if (event.kind == ALO_EVENT_PRESENCE) {
            helper_count(helper, event.snapshot ? COUNT_AFRESH : COUNT_CHANGES, 1);
            listener->online[event.user.number - followed[0].number] = event.online;
        }
    }
}

/*
 * Is all that it believes true? Otherwise *about is somebody about whom it is not. The server is not asked: a client that says something has no need of the
 * heartbeats by which it finds out.
 */
static bool
listener_is_right(const struct helper *helper, const struct listener *listener, unsigned *about)
{
    for (*about = 0; *about < followed_count; (*about)++)
        if (helper->books->truth[*about] != listener->online[*about])
            return false;
    *about = 0;
    return listener->client != NULL;
}

/* Nobody moves now: all of them come to believe what is true, and meanwhile none is kept from saying that it is there. */
static void
settle(struct helper *helper, struct listener *listeners)
{
    bool right[USERS] = {false};
    unsigned count = 0, about;

    for (int64_t deadline = pace_deadline_ms(); count < USERS && pace_left_ms(deadline) > 0; poll(NULL, 0, TURN_MS))
        for (unsigned i = 0; i < USERS; i++) {
            listener_turn(helper, &listeners[i], i);
            if (right[i] || !listener_is_right(helper, &listeners[i], &about))
                continue;
            right[i] = true;
            count++;
        }
    for (unsigned i = 0; i < USERS && count < USERS; i++)
        if (!right[i] && !listener_is_right(helper, &listeners[i], &about))
            snprintf(helper->books->trouble, sizeof helper->books->trouble,
                "user %d of UDP does not come to believe the truth about %" PRId64 " (it believes that it is %s), though its link is good again",
                FIRST_USER - (int)i, followed[about].number, listeners[i].online[about] ? "online" : "offline");
}

static void
datagrams_run(struct helper *helper)
{
    static struct listener listeners[USERS];

    while (!helper_ends(helper)) {
        for (unsigned i = 0; i < USERS; i++)
            listener_turn(helper, &listeners[i], i);
        if (atomic_load(&helper->books->wish) && !atomic_load(&helper->books->answer)) {
            settle(helper, listeners);
            atomic_store(&helper->books->answer, true);
        }
        poll(NULL, 0, TURN_MS);
    }
    for (unsigned i = 0; i < USERS; i++) {
        if (listeners[i].client != NULL)
            (void)alo_logout(listeners[i].client);
        alo_close(listeners[i].client);
    }
}

static const char *
datagrams_begin(struct torture *torture)
{
    if (!link_is_real(torture->link))
        return "no real link, and a relay passes on no datagrams";
    followed_count = torture->far.count < FOLLOWED_MAX ? torture->far.count : FOLLOWED_MAX;
    for (unsigned i = 0; i < followed_count; i++)
        followed[i] = alo_user_number(torture->far.people[i].id);
    datagram_helper.space = link_way(torture->link).space;
    helper_start(&datagram_helper, torture->daemon.port, dice_throw(&torture->dice), datagrams_run);
    for (int64_t deadline = pace_deadline_ms(); helper_counted(&datagram_helper, COUNT_LOGINS) < USERS; torture_turn(torture))
        ck_assert_msg(pace_left_ms(deadline) > 0, "users of UDP cannot log in");
    if (!torture->together) /* then it is another fault's */
        torture_weather(torture,
            &(struct link_weather){.loss_percent = LOSS_PERCENT, .doubled_percent = DOUBLED_PERCENT, .delay_ms = DELAY_MS, .jitter_ms = JITTER_MS});
    return NULL;
}

static void
datagrams_end(struct torture *torture, char *held, size_t size)
{
    struct helper_books *counts = datagram_helper.books;

    torture_rest(torture);
    torture_weather(torture, &(struct link_weather){.cut = false});
    torture->far.pauses = true;
    for (unsigned i = 0; i < followed_count; i++)
        counts->truth[i] = torture->far.people[i].phase == PERSON_THERE;
    atomic_store(&counts->wish, true);
    for (int64_t deadline = pace_deadline_ms() + pace_deadline_ms() - pace_now_ms(); !atomic_load(&counts->answer); torture_turn(torture))
        ck_assert_msg(pace_left_ms(deadline) > 0, "users of UDP do not answer");
    torture->far.pauses = false;
    helper_stop(&datagram_helper);
    snprintf(held, size,
        "%d users of libalo over UDP were told %" PRIu64 " changes, and %" PRIu64 " when they asked afresh; %" PRIu64
        " times one lost the server and came again; in the end all believed what is true",
        USERS, helper_counted(&datagram_helper, COUNT_CHANGES), helper_counted(&datagram_helper, COUNT_AFRESH),
        helper_counted(&datagram_helper, COUNT_LOST));
}

const struct fault datagram_faults[] = {
    {.name = "datagrams lost, late and doubled", .begin = datagrams_begin, .end = datagrams_end},
    {.name = NULL},
};
