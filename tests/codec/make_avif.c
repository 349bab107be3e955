/* SPDX-License-Identifier: MIT */
/* AVIF files by libavif alone. */
#include "images.h"

#include <avif/avif.h>
#include <string.h>

static unsigned sample(const struct picture *picture, size_t index)
{
    uint16_t wide;
    if (picture->depth == 8)
        return picture->data[index];
    memcpy(&wide, picture->data + 2 * index, 2);
    return wide;
}

/* A plane of one channel, without libavif's conversions. */
static void set_plane(const struct avif_spec *spec, uint8_t *plane, uint32_t row_bytes,
                      unsigned channel)
{
    const struct picture *picture = spec->picture;
    unsigned shift = picture->depth - spec->depth;
    for (uint32_t y = 0; y < picture->height; y++)
        for (uint32_t x = 0; x < picture->width; x++) {
            size_t at = ((size_t)y * picture->width + x) * picture->channels + channel;
            int value = (int)sample(picture, at) >> shift;
            if (spec->limited && channel == 0)
                value = avifFullToLimitedY((int)spec->depth, value);
            uint16_t wide = (uint16_t)value;
            if (spec->depth == 8)
                plane[y * row_bytes + x] = (uint8_t)value;
            else
                memcpy(plane + y * row_bytes + 2 * x, &wide, 2);
        }
}

static void set_pixels(const struct avif_spec *spec, avifImage *image)
{
    const struct picture *picture = spec->picture;
    bool alpha = picture->channels % 2 == 0;
    assert_int_equal(avifImageAllocatePlanes(image, alpha ? AVIF_PLANES_ALL : AVIF_PLANES_YUV),
                     AVIF_RESULT_OK);
    if (picture->channels < 3) {
        set_plane(spec, image->yuvPlanes[0], image->yuvRowBytes[0], 0);
    } else {
        avifRGBImage rgb;
        avifRGBImageSetDefaults(&rgb, image);
        rgb.depth = picture->depth;
        rgb.format = alpha ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
        rgb.alphaPremultiplied = image->alphaPremultiplied;
        rgb.pixels = picture->data;
        rgb.rowBytes = (uint32_t)picture_row_bytes(picture);
        assert_int_equal(avifImageRGBToYUV(image, &rgb), AVIF_RESULT_OK);
    }
    if (alpha)
        set_plane(spec, image->alphaPlane, image->alphaRowBytes, picture->channels - 1);
}

/* As the standard's table has it. */
static void set_orientation(avifImage *image, unsigned orientation)
{
    static const uint8_t angles[9] = {0, 0, 0, 2, 0, 1, 3, 3, 1};
    static const int8_t mirrors[9] = {-1, -1, 1, -1, 0, 0, -1, 0, -1};
    if (angles[orientation])
        image->transformFlags |= AVIF_TRANSFORM_IROT;
    image->irot.angle = angles[orientation];
    if (mirrors[orientation] < 0)
        return;
    image->transformFlags |= AVIF_TRANSFORM_IMIR;
#if AVIF_VERSION >= 1000000
    image->imir.axis = (uint8_t)mirrors[orientation];
#else
    image->imir.mode = (uint8_t)mirrors[orientation];
#endif
}

static void lend(avifRWData *to, const struct bytes *bytes)
{
    if (bytes)
        *to = (avifRWData){bytes->data, bytes->size};
}

static avifImage *make_image(const struct avif_spec *spec)
{
    const struct picture *picture = spec->picture;
    avifPixelFormat format = picture->channels < 3 ? AVIF_PIXEL_FORMAT_YUV400
                             : spec->subsampled    ? AVIF_PIXEL_FORMAT_YUV420
                                                   : AVIF_PIXEL_FORMAT_YUV444;
    avifImage *image =
        avifImageCreate(picture->width, picture->height, spec->depth ? spec->depth : 8, format);
    bool identity = spec->lossless && picture->channels >= 3;
    assert_non_null(image);
    image->yuvRange = spec->limited ? AVIF_RANGE_LIMITED : AVIF_RANGE_FULL;
    image->matrixCoefficients =
        identity ? AVIF_MATRIX_COEFFICIENTS_IDENTITY : AVIF_MATRIX_COEFFICIENTS_BT709;
    image->colorPrimaries = (avifColorPrimaries)spec->primaries;
    image->transferCharacteristics = (avifTransferCharacteristics)spec->transfer;
    image->alphaPremultiplied = spec->premultiplied;
    set_orientation(image, spec->orientation);
    if (spec->cropped) {
        image->transformFlags |= AVIF_TRANSFORM_CLAP;
        image->clap = (avifCleanApertureBox){picture->width - 2, 1, picture->height, 1, 0, 1, 0, 1};
    }
    lend(&image->icc, spec->icc);
    lend(&image->exif, spec->exif);
    lend(&image->xmp, spec->xmp);
    return image;
}

struct bytes make_avif(const struct avif_spec *given)
{
    struct avif_spec spec = *given;
    struct bytes bytes = {NULL, 0, 0};
    avifRWData file = AVIF_DATA_EMPTY, none = AVIF_DATA_EMPTY;
    if (!spec.depth)
        spec.depth = 8;
    avifImage *image = make_image(&spec);
    avifEncoder *encoder = avifEncoderCreate();
    assert_non_null(encoder);
    set_pixels(&spec, image);
    encoder->maxThreads = 1;
    encoder->speed = 10;
    encoder->minQuantizer = encoder->maxQuantizer = spec.lossless ? 0 : 4;
    encoder->minQuantizerAlpha = encoder->maxQuantizerAlpha = 0;
    if (spec.film_grain)
        avifEncoderSetCodecSpecificOption(encoder, "film-grain-test", "1");
    const avifImage *cells[4] = {image, image, image, image};
    avifAddImageFlags flags = spec.frames ? AVIF_ADD_IMAGE_FLAG_NONE : AVIF_ADD_IMAGE_FLAG_SINGLE;
    if (spec.cells)
        assert_int_equal(avifEncoderAddImageGrid(encoder, spec.cells, 1, cells, flags),
                         AVIF_RESULT_OK);
    for (unsigned i = 0; i < (spec.frames ? spec.frames : 1) && !spec.cells; i++)
        assert_int_equal(avifEncoderAddImage(encoder, image, 1, flags), AVIF_RESULT_OK);
    assert_int_equal(avifEncoderFinish(encoder, &file), AVIF_RESULT_OK);
    bytes_append(&bytes, file.data, file.size);
    avifRWDataFree(&file);
    avifEncoderDestroy(encoder);
    image->icc = image->exif = image->xmp = none;
    avifImageDestroy(image);
    return bytes;
}
