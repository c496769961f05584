/* SPDX-License-Identifier: MIT
 *
 * What the scenarios have in common: what was asked for, the share of it that this process plays, the crowd that plays it, how sessions are gathered
 * so that nobody's listen queue overflows, how one knows that all of them are really there, and how a phase is measured and reported.
 *
 * A scenario runs in every process of the run at once, in each with its own share. All of them go through the same phases; the first measures the
 * server meanwhile, and what is reported by any other goes nowhere.
 */
#ifndef SCENARIOS_STAGE_H
#define SCENARIOS_STAGE_H

#include "load/crowd.h"
#include "load/hellos.h"
#include "load/plan.h"
#include "load/random.h"
#include "load/rows.h"
#include "load/shares.h"
#include "report/progress.h"
#include "report/report.h"

struct meter {
    int64_t cpu_ns, user_ns, system_ns, switches; /* 0 when the server's process is not known */
    int64_t wall_ns;
};

struct stage {
    const struct plan *plan;
    const struct scenario *scenario;
    const struct target *target;
    struct shares *shares;
    uint32_t share;
    uint32_t sessions, flapping; /* of this share */
    uint32_t users;              /* numbers that each share may use for users; its first one is share * users */
    struct random random;
    struct crowd crowd;
    struct meter start;       /* of the phase */
    bool begun;               /* the first phase has begun */
    bool measuring;           /* and one is going on */
    int64_t end_ns;           /* when the phase will be over, or 0; for the line of progress */
    int64_t rss_most_bytes;   /* of the server, of what was seen since a scenario set it to something; 0: not looked at; the first share's */
    int64_t ticked_ns;        /* when the crowd's state was noted last */
    struct progress progress; /* the first share's, as what follows */
    double rate;              /* of what was delivered lately */
    int64_t rate_ns;
    uint64_t rate_delivered;
    struct report report;
    bool checked;    /* notifications were held against what was due */
    uint64_t errors; /* missing, one too many or late */
};

struct scenario {
    const char *name;
    const char *about;
    unsigned takes; /* options, see load/options.h */
    struct plan defaults;
    void (*play)(struct stage *stage);
    /* How many descriptors all processes together need for so many sessions and flapping users; NULL: as many as there are of both. */
    uint64_t (*descriptors)(const struct plan *plan);
    uint32_t descriptors_each; /* and each process besides; a handful need not be said */
};

extern const struct scenario scenario_fanout, scenario_storm, scenario_celebrity, scenario_idle, scenario_slow, scenario_churn, scenario_drain;

/* Makes the crowd, of clients that are the first users of this share. */
void stage_crowd(struct stage *stage, uint32_t clients);
/* Hellos of this share's users. */
void stage_hellos(struct stage *stage, struct hellos *hellos);

/* The part of a whole that this share has. */
uint32_t stage_part(const struct stage *stage, uint32_t whole);

/* Tells the floor whom each user's news goes to; does nothing when the server is a real one. */
void stage_table(const struct stage *stage, const struct rows *arrive, const struct rows *leave);

/* Connects clients first to first + count - 1, with hello first_hello and those after it, no faster than they are accepted. */
void stage_gather(struct stage *stage, uint32_t first, uint32_t count, const struct hellos *hellos, uint32_t first_hello);

/*
 * A pilot whom clients first to first + count - 1 list comes and goes until each of them has heard just that: from then on every one of them is known
 * to be there with its list. What comes after it must be due. Over UDP, those who heard nothing say their hello (their number among the hellos is that of
 * the client) again.
 */
void stage_roll_call(struct stage *stage, uint32_t first, uint32_t count, uint32_t pilot, const struct hellos *hellos);

/* Waits until nothing has been heard, and the server has used next to no processor time, for quiet_ms. */
void stage_quiet(struct stage *stage, int quiet_ms);

/* Whether the run is to end now. */
static inline bool
stage_stopping(const struct stage *stage)
{
    return shares_stopping(stage->shares);
}

/* Ends the run, in whichever share it is called, without a report: nothing has been measured yet. */
_Noreturn void stage_abandon(struct stage *stage);
/* Does so when the run is to end now. */
void stage_stop_check(struct stage *stage);

/* Whether nothing that is due has come for so long that it will not come. */
bool stage_stalled(const struct stage *stage, int64_t now_ns);

/* What a phase came to: what it cost the server, and what all shares have counted in it. In the first share; in others it is empty. */
struct phase {
    int64_t start_ns;
    struct meter spent;
    struct tally sum;
};

/* All shares begin a phase together; what was counted before it is forgotten, but not what went wrong, nor what came when. */
void stage_phase_begin(struct stage *stage);
/* All shares have ended it. */
void stage_phase_end(struct stage *stage, struct phase *phase);

/* All shares are here. */
void stage_meet(struct stage *stage);

/* When all has been played: waits a moment for what must not come. */
void stage_finish(struct stage *stage);

/* Whether a scenario that goes round and round is to end; the same answer in every share, which all ask. */
bool stage_over(struct stage *stage);

/*
 * The report, which the first share alone makes. The phase must live until it has been shown.
 *
 * How fast something went, with its latencies: the figure is named rate, the latencies name.
 */
void stage_rate(struct stage *stage, const struct phase *phase, const char *rate, double events, const char *name);
/* What one event cost the server: processor time, its parts and switches; nothing when its process is not known. */
void stage_cost(struct stage *stage, const struct phase *phase, const char *event, double events);
/* Anything else. */
void stage_figure(struct stage *stage, enum report_part part, const char *name, double value, const char *unit, const char *text);
/* What was counted in the phase, and the server's memory. */
void stage_counts(struct stage *stage, const struct phase *phase);
/* Of a run that has several phases: what was counted in this one, and when it was; the figures and the texts begin with its name ("logins"). After
 * the last, stage_counts of the sum. */
void stage_phase_counts(struct stage *stage, const struct phase *phase, const char *name, const char *events);
/* Adds another phase: what it cost, what was due, what was heard and when; not what went wrong, which the whole run knows. */
void stage_phase_add(struct phase *sum, const struct phase *phase);

/* In the first share, when the others have ended: what happened when, and what went wrong in the whole run. */
void stage_end(struct stage *stage);

/* Sorts the values and returns the one in the middle. */
double values_median(double *values, size_t count);

#endif
