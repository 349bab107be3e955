/* SPDX-License-Identifier: MIT */
/* What all shaders share: the arguments, and tensors in memory.
 *
 * Tensors are read and written in quads: the values of 4 channels of a pixel. They are stored as
 * PLANCHE_F16 says, 1 for half precision or 0 for single; all arithmetic is in single precision.
 * Whoever writes a tensor writes all quads of its pitch, zeros behind the last channel. A region
 * may have more than 2^32 values, so rows have 64-bit addresses; a row's bytes are counted in 32
 * bits (tiles/memory_planner.c).
 *
 * gl_WorkGroupID is a position and nothing else: the host may cut a dispatch into several. */
#ifndef PLANCHE_COMMON_GLSL
#define PLANCHE_COMMON_GLSL

#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference_uvec2 : require
#extension GL_EXT_control_flow_attributes : require
#if PLANCHE_F16
#extension GL_EXT_shader_16bit_storage : require
#define STORED      float16_t
#define STORED_QUAD uvec2
#define STORED_SIZE 2
#else
#define STORED      float
#define STORED_QUAD vec4
#define STORED_SIZE 4
#endif

#include "args.h"

layout(std140, set = 0, binding = 0) uniform planche_arguments
{
    planche_gpu_args args;
};

#define MEMORY(alignment) layout(buffer_reference, std430, buffer_reference_align = alignment)

MEMORY(16) readonly buffer quads_in
{
    STORED_QUAD at[];
};
/* From a row on: a row of pitch 4 need not begin at a multiple of 16 bytes. */
MEMORY(4 * STORED_SIZE) readonly buffer row_in
{
    STORED_QUAD at[];
};
MEMORY(4 * STORED_SIZE) writeonly buffer row_out
{
    STORED_QUAD at[];
};
MEMORY(STORED_SIZE) readonly buffer values_in
{
    STORED at[];
};
MEMORY(16) buffer vectors
{
    vec4 at[];
};
MEMORY(4) buffer floats
{
    float at[];
};
MEMORY(4) buffer words
{
    uint at[];
};

bool is_null(uvec2 address)
{
    return (address.x | address.y) == 0;
}

/* Byte `bytes` of row y. Pages may be larger than 4 GB, so that takes both words of an address. */
uvec2 address_of(uvec2 base, int y, int stride, uint bytes)
{
    uint high, low, carry;
    umulExtended(uint(y), uint(stride), high, low);
    low = uaddCarry(low, bytes, carry);
    high += carry;
    low = uaddCarry(base.x, low, carry);
    return uvec2(low, base.y + high + carry);
}

int quads_of(int pitch)
{
    return pitch >> 2;
}

/* Halves are loaded and stored as words, two at a time, which all devices do well. */
vec4 unpack_quad(STORED_QUAD v)
{
#if PLANCHE_F16
    return vec4(unpackHalf2x16(v.x), unpackHalf2x16(v.y));
#else
    return v;
#endif
}

STORED_QUAD pack_quad(vec4 v)
{
#if PLANCHE_F16
    return uvec2(packHalf2x16(v.xy), packHalf2x16(v.zw));
#else
    return v;
#endif
}

/* Row y of a stored region. */
uvec2 row_of(planche_gpu_view view, int y)
{
    return address_of(view.address, y, view.width * view.pitch * STORED_SIZE, 0);
}

/* `at` is a pixel of the stored region. */
vec4 load_quad(planche_gpu_view view, ivec2 at, int quad)
{
    return unpack_quad(row_in(row_of(view, at.y)).at[at.x * quads_of(view.pitch) + quad]);
}

float load_value(planche_gpu_view view, ivec2 at, int channel)
{
    return float(values_in(row_of(view, at.y)).at[at.x * view.pitch + channel]);
}

void store_quad(ivec2 at, int quad, vec4 value)
{
    int index = at.x * quads_of(args.result.pitch) + quad;
    row_out(row_of(args.result, at.y)).at[index] = pack_quad(value);
}

/* Which channels of a quad there are. */
bvec4 used_channels(int quad)
{
    return lessThan(ivec4(quad * 4) + ivec4(0, 1, 2, 3), ivec4(args.result.channels));
}

#endif
