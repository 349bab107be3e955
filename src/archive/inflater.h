/* SPDX-License-Identifier: MIT */
/* Deflate by zlib, with its memory in a budget. */
#ifndef PLANCHE_ARCHIVE_INFLATER_H
#define PLANCHE_ARCHIVE_INFLATER_H

#include "base/alloc.h"

#include <zlib.h>

/* bits as in inflateInit2. False: no memory. */
bool planche_inflater_init(z_stream *inflater, int bits, struct planche_budget *budget);
/* level and bits as in deflateInit2. False: no memory. */
bool planche_deflater_init(z_stream *deflater, int level, int bits, struct planche_budget *budget);

#endif
