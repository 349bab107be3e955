/* SPDX-License-Identifier: MIT */
/* INTERP: enlarges or reduces in[0], whose whole view has in_width x in_height pixels, to out_width
 * x out_height; operation is the mode. Nearest takes the pixel at floor(x * in / out); the others
 * have half-pixel centres, and bicubic Keys' weights (1981) with a = act0; unless kernel_w, an enum
 * planche_interp_place, says another place. Pixels beyond the view's edges are those at the edges; a
 * pixel of the view is stored at that + (in.x, in.y). */
#version 460
#extension GL_GOOGLE_include_directive : require
#include "quads.glsl"

/* enum planche_interp_mode */
#define INTERP_NEAREST  1
#define INTERP_BILINEAR 2
/* enum planche_interp_place */
#define HALF_PIXEL    0
#define ALIGN_CORNERS 1

/* The taps of a position: `count` of them from `first` on. */
struct taps {
    int first, count;
    vec4 weights;
};

vec4 cubic_weights(float f)
{
    float a = args.act0, g = 1.0 - f;
    float w0 = ((a * (f + 1.0) - 5.0 * a) * (f + 1.0) + 8.0 * a) * (f + 1.0) - 4.0 * a;
    float w1 = ((a + 2.0) * f - (a + 3.0)) * f * f + 1.0;
    float w2 = ((a + 2.0) * g - (a + 3.0)) * g * g + 1.0;
    return vec4(w0, w1, w2, 1.0 - w0 - w1 - w2);
}

/* floor((high, low) / by), bit by bit; the rest is less than by, by less than 2^31. */
uint divide_wide(uint high, uint low, uint by, inout uint rest)
{
    uint quotient = 0;
    rest = high % by;
    for (int bit = 31; bit >= 0; bit--) {
        rest = rest << 1 | (low >> bit & 1u);
        quotient <<= 1;
        if (rest >= by) {
            rest -= by;
            quotient |= 1u;
        }
    }
    return quotient;
}

/* In whole numbers, so that where a pixel lies among its taps repeats exactly. A whole factor is
 * the ratio of 1 to itself. */
taps taps_at(int i, int size, int result)
{
    bool aligned = args.kernel_w == ALIGN_CORNERS, nearest = args.operation == INTERP_NEAREST;
    bool centred = args.kernel_w == HALF_PIXEL && !nearest;
    if (aligned) {
        size -= 1;
        result = max(result - 1, 1);
    } else if (result % size == 0) {
        result /= size;
        size = 1;
    }
    uint high, low, rest = 0, carry;
    /* One more `result` than there should be, so that nothing is negative. */
    umulExtended(uint(centred ? 2 * i + 1 : 2 * i), uint(size), high, low);
    low = uaddCarry(low, uint(centred ? result : aligned && nearest ? 3 * result : 2 * result),
                    carry);
    high += carry;
    int base;
    if (high == 0) {
        base = int(low / (2u * uint(result)));
        rest = low % (2u * uint(result));
    } else {
        base = int(divide_wide(high, low, 2u * uint(result), rest));
    }
    base -= 1;
    float f = float(rest) / float(2 * result);
    if (nearest)
        return taps(base, 1, vec4(1.0, 0.0, 0.0, 0.0));
    if (args.operation == INTERP_BILINEAR)
        return taps(base, 2, vec4(1.0 - f, f, 0.0, 0.0));
    return taps(base - 1, 4, cubic_weights(f));
}

vec4 make_quad(ivec2 at, int quad)
{
    taps across = taps_at(at.x + args.result.x, args.in_width, args.out_width);
    taps down = taps_at(at.y + args.result.y, args.in_height, args.out_height);
    ivec2 last = ivec2(args.in_width, args.in_height) - 1;
    vec4 sum = vec4(0.0);
    for (int x = 0; x < across.count; x++) {
        vec4 column = vec4(0.0);
        for (int y = 0; y < down.count; y++) {
            ivec2 from = clamp(ivec2(across.first + x, down.first + y), ivec2(0), last);
            from += ivec2(args.sources[0].x, args.sources[0].y);
            column += down.weights[y] * load_quad(args.sources[0], from, quad);
        }
        sum += across.weights[x] * column;
    }
    return sum;
}
