/* SPDX-License-Identifier: MIT */
/* DEPTHWISE: convolution of every channel by itself, with all that CONV has. Tap (kx, ky) of output
 * pixel (ox, oy) is at (ox * stride_w + kx * dilation_w + in.x, likewise y), and zero where the
 * view has nothing stored. weights: floats, [tap][pitch]. */
#version 460
#extension GL_GOOGLE_include_directive : require
#include "activation.glsl"
#include "quads.glsl"

vec4 sum_taps(ivec2 at, int quad)
{
    planche_gpu_view view = args.sources[0];
    ivec2 origin = at * ivec2(args.stride_w, args.stride_h) + ivec2(view.x, view.y);
    vec4 sum = is_null(args.constants) ? vec4(0.0) : vectors(args.constants).at[quad];
    int weights = quad, step = quads_of(args.result.pitch);
    for (int ky = 0; ky < args.kernel_h; ky++)
        for (int kx = 0; kx < args.kernel_w; kx++) {
            ivec2 from = origin + ivec2(kx * args.dilation_w, ky * args.dilation_h);
            if (all(greaterThanEqual(from, ivec2(0))) &&
                all(lessThan(from, ivec2(view.width, view.height))))
                sum += load_quad(view, from, quad) * vectors(args.weights).at[weights];
            weights += step;
        }
    return sum;
}

vec4 make_quad(ivec2 at, int quad)
{
    vec4 v = bend(sum_taps(at, quad), slope_of(quad));
    for (int r = 0; r < args.residual_count; r++) {
        planche_gpu_view view = args.residual[r].view;
        v = args.residual[r].self * v +
            args.residual[r].other * load_quad(view, at + ivec2(view.x, view.y), quad);
    }
    return v;
}
