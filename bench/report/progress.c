/* SPDX-License-Identifier: MIT */
#include "report/progress.h"

#include "report/readable.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    DEFAULT_COLUMNS = 80,
    LINE_BYTES = 300,
};

static const int64_t TERMINAL_EVERY_NS = 200000000;
static const int64_t LOG_EVERY_NS = 5000000000;

void
progress_begin(struct progress *progress, FILE *file, bool quiet)
{
    const char *kind = getenv("TERM");
    /* One that knows no sequences cannot clear a line. */
    bool clears = kind != NULL && strcmp(kind, "dumb") != 0;

    *progress = (struct progress){.file = quiet ? NULL : file, .terminal = !quiet && clears && isatty(fileno(file)) == 1};
}

/* Asked each time: windows are resized. */
static size_t
terminal_columns(FILE *file)
{
    struct winsize size;

    return ioctl(fileno(file), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : DEFAULT_COLUMNS;
}

static void
line_make(char line[LINE_BYTES], const struct progress_state *state)
{
    char total[32] = "";

    if (state->seconds_total > 0)
        snprintf(total, sizeof total, " of %.0f", state->seconds_total);
    snprintf(line, LINE_BYTES, "%.0f s%s · %s %.40s/s · %s online · %s delivered · %s error%s", floor(state->seconds), total,
        readable_number(round(state->rate)).text, state->unit, readable_number((double)state->online).text,
        readable_number((double)state->delivered).text, readable_number((double)state->errors).text, state->errors == 1 ? "" : "s");
}

void
progress_show(struct progress *progress, int64_t now_ns, const struct progress_state *state)
{
    char line[LINE_BYTES + 3];

    if (progress->file == NULL || (progress->begun && now_ns - progress->last_ns < (progress->terminal ? TERMINAL_EVERY_NS : LOG_EVERY_NS)))
        return;
    progress->begun = true;
    progress->last_ns = now_ns;
    line_make(line, state);
    if (progress->terminal) {
        /* A line that fills the last column makes some terminals begin a new one. */
        size_t columns = terminal_columns(progress->file);

        readable_clip(line, columns > 1 ? columns - 1 : 1);
        fprintf(progress->file, "\r%s\x1b[K", line);
        progress->shown = true;
    } else
        fprintf(progress->file, "%s\n", line);
    fflush(progress->file);
}

void
progress_clear(struct progress *progress)
{
    if (!progress->shown)
        return;
    fputs("\r\x1b[K", progress->file);
    fflush(progress->file);
    progress->shown = progress->begun = false;
}
