/* SPDX-License-Identifier: MIT */
/* Size: how large a page is, by the head of its file. Nothing is decoded, and no library sees the
 * bytes: this runs in the server's own process. A function of bytes alone. */
#ifndef PLANCHE_PROXY_SIZE_H
#define PLANCHE_PROXY_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* False: the head does not say, or not where it is looked for. What it says may be wrong. */
bool planche_proxy_read_size(const void *data, size_t size, uint32_t *width, uint32_t *height);

#endif
