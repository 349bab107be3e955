/* SPDX-License-Identifier: MIT */
/* Reading in a process of its own: formats whose libraries cannot be bounded, or end the process
 * when memory runs out, are decoded by planche-decode. To the common part it is a format like any
 * other, whose rows come one after the other. */
#ifndef PLANCHE_CODEC_ISOLATED_H
#define PLANCHE_CODEC_ISOLATED_H

#include "codec/format.h"

/* Errors: those of the format's reader, and
 * UNSUPPORTED (the program is missing), IO (it was killed, crashed, or is not ours), LIMIT
 * (computing time), CANCELLED, DEADLINE. */
enum planche_status planche_isolated_open(struct planche_decoder *decoder,
                                          struct planche_error *error);
enum planche_status planche_isolated_read(struct planche_decoder *decoder, uint8_t *rows,
                                          size_t stride, uint32_t count,
                                          struct planche_error *error);
enum planche_status planche_isolated_rewind(struct planche_decoder *decoder,
                                            struct planche_error *error);
void planche_isolated_close(struct planche_decoder *decoder);

/* Of such formats; and of any, for who wants none to be read in this process. */
extern const struct planche_reading_ops planche_isolated_reading;

/* For a fuzzer, which has the descriptors of a program that is not started. */
struct planche_helper;
enum planche_status planche_isolated_begin(struct planche_decoder *decoder,
                                           const struct planche_helper *helper,
                                           struct planche_error *error);

#endif
