/* SPDX-License-Identifier: MIT */
/* PNG files by libpng alone. */
#include "images.h"

#include <png.h>
#include <string.h>
#include <zlib.h>

static void emit(png_structp png, png_bytep data, size_t size)
{
    bytes_append(png_get_io_ptr(png), data, size);
}

static void flush(png_structp png)
{
    (void)png;
}

static void set_palette(png_structp png, png_infop info, const struct png_spec *spec)
{
    png_color palette[256];
    for (int i = 0; i < spec->palette_size; i++)
        palette[i] =
            (png_color){spec->palette[3 * i], spec->palette[3 * i + 1], spec->palette[3 * i + 2]};
    png_set_PLTE(png, info, palette, spec->palette_size);
    if (spec->palette_alpha)
        png_set_tRNS(png, info, spec->palette_alpha, spec->palette_alpha_size, NULL);
}

static void set_colours(png_structp png, png_infop info, const struct png_spec *spec)
{
    const double *c = spec->chromaticities;
    if (spec->gamma > 0)
        png_set_gAMA(png, info, spec->gamma);
    if (c)
        png_set_cHRM(png, info, c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]);
    if (spec->srgb)
        png_set_sRGB(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
    if (spec->icc) {
        /* Any bytes, as a foreign file may have them. */
        png_set_option(png, PNG_SKIP_sRGB_CHECK_PROFILE, PNG_OPTION_ON);
        png_set_iCCP(png, info, "test", 0, spec->icc->data, (png_uint_32)spec->icc->size);
    }
    if (spec->transparent) {
        png_color_16 colour = {.gray = spec->transparent[0], .red = spec->transparent[0]};
        if (spec->colour_type == PNG_COLOR_TYPE_RGB) {
            colour.green = spec->transparent[1];
            colour.blue = spec->transparent[2];
        }
        png_set_tRNS(png, info, NULL, 0, &colour);
    }
}

static void set_metadata(png_structp png, png_infop info, const struct png_spec *spec)
{
    if (spec->x_density)
        png_set_pHYs(png, info, spec->x_density, spec->y_density, PNG_RESOLUTION_METER);
    if (spec->exif)
        png_set_eXIf_1(png, info, (png_uint_32)spec->exif->size, spec->exif->data);
    if (spec->xmp) {
        char *text = calloc(1, spec->xmp->size + 1);
        memcpy(text, spec->xmp->data, spec->xmp->size);
        png_text entry = {.compression = PNG_ITXT_COMPRESSION_zTXt,
                          .key = "XML:com.adobe.xmp",
                          .text = text,
                          .itxt_length = spec->xmp->size,
                          .lang = "",
                          .lang_key = ""};
        png_set_text(png, info, &entry, 1);
        free(text);
    }
}

struct bytes make_png(const struct png_spec *spec)
{
    struct bytes bytes = {NULL, 0, 0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, &bytes, emit, flush);
    png_set_benign_errors(png, 1);
    png_set_IHDR(png, info, spec->width, spec->height, spec->bit_depth, spec->colour_type,
                 spec->interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (spec->palette)
        set_palette(png, info, spec);
    set_colours(png, info, spec);
    set_metadata(png, info, spec);
    png_write_info(png, info);
    int passes = png_set_interlace_handling(png);
    for (int pass = 0; pass < passes; pass++)
        for (uint32_t y = 0; y < spec->height; y++)
            png_write_row(png, spec->rows + y * spec->stride);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    if (spec->cicp)
        png_insert(&bytes,
                   spec->icc    ? "iCCP"
                   : spec->srgb ? "sRGB"
                                : "IDAT",
                   "cICP", spec->cicp, 4, true);
    return bytes;
}

static void put32(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> (24 - 8 * i));
}

size_t png_find(const struct bytes *file, const char *name)
{
    for (size_t at = 8; at + 12 <= file->size;) {
        const uint8_t *p = file->data + at;
        if (memcmp(p + 4, name, 4) == 0)
            return at;
        at += 12 + ((size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3]);
    }
    fail_msg("no chunk %s", name);
    return 0;
}

void png_insert(struct bytes *file, const char *before, const char *name, const void *content,
                size_t size, bool right)
{
    size_t at = png_find(file, before);
    struct bytes longer = {NULL, 0, 0};
    uint8_t head[8], crc[4];
    put32(head, (uint32_t)size);
    memcpy(head + 4, name, 4);
    bytes_append(&longer, file->data, at);
    bytes_append(&longer, head, 8);
    bytes_append(&longer, content, size);
    put32(crc, (uint32_t)crc32(0, longer.data + at + 4, (uInt)size + 4) + !right);
    bytes_append(&longer, crc, 4);
    bytes_append(&longer, file->data + at, file->size - at);
    bytes_free(file);
    *file = longer;
}
