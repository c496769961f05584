/* SPDX-License-Identifier: MIT
 *
 * A reload: the options are read anew from all their sources, what can change while sessions stay does, what cannot is said. Main thread.
 */
#ifndef RELOAD_H
#define RELOAD_H

#include "server.h"
#include "service/options.h"

/* What the program was started with, and what holds now. */
struct running {
    int argc;
    char **argv;
    char **environment;
    struct options options;
    struct server *server;
};

/* Reloads, and logs what came of it. When something is wrong, one line says so and everything stays as it is. */
void reload(struct running *running, void (*warn)(const char *text));

#endif
