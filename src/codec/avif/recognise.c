/* SPDX-License-Identifier: MIT */
/* How AVIF files begin. */
#include "codec/avif/recognise.h"

#include <string.h>

/* A box "ftyp": its size, its name, the major brand, a version, the compatible brands. What has a
 * general major brand (mif1) says among the others that it is AVIF. */
bool planche_avif_recognise(const uint8_t *head, size_t size)
{
    const size_t major = 8, compatible = 16;
    if (size < major + 4 || memcmp(head + 4, "ftyp", 4) != 0)
        return false;
    size_t end = (size_t)head[2] << 8 | head[3];
    if (head[0] || head[1] || end > size)
        end = size;
    for (size_t at = major; at + 4 <= end; at = at == major ? compatible : at + 4)
        if (memcmp(head + at, "avif", 4) == 0 || memcmp(head + at, "avis", 4) == 0)
            return true;
    return false;
}
