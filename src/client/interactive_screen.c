/* SPDX-License-Identifier: MIT
 *
 * See interactive_screen.h. libedit reads every character through key_read below; that is where the program waits. What is printed there first
 * takes the edited line off the terminal and, before the next wait, libedit draws it anew: it keeps the text, so nothing that was typed is lost.
 */
#include "client/interactive_screen.h"

#include "client/interactive_place.h"

#include <errno.h>
#include <histedit.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    HISTORY_LINES = 1000,
    CANDIDATES_SHOWN = 200, /* more than that is no help */
    COLUMNS_ASSUMED = 80,   /* when the terminal does not say */
};

struct screen {
    const struct screen_hooks *hooks;
    EditLine *editor;
    History *history;
    char *history_path; /* or NULL */
    char *line;         /* the one read last */
    sigset_t signals_before;
    int signals;  /* a signalfd */
    bool dumb;    /* the cursor cannot be moved */
    bool colours; /* the terminal has them, and they are wanted */
    bool reading; /* a line is being edited */
    bool hidden;  /* it is, and it is not on the terminal now */
    bool finished;
    bool abandoned; /* Ctrl-C: another line is begun */
};

static struct screen *
screen_of(EditLine *editor)
{
    void *data = NULL;

    el_get(editor, EL_CLIENTDATA, &data);
    return data;
}

static char *
prompt_get(EditLine *editor)
{
    struct screen *screen = screen_of(editor);

    /* libedit's type for it has no const; it does not write. */
    return (char *)(uintptr_t)screen->hooks->prompt(screen->hooks->context);
}

static unsigned
screen_columns(void)
{
    struct winsize size;

    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : COLUMNS_ASSUMED;
}

/* Takes the edited line off the terminal, all its rows, and leaves the cursor where its first one began. */
static void
line_hide(struct screen *screen)
{
    if (!screen->reading || screen->hidden)
        return;
    screen->hidden = true;
    if (screen->dumb) {
        fputc('\n', stdout);
        return;
    }
    const LineInfo *line = el_line(screen->editor);
    const char *prompt = screen->hooks->prompt(screen->hooks->context);
    struct place place = {.columns = screen_columns()};

    place_advance(&place, prompt, strlen(prompt));
    place_advance(&place, line->buffer, (size_t)(line->cursor - line->buffer));
    fputc('\r', stdout);
    if (place.row > 0)
        fprintf(stdout, "\033[%uA", place.row);
    fputs("\033[J", stdout);
}

static void
line_show(struct screen *screen)
{
    if (!screen->hidden)
        return;
    screen->hidden = false;
    fflush(stdout);
    el_set(screen->editor, EL_REFRESH);
}

/* Ctrl-C: what was typed stays to be seen, and a new line begins below. */
static void
line_abandon(struct screen *screen)
{
    const LineInfo *line = el_line(screen->editor);

    line_hide(screen);
    fprintf(stdout, "%s%.*s^C\n", screen->hooks->prompt(screen->hooks->context), (int)(line->lastchar - line->buffer), line->buffer);
    screen->hidden = false;
    screen->abandoned = true;
}

/* Another process gets the terminal, with its usual modes, until somebody brings this one back. */
static void
screen_suspend(struct screen *screen)
{
    line_hide(screen);
    fflush(stdout);
    el_set(screen->editor, EL_PREP_TERM, 0);
    raise(SIGSTOP);
    el_set(screen->editor, EL_PREP_TERM, 1);
}

static void
signal_take(struct screen *screen)
{
    struct signalfd_siginfo signal_info;

    if (read(screen->signals, &signal_info, sizeof signal_info) != sizeof signal_info)
        return;
    switch (signal_info.ssi_signo) {
    case SIGINT: line_abandon(screen); break;
    case SIGTSTP: screen_suspend(screen); break;
    case SIGWINCH:
        line_hide(screen);
        el_resize(screen->editor);
        break;
    default: screen->finished = true; break; /* SIGTERM, SIGHUP */
    }
}

/* Reads one character of UTF-8. Returns as EL_GETCFN wants it: 1, 0 at the end, -1. */
static int
character_read(wchar_t *character)
{
    mbstate_t state = {0};

    for (;;) {
        char byte;
        ssize_t got = read(STDIN_FILENO, &byte, 1);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return (int)got;
        size_t used = mbrtowc(character, &byte, 1, &state);
        if (used == (size_t)-1) { /* no UTF-8: dropped */
            state = (mbstate_t){0};
            continue;
        }
        if (used != (size_t)-2)
            return 1;
    }
}

/* EL_GETCFN: waits for a key and, meanwhile, for all else that may happen. */
static int
key_read(EditLine *editor, wchar_t *character)
{
    struct screen *screen = screen_of(editor);
    enum { KEYBOARD, SIGNALS, OTHER };

    for (;;) {
        struct pollfd wanted[] = {
            [KEYBOARD] = {.fd = STDIN_FILENO, .events = POLLIN},
            [SIGNALS] = {.fd = screen->signals, .events = POLLIN},
            [OTHER] = {.fd = -1},
        };

        line_show(screen);
        if (screen->finished || screen->abandoned)
            return -1;
        int timeout_ms = screen->hooks->watch(screen->hooks->context, &wanted[OTHER]);
        int ready = poll(wanted, 3, timeout_ms);
        if (ready < 0 && errno != EINTR)
            return -1;
        if (ready < 0)
            continue;
        if (wanted[SIGNALS].revents != 0)
            signal_take(screen);
        if (wanted[OTHER].revents != 0 || ready == 0)
            screen->hooks->turn(screen->hooks->context);
        if (wanted[KEYBOARD].revents != 0 && !screen->finished && !screen->abandoned) {
            line_show(screen);
            return character_read(character);
        }
    }
}

/* Shows what the word could become. */
static void
candidates_print(struct screen *screen, char *const *words)
{
    unsigned columns = screen_columns(), width = 0, count = 0;

    for (; count < CANDIDATES_SHOWN && words[count] != NULL; count++)
        if (strlen(words[count]) > width)
            width = (unsigned)strlen(words[count]);
    unsigned per_row = columns / (width + 2) > 0 ? columns / (width + 2) : 1;
    line_hide(screen);
    for (unsigned i = 0; i < count; i++)
        fprintf(stdout, "%-*s%s", (int)width, words[i], i + 1 == count || (i + 1) % per_row == 0 ? "\n" : "  ");
    if (words[count] != NULL)
        fputs("and more\n", stdout);
    line_show(screen);
}

/* How many bytes all words have in common, whole characters. */
static size_t
common_length(char *const *words)
{
    const char *first = words[0];
    size_t length = strlen(first);

    for (; *words != NULL; words++) {
        size_t same = 0;

        while (same < length && first[same] == (*words)[same])
            same++;
        length = same;
    }
    while (length > 0 && ((unsigned char)first[length] & 0xC0) == 0x80)
        length--;
    return length;
}

/* Completes the word before the cursor as far as all candidates agree; a whole one gets a space behind it. */
static unsigned char
word_complete(EditLine *editor, int key)
{
    struct screen *screen = screen_of(editor);
    const LineInfo *info = el_line(editor);
    char *line = strndup(info->buffer, (size_t)(info->cursor - info->buffer));
    char **words = NULL;
    unsigned char outcome = CC_ERROR;
    size_t start = 0, length;

    (void)key;
    if (line != NULL)
        words = screen->hooks->complete(screen->hooks->context, line, &start);
    if (words == NULL || words[0] == NULL)
        goto done;
    length = common_length(words);
    if (words[1] == NULL || length > strlen(line + start)) {
        bool whole = words[1] == NULL;

        words[0][length] = '\0';
        el_deletestr(editor, (int)mbstowcs(NULL, line + start, 0));
        el_insertstr(editor, words[0]);
        if (whole)
            el_insertstr(editor, " ");
        outcome = CC_REFRESH;
    } else {
        candidates_print(screen, words);
        outcome = CC_NORM;
    }
done:
    for (size_t i = 0; words != NULL && words[i] != NULL; i++)
        free(words[i]);
    free(words);
    free(line);
    return outcome;
}

/* Ids are UTF-8 whatever the environment says, so a locale with another code set, or none, is replaced. */
static void
locale_choose(void)
{
    if (setlocale(LC_CTYPE, "") == NULL || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
}

static int
signals_open(struct screen *screen)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGTSTP);
    sigaddset(&set, SIGWINCH);
    sigprocmask(SIG_BLOCK, &set, &screen->signals_before);
    screen->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return screen->signals < 0 ? -errno : 0;
}

static void
editor_set_up(struct screen *screen)
{
    HistEvent event;

    el_set(screen->editor, EL_CLIENTDATA, screen);
    el_set(screen->editor, EL_SIGNAL, 0);
    el_set(screen->editor, EL_EDITOR, "emacs");
    el_set(screen->editor, EL_PROMPT, prompt_get);
    el_wset(screen->editor, EL_GETCFN, key_read);
    history(screen->history, &event, H_SETSIZE, HISTORY_LINES);
    history(screen->history, &event, H_SETUNIQUE, 1);
    el_set(screen->editor, EL_HIST, history, screen->history);
    el_wset(screen->editor, EL_ADDFN, L"alo-complete", L"Complete a command or an id", word_complete); /* the narrow form leaks its copies */
    el_set(screen->editor, EL_BIND, "^I", "alo-complete", NULL);
    el_set(screen->editor, EL_BIND, "^R", "em-inc-search-prev", NULL);
    el_source(screen->editor, NULL); /* ~/.editrc: what the person is used to */
    if (screen->history_path != NULL)
        history(screen->history, &event, H_LOAD, screen->history_path);
}

int
screen_open(const struct screen_hooks *hooks, const char *history_path, struct screen **result)
{
    struct screen *screen = calloc(1, sizeof *screen);
    const char *terminal = getenv("TERM"), *no_colour = getenv("NO_COLOR");
    int error = -ENOMEM;

    if (screen == NULL)
        return -ENOMEM;
    screen->signals = -1;
    screen->hooks = hooks;
    screen->dumb = terminal == NULL || strcmp(terminal, "dumb") == 0 || terminal[0] == '\0';
    screen->colours = !screen->dumb && (no_colour == NULL || no_colour[0] == '\0');
    locale_choose();
    if (history_path != NULL && (screen->history_path = strdup(history_path)) == NULL)
        goto fail;
    screen->history = history_init();
    screen->editor = el_init("alo-client", stdin, stdout, stderr);
    if (screen->history == NULL || screen->editor == NULL)
        goto fail;
    editor_set_up(screen);
    error = signals_open(screen);
    if (error < 0)
        goto fail;
    *result = screen;
    return 0;
fail:
    screen_close(screen);
    return error;
}

const char *
screen_read(struct screen *screen)
{
    for (;;) {
        HistEvent event;
        int length = 0;

        if (screen->finished)
            return NULL;
        fflush(stdout);
        screen->reading = true;
        const char *line = el_gets(screen->editor, &length);
        screen->reading = screen->hidden = false;
        if (screen->abandoned) {
            screen->abandoned = false;
            continue;
        }
        if (line == NULL || length <= 0) {
            fputc('\n', stdout);
            return NULL;
        }
        free(screen->line);
        screen->line = strndup(line, strcspn(line, "\r\n"));
        if (screen->line == NULL)
            return NULL;
        if (screen->line[strspn(screen->line, " \t")] != '\0')
            history(screen->history, &event, H_ENTER, screen->line);
        return screen->line;
    }
}

void
screen_finish(struct screen *screen)
{
    screen->finished = true;
}

void
screen_print(struct screen *screen, enum screen_colour colour, const char *text)
{
    static const char *const codes[] = {
        [SCREEN_PLAIN] = "", [SCREEN_GOOD] = "\033[32m", [SCREEN_GONE] = "\033[33m", [SCREEN_FAINT] = "\033[2m", [SCREEN_BAD] = "\033[31m"};
    bool coloured = screen->colours && colour != SCREEN_PLAIN;

    line_hide(screen);
    if (coloured)
        fputs(codes[colour], stdout);
    /* A status or a message is somebody else's text: it shall not move the cursor. */
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;

        if (byte < ' ' || byte == 127)
            fprintf(stdout, "^%c", byte ^ 64);
        else if (byte == 0xC2 && (unsigned char)text[1] >= 0x80 && (unsigned char)text[1] < 0xA0)
            text++; /* C1 controls */
        else
            fputc(byte, stdout);
    }
    fputs(coloured ? "\033[0m\n" : "\n", stdout);
    if (!screen->reading)
        fflush(stdout);
}

void
screen_close(struct screen *screen)
{
    HistEvent event;

    if (screen == NULL)
        return;
    if (screen->signals >= 0) {
        close(screen->signals);
        sigprocmask(SIG_SETMASK, &screen->signals_before, NULL);
    }
    if (screen->history != NULL && screen->history_path != NULL)
        history(screen->history, &event, H_SAVE, screen->history_path);
    if (screen->editor != NULL)
        el_end(screen->editor);
    if (screen->history != NULL)
        history_end(screen->history);
    free(screen->history_path);
    free(screen->line);
    free(screen);
}
