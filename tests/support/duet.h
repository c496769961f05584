/* SPDX-License-Identifier: MIT
 *
 * Two things done at the same moment, many times: by this thread and another one, which meet before each turn.
 */
#ifndef SUPPORT_DUET_H
#define SUPPORT_DUET_H

/* Calls voice(context, 0, turn) here and voice(context, 1, turn) on another thread, for each turn from 0 to turns - 1. */
void duet_play(unsigned turns, void (*voice)(void *context, int number, unsigned turn), void *context);

#endif
