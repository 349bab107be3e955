/* SPDX-License-Identifier: MIT */
/* EXIF's orientation says on which sides of the upright picture the first stored row and the first
 * stored column lie: 1 top and left, 2 top and right, 3 bottom and right, 4 bottom and left,
 * 5 left and top, 6 right and top, 7 right and bottom, 8 left and bottom. */
#include "codec/orientation.h"

#include <string.h>

bool planche_orientation_swaps(unsigned orientation)
{
    return orientation >= 5;
}

bool planche_orientation_streams(unsigned orientation)
{
    return orientation <= 2;
}

void planche_orientation_mirror(uint8_t *row, uint32_t width, size_t pixel_size)
{
    uint8_t *left = row, *right = row + (size_t)width * pixel_size;
    while ((right -= pixel_size) > left) {
        for (size_t i = 0; i < pixel_size; i++) {
            uint8_t byte = left[i];
            left[i] = right[i];
            right[i] = byte;
        }
        left += pixel_size;
    }
}

void planche_orientation_row(const struct planche_picture *picture, unsigned orientation,
                             uint32_t y, uint8_t *row)
{
    bool swap = planche_orientation_swaps(orientation);
    bool flip_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    bool flip_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    size_t size = picture->pixel_size;
    uint32_t count = swap ? picture->height : picture->width;
    for (uint32_t x = 0; x < count; x++) {
        uint32_t from_x = swap ? y : x, from_y = swap ? x : y;
        if (flip_x)
            from_x = picture->width - 1 - from_x;
        if (flip_y)
            from_y = picture->height - 1 - from_y;
        memcpy(row + x * size, picture->data + from_y * picture->stride + from_x * size, size);
    }
}
