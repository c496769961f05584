/* SPDX-License-Identifier: MIT */
#include "load/options.h"

#include "load/failure.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { INDENT = 12, COLUMNS = 100 };

enum kind { TEXT, FLAG, NUMBER, SECONDS, TALK, GRAPH };

struct option_row {
    const char *name;
    const char *argument;
    enum kind kind;
    unsigned mask;        /* scenarios that know it have the bit; 0: all know it */
    size_t offset;        /* in struct plan */
    uint32_t least, most; /* of seconds, `least` is in nanoseconds */
    const char *about;
};

#define FIELD(name) offsetof(struct plan, name)

static const struct option_row rows[] = {
    {"target", "HOST:PORT", TEXT, 0, FIELD(target), 0, 0, "the server (default localhost:8080)"},
    {"back-to", "HOST:PORT", TEXT, OPTION_BACK_TO, FIELD(back_to), 0, 0, "where those come who are let go"},
    {"udp", NULL, FLAG, OPTION_UDP, FIELD(udp), 0, 0, "talk over UDP instead of TCP; what is lost is counted and no error"},
    {"protocol", "NAME", TALK, 0, FIELD(talk), 0, 0, "what the server speaks, see PROTOCOLS"},
    {"pid", "N", NUMBER, 0, FIELD(process), 1, 1 << 30, "the server's process on this machine, when it is not the one that listens there"},
    {"sessions", "N", NUMBER, OPTION_SESSIONS, FIELD(sessions), 1, 10000000, "users who are there"},
    {"friends", "N", NUMBER, OPTION_FRIENDS, FIELD(friends), 0, 10000, "listed by each of them"},
    {"flapping", "N", NUMBER, OPTION_FLAPPING, FIELD(flapping), 1, 100000, "users who come and go"},
    {"slow", "N", NUMBER, OPTION_SLOW, FIELD(slow), 1, 100000, "of the sessions never read"},
    {"behind", "N", NUMBER, OPTION_BEHIND, FIELD(behind), 0, 1000000,
        "changes that become due to each slow one before the others are measured (and in JSON-RPC after it), as fast as possible"},
    {"rate", "N", NUMBER, OPTION_RATE, FIELD(rate), 0, 100000000,
        "notifications (churn: actions) a second by a fixed schedule; 0: as fast as --in-flight allows"},
    {"in-flight", "N", NUMBER, OPTION_IN_FLIGHT, FIELD(in_flight), 1, 100000,
        "changes whose news is under way, at most; without --rate a slow server is asked less"},
    {"notifications", "N", NUMBER, OPTION_NOTIFICATIONS, FIELD(notifications), 0, 1 << 30, "stop after so many; 0: when the time is up"},
    {"seconds", "N", SECONDS, OPTION_SECONDS, FIELD(run_ns), 1, 86400 * 7, "how long to measure"},
    {"warm-up", "N", SECONDS, OPTION_WARM_UP, FIELD(warm_up_ns), 0, 3600, "seconds of the same load before that"},
    {"rounds", "N", NUMBER, OPTION_ROUNDS, FIELD(rounds), 1, 10000, "how many times to do it"},
    {"give-back", "N", SECONDS, OPTION_GIVE_BACK, FIELD(give_back_ns), 0, 600, "seconds to wait for memory that comes back after all have gone"},
    {"graph", "uniform|zipf", GRAPH, OPTION_GRAPH, FIELD(graph), 0, 0, "how friends are drawn: all alike, or few are popular with many"},
    {"mutual", NULL, FLAG, OPTION_MUTUAL, FIELD(mutual), 0, 0, "whoever is listed lists, too; without it, lists are one-sided"},
    {"seed", "N", NUMBER, 0, FIELD(seed), 0, UINT32_MAX, "of everything that is drawn; the same seed makes the same population (default 1)"},
    {"processes", "N", NUMBER, OPTION_PROCESSES, FIELD(processes), 1, 64, "processes that play the clients (default: as many as descriptors need)"},
    {"late-after", "N", SECONDS, 0, FIELD(late_ns), 0, 3600,
        "seconds after which a notification is late, which is an error, or over UDP lost, which is none (default 5)"},
    {"json", NULL, FLAG, 0, FIELD(json), 0, 0, "write one JSON object instead of the table"},
    {"plot", "FILE", TEXT, 0, FIELD(plot), 0, 0, "write throughput and latency over time as SVG"},
    {"quiet", NULL, FLAG, 0, FIELD(quiet), 0, 0, "no line of progress"},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static uint32_t
number_read(const struct option_row *row, const char *text)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 10);

    if (strspn(text, "0123456789") != strlen(text) || *text == '\0' || number < row->least || number > row->most)
        failure_usage("--%s takes a number from %" PRIu32 " to %" PRIu32 ", and \"%s\" is none", row->name, row->least, row->most, text);
    return (uint32_t)number;
}

static int64_t
seconds_read(const struct option_row *row, const char *text)
{
    double number = strtod(text, NULL);
    int64_t ns = number <= row->most ? llround(number * 1e9) : -1;

    if (strspn(text, "0123456789.") != strlen(text) || strpbrk(text, "0123456789") == NULL || strchr(text, '.') != strrchr(text, '.') ||
        ns < row->least)
        failure_usage(
            "--%s takes seconds, %sat most %" PRIu32 ", and \"%s\" are none", row->name, row->least > 0 ? "more than 0 and " : "", row->most, text);
    return ns;
}

static enum plan_graph
graph_read(const char *text)
{
    if (strcmp(text, "uniform") != 0 && strcmp(text, "zipf") != 0)
        failure_usage("--graph takes uniform or zipf, and \"%s\" is neither", text);
    return text[0] == 'z' ? PLAN_ZIPF : PLAN_UNIFORM;
}

static void
value_read(const struct option_row *row, const char *text, struct plan *plan)
{
    void *field = (char *)plan + row->offset;

    switch (row->kind) {
    case TEXT: *(const char **)field = text; break;
    case FLAG: *(bool *)field = true; break;
    case NUMBER: *(uint32_t *)field = number_read(row, text); break;
    case SECONDS: *(int64_t *)field = seconds_read(row, text); break;
    case GRAPH: *(enum plan_graph *)field = graph_read(text); break;
    case TALK:
        plan->talk = talk_find(text);
        if (plan->talk == NULL)
            failure_usage("there is no --protocol %s; --help lists them", text);
        break;
    }
}

/* Whether the text is --name or --name=value; *value is then what follows the equals sign, or NULL. */
static bool
row_is(const struct option_row *row, const char *text, const char **value)
{
    size_t length = strlen(row->name);

    if (strncmp(text, "--", 2) != 0 || strncmp(text + 2, row->name, length) != 0 || (text[2 + length] != '\0' && text[2 + length] != '='))
        return false;
    *value = text[2 + length] == '=' ? text + 3 + length : NULL;
    return true;
}

void
options_read(int argc, char **argv, const char *scenario, unsigned takes, struct plan *plan)
{
    for (int i = 0; i < argc; i++) {
        const struct option_row *row = NULL;
        const char *value = NULL;

        for (int j = 0; j < ROWS && row == NULL; j++)
            if (row_is(&rows[j], argv[i], &value))
                row = &rows[j];
        if (row == NULL)
            failure_usage("there is no option \"%s\"; --help lists them", argv[i]);
        if (row->mask != 0 && (row->mask & takes) == 0)
            failure_usage("%s does not know --%s; --help says what it knows", scenario, row->name);
        if (row->kind == FLAG && value != NULL)
            failure_usage("--%s takes no value", row->name);
        if (row->kind != FLAG && value == NULL) {
            if (i + 1 == argc)
                failure_usage("--%s takes %s", row->name, row->argument);
            value = argv[++i];
        }
        value_read(row, value, plan);
    }
}

void
options_print(FILE *file)
{
    for (int i = 0; i < ROWS; i++) {
        char left[64];

        snprintf(left, sizeof left, "--%s%s%s", rows[i].name, rows[i].argument != NULL ? " " : "", rows[i].argument != NULL ? rows[i].argument : "");
        fprintf(file, "  %-22s %s\n", left, rows[i].about);
    }
}

void
options_defaults_print(FILE *file, unsigned takes, const struct plan *defaults)
{
    int column = INDENT;

    for (int i = 0; i < ROWS; i++) {
        const void *field = (const char *)defaults + rows[i].offset;
        char text[64];
        int length;

        if ((rows[i].mask & takes) == 0)
            continue;
        if (rows[i].kind == NUMBER && *(const uint32_t *)field > 0)
            length = snprintf(text, sizeof text, " --%s %" PRIu32, rows[i].name, *(const uint32_t *)field);
        else if (rows[i].kind == SECONDS)
            length = snprintf(text, sizeof text, " --%s %g", rows[i].name, (double)*(const int64_t *)field / 1e9);
        else
            length = snprintf(text, sizeof text, " [--%s]", rows[i].name);
        if (column + length > COLUMNS)
            fprintf(file, "\n%*s", column = INDENT, "");
        fputs(text, file);
        column += length;
    }
    fputc('\n', file);
}

/* The option's name as a key: --in-flight is in_flight. */
static void
name_write(const struct option_row *row, char name[REPORT_NAME_BYTES])
{
    snprintf(name, REPORT_NAME_BYTES, "%s%s", row->name, row->kind == SECONDS && row->offset != FIELD(run_ns) ? "_seconds" : "");
    for (char *next = name; *next != '\0'; next++)
        if (*next == '-')
            *next = '_';
}

void
options_facts(struct report *report, unsigned takes, const struct plan *plan)
{
    for (int i = 0; i < ROWS; i++) {
        const void *field = (const char *)plan + rows[i].offset;
        char name[REPORT_NAME_BYTES], text[64];

        if (rows[i].mask != 0 && (rows[i].mask & takes) == 0)
            continue;
        name_write(&rows[i], name);
        if (rows[i].kind == NUMBER && rows[i].offset != FIELD(process) && rows[i].offset != FIELD(processes))
            report_fact_number(report, name, *(const uint32_t *)field);
        if (rows[i].kind == SECONDS) {
            snprintf(text, sizeof text, "%g", (double)*(const int64_t *)field / 1e9);
            report_fact(report, rows[i].offset == FIELD(run_ns) ? "seconds_asked" : name, text);
        }
        if (rows[i].kind == GRAPH)
            report_fact(report, "graph", plan->graph == PLAN_ZIPF ? "zipf" : "uniform");
        if (rows[i].offset == FIELD(mutual))
            report_fact(report, "lists", plan->mutual ? "mutual" : "one-sided");
    }
}
