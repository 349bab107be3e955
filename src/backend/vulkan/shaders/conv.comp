/* SPDX-License-Identifier: MIT */
/* CONV: convolution of channel-concatenated views, bias, activation and residuals. Tap (kx, ky) of
 * output pixel (ox, oy) is at (ox * stride_w + kx * dilation_w + in.x, likewise y) of each view,
 * and zero where the view has nothing stored. */
#version 460
#extension GL_GOOGLE_include_directive : require
#include "products.glsl"

void main()
{
    ivec2 at = ivec2((gl_WorkGroupID.x * gl_WorkGroupSize.y + gl_LocalInvocationID.y) * PIXELS,
               gl_WorkGroupID.y * gl_WorkGroupSize.z + gl_LocalInvocationID.z);
    if (at.x >= args.result.width || at.y >= args.result.height ||
        first_quad() >= quads_of(args.result.pitch))
        return;
    ivec4 x = at.x + ivec4(0, 1, 2, 3);
    int channels = input_channels();
    clear_sums();
    for (int ky = 0; ky < args.kernel_h; ky++)
        for (int kx = 0; kx < args.kernel_w; kx++)
            add_tap(ky * args.kernel_w + kx, x * args.stride_w + kx * args.dilation_w,
                    at.y * args.stride_h + ky * args.dilation_h, channels);
    store_sums(x, at.y);
}
