/* SPDX-License-Identifier: MIT */
/* LOAD: the network's input from the page's pixels. Beyond the page it goes on as in a mirror; the
 * result's whole tensor begins at pixel (-pad_left, -pad_top) of the page.
 *
 * value = self * sample + other, samples in 0..1; a grey page has three equal channels. in[0] says
 * which pixels of the page are the tile's own, not its surroundings: where one of them is bright,
 * the result cannot be black. */
#version 460
#extension GL_GOOGLE_include_directive : require
#include "page.glsl"

#define BRIGHT 0.25 /* run.c looks for it, too */

layout(local_size_x = 64, local_size_y = 4) in;

/* The edge is not repeated. */
int reflect_index(int i, int size)
{
    if (size == 1)
        return 0;
    int period = 2 * (size - 1);
    int r = abs(i) % period; /* of negative numbers drivers do not agree */
    return r < size ? r : period - r;
}

uint load_pixel(ivec2 at)
{
    ivec2 from = at + ivec2(args.result.x - args.pad_left, args.result.y - args.pad_top);
    ivec2 own = from - ivec2(args.sources[0].x, args.sources[0].y);
    from = ivec2(reflect_index(from.x, args.page_width), reflect_index(from.y, args.page_height));
    uint most = 0;
    vec4 pixel = vec4(0.0);
    for (int c = 0; c < 3; c++) {
        uint value = load_sample(args.page, args.page_stride, from, min(c, args.colours - 1));
        pixel[c] = float(value) * (args.self / most_sample()) + args.other;
        most = max(most, value);
    }
    store_quad(at, 0, pixel);
    for (int quad = 1; quad < quads_of(args.result.pitch); quad++)
        store_quad(at, quad, vec4(0.0));
    bool is_own = own.x >= 0 && own.y >= 0 && own.x < args.sources[0].width &&
                  own.y < args.sources[0].height;
    return is_own && float(most) >= BRIGHT * most_sample() ? PLANCHE_GPU_SAW_INPUT : 0;
}

void main()
{
    ivec2 at = ivec2(gl_GlobalInvocationID.xy);
    clear_seen();
    report_seen(at.x < args.result.width && at.y < args.result.height ? load_pixel(at) : 0);
}
