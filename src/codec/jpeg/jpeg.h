/* SPDX-License-Identifier: MIT */
/* Common part of the JPEG reader and writer: libjpeg with counted memory and errors that are
 * statuses. */
#ifndef PLANCHE_CODEC_JPEG_JPEG_H
#define PLANCHE_CODEC_JPEG_JPEG_H

#include "base/error_trap.h"
#include "codec/format.h"

#include <stdio.h>

#include <jpeglib.h>

/* libjpeg's memory manager, counted: see memory.c. */
struct planche_jpeg_memory {
    struct planche_budget *budget;
    struct jpeg_memory_mgr original; /* what the wrappers call */
    uint64_t used[JPOOL_NUMPOOLS];
};

/* cinfo->err points at errors, cinfo->client_data at the whole. */
struct planche_jpeg {
    struct jpeg_error_mgr errors;
    struct planche_error_trap trap;
    struct planche_jpeg_memory memory;
    const struct planche_log *log;
    const char *name; /* for messages */
    bool writing;
};

/* Points cinfo at the error handlers; before jpeg_create_*. */
void planche_jpeg_set_errors(struct planche_jpeg *jpeg, j_common_ptr cinfo);
/* Ends the running step; the trap's error is filled in already. */
_Noreturn void planche_jpeg_leave(j_common_ptr cinfo, enum planche_status status);

/* Puts counting wrappers round the memory manager that jpeg_create_* made. */
void planche_jpeg_count_memory(struct planche_jpeg *jpeg, j_common_ptr cinfo,
                               struct planche_budget *budget);

/* APP1 and APP2. */
#define PLANCHE_JPEG_APP1 (JPEG_APP0 + 1)
#define PLANCHE_JPEG_APP2 (JPEG_APP0 + 2)
/* Copies what the saved markers hold into decoder->metadata. Errors: MEMORY, BUDGET. */
enum planche_status planche_jpeg_get_metadata(const struct jpeg_decompress_struct *cinfo,
                                              struct planche_decoder *decoder,
                                              struct planche_error *error);
/* What the file's encoder did, by its quantisation table and sampling factors. */
struct planche_encoding planche_jpeg_get_encoding(const struct jpeg_decompress_struct *cinfo);
/* Sets the density; part of a step, before jpeg_start_compress. */
void planche_jpeg_set_density(struct jpeg_compress_struct *cinfo,
                              const struct planche_metadata *metadata);
/* Writes the markers; part of a step, after jpeg_start_compress. What does not fit in markers is
 * left out. */
void planche_jpeg_write_metadata(struct jpeg_compress_struct *cinfo,
                                 const struct planche_metadata *metadata);

enum planche_status planche_jpeg_open(struct planche_decoder *decoder, struct planche_error *error);
enum planche_status planche_jpeg_read(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                      uint32_t count, struct planche_error *error);
enum planche_status planche_jpeg_rewind(struct planche_decoder *decoder,
                                        struct planche_error *error);
void planche_jpeg_close(struct planche_decoder *decoder);

/* From these efforts on: Huffman tables of its own, progressive scans. */
#define PLANCHE_JPEG_OPTIMISED_EFFORT   5
#define PLANCHE_JPEG_PROGRESSIVE_EFFORT 7
/* From this quality on, colour is not subsampled: coloured lines would show it. */
#define PLANCHE_JPEG_FULL_COLOUR_QUALITY 90
/* Rows of MCUs of a restart interval, by the picture's size and the effort alone; 0: the scan has
 * none. */
int planche_jpeg_restarts(const struct planche_image_info *info,
                          const struct planche_writer_options *options);
/* Says how the picture, or so many of its rows, is encoded; part of a step. */
void planche_jpeg_set_parameters(struct jpeg_compress_struct *cinfo,
                                 const struct planche_encoder *encoder, uint32_t rows);
/* Encodes a row; part of a step. */
void planche_jpeg_take_row(struct planche_jpeg *jpeg, struct jpeg_compress_struct *cinfo,
                           const uint8_t *row);
/* Bytes that libjpeg takes for rows on their way. */
uint64_t planche_jpeg_lines_memory(const struct planche_image_info *info);

uint64_t planche_jpeg_memory_needed(const struct planche_image_info *info,
                                    const struct planche_writer_options *options);
enum planche_status planche_jpeg_start(struct planche_encoder *encoder,
                                       struct planche_error *error);
enum planche_status planche_jpeg_write(struct planche_encoder *encoder, const uint8_t *rows,
                                       size_t stride, uint32_t count, struct planche_error *error);
enum planche_status planche_jpeg_finish(struct planche_encoder *encoder,
                                        struct planche_error *error);
void planche_jpeg_abandon(struct planche_encoder *encoder);

#endif
