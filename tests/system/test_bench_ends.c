/* SPDX-License-Identifier: MIT
 *
 * How a run of alo-bench ends when something outside of it is not as it should be: signals that reach every process of it, a process that is killed, few
 * file descriptors, other programs at the same port, a server that takes its time. It ends well or says why in one sentence.
 */
#include "support/bench.h"
#include "support/lying_server.h"
#include "support/pace.h"
#include "support/server.h"
#include "support/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONG "fanout --sessions 60 --flapping 6 --friends 10 --seconds 86400 --warm-up 0 --processes 2 --late-after 600 "
#define SHORT "fanout --sessions 60 --flapping 6 --friends 10 --seconds 0.2 --warm-up 0 " BENCH_PATIENT " "

/* The only other process of the run. */
static pid_t
second_process(const struct program *program)
{
    char path[64];
    int process = 0;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)program->process, (int)program->process);

    FILE *file = fopen(path, "re");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%d", &process), 1);
    fclose(file);
    return process;
}

/* timeout signals its child and then the group, which the child is in. */
START_TEST(a_signal_to_all_processes_counts_once)
{
    struct server *server = server_start("--workers 2");
    struct program *program = bench_start_at_terminal(LONG "--target 127.0.0.1:%u", server->port);

    program_expect(program, " of 86400");
    kill(program->process, _i);
    kill(-program->process, _i);
    bench_expect_end(program, 130, "notifications delivered");
    server_stop(server);
}
END_TEST

START_TEST(the_death_of_a_process_is_told)
{
    struct server *server = server_start("--workers 2");
    struct program *program = bench_start_at_terminal(LONG "--target 127.0.0.1:%u", server->port);

    program_expect(program, " of 86400");
    kill(second_process(program), SIGKILL);
    bench_expect_end(program, 1, "one of its processes was killed");
    server_stop(server);
}
END_TEST

/* All but the first share are too small for such lists. */
START_TEST(a_wrong_argument_is_told_once_by_whoever_finds_it)
{
    struct server *server = server_start("--workers 2");
    struct program *program =
        bench_start("fanout --sessions 31 --flapping 3 --friends 9 --processes 3 --target 127.0.0.1:%u " BENCH_PATIENT, server->port);
    int status = program_wait(program);
    const char *said = strstr(program->text, "alo-bench: ");

    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 2, "%#x: %s", (unsigned)status, program->text);
    ck_assert_msg(said != NULL && strstr(said, "the population is too small") != NULL, "%s", program->text);
    ck_assert_msg(strstr(said + 1, "alo-bench: ") == NULL, "%s", program->text);
    program_free(program);
    server_stop(server);
}
END_TEST

static void
descriptors_limit(rlim_t count)
{
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){.rlim_cur = count, .rlim_max = count}), 0);
}

START_TEST(too_few_descriptors_get_one_sentence)
{
    struct server *server = server_start("--workers 2");

    descriptors_limit((rlim_t)_i);
    bench_expect_end(bench_start(SHORT "--target 127.0.0.1:%u", server->port), 1, "too few");
    server_stop(server);
}
END_TEST

/* Each process has witnesses of its own. */
START_TEST(storm_takes_as_many_processes_as_it_needs)
{
    struct server *server = server_start("--workers 2");

    descriptors_limit(500);
    bench_expect_end(bench_start("storm --sessions 600 --friends 5 --target 127.0.0.1:%u " BENCH_PATIENT, server->port), 0, "logins");
    server_stop(server);
}
END_TEST

/* This process listens at another address with the server's port; or the user takes it for the server. */
START_TEST(another_process_is_not_taken_for_the_server)
{
    struct server *server = server_start("--workers 2 --bind 127.0.0.1");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1), .sin_port = htons(server->port)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char process[32] = "";

    ck_assert_int_eq(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    if (_i == 1)
        snprintf(process, sizeof process, "--pid %d", (int)getpid());
    bench_expect_end(bench_start(SHORT "--target 127.0.0.1:%u %s", server->port, process), 0, "notifications delivered");
    close(listener);
    server_stop(server);
}
END_TEST

/* Longer than any pause of the roll call; but not late. */
START_TEST(a_server_that_takes_its_time_is_not_accused)
{
    struct lying_server server = lying_server_start(LIE_SLOW, 100020, 100021);

    bench_expect_end(bench_start("fanout --sessions 20 --flapping 2 --friends 8 --warm-up 0 --seconds 1 --in-flight 1 --target 127.0.0.1:%u --quiet "
                                 "--late-after 10",
                         server.port),
        0, "notifications delivered");
    lying_server_stop(&server);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("bench_ends");
    TCase *tests = tcase_create("bench_ends");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_loop_test(tests, a_signal_to_all_processes_counts_once, SIGINT, SIGINT + 1);
    tcase_add_loop_test(tests, a_signal_to_all_processes_counts_once, SIGTERM, SIGTERM + 1);
    tcase_add_test(tests, the_death_of_a_process_is_told);
    tcase_add_test(tests, a_wrong_argument_is_told_once_by_whoever_finds_it);
    tcase_add_loop_test(tests, too_few_descriptors_get_one_sentence, 63, 65);
    tcase_add_test(tests, storm_takes_as_many_processes_as_it_needs);
    tcase_add_loop_test(tests, another_process_is_not_taken_for_the_server, 0, 2);
    tcase_add_test(tests, a_server_that_takes_its_time_is_not_accused);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
