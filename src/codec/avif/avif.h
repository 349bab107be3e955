/* SPDX-License-Identifier: MIT */
/* Common part of the AVIF reader and writer. */
#ifndef PLANCHE_CODEC_AVIF_AVIF_H
#define PLANCHE_CODEC_AVIF_AVIF_H

#include "codec/avif/library.h"
#include "codec/format.h"

/* Pixels of whole superblocks: what AV1's libraries take counts these. */
static inline uint64_t planche_avif_padded_pixels(uint32_t width, uint32_t height)
{
    const uint64_t side = 128;
    return (width + side - 1) / side * side * ((height + side - 1) / side * side);
}

enum planche_status planche_avif_open(struct planche_decoder *decoder, struct planche_error *error);
enum planche_status planche_avif_read(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                      uint32_t count, struct planche_error *error);
void planche_avif_close(struct planche_decoder *decoder);

/* Copies the profile, or makes one of the numbers that stand for colours, into decoder->metadata;
 * channels are known. Errors: UNSUPPORTED (high dynamic range among them), MEMORY, BUDGET. */
enum planche_status planche_avif_get_colours(struct planche_decoder *decoder,
                                             const avifImage *image, struct planche_error *error);
/* Frames of an animation that are counted; none of more than one is read. */
#define PLANCHE_AVIF_MAX_FRAMES 16384
/* Adds to decoder->lost what else the file holds. *memory is what libavif takes at most for what
 * the file says about its items and frames, beside copies of it. Error: IO. */
enum planche_status planche_avif_look_at_boxes(struct planche_decoder *decoder, uint64_t *memory,
                                               struct planche_error *error);
/* Frames of an AV1 stream, shown or not, up to as many as a decoder keeps, and one: so many also if
 * it is only a part of a stream. */
#define PLANCHE_AVIF_KEPT_FRAMES 8
unsigned planche_avif_count_frames(const uint8_t *stream, size_t size);
/* EXIF's number for the file's rotation and mirroring. */
unsigned planche_avif_orientation(const avifImage *image);

uint64_t planche_avif_memory(const struct planche_image_info *info,
                             const struct planche_writer_options *options);
enum planche_status planche_avif_start(struct planche_encoder *encoder,
                                       struct planche_error *error);
enum planche_status planche_avif_write(struct planche_encoder *encoder, const uint8_t *rows,
                                       size_t stride, uint32_t count, struct planche_error *error);
enum planche_status planche_avif_finish(struct planche_encoder *encoder,
                                        struct planche_error *error);
void planche_avif_abandon(struct planche_encoder *encoder);

#endif
