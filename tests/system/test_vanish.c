/* SPDX-License-Identifier: MIT
 *
 * A peer that is gone without a word: the server runs in a network namespace, the clients connect from another one, and the
 * link between the two is cut, so that no packet of theirs ever comes again. Needs the right to make network
 * namespaces; without it the test says so, aloud, and passes.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/session.h"
#include "support/unit.h"

#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SERVER_ADDRESS "10.213.7.1"
#define CLIENT_ADDRESS "10.213.7.2"

static char server_space[32], client_space[32];
static bool has_spaces;

/* Runs a command of iproute2; true when it succeeded. */
static bool __attribute__((format(printf, 1, 2))) ip_run(const char *arguments, ...)
{
    char command[256];
    va_list values;
    int length = snprintf(command, sizeof command, "ip ");

    va_start(values, arguments);
    vsnprintf(command + length, sizeof command - (size_t)length - 16, arguments, values);
    va_end(values);
    strcat(command, " 2>/dev/null");
    return system(command) == 0;
}

/* Two namespaces with a link between them. In the process that runs the tests, so that they go whatever the tests do. */
static void
spaces_make(void)
{
    snprintf(server_space, sizeof server_space, "alo-test-server-%d", (int)getpid());
    snprintf(client_space, sizeof client_space, "alo-test-client-%d", (int)getpid());
    has_spaces = ip_run("netns add %s", server_space) && ip_run("netns add %s", client_space) &&
        ip_run("-n %s link add server type veth peer name client netns %s", server_space, client_space) &&
        ip_run("-n %s address add " SERVER_ADDRESS "/24 dev server", server_space) &&
        ip_run("-n %s address add " CLIENT_ADDRESS "/24 dev client", client_space) && ip_run("-n %s link set server up", server_space) &&
        ip_run("-n %s link set lo up", server_space) && ip_run("-n %s link set client up", client_space);
    if (!has_spaces)
        fprintf(stderr, "SKIPPED: no network namespaces here, so peers that vanish are NOT TESTED (needs root and iproute2)\n");
}

static void
spaces_remove(void)
{
    ip_run("netns delete %s", client_space);
    ip_run("netns delete %s", server_space);
}

/* From now on this test's sockets are made in that namespace; those that there are stay where they were made. */
static void
space_enter(const char *name)
{
    char path[64];

    snprintf(path, sizeof path, "/run/netns/%s", name);
    int space = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(space, 0);
    ck_assert_int_eq(setns(space, CLONE_NEWNET), 0);
    close(space);
}

static struct session *
session_open_across(struct server *server, int64_t user, const char *friends)
{
    space_enter(client_space);
    struct client *client = client_connect_with(server, &(struct client_options){.address = SERVER_ADDRESS});
    space_enter(server_space);
    return session_open_on(server, client, user, friends);
}

/*
 * One peer is silent when the link is cut, so that keep-alive must find it; one is told something, and one so much that it waits in
 * the server, so that what they owe an acknowledgement for must tell. A friend on the server's side of the cut hears of all, and once.
 */
START_TEST(peer_vanishes)
{
    char wrapper[64], flags[128];

    if (!has_spaces)
        return;
    snprintf(wrapper, sizeof wrapper, "ip netns exec %s", server_space);
    snprintf(flags, sizeof flags, "--bind " SERVER_ADDRESS ",127.0.0.1 --peer-timeout %d", pace_seconds(5));
    struct server *server = server_start_under(wrapper, flags);
    space_enter(server_space);
    struct session *friend = session_open(server, 1, "2, 3, 7"), *bystander = session_open(server, 5, "6");
    struct session *silent = session_open_across(server, 2, "1"), *told = session_open_across(server, 3, "4");
    struct session *flooded = session_open_across(server, 7, "8");

    client_expect(friend->client, ONLINE ONLINE ONLINE);
    ck_assert(ip_run("-n %s link set client down", client_space));
    user_visit(server, 4, NULL);
    for (int i = 0; i < 100; i++)
        user_visit(server, 8, NULL);
    session_fence(friend);
    session_fence(bystander);

    client_expect(friend->client, OFFLINE OFFLINE OFFLINE);
    session_fence(friend);
    session_fence(bystander);
    session_close(silent);
    session_close(told);
    session_close(flooded);
    session_leave(friend);
    session_leave(bystander);
    server_stop(server);
}
END_TEST

static Suite *
vanish_suite(void)
{
    Suite *suite = suite_create("vanish");
    TCase *tests = tcase_create("vanish");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_unchecked_fixture(tests, spaces_make, spaces_remove);
    tcase_add_test(tests, peer_vanishes);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(vanish_suite());
}
