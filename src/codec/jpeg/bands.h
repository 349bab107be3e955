/* SPDX-License-Identifier: MIT */
/* A baseline JPEG's rows encoded by several threads: bands of four rows of MCUs, each a restart
 * interval of the scan (ITU-T T.81, E.1.4). libjpeg makes the same bytes on one thread when it is
 * told to restart as often (planche_jpeg_restarts). */
#ifndef PLANCHE_CODEC_JPEG_BANDS_H
#define PLANCHE_CODEC_JPEG_BANDS_H

#include "codec/jpeg/jpeg.h"

struct planche_jpeg_bands;

/* Most bytes that bands take; 0: there are none, because nobody would help or nothing restarts. */
uint64_t planche_jpeg_bands_memory(const struct planche_image_info *info,
                                   const struct planche_writer_options *options);
/* *out stays NULL where planche_jpeg_bands_memory is 0, and where there is no memory for bands:
 * libjpeg alone is to encode the rows then. encoder must outlive it. Errors: INTERNAL. */
enum planche_status planche_jpeg_bands_create(struct planche_jpeg_bands **out,
                                              struct planche_encoder *encoder,
                                              struct planche_error *error);
void planche_jpeg_bands_destroy(struct planche_jpeg_bands **bands);
/* A row of zeroes, before the first one comes. */
uint8_t *planche_jpeg_bands_blank(struct planche_jpeg_bands *bands);
/* Takes the next row; encodes and emits bands of the scan as they become full, with the markers
 * between them. Errors: the sink's, MEMORY, BUDGET, INTERNAL. */
enum planche_status planche_jpeg_bands_add(struct planche_jpeg_bands *bands, const uint8_t *row,
                                           struct planche_error *error);

#endif
