/* SPDX-License-Identifier: MIT */
/* Common part of the JPEG XL reader and writer. */
#ifndef PLANCHE_CODEC_JXL_JXL_H
#define PLANCHE_CODEC_JXL_JXL_H

#include "codec/format.h"
#include "codec/jxl/library.h"

/* Pictures are worked on in squares of this side; what libjxl takes counts whole ones. */
#define PLANCHE_JXL_GROUP 256
static inline uint64_t planche_jxl_padded_pixels(uint32_t width, uint32_t height)
{
    const uint64_t group = PLANCHE_JXL_GROUP;
    uint64_t columns = (width + group - 1) / group, rows = (height + group - 1) / group;
    return columns * rows * group * group;
}

/* The box of metadata that is being read. */
struct planche_jxl_box {
    struct planche_blob *target; /* NULL: none is wanted */
    bool exif, compressed;
    uint8_t *data;
    size_t capacity;
};

/* A box begins, which ends the one before; only EXIF and XMP are taken. Errors: DATA, MEMORY,
 * BUDGET. */
enum planche_status planche_jxl_box_begin(struct planche_jxl_box *box,
                                          struct planche_decoder *decoder, JxlDecoder *jxl,
                                          struct planche_error *error);
/* The box wants more room. Errors: LIMIT, MEMORY, BUDGET. */
enum planche_status planche_jxl_box_grow(struct planche_jxl_box *box,
                                         struct planche_decoder *decoder, JxlDecoder *jxl,
                                         struct planche_error *error);
/* The file has ended: takes what the box holds. Errors: MEMORY, BUDGET. */
enum planche_status planche_jxl_box_end(struct planche_jxl_box *box,
                                        struct planche_decoder *decoder, JxlDecoder *jxl,
                                        struct planche_error *error);
void planche_jxl_box_free(struct planche_jxl_box *box);

/* Asks libjxl for the colours that come nearest to the file's own. Called when libjxl has read what
 * the file says about them, by every decoder of the file. */
void planche_jxl_prefer_colours(JxlDecoder *jxl, bool grey);
/* Copies the profile of the pixels as libjxl will deliver them, unless it is sRGB's, into
 * decoder->metadata; channels are known. Errors: UNSUPPORTED (high dynamic range), DATA, MEMORY,
 * BUDGET. */
enum planche_status planche_jxl_get_colours(struct planche_decoder *decoder, const JxlDecoder *jxl,
                                            struct planche_error *error);

enum planche_status planche_jxl_open(struct planche_decoder *decoder, struct planche_error *error);
enum planche_status planche_jxl_read(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                     uint32_t count, struct planche_error *error);
void planche_jxl_close(struct planche_decoder *decoder);

uint64_t planche_jxl_memory(const struct planche_image_info *info,
                            const struct planche_writer_options *options);
enum planche_status planche_jxl_start(struct planche_encoder *encoder, struct planche_error *error);
enum planche_status planche_jxl_write(struct planche_encoder *encoder, const uint8_t *rows,
                                      size_t stride, uint32_t count, struct planche_error *error);
enum planche_status planche_jxl_finish(struct planche_encoder *encoder,
                                       struct planche_error *error);
void planche_jxl_abandon(struct planche_encoder *encoder);

#endif
