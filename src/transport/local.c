/* SPDX-License-Identifier: MIT */
#include "transport/local.h"

#include "transport/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LOCK_TRIES = 50, /* about a second together */
    LOCK_WAIT_MS = 20,
};

/* What was sent lies with the peer already, and the peer's end is told at once: nobody can be silent. */
static enum delivery
local_delivery(int descriptor, uint32_t *silent_ms)
{
    (void)descriptor;
    (void)silent_ms;
    return DELIVERY_DONE;
}

const struct transport transport_local = {
    .name = "unix",
    .is_plain = true,
    .receive = stream_receive,
    .send = stream_send,
    .finish = stream_finish,
    .delivery = local_delivery,
    .give_up = stream_give_up,
};

int
local_files_parse(const char *text, struct local_file files[LOCAL_PATHS_MAX])
{
    static const char scheme[] = "unix:";
    int count = 0;

    if (strcmp(text, "none") == 0)
        return 0;
    for (;;) {
        size_t length = strcspn(text, ",");
        const char *path = text + sizeof scheme - 1;

        if (count == LOCAL_PATHS_MAX || strncmp(text, scheme, sizeof scheme - 1) != 0)
            return -EINVAL;
        length -= sizeof scheme - 1;
        if (path[0] != '/' || path[length - 1] == '/' || length >= LOCAL_PATH)
            return -EINVAL;
        files[count] = (struct local_file){0};
        memcpy(files[count].path, path, length);
        for (int i = 0; i < count; i++)
            if (strcmp(files[i].path, files[count].path) == 0)
                return -EINVAL;
        count++;
        if (path[length] == '\0')
            return count;
        text = path + length + 1;
    }
}

int
local_mode_parse(const char *text, mode_t *mode)
{
    size_t length = strlen(text);
    mode_t read = 0;

    if (length != strspn(text, "01234567") || length < 3 || length > 4 || (length == 4 && text[0] != '0'))
        return -EINVAL;
    for (; *text != '\0'; text++)
        read = read << 3 | (mode_t)(*text - '0');
    *mode = read;
    return 0;
}

/* Locks the directory of a path. Returns the descriptor that holds the lock, or -errno. */
static int
directory_lock(const char *path)
{
    char directory[LOCAL_PATH];
    size_t length = (size_t)(strrchr(path, '/') - path);
    int descriptor;

    length += length == 0; /* the root's own slash */
    memcpy(directory, path, length);
    directory[length] = '\0';
    descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return -errno;
    for (int attempt = 0; attempt < LOCK_TRIES; attempt++) {
        if (flock(descriptor, LOCK_EX | LOCK_NB) == 0)
            return descriptor;
        (void)poll(NULL, 0, LOCK_WAIT_MS);
    }
    close(descriptor);
    return -EBUSY;
}

static struct sockaddr_un
address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    memcpy(address.sun_path, path, strlen(path) + 1);
    return address;
}

/* Does nobody listen at the socket there any more? Returns 0 when that is so, or -errno. */
static int
check_abandoned(const char *path)
{
    struct sockaddr_un address = address_of(path);
    struct stat found;
    int descriptor, error;

    if (lstat(path, &found) < 0)
        return -errno;
    if (!S_ISSOCK(found.st_mode))
        return -EEXIST;
    descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return -errno;
    error = connect(descriptor, (struct sockaddr *)&address, sizeof address) < 0 ? errno : 0;
    close(descriptor);
    /* EAGAIN: it has a full backlog, so somebody is there. EPROTOTYPE: a socket of another kind, somebody's too. */
    if (error == 0 || error == EAGAIN || error == EPROTOTYPE)
        return -EADDRINUSE;
    return error == ECONNREFUSED ? 0 : -error;
}

/* Binds, and makes the file's mode right before anybody can connect. Returns 0 or -errno. */
static int
bind_listen(int descriptor, struct local_file *file, mode_t mode)
{
    struct sockaddr_un address = address_of(file->path);
    struct stat made;
    int error;

    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0) {
        error = errno == EADDRINUSE ? check_abandoned(file->path) : -errno;
        if (error < 0)
            return error;
        if (unlink(file->path) < 0 || bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0)
            return -errno;
    }
    if (chmod(file->path, mode) == 0 && lstat(file->path, &made) == 0 && listen(descriptor, STREAM_BACKLOG) == 0) {
        file->device = made.st_dev;
        file->number = made.st_ino;
        return 0;
    }
    error = -errno;
    (void)unlink(file->path);
    return error;
}

int
local_listen(struct local_file *file, mode_t mode)
{
    int lock = directory_lock(file->path);
    int descriptor, error;

    if (lock < 0)
        return lock;
    descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    error = descriptor < 0 ? -errno : bind_listen(descriptor, file, mode);
    close(lock);
    if (error == 0)
        return descriptor;
    if (descriptor >= 0)
        close(descriptor);
    return error;
}

void
local_format(int descriptor, char text[LOCAL_NAME])
{
    struct sockaddr_un address = {0}; /* so a NUL is behind what the kernel writes, if it is not full */
    socklen_t length = sizeof address;

    (void)getsockname(descriptor, (struct sockaddr *)&address, &length);
    if (address.sun_path[0] == '\0')
        snprintf(text, LOCAL_NAME, "unix:@%.*s", LOCAL_PATH - 1, address.sun_path + 1);
    else
        snprintf(text, LOCAL_NAME, "unix:%.*s", LOCAL_PATH, address.sun_path);
}

void
local_remove(const struct local_file *file)
{
    struct stat found;

    if (file->path[0] != '\0' && lstat(file->path, &found) == 0 && found.st_dev == file->device && found.st_ino == file->number)
        (void)unlink(file->path);
}
