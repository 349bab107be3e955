/* SPDX-License-Identifier: MIT */
/* The page's alpha, enlarged: bit for bit what src/image/alpha.c makes, in 32-bit numbers. */
#ifndef PLANCHE_ALPHA_GLSL
#define PLANCHE_ALPHA_GLSL

#include "page.glsl"

/* The input row or column before output position p (may be -1). */
int alpha_base(int p)
{
    return (2 * p + 1 + args.scale) / (2 * args.scale) - 1;
}

/* Keys' polynomials times 2d^3, where p lies n / d behind alpha_base(p). */
ivec4 alpha_weights(int p)
{
    int d = 2 * args.scale;
    int n = (2 * (p % args.scale) + 1 - args.scale + d) % d;
    return ivec4(n * (2 * n * d - n * n - d * d), n * n * (3 * n - 5 * d) + 2 * d * d * d,
                 n * (4 * n * d - 3 * n * n + d * d), n * n * (n - d));
}

/* At most 65535 * 2d^3 * 5/4, d = 16. */
int alpha_column(int x, int base, ivec4 weights)
{
    ivec2 last = ivec2(args.page_width, args.page_height) - 1;
    int sum = 0;
    for (int i = 0; i < 4; i++) {
        ivec2 at = clamp(ivec2(x, base - 1 + i), ivec2(0), last);
        sum += weights[i] * int(load_sample(args.alpha, args.alpha_stride, at, args.colours));
    }
    return sum;
}

/* sum / unit, rounded to nearest, for 0 < sum < 2^17 * unit: the quotient in floats is at most one
 * off, and what remains then fits into 32 bits. */
int alpha_quotient(int high, uint low, uint unit)
{
    uint carry;
    low = uaddCarry(low, unit / 2, carry);
    high += int(carry);
    int quotient = int((float(high) * 4294967296.0 + float(low)) / float(unit));
    int rest = int(low - uint(quotient) * unit);
    return quotient + (rest < 0 ? -1 : rest >= int(unit) ? 1 : 0);
}

/* The sample at a pixel of the whole result. */
uint alpha_sample(ivec2 at)
{
    int high = 0;
    uint low = 0;
    ivec2 base = ivec2(alpha_base(at.x), alpha_base(at.y));
    ivec4 across = alpha_weights(at.x), down = alpha_weights(at.y);
    for (int i = 0; i < 4; i++) {
        int product_high, product_low;
        uint carry;
        imulExtended(across[i], alpha_column(base.x - 1 + i, base.y, down), product_high,
                     product_low);
        low = uaddCarry(low, uint(product_low), carry);
        high += product_high + int(carry);
    }
    if (high < 0)
        return 0;
    uint unit = 16u * uint(args.scale * args.scale * args.scale);
    int most = args.depth == 16 ? 65535 : 255;
    return uint(min(alpha_quotient(high, low, unit * unit), most));
}

#endif
