/* SPDX-License-Identifier: MIT */
/* The keeper: a thread that sweeps when that is due, and sleeps without waking up else.
 *
 * A sweep is due when the cache is opened; when there is more than it may hold; when this process
 * has stored a sixteenth of that since the last one, since others may store as well; when the disk
 * has no room; and, on use, when a 24th of the greatest age (at least an hour) has passed. With N
 * processes there are at most 1 + N / 16 times as many bytes as there may be. */
#ifndef PLANCHE_CACHE_KEEPER_H
#define PLANCHE_CACHE_KEEPER_H

#include "cache/state.h"

/* False: the system has no room for a thread. */
bool planche_cache_keeper_start(struct planche_cache *cache);
/* Also if it was not started. A sweep that runs ends early. */
void planche_cache_keeper_stop(struct planche_cache *cache);
/* Wakes the keeper if a sweep is due. Takes no lock if none is. */
void planche_cache_keeper_look(struct planche_cache *cache);

#endif
