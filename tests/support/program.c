/* SPDX-License-Identifier: MIT */
#include "support/program.h"

#include "support/pace.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

enum { WORDS_MAX = 128, COMMAND_BYTES = 8192, READ_ROOM = 4096 };

extern char **environ;

/* What the child gets, and what the test keeps. */
struct ends {
    int input, output; /* the child's; the same one when it is a terminal */
    int say, hear;
};

static struct ends
ends_open(enum program_between between)
{
    struct ends ends;
    int in[2], out[2];

    if (between == PROGRAM_TERMINAL) {
        struct termios settings;

        ck_assert_int_eq(openpty(&ends.say, &ends.input, NULL, NULL, NULL), 0);
        ck_assert_int_eq(tcgetattr(ends.input, &settings), 0);
        settings.c_oflag &= ~(tcflag_t)OPOST;
        ck_assert_int_eq(tcsetattr(ends.input, TCSANOW, &settings), 0);
        ends.output = ends.input;
        ends.hear = fcntl(ends.say, F_DUPFD_CLOEXEC, 0);
        ck_assert_int_ge(ends.hear, 0);
        ck_assert_int_eq(fcntl(ends.say, F_SETFD, FD_CLOEXEC), 0);
        return ends;
    }
    ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
    return (struct ends){.input = in[0], .output = out[1], .say = in[1], .hear = out[0]};
}

/* In the child: only calls that are safe between fork and exec. */
static _Noreturn void
child_execute(char *const words[], const struct ends *ends, enum program_between between, pid_t parent)
{
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    if (between == PROGRAM_TERMINAL) {
        login_tty(ends->input);
    } else {
        dup2(ends->input, STDIN_FILENO);
        dup2(ends->output, STDOUT_FILENO);
        dup2(ends->output, STDERR_FILENO);
    }
    execvp(words[0], words);
    dprintf(STDERR_FILENO, "cannot execute %s\n", words[0]);
    _exit(127);
}

struct program *
program_start(enum program_between between, const char *command)
{
    struct program *program = calloc(1, sizeof *program);
    char *words[WORDS_MAX + 1] = {NULL}, *copy = strdup(command), *rest = NULL;
    struct ends ends = ends_open(between);
    pid_t parent = getpid();
    int count = 0;

    ck_assert_ptr_nonnull(program);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        ck_assert_int_lt(count, WORDS_MAX);
        words[count++] = word;
    }
    signal(SIGPIPE, SIG_IGN); /* for program_say to a program that has ended */
    program->process = fork();
    ck_assert_int_ge(program->process, 0);
    if (program->process == 0)
        child_execute(words, &ends, between, parent);
    close(ends.input);
    if (ends.output != ends.input)
        close(ends.output);
    free(copy);
    program->watch = pidfd_open(program->process, 0);
    ck_assert_int_ge(program->watch, 0);
    program->input = ends.say;
    program->output = ends.hear;
    return program;
}

struct program *
program_start_server(enum program_between between, const char *flags)
{
    return program_start_server_with(between, "", flags);
}

struct program *
program_start_server_with(enum program_between between, const char *variables, const char *flags)
{
    const char *wrapper = getenv("ALO_WRAPPER"), *binary = getenv("ALO_BINARY");
    char command[COMMAND_BYTES];
    size_t length = (size_t)snprintf(command, sizeof command, "env -u SERVER_PORT -u VERBOSE");

    for (char **variable = environ; *variable != NULL; variable++)
        if (strncmp(*variable, "ALO_", 4) == 0)
            length += (size_t)snprintf(command + length, sizeof command - length, " -u %.*s", (int)strcspn(*variable, "="), *variable);
    length += (size_t)snprintf(command + length, sizeof command - length, " ALO_ADMIN_PORT=none %s %s %s %s", variables,
        wrapper != NULL ? wrapper : "", binary != NULL && binary[0] != '\0' ? binary : ".bin/alo", flags);
    ck_assert_uint_lt(length, sizeof command);
    return program_start(between, command);
}

bool
program_exists(const char *name)
{
    char *path = strdup(getenv("PATH") != NULL ? getenv("PATH") : "/usr/bin:/bin"), *rest = NULL, file[4096];
    bool found = false;

    for (const char *folder = strtok_r(path, ":", &rest); folder != NULL && !found; folder = strtok_r(NULL, ":", &rest)) {
        snprintf(file, sizeof file, "%s/%s", folder, name);
        found = access(file, X_OK) == 0;
    }
    free(path);
    return found;
}

void
program_say(struct program *program, const char *text)
{
    size_t length = strlen(text);
    ssize_t written = write(program->input, text, length);

    ck_assert_msg(written == (ssize_t)length, "cannot write to the program: %s", strerror(errno));
}

void
program_hang_up(struct program *program)
{
    if (program->input >= 0)
        close(program->input);
    program->input = -1;
}

/* Takes in what comes next; false at the end of its output. Fails the test when nothing comes. */
static bool
program_take(struct program *program, int64_t deadline_ms, const char *function, int line)
{
    struct pollfd wanted = {.fd = program->output, .events = POLLIN};
    int got;

    do
        got = poll(&wanted, 1, pace_left_ms(deadline_ms));
    while (got < 0 && errno == EINTR);
    if (got != 1)
        ck_abort_msg("%s, line %d: waited in vain; the program has said: %s", function, line, program->length > 0 ? program->text : "(nothing)");
    program->text = realloc(program->text, program->length + READ_ROOM + 1);
    ck_assert_ptr_nonnull(program->text);
    ssize_t length = read(program->output, program->text + program->length, READ_ROOM);
    if (length > 0)
        program->length += (size_t)length;
    else
        program->at_end = true; /* a terminal whose last user has gone says EIO */
    program->text[program->length] = '\0';
    return !program->at_end;
}

const char *
program_expect_at(struct program *program, const char *text, const char *function, int line)
{
    int64_t deadline = pace_deadline_ms();

    for (;;) {
        char *found = program->length > program->start ? strstr(program->text + program->start, text) : NULL;

        if (found != NULL) {
            program->start = (size_t)(found - program->text) + strlen(text);
            return found;
        }
        if (program->at_end || !program_take(program, deadline, function, line))
            ck_abort_msg("%s, line %d: the program ended without saying %s; it said: %s", function, line, text, program->text);
    }
}

int
program_wait_at(struct program *program, const char *function, int line)
{
    struct pollfd watch = {.fd = program->watch, .events = POLLIN};
    int64_t deadline = pace_deadline_ms();
    int status;

    while (!program->at_end)
        program_take(program, deadline, function, line);
    while (poll(&watch, 1, pace_left_ms(deadline)) < 0)
        ;
    ck_assert_msg((watch.revents & POLLIN) != 0, "%s, line %d: the program does not end", function, line);
    ck_assert_int_eq(waitpid(program->process, &status, 0), program->process);
    return status;
}

void
program_free(struct program *program)
{
    program_hang_up(program);
    close(program->output);
    close(program->watch);
    free(program->text);
    free(program);
}
