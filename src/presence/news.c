/* SPDX-License-Identifier: MIT */
#include "presence/news.h"

#include "graph/audience.h"
#include "presence/client.h"

#include <stddef.h>

enum { SHARE = 768 }; /* sessions told in one turn, celebrities' apart: at some 6 µs a write, under 5 ms */

static void
lane_append(struct lane *lane, struct mail *mail, uint32_t group)
{
    mail->next = NULL;
    if (lane->first == NULL)
        lane->first = mail;
    else
        lane->last->next = mail;
    lane->last = mail;
    lane->unfinished[group]++;
}

static struct mail *
lane_take_first(struct lane *lane)
{
    struct mail *mail = lane->first;

    lane->first = mail->next;
    return mail;
}

void
news_arrive(struct presence *presence, struct worker *worker, struct mail *mail)
{
    struct desk *desk = presence_desk(presence, worker);
    struct audience_part *part = audience_part_of(mail);
    uint32_t group = presence_group(presence, part->audience->transition.user);
    bool follows = desk->lane.unfinished[group] > 0, follows_celebrity = desk->celebrities.unfinished[group] > 0;

    part->sequence = worker->mails_taken;
    lane_append(follows_celebrity || (part->count > NEWS_SLICE && !follows) ? &desk->celebrities : &desk->lane, mail, group);
}

/* Tells up to `share` sessions of the lane's first news. Returns how many it looked at. */
static uint32_t
tell_first(struct presence *presence, struct worker *worker, struct lane *lane, uint32_t share) REQUIRES(worker_role)
{
    struct audience_part *part = audience_part_of(lane->first);
    const struct handle *handles = &part->audience->handles[part->first];
    uint32_t begin = part->told;
    uint32_t end = part->count - begin < share ? part->count : begin + share;

    for (uint32_t i = begin; i < end; i++) {
        struct session *session = worker_session(worker, handles[i]);

        if (session != NULL)
            client_tell(presence, worker, client_of(session), part);
    }
    part->told = end;
    if (end == part->count) {
        uint32_t weight = part->mail.weight;

        (void)lane_take_first(lane);
        lane->unfinished[presence_group(presence, part->audience->transition.user)]--;
        line_drop(part->text);
        audience_part_done(part);
        mailbox_settle(&worker->mailbox, weight);
    }
    return end - begin;
}

bool
news_tell(struct presence *presence, struct worker *worker)
{
    struct desk *desk = presence_desk(presence, worker);
    uint32_t left = SHARE;

    while (desk->lane.first != NULL && left > 0)
        left -= tell_first(presence, worker, &desk->lane, left);
    left = NEWS_SLICE;
    while (desk->celebrities.first != NULL && left > 0)
        left -= tell_first(presence, worker, &desk->celebrities, left);
    return desk->lane.first != NULL || desk->celebrities.first != NULL;
}

uint64_t
news_told_through(const struct desk *desk, const struct worker *worker)
{
    uint64_t through = worker->mails_taken;

    /* Each lane is in the order of arrival, so its first news is its oldest. */
    if (desk->lane.first != NULL)
        through = audience_part_of(desk->lane.first)->sequence - 1;
    if (desk->celebrities.first != NULL && audience_part_of(desk->celebrities.first)->sequence <= through)
        through = audience_part_of(desk->celebrities.first)->sequence - 1;
    return through;
}

static void
drop(struct audience_part *part)
{
    line_drop(part->text);
    audience_part_done(part);
}

void
news_drop(struct desk *desk)
{
    while (desk->lane.first != NULL)
        drop(audience_part_of(lane_take_first(&desk->lane)));
    while (desk->celebrities.first != NULL)
        drop(audience_part_of(lane_take_first(&desk->celebrities)));
}
