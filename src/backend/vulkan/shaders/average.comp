/* SPDX-License-Identifier: MIT */
/* AVERAGE: what POOL summed at in[0].address, divided by the pixels that there are in the whole
 * view: floats at `vector`, zeros behind the channels up to the pitch. */
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

#define CHANNELS 64

layout(local_size_x = CHANNELS) in;

const float WORD = 4294967296.0;

float mean_of(uint low, uint high)
{
    bool negative = (high & 0x80000000u) != 0;
    if (negative) {
        high = ~high + (low == 0 ? 1u : 0u);
        low = ~low + 1u;
    }
    float count = float(uint(args.count_hi)) * WORD + float(uint(args.count_lo));
    float mean = (float(high) * WORD + float(low)) / 65536.0 / count;
    return negative ? -mean : mean;
}

void main()
{
    int c = int(gl_WorkGroupID.z * CHANNELS + gl_LocalInvocationID.x);
    if (c >= args.result.pitch)
        return;
    words sums = words(args.sources[0].address);
    bool used = c < args.result.channels;
    floats(args.vector).at[c] = used ? mean_of(sums.at[c * 2], sums.at[c * 2 + 1]) : 0.0;
}
