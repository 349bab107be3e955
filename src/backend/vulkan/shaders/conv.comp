/* SPDX-License-Identifier: MIT */
/* CONV: convolution of channel-concatenated views, bias, activation and residuals. Tap (kx, ky) of
 * output pixel (ox, oy) is at (ox * stride_w + kx * dilation_w + in.x, likewise y) of each view,
 * and zero where the view has nothing stored. */
#version 460
#extension GL_GOOGLE_include_directive : require
#include "products.glsl"

int column[PIXELS];
int row;

tap locate_tap(int n)
{
    int ky = n / args.kernel_w, kx = n - ky * args.kernel_w;
    int x[PIXELS];
    [[unroll]] for (int p = 0; p < PIXELS; p++)
        x[p] = column[p] * args.stride_w + kx * args.dilation_w;
    return tap(n, x, row * args.stride_h + ky * args.dilation_h);
}

void main()
{
    ivec2 at = group_origin() + place_in_group() * ivec2(PIXELS, 1);
    bool there = at.x < args.result.width && at.y < args.result.height &&
                 first_quad() < quads_of(args.result.pitch);
    [[unroll]] for (int p = 0; p < PIXELS; p++)
        column[p] = at.x + p;
    row = at.y;
    if (there)
        sum_taps(args.kernel_w * args.kernel_h);
    if (gather_parts() && there)
        store_sums(column, row);
}
