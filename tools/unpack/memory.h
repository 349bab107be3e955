/* SPDX-License-Identifier: MIT */
/* Memory accounting: libarchive and its decompressors allocate by themselves, so the program's
 * malloc counts, and asks the reader of the archive, who counts it in its budget, before it takes
 * more than was granted. */
#ifndef PLANCHE_UNPACK_MEMORY_H
#define PLANCHE_UNPACK_MEMORY_H

#include <stddef.h>

/* From now on, so many bytes may be allocated without asking. */
void unpack_memory_start(size_t granted);

#endif
