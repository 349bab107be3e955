/* SPDX-License-Identifier: MIT */
/* Channel blocking: how many channels lie side by side in memory.
 *
 * Tensors of up to PLANCHE_PLANAR_CHANNELS channels are planar, larger ones have blocks of
 * PLANCHE_LANES channels. The lowering, the kernels and the backends share these constants. */
#ifndef PLANCHE_NET_LAYOUT_H
#define PLANCHE_NET_LAYOUT_H

#include <stdbool.h>

#define PLANCHE_LANES           16
#define PLANCHE_PLANAR_CHANNELS 4

/* Attention: the most rows and columns of a window, and blocks of a head. */
#define PLANCHE_ATTENTION_WINDOW 8
#define PLANCHE_ATTENTION_BLOCKS 8

/* Whether a convolution can read a tensor of so many channels as one of a list of several, as if
 * they were one tensor: it is not planar, and fills its blocks unless it is the last of the list.
 * The lowering copies lists together that do not have this property. */
static inline bool planche_channels_are_joinable(int channels, bool last)
{
    return channels > PLANCHE_PLANAR_CHANNELS && (last || channels % PLANCHE_LANES == 0);
}

#endif
