/* SPDX-License-Identifier: MIT
 *
 * Socket activation: sockets that cannot be served are refused, in one sentence, and no server is started.
 */
#include "support/pace.h"
#include "support/server.h"
#include "support/sockets.h"
#include "support/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* One sentence that says this, and exit status 2. */
static void
expect_refusal(const struct sockets *sockets, const char *flags, const char *words)
{
    struct server *server = sockets_launch(sockets, flags);
    int status = server_wait(server);
    const char *sentence = server_line(server, 0);

    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 2, "the wait status is %#x", (unsigned)status);
    ck_assert_ptr_nonnull(sentence);
    ck_assert_msg(strstr(sentence, words) != NULL, "the sentence is: %s", sentence);
    ck_assert_ptr_null(server_line(server, 1));
    server_free(server);
}

static const struct {
    const char *name;
    int family, type;
    bool listens;
    const char *words;
} wrong[] = {
    {"tcp", AF_INET, SOCK_DGRAM, false, "passes \"tcp\", which is a UDP socket"},
    {"udp", AF_INET, SOCK_STREAM, true, "passes \"udp\", which is a TCP socket that listens"},
    {"unix", AF_INET, SOCK_STREAM, true, "passes \"unix\", which is a TCP socket that listens"},
    {"tpc", AF_INET, SOCK_STREAM, true, "passes \"tpc\", which is a TCP socket that listens"},
    {"tcp", AF_INET, SOCK_STREAM, false, "passes \"tcp\", which is neither"},
    {"tcp", AF_UNIX, SOCK_STREAM, true, "passes \"tcp\", which is a Unix stream socket that listens"},
    {"unix", AF_UNIX, SOCK_STREAM, false, "passes \"unix\", which is neither"},
    {"admin", AF_INET, SOCK_DGRAM, false, "passes \"admin\", which is a UDP socket"},
    {"admin", AF_UNIX, SOCK_STREAM, false, "passes \"admin\", which is neither"},
    {"alo-admin.socket", AF_INET, SOCK_STREAM, true, "passes \"alo-admin.socket\", which is a TCP socket that listens"},
    {"alo.socket", AF_UNIX, SOCK_DGRAM, false, "passes \"alo.socket\", which is neither"},
};
enum { WRONG = sizeof wrong / sizeof wrong[0] };

START_TEST(what_cannot_be_served_is_refused)
{
    struct sockets sockets = {.count = 0};
    uint16_t port = 0, fine = 0;
    char unseen[64];

    sockets_add(&sockets, "tcp", socket_open(AF_INET, SOCK_STREAM, &fine));
    snprintf(unseen, sizeof unseen, "@alo-test-wrong-%d", (int)getpid());
    if (wrong[_i].family == AF_UNIX && wrong[_i].listens)
        sockets_add(&sockets, wrong[_i].name, socket_open_local(unseen));
    else if (wrong[_i].family == AF_INET && (wrong[_i].listens || wrong[_i].type == SOCK_DGRAM))
        sockets_add(&sockets, wrong[_i].name, socket_open(wrong[_i].family, wrong[_i].type, &port));
    else
        sockets_add(&sockets, wrong[_i].name, socket(wrong[_i].family, wrong[_i].type | SOCK_CLOEXEC, 0));
    expect_refusal(&sockets, "", wrong[_i].words);
    sockets_close(&sockets);
}
END_TEST

START_TEST(udp_sockets_must_be_as_many_as_workers)
{
    struct sockets sockets = {.count = 0};

    (void)sockets_add_udp(&sockets, AF_INET, 2);
    expect_refusal(&sockets, "--workers 3", "2 UDP sockets of 127.0.0.1:");
    expect_refusal(&sockets, "--workers 1", "workers number 1");
    expect_refusal(&sockets, "--workers 2 --udp off", "UDP is off");
    (void)sockets_add_udp(&sockets, AF_INET, 3);
    expect_refusal(&sockets, "", "workers number 2");
    sockets_close(&sockets);
}
END_TEST

static const struct {
    const char *told, *first_name;
} disagreeing[] = {{"99", NULL}, {"two", NULL}, {"-2", NULL}, {"99999999999", NULL}, {NULL, "tcp:tcp"}};
enum { DISAGREEING = sizeof disagreeing / sizeof disagreeing[0] };

/* More than there are, no number, names of others: it does not listen somewhere else instead. */
START_TEST(sockets_that_are_not_there_are_refused)
{
    struct sockets sockets = {.told = disagreeing[_i].told};
    uint16_t port = 0, other = 0;

    sockets_add(&sockets, disagreeing[_i].first_name, socket_open(AF_INET, SOCK_STREAM, &port));
    sockets_add(&sockets, disagreeing[_i].first_name == NULL ? NULL : "tcp", socket_open(AF_INET, SOCK_STREAM, &other));
    expect_refusal(&sockets, "", "cannot take the sockets of the service manager");
    sockets_close(&sockets);
}
END_TEST

START_TEST(operators_need_an_interface)
{
    struct sockets sockets = {.count = 0};
    uint16_t port = 0;

    sockets_add(&sockets, "admin", socket_open(AF_INET, SOCK_STREAM, &port));
    expect_refusal(&sockets, "--admin-port none", "sockets called \"admin\", but there is to be no admin interface");
    sockets_close(&sockets);
}
END_TEST

static void
add_local(struct sockets *sockets, const char *name, unsigned count)
{
    while (count-- > 0) {
        char unseen[64];

        snprintf(unseen, sizeof unseen, "@alo-test-many-%d-%u", (int)getpid(), sockets->count);
        sockets_add(sockets, name, socket_open_local(unseen));
    }
}

START_TEST(too_many_are_refused)
{
    struct sockets clients = {.count = 0}, operators = {.count = 0}, tcp = {.count = 0};

    add_local(&clients, "unix", 8);
    expect_refusal(&clients, "--listen unix:/nowhere/one", "passes 8 Unix sockets, and --listen names 1 more; allowed are 8 together");
    add_local(&clients, "unix", 1);
    expect_refusal(&clients, "", "more than 8 Unix sockets");
    sockets_close(&clients);
    add_local(&operators, "admin", 17);
    expect_refusal(&operators, "--admin-port 0", "more than 16 sockets for operators");
    sockets_close(&operators);
    for (int i = 0; i < 17; i++) {
        uint16_t port = 0;

        sockets_add(&tcp, "tcp", socket_open(AF_INET, SOCK_STREAM, &port));
    }
    expect_refusal(&tcp, "", "more than 16 TCP sockets");
    sockets_close(&tcp);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("inherited_refused");
    TCase *tests = tcase_create("inherited_refused");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_loop_test(tests, what_cannot_be_served_is_refused, 0, WRONG);
    tcase_add_loop_test(tests, sockets_that_are_not_there_are_refused, 0, DISAGREEING);
    tcase_add_test(tests, udp_sockets_must_be_as_many_as_workers);
    tcase_add_test(tests, operators_need_an_interface);
    tcase_add_test(tests, too_many_are_refused);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
