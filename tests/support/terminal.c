/* SPDX-License-Identifier: MIT */
#include "support/terminal.h"

#include "support/pace.h"
#include "support/program.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COMMAND_BYTES = 2048, LOOK_AGAIN_MS = 20 };

/* Runs tmux with these words and reads what it prints into `text`. Returns its exit status. */
static int
tmux(struct terminal *terminal, char *text, size_t room, const char *const words[])
{
    char socket[TERMINAL_PATH + 8];
    const char *arguments[24] = {"tmux", "-u", "-N", "-S", socket};
    unsigned count = 5;
    size_t length = 0;
    ssize_t got;
    int ends[2], status;

    snprintf(socket, sizeof socket, "%s/tmux", terminal->folder);
    for (; *words != NULL; words++) {
        ck_assert_uint_lt(count, 23);
        arguments[count++] = *words;
    }
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    pid_t process = fork();
    ck_assert_int_ge(process, 0);
    if (process == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        execvp(arguments[0], (char **)(uintptr_t)arguments); /* which does not write to them */
        _exit(127);
    }
    close(ends[1]);
    while ((got = read(ends[0], text + length, room - 1 - length)) > 0)
        length += (size_t)got;
    text[length] = '\0';
    close(ends[0]);
    ck_assert_int_eq(waitpid(process, &status, 0), process);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The same, for what must not fail. */
static void
tmux_must(struct terminal *terminal, const char *const words[])
{
    char text[1024];

    ck_assert_msg(tmux(terminal, text, sizeof text, words) == 0, "tmux %s: %s", words[0], text);
}

static void
pause_shortly(void)
{
    poll(NULL, 0, pace_stretched_ms(LOOK_AGAIN_MS));
}

static void
settings_write(const struct terminal *terminal)
{
    char path[TERMINAL_PATH + 16];

    snprintf(path, sizeof path, "%s/settings", terminal->folder);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    fputs("set -g exit-empty off\nset -g default-terminal screen-256color\nset -g escape-time 0\nset -g status off\n"
          "set -g history-limit 0\n",
        file);
    fclose(file);
}

/*
 * The command as the shell is to run it, which then shows the exit status on the screen: tmux misses now and then that a program has ended. The shell
 * is in the foreground, too, so Ctrl-C reaches it as well.
 */
__attribute__((format(printf, 3, 0))) static void
command_write(const struct terminal *terminal, char command[static COMMAND_BYTES], const char *format, va_list values)
{
    size_t length = (size_t)snprintf(
        command, COMMAND_BYTES, "trap : INT; env -u NO_COLOR -u SERVER_PORT -u ALO_HISTORY HOME=%s LC_ALL=C.UTF-8 ", terminal->folder);

    length += (size_t)vsnprintf(command + length, COMMAND_BYTES - length, format, values);
    ck_assert_uint_lt(length, COMMAND_BYTES - 64);
    snprintf(command + length, COMMAND_BYTES - length, "; echo \"[exit status $?]\"; exec cat");
}

struct terminal *
terminal_open(unsigned columns, const char *format, ...)
{
    struct terminal *terminal = calloc(1, sizeof *terminal);
    char command[COMMAND_BYTES], start[COMMAND_BYTES], width[16], text[1024] = "";
    int64_t deadline = pace_deadline_ms();
    va_list values;

    ck_assert_ptr_nonnull(terminal);
    snprintf(terminal->folder, sizeof terminal->folder, "/tmp/alo-terminal-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(terminal->folder));
    settings_write(terminal);
    va_start(values, format);
    command_write(terminal, command, format, values);
    va_end(values);
    /* In the foreground, so that it dies with this process; what runs in it is told by the terminal's end. */
    snprintf(start, sizeof start, "env -u TMUX SHELL=/bin/sh tmux -u -S %s/tmux -f %s/settings -D", terminal->folder, terminal->folder);
    terminal->tmux = program_start(PROGRAM_PIPES, start);
    snprintf(width, sizeof width, "%u", columns);
    const char *const words[] = {"new-session", "-d", "-x", width, "-y", "24", command, NULL};
    while (tmux(terminal, text, sizeof text, words) != 0) {
        ck_assert_msg(pace_left_ms(deadline) > 0, "tmux does not start: %s", text);
        pause_shortly();
    }
    return terminal;
}

void
terminal_run(struct terminal *terminal, const char *format, ...)
{
    char command[COMMAND_BYTES];
    va_list values;

    va_start(values, format);
    command_write(terminal, command, format, values);
    va_end(values);
    tmux_must(terminal, (const char *const[]){"respawn-pane", "-k", command, NULL});
}

void
terminal_type(struct terminal *terminal, const char *text)
{
    tmux_must(terminal, (const char *const[]){"send-keys", "-l", "--", text, NULL});
}

void
terminal_press(struct terminal *terminal, const char *key)
{
    tmux_must(terminal, (const char *const[]){"send-keys", key, NULL});
}

void
terminal_resize(struct terminal *terminal, unsigned columns)
{
    char width[16];

    snprintf(width, sizeof width, "%u", columns);
    tmux_must(terminal, (const char *const[]){"resize-window", "-x", width, "-y", "24", NULL});
}

static void
look(struct terminal *terminal)
{
    ck_assert_int_eq(tmux(terminal, terminal->text, sizeof terminal->text, (const char *const[]){"capture-pane", "-p", NULL}), 0);
}

void
terminal_expect_at(struct terminal *terminal, const char *text, const char *function, int line)
{
    int64_t deadline = pace_deadline_ms();

    for (;;) {
        look(terminal);
        if (strstr(terminal->text, text) != NULL)
            return;
        if (pace_left_ms(deadline) == 0)
            ck_abort_msg("%s, line %d: \"%s\" does not come; the screen is:\n%s", function, line, text, terminal->text);
        pause_shortly();
    }
}

/* Is the last row this one, and the cursor there? */
static bool
last_is(struct terminal *terminal, const char *row, unsigned column)
{
    char cursor[64], expected[16];
    size_t length;

    ck_assert_int_eq(tmux(terminal, cursor, sizeof cursor, (const char *const[]){"display-message", "-p", "#{cursor_x}", NULL}), 0);
    look(terminal);
    length = strlen(terminal->text);
    while (length > 0 && terminal->text[length - 1] == '\n')
        length--;
    terminal->text[length] = '\0';
    const char *last = strrchr(terminal->text, '\n');
    snprintf(expected, sizeof expected, "%u\n", column);
    return strcmp(last == NULL ? terminal->text : last + 1, row) == 0 && strcmp(cursor, expected) == 0;
}

void
terminal_expect_last_at(struct terminal *terminal, const char *row, unsigned column, const char *function, int line)
{
    int64_t deadline = pace_deadline_ms();

    while (!last_is(terminal, row, column)) {
        if (pace_left_ms(deadline) == 0)
            ck_abort_msg("%s, line %d: the last row is not \"%s\" with the cursor in column %u; the screen is:\n%s", function, line, row, column,
                terminal->text);
        pause_shortly();
    }
}

void
terminal_expect_exit_at(struct terminal *terminal, int status, const char *function, int line)
{
    char text[64];

    snprintf(text, sizeof text, "[exit status %d]", status);
    terminal_expect_at(terminal, text, function, line);
}

const char *
terminal_coloured(struct terminal *terminal)
{
    ck_assert_int_eq(tmux(terminal, terminal->text, sizeof terminal->text, (const char *const[]){"capture-pane", "-p", "-e", NULL}), 0);
    return terminal->text;
}

unsigned
terminal_count(const struct terminal *terminal, const char *text)
{
    unsigned count = 0;

    for (const char *at = terminal->text; (at = strstr(at, text)) != NULL; at += strlen(text))
        count++;
    return count;
}

void
terminal_close(struct terminal *terminal)
{
    static const char *const files[] = {"settings", "tmux", "history", ".alo_history"};
    char text[256], path[TERMINAL_PATH + 32];

    tmux(terminal, text, sizeof text, (const char *const[]){"kill-server", NULL});
    program_wait(terminal->tmux);
    program_free(terminal->tmux);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", terminal->folder, files[i]);
        unlink(path);
    }
    rmdir(terminal->folder);
    free(terminal);
}
