/* SPDX-License-Identifier: MIT */
/* WebP files by libwebp and libwebpmux alone. */
#include "images.h"

#include <webp/encode.h>
#include <webp/mux.h>

static void set_chunk(WebPMux *mux, const char *tag, const struct bytes *bytes)
{
    if (!bytes)
        return;
    WebPData data = {bytes->data, bytes->size};
    assert_int_equal(WebPMuxSetChunk(mux, tag, &data, 1), WEBP_MUX_OK);
}

static size_t encode(const struct webp_spec *spec, uint8_t **out)
{
    const struct picture *picture = spec->picture;
    int width = (int)picture->width, height = (int)picture->height;
    int stride = (int)picture_row_bytes(picture);
    if (spec->lossless)
        return picture->channels == 4
                   ? WebPEncodeLosslessRGBA(picture->data, width, height, stride, out)
                   : WebPEncodeLosslessRGB(picture->data, width, height, stride, out);
    return picture->channels == 4 ? WebPEncodeRGBA(picture->data, width, height, stride, 95, out)
                                  : WebPEncodeRGB(picture->data, width, height, stride, 95, out);
}

struct bytes make_webp(const struct webp_spec *spec)
{
    struct bytes bytes = {NULL, 0, 0};
    uint8_t *plain = NULL;
    WebPData image = {NULL, encode(spec, &plain)}, assembled;
    image.bytes = plain;
    assert_true(image.size > 0);
    WebPMux *mux = WebPMuxNew();
    assert_int_equal(WebPMuxSetImage(mux, &image, 1), WEBP_MUX_OK);
    set_chunk(mux, "ICCP", spec->icc);
    set_chunk(mux, "EXIF", spec->exif);
    set_chunk(mux, "XMP ", spec->xmp);
    assert_int_equal(WebPMuxAssemble(mux, &assembled), WEBP_MUX_OK);
    bytes_append(&bytes, assembled.bytes, assembled.size);
    WebPDataClear(&assembled);
    WebPMuxDelete(mux);
    WebPFree(plain);
    return bytes;
}
