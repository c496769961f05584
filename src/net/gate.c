/* SPDX-License-Identifier: MIT */
#include "net/gate.h"

#include "base/assert.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    TOKEN = 1000,          /* thousandths */
    IDLE_MS = 2000,        /* how long nobody must have been connected before a source is looked at to be forgotten; a burst is a second's worth */
    FORGOTTEN_AT_ONCE = 4, /* more than come, so that the idle get fewer */
    TURNS_AT_ONCE = 1024,  /* sources looked at, and newcomers let in, in one go: some hundred microseconds */
    GLOBAL_BURSTS = 10,    /* bursts of the whole server in a second: logins come spread */
    PLACE_BYTES = 17,      /* what tells sources apart: an address, or the part of it that counts, and the way */
};

struct source {
    struct list shelf;
    struct list idle;    /* linked while nobody is connected */
    struct list ring;    /* linked while somebody waits */
    struct list waiting; /* of struct gate_pass */
    uint8_t place[PLACE_BYTES];
    uint32_t connections;
    uint32_t gone;    /* of these; they are in nobody's way */
    uint64_t idle_ms; /* since when */
    struct bucket logins;
    struct bucket messages;
};

static void
bucket_fill(struct bucket *bucket, uint32_t rate, uint32_t burst, uint64_t now_ms)
{
    int64_t most = (int64_t)burst * TOKEN;

    if (now_ms <= bucket->at_ms)
        return; /* another worker's turn began later */
    if (now_ms - bucket->at_ms > INT32_MAX)
        bucket->credit = most;
    else
        bucket->credit += (int64_t)(now_ms - bucket->at_ms) * rate;
    if (bucket->credit > most)
        bucket->credit = most;
    bucket->at_ms = now_ms;
}

/* Is there a token in it? Without a rate there always is. */
static bool
bucket_has(struct bucket *bucket, uint32_t rate, uint32_t burst, uint64_t now_ms)
{
    if (rate == 0)
        return true;
    bucket_fill(bucket, rate, burst, now_ms);
    return bucket->credit >= TOKEN;
}

static uint32_t
global_burst(const struct gate *gate) REQUIRES(gate->mutex)
{
    return gate->limits.login_rate < GLOBAL_BURSTS ? 1 : gate->limits.login_rate / GLOBAL_BURSTS;
}

static bool
has_address(const struct source *source)
{
    return source->place[PLACE_BYTES - 1] != GATE_NOWHERE;
}

static uint32_t
login_rate_of(const struct gate *gate, const struct source *source) REQUIRES(gate->mutex)
{
    return has_address(source) ? gate->limits.address_login_rate : 0;
}

static uint32_t
message_rate_of(const struct gate *gate, const struct source *source) REQUIRES(gate->mutex)
{
    return has_address(source) ? gate->limits.address_message_rate : 0;
}

static bool
server_may(struct gate *gate, uint64_t now_ms) REQUIRES(gate->mutex)
{
    return bucket_has(&gate->logins, gate->limits.login_rate, global_burst(gate), now_ms);
}

static bool
source_may(const struct gate *gate, struct source *source, uint64_t now_ms) REQUIRES(gate->mutex)
{
    uint32_t rate = login_rate_of(gate, source);

    return bucket_has(&source->logins, rate, rate, now_ms);
}

static void
take_login(struct gate *gate, struct source *source) REQUIRES(gate->mutex)
{
    if (gate->limits.login_rate > 0)
        gate->logins.credit -= TOKEN;
    if (login_rate_of(gate, source) > 0)
        source->logins.credit -= TOKEN;
}

int
gate_init(struct gate *gate, const struct gate_limits *limits)
{
    memset(gate, 0, sizeof *gate);
    mutex_init(&gate->mutex);
    list_init(&gate->idle);
    list_init(&gate->ring);
    list_init(&gate->gone);
    for (uint32_t worker = 0; worker < GATE_WORKERS_MAX; worker++)
        list_init(&gate->granted[worker]);
    /* helgrind: what is asked in passing; no other memory is published through it. */
    RACE_IGNORE(&gate->limits_logins, sizeof gate->limits_logins);
    RACE_IGNORE(&gate->limits_sessions, sizeof gate->limits_sessions);
    gate_change(gate, limits);
    gate->shelves = calloc(GATE_SHELVES, sizeof *gate->shelves); /* pages that nobody has used cost nothing */
    return gate->shelves == NULL ? -ENOMEM : hash_key_generate(&gate->key);
}

void
gate_done(struct gate *gate)
{
    for (struct list *link = gate->idle.next, *next = link->next; link != &gate->idle; link = next, next = link->next)
        free(LIST_ENTRY(link, struct source, idle));
    free(gate->shelves);
    gate->shelves = NULL;
    mutex_done(&gate->mutex);
}

void
gate_change(struct gate *gate, const struct gate_limits *limits)
{
    mutex_lock(&gate->mutex);
    gate->limits = *limits;
    mutex_unlock(&gate->mutex);
    atomic_store_explicit(&gate->limits_logins, limits->login_rate > 0 || limits->address_login_rate > 0, memory_order_relaxed);
    atomic_store_explicit(&gate->limits_sessions, limits->address_connections > 0 || limits->address_message_rate > 0, memory_order_relaxed);
}

struct gate_limits
gate_limits_now(struct gate *gate)
{
    struct gate_limits limits;

    mutex_lock(&gate->mutex);
    limits = gate->limits;
    mutex_unlock(&gate->mutex);
    return limits;
}

bool
gate_is_on(const struct gate *gate)
{
    return gate_limits_logins(gate) || gate_limits_sessions(gate);
}

bool
gate_limits_logins(const struct gate *gate)
{
    return gate != NULL && atomic_load_explicit(&gate->limits_logins, memory_order_relaxed);
}

bool
gate_limits_sessions(const struct gate *gate)
{
    return gate != NULL && atomic_load_explicit(&gate->limits_sessions, memory_order_relaxed);
}

/* Of an address the part that counts. */
static void
place_of(enum gate_way way, const struct udp_address *from, uint8_t place[PLACE_BYTES])
{
    memset(place, 0, PLACE_BYTES);
    place[PLACE_BYTES - 1] = (uint8_t)way;
    if (way == GATE_NOWHERE)
        return;
    memcpy(place, from->host, 16);
    if (!udp_host_is_mapped(place))
        memset(place + 8, 0, 8);
}

static struct list *
shelf_of(struct gate *gate, const uint8_t place[PLACE_BYTES])
{
    return &gate->shelves[hash_bytes(&gate->key, place, PLACE_BYTES) % GATE_SHELVES];
}

static struct source *
source_find(const struct list *shelf, const uint8_t place[PLACE_BYTES])
{
    if (!list_is_linked(shelf))
        return NULL; /* not made yet */
    for (struct list *link = shelf->next; link != shelf; link = link->next) {
        struct source *source = LIST_ENTRY(link, struct source, shelf);

        if (memcmp(source->place, place, PLACE_BYTES) == 0)
            return source;
    }
    return NULL;
}

static void
source_forget(struct gate *gate, struct source *source, struct list *forgotten) REQUIRES(gate->mutex)
{
    list_remove(&source->idle);
    gate->idle_count--;
    list_remove(&source->shelf);
    list_append(forgotten, &source->shelf);
}

static bool
is_full(struct bucket *bucket, uint32_t rate, uint64_t now_ms)
{
    if (rate == 0)
        return true;
    bucket_fill(bucket, rate, rate, now_ms);
    return bucket->credit >= (int64_t)rate * TOKEN;
}

/* Would one that is made anew be the same? */
static bool
has_no_debt(const struct gate *gate, struct source *source, uint64_t now_ms) REQUIRES(gate->mutex)
{
    return is_full(&source->logins, login_rate_of(gate, source), now_ms) && is_full(&source->messages, message_rate_of(gate, source), now_ms);
}

/* Forgets a few of the idle sources whose time is over, and the oldest of too many. */
static void
forget_idle(struct gate *gate, uint64_t now_ms, struct list *forgotten) REQUIRES(gate->mutex)
{
    for (int count = 0; count < FORGOTTEN_AT_ONCE && !list_is_empty(&gate->idle); count++) {
        struct source *oldest = LIST_ENTRY(gate->idle.next, struct source, idle);
        bool is_one_too_many = gate->idle_count > GATE_IDLE_MAX;

        if (!is_one_too_many && now_ms < oldest->idle_ms + IDLE_MS)
            return;
        if (is_one_too_many || has_no_debt(gate, oldest, now_ms)) {
            source_forget(gate, oldest, forgotten);
        } else {
            oldest->idle_ms = now_ms;
            list_remove(&oldest->idle);
            list_append(&gate->idle, &oldest->idle);
        }
    }
}

static void
free_forgotten(struct list *forgotten)
{
    for (struct list *link = forgotten->next, *next = link->next; link != forgotten; link = next, next = link->next)
        free(LIST_ENTRY(link, struct source, shelf));
}

static struct source *
source_new(const uint8_t place[PLACE_BYTES])
{
    struct source *source = calloc(1, sizeof *source);

    if (source == NULL)
        return NULL;
    memcpy(source->place, place, PLACE_BYTES);
    list_init(&source->waiting);
    return source;
}

/* Puts a source into the table, with full buckets. */
static void
source_add(struct gate *gate, struct list *shelf, struct source *source, uint64_t now_ms) REQUIRES(gate->mutex)
{
    source->logins = (struct bucket){.credit = (int64_t)login_rate_of(gate, source) * TOKEN, .at_ms = now_ms};
    source->messages = (struct bucket){.credit = (int64_t)message_rate_of(gate, source) * TOKEN, .at_ms = now_ms};
    if (!list_is_linked(shelf))
        list_init(shelf);
    list_append(shelf, &source->shelf);
    list_append(&gate->idle, &source->idle);
    gate->idle_count++;
}

int
gate_enter(struct gate *gate, struct gate_pass *pass, enum gate_way way, const struct udp_address *from, uint64_t now_ms)
{
    uint8_t place[PLACE_BYTES];
    struct list *shelf, forgotten;
    struct source *source, *made = NULL;
    int error = 0;

    ASSERT(pass->source == NULL);
    place_of(way, from, place);
    shelf = shelf_of(gate, place);
    list_init(&forgotten);
    mutex_lock(&gate->mutex);
    source = source_find(shelf, place);
    if (source == NULL) { /* nothing is allocated under a lock */
        mutex_unlock(&gate->mutex);
        made = source_new(place);
        if (made == NULL)
            return -ENOMEM;
        mutex_lock(&gate->mutex);
        source = source_find(shelf, place);
        if (source == NULL) {
            source = made;
            made = NULL;
            source_add(gate, shelf, source, now_ms);
        }
    }
    if (has_address(source) && gate->limits.address_connections > 0 && source->connections - source->gone >= gate->limits.address_connections) {
        error = -EUSERS;
    } else {
        if (source->connections++ == 0) {
            list_remove(&source->idle);
            gate->idle_count--;
        }
        *pass = (struct gate_pass){.source = source};
    }
    forget_idle(gate, now_ms, &forgotten);
    mutex_unlock(&gate->mutex);
    free(made);
    free_forgotten(&forgotten);
    return error;
}

bool
gate_ask(struct gate *gate, struct gate_pass *pass, uint32_t worker, uint64_t now_ms)
{
    struct source *source = pass->source;
    bool may;

    ASSERT(source != NULL && worker < GATE_WORKERS_MAX);
    mutex_lock(&gate->mutex);
    may = list_is_empty(&source->waiting) && source_may(gate, source, now_ms) &&
        (gate->limits.login_rate == 0 || (list_is_empty(&gate->ring) && server_may(gate, now_ms)));
    if (may) {
        take_login(gate, source);
    } else {
        if (source_may(gate, source, now_ms) && !server_may(gate, now_ms))
            gate->server_is_short = true;
        pass->worker = worker;
        pass->state = GATE_WAITING;
        list_append(&source->waiting, &pass->link);
        gate->waiting++;
        if (!list_is_linked(&source->ring)) {
            list_append(&gate->ring, &source->ring);
            gate->ring_count++;
        }
    }
    mutex_unlock(&gate->mutex);
    return may;
}

bool
gate_ask_now(struct gate *gate, struct gate_pass *pass, uint64_t now_ms)
{
    bool takes_turns, may;

    mutex_lock(&gate->mutex);
    takes_turns = gate->waiting > 0 && gate->server_is_short;
    may = source_may(gate, pass->source, now_ms) && server_may(gate, now_ms) && !(takes_turns && gate->datagram_had_last);
    if (may) {
        take_login(gate, pass->source);
        gate->datagram_had_last = takes_turns;
    }
    mutex_unlock(&gate->mutex);
    return may;
}

/* One of a queue has left it. */
static void
queue_shortened(struct gate *gate, struct source *source) REQUIRES(gate->mutex)
{
    gate->waiting--;
    if (list_is_empty(&source->waiting)) {
        list_remove(&source->ring);
        gate->ring_count--;
    }
}

static void
grant(struct gate *gate, struct gate_pass *pass) REQUIRES(gate->mutex)
{
    take_login(gate, pass->source);
    pass->state = GATE_GRANTED;
    list_append(&gate->granted[pass->worker], &pass->link);
}

/* Nobody who is there can use what the server may still take: lets in who has hung up. */
static void
give_rest(struct gate *gate, uint64_t now_ms) REQUIRES(gate->mutex)
{
    for (uint32_t left = gate->gone_count; left > 0 && server_may(gate, now_ms); left--) {
        struct gate_pass *pass = LIST_ENTRY(list_take_first(&gate->gone), struct gate_pass, link);

        if (source_may(gate, pass->source, now_ms)) {
            gate->gone_count--;
            pass->source->gone--;
            grant(gate, pass);
        } else {
            list_append(&gate->gone, &pass->link);
        }
    }
}

/* Gives sources their turns as long as the server may take newcomers. */
static void
give_turns(struct gate *gate, uint64_t now_ms) REQUIRES(gate->mutex)
{
    uint32_t in_vain = 0; /* sources in a row that may not */

    for (int turns = 0; turns < TURNS_AT_ONCE && in_vain < gate->ring_count && server_may(gate, now_ms); turns++) {
        struct list *first = list_take_first(&gate->ring);
        struct source *source = LIST_ENTRY(first, struct source, ring);

        list_append(&gate->ring, first);
        if (!source_may(gate, source, now_ms)) {
            in_vain++;
            continue;
        }
        in_vain = 0;
        grant(gate, LIST_ENTRY(list_take_first(&source->waiting), struct gate_pass, link));
        queue_shortened(gate, source);
        gate->datagram_had_last = false;
    }
    gate->server_is_short = in_vain < gate->ring_count && !server_may(gate, now_ms);
    if (in_vain == gate->ring_count)
        give_rest(gate, now_ms);
}

/* Is there room for the words of one more who has hung up? */
static bool
has_room_for_gone(const struct gate *gate, const struct source *source) REQUIRES(gate->mutex)
{
    return gate->gone_count < GATE_GONE_MAX && (!has_address(source) || source->gone < GATE_GONE_OF_ONE);
}

bool
gate_hung_up(struct gate *gate, struct gate_pass *pass)
{
    bool may_stay;

    mutex_lock(&gate->mutex);
    may_stay = pass->state != GATE_WAITING || has_room_for_gone(gate, pass->source);
    if (may_stay && pass->state == GATE_WAITING) {
        list_remove(&pass->link);
        queue_shortened(gate, pass->source);
        pass->state = GATE_GONE;
        list_append(&gate->gone, &pass->link);
        gate->gone_count++;
        pass->source->gone++;
    }
    mutex_unlock(&gate->mutex);
    return may_stay;
}

void
gate_collect(struct gate *gate, uint32_t worker, uint64_t now_ms, struct list *granted)
{
    struct list *link;

    mutex_lock(&gate->mutex);
    give_turns(gate, now_ms);
    while ((link = list_take_first(&gate->granted[worker])) != NULL) {
        LIST_ENTRY(link, struct gate_pass, link)->state = GATE_OUTSIDE;
        list_append(granted, link);
    }
    mutex_unlock(&gate->mutex);
}

void
gate_leave(struct gate *gate, struct gate_pass *pass, uint64_t now_ms)
{
    struct source *source = pass->source;

    if (source == NULL)
        return;
    mutex_lock(&gate->mutex);
    list_remove(&pass->link);
    if (pass->state == GATE_WAITING)
        queue_shortened(gate, source);
    gate->gone_count -= pass->state == GATE_GONE;
    source->gone -= pass->state == GATE_GONE;
    if (--source->connections == 0) {
        source->idle_ms = now_ms;
        list_append(&gate->idle, &source->idle);
        gate->idle_count++;
    }
    mutex_unlock(&gate->mutex);
    *pass = (struct gate_pass){0};
}

uint32_t
gate_charge(struct gate *gate, struct gate_pass *pass, uint32_t messages, uint64_t now_ms)
{
    uint32_t rate;
    int64_t debt = 0;

    if (!gate_limits_sessions(gate))
        return 0;
    mutex_lock(&gate->mutex);
    rate = message_rate_of(gate, pass->source);
    if (rate > 0) {
        bucket_fill(&pass->source->messages, rate, rate, now_ms);
        pass->source->messages.credit -= (int64_t)messages * TOKEN;
        debt = -pass->source->messages.credit;
    }
    mutex_unlock(&gate->mutex);
    if (debt <= 0)
        return 0;
    debt = (debt + rate - 1) / rate;
    return debt > INT32_MAX ? INT32_MAX : (uint32_t)debt;
}

bool
gate_charge_now(struct gate *gate, struct gate_pass *pass, uint64_t now_ms)
{
    uint32_t rate;
    bool may;

    if (!gate_limits_sessions(gate))
        return true;
    mutex_lock(&gate->mutex);
    rate = message_rate_of(gate, pass->source);
    may = bucket_has(&pass->source->messages, rate, rate, now_ms);
    if (may && rate > 0)
        pass->source->messages.credit -= TOKEN;
    mutex_unlock(&gate->mutex);
    return may;
}
