/* SPDX-License-Identifier: MIT */
#include "torture/daemon.h"

#include "support/client.h"
#include "support/pace.h"
#include "support/port.h"
#include "support/process.h"

#include <check.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TEXT_BYTES = 1024, LOOK_MS = 5, MESSAGE_TIMEOUT_S = 3, UDP_TIMEOUT_S = 15, SHOWN_BYTES = 2048 };
#define DISK_SIZE "size=64m"

static const char *
path_in(const struct daemon *daemon, const char *name)
{
    static char path[DAEMON_PATH];

    snprintf(path, sizeof path, "%s/%s", daemon->folder, name);
    return path;
}

static void
write_text(const struct daemon *daemon, const char *name, mode_t mode, const char *text)
{
    int file = open(path_in(daemon, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

    ck_assert_msg(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text), "cannot write %s", path_in(daemon, name));
    close(file);
}

static void
write_config(struct daemon *daemon)
{
    char text[TEXT_BYTES], from[DAEMON_PATH];

    snprintf(text, sizeof text,
        "port = %u\nbind = all\nworkers = 3\nadmin-port = none\nhello-timeout = %d\nmessage-timeout = %d\nudp-timeout = %d\npeer-timeout = %d\n"
        "verbose = %s\n",
        daemon->port, pace_seconds(daemon->settings.hello_timeout_s), pace_seconds(MESSAGE_TIMEOUT_S), pace_seconds(UDP_TIMEOUT_S),
        pace_seconds(daemon->settings.peer_timeout_s), daemon->settings.verbose ? "on" : "off");
    write_text(daemon, "new.conf", 0644, text);
    snprintf(from, sizeof from, "%s", path_in(daemon, "new.conf"));
    ck_assert_int_eq(rename(from, path_in(daemon, "alo.conf")), 0);
}

/* The server is started by a script, so that its log is a file and its clock is ours. */
static void
write_script(struct daemon *daemon, const char *program)
{
    char text[PATH_MAX + TEXT_BYTES], library[PATH_MAX];

    snprintf(library, sizeof library, "%s", program);
    snprintf(text, sizeof text, "#!/bin/sh\nexec 2>>%s/disk/log\nexport LD_PRELOAD=%s/clock_shift.so TORTURE_CLOCK=%s/clock\nexec \"$@\"\n",
        daemon->folder, dirname(library), daemon->folder);
    write_text(daemon, "under", 0755, text);
}

/* A page of the file that the clock's library reads. */
static _Atomic int64_t *
open_clock(const struct daemon *daemon)
{
    static const char zeros[4096];
    int file = open(path_in(daemon, "clock"), O_RDWR | O_CREAT | O_CLOEXEC, 0644);

    ck_assert(file >= 0 && write(file, zeros, sizeof zeros) == (ssize_t)sizeof zeros);
    void *page = mmap(NULL, sizeof zeros, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ck_assert_ptr_ne(page, MAP_FAILED);
    close(file);
    return page;
}

int64_t
daemon_log_bytes(const struct daemon *daemon)
{
    struct stat status;

    return stat(path_in(daemon, "disk/log"), &status) == 0 ? status.st_size : 0;
}

/* All of the log, which the caller frees. */
static char *
read_log(const struct daemon *daemon)
{
    int64_t size = daemon_log_bytes(daemon);
    char *text = calloc(1, (size_t)size + 1);
    int file = open(path_in(daemon, "disk/log"), O_RDONLY | O_CLOEXEC);

    ck_assert_ptr_nonnull(text);
    if (file >= 0) {
        (void)!read(file, text, (size_t)size);
        close(file);
    }
    return text;
}

/* To what length the log may grow. */
static rlim_t
log_limit(const struct daemon *daemon)
{
    return daemon->is_full && !daemon->has_disk ? (rlim_t)daemon_log_bytes(daemon) : daemon->file_limit;
}

void
daemon_init(struct daemon *daemon, const char *folder, const char *program, bool mounts)
{
    struct rlimit files;

    *daemon =
        (struct daemon){.port = port_of_ones_own(), .settings = {.hello_timeout_s = DAEMON_HELLO_TIMEOUT_S, .peer_timeout_s = DAEMON_PEER_TIMEOUT_S}};
    snprintf(daemon->folder, sizeof daemon->folder, "%s", folder);
    ck_assert_int_eq(mkdir(path_in(daemon, "disk"), 0755), 0);
    daemon->has_disk = mounts && mount("torture", path_in(daemon, "disk"), "tmpfs", 0, DISK_SIZE) == 0;
    daemon->clock_ns = open_clock(daemon);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &files), 0);
    daemon->file_limit = files.rlim_cur;
    write_script(daemon, program);
    write_config(daemon);
    daemon_start(daemon);
}

void
daemon_start(struct daemon *daemon)
{
    char wrapper[DAEMON_PATH], flags[DAEMON_PATH + 16];

    process_limit(0, RLIMIT_FSIZE, log_limit(daemon)); /* what it is started with */
    snprintf(wrapper, sizeof wrapper, "%s", path_in(daemon, "under"));
    snprintf(flags, sizeof flags, "--config %s", path_in(daemon, "alo.conf"));
    daemon->server = server_launch_under(wrapper, flags);
    daemon->server->port = daemon->port;
    process_limit(0, RLIMIT_FSIZE, daemon->file_limit);
}

void
daemon_check(struct daemon *daemon)
{
    if (!server_has_ended(daemon->server))
        return;
    char *text = read_log(daemon);
    size_t length = strlen(text), shown = length < SHOWN_BYTES ? length : SHOWN_BYTES;
    ck_abort_msg("the server has ended by itself, status %d; the end of its log:\n%s", server_wait(daemon->server), text + length - shown);
}

void
daemon_kill(struct daemon *daemon)
{
    daemon_check(daemon);
    server_signal(daemon->server, SIGKILL);
    server_wait(daemon->server);
    server_free(daemon->server);
    daemon->server = NULL;
}

unsigned
daemon_events(const struct daemon *daemon, const char *event)
{
    char wanted[64], *text = read_log(daemon);
    unsigned count = 0;

    snprintf(wanted, sizeof wanted, "\"event\":\"%s\"", event);
    for (const char *at = strstr(text, wanted); at != NULL; at = strstr(at + 1, wanted))
        count++;
    free(text);
    return count;
}

/* Waits until the log has more lines of this event than so many. */
static void
await_event(struct daemon *daemon, const char *event, unsigned before)
{
    int64_t deadline = pace_deadline_ms();

    while (daemon_events(daemon, event) <= before) {
        ck_assert_msg(pace_left_ms(deadline) > 0, "the server does not say %s", event);
        daemon_check(daemon);
        poll(NULL, 0, LOOK_MS);
    }
}

void
daemon_reload(struct daemon *daemon)
{
    unsigned before = daemon_events(daemon, "reloaded");

    write_config(daemon);
    server_signal(daemon->server, SIGHUP);
    await_event(daemon, "reloaded", before);
}

void
daemon_fill_disk(struct daemon *daemon, bool full)
{
    static const char much[65536];

    daemon->is_full = full;
    if (!daemon->has_disk) {
        process_limit(daemon->server->process, RLIMIT_FSIZE, log_limit(daemon));
        return;
    }
    if (!full) {
        unlink(path_in(daemon, "disk/filler"));
        return;
    }
    int file = open(path_in(daemon, "disk/filler"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    ck_assert_int_ge(file, 0);
    while (write(file, much, sizeof much) > 0)
        ;
    close(file);
}

/* What a sanitizer found, or an assertion, is no JSON line. */
static void
check_lines(const struct daemon *daemon)
{
    char *text = read_log(daemon), *rest = NULL;

    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        ck_assert_msg(line[0] == '{', "the server said: %s", line);
    free(text);
}

void
daemon_stop(struct daemon *daemon)
{
    daemon_check(daemon);
    server_stop(daemon->server);
    check_lines(daemon);
    if (daemon->has_disk)
        umount(path_in(daemon, "disk"));
}

void
daemon_remove(const char *folder)
{
    static const char *const names[] = {"alo.conf", "new.conf", "clock", "under", "disk/log", "disk/filler"};
    struct daemon daemon = {.server = NULL};

    snprintf(daemon.folder, sizeof daemon.folder, "%s", folder);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(path_in(&daemon, names[i]));
    rmdir(path_in(&daemon, "disk"));
    rmdir(folder);
}
