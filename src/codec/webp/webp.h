/* SPDX-License-Identifier: MIT */
/* Common part of the WebP reader and writer. */
#ifndef PLANCHE_CODEC_WEBP_WEBP_H
#define PLANCHE_CODEC_WEBP_WEBP_H

#include "codec/format.h"

enum planche_status planche_webp_open(struct planche_decoder *decoder, struct planche_error *error);
enum planche_status planche_webp_read(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                      uint32_t count, struct planche_error *error);
void planche_webp_close(struct planche_decoder *decoder);

/* What the encoder of a lossy picture did; head: its chunk as far as it is there, 64 bytes are
 * enough. Zeroes: the picture is not lossy, or its header makes no sense. */
struct planche_encoding planche_webp_get_encoding(const uint8_t *head, size_t size);

/* *memory is what libwebp takes at most for decoding a picture of so many pixels; chunks are those
 * of its file, or of a frame. False: there is no *memory left for looking. */
bool planche_webp_decoder_memory(const uint8_t *chunks, size_t size, uint32_t width,
                                 uint32_t height, struct planche_budget *budget, uint64_t *memory);

uint64_t planche_webp_memory(const struct planche_image_info *info,
                             const struct planche_writer_options *options);
enum planche_status planche_webp_start(struct planche_encoder *encoder,
                                       struct planche_error *error);
enum planche_status planche_webp_write(struct planche_encoder *encoder, const uint8_t *rows,
                                       size_t stride, uint32_t count, struct planche_error *error);
enum planche_status planche_webp_finish(struct planche_encoder *encoder,
                                        struct planche_error *error);
void planche_webp_abandon(struct planche_encoder *encoder);

/* Copy of a lossless file while libwebp writes it. Zeroes at first; data is to be planche_free()d.
 * What it takes is a part of what is reserved for libwebp. */
struct planche_webp_copy {
    uint8_t *data;
    size_t size;
};
/* Error: MEMORY. */
enum planche_status planche_webp_copy_add(struct planche_webp_copy *copy, const uint8_t *data,
                                          size_t size, struct planche_error *error);
/* Whether the whole file can be decoded; row has room for one. reserved is what the encoder took,
 * and has given back. Errors: MEMORY, BUDGET, INTERNAL. */
enum planche_status planche_webp_copy_check(const struct planche_webp_copy *copy,
                                            const struct planche_encoder *encoder,
                                            uint64_t reserved, uint8_t *row,
                                            struct planche_error *error);

/* The longest beginning of a file that the container may have to change: RIFF's header and a VP8X
 * chunk. */
#define PLANCHE_WEBP_HEAD_SIZE 30

/* Puts metadata round the file that libwebp makes, while it makes it: the compressed picture is
 * never held a second time. Zero but for the encoder and, if there is no EXIF in its metadata but a
 * density, the EXIF that says so. */
struct planche_webp_container {
    struct planche_encoder *encoder;
    const struct planche_blob *exif;
    uint8_t head[PLANCHE_WEBP_HEAD_SIZE];
    size_t have; /* bytes of head */
    bool begun;  /* head has been changed and sent */
};

/* The next bytes of libwebp's file. Errors: IO; LIMIT when the file gets too large for WebP. */
enum planche_status planche_webp_container_write(struct planche_webp_container *container,
                                                 const uint8_t *data, size_t size,
                                                 struct planche_error *error);
enum planche_status planche_webp_container_finish(struct planche_webp_container *container,
                                                  struct planche_error *error);

#endif
