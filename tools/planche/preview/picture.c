/* SPDX-License-Identifier: MIT */
/* Pictures in memory: 8-bit RGB, as preview and compare look at all images. */
#include "preview/picture.h"

#include "base/status.h"

#include <stdlib.h>
#include <string.h>

#define CHANNELS PLANCHE_CLI_PICTURE_CHANNELS

/* Pictures are looked at: more than this many pixels are a mistake. */
#define MAX_PIXELS ((uint64_t)1 << 30)

bool planche_cli_picture_make(struct planche_cli_picture *picture, uint32_t width, uint32_t height)
{
    uint64_t pixels = (uint64_t)width * height;
    *picture = (struct planche_cli_picture){0};
    if (pixels == 0 || pixels > MAX_PIXELS)
        return false;
    picture->rgb = malloc((size_t)pixels * CHANNELS);
    if (picture->rgb == NULL)
        return false;
    memset(picture->rgb, 255, (size_t)pixels * CHANNELS);
    picture->width = width;
    picture->height = height;
    return true;
}

void planche_cli_picture_free(struct planche_cli_picture *picture)
{
    free(picture->rgb);
    *picture = (struct planche_cli_picture){0};
}

struct planche_pixels planche_cli_picture_pixels(const struct planche_cli_picture *picture)
{
    struct planche_pixels pixels = PLANCHE_PIXELS_INIT;
    pixels.format = PLANCHE_PIXELS_RGB8;
    pixels.width = picture->width;
    pixels.height = picture->height;
    pixels.stride = (size_t)picture->width * CHANNELS;
    pixels.data = picture->rgb;
    return pixels;
}

/* A sample in 8 bits. */
static unsigned sample(const void *pixel, unsigned channel, bool wide)
{
    if (!wide)
        return ((const uint8_t *)pixel)[channel];
    return (((const uint16_t *)pixel)[channel] * 255u + 32767) / 65535;
}

static void take_pixel(uint8_t *rgb, const void *pixel, unsigned channels, bool wide)
{
    bool grey = channels < 3, alpha = channels % 2 == 0;
    unsigned opacity = alpha ? sample(pixel, channels - 1, wide) : 255;
    for (unsigned c = 0; c < CHANNELS; c++) {
        unsigned value = sample(pixel, grey ? 0 : c, wide);
        rgb[c] = (uint8_t)((value * opacity + 255 * (255 - opacity) + 127) / 255);
    }
}

enum planche_status planche_cli_picture_take(struct planche_cli_picture *picture,
                                             const struct planche_image *image,
                                             const struct planche_cli_crop *crop,
                                             struct planche_error *error)
{
    struct planche_pixels pixels = PLANCHE_PIXELS_INIT;
    enum planche_status status = planche_image_get_pixels(image, &pixels, error);
    if (status != PLANCHE_OK)
        return status;
    if ((uint64_t)crop->x + crop->width > pixels.width ||
        (uint64_t)crop->y + crop->height > pixels.height)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "the crop of %ux%u+%u+%u is not inside the page of %u x %u pixels",
                            crop->width, crop->height, crop->x, crop->y, pixels.width,
                            pixels.height);
    if (!planche_cli_picture_make(picture, crop->width, crop->height))
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a picture of %u x %u",
                            crop->width, crop->height);
    bool wide = pixels.format >= PLANCHE_PIXELS_GREY16;
    unsigned channels = (unsigned)pixels.format - (wide ? PLANCHE_PIXELS_GREY16 - 1u : 0u);
    size_t size = (size_t)channels * (wide ? 2 : 1);
    for (uint32_t y = 0; y < crop->height; y++) {
        const uint8_t *from =
            (const uint8_t *)pixels.data + (size_t)(crop->y + y) * pixels.stride + crop->x * size;
        uint8_t *to = picture->rgb + (size_t)y * crop->width * CHANNELS;
        for (uint32_t x = 0; x < crop->width; x++)
            take_pixel(to + (size_t)x * CHANNELS, from + x * size, channels, wide);
    }
    return PLANCHE_OK;
}

void planche_cli_picture_paste(struct planche_cli_picture *to,
                               const struct planche_cli_picture *from, uint32_t x, uint32_t y)
{
    if (x >= to->width || y >= to->height)
        return;
    uint32_t columns = from->width < to->width - x ? from->width : to->width - x;
    uint32_t rows = from->height < to->height - y ? from->height : to->height - y;
    for (uint32_t row = 0; row < rows; row++)
        memcpy(to->rgb + ((size_t)(y + row) * to->width + x) * CHANNELS,
               from->rgb + (size_t)row * from->width * CHANNELS, (size_t)columns * CHANNELS);
}
