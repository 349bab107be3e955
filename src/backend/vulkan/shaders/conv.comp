/* SPDX-License-Identifier: MIT */
/* CONV: convolution of channel-concatenated views, bias, activation and residuals. Tap (kx, ky) of
 * output pixel (ox, oy) is at (ox * stride_w + kx * dilation_w + in.x, likewise y) of each view,
 * and zero where the view has nothing stored. */
#version 460
#extension GL_GOOGLE_include_directive : require
#include "products.glsl"

ivec4 column;
int row;

tap locate_tap(int n)
{
    int ky = n / args.kernel_w, kx = n - ky * args.kernel_w;
    return tap(n, column * args.stride_w + kx * args.dilation_w,
               row * args.stride_h + ky * args.dilation_h);
}

void main()
{
    ivec2 at = group_origin() + place_in_group() * ivec2(PIXELS, 1);
    if (at.x >= args.result.width || at.y >= args.result.height ||
        first_quad() >= quads_of(args.result.pitch))
        return;
    column = at.x + ivec4(0, 1, 2, 3);
    row = at.y;
    sum_taps(args.kernel_w * args.kernel_h);
    store_sums(column, row);
}
