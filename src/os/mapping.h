/* SPDX-License-Identifier: MIT */
/* Anonymous memory mappings: large blocks straight from the system. Thread-safe. */
#ifndef PLANCHE_OS_MAPPING_H
#define PLANCHE_OS_MAPPING_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed pages; NULL: the system has none. size is that of later calls. */
void *planche_mapping_create(size_t size);
/* The same with huge pages where the system gives them, which spare most faults and TLB misses of
 * what is filled throughout: from their boundary on if there is the address space for that. No page
 * reaches beyond the mapping, so what is resident stays within its size. */
void *planche_mapping_create_huge(size_t size);
void planche_mapping_destroy(void *memory, size_t size);
/* Another size, perhaps elsewhere, with the same content; new pages are zeroed. NULL: the system
 * cannot, and nothing has changed. */
void *planche_mapping_resize(void *memory, size_t size, size_t wanted);

/* Advice, which the system may ignore: the content is not needed, the system may take the pages
 * back, and what is read later is the old content or zeroes. */
void planche_mapping_forget(void *memory, size_t size);

#endif
