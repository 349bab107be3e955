/* SPDX-License-Identifier: MIT */
/* Takes any bytes for an XMP packet: looks for a mark, adds one, and must find that again, unless
 * there were pieces of one before that hide it. */
#include "codec/metadata.h"
#include "codec/provenance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of calls whose status is enough. */
static struct planche_error ignored;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool has(const uint8_t *data, size_t size, const char *word)
{
    return size > 0 && memmem(data, size, word, strlen(word)) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool pieces = has(data, size, PLANCHE_PROVENANCE_NAMESPACE) || has(data, size, ":Source");
    const struct planche_blob xmp = {(uint8_t *)data, size};
    struct planche_provenance mark = PLANCHE_PROVENANCE_INIT, found;
    struct planche_blob marked;
    planche_provenance_find(&found, data, size);
    memset(mark.source, 'a', sizeof mark.source - 1);
    snprintf(mark.model, sizeof mark.model, "%.40s", size ? "a \"model\" <2x>" : "");
    if (planche_provenance_add(&marked, &xmp, &mark, NULL, &ignored))
        abort();
    planche_provenance_find(&found, marked.data, marked.size);
    if (marked.size && !pieces && strcmp(found.source, mark.source) != 0)
        abort();
    planche_blob_free(&marked);
    return 0;
}
