/* SPDX-License-Identifier: MIT
 *
 * Graces at random: users come and go in every way, on several workers, in both transports, with little room and now and then without memory, while
 * the grace is changed. After each step every watcher believes what is true, and in the end nothing is kept.
 */
#include "graph/graph.h"
#include "presence/client.h"
#include "support/dice.h"
#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/absence.h"
#include "support/unit/rpc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USERS = 3, FIRST_USER = 10, DEVICES = 5, STEPS = 3000, WORKERS = 3 };

static struct actor *watchers[USERS];
static bool believes[USERS];
static bool is_gone[USERS]; /* its last session ended by a goodbye or an operator: no grace */
static struct {
    struct actor *actor;
    struct handle handle;
    unsigned user;
    bool is_rpc;
} devices[DEVICES];

static struct session *
session_of(unsigned device)
{
    struct actor *actor = devices[device].actor;
    struct handle handle = devices[device].handle;
    uint32_t slot = handle_slot(handle);
    struct session *session;

    if (actor == NULL)
        return NULL;
    session = worker_next_session(&stage.workers[handle_worker(handle)], &slot, slot + 1);
    return session == NULL || session->handle.generation != handle.generation || session->state != SESSION_OPEN ? NULL : session;
}

static void
come(struct dice *dice, unsigned device)
{
    uint32_t worker = dice_below(dice, WORKERS);
    struct actor *actor;
    char friends[16];

    devices[device].user = dice_below(dice, USERS);
    is_gone[devices[device].user] = false;
    devices[device].is_rpc = false;
    snprintf(friends, sizeof friends, "%u", 100 + devices[device].user);
    actor = stage_connect(worker);
    if (dice_chance(dice, 30)) {
        char text[160];

        devices[device].is_rpc = true;
        snprintf(text, sizeof text, "{\"jsonrpc\": \"2.0\", \"method\": \"login\", \"params\": {\"user_id\": %u, \"status\": \"%u\"}, \"id\": 1}",
            FIRST_USER + devices[device].user, dice_below(dice, 3));
        stage_receive(actor, text);
    } else {
        stage_hello(actor, FIRST_USER + devices[device].user, dice_chance(dice, 50) ? friends : NULL);
    }
    devices[device].actor = actor;
    devices[device].handle = actor->handle;
}

/* Is there another session of the device's user, or one whose departure could not be told yet? */
static bool
has_others(unsigned device)
{
    for (unsigned other = 0; other < DEVICES; other++)
        if (other != device && devices[other].user == devices[device].user && session_of(other) != NULL)
            return true;
    for (uint32_t worker = 0; worker < WORKERS; worker++)
        if (!list_is_empty(&stage.workers[worker].deadlines[DEADLINE_RETRY].waiting))
            return true;
    return false;
}

static void
go(struct dice *dice, unsigned device)
{
    static const char *const goodbyes[] = {"{\"online\": false}", "{\"jsonrpc\": \"2.0\", \"method\": \"logout\", \"id\": 1}"};
    struct actor *actor = devices[device].actor;
    bool is_short = dice_chance(dice, 30);
    unsigned way = dice_below(dice, 6);

    is_gone[devices[device].user] = way < 2 && !is_short && !has_others(device);
    if (is_short)
        faults_allocation(way == 0 || way == 2 ? 2 : 1, 1); /* the first is the stage's, who has the text in memory */
    switch (way) {
    case 0: stage_receive(actor, goodbyes[devices[device].is_rpc]); break;
    case 1: client_dismiss(stage.presence, &stage.workers[actor->worker], client_of(actor->session)); break;
    case 2: stage_receive(actor, "}"); break;
    case 3: stage_end_input(actor); break;
    default: stage_lose(actor); break;
    }
    stage_write(actor->worker);
    faults_allocation(0, 0);
}

static void
check(void)
{
    for (unsigned user = 0; user < USERS; user++) {
        struct graph_facts facts;

        for (const char *at = stage_heard(watchers[user]); *at != '\0'; at++) {
            if (*at == ' ')
                continue;
            ck_assert(*at == '+' || *at == '-');
            ck_assert_int_eq(believes[user], *at == '-');
            believes[user] = *at == '+';
        }
        graph_look(stage.presence->graph, 0, (struct user_id){.number = FIRST_USER + user}, &facts);
        ck_assert_int_eq(facts.online, believes[user]);
        ck_assert(!facts.online || !is_gone[user]);
    }
    for (unsigned device = 0; device < DEVICES; device++)
        ck_assert(session_of(device) == NULL || believes[devices[device].user]);
    (void)absent_clients();
}

START_TEST(everybody_believes_what_is_true)
{
    struct dice dice = {dice_seed("grace_random") + (uint64_t)_i};
    unsigned steps = pace_scaled(STEPS);

    memset(devices, 0, sizeof devices);
    memset(believes, 0, sizeof believes);
    memset(is_gone, 0, sizeof is_gone);
    for (unsigned user = 0; user < USERS; user++) {
        char friends[16];

        snprintf(friends, sizeof friends, "%u", FIRST_USER + user);
        watchers[user] = stage_login(user % WORKERS, 100 + user, friends);
    }
    stage_settle();
    for (unsigned step = 0; step < steps; step++) {
        unsigned device = dice_below(&dice, DEVICES), what = dice_below(&dice, 100);
        struct session *session = session_of(device);

        if (step < 1500 && session == NULL && what < 60)
            come(&dice, device);
        else if (session != NULL && what < 50)
            go(&dice, device);
        else if (what < 80)
            stage_pass_ms(dice_below(&dice, 60));
        else if (what < 85)
            stage_give_grace(dice_below(&dice, 4) * 100);
        else if (what < 90)
            admission_set_limit(&stage.admission, USERS + 1 + dice_below(&dice, 2 * DEVICES));
        if (dice_chance(&dice, 60)) {
            stage_settle();
            check();
        } else {
            stage_turn(dice_below(&dice, WORKERS));
        }
    }
    for (unsigned device = 0; device < DEVICES; device++)
        if (session_of(device) != NULL)
            stage_lose(devices[device].actor);
    stage_settle();
    stage_pass_ms(STAGE_LINGER_MS + 1000);
    check();
    ck_assert_uint_eq(absent_clients(), 0);
    ck_assert_uint_eq(kept_sessions(), 0);
    for (unsigned user = 0; user < USERS; user++)
        ck_assert(!believes[user]);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("grace_random");
    TCase *tests = tcase_create("grace_random");

    tcase_add_checked_fixture(tests, absence_open, stage_close);
    tcase_add_loop_test(tests, everybody_believes_what_is_true, 0, 10);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
