/* SPDX-License-Identifier: MIT */
/* Single flight between processes, as far as a file system allows.
 *
 * Who computes holds a lock on FOLDER/busy/KEY, which ends with its process. Others wait for the
 * entry or for the lock, and compute themselves when they have waited for long enough: then, and
 * where there are no locks, a page is computed twice, and the last result stays. */
#ifndef PLANCHE_CACHE_CLAIM_H
#define PLANCHE_CACHE_CLAIM_H

#include "base/cancel.h"
#include "cache/result.h"

struct planche_cache_flight;

/* Before the leader computes: looks once more, and waits while another process computes the same,
 * for wait_ms at most or until the token (may be NULL) fires. Blocks; not for event loops. True:
 * *result is there, to be given to planche_cache_finish. False: the leader computes (or stops, if
 * its token has fired). */
bool planche_cache_claim(struct planche_cache_flight *flight,
                         const struct planche_cancel_token *token, uint64_t wait_ms,
                         struct planche_cache_result **result);
/* For flight.c: lets other processes go. */
void planche_cache_unclaim(struct planche_cache_flight *flight);

#endif
