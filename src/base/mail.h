/* SPDX-License-Identifier: MIT
 *
 * The head of every letter that goes through a mailbox (net/mailbox.h): a link and a tag. A struct that is to be
 * posted embeds it, so posting allocates nothing and cannot fail. Who posts and who takes agree on the tags.
 */
#ifndef BASE_MAIL_H
#define BASE_MAIL_H

#include <stdint.h>

struct mail {
    struct mail *next; /* the mailbox's, while the mail is in it */
    uint32_t tag;      /* what it is: net/worker.h lists the tags */
    uint32_t weight;   /* how much work or memory it stands for: the mailbox adds these up for its high-water mark */
};

#endif
