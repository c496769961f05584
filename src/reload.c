/* SPDX-License-Identifier: MIT */
#include "reload.h"

#include "base/log.h"
#include "service/options_value.h"
#include "service/systemd.h"

#include <stdio.h>
#include <string.h>

enum { NAMES_BYTES = 512 }; /* of all options that can change; the log cuts it anyway */

/* Takes over into `next` what is live and differs from `fresh`, and collects its names; what is not live and differs is logged. */
static void
options_compare(struct options *next, const struct options *fresh, char names[NAMES_BYTES])
{
    size_t length = 0;

    names[0] = '\0';
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_table[i];
        char texts[2][OPTION_TEXT], source[OPTION_SOURCE_TEXT];
        const char *runs = option_format(row, next, texts[0]), *wanted = option_format(row, fresh, texts[1]);

        if (strcmp(runs, wanted) != 0 && !row->is_live) {
            option_describe_source(fresh, row, fresh->sources[i], source);
            log_event(LEVEL_WARN, "restart_needed", LOG_FIELD_TEXT("option", row->name), LOG_FIELD_TEXT("runs_with", runs),
                LOG_FIELD_TEXT("wanted", wanted), LOG_FIELD_TEXT("source", source));
        } else if (strcmp(runs, wanted) != 0 && length < NAMES_BYTES) {
            length += (size_t)snprintf(names + length, NAMES_BYTES - length, "%s%s", length > 0 ? " " : "", row->name);
        }
        if (row->is_live)
            option_take_over(row, next, fresh);
    }
}

/* Returns 0 and the names of what has changed, or -errno and one sentence in `problem`; then everything is as it was. */
static int
carry_out(struct running *running, void (*warn)(const char *text), char names[NAMES_BYTES], char problem[SERVER_PROBLEM])
{
    struct options fresh, next = running->options;
    char sentence[OPTION_TEXT];
    int error = options_read(running->argc, running->argv, running->environment, &fresh, warn, sentence);

    if (error < 0) {
        snprintf(problem, SERVER_PROBLEM, "%s", sentence);
        return error;
    }
    error = server_check(&fresh, problem);
    if (error == 0) {
        options_compare(&next, &fresh, names);
        error = server_reload(running->server, &next, problem);
    }
    options_done(&fresh);
    if (error < 0)
        return error;
    running->options = next;
    log_set_level(next.verbose ? LEVEL_DEBUG : LEVEL_INFO);
    return 0;
}

/* It begins and ends here, whatever comes of it: who is to be told of that, is told here. */
void
reload(struct running *running, void (*warn)(const char *text))
{
    char problem[SERVER_PROBLEM], names[NAMES_BYTES];
    int error;

    systemd_reloading();
    log_event(LEVEL_INFO, "reloading", LOG_FIELD_TEXT("config", running->options.config));
    error = carry_out(running, warn, names, problem);
    if (error < 0)
        log_event(LEVEL_ERROR, "reload_failed", LOG_FIELD_TEXT("message", problem));
    else
        log_event(LEVEL_INFO, "reloaded", LOG_FIELD_TEXT("changed", names));
    systemd_ready();
}
