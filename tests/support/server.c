/* SPDX-License-Identifier: MIT */
#include "support/server.h"

#include "support/pace.h"
#include "support/process.h"
#include "support/server_log.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 64, FLAGS_BYTES = 1024 };

extern char **environ;

/* A command line being put together; texts are its own. */
struct command {
    char *arguments[ARGUMENTS_MAX + 1];
    unsigned count;
};

static void
command_add(struct command *command, const char *words)
{
    char *copy = strdup(words), *rest = NULL;

    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        ck_assert_uint_lt(command->count, ARGUMENTS_MAX);
        command->arguments[command->count++] = strdup(word);
    }
    free(copy);
}

static void
command_done(struct command *command)
{
    for (unsigned i = 0; i < command->count; i++)
        free(command->arguments[i]);
}

/*
 * The environment without what would set options of the server; a new array that borrows its texts. Many servers run at once, so one has an admin
 * interface only when its flags say so: the default port is there once.
 */
static char **
environment_plain(void)
{
    size_t count = 0, kept = 0;

    while (environ[count] != NULL)
        count++;
    static char no_admin[] = "ALO_ADMIN_PORT=none";
    char **plain = calloc(count + 2, sizeof *plain);
    ck_assert_ptr_nonnull(plain);
    plain[kept++] = no_admin;
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], "ALO_", 4) != 0 && strncmp(environ[i], "SERVER_PORT=", 12) != 0 && strncmp(environ[i], "VERBOSE=", 8) != 0)
            plain[kept++] = environ[i];
    return plain;
}

/* In the child: only calls that are safe between fork and exec, the log thread of another server may hold locks. */
static _Noreturn void
command_execute(const struct command *command, char **environment, int standard_error, pid_t parent)
{
    int null = open("/dev/null", O_RDWR);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(standard_error, STDERR_FILENO);
    execvpe(command->arguments[0], command->arguments, environment);
    dprintf(STDERR_FILENO, "cannot execute %s\n", command->arguments[0]);
    _exit(127);
}

static struct server *
command_start(const struct command *command)
{
    struct server *server = calloc(1, sizeof *server);
    char **environment = environment_plain();
    pid_t parent = getpid();
    int ends[2];

    ck_assert_ptr_nonnull(server);
    process_raise_descriptors();
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    server->process = fork();
    ck_assert_int_ge(server->process, 0);
    if (server->process == 0)
        command_execute(command, environment, ends[1], parent);
    close(ends[1]);
    free(environment);
    server->watch = pidfd_open(server->process, 0);
    ck_assert_int_ge(server->watch, 0);
    server->log = server_log_new(ends[0]);
    return server;
}

static const char *
binary_path(void)
{
    const char *path = getenv("ALO_BINARY");

    return path != NULL && path[0] != '\0' ? path : ".bin/alo";
}

static struct server *
server_spawn(const char *wrapper, const char *flags)
{
    struct command command = {.count = 0};
    const char *tool = getenv("ALO_WRAPPER");

    command_add(&command, wrapper);
    command_add(&command, tool != NULL ? tool : "");
    command_add(&command, binary_path());
    command_add(&command, flags);
    struct server *server = command_start(&command);
    command_done(&command);
    return server;
}

struct server *
server_start_under(const char *wrapper, const char *flags)
{
    static const char *const usual[][2] = {{"--port", "0"}, {"--workers", "3"}, {"--hello-timeout", "3600"}, {"--message-timeout", "3600"}};
    char all[FLAGS_BYTES + 128];
    int length = 0;

    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        if (strstr(flags, usual[i][0]) == NULL)
            length += snprintf(all + length, sizeof all - (size_t)length, "%s %s ", usual[i][0], usual[i][1]);
    snprintf(all + length, sizeof all - (size_t)length, "%s", flags);
    struct server *server = server_spawn(wrapper, all);
    server->port = (uint16_t)server_event_number(server, "listening", 0, "port");
    return server;
}

struct server *
server_start(const char *flags, ...)
{
    char text[FLAGS_BYTES];
    va_list values;

    va_start(values, flags);
    vsnprintf(text, sizeof text, flags, values);
    va_end(values);
    return server_start_under("", text);
}

struct server *
server_launch(const char *flags, ...)
{
    char text[FLAGS_BYTES];
    va_list values;

    va_start(values, flags);
    vsnprintf(text, sizeof text, flags, values);
    va_end(values);
    return server_spawn("", text);
}

struct server *
server_launch_under(const char *wrapper, const char *flags)
{
    return server_spawn(wrapper, flags);
}

const char *
server_event(struct server *server, const char *event, unsigned nth)
{
    const char *line = server_log_event(server->log, event, nth, pace_deadline_ms());

    if (line == NULL) {
        const char *last = NULL;

        for (unsigned i = 0; server_log_line(server->log, i) != NULL; i++)
            last = server_log_line(server->log, i);
        ck_abort_msg("no log event \"%s\" number %u came; the last line is: %s", event, nth, last != NULL ? last : "(none)");
    }
    return line;
}

int64_t
server_event_number(struct server *server, const char *event, unsigned nth, const char *name)
{
    const char *line = server_event(server, event, nth), *value = server_log_value(line, name);

    ck_assert_msg(value != NULL, "no \"%s\" in the log line %s", name, line);
    return strtoll(value, NULL, 10);
}

const char *
server_line(struct server *server, unsigned nth)
{
    return server_log_line(server->log, nth);
}

void
server_signal(struct server *server, int number)
{
    ck_assert_int_eq(kill(server->process, number), 0);
}

bool
server_has_ended(struct server *server)
{
    struct pollfd watch = {.fd = server->watch, .events = POLLIN};

    return server->ended || poll(&watch, 1, 0) == 1;
}

int
server_wait(struct server *server)
{
    struct pollfd watch = {.fd = server->watch, .events = POLLIN};
    int64_t deadline = pace_deadline_ms();

    if (server->ended)
        return server->exit_status;
    while (poll(&watch, 1, pace_left_ms(deadline)) < 0)
        ;
    ck_assert_msg((watch.revents & POLLIN) != 0, "the server does not end");
    ck_assert_int_eq(waitpid(server->process, &server->exit_status, 0), server->process);
    server->ended = true;
    ck_assert_msg(server_log_drain(server->log, deadline), "the server has ended but somebody holds its standard error");
    return server->exit_status;
}

void
server_free(struct server *server)
{
    ck_assert(server->ended);
    server_log_free(server->log);
    close(server->watch);
    free(server);
}

void
server_stop(struct server *server)
{
    server_signal(server, SIGTERM);
    int status = server_wait(server);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the server ended with %s %d", WIFSIGNALED(status) ? "signal" : "exit status",
        WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    server_free(server);
}
