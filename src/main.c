/* SPDX-License-Identifier: MIT
 *
 * The program: options, log, server, and then waiting for a signal to stop, to reload or to drain. Everything happens on the main thread.
 */
#include "base/log.h"
#include "reload.h"
#include "server.h"
#include "service/ctl.h"
#include "service/options.h"
#include "service/options_file.h"
#include "service/signals.h"
#include "service/systemd.h"
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    LOG_PATIENCE_MS = 1000,
    STOP_SLACK_MS = 10000, /* for what a stop does beside waiting for clients: freeing millions of sessions, say */
    SERVER_HOST = 64,
};

extern char **environ;

/*
 * Read by jemalloc before main. Background threads give memory back when nobody allocates any more, without waking the workers; a second is
 * long enough to reuse what a burst has freed.
 */
extern const char *malloc_conf;
const char *malloc_conf = "background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0,narenas:4";

static void
warn(const char *text)
{
    log_event(LEVEL_WARN, "configuration", LOG_FIELD_TEXT("message", text));
}

/* What a person on this machine would call the first address that the server listens on: a host for telnet. */
static void
host_of(const struct server *server, char host[SERVER_HOST])
{
    const char *address = server_address(server);
    const char *end = strrchr(address, ':');
    bool is_v6 = address[0] == '[';

    snprintf(host, SERVER_HOST, "%.*s", (int)(end - address) - 2 * is_v6, address + is_v6);
    if (strcmp(host, "127.0.0.1") == 0 || strcmp(host, "::1") == 0 || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0)
        snprintf(host, SERVER_HOST, "localhost");
}

/* Tells a person at a terminal where the server listens and how to see it work. */
static void
greet(const struct server *server)
{
    unsigned port = server_port(server);
    char host[SERVER_HOST];

    if (port == 0) { /* it cannot be reached by telnet */
        fprintf(stderr, "alo listens on %s.\n", server_address(server));
        return;
    }
    host_of(server, host);
    fprintf(stderr,
        "alo listens on %s. To see it work, open two more terminals:\n"
        "\n"
        "    telnet %s %u\n"
        "    {\"user_id\": 1, \"friends\": [2]}\n"
        "\n"
        "and in the other one, as user 1's friend:\n"
        "\n"
        "    telnet %s %u\n"
        "    {\"user_id\": 2, \"friends\": [1]}\n"
        "\n"
        "The first is told {\"online\": true}; close the second and it is told {\"online\": false}. Ctrl-C stops the server.\n"
        "\n",
        server_address(server), host, port, host, port);
}

/* From now on a second signal ends the process at once, with nothing tidied up. */
static void
let_second_signal_end(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGQUIT);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* Somebody may start the program with standard descriptors closed; the sockets that would get their numbers are not for logs. */
static void
fill_standard_descriptors(void)
{
    int descriptor;

    do
        descriptor = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (descriptor >= 0 && descriptor <= STDERR_FILENO);
    if (descriptor >= 0)
        close(descriptor);
}

/* Nothing more is printed; returns the exit status, which tells of a full disk, say. */
static int
standard_output_end(void)
{
    return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Says what --check-config and --print-config ask for; returns the exit status. */
static int
inspect(const struct options *options, enum options_outcome asked)
{
    bool has_file = options->file_text != NULL;
    char problem[SERVER_PROBLEM];

    /* Values can be printed by one who may not read the files that they name. */
    if (server_check(options, problem) < 0 || (asked == OPTIONS_CHECK && server_check_files(options, problem) < 0)) {
        fprintf(stderr, "alo: %s\n", problem);
        return 2;
    }
    if (asked == OPTIONS_PRINT)
        options_file_print(stdout, options);
    else
        printf("alo: %s %s fine\n", has_file ? options->config : "flags and environment", has_file ? "is" : "are");
    return standard_output_end();
}

/* Serves until it is told to stop; returns the exit status. */
static int
serve(struct running *running)
{
    char problem[SERVER_PROBLEM];
    struct watch watch;
    enum signals_word word;
    int signal_number;
    int error;

    error = log_start(STDERR_FILENO, running->options.verbose ? LEVEL_DEBUG : LEVEL_INFO);
    if (error == 0)
        error = server_start(&running->options, &running->server, problem);
    else
        snprintf(problem, sizeof problem, "cannot start the log's thread");
    if (error < 0) {
        log_stop(LOG_PATIENCE_MS);
        if (isatty(STDERR_FILENO) || (error == -EINVAL && !systemd_journal_has(STDERR_FILENO)))
            fprintf(stderr, "alo: %s\n", problem);
        else
            log_event(LEVEL_ERROR, "cannot_start", LOG_FIELD_TEXT("message", problem));
        return error == -EINVAL ? 2 : EXIT_FAILURE;
    }
    if (isatty(STDERR_FILENO))
        greet(running->server);
    server_log_listening(running->server);
    watch_begin(&watch, running->server);
    while ((word = watch_wait(&watch, &signal_number)) != SIGNALS_STOP) {
        if (word == SIGNALS_RELOAD)
            reload(running, warn);
        else if (word == SIGNALS_DRAIN)
            server_drain(running->server);
        else
            log_event(LEVEL_DEBUG, "signal_ignored", LOG_FIELD_NUMBER("signal", signal_number));
    }
    let_second_signal_end();
    watch_end(&watch, running->options.stop_timeout_s * UINT64_C(1000) + STOP_SLACK_MS);
    server_stop(running->server);
    log_stop(LOG_PATIENCE_MS);
    return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
    struct running running = {.argc = argc, .argv = argv, .environment = environ};
    int status = EXIT_FAILURE;

    fill_standard_descriptors();
    if (argc > 1 && strcmp(argv[1], "ctl") == 0)
        return ctl_run(argc - 2, argv + 2);
    signals_block();
    if (systemd_journal_has(STDERR_FILENO))
        log_prefix_levels();
    switch (options_parse(argc, argv, environ, &running.options, warn)) {
    case OPTIONS_DONE: return standard_output_end();
    case OPTIONS_WRONG: return 2;
    case OPTIONS_CHECK: status = inspect(&running.options, OPTIONS_CHECK); break;
    case OPTIONS_PRINT: status = inspect(&running.options, OPTIONS_PRINT); break;
    case OPTIONS_RUN: status = serve(&running); break;
    }
    options_done(&running.options);
    return status;
}
