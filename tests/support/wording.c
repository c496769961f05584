/* SPDX-License-Identifier: MIT
 *
 * The match follows all ways of putting the words together at once: a way is how far it has come in each of the longer wordings.
 * Words that none of them took are the brief ones', which need no place, only a number.
 */
#include "support/wording.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { WAYS_MAX = 20000 /* more at once, and only the numbers of words are compared */ };

void
wording_clear(struct wording *wording)
{
    wording->count = 1;
    wording->nodes[0] = (struct wording_node){.complete = false};
}

void
wording_add(struct wording *wording, const char *words, unsigned count)
{
    unsigned at = 0;

    for (unsigned i = 0; i < count; i++) {
        struct wording_node *node = &wording->nodes[at];
        bool departure = words[i] == '-';

        if (node->next[departure] == 0) {
            ck_assert_uint_lt(wording->count, WORDING_NODES);
            wording->nodes[wording->count] =
                (struct wording_node){.arrivals = (uint8_t)(node->arrivals + !departure), .losses = (uint8_t)(node->losses + departure)};
            node->next[departure] = (uint16_t)wording->count++;
        }
        at = node->next[departure];
    }
    wording->nodes[at].complete = true;
}

static struct wording_range
range_of(const struct wording *wording)
{
    struct wording_range range = {.least = {UINT8_MAX, UINT8_MAX}};

    for (unsigned i = 0; i < wording->count; i++) {
        const struct wording_node *node = &wording->nodes[i];
        unsigned said[2] = {node->arrivals, node->losses};

        for (int word = 0; word < 2 && node->complete; word++) {
            if (said[word] < range.least[word])
                range.least[word] = said[word];
            if (said[word] > range.most[word])
                range.most[word] = said[word];
        }
    }
    return range;
}

static void
range_add(struct wording_range *sum, const struct wording_range *range)
{
    for (int word = 0; word < 2; word++) {
        sum->least[word] += range->least[word];
        sum->most[word] += range->most[word];
    }
}

/* A set of which no sequence is longer than one word, and which is not "either a '+' or a '-'". */
static bool
is_brief(const struct wording *wording)
{
    const struct wording_node *root = &wording->nodes[0];

    return wording->count == 1 || (wording->count == 2 && (root->next[0] == 1 || root->next[1] == 1));
}

void
expectation_clear(struct expectation *expectation)
{
    expectation->all = expectation->brief = (struct wording_range){.least = {0}};
    expectation->long_count = 0;
}

void
expectation_add(struct expectation *expectation, const struct wording *wording)
{
    struct wording_range range = range_of(wording);

    range_add(&expectation->all, &range);
    if (is_brief(wording)) {
        range_add(&expectation->brief, &range);
        return;
    }
    if (expectation->long_count < WORDING_LONG) {
        struct wording *copy = &expectation->longer[expectation->long_count];

        copy->count = wording->count;
        memcpy(copy->nodes, wording->nodes, wording->count * sizeof wording->nodes[0]);
    }
    expectation->long_count++;
}

bool
expectation_is_exact(const struct expectation *expectation)
{
    const struct wording_range *all = &expectation->all;

    for (unsigned i = 0; i < expectation->long_count && i < WORDING_LONG; i++) {
        const struct wording *wording = &expectation->longer[i];
        unsigned ends = 0;

        for (unsigned node = 0; node < wording->count; node++)
            ends += wording->nodes[node].complete;
        if (ends != 1)
            return false;
    }
    return all->least[0] == all->most[0] && all->least[1] == all->most[1];
}

/* How far one way of putting the words together has come in each of the longer wordings. */
struct way {
    uint16_t node[WORDING_LONG];
};

struct ways {
    struct way *all;
    size_t count, room;
};

static void
ways_add(struct ways *ways, const struct way *way)
{
    if (ways->count == ways->room) {
        ways->room = ways->room * 2 + 64;
        ways->all = realloc(ways->all, ways->room * sizeof *ways->all);
        ck_assert_ptr_nonnull(ways->all);
    }
    ways->all[ways->count++] = *way;
}

static int
way_compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct way));
}

static void
ways_unite(struct ways *ways)
{
    size_t kept = 0;

    if (ways->count < 2)
        return;
    qsort(ways->all, ways->count, sizeof *ways->all, way_compare);
    for (size_t i = 0; i < ways->count; i++)
        if (kept == 0 || way_compare(&ways->all[kept - 1], &ways->all[i]) != 0)
            ways->all[kept++] = ways->all[i];
    ways->count = kept;
}

/* How many of the words said so far the longer wordings have not taken. */
static unsigned
words_left(const struct expectation *expectation, const struct way *way, const unsigned said[2], int word)
{
    unsigned taken = 0;

    for (unsigned i = 0; i < expectation->long_count; i++) {
        const struct wording_node *node = &expectation->longer[i].nodes[way->node[i]];

        taken += word == 0 ? node->arrivals : node->losses;
    }
    return said[word] - taken;
}

/* All ways of going on with one more word. */
static void
ways_step(const struct expectation *expectation, const struct ways *ways, const unsigned said[2], int word, struct ways *next)
{
    next->count = 0;
    for (size_t i = 0; i < ways->count; i++) {
        const struct way *way = &ways->all[i];

        if (words_left(expectation, way, said, word) <= expectation->brief.most[word])
            ways_add(next, way);
        for (unsigned user = 0; user < expectation->long_count; user++) {
            struct way further = *way;

            further.node[user] = expectation->longer[user].nodes[way->node[user]].next[word];
            if (further.node[user] != 0)
                ways_add(next, &further);
        }
    }
    ways_unite(next);
}

static bool
way_is_whole(const struct expectation *expectation, const struct way *way, const unsigned said[2])
{
    for (unsigned user = 0; user < expectation->long_count; user++)
        if (!expectation->longer[user].nodes[way->node[user]].complete)
            return false;
    for (int word = 0; word < 2; word++) {
        unsigned left = words_left(expectation, way, said, word);

        if (left < expectation->brief.least[word] || left > expectation->brief.most[word])
            return false;
    }
    return true;
}

/* Looks at the numbers of words alone. */
static enum wording_match
match_numbers(const struct wording_range *range, const char *words, size_t count)
{
    unsigned said[2] = {0, 0};

    for (size_t i = 0; i < count; i++)
        said[words[i] == '-']++;
    if (said[0] > range->most[0] || said[1] > range->most[1])
        return WORDING_WRONG;
    return said[0] >= range->least[0] && said[1] >= range->least[1] ? WORDING_WHOLE : WORDING_BEGUN;
}

enum wording_match
expectation_match(const struct expectation *expectation, const char *words, size_t count)
{
    struct way start = {.node = {0}};
    struct ways ways = {.count = 0}, next = {.count = 0};
    unsigned said[2] = {0, 0};
    enum wording_match match = match_numbers(&expectation->all, words, count);

    if (match == WORDING_WRONG || expectation->long_count == 0 || expectation->long_count > WORDING_LONG)
        return match;
    ways_add(&ways, &start);
    for (size_t i = 0; i < count && ways.count > 0 && ways.count <= WAYS_MAX; i++) {
        int word = words[i] == '-';
        struct ways former = ways;

        said[word]++;
        ways_step(expectation, &ways, said, word, &next);
        ways = next;
        next = former;
    }
    if (ways.count <= WAYS_MAX) {
        match = ways.count == 0 ? WORDING_WRONG : WORDING_BEGUN;
        for (size_t i = 0; i < ways.count && match == WORDING_BEGUN; i++)
            if (way_is_whole(expectation, &ways.all[i], said))
                match = WORDING_WHOLE;
    }
    free(ways.all);
    free(next.all);
    return match;
}
