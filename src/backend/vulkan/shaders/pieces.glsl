/* SPDX-License-Identifier: MIT */
/* Tensors and weights for matrix units: halves in pieces of 16 bytes, or quads of 8. */
#ifndef PLANCHE_PIECES_GLSL
#define PLANCHE_PIECES_GLSL

#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require

MEMORY(16) readonly buffer Pieces
{
    uvec4 data[];
};
MEMORY(16) writeonly buffer OutPieces
{
    uvec4 data[];
};
MEMORY(8) readonly buffer Quads
{
    uvec2 data[];
};
MEMORY(8) writeonly buffer OutQuads
{
    uvec2 data[];
};
MEMORY(16) readonly buffer Halves
{
    float16_t data[];
};
MEMORY(16) readonly buffer Floats
{
    float data[];
};

bool inside(ivec2 at, planche_gpu_view view)
{
    return uint(at.x) < uint(view.width) && uint(at.y) < uint(view.height);
}

uint pixel_index(planche_gpu_view view, ivec2 at)
{
    return uint(at.y) * uint(view.width) + uint(at.x);
}

#endif
