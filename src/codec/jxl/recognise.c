/* SPDX-License-Identifier: MIT */
/* How JPEG XL files begin. */
#include "codec/jxl/recognise.h"

#include <string.h>

/* Bare, or in a container. */
bool planche_jxl_recognise(const uint8_t *head, size_t size)
{
    static const uint8_t box[12] = {0, 0, 0, 12, 'J', 'X', 'L', ' ', '\r', '\n', 0x87, '\n'};
    return (size >= 2 && head[0] == 0xff && head[1] == 0x0a) ||
           (size >= sizeof box && memcmp(head, box, sizeof box) == 0);
}
