/* SPDX-License-Identifier: MIT */
#include "support/server_log.h"

#include "support/pace.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct server_log {
    pthread_t reader;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t news;
    char **lines;
    unsigned count;
    bool at_end;
    FILE *input; /* the reader's alone */
};

static void
line_keep(struct server_log *log, const char *line)
{
    pthread_mutex_lock(&log->lock);
    log->lines = realloc(log->lines, (log->count + 1) * sizeof *log->lines);
    if (log->lines == NULL)
        abort();
    log->lines[log->count++] = strdup(line);
    pthread_cond_broadcast(&log->news);
    pthread_mutex_unlock(&log->lock);
}

static void *
log_read(void *argument)
{
    struct server_log *log = argument;
    bool verbose = getenv("ALO_TEST_VERBOSE") != NULL;
    char *line = NULL;
    size_t room = 0;
    ssize_t length;

    while ((length = getline(&line, &room, log->input)) > 0) {
        if (line[length - 1] == '\n')
            line[length - 1] = '\0';
        if (verbose || line[0] != '{')
            fprintf(stderr, "%s\n", line);
        line_keep(log, line);
    }
    free(line);
    fclose(log->input);
    pthread_mutex_lock(&log->lock);
    log->at_end = true;
    pthread_cond_broadcast(&log->news);
    pthread_mutex_unlock(&log->lock);
    return NULL;
}

struct server_log *
server_log_new(int descriptor)
{
    struct server_log *log = calloc(1, sizeof *log);
    pthread_condattr_t attributes;

    if (log == NULL)
        abort();
    pthread_mutex_init(&log->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&log->news, &attributes);
    pthread_condattr_destroy(&attributes);
    log->input = fdopen(descriptor, "r");
    if (log->input == NULL || pthread_create(&log->reader, NULL, log_read, log) != 0)
        abort();
    return log;
}

void
server_log_free(struct server_log *log)
{
    if (log == NULL)
        return;
    pthread_join(log->reader, NULL);
    for (unsigned i = 0; i < log->count; i++)
        free(log->lines[i]);
    free(log->lines);
    pthread_cond_destroy(&log->news);
    pthread_mutex_destroy(&log->lock);
    free(log);
}

/* Waits for something new; false when the deadline has passed. With the lock held. */
static bool
news_wait(struct server_log *log, int64_t deadline_ms)
{
    struct timespec until = {.tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000};

    return pthread_cond_timedwait(&log->news, &log->lock, &until) == 0;
}

const char *
server_log_value(const char *line, const char *name)
{
    char key[128];
    size_t length = (size_t)snprintf(key, sizeof key, "\"%s\"", name);

    for (const char *found = strstr(line, key); found != NULL; found = strstr(found + 1, key)) {
        const char *at = found + length + strspn(found + length, " ");

        if (*at == ':')
            return at + 1 + strspn(at + 1, " ");
    }
    return NULL;
}

static bool
line_is_event(const char *line, const char *event)
{
    const char *value = server_log_value(line, "event");
    size_t length = strlen(event);

    return value != NULL && value[0] == '"' && strncmp(value + 1, event, length) == 0 && value[1 + length] == '"';
}

const char *
server_log_event(struct server_log *log, const char *event, unsigned nth, int64_t deadline_ms)
{
    const char *found = NULL;
    unsigned looked = 0, seen = 0;

    pthread_mutex_lock(&log->lock);
    while (found == NULL) {
        for (; looked < log->count && found == NULL; looked++)
            if (line_is_event(log->lines[looked], event) && seen++ == nth)
                found = log->lines[looked];
        if (found != NULL || log->at_end || !news_wait(log, deadline_ms))
            break;
    }
    pthread_mutex_unlock(&log->lock);
    return found;
}

const char *
server_log_line(struct server_log *log, unsigned nth)
{
    pthread_mutex_lock(&log->lock);
    const char *line = nth < log->count ? log->lines[nth] : NULL;
    pthread_mutex_unlock(&log->lock);
    return line;
}

bool
server_log_drain(struct server_log *log, int64_t deadline_ms)
{
    pthread_mutex_lock(&log->lock);
    while (!log->at_end && news_wait(log, deadline_ms))
        ;
    bool at_end = log->at_end;
    pthread_mutex_unlock(&log->lock);
    return at_end;
}
