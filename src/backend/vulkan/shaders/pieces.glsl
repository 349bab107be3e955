/* SPDX-License-Identifier: MIT */
/* Tensors and weights in pieces of 16 bytes, 8 halves. */
#ifndef PLANCHE_PIECES_GLSL
#define PLANCHE_PIECES_GLSL

MEMORY(16) readonly buffer Pieces
{
    uvec4 data[];
};
MEMORY(8) readonly buffer Quads
{
    uvec2 data[];
};
MEMORY(16) writeonly buffer OutPieces
{
    uvec4 data[];
};
MEMORY(8) writeonly buffer OutQuads
{
    uvec2 data[];
};
MEMORY(16) readonly buffer Floats
{
    float data[];
};
MEMORY(16) readonly buffer Halves
{
    float16_t data[];
};

bool inside(ivec2 at, int width, int height)
{
    return uint(at.x) < uint(width) && uint(at.y) < uint(height);
}

#endif
