/* SPDX-License-Identifier: MIT */
#include "support/stage.h"

#include "support/cost.h"
#include "support/failure.h"
#include "support/floor_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    GATHER_BATCH = 256, /* well below any listen queue */
    PILOT_QUIET_MS = 300,
};

static void
numbers_send(int descriptor, const uint32_t *numbers, size_t count)
{
    const char *bytes = (const char *)numbers;
    size_t left = count * sizeof *numbers;

    while (left > 0) {
        ssize_t sent = send(descriptor, bytes, left, MSG_NOSIGNAL);

        if (sent < 0)
            failure_errno("send");
        bytes += sent;
        left -= (size_t)sent;
    }
}

void
stage_table(const struct stage *stage, const struct rows *arrive, const struct rows *leave)
{
    struct floor_header header = {
        .magic = FLOOR_MAGIC,
        .users = arrive->count,
        .arrive_items = arrive->start[arrive->count],
        .leave_items = leave->start[leave->count],
    };
    int descriptor;
    char answer;

    if (!stage->floor)
        return;
    descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0 || connect(descriptor, (const struct sockaddr *)&stage->crowd.server, sizeof stage->crowd.server) != 0)
        failure_errno("connect");
    numbers_send(descriptor, (const uint32_t *)&header, sizeof header / sizeof(uint32_t));
    numbers_send(descriptor, arrive->start, header.users + 1);
    numbers_send(descriptor, arrive->items, header.arrive_items);
    numbers_send(descriptor, leave->start, header.users + 1);
    numbers_send(descriptor, leave->items, header.leave_items);
    if (recv(descriptor, &answer, 1, 0) != 1)
        failure_exit("the floor did not take the table");
    close(descriptor);
}

void
stage_gather(struct stage *stage, uint32_t first, uint32_t count, const struct hellos *hellos, uint32_t first_hello)
{
    uint32_t before = cost_descriptors(stage->process);

    for (uint32_t i = 0; i < count; i++) {
        size_t length;
        const char *hello = hellos_at(hellos, first_hello + i, &length);

        crowd_join(&stage->crowd, first + i, hello, length);
        if (i % GATHER_BATCH != GATHER_BATCH - 1 && i != count - 1)
            continue;
        /* The table's connection may end in between, hence one less. */
        while (cost_descriptors(stage->process) + 1 < before + i + 1) {
            if (crowd_clock_ns() > stage->deadline_ns)
                failure_exit("the server has not accepted %u connections in time", i + 1);
            crowd_poll(&stage->crowd, 1);
        }
    }
}

/* Whether every client of the range has heard the word; waits for that while anything comes. */
static bool
range_heard(struct stage *stage, uint32_t first, uint32_t count, bool online)
{
    struct crowd *crowd = &stage->crowd;
    int64_t start_ns = crowd_clock_ns();
    uint32_t next = first;

    for (;;) {
        while (next < first + count && crowd->clients[next].heard[online] > 0)
            next++;
        if (next == first + count)
            return true;

        int64_t last_ns = crowd->heard_ns > start_ns ? crowd->heard_ns : start_ns;

        if (crowd_clock_ns() - last_ns > PILOT_QUIET_MS * INT64_C(1000000))
            return false;
        crowd_poll(crowd, 50);
    }
}

void
stage_roll_call(struct stage *stage, uint32_t first, uint32_t count, uint32_t pilot, const struct hellos *hellos, uint32_t hello)
{
    size_t length;
    const char *text = hellos_at(hellos, hello, &length);
    bool all = false;

    while (!all) {
        if (crowd_clock_ns() > stage->deadline_ns)
            failure_exit("not all of %u sessions hear their friend", count);
        crowd_reset(&stage->crowd, false);
        crowd_join(&stage->crowd, pilot, text, length);
        all = range_heard(stage, first, count, true);
        crowd_leave(&stage->crowd, pilot);
        all = range_heard(stage, first, count, false) && all;
    }
    crowd_reset(&stage->crowd, true);
}

void
stage_quiet(struct stage *stage, int quiet_ms)
{
    struct crowd *crowd = &stage->crowd;
    uint64_t heard = crowd->heard;
    int64_t cpu_ns = cost_cpu_ns(stage->process);
    int64_t since_ns = crowd_clock_ns();

    while (crowd_clock_ns() - since_ns < quiet_ms * INT64_C(1000000)) {
        if (crowd_clock_ns() > stage->deadline_ns)
            failure_exit("the server does not come to rest");
        crowd_poll(crowd, 10);
        if (crowd->heard != heard || cost_cpu_ns(stage->process) != cpu_ns) {
            heard = crowd->heard;
            cpu_ns = cost_cpu_ns(stage->process);
            since_ns = crowd_clock_ns();
        }
    }
}

void
stage_check(struct stage *stage)
{
    crowd_settle(&stage->crowd, stage->deadline_ns);
    crowd_poll(&stage->crowd, 200);
}

struct meter
meter_read(const struct stage *stage)
{
    struct meter meter = {.cpu_ns = cost_cpu_ns(stage->process), .wall_ns = crowd_clock_ns(), .switches = cost_switches(stage->process)};

    cost_cpu_split(stage->process, &meter.user_ns, &meter.system_ns);
    return meter;
}

struct meter
meter_since(const struct stage *stage, const struct meter *start)
{
    struct meter now = meter_read(stage);

    return (struct meter){
        .cpu_ns = now.cpu_ns - start->cpu_ns,
        .user_ns = now.user_ns - start->user_ns,
        .system_ns = now.system_ns - start->system_ns,
        .wall_ns = now.wall_ns - start->wall_ns,
        .switches = now.switches - start->switches,
    };
}

void
stage_report(const struct stage *stage, const char *name, double value, const char *unit)
{
    printf("%s.%s %.3f %s\n", stage->scenario, name, value, unit);
    fflush(stdout);
}

static int
values_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double
values_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, values_compare);
    return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}
