/* SPDX-License-Identifier: MIT */
/* Any bytes as a Range field of a file of up to 255 bytes: a part lies within the file. */
#include "http/range.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t first = 0, count = 0;
    char *text = size > 0 ? malloc(size) : NULL;
    if (text == NULL)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = 0;
    if (planche_http_range_read(text, data[0], &first, &count) == PLANCHE_HTTP_RANGE_PART &&
        (count == 0 || first >= data[0] || count > data[0] - first))
        abort();
    free(text);
    return 0;
}
