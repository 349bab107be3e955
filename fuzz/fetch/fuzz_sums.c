/* SPDX-License-Identifier: MIT */
/* The list of sums in a pack of models. */
#include "model/import/sums.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct planche_import_sum sum;
    size_t at = 0, before = 0;
    while (planche_import_sums_next(text, size, &at, &sum)) {
        if (at <= before || at > size || sum.sha256 != text + before || sum.name_length == 0 ||
            sum.name + sum.name_length > text + at || memchr(sum.name, '\n', sum.name_length))
            abort();
        before = at;
    }
    return 0;
}
