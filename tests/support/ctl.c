/* SPDX-License-Identifier: MIT */
#include "support/ctl.h"

#include "support/program.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

void
ctl_expect(const char *server, const char *words, int status, const char *text)
{
    char command[512];
    const char *binary = getenv("ALO_BINARY");

    snprintf(command, sizeof command, "env -u ALO_ADMIN_TOKEN_FILE %s ctl --server %s %s", binary != NULL ? binary : ".bin/alo", server, words);
    struct program *program = program_start(PROGRAM_PIPES, command);
    program_hang_up(program);
    int ended = program_wait(program);
    ck_assert_msg(WIFEXITED(ended) && WEXITSTATUS(ended) == status, "%s: wait status %#x: %s", words, (unsigned)ended, program->text);
    ck_assert_msg(strstr(program->text, text) != NULL, "%s: \"%s\" is not in: %s", words, text, program->text);
    program_free(program);
}
