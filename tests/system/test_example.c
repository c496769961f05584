/* SPDX-License-Identifier: MIT
 *
 * What somebody does who uses libalo: installs it (below a folder of the test's own), compiles the README's example with what pkg-config says,
 * and runs it. With the shared library, and with the static one.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/program.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static char stage[64];

/* Runs a line of the shell, in which $S is the folder. */
static void
run(const char *line)
{
    ck_assert_int_eq(setenv("S", stage, 1), 0);
    ck_assert_msg(system(line) == 0, "%s", line);
}

static void
begin(void)
{
    snprintf(stage, sizeof stage, ".build/example.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(stage));
    run("unset MAKEFLAGS MFLAGS MAKELEVEL; make --no-print-directory INSTALL_DEPS=no install-libalo DESTDIR=\"$S\" prefix=/usr >\"$S/log\" 2>&1 || "
        "{ cat \"$S/log\" >&2; false; }");
    run("awk '/^```c$/ { inside = 1; next } /^```$/ { inside = 0 } inside' README.md >\"$S/example.c\"");
}

static void
end(void)
{
    run("rm -rf \"$S\"");
}

/* The example hears of user 2, who speaks the classic dialect. */
static void
try_example(const char *compile)
{
    struct server *server = server_start("--workers 2");
    struct program *example;
    struct client *friend;
    char command[256];

    run("export PKG_CONFIG_LIBDIR=\"$S/usr/lib/pkgconfig\" PKG_CONFIG_SYSROOT_DIR=\"$S\"; test \"$(pkg-config --modversion alo)\" != ''");
    run(compile);
    friend = client_connect(server);
    client_hello(friend, 2, NULL);
    snprintf(command, sizeof command, "env LD_LIBRARY_PATH=%s/usr/lib %s/example 127.0.0.1:%d", stage, stage, server->port);
    example = program_start(PROGRAM_TERMINAL, command);
    program_expect(example, "2 is online");
    client_close(friend);
    program_expect(example, "2 is offline");
    server_stop(server);
    program_wait(example);
    ck_assert_ptr_nonnull(strstr(example->text, "the server"));
    program_free(example);
}

#define COMPILE                                                                                                                             \
    "export PKG_CONFIG_LIBDIR=\"$S/usr/lib/pkgconfig\" PKG_CONFIG_SYSROOT_DIR=\"$S\"; ${CC:-cc} -Wall -Wextra -Werror \"$S/example.c\" -o " \
    "\"$S/example\" "

START_TEST(shared)
{
    try_example(COMPILE "$(pkg-config --cflags --libs alo) && readelf -d \"$S/example\" | grep -q 'NEEDED.*libalo\\.so\\.0'");
}
END_TEST

START_TEST(static_library)
{
    try_example(COMPILE "$(pkg-config --cflags alo) \"$S/usr/lib/libalo.a\" && ! readelf -d \"$S/example\" | grep -q libalo");
}
END_TEST

/* Only what the header declares can be seen from outside, in both libraries. */
START_TEST(names)
{
    run("nm -D --defined-only \"$S/usr/lib/libalo.so\" | awk '{ print $3 }' | sort >\"$S/shared\"");
    run("nm -g --defined-only \"$S/usr/lib/libalo.a\" | awk 'NF == 3 { print $3 }' | sort | cmp - \"$S/shared\"");
    run("grep -oE '\\balo_[a-z_]+\\(' \"$S\"/usr/include/alo/client.h | tr -d '(' | grep -vE '^alo_user_(number|name)$' | sort -u | cmp - "
        "\"$S/shared\"");
}
END_TEST

START_TEST(uninstalled)
{
    run("unset MAKEFLAGS MFLAGS MAKELEVEL; make --no-print-directory INSTALL_DEPS=no uninstall DESTDIR=\"$S\" prefix=/usr >/dev/null");
    run("test -z \"$(find \"$S/usr\" ! -type d)\"");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("example");
    TCase *tests = tcase_create("example");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, shared);
    tcase_add_test(tests, static_library);
    tcase_add_test(tests, names);
    tcase_add_test(tests, uninstalled);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
