/* SPDX-License-Identifier: MIT */
/* The cache of results on the disk, whole: docs/cache.md. */
#ifndef PLANCHE_CACHE_CACHE_H
#define PLANCHE_CACHE_CACHE_H

#include "cache/claim.h"
#include "cache/key.h"
#include "cache/lookup.h"
#include "cache/open.h"
#include "cache/page_key.h"
#include "cache/result.h"
#include "cache/store.h"
#include "cache/sweep.h"
#include "cache/verify.h"

#endif
