/* SPDX-License-Identifier: MIT
 *
 * Who lists whom, whom each transition is told, and how all of them are gathered. Where a list can be changed, everybody says hello with a list of the
 * first pilot only and gets the whole one when all are there, so that gathering is no news to anybody; elsewhere those who list each other hear each other
 * arrive, which is waited for and not counted.
 */
#include "load/draw.h"
#include "load/failure.h"
#include "scenarios/flapping.h"

#include <stdlib.h>

enum { PACE = 16, PACE_NS = 1000000 };

static uint32_t
users_count(const struct flapping *flapping)
{
    return flapping_slow_first(flapping) + flapping->slow;
}

/* Half of a mutual list is drawn by the others. */
static uint32_t
drawn_count(const struct plan *plan, uint32_t own)
{
    uint32_t count = plan->friends - own;

    return plan->mutual ? (count + 1) / 2 : count;
}

static void
friends_draw(struct flapping *flapping)
{
    struct stage *stage = flapping->stage;
    const struct plan *plan = stage->plan;
    uint32_t stay = flapping->stay, flap = stage->flapping, pilot = stay + flap;

    if (plan->friends < 4 || stay < 2 * flap || flap == 0)
        failure_usage("%s needs at least 4 friends, and in each process twice as many sessions as users who come and go", stage->scenario->name);
    rows_init(&flapping->friends);
    for (uint32_t client = 0; client < stay; client++) {
        stage_stop_check(stage);
        rows_put(&flapping->friends, pilot);
        rows_put(&flapping->friends, pilot + 1);
        if (client < flap) {
            rows_put(&flapping->friends, stay + client);
            draw_row(&flapping->friends, &stage->random, plan->graph, drawn_count(plan, 3), 0, stay, client);
        } else {
            draw_row(&flapping->friends, &stage->random, plan->graph, drawn_count(plan, 2), 0, stay + flap, client);
        }
        rows_end(&flapping->friends);
    }
    for (uint32_t client = stay; client < stay + flap; client++) {
        stage_stop_check(stage);
        draw_row(&flapping->friends, &stage->random, plan->graph, drawn_count(plan, 0), flap, stay - flap, client);
        rows_end(&flapping->friends);
    }
    for (int i = 0; i < FLAPPING_PILOTS; i++)
        rows_end(&flapping->friends);
    if (plan->mutual)
        draw_mutual(&flapping->friends, stay + flap);
}

/* The slow list as many who come and go as a list has room for, so that their queues fill soon. */
static void
slow_friends_draw(struct flapping *flapping)
{
    struct stage *stage = flapping->stage;
    uint32_t count = stage->plan->friends - 1, flap = stage->flapping;

    for (uint32_t i = 0; i < flapping->slow; i++) {
        rows_put(&flapping->friends, flapping_slow_first(flapping) - 1);
        if (count < flap)
            draw_row(&flapping->friends, &stage->random, PLAN_UNIFORM, count, flapping->stay, flap, UINT32_MAX);
        for (uint32_t user = 0; count >= flap && user < flap; user++)
            rows_put(&flapping->friends, flapping->stay + user);
        rows_end(&flapping->friends);
    }
}

static void
audiences_make(struct flapping *flapping)
{
    struct stage *stage = flapping->stage;
    uint32_t stay = flapping->stay;
    struct rows watchers;

    rows_init(&watchers);
    rows_reverse(&flapping->friends, users_count(flapping), &watchers);
    rows_init(&flapping->arrive);
    rows_init(&flapping->leave);
    for (uint32_t user = 0; user < users_count(flapping); user++) {
        stage_stop_check(stage);
        for (uint32_t i = 0; user >= stay && i < rows_length(&watchers, user); i++) {
            rows_put(&flapping->arrive, rows_at(&watchers, user)[i]);
            rows_put(&flapping->leave, rows_at(&watchers, user)[i]);
        }
        for (uint32_t i = 0; stage->plan->talk->tells_listed && user >= stay && i < rows_length(&flapping->friends, user); i++)
            if (!rows_has(&flapping->leave, rows_at(&flapping->friends, user)[i]))
                rows_put(&flapping->leave, rows_at(&flapping->friends, user)[i]);
        rows_end(&flapping->arrive);
        rows_end(&flapping->leave);
    }
    rows_done(&watchers);
}

/* How many notifications one transition is at the mean, without those to the slow. */
static uint64_t
told_count(const struct flapping *flapping)
{
    const struct rows *both[] = {&flapping->arrive, &flapping->leave};
    uint64_t told = 0;

    for (int i = 0; i < 2; i++)
        for (uint32_t at = 0; at < both[i]->start[flapping->stay + flapping->stage->flapping]; at++)
            told += both[i]->items[at] < flapping->stay;
    return told / 2 / flapping->stage->flapping;
}

/* Everybody who stays changes from a list of the first pilot to the whole one, which begins with it. */
static void
lists_change(struct flapping *flapping)
{
    struct stage *stage = flapping->stage;
    struct crowd *crowd = &stage->crowd;
    struct talk_text text = {0};
    uint32_t *list = memory_new(users_count(flapping), sizeof *list), first = crowd->setting.first_user;

    for (uint32_t client = 0; client < flapping->stay; client++) {
        uint32_t count = rows_length(&flapping->friends, client);

        for (uint32_t i = 0; i < count; i++)
            list[i] = first + rows_at(&flapping->friends, client)[i];
        text.used = 0;
        stage->plan->talk->relist(&text, first + client, list, 1, list, count);
        crowd_say(crowd, client, text.bytes, text.used);
        if (client % PACE == 0)
            crowd_poll(crowd, stage->plan->udp ? PACE_NS : 0);
    }
    talk_text_done(&text);
    free(list);
}

void
flapping_gather(struct flapping *flapping)
{
    struct stage *stage = flapping->stage;
    bool changes = stage->plan->talk->relist != NULL;
    uint32_t stay = flapping->stay, pilot = stay + stage->flapping;
    struct hellos first;

    stage_crowd(stage, users_count(flapping));
    friends_draw(flapping);
    slow_friends_draw(flapping);
    audiences_make(flapping);
    stage_hellos(stage, &flapping->hellos);
    stage_hellos(stage, &first);
    for (uint32_t client = 0; client < users_count(flapping); client++) {
        stage_stop_check(stage);
        hellos_add(&flapping->hellos, client, rows_at(&flapping->friends, client), rows_length(&flapping->friends, client));
        hellos_add(&first, client, &pilot, client < stay ? 1 : 0);
    }
    stage_table(stage, &flapping->arrive, &flapping->leave);
    stage_gather(stage, 0, stay, changes ? &first : &flapping->hellos, 0);
    if (changes) {
        stage_roll_call(stage, 0, stay, pilot, &first);
        lists_change(flapping);
    }
    stage_roll_call(stage, 0, stay, pilot + 1, &flapping->hellos);
    hellos_done(&first);
    flapping->ready = memory_new(stage->flapping, sizeof *flapping->ready);
    flapping->truths = memory_new(stage->flapping, sizeof *flapping->truths);
    flapping->ordered_ns = memory_new(stage->flapping, sizeof *flapping->ordered_ns);
    for (uint32_t i = 0; i < stage->flapping; i++)
        flapping->ready[flapping->ready_count++] = i;
    flapping->told = told_count(flapping);
    flapping->limit = flapping->told * stage_part(stage, stage->plan->in_flight) + 1;
}

uint64_t
flapping_slow_told(const struct flapping *flapping, uint32_t changes)
{
    uint32_t flap = flapping->stage->flapping, listed = flapping->stage->plan->friends - 1;

    return (uint64_t)changes * flap * flapping->told / (listed < flap ? listed : flap) + 1;
}

void
flapping_done(struct flapping *flapping)
{
    crowd_done(&flapping->stage->crowd);
    hellos_done(&flapping->hellos);
    rows_done(&flapping->friends);
    rows_done(&flapping->arrive);
    rows_done(&flapping->leave);
    free(flapping->ready);
    free(flapping->truths);
    free(flapping->ordered_ns);
}
