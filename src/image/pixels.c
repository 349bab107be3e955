/* SPDX-License-Identifier: MIT */
/* Pixel formats and the conversion of rows between them. */
#include "image/pixels.h"

#include "base/status.h"

#include <stdint.h>
#include <string.h>

bool planche_pixel_format_valid(enum planche_pixel_format format)
{
    return (int)format >= PLANCHE_PIXELS_GREY8 && (int)format <= PLANCHE_PIXELS_RGBA16;
}

/* The public values are laid out so that these stay arithmetic. */
_Static_assert(PLANCHE_PIXELS_RGBA8 == 4 && PLANCHE_PIXELS_GREY16 == 5, "order of pixel formats");

enum planche_pixel_format planche_pixel_format_make(unsigned channels, unsigned depth)
{
    return (enum planche_pixel_format)(channels + (depth == 16 ? 4 : 0));
}

unsigned planche_pixel_channels(enum planche_pixel_format format)
{
    return ((unsigned)format - 1) % 4 + 1;
}

unsigned planche_pixel_depth(enum planche_pixel_format format)
{
    return format >= PLANCHE_PIXELS_GREY16 ? 16 : 8;
}

bool planche_pixel_has_alpha(enum planche_pixel_format format)
{
    return planche_pixel_channels(format) % 2 == 0;
}

size_t planche_pixel_size(enum planche_pixel_format format)
{
    return (size_t)planche_pixel_channels(format) * (planche_pixel_depth(format) / 8);
}

struct pixel {
    uint32_t colour[3], alpha;
};

static inline uint32_t load(const void *row, size_t index, bool wide)
{
    return wide ? ((const uint16_t *)row)[index] : ((const uint8_t *)row)[index];
}

static inline void store(void *row, size_t index, bool wide, uint32_t value)
{
    if (wide)
        ((uint16_t *)row)[index] = (uint16_t)value;
    else
        ((uint8_t *)row)[index] = (uint8_t)value;
}

static inline struct pixel load_pixel(const void *row, size_t index, unsigned channels, bool wide)
{
    size_t first = index * channels;
    unsigned step = channels >= 3 ? 1 : 0;
    struct pixel pixel = {.alpha = wide ? 65535 : 255};
    for (unsigned i = 0; i < 3; i++)
        pixel.colour[i] = load(row, first + i * step, wide);
    if (channels % 2 == 0)
        pixel.alpha = load(row, first + channels - 1, wide);
    return pixel;
}

static inline struct pixel onto_white(struct pixel pixel, uint32_t max)
{
    for (unsigned i = 0; i < 3; i++)
        pixel.colour[i] =
            (pixel.colour[i] * pixel.alpha + max * (max - pixel.alpha) + max / 2) / max;
    pixel.alpha = max;
    return pixel;
}

/* The weights add up to 65536, so that neutral colours keep their value. */
static inline uint32_t luma(const uint32_t colour[3])
{
    uint64_t sum = UINT64_C(19595) * colour[0] + UINT64_C(38470) * colour[1] +
                   UINT64_C(7471) * colour[2] + 32768;
    return (uint32_t)(sum >> 16);
}

static inline uint32_t change_depth(uint32_t value, bool to_wide, bool from_wide)
{
    if (to_wide == from_wide)
        return value;
    return to_wide ? value * 257 : (value * 255 + 32767) / 65535;
}

static inline void store_pixel(void *row, size_t index, unsigned channels, bool wide, bool was_wide,
                               struct pixel pixel)
{
    size_t first = index * channels;
    if (channels >= 3)
        for (unsigned i = 0; i < 3; i++)
            store(row, first + i, wide, change_depth(pixel.colour[i], wide, was_wide));
    else
        store(row, first, wide, change_depth(pixel.colour[0], wide, was_wide));
    if (channels % 2 == 0)
        store(row, first + channels - 1, wide, change_depth(pixel.alpha, wide, was_wide));
}

/* Inlined with constant depths, so that the compiler makes four loops of it. */
__attribute__((always_inline)) static inline void convert(void *dst, unsigned dst_channels,
                                                          bool dst_wide, const void *src,
                                                          unsigned src_channels, bool src_wide,
                                                          size_t width)
{
    bool flatten = src_channels % 2 == 0 && dst_channels % 2 == 1;
    bool to_grey = src_channels >= 3 && dst_channels < 3;
    for (size_t x = 0; x < width; x++) {
        struct pixel pixel = load_pixel(src, x, src_channels, src_wide);
        if (flatten)
            pixel = onto_white(pixel, src_wide ? 65535 : 255);
        if (to_grey)
            pixel.colour[0] = luma(pixel.colour);
        store_pixel(dst, x, dst_channels, dst_wide, src_wide, pixel);
    }
}

void planche_row_convert(void *dst, enum planche_pixel_format dst_format, const void *src,
                         enum planche_pixel_format src_format, size_t width)
{
    unsigned to = planche_pixel_channels(dst_format), from = planche_pixel_channels(src_format);
    bool to_wide = planche_pixel_depth(dst_format) == 16;
    bool from_wide = planche_pixel_depth(src_format) == 16;
    if (dst_format == src_format)
        memcpy(dst, src, width * planche_pixel_size(dst_format));
    else if (to_wide && from_wide)
        convert(dst, to, true, src, from, true, width);
    else if (to_wide)
        convert(dst, to, true, src, from, false, width);
    else if (from_wide)
        convert(dst, to, false, src, from, true, width);
    else
        convert(dst, to, false, src, from, false, width);
}

bool planche_pixels_fit(const struct planche_pixels *pixels)
{
    uintptr_t sample = planche_pixel_depth(pixels->format) / 8;
    return pixels->stride / planche_pixel_size(pixels->format) >= pixels->width &&
           ((uintptr_t)pixels->data | pixels->stride) % sample == 0;
}

enum planche_status planche_pixels_check(const struct planche_pixels *pixels,
                                         struct planche_error *error)
{
    if (!planche_pixel_format_valid(pixels->format) || !pixels->data || !pixels->width ||
        !pixels->height)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "pixels without format, size or data");
    if (!planche_pixels_fit(pixels))
        return planche_fail(
            error, PLANCHE_ERROR_ARGUMENT,
            "a stride of %zu bytes is less than a row, or samples of 16 bits are at "
            "odd addresses",
            pixels->stride);
    return PLANCHE_OK;
}
