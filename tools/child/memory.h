/* SPDX-License-Identifier: MIT */
/* Memory accounting: libraries allocate by themselves, so a helper program's malloc counts, and
 * asks the library that started it, which counts it in its budget, before it takes more than was
 * granted. */
#ifndef PLANCHE_CHILD_MEMORY_H
#define PLANCHE_CHILD_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* From now on, so many bytes may be allocated without asking. */
void child_memory_start(size_t granted);
/* Gives back what is granted but not used: returns the bytes, which must be sent to the library. */
uint64_t child_memory_give_back(void);

#endif
