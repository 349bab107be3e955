/* SPDX-License-Identifier: MIT */
/* Lays out fragments of weights, 16 inputs x 16 outputs row by row, as the lanes of a subgroup hold
 * them, so that convolutions load a fragment with 16 bytes a lane. How lanes hold a matrix is the
 * device's own matter, hence a shader. in[0] is the fragments, out.width their number, and out as
 * many bytes. A workgroup has one fragment. */
// variants: f16
#version 460
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "pieces.glsl"

layout(local_size_x = 32) in;

void main()
{
    coopmat<float16_t, gl_ScopeSubgroup, 16, 16, gl_MatrixUseB> matrix;
    uint fragment = gl_WorkGroupID.x;
    if (fragment >= uint(args.result.width))
        return;
    coopMatLoad(matrix, Halves(args.sources[0].address).data, fragment * 256, 16,
                gl_CooperativeMatrixLayoutRowMajor);
    OutPieces(args.result.address).data[fragment * 32 + gl_SubgroupInvocationID] =
        uvec4(packFloat2x16(f16vec2(matrix[0], matrix[1])),
              packFloat2x16(f16vec2(matrix[2], matrix[3])),
              packFloat2x16(f16vec2(matrix[4], matrix[5])),
              packFloat2x16(f16vec2(matrix[6], matrix[7])));
}
