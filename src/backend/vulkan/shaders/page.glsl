/* SPDX-License-Identifier: MIT */
/* Pixels of pages: interleaved samples of 8 or 16 bits, read as words. */
#ifndef PLANCHE_PAGE_GLSL
#define PLANCHE_PAGE_GLSL

#include "common.glsl"

/* Sample c of the page's pixel `at`; rows begin at multiples of 4 bytes. */
uint load_sample(uvec2 page, int stride, ivec2 at, int c)
{
    uint sample_bytes = uint(args.depth) / 8;
    uint first = uint(at.x * args.channels + c) * sample_bytes;
    uint word = words(address_of(page, at.y, stride, first & ~3u)).at[0];
    return bitfieldExtract(word, int(first & 3u) * 8, args.depth);
}

float most_sample()
{
    return args.depth == 16 ? 65535.0 : 255.0;
}

/* Tells the host what any invocation of this workgroup saw. All invocations must come here. */
shared uint seen;

void clear_seen()
{
    if (gl_LocalInvocationIndex == 0)
        seen = 0;
    barrier();
}

void report_seen(uint flags)
{
    if (flags != 0)
        atomicOr(seen, flags);
    barrier();
    if (gl_LocalInvocationIndex == 0 && seen != 0)
        atomicOr(words(args.flags).at[0], seen);
}

#endif
