/* SPDX-License-Identifier: MIT
 *
 * The configuration file of the test that runs, and servers that take everything from it.
 */
#ifndef SUPPORT_CONFIG_FILE_H
#define SUPPORT_CONFIG_FILE_H

#include "support/server.h"

/* What no test is about, which a server of config_start has in its file; and what tests that do not time hellos add. */
#define CONFIG_USUAL "port = 0\nworkers = 3\nmessage-timeout = 3600\n"
#define CONFIG_PATIENT "hello-timeout = 3600\n"

extern char config_path[];

/* A fixture: the file is there, empty, and is removed. */
void config_set_up(void);
void config_tear_down(void);

/* Puts another file in its place, as one should: nobody can read half of it. */
void config_write(const char *text);

/* A server that takes everything from the file, which is CONFIG_USUAL and this. */
struct server *config_start(const char *text);

/* Files with one mistake each, and how the sentence about it goes on after the file's name. */
enum { CONFIG_MISTAKES = 12 };
extern const struct config_mistake {
    const char *text;
    const char *words;
} config_mistakes[CONFIG_MISTAKES];

#endif
