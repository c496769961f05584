/* SPDX-License-Identifier: MIT
 *
 * What runs out: the disk under the log, descriptors, memory. Who is there must notice nothing; newcomers may be refused, and are let in when there is room.
 */
#include "support/pace.h"
#include "support/process.h"
#include "torture/torture.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GREEDY_MAX = 600,
    REFUSALS = 3,
    SPARE_DESCRIPTORS = 24,
    SLACK = 2, /* places that are left, since who leaves and who comes are not there in the same moment */
    GREEDY_FRIENDS = 10000,
    FRIEND_BYTES = 20,
    TRY_EVERY_MS = 500,
    ON_OFF_MS = 2000, /* how long a shortage lasts, and is over, while there are others who would take the places of normal users for ever */
};

/* Clients who take what there is, and the server that they took it from. */
static struct greedy {
    struct client *clients[GREEDY_MAX];
    unsigned count, refused;
    pid_t server;
    rlim_t before;
    int64_t next_ms, try_ms;
    bool active;
} descriptors, memory;

static int64_t disk_bytes;
static unsigned disk_dropped;

/* ---- The disk ---- */

static const char *
disk_begin(struct torture *torture)
{
    disk_dropped = daemon_events(&torture->daemon, "log_dropped");
    torture->daemon.settings.verbose = true;
    daemon_reload(&torture->daemon);
    daemon_fill_disk(&torture->daemon, true);
    disk_bytes = daemon_log_bytes(&torture->daemon);
    return NULL;
}

static void
disk_end(struct torture *torture, char *held, size_t size)
{
    enum { PAGE_BYTES = 4096 };
    int64_t grown = daemon_log_bytes(&torture->daemon) - disk_bytes;

    ck_assert_msg(grown <= PAGE_BYTES, "the disk was not full: the log has grown by %" PRId64 " bytes", grown);
    daemon_fill_disk(&torture->daemon, false);
    for (int64_t deadline = pace_deadline_ms(); daemon_events(&torture->daemon, "log_dropped") <= disk_dropped; torture_turn(torture))
        ck_assert_msg(pace_left_ms(deadline) > 0, "there is room again, and the log does not say what it lost");
    torture->daemon.settings.verbose = false;
    daemon_reload(&torture->daemon);
    snprintf(held, size, "a verbose log had no room for a line; nobody waited for it; with room again it said what it had lost, and went on");
}

/* ---- What both others share ---- */

/* One more who logs in; true when it was let in, and not told otherwise in whatever words. */
static bool
greedy_add(struct torture *torture, struct greedy *greedy, const char *friends)
{
    static int64_t user = -1000000;
    char *text = malloc(strlen(friends) + FRIEND_BYTES * 8);
    struct client *client;
    bool is_in = false;

    ck_assert(text != NULL && greedy->count < GREEDY_MAX);
    sprintf(
        text, "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"login\", \"params\": {\"user_id\": %" PRId64 ", \"friends\": [%s]}}", user--, friends);
    client = client_connect(torture->daemon.server);
    client_try_send(client, text, strlen(text));
    free(text);
    for (int64_t deadline = pace_deadline_ms(); !client->ended && pace_left_ms(deadline) > 0;) {
        const char *line = client_line_now(client);

        if (line != NULL) {
            is_in = strstr(line, "\"result\"") != NULL;
            break;
        }
        (void)client_more(client, pace_left_ms(deadline));
    }
    if (is_in)
        greedy->clients[greedy->count++] = client;
    else
        client_close(client);
    greedy->refused += !is_in;
    return is_in;
}

static void
greedy_end(struct torture *torture, struct greedy *greedy, int resource)
{
    if (greedy->active && greedy->server == torture->daemon.server->process)
        process_limit(greedy->server, resource, greedy->before);
    while (greedy->count > 0)
        client_close(greedy->clients[--greedy->count]);
    greedy->active = false;
    torture_shortage(torture, descriptors.active || memory.active);
}

/* Is the server there, with all its users? */
static bool
is_whole(const struct torture *torture)
{
    return !torture->folk.reunion && !torture->far.reunion;
}

/* Is there something to be done: another server, or, when all happens at once, the other half of on and off? */
static bool
greedy_is_due(struct torture *torture, struct greedy *greedy)
{
    if (!is_whole(torture))
        return false;
    if (greedy->active && greedy->server != torture->daemon.server->process)
        return true;
    return torture->together && pace_now_ms() >= greedy->next_ms;
}

static void
greedy_turn(struct torture *torture, struct greedy *greedy, int resource, const char *(*begin)(struct torture *))
{
    if (!greedy_is_due(torture, greedy))
        return;
    bool was_active = greedy->active;
    greedy_end(torture, greedy, resource);
    greedy->next_ms = pace_now_ms() + ON_OFF_MS;
    if (!torture->together || !was_active)
        (void)begin(torture);
}

static void
greedy_begin(struct torture *torture, struct greedy *greedy, int resource, int64_t limit)
{
    torture_shortage(torture, true);
    greedy->active = true;
    greedy->server = torture->daemon.server->process;
    greedy->before = process_limit(greedy->server, resource, (rlim_t)limit);
    greedy->next_ms = pace_now_ms() + ON_OFF_MS;
}

/* ---- Descriptors ---- */

static const char *
descriptors_begin(struct torture *torture)
{
    pid_t server = torture->daemon.server->process;

    greedy_begin(torture, &descriptors, RLIMIT_NOFILE, process_descriptors(server) + SPARE_DESCRIPTORS);
    for (unsigned i = 0; i < SPARE_DESCRIPTORS * 2 && greedy_add(torture, &descriptors, ""); i++)
        ;
    for (unsigned i = 0; i < SLACK && descriptors.count > 0; i++)
        client_close(descriptors.clients[--descriptors.count]);
    return NULL;
}

/* Now and then more try, until one is not let in. Then they go again, since the places are those of normal users who left. */
static void
descriptors_turn(struct torture *torture)
{
    if (descriptors.active && is_whole(torture) && pace_now_ms() >= descriptors.try_ms) {
        unsigned before = descriptors.count;

        descriptors.try_ms = pace_now_ms() + TRY_EVERY_MS;
        while (descriptors.count < GREEDY_MAX && greedy_add(torture, &descriptors, ""))
            ;
        while (descriptors.count > before)
            client_close(descriptors.clients[--descriptors.count]);
    }
    greedy_turn(torture, &descriptors, RLIMIT_NOFILE, descriptors_begin);
}

static void
descriptors_end(struct torture *torture, char *held, size_t size)
{
    ck_assert_msg(descriptors.refused > 0 || torture->together, "the server had no descriptor left, and let everybody in");
    greedy_end(torture, &descriptors, RLIMIT_NOFILE);
    torture_rounds(torture, &torture->folk, 2);
    snprintf(held, size, "no descriptor was left, %u were refused; with room again everybody was let in", descriptors.refused);
    descriptors.refused = 0;
}

/* ---- Memory ---- */

/* A list that needs much memory: friends whom nobody else lists. The caller frees it. */
static char *
long_list(void)
{
    static int64_t friend = -(INT64_C(1) << 50);
    char *text = malloc(GREEDY_FRIENDS * FRIEND_BYTES), *end = text;

    ck_assert_ptr_nonnull(text);
    for (int i = 0; i < GREEDY_FRIENDS; i++)
        end += sprintf(end, "%s%" PRId64, i > 0 ? "," : "", friend --);
    return text;
}

static const char *
memory_begin(struct torture *torture)
{
    pid_t server = torture->daemon.server->process;

    if (pace_is_tooled())
        return "a tool that takes the memory of the server for itself";
    greedy_begin(torture, &memory, RLIMIT_AS, process_address_space_bytes(server));
    for (unsigned refused = 0; refused < REFUSALS && memory.count < GREEDY_MAX;) {
        char *friends = long_list();

        refused += !greedy_add(torture, &memory, friends);
        free(friends);
        torture_turn(torture);
    }
    ck_assert_msg(memory.count < GREEDY_MAX, "%u users who need much memory were all let in", memory.count);
    return NULL;
}

static void
memory_turn(struct torture *torture)
{
    greedy_turn(torture, &memory, RLIMIT_AS, memory_begin);
}

static void
memory_end(struct torture *torture, char *held, size_t size)
{
    greedy_end(torture, &memory, RLIMIT_AS);
    torture_rounds(torture, &torture->folk, 2);
    snprintf(held, size, "no memory was left, %u who needed much were refused; with memory again everybody was let in", memory.refused);
    memory.refused = 0;
}

const struct fault shortage_faults[] = {
    {.name = "a full disk under the log", .begin = disk_begin, .end = disk_end},
    {.name = "no descriptor left", .begin = descriptors_begin, .turn = descriptors_turn, .end = descriptors_end},
    {.name = "no memory left", .begin = memory_begin, .turn = memory_turn, .end = memory_end},
    {.name = NULL},
};
