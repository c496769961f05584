/* SPDX-License-Identifier: MIT
 *
 * Snapshots and the changes after them fit together. Followers log in, follow and unfollow, one call after another and in batches, without
 * waiting for answers, against friends who come, go and change their status on other workers at the same time. What a follower may be told is
 * checked word by word (support/rpc_follower.h); at every quiet point, when all steps have been carried out and all news of them has been told,
 * what each follower believes about each friend that it follows is the truth.
 */
#include "support/client.h"
#include "support/dice.h"
#include "support/pace.h"
#include "support/rpc_client.h"
#include "support/rpc_flapper.h"
#include "support/rpc_follower.h"
#include "support/unit.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum { FLAPPERS = 24, FOLLOWERS = 12, CLASSIC_EVERY = 6, ROUNDS = 120, STEPS_MAX = 6, ASKED_MAX = 5 };
enum { FANS = 1500, FIRST_FAN = 100000, CELEBRITY_PERCENT = 20 };

struct hammer {
    struct server *server;
    struct dice dice;
    struct rpc_flapper flappers[FLAPPERS];
    struct rpc_follower followers[FOLLOWERS];
    struct rpc_client *asker, *beacon;
    unsigned steps[FLAPPERS], asks[FOLLOWERS]; /* still to be begun in this round */
    int64_t quiet;                             /* points so far */
    struct client *celebrity, **fans;          /* NULL: there is none */
};

static void
hammer_begin(struct hammer *hammer, const char *name, const char *flags)
{
    *hammer = (struct hammer){.server = server_start("%s", flags), .dice = {.state = dice_seed(name)}};
    hammer->asker = rpc_login(hammer->server, "\"asker\"", "", "");
    hammer->beacon = rpc_login(hammer->server, RPC_BEACON, "", "");
    for (unsigned i = 0; i < FLAPPERS; i++)
        rpc_flapper_init(&hammer->flappers[i], hammer->server, i, i % CLASSIC_EVERY == 0);
    for (unsigned i = 0; i < FOLLOWERS; i++) {
        rpc_follower_init(&hammer->followers[i], hammer->server, hammer->flappers, FLAPPERS, i);
        rpc_follower_enter(&hammer->followers[i], &hammer->dice);
    }
}

/*
 * News of a celebrity takes its worker many turns to tell, and whoever ends following somebody meanwhile waits for it. The fans need not read: what they
 * are told fits into what the kernel holds for them.
 */
static void
fans_come(struct hammer *hammer)
{
    hammer->fans = calloc(FANS, sizeof(struct client *));
    ck_assert_ptr_nonnull(hammer->fans);
    for (unsigned i = 0; i < FANS; i++) {
        hammer->fans[i] = client_connect(hammer->server);
        client_hello(hammer->fans[i], FIRST_FAN + i, "1");
    }
}

static void
fans_go(struct hammer *hammer)
{
    for (unsigned i = 0; i < FANS && hammer->fans != NULL; i++)
        client_close(hammer->fans[i]);
    free(hammer->fans);
    client_close(hammer->celebrity);
}

static void
celebrity_turns(struct hammer *hammer)
{
    if (hammer->celebrity != NULL) {
        client_close(hammer->celebrity);
        hammer->celebrity = NULL;
    } else {
        hammer->celebrity = client_connect(hammer->server);
        client_hello(hammer->celebrity, 1, NULL);
    }
}

static void
hammer_end(struct hammer *hammer)
{
    fans_go(hammer);
    for (unsigned i = 0; i < FOLLOWERS; i++)
        rpc_follower_done(&hammer->followers[i]);
    for (unsigned i = 0; i < FLAPPERS; i++)
        rpc_flapper_done(&hammer->flappers[i]);
    rpc_logout(hammer->asker);
    rpc_logout(hammer->beacon);
    server_stop(hammer->server);
}

/* Takes in what has arrived for anybody; true when nothing is under way. */
static bool
pump(struct hammer *hammer)
{
    bool rest = true;

    for (unsigned i = 0; i < FLAPPERS; i++)
        rest = rpc_flapper_pump(&hammer->flappers[i], hammer->asker) && rest;
    for (unsigned i = 0; i < FOLLOWERS; i++)
        rest = rpc_follower_pump(&hammer->followers[i]) && rest;
    return rest;
}

/* Waits until something has arrived for anybody. */
static void
wait_for_input(struct hammer *hammer, int64_t deadline_ms, const char *what)
{
    struct pollfd wanted[FLAPPERS + FOLLOWERS];
    nfds_t count = 0;

    for (unsigned i = 0; i < FLAPPERS; i++) {
        if (hammer->flappers[i].doing != RPC_FLAPPER_RESTS && hammer->flappers[i].classic && hammer->flappers[i].online)
            return; /* it is to be asked for again */
        if (hammer->flappers[i].client != NULL)
            wanted[count++] = (struct pollfd){.fd = hammer->flappers[i].client->socket, .events = POLLIN};
    }
    for (unsigned i = 0; i < FOLLOWERS; i++)
        wanted[count++] = (struct pollfd){.fd = hammer->followers[i].client->socket, .events = POLLIN};
    ck_assert_msg(poll(wanted, count, pace_left_ms(deadline_ms)) > 0, "waited in vain for %s", what);
}

/* Begins one thing that is still to be done, by chance; false when nothing can be begun now. */
static bool
begin_something(struct hammer *hammer)
{
    unsigned from = dice_below(&hammer->dice, FLAPPERS + FOLLOWERS);

    for (unsigned i = 0; i < FLAPPERS + FOLLOWERS; i++) {
        unsigned which = (from + i) % (FLAPPERS + FOLLOWERS);

        if (which < FLAPPERS && hammer->steps[which] > 0 && hammer->flappers[which].doing == RPC_FLAPPER_RESTS) {
            hammer->steps[which]--;
            rpc_flapper_step(&hammer->flappers[which], &hammer->dice);
            return true;
        }
        if (which >= FLAPPERS && hammer->asks[which - FLAPPERS] > 0) {
            hammer->asks[which - FLAPPERS]--;
            rpc_follower_ask(&hammer->followers[which - FLAPPERS], &hammer->dice);
            return true;
        }
    }
    return false;
}

static bool
is_done(const struct hammer *hammer)
{
    for (unsigned i = 0; i < FLAPPERS; i++)
        if (hammer->steps[i] > 0)
            return false;
    for (unsigned i = 0; i < FOLLOWERS; i++)
        if (hammer->asks[i] > 0)
            return false;
    return true;
}

/* Everything that happened has been told when the beacon's next number, said after it, has been. */
static void
quiet_point(struct hammer *hammer)
{
    int64_t deadline = pace_deadline_ms();
    char params[48];
    bool told = false;

    hammer->quiet++;
    snprintf(params, sizeof params, "\"status\": \"%" PRId64 "\"", hammer->quiet);
    rpc_expect_call(hammer->beacon, "status", params, "{}");
    while (!told) {
        told = pump(hammer);
        for (unsigned i = 0; i < FOLLOWERS; i++)
            told = told && hammer->followers[i].beacon == hammer->quiet;
        if (!told)
            wait_for_input(hammer, deadline, "the beacon");
    }
    for (unsigned i = 0; i < FOLLOWERS; i++)
        for (unsigned j = 0; j < FLAPPERS; j++) {
            const struct rpc_belief *belief = &hammer->followers[i].beliefs[j];
            const struct rpc_flapper *truth = &hammer->flappers[j];

            if (belief->followed)
                ck_assert_msg(belief->online == truth->online && (!truth->online || truth->classic || belief->number == truth->number),
                    "follower %u believes that %s is %s (%" PRId64 "), but it is %s (%" PRId64 ")", i, truth->user,
                    belief->online ? "online" : "offline", belief->number, truth->online ? "online" : "offline", truth->number);
        }
}

static void
hammer_round(struct hammer *hammer, bool strict)
{
    int64_t deadline = pace_deadline_ms();

    for (unsigned i = 0; i < FLAPPERS; i++)
        hammer->steps[i] = strict ? dice_below(&hammer->dice, 2) : dice_below(&hammer->dice, STEPS_MAX + 1);
    for (unsigned i = 0; i < FOLLOWERS; i++) {
        hammer->asks[i] = dice_below(&hammer->dice, ASKED_MAX + 1);
        hammer->followers[i].strict = strict;
    }
    for (;;) {
        unsigned burst = 1 + dice_below(&hammer->dice, 20);

        if (hammer->fans != NULL && dice_chance(&hammer->dice, CELEBRITY_PERCENT))
            celebrity_turns(hammer);
        while (burst > 0 && begin_something(hammer))
            burst--;
        bool rest = pump(hammer);

        if (rest && is_done(hammer))
            break;
        if (!rest && burst > 0)
            wait_for_input(hammer, deadline, "answers");
    }
    quiet_point(hammer);
}

static void
hammer_run(const char *name, const char *flags, bool with_celebrity)
{
    static struct hammer hammer;
    unsigned rounds = pace_scaled(ROUNDS);
    uint64_t snapshots = 0, changes = 0;

    hammer_begin(&hammer, name, flags);
    if (with_celebrity)
        fans_come(&hammer);
    for (unsigned round = 0; round < rounds; round++)
        hammer_round(&hammer, dice_chance(&hammer.dice, 50));
    for (unsigned i = 0; i < FOLLOWERS; i++) {
        snapshots += hammer.followers[i].snapshots;
        changes += hammer.followers[i].changes;
    }
    printf("%s: %u rounds, %" PRIu64 " snapshots and %" PRIu64 " changes were true\n", name, rounds, snapshots, changes);
    ck_assert_uint_gt(snapshots, rounds);
    ck_assert_uint_gt(changes, rounds);
    hammer_end(&hammer);
}

START_TEST(across_workers)
{
    hammer_run("across_workers", "--workers 4", false);
}
END_TEST

START_TEST(on_one_worker)
{
    hammer_run("on_one_worker", "--workers 1", false);
}
END_TEST

START_TEST(while_news_takes_long)
{
    hammer_run("while_news_takes_long", "--workers 1", true);
}
END_TEST

static Suite *
hammer_suite(void)
{
    Suite *suite = suite_create("jsonrpc_hammer");
    TCase *tests = tcase_create("jsonrpc_hammer");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, across_workers);
    tcase_add_test(tests, on_one_worker);
    tcase_add_test(tests, while_news_takes_long);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(hammer_suite());
}
