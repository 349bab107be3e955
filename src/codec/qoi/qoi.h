/* SPDX-License-Identifier: MIT */
/* QOI, read by own code. Source: the QOI specification 1.0. */
#ifndef PLANCHE_CODEC_QOI_QOI_H
#define PLANCHE_CODEC_QOI_QOI_H

#include "codec/format.h"

enum planche_status planche_qoi_open(struct planche_decoder *decoder, struct planche_error *error);
enum planche_status planche_qoi_read(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                     uint32_t count, struct planche_error *error);
enum planche_status planche_qoi_rewind(struct planche_decoder *decoder,
                                       struct planche_error *error);
void planche_qoi_close(struct planche_decoder *decoder);

#endif
