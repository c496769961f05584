/* SPDX-License-Identifier: MIT
 *
 * Bad networks: packets that are lost, late, doubled and out of order, and a link that is gone. Who is behind it speaks TCP, so it must be told
 * exactly what the others are told, only later; and when its link is gone, its friends must hear that once.
 */
#include "torture/torture.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LOSS_PERCENT = 20, DOUBLED_PERCENT = 2, DELAY_MS = 60, JITTER_MS = 40, SHORT_TIMEOUT_S = 5 };

static struct link_books books;
static unsigned vanished;

static const char *
weather_begin(struct torture *torture, const struct link_weather *weather)
{
    books = link_books(torture->link);
    torture_weather(torture, weather);
    return NULL;
}

static const char *
loss_begin(struct torture *torture)
{
    return weather_begin(torture, &(struct link_weather){.loss_percent = LOSS_PERCENT});
}

static const char *
delay_begin(struct torture *torture)
{
    return weather_begin(torture, &(struct link_weather){.delay_ms = DELAY_MS, .jitter_ms = JITTER_MS, .doubled_percent = DOUBLED_PERCENT});
}

static const char *
storm_begin(struct torture *torture)
{
    return weather_begin(torture,
        &(struct link_weather){.loss_percent = LOSS_PERCENT / 2, .delay_ms = DELAY_MS, .jitter_ms = JITTER_MS, .doubled_percent = DOUBLED_PERCENT});
}

static void
weather_end(struct torture *torture, char *held, size_t size)
{
    struct link_books now = link_books(torture->link);

    torture_rounds(torture, &torture->far, 1);
    torture_weather(torture, &(struct link_weather){.cut = false});
    if (link_has_netem(torture->link))
        snprintf(held, size, "netem between, %" PRIu64 " packets came through it", now.carried - books.carried);
    else
        snprintf(held, size, "%" PRIu64 " packets lost, %" PRIu64 " late, %" PRIu64 " doubled of %" PRIu64, now.lost - books.lost,
            now.late - books.late, now.doubled - books.doubled, now.carried - books.carried + now.lost - books.lost);
}

/* Everybody far away vanishes at the same moment. With little patience the server is to find out soon. */
static const char *
cut_begin(struct torture *torture)
{
    torture->daemon.settings.peer_timeout_s = SHORT_TIMEOUT_S;
    daemon_reload(&torture->daemon);
    torture_rounds(torture, &torture->far, 1);
    torture_rest(torture);
    torture_weather(torture, &(struct link_weather){.cut = true});
    vanished = 0;
    for (unsigned i = 0; i < torture->far.count; i++)
        vanished += torture->far.people[i].far && torture->far.people[i].phase == PERSON_THERE;
    folk_cut(&torture->far, link_is_real(torture->link));
    return NULL;
}

static void
cut_end(struct torture *torture, char *held, size_t size)
{
    torture_rest(torture);
    torture_weather(torture, &(struct link_weather){.cut = false});
    torture->far.cut = false;
    torture->daemon.settings.peer_timeout_s = DAEMON_PEER_TIMEOUT_S;
    daemon_reload(&torture->daemon);
    torture_rounds(torture, &torture->far, 2);
    snprintf(held, size, "%u users vanished without a word; their friends heard it once each, by '%s'; then they came again", vanished,
        link_is_real(torture->link) ? "timeout" : "closed");
}

const struct fault network_faults[] = {
    {.name = "packet loss of 20 %", .begin = loss_begin, .end = weather_end, .alone = true},
    {.name = "packets late, doubled and out of order", .begin = delay_begin, .end = weather_end, .alone = true},
    {.name = "loss, delay and doubles together", .begin = storm_begin, .end = weather_end},
    {.name = "a link that is cut", .begin = cut_begin, .end = cut_end, .alone = true},
    {.name = NULL},
};
