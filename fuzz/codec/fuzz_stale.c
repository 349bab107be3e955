/* SPDX-License-Identifier: MIT */
/* Takes any bytes for an XMP packet: what speaks of parts that are gone is removed, so the packet
 * never grows, and without a change it is the same block. */
#include "codec/metadata.h"
#include "codec/stale_xmp.h"

#include <stdlib.h>

/* Of calls whose status is enough. */
static struct planche_error ignored;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct planche_blob xmp = {NULL, 0};
    unsigned lost = 0;
    if (planche_blob_set(&xmp, data, size, NULL, "fuzz", &ignored))
        return 0;
    const uint8_t *block = xmp.data;
    if (planche_stale_xmp_remove(&xmp, &lost, NULL, "fuzz", &ignored))
        abort();
    if (xmp.size > size || (xmp.size == size && xmp.data != block))
        abort();
    planche_blob_free(&xmp);
    return 0;
}
