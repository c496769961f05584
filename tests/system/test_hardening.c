/* SPDX-License-Identifier: MIT
 *
 * scripts/check-hardening: what is built passes, and a program that was compiled without one of the things that it looks for does not, with a
 * sentence that says which.
 */
#include "support/pace.h"
#include "support/program.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#define GOOD "-O2 -fPIE -fstack-protector-strong -fcf-protection=return -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -pie -Wl,-z,relro,-z,now,-z,noexecstack"

static char directory[] = "/tmp/alo-hardening-XXXXXX";

/* Runs lines in a shell, in which $made is a folder of the test's own and good.c a program with something to protect. */
static int
shell_run(const char *lines, struct program **output)
{
    static const char source[] = "#include <stdio.h>\\n#include <string.h>\\n"
                                 "int main(int c, char **v) { char b[64]; strcpy(b, v[c - 1]); return puts(b); }\\n";
    char before[512];
    int status;

    *output = program_start(PROGRAM_PIPES, "bash");
    snprintf(before, sizeof before, "set -e; made=%s; printf '%s' >$made/good.c; good='%s'\n", directory, source, GOOD);
    program_say(*output, before);
    program_say(*output, lines);
    program_hang_up(*output);
    status = program_wait(*output);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
begin(void)
{
    ck_assert_ptr_nonnull(mkdtemp(directory));
}

static void
end(void)
{
    struct program *shell;

    ck_assert_int_eq(shell_run("rm -r $made\n", &shell), 0);
    program_free(shell);
}

START_TEST(what_is_built_passes)
{
    struct program *shell;
    int status = shell_run("scripts/check-hardening\n", &shell);

    ck_assert_msg(status == 0 && shell->length == 0, "%s", shell->text);
    program_free(shell);
}
END_TEST

static const struct {
    const char *flags; /* after the good ones */
    const char *says;  /* NULL: nothing */
} programs[] = {
    {"", NULL},
    {"-fno-pie -no-pie", "is not position-independent"},
    {"-Wl,-z,norelro", "has no read-only relocations"},
    {"-Wl,-z,lazy", "is bound lazily"},
    {"-Wl,-z,execstack", "has an executable stack"},
    {"-fno-stack-protector", "has no stack protector"},
    {"-U_FORTIFY_SOURCE", "has no fortified functions"},
    {"-Wl,-rpath,/opt", "has a search path"},
};

START_TEST(a_program_without_does_not)
{
    char lines[512];
    struct program *shell;
    int status;

    snprintf(lines, sizeof lines, "gcc $good %s $made/good.c -o $made/program\nscripts/check-hardening $made/program\n", programs[_i].flags);
    status = shell_run(lines, &shell);
    ck_assert_msg(status == (programs[_i].says == NULL ? 0 : 1), "%s: status %d: %s", programs[_i].flags, status, shell->text);
    if (programs[_i].says != NULL)
        program_expect(shell, programs[_i].says);
    program_free(shell);
}
END_TEST

START_TEST(nor_does_an_archive_or_what_is_not_there)
{
    struct program *shell;

    ck_assert_int_eq(shell_run("[ $(uname -m) = x86_64 ] || { echo is not marked; exit 1; }\n"
                               "gcc $good -fcf-protection=none -c $made/good.c -o $made/good.o; ar rcs $made/good.a $made/good.o\n"
                               "scripts/check-hardening $made/good.a\n",
                         &shell),
        1);
    program_expect(shell, "is not marked");
    program_free(shell);
    ck_assert_int_eq(shell_run("scripts/check-hardening $made/nothing\n", &shell), 1);
    program_expect(shell, "is not there");
    program_free(shell);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("hardening");
    TCase *tests = tcase_create("hardening");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, what_is_built_passes);
    tcase_add_loop_test(tests, a_program_without_does_not, 0, sizeof programs / sizeof programs[0]);
    tcase_add_test(tests, nor_does_an_archive_or_what_is_not_there);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
