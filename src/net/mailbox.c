/* SPDX-License-Identifier: MIT */
#include "net/mailbox.h"

#include "base/assert.h"

#include <errno.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

void
pressure_init(struct pressure *pressure)
{
    atomic_init(&pressure->mailboxes, 0);
    /* helgrind: a hint that is read without order; only whether it is zero matters, and late is early enough. */
    RACE_IGNORE(&pressure->mailboxes, sizeof pressure->mailboxes);
}

bool
pressure_is_high(const struct pressure *pressure)
{
    return atomic_load_explicit(&pressure->mailboxes, memory_order_relaxed) > 0;
}

int
mailbox_init(struct mailbox *mailbox, struct pressure *pressure)
{
    int descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    if (descriptor < 0)
        return -errno;
    *mailbox = (struct mailbox){.pressure = pressure, .wake_descriptor = descriptor};
    mutex_init(&mailbox->mutex);
    counter_init(&mailbox->depth);
    counter_init(&mailbox->weight);
    return 0;
}

void
mailbox_done(struct mailbox *mailbox)
{
    ASSERT(mailbox->first == NULL);
    close(mailbox->wake_descriptor);
    mutex_done(&mailbox->mutex);
}

bool
mailbox_post(struct mailbox *mailbox, struct mail *mail)
{
    bool was_empty;

    mail->next = NULL;
    mutex_lock(&mailbox->mutex);
    was_empty = mailbox->first == NULL;
    if (was_empty)
        mailbox->first = mail;
    else
        mailbox->last->next = mail;
    mailbox->last = mail;
    mailbox->posted++;
    counter_add(&mailbox->depth, 1);
    counter_add(&mailbox->weight, mail->weight);
    if (!mailbox->over && counter_read(&mailbox->weight) > MAILBOX_HIGH) {
        mailbox->over = true;
        atomic_fetch_add_explicit(&mailbox->pressure->mailboxes, 1, memory_order_relaxed);
    }
    mutex_unlock(&mailbox->mutex);
    return was_empty;
}

void
mailbox_wake(struct mailbox *mailbox)
{
    uint64_t one = 1;

    /* EAGAIN would mean 2^64 - 1 wake-ups that nobody consumed; nothing else can happen to an eventfd. */
    ASSERT(write(mailbox->wake_descriptor, &one, sizeof one) == (ssize_t)sizeof one || errno == EAGAIN);
}

void
mailbox_order(struct mailbox *mailbox, struct mail *mail)
{
    (void)mailbox_post(mailbox, mail);
    mailbox_wake(mailbox);
}

struct mail *
mailbox_take(struct mailbox *mailbox)
{
    struct mail *mail;

    mutex_lock(&mailbox->mutex);
    mail = mailbox->first;
    mailbox->first = mailbox->last = NULL;
    counter_set(&mailbox->depth, 0);
    mutex_unlock(&mailbox->mutex);
    return mail;
}

void
mailbox_slept(struct mailbox *mailbox)
{
    uint64_t count;

    ASSERT(read(mailbox->wake_descriptor, &count, sizeof count) == (ssize_t)sizeof count || errno == EAGAIN);
}

uint64_t
mailbox_posted(struct mailbox *mailbox)
{
    uint64_t posted;

    mutex_lock(&mailbox->mutex);
    posted = mailbox->posted;
    mutex_unlock(&mailbox->mutex);
    return posted;
}

uint64_t
mailbox_weight(struct mailbox *mailbox)
{
    uint64_t weight;

    mutex_lock(&mailbox->mutex);
    weight = counter_read(&mailbox->weight);
    mutex_unlock(&mailbox->mutex);
    return weight;
}

void
mailbox_settle(struct mailbox *mailbox, uint32_t weight)
{
    mutex_lock(&mailbox->mutex);
    ASSERT(counter_read(&mailbox->weight) >= weight);
    counter_set(&mailbox->weight, counter_read(&mailbox->weight) - weight);
    if (mailbox->over && counter_read(&mailbox->weight) < MAILBOX_LOW) {
        mailbox->over = false;
        atomic_fetch_sub_explicit(&mailbox->pressure->mailboxes, 1, memory_order_relaxed);
    }
    mutex_unlock(&mailbox->mutex);
}
