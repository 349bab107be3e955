/* SPDX-License-Identifier: MIT */
/* AVERAGE: what was summed at in[0].address, in PLANCHE_GPU_SUM_COPIES parts, divided by the pixels
 * that there are in the whole view: floats at `vector`, zeros behind the channels up to the pitch.
 */
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
    uint low = 0u, high = 0u;
    for (int copy = 0; copy < PLANCHE_GPU_SUM_COPIES; copy++) {
        int at = (copy * args.result.pitch + c) * 2;
        uint carry;
        low = uaddCarry(low, sums.at[at], carry);
        high += sums.at[at + 1] + carry;
    }
    floats(args.vector).at[c] = c < args.result.channels ? mean_of(low, high) : 0.0;
}
