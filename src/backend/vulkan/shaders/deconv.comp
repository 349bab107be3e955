/* SPDX-License-Identifier: MIT */
/* DECONV: transposed convolution, with all that CONV has. Pixel Y = oy + out.y + pad_top of the
 * result before its padding is cut away gets tap ky from the input row iy with
 * Y = iy * stride_h + ky * dilation_h, stored at iy + in.y; columns likewise. */
#version 460
#extension GL_GOOGLE_include_directive : require
#include "products.glsl"

/* Pixels before the padding is cut away. */
int column[PIXELS];
int row;
/* The kernel's columns that this invocation has: every `step`-th from `first` on; rows likewise. */
ivec2 first, step_by, taps;

/* Where tap k of pixel `at` comes from. */
int origin(int at, int k, int stride, int dilation)
{
    int from = at - k * dilation;
    return from >= 0 && from % stride == 0 ? from / stride : NOWHERE;
}

/* The pixels of an invocation are a stride apart, so that they have the same taps, where the
 * workgroup's columns can be dealt out like that. */
int spread()
{
    return (GROUP_WIDTH / PIXELS) % args.stride_w == 0 ? args.stride_w : 1;
}

/* Without dilation, pixels have every stride-th tap; else all are looked at. */
void find_taps()
{
    bvec2 apart = bvec2(args.dilation_w == 1 && spread() == args.stride_w, args.dilation_h == 1);
    step_by = mix(ivec2(1), ivec2(args.stride_w, args.stride_h), apart);
    first = ivec2(column[0], row) % step_by;
    taps = max((ivec2(args.kernel_w, args.kernel_h) - first + step_by - 1) / step_by, ivec2(0));
}

tap locate_tap(int n)
{
    ivec2 k = first + ivec2(n % taps.x, n / taps.x) * step_by;
    int x[PIXELS];
    [[unroll]] for (int p = 0; p < PIXELS; p++)
        x[p] = origin(column[p], k.x, args.stride_w, args.dilation_w);
    return tap(k.y * args.kernel_w + k.x, x, origin(row, k.y, args.stride_h, args.dilation_h));
}

void main()
{
    ivec2 place = place_in_group();
    int apart = spread();
    ivec2 at = group_origin();
    at += ivec2(place.x / apart * apart * PIXELS + place.x % apart, place.y);
    bool there = at.x < args.result.width && at.y < args.result.height &&
                 first_quad() < quads_of(args.result.pitch);
    int x[PIXELS];
    [[unroll]] for (int p = 0; p < PIXELS; p++) {
        x[p] = at.x + p * apart;
        column[p] = x[p] + args.result.x + args.pad_left;
    }
    row = at.y + args.result.y + args.pad_top;
    find_taps();
    if (there)
        sum_taps(taps.x * taps.y);
    if (gather_parts() && there)
        store_sums(x, at.y);
}
