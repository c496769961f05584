/* SPDX-License-Identifier: MIT */
#include "transport/local.h"

#include "support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

static char directory[] = "/tmp/alo-local-XXXXXX";
static struct local_file file;

static void
begin(void)
{
    ck_assert_ptr_nonnull(mkdtemp(directory));
    file = (struct local_file){0};
    snprintf(file.path, sizeof file.path, "%s/s", directory);
}

static void
end(void)
{
    (void)unlink(file.path);
    ck_assert_int_eq(rmdir(directory), 0);
}

/* Connects to the file; returns the socket or -errno. */
static int
knock(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    strcpy(address.sun_path, file.path);
    ck_assert_int_ge(made, 0);
    if (connect(made, (struct sockaddr *)&address, sizeof address) == 0)
        return made;
    int error = errno;
    close(made);
    return -error;
}

static mode_t
mode_of_file(void)
{
    struct stat found;

    ck_assert_int_eq(lstat(file.path, &found), 0);
    return found.st_mode & 07777;
}

START_TEST(paths_have_commas_between)
{
    struct local_file files[LOCAL_PATHS_MAX];

    ck_assert_int_eq(local_files_parse("none", files), 0);
    ck_assert_int_eq(local_files_parse("unix:/a,unix:/run/alo/b c", files), 2);
    ck_assert_str_eq(files[0].path, "/a");
    ck_assert_str_eq(files[1].path, "/run/alo/b c");
    ck_assert_uint_eq(files[1].number, 0);
}
END_TEST

START_TEST(anything_else_is_no_list_of_paths)
{
    static const char *const texts[] = {"", ",", "unix:", "unix:a", "unix:./a", "unix:/", "unix:/a/", "/a", "unix:/a,", ",unix:/a",
        "unix:/a,,unix:/b", "unix:/a,none", "unix:/a,unix:/a", "tcp:/a", "UNIX:/a", "unix:/a,unix:", "unix",
        "unix:/1,unix:/2,unix:/3,unix:/4,unix:/5,unix:/6,unix:/7,unix:/8,unix:/9"};
    struct local_file files[LOCAL_PATHS_MAX];
    char text[256] = "unix:/";

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ck_assert_msg(local_files_parse(texts[i], files) == -EINVAL, "\"%s\" is taken", texts[i]);

    /* The longest path that the kernel takes, and one byte more. */
    memset(text + 6, 'a', LOCAL_PATH - 2);
    ck_assert_int_eq(local_files_parse(text, files), 1);
    ck_assert_uint_eq(strlen(files[0].path), LOCAL_PATH - 1);
    text[6 + LOCAL_PATH - 2] = 'a';
    ck_assert_int_eq(local_files_parse(text, files), -EINVAL);
}
END_TEST

START_TEST(a_mode_is_three_octal_digits)
{
    static const char *const wrong[] = {"", "0", "66", "6600", "00660", "668", "rw", "-66", "+660", " 660", "660 ", "0x1b"};
    mode_t mode = 0;

    ck_assert_int_eq(local_mode_parse("660", &mode), 0);
    ck_assert_uint_eq(mode, 0660);
    ck_assert_int_eq(local_mode_parse("0702", &mode), 0);
    ck_assert_uint_eq(mode, 0702);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(local_mode_parse(wrong[i], &mode) == -EINVAL, "\"%s\" is taken", wrong[i]);
    ck_assert_uint_eq(mode, 0702);
}
END_TEST

START_TEST(the_mode_is_what_was_asked_for_whatever_the_mask)
{
    begin();
    umask(0777);

    int descriptor = local_listen(&file, 0626);

    umask(022);
    ck_assert_int_ge(descriptor, 0);
    ck_assert_uint_eq(mode_of_file(), 0626);
    ck_assert_int_ge(knock(), 0);
    close(descriptor);
    end();
}
END_TEST

START_TEST(the_file_of_a_dead_server_is_replaced)
{
    begin();
    close(local_listen(&file, 0600)); /* dies without removing it */
    ck_assert_int_eq(knock(), -ECONNREFUSED);

    int descriptor = local_listen(&file, 0600);

    ck_assert_int_ge(descriptor, 0);
    ck_assert_int_ge(knock(), 0);
    local_remove(&file);
    ck_assert_int_eq(access(file.path, F_OK), -1);
    close(descriptor);
    end();
}
END_TEST

START_TEST(a_live_server_is_left_alone)
{
    struct local_file other;

    begin();
    other = file;

    int descriptor = local_listen(&file, 0600);

    ck_assert_int_ge(descriptor, 0);
    ck_assert_int_eq(local_listen(&other, 0666), -EADDRINUSE);
    ck_assert_uint_eq(mode_of_file(), 0600);
    local_remove(&other); /* not the one that it made */
    ck_assert_int_ge(knock(), 0);
    local_remove(&file);
    close(descriptor);
    end();
}
END_TEST

START_TEST(what_is_no_socket_is_left_alone)
{
    begin();
    close(open(file.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    ck_assert_int_eq(local_listen(&file, 0600), -EEXIST);
    ck_assert_int_eq(access(file.path, F_OK), 0);
    ck_assert_int_eq(unlink(file.path), 0);
    ck_assert_int_eq(symlink("/nowhere", file.path), 0);
    ck_assert_int_eq(local_listen(&file, 0600), -EEXIST);
    end();
    snprintf(file.path, sizeof file.path, "%s/s", directory); /* the directory is gone by now */
    ck_assert_int_eq(local_listen(&file, 0600), -ENOENT);
}
END_TEST

/* The successor has taken the place while the old one was still stopping: its file stays. */
START_TEST(only_ones_own_file_is_removed)
{
    struct local_file successor;

    begin();
    successor = file;

    int old = local_listen(&file, 0600);

    ck_assert_int_eq(unlink(file.path), 0);

    int fresh = local_listen(&successor, 0600);

    ck_assert_int_ge(fresh, 0);
    ck_assert_uint_ne(file.number, successor.number);
    local_remove(&file);
    ck_assert_int_ge(knock(), 0);
    local_remove(&successor);
    close(old);
    close(fresh);
    end();
}
END_TEST

START_TEST(somebody_elses_lock_is_waited_for_and_then_said)
{
    begin();

    int lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    ck_assert_int_eq(flock(lock, LOCK_EX), 0);
    ck_assert_int_eq(local_listen(&file, 0600), -EBUSY);
    close(lock);

    int descriptor = local_listen(&file, 0600);

    ck_assert_int_ge(descriptor, 0);
    close(descriptor);
    end();
}
END_TEST

START_TEST(bytes_move_and_ends_are_told)
{
    char bytes[8];
    uint32_t silent_ms = 7;
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    ck_assert_str_eq(transport_local.name, "unix");
    ck_assert_int_eq(transport_local.receive(ends[0], bytes, sizeof bytes), -EAGAIN);
    ck_assert_int_eq(transport_local.send(ends[1], "hello", 5), 5);
    ck_assert_int_eq(transport_local.delivery(ends[1], &silent_ms), DELIVERY_DONE);
    ck_assert_int_eq(transport_local.receive(ends[0], bytes, sizeof bytes), 5);
    transport_local.finish(ends[1]);
    ck_assert_int_eq(transport_local.receive(ends[0], bytes, sizeof bytes), 0);
    ck_assert_int_eq(transport_local.send(ends[0], "x", 1), 1);
    transport_local.give_up(ends[0]);
    ck_assert_int_eq(transport_local.receive(ends[1], bytes, sizeof bytes), 1);
    close(ends[0]);
    ck_assert_int_eq(transport_local.send(ends[1], "x", 1), -EPIPE);
    close(ends[1]);
}
END_TEST

START_TEST(a_listening_socket_says_what_it_is_called)
{
    char name[LOCAL_NAME], expected[LOCAL_NAME];
    struct sockaddr_un unseen = {.sun_family = AF_UNIX};
    int descriptor, longest = LOCAL_PATH - 1;

    begin();
    snprintf(file.path, sizeof file.path, "%s/%0*d", directory, longest - (int)sizeof directory, 7);
    ck_assert_int_eq((int)strlen(file.path), longest);
    descriptor = local_listen(&file, 0600);
    ck_assert_int_ge(descriptor, 0);
    local_format(descriptor, name);
    snprintf(expected, sizeof expected, "unix:%s", file.path);
    ck_assert_str_eq(name, expected);
    close(descriptor);
    end();

    /* One without a file fills all of the name. */
    memset(unseen.sun_path + 1, 'x', sizeof unseen.sun_path - 1);
    memcpy(unseen.sun_path + 1, directory, sizeof directory - 1);
    descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(descriptor, (struct sockaddr *)&unseen, sizeof unseen), 0);
    local_format(descriptor, name);
    snprintf(expected, sizeof expected, "unix:@%.*s", LOCAL_PATH - 1, unseen.sun_path + 1);
    ck_assert_str_eq(name, expected);
    ck_assert_uint_eq(strlen(name), LOCAL_NAME - 1);
    close(descriptor);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("transport/local");
    TCase *texts = tcase_create("texts");
    TCase *sockets = tcase_create("sockets");

    tcase_add_test(texts, paths_have_commas_between);
    tcase_add_test(texts, anything_else_is_no_list_of_paths);
    tcase_add_test(texts, a_mode_is_three_octal_digits);
    suite_add_tcase(suite, texts);
    tcase_add_test(sockets, the_mode_is_what_was_asked_for_whatever_the_mask);
    tcase_add_test(sockets, the_file_of_a_dead_server_is_replaced);
    tcase_add_test(sockets, a_live_server_is_left_alone);
    tcase_add_test(sockets, what_is_no_socket_is_left_alone);
    tcase_add_test(sockets, only_ones_own_file_is_removed);
    tcase_add_test(sockets, somebody_elses_lock_is_waited_for_and_then_said);
    tcase_add_test(sockets, a_listening_socket_says_what_it_is_called);
    tcase_add_test(sockets, bytes_move_and_ends_are_told);
    suite_add_tcase(suite, sockets);
    return unit_run(suite);
}
