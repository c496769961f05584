/* SPDX-License-Identifier: MIT */
#include "presence/news.h"

#include "graph/audience.h"
#include "presence/client.h"

#include <stddef.h>

/*
 * What one turn tells, celebrities' news apart. What costs is the write at the end of the turn, some 6 µs a session; whoever is written to anyway
 * hears one thing more for a fraction of that. So a turn has at most 768 writes, under 5 ms, and takes along what else there is for those sessions.
 */
enum { WRITE_COST = 8, SHARE = 768 * WRITE_COST };

/* A session that is to be told is hardly ever in the cache. While so many are told it comes. */
enum { AHEAD = 6 };

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

/* Tells one session. Returns what that costs; datagrams are sent one by one. */
static uint32_t
tell(struct presence *presence, struct worker *worker, struct handle handle, struct audience_part *part) REQUIRES(worker_role)
{
    struct session *session = worker_session(worker, handle);
    bool was_due;

    if (session == NULL)
        return WRITE_COST; /* it costs less, but a slice of a celebrity's is one of its audience */
    was_due = list_is_linked(&session->due) && !session_is_datagram(session);
    client_tell(presence, worker, client_of(session), part);
    return was_due || !list_is_linked(&session->due) ? 1 : WRITE_COST;
}

/* Tells sessions of the lane's first news, for about `share`, which is not 0. Returns what it cost. */
static uint32_t
tell_first(struct presence *presence, struct worker *worker, struct lane *lane, uint32_t share) REQUIRES(worker_role)
{
    struct audience_part *part = audience_part_of(lane->first);
    const struct handle *handles = &part->audience->handles[part->first];
    uint32_t cost = 0, before = part->told;

    while (part->told < part->count && cost < share) {
        if (part->told + AHEAD < part->count)
            worker_prefetch(worker, handles[part->told + AHEAD]);
        cost += tell(presence, worker, handles[part->told++], part);
    }
    told_add(&presence_desk(presence, worker)->told, part->audience->since_ns, part->told - before);
    if (part->told == part->count) {
        uint32_t weight = part->mail.weight;

        (void)lane_take_first(lane);
        lane->unfinished[presence_group(presence, part->audience->transition.user)]--;
        line_drop(part->text);
        audience_part_done(part);
        mailbox_settle(&worker->mailbox, weight);
    }
    return cost;
}

bool
news_tell(struct presence *presence, struct worker *worker)
{
    struct desk *desk = presence_desk(presence, worker);

    for (uint32_t cost = 0; desk->lane.first != NULL && cost < SHARE;)
        cost += tell_first(presence, worker, &desk->lane, SHARE - cost);
    for (uint32_t cost = 0; desk->celebrities.first != NULL && cost < NEWS_SLICE * WRITE_COST;)
        cost += tell_first(presence, worker, &desk->celebrities, NEWS_SLICE * WRITE_COST - cost);
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
