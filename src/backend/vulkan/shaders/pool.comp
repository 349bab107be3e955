/* SPDX-License-Identifier: MIT */
/* POOL: adds the out.width x out.height pixels of in[0] from (in.x, in.y) on, channel by channel,
 * to 64-bit whole numbers at out.address: [channel of the pitch][low word, high word]. Values are
 * in units of 2^-16, cut off at +-32767, so that the order of adding them does not matter: however
 * the pixels are divided among workgroups, dispatches and tiles, the sums are the same. */
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

#define QUADS    16
#define ROWS     16
#define CHANNELS (QUADS * 4)
#define PIXELS_X ROWS
#define PIXELS_Y 64

layout(local_size_x = QUADS * ROWS) in;

/* A 64-bit number in two's complement: low word, high word. */
shared uvec2 sums[ROWS][CHANNELS];

uvec2 add_wide(uvec2 a, uvec2 b)
{
    uint carry, low = uaddCarry(a.x, b.x, carry);
    return uvec2(low, a.y + b.y + carry);
}

uvec2 widen(int v)
{
    return uvec2(v, v < 0 ? 0xffffffffu : 0u);
}

/* Each of the ROWS has its own column of pixels. */
void sum_column(int quad, int row)
{
    uvec2 sum[4] = uvec2[](uvec2(0), uvec2(0), uvec2(0), uvec2(0));
    int y0 = int(gl_WorkGroupID.y) * PIXELS_Y, y1 = min(y0 + PIXELS_Y, args.result.height);
    int x = int(gl_WorkGroupID.x) * PIXELS_X + row;
    if (quad < quads_of(args.result.pitch) && x < args.result.width)
        for (int y = y0; y < y1; y++) {
            ivec2 at = ivec2(x + args.sources[0].x, y + args.sources[0].y);
            vec4 v = clamp(load_quad(args.sources[0], at, quad), -32767.0, 32767.0);
            ivec4 fixed_point = ivec4(roundEven(v * 65536.0));
            [[unroll]] for (int c = 0; c < 4; c++)
                sum[c] = add_wide(sum[c], widen(fixed_point[c]));
        }
    [[unroll]] for (int c = 0; c < 4; c++)
        sums[row][quad * 4 % CHANNELS + c] = sum[c];
}

void main()
{
    int first = int(gl_WorkGroupID.z) * CHANNELS;
    int c = int(gl_LocalInvocationIndex);
    sum_column(first / 4 + c % QUADS, c / QUADS);
    barrier();
    if (c >= CHANNELS || first + c >= args.result.pitch)
        return;
    uvec2 sum = uvec2(0);
    for (int row = 0; row < ROWS; row++)
        sum = add_wide(sum, sums[row][c]);
    words total = words(args.result.address);
    uint carry, before = atomicAdd(total.at[(first + c) * 2], sum.x);
    uaddCarry(before, sum.x, carry);
    atomicAdd(total.at[(first + c) * 2 + 1], sum.y + carry);
}
