/* SPDX-License-Identifier: MIT */
/* Pages to bytes and back with the formats' own libraries. */
#include "api_test.h"

#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>
#include <webp/encode.h>

/* After stdio.h, which it needs. */
#include <jpeglib.h>

static const int colour_types[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA,
                                   PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};

static void damaged(png_structp png, png_const_charp message)
{
    (void)png;
    fail_msg("libpng: %s", message);
}

static void append(png_structp png, png_bytep data, size_t size)
{
    struct bytes *bytes = png_get_io_ptr(png);
    bytes->data = realloc(bytes->data, bytes->size + size);
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

static void flush(png_structp png)
{
    (void)png;
}

static struct bytes encode_png(const struct planche_pixels *pixels)
{
    struct bytes bytes = {0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, damaged, NULL);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, &bytes, append, flush);
    png_set_IHDR(png, info, pixels->width, pixels->height, (int)image_depth(pixels->format),
                 colour_types[image_channels(pixels->format) - 1], PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(png, 1);
    png_write_info(png, info);
    png_set_swap(png); /* of 16-bit samples, on machines with the least significant byte first */
    for (uint32_t y = 0; y < pixels->height; y++)
        png_write_row(png, (png_const_bytep)pixels->data + y * pixels->stride);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    return bytes;
}

static void take(png_structp png, png_bytep data, size_t size)
{
    struct bytes *bytes = png_get_io_ptr(png);
    assert_true(size <= bytes->size);
    memcpy(data, bytes->data, size);
    bytes->data += size;
    bytes->size -= size;
}

static void decode_png(struct image *image, struct bytes bytes)
{
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, damaged, NULL);
    png_infop info = png_create_info_struct(png);
    png_set_read_fn(png, &bytes, take);
    png_read_info(png, info);
    unsigned channels = png_get_channels(png, info);
    assert_int_equal(png_get_color_type(png, info), colour_types[channels - 1]);
    image_make(image,
               (enum planche_pixel_format)(channels + (png_get_bit_depth(png, info) == 16 ? 4 : 0)),
               png_get_image_width(png, info), png_get_image_height(png, info), 0, 0);
    png_set_swap(png);
    for (uint32_t y = 0; y < image->pixels.height; y++)
        png_read_row(png, image->data + y * image->pixels.stride, NULL);
    png_read_end(png, NULL);
    png_destroy_read_struct(&png, &info, NULL);
}

struct bytes encode_jpeg(const struct planche_pixels *pixels, int quality)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *data = NULL;
    unsigned long size = 0;
    int channels = (int)image_channels(pixels->format);
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &data, &size);
    jpeg.image_width = pixels->width;
    jpeg.image_height = pixels->height;
    jpeg.input_components = channels;
    jpeg.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, quality, TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    while (jpeg.next_scanline < jpeg.image_height) {
        JSAMPROW row = (JSAMPROW)pixels->data + jpeg.next_scanline * pixels->stride;
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return (struct bytes){data, size};
}

static void decode_jpeg(struct image *image, struct bytes bytes)
{
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&jpeg);
    jpeg_mem_src(&jpeg, bytes.data, (unsigned long)bytes.size);
    jpeg_read_header(&jpeg, TRUE);
    jpeg_start_decompress(&jpeg);
    image_make(image, jpeg.output_components == 1 ? PLANCHE_PIXELS_GREY8 : PLANCHE_PIXELS_RGB8,
               jpeg.output_width, jpeg.output_height, 0, 0);
    while (jpeg.output_scanline < jpeg.output_height) {
        JSAMPROW row = image->data + jpeg.output_scanline * image->pixels.stride;
        jpeg_read_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_decompress(&jpeg);
    jpeg_destroy_decompress(&jpeg);
}

/* Without loss: what is read is what was written. */
static struct bytes encode_webp(const struct planche_pixels *pixels)
{
    bool alpha = image_has_alpha(pixels->format);
    struct bytes bytes;
    uint8_t *data = NULL;
    bytes.size = (alpha ? WebPEncodeLosslessRGBA : WebPEncodeLosslessRGB)(
        pixels->data, (int)pixels->width, (int)pixels->height, (int)pixels->stride, &data);
    assert_true(bytes.size > 0);
    bytes.data = malloc(bytes.size);
    memcpy(bytes.data, data, bytes.size);
    WebPFree(data);
    return bytes;
}

static void decode_webp(struct image *image, struct bytes bytes)
{
    WebPBitstreamFeatures features;
    assert_int_equal(WebPGetFeatures(bytes.data, bytes.size, &features), VP8_STATUS_OK);
    image_make(image, features.has_alpha ? PLANCHE_PIXELS_RGBA8 : PLANCHE_PIXELS_RGB8,
               (uint32_t)features.width, (uint32_t)features.height, 0, 0);
    size_t size = image->pixels.stride * image->pixels.height;
    int stride = (int)image->pixels.stride;
    assert_non_null((features.has_alpha ? WebPDecodeRGBAInto : WebPDecodeRGBInto)(
        bytes.data, bytes.size, image->data, size, stride));
}

struct bytes encode(const struct planche_pixels *pixels, enum planche_format format)
{
    switch (format) {
    case PLANCHE_FORMAT_JPEG:
        return encode_jpeg(pixels, 75);
    case PLANCHE_FORMAT_WEBP:
        return encode_webp(pixels);
    default:
        return encode_png(pixels);
    }
}

void decode(struct image *image, const void *data, size_t size, enum planche_format *format)
{
    struct bytes bytes = {(uint8_t *)(uintptr_t)data, size};
    assert_true(size > 12);
    if (bytes.data[0] == 0xff) {
        *format = PLANCHE_FORMAT_JPEG;
        decode_jpeg(image, bytes);
    } else if (bytes.data[0] == 'R') {
        *format = PLANCHE_FORMAT_WEBP;
        decode_webp(image, bytes);
    } else {
        *format = PLANCHE_FORMAT_PNG;
        decode_png(image, bytes);
    }
}
