/* SPDX-License-Identifier: MIT
 *
 * What mail between workers costs: posting, taking and settling on one thread, the wake-up through the eventfd, and one and more posters whose
 * mail an owner takes that sleeps while there is none. How often it was woken is told too: once for many mails, when it is busy.
 */
#include "load/failure.h"
#include "net/mailbox.h"
#include "parts/measure.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    POSTED = 10000, /* mails of each poster in a batch */
    POSTERS = 4,
    WEIGHT = 50, /* sessions to be told by one mail */
};

struct post_office {
    struct mailbox mailbox;
    struct pressure pressure;
    const struct micro *micro;
    struct mail *mails;          /* POSTED for each poster */
    uint64_t expected;           /* in this batch, by the owner */
    uint64_t mails_taken, woken; /* the owner's, of all batches */
};

static void *
open_office(const struct micro *micro)
{
    struct post_office *office = memory_new(1, sizeof *office);

    pressure_init(&office->pressure);
    if (mailbox_init(&office->mailbox, &office->pressure) < 0)
        failure_exit("no mailbox");
    office->micro = micro;
    office->mails = memory_new((size_t)POSTED * POSTERS, sizeof *office->mails);
    for (size_t i = 0; i < (size_t)POSTED * POSTERS; i++)
        office->mails[i].weight = WEIGHT;
    return office;
}

static void
close_office(void *subject)
{
    struct post_office *office = subject;

    mailbox_done(&office->mailbox);
    free(office->mails);
    free(office);
}

/* Takes all that is there and reads through it; returns how many mails that were. */
static uint64_t
take_all(struct post_office *office)
{
    uint64_t count = 0;
    uint32_t weight = 0;

    for (const struct mail *mail = mailbox_take(&office->mailbox); mail != NULL; mail = mail->next) {
        weight += mail->weight;
        count++;
    }
    mailbox_settle(&office->mailbox, weight);
    return count;
}

/* Posts `size` mails, then takes them. */
static void
run_rounds(void *subject, uint32_t thread, uint64_t operations)
{
    struct post_office *office = subject;

    (void)thread;
    for (uint64_t i = 0; i < operations; i++) {
        for (uint32_t which = 0; which < office->micro->size; which++)
            mailbox_post(&office->mailbox, &office->mails[which]);
        if (take_all(office) != office->micro->size)
            failure_exit("mail was lost");
    }
}

static void
run_wakeups(void *subject, uint32_t thread, uint64_t operations)
{
    struct post_office *office = subject;

    (void)thread;
    for (uint64_t i = 0; i < operations; i++) {
        if (mailbox_post(&office->mailbox, office->mails))
            mailbox_wake(&office->mailbox);
        mailbox_slept(&office->mailbox);
        take_all(office);
    }
}

static void
expect_mail(void *subject, uint64_t operations)
{
    struct post_office *office = subject;

    office->expected = operations * office->micro->threads;
}

/* As a worker does: sleeps, consumes the wake-up, takes. */
static void
own(struct post_office *office)
{
    struct pollfd pollfd = {.fd = office->mailbox.wake_descriptor, .events = POLLIN};

    for (uint64_t taken = 0; taken < office->expected;) {
        if (poll(&pollfd, 1, -1) != 1)
            failure_errno("poll");
        mailbox_slept(&office->mailbox);
        office->woken++;
        taken += take_all(office);
    }
    office->mails_taken += office->expected;
}

static void
run_posters(void *subject, uint32_t thread, uint64_t operations)
{
    struct post_office *office = subject;

    if (thread == office->micro->threads) {
        own(office);
        return;
    }
    for (uint64_t i = 0; i < operations; i++)
        if (mailbox_post(&office->mailbox, &office->mails[(size_t)thread * POSTED + i]))
            mailbox_wake(&office->mailbox);
}

static void
note_wakeups(const void *subject, char *text, size_t size)
{
    const struct post_office *office = subject;

    snprintf(text, size, "%.3f wake-ups a mail", (double)office->woken / (double)office->mails_taken);
}

/* clang-format off */
#define OFFICE .open = open_office, .close = close_office
#define POSTING OFFICE, .helpers = 1, .batch = POSTED, .prepare = expect_mail, .run = run_posters, .note = note_wakeups
/* clang-format on */

static const struct micro cases[] = {
    {"post-1", "a mail is posted, taken and settled", 1, 1, .run = run_rounds, OFFICE, .once = 10000},
    {"post-100", "100 mails are posted, taken together and settled", 100, 100, .run = run_rounds, OFFICE, .once = 200},
    {"wake", "a mail is posted to a sleeper, who consumes the wake-up and takes it", 1, 1, .run = run_wakeups, OFFICE},
    {"posters@1", "a mail of 1 poster, to an owner who sleeps when there is none", .threads = 1, POSTING},
    {"posters@2", "the same of 2 posters at once", .threads = 2, POSTING},
    {"posters@4", "the same of 4 posters at once", .threads = 4, POSTING},
};

int
main(int argc, char **argv)
{
    return micro_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
