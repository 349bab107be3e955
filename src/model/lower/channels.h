/* SPDX-License-Identifier: MIT */
/* Rearrangements of channels: slices, pixel unshuffles, orders. */
#ifndef PLANCHE_MODEL_LOWER_CHANNELS_H
#define PLANCHE_MODEL_LOWER_CHANNELS_H

#include "model/lower/builder.h"
#include "net/layout.h"

/* Slices that a convolution's outputs are divided among at most. */
#define PLANCHE_CHANNELS_SLICES 16

/* Zeros for a step that owns them. Errors: UNSUPPORTED (too many), MEMORY, BUDGET. */
enum planche_status planche_channels_weights(struct planche_builder *builder,
                                             const struct planche_layer *layer, size_t outputs,
                                             size_t inputs, size_t taps, float **weights);
/* A step that makes the layer's output: channel c of it is channel sources[c] of the view. */
enum planche_status planche_channels_pick(struct planche_builder *builder,
                                          const struct planche_layer *layer,
                                          const struct planche_view *view, const int *sources,
                                          int count);
/* The view of one channel, as often as `channels` says. */
enum planche_status planche_channels_spread(struct planche_builder *builder,
                                            const struct planche_layer *layer,
                                            struct planche_view *view, int channels);
enum planche_status planche_channels_slice(struct planche_builder *builder,
                                           const struct planche_layer *layer);
/* The channels of a position-major shuffle's input in the order of SHUFFLE. */
enum planche_status planche_channels_to_major(struct planche_builder *builder,
                                              const struct planche_layer *layer,
                                              struct planche_view *view);
/* Makes the tensor of an unshuffle that has waited for a convolution to take it in. */
enum planche_status planche_channels_unshuffle(struct planche_builder *builder, int blob);
/* Whether a convolution can take in the unshuffle that it reads; and, changed so that it does. */
bool planche_channels_can_widen(const struct planche_builder *builder,
                                const struct planche_layer *layer);
enum planche_status planche_channels_widen(struct planche_builder *builder,
                                           struct planche_layer *layer);
/* The parts of a value that hold channels [begin, begin + count) and no others; 0: there are none.
 */
int planche_channels_parts(const struct planche_builder *builder, const struct planche_value *value,
                           int begin, int count, int *first);
/* Where the slices begin that a blob is divided into, if nothing else reads it; behind them, its
 * channels. Returns how many; 0: it is not. */
int planche_channels_divide(const struct planche_builder *builder, int blob,
                            int *begins /* [PLANCHE_CHANNELS_SLICES + 1] */);

#endif
