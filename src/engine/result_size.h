/* SPDX-License-Identifier: MIT */
/* What a page's size and the limits of formats make of its result, known before any work. */
#ifndef PLANCHE_ENGINE_RESULT_SIZE_H
#define PLANCHE_ENGINE_RESULT_SIZE_H

#include "codec/codec.h"

/* Fills in the result's output size from its input size: the network's, made smaller in proportion
 * until it is within what was asked for. Errors: LIMIT. */
enum planche_status planche_result_size(struct planche_page_result *result, unsigned scale,
                                        uint64_t max_pixels,
                                        const struct planche_page_options *options,
                                        struct planche_error *error);
/* planche_page_predict: fills in what follows from the result's input size. max_pixels 0: the
 * engine's default. Errors: LIMIT, UNSUPPORTED. */
enum planche_status planche_result_predict(struct planche_page_result *result, unsigned scale,
                                           uint64_t max_pixels,
                                           const struct planche_page_options *options,
                                           struct planche_error *error);
/* Rows of a file of this format and width; 0: that is too wide. */
uint32_t planche_result_rows(enum planche_format format, uint32_t width);
/* A format for what is too large for that of info: JPEG, which every viewer opens and which is
 * written row by row, in the place of lossy ones if nothing but size is against it. */
enum planche_format planche_result_other_format(const struct planche_image_info *info,
                                                bool lossless);

#endif
