/* SPDX-License-Identifier: MIT */
/* DECONV: transposed convolution, with all that CONV has. Pixel Y = oy + out.y + pad_top of the
 * result before its padding is cut away gets tap ky from the input row iy with
 * Y = iy * stride_h + ky * dilation_h, stored at iy + in.y; columns likewise. */
#version 460
#extension GL_GOOGLE_include_directive : require
#include "products.glsl"

/* Where tap k of position at comes from. */
int origin(int at, int k, int stride, int dilation)
{
    int from = at - k * dilation;
    return from >= 0 && from % stride == 0 ? from / stride : NOWHERE;
}

/* The pixels of an invocation are a stride apart, so that they have the same taps, where the
 * workgroup's columns can be dealt out like that. */
int spread()
{
    return int(gl_WorkGroupSize.y) % args.stride_w == 0 ? args.stride_w : 1;
}

int first_column()
{
    int group = int(gl_LocalInvocationID.y), step = spread();
    return int(gl_WorkGroupID.x * gl_WorkGroupSize.y) * PIXELS + group / step * step * PIXELS +
           group % step;
}

void add_row(int ky, int y, ivec4 column, int channels)
{
    bool together = args.dilation_w == 1 && spread() == args.stride_w;
    int step = together ? args.stride_w : 1;
    for (int kx = together ? column.x % step : 0; kx < args.kernel_w; kx += step) {
        ivec4 x;
        for (int p = 0; p < PIXELS; p++)
            x[p] = origin(column[p], kx, args.stride_w, args.dilation_w);
        add_tap(ky * args.kernel_w + kx, x, y, channels);
    }
}

void main()
{
    ivec4 x = first_column() + ivec4(0, 1, 2, 3) * spread();
    int y = int(gl_WorkGroupID.y * gl_WorkGroupSize.z + gl_LocalInvocationID.z);
    if (x.x >= args.result.width || y >= args.result.height ||
        first_quad() >= quads_of(args.result.pitch))
        return;
    int channels = input_channels(), row = y + args.result.y + args.pad_top;
    clear_sums();
    for (int ky = 0; ky < args.kernel_h; ky++) {
        int from = origin(row, ky, args.stride_h, args.dilation_h);
        if (from != NOWHERE)
            add_row(ky, from, x + args.result.x + args.pad_left, channels);
    }
    store_sums(x, y);
}
