/* SPDX-License-Identifier: MIT */
/* Matrices of conv_matrix.glsl as cooperative ones of a subgroup. Offsets and strides in the stage
 * are of its pieces. */
#ifndef PLANCHE_MATRIX_KHR_GLSL
#define PLANCHE_MATRIX_KHR_GLSL

#define PIXELS coopmat<float16_t, gl_ScopeSubgroup, 16, 16, gl_MatrixUseA>
#define WEIGHTS coopmat<float16_t, gl_ScopeSubgroup, 16, 16, gl_MatrixUseB>
#define SUMS coopmat<float, gl_ScopeSubgroup, 16, 16, gl_MatrixUseAccumulator>
#define RESULTS coopmat<float16_t, gl_ScopeSubgroup, 16, 16, gl_MatrixUseAccumulator>

#define LANE     gl_SubgroupInvocationID
#define SUBGROUP gl_SubgroupID
#define SUBGROUP_BARRIER() subgroupBarrier()
#define shuffle_xor(value, mask) subgroupShuffleXor(value, mask)

#define load_pixels(matrix, offset, stride) \
    coopMatLoad(matrix, stage, offset, stride, gl_CooperativeMatrixLayoutRowMajor)
#define multiply_add(sums, pixels, weights) sums = coopMatMulAdd(pixels, weights, sums)
#define store_sums(sums, offset, stride) \
    coopMatStore(sums, stage, offset, stride, gl_CooperativeMatrixLayoutRowMajor)
/* Rounded to halves. */
#define store_results(sums, offset, stride) \
    coopMatStore(RESULTS(sums), stage, offset, stride, gl_CooperativeMatrixLayoutRowMajor)
/* A stride of 0: the same for each pixel. */
#define load_constants(sums, first) \
    coopMatLoad(sums, Floats(args.constants).data, first, 0, gl_CooperativeMatrixLayoutRowMajor)

SUMS sums_of(float value)
{
    return SUMS(value);
}

SUMS load_results(uint offset, uint stride)
{
    RESULTS halves;
    coopMatLoad(halves, stage, offset, stride, gl_CooperativeMatrixLayoutRowMajor);
    return SUMS(halves);
}

WEIGHTS load_weights(uint fragment)
{
    WEIGHTS matrix;
    if (PACKED == 0) {
        coopMatLoad(matrix, Halves(args.weights).data, fragment * 256, 16,
                    gl_CooperativeMatrixLayoutRowMajor);
        return matrix;
    }
    uvec4 lane = Pieces(args.weights).data[fragment * 32 + LANE];
    f16vec2 a = unpackFloat2x16(lane.x), b = unpackFloat2x16(lane.y);
    f16vec2 c = unpackFloat2x16(lane.z), d = unpackFloat2x16(lane.w);
    matrix[0] = a.x;
    matrix[1] = a.y;
    matrix[2] = b.x;
    matrix[3] = b.y;
    matrix[4] = c.x;
    matrix[5] = c.y;
    matrix[6] = d.x;
    matrix[7] = d.y;
    return matrix;
}

SUMS bend(SUMS value, SUMS slopes)
{
    for (int i = 0; i < value.length(); i++)
        if (ACTIVATION == 1)
            value[i] = max(value[i], 0.0);
        else
            value[i] = value[i] < 0.0 ? value[i] * slopes[i] : value[i];
    return value;
}

#endif
