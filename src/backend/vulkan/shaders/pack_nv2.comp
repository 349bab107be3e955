/* SPDX-License-Identifier: MIT */
/* Lays out matrices of weights, 16 inputs x BLOCK outputs row by row, as threads of conv_nv2.comp
 * hold them: the same type of matrix in a workgroup of the same size. One workgroup a matrix. */
// variants: f16
// target: vulkan1.3
#version 460
#extension GL_KHR_cooperative_matrix : require
#extension GL_NV_cooperative_matrix2 : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "pieces.glsl"
#include "matrix_nv2.glsl"

void main()
{
    WEIGHTS matrix;
    uint number = gl_WorkGroupID.x;
    if (number >= uint(args.result.width))
        return;
    coopMatLoad(matrix, Halves(args.sources[0].address).data, number * CHANNELS * BLOCK, BLOCK,
                gl_CooperativeMatrixLayoutRowMajor);
    uint to = number * SLOT + gl_LocalInvocationIndex;
    [[unroll]] for (uint i = 0; i < matrix.length(); i += 8) {
        uvec4 piece = uvec4(0);
        [[unroll]] for (uint k = 0; k < 8; k += 2)
            if (i + k < matrix.length())
                piece[k / 2] = packFloat2x16(f16vec2(matrix[i + k], matrix[i + k + 1]));
        OutPieces(args.result.address).data[to + i / 8 * THREADS] = piece;
    }
}
