/* SPDX-License-Identifier: MIT
 *
 * What bench/run and bench/compare make of numbers that are known: medians, intervals, ratios, verdicts; and what they say to wrong arguments.
 * Nothing is measured here. The scripts' parts are read into a shell, which is told what to do as one would by hand.
 */
#include "support/pace.h"
#include "support/program.h"
#include "support/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

/* Runs lines in a shell in which all parts are known and $results is a folder for a moment; returns its exit status. All that came out is *output,
 * which the caller frees with program_free. */
static int
shell_run(const char *lines, struct program **output)
{
    static const char before[] = "set -euo pipefail\n"
                                 "results=$(mktemp -d) workers=2 seed=1 quick= repeats=2 peer_repeats=1 load_before=0 chosen=() servers=(floor alo)\n"
                                 "trap 'rm -rf \"$results\"' EXIT\n"
                                 "for part in table numbers peers servers play results; do . bench/scripts/$part.sh; done\n";
    int status;

    *output = program_start(PROGRAM_PIPES, "bash");
    program_say(*output, before);
    program_say(*output, lines);
    program_hang_up(*output);
    status = program_wait(*output);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The lines say exactly this. */
static void
says(const char *lines, const char *text)
{
    struct program *shell;

    ck_assert_int_eq(shell_run(lines, &shell), 0);
    ck_assert_msg(
        shell->length == strlen(text) && memcmp(shell->text, text, shell->length) == 0, "%s says %.*s", lines, (int)shell->length, shell->text);
    program_free(shell);
}

/* The command gives up with this status, and the text begins what it says. */
static void
refuses(const char *command, int expected, const char *text)
{
    struct program *program = program_start(PROGRAM_PIPES, command);
    int status = program_wait(program);

    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == expected, "%s: status %d", command, status);
    ck_assert_msg(
        program->length >= strlen(text) && memcmp(program->text, text, strlen(text)) == 0, "%s: %.*s", command, (int)program->length, program->text);
    program_free(program);
}

START_TEST(spread)
{
    says("printf '%s\\n' 3 1 10 | numbers_spread\n", "3 1 10\n");
    says("printf '%s\\n' 1e3 2 4 5 | numbers_spread\n", "4.5 2 1e3\n");
    says("numbers_spread </dev/null\n", "");
}
END_TEST

/* The table of the sign test, from any book of statistics. */
START_TEST(interval)
{
    says("seq 5 | numbers_interval\n", "3 - -\n");
    says("seq 6 | numbers_interval\n", "3.5 1 6\n");
    says("seq 8 | numbers_interval\n", "4.5 1 8\n");
    says("seq 9 | numbers_interval\n", "5 2 8\n");
    says("seq 10 | numbers_interval\n", "5.5 2 9\n");
    says("seq 15 | numbers_interval\n", "8 4 12\n");
    says("seq 20 | numbers_interval\n", "10.5 6 15\n");
    says("seq 2000 | timeout 60 bash -c '. bench/scripts/numbers.sh; numbers_interval'\n", "1000.5 956 1045\n"); /* 2 to that power is no number */
}
END_TEST

/* Two repetitions of everything, in one of which a server has no result. */
static const char made_up[] =
    "rows=('one | s | cost | µs | floor s | 1.10 | 0.90' 'two | s | cost/1e3 | ms | - | 0.2 | -' 'three | t | cost | µs | - | - | -')\n"
    "echo 'cost 100' >\"$results/floor.s.1.1\"; echo 'cost 200' >\"$results/floor.s.2.1\"\n"
    "printf '%s\\n' 'costly 1' 'cost 110' >\"$results/alo.s.1.1\"; echo 'cost 210' >\"$results/alo.s.2.1\"\n";

/* Runs lines after those that make results up, and looks for a line in what comes out. */
static void
tells(const char *lines, const char *line)
{
    char script[4096];
    struct program *shell;

    ck_assert_uint_lt(strlen(made_up) + strlen(lines), sizeof script);
    strcat(strcpy(script, made_up), lines);
    ck_assert_int_eq(shell_run(script, &shell), 0);
    program_expect(shell, line);
    program_free(shell);
}

START_TEST(figures_and_ratios)
{
    tells("figures alo s cost\nfigures alo s cost/1e1\nfigures alo t cost\n", "110\n210\n11\n21\n");
    tells("ratios alo s cost floor s\n", "1.1\n1.05\n");
}
END_TEST

/* The server has no result of the second repetition, the floor none of the third. */
START_TEST(ratios_are_within_a_repetition)
{
    tells("rm \"$results/alo.s.2.1\"; echo 'cost 330' >\"$results/alo.s.3.1\"; echo 'cost 300' >\"$results/floor.s.4.1\"\n"
          "echo 'cost 600' >\"$results/alo.s.4.1\"\nratios alo s cost floor s; echo end\n",
        "1.1\n2\nend\n");
}
END_TEST

START_TEST(losses_are_told)
{
    tells(
        "chosen=(s)\nprintf 'lost 3\\nnotifications 500\\n' >\"$results/alo.s.1.1\"; printf 'lost 4\\nnotifications 600\\n' >\"$results/alo.s.2.1\"\n"
        "results_print\n",
        "Over UDP (s, alo) 7 were lost and 1100 delivered. ");
    tells("chosen=(s)\necho 'merged 12' >\"$results/alo.s.1.1\"\nresults_print\n", "alo (s) left out 12 that were undone while they waited. ");
}
END_TEST

START_TEST(what_kept_no_schedule_is_compared_with_nothing)
{
    tells("server_start() { server=1 port=1; }\nserver_stop() { :; }\n"
          "timeout() { echo '{\"facts\": {\"schedule\": \"NOT KEPT\"}, \"figures\": {\"cost\": 1}, \"latency\": {}}'; }\n"
          "play alo rate 1.1\n[[ ! -e $results/alo.rate.1.1 ]]\nresults_print\n",
        "* 1 times: rate against alo: the schedule was not kept");
}
END_TEST

START_TEST(a_server_that_does_not_listen_fails_its_scenario)
{
    tells("programs[broken]=/bin/false\nplay broken fanout 1.1 2>/dev/null || cat \"$results/errors\"\n", "broken does not listen\n");
}
END_TEST

START_TEST(a_server_that_does_not_end_is_killed)
{
    tells("exec 3< <(trap '' TERM; echo ready; exec sleep 1000)\nserver=$!\nread -r <&3\nserver_stop\necho \"gone $server.\"\n", "gone .\n");
}
END_TEST

START_TEST(table)
{
    tells("results_print\n", "| one | µs | 150.0 | 160.0 | **1.07** | 1.05 – 1.10 | ≤ 1.10 | ≤ 0.90 | met |\n");
    tells("results_print\n", "| two | ms |  | 0.16 |  | 0.11 – 0.21 | ≤ 0.2 |  | met |\n");
    tells("echo 'cost 300' >\"$results/alo.s.1.1\"\nresults_print\n", "| ≤ 1.10 | ≤ 0.90 | **missed** |\n");
    tells("rm \"$results\"/floor.s.*\nresults_print\n", "| one | µs |  | 160.0 | – | – | ≤ 1.10 | ≤ 0.90 | not compared |\n");
    tells("echo 'cost 1' >\"$results/alo.s.1.1\"\nresults_print\n", "| ≤ 1.10 | ≤ 0.90 | met, and the aim |\n");
}
END_TEST

/* A scenario may want an alo of its own; the others are started as they are. */
START_TEST(a_scenario_has_options_for_the_server)
{
    says("server_command alo \"$(scenario_field slow 7)\"; server_command alo \"$(scenario_field fanout 7)\"\n",
        ".bin/alo --port 0 --workers 2 --queue-limit 256\n.bin/alo --port 0 --workers 2\n");
    says("server_start() { echo \"$1 with $2\"; return 1; }\nplay alo slow 1.1 || true\nplay alo storm 1.1 || true\n",
        "alo with --queue-limit 256\nalo with \n");
    tells("chosen=(slow storm)\nresults_print\n", "--seed 1` | `--queue-limit 256` |\n| storm | 3 × |");
}
END_TEST

START_TEST(how_long_it_will_take)
{
    static const char known[] = "scenarios=('a | floor alo | 3 | 10 2 0 | x' 'b | alo peers | 1 | 100 20 300 | y')\n";
    char lines[512];

    snprintf(lines, sizeof lines, "%sseconds_expected a b; seconds_expected a; quick=yes; seconds_expected a b\n", known);
    says(lines, "160\n60\n32\n");
    snprintf(lines, sizeof lines, "%sservers+=(jsonrpc \"${peers[@]}\"); seconds_expected a b; scenario_players b | xargs\n", known);
    says(lines, "1160\nalo jsonrpc redis mosquitto nats\n");
    says("minutes 89; minutes 90; minutes 149; minutes 151\n", "89 seconds\n2 minutes\n2 minutes\n3 minutes\n");
}
END_TEST

/* Every scenario that a row names is there and is played by those whom the row compares. */
START_TEST(rows_fit_the_scenarios)
{
    says("for line in \"${rows[@]}\"; do\n"
         "    players=$(scenario_field \"$(field 2 \"$line\")\" 2)\n"
         "    read -r base scenario <<<\"$(field 5 \"$line\")\"\n"
         "    [[ $players == *alo* && ( $base == - || $(scenario_field \"$scenario\" 2) == *$base* ) ]] || echo \"$line\"\n"
         "done\n",
        "");
}
END_TEST

START_TEST(wrong_arguments)
{
    refuses("bench/run --repeats 0", 2, "bench/run: --repeats takes a number from 1\n");
    refuses("bench/run --repeats 1 --peer-repeats 2", 2, "bench/run: --peer-repeats takes at most the 1 of --repeats\n");
    refuses("bench/run --only", 2, "bench/run: --only takes a value\n");
    refuses("bench/run --only nothing", 2, "bench: there is no scenario \"nothing\", but: fanout ");
    refuses("bench/run --with-everything", 2, "bench/run: there is no option --with-everything; ");
    refuses("bench/run --help", 0, "Measures ");
    refuses("bench/compare", 2, "bench/compare: name one commit or two; ");
    refuses("bench/compare --pairs 5 HEAD", 2, "bench/compare: fewer than six pairs ");
    refuses("bench/compare --pairs", 2, "bench/compare: --pairs takes a value\n");
    refuses("bench/compare --fast HEAD", 2, "bench/compare: there is no option --fast; ");
    refuses("bench/compare --help", 0, "Says whether ");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("bench/scripts");
    TCase *cases = tcase_create("scripts");

    tcase_set_timeout(cases, pace_test_timeout_s());
    tcase_add_test(cases, spread);
    tcase_add_test(cases, interval);
    tcase_add_test(cases, figures_and_ratios);
    tcase_add_test(cases, ratios_are_within_a_repetition);
    tcase_add_test(cases, losses_are_told);
    tcase_add_test(cases, what_kept_no_schedule_is_compared_with_nothing);
    tcase_add_test(cases, a_server_that_does_not_listen_fails_its_scenario);
    tcase_add_test(cases, a_server_that_does_not_end_is_killed);
    tcase_add_test(cases, table);
    tcase_add_test(cases, a_scenario_has_options_for_the_server);
    tcase_add_test(cases, how_long_it_will_take);
    tcase_add_test(cases, rows_fit_the_scenarios);
    tcase_add_test(cases, wrong_arguments);
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
