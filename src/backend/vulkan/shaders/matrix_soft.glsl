/* SPDX-License-Identifier: MIT */
/* Matrices of conv_matrix.glsl without matrix units. A lane has half a row of 16 sums: those of
 * pixel LANE / 2. Pixels are read where they lie: the stage does not change while it is multiplied.
 */
#ifndef PLANCHE_MATRIX_SOFT_GLSL
#define PLANCHE_MATRIX_SOFT_GLSL

#define PIXELS  uvec2 /* offset, stride */
#define WEIGHTS soft_weights
#define SUMS    mat2x4

#define LANE     (gl_LocalInvocationIndex % 32)
#define SUBGROUP (gl_LocalInvocationIndex / 32)
/* All subgroups of a workgroup go the same way. */
#define SUBGROUP_BARRIER() barrier()

struct soft_weights {
    mat2x4 rows[16];
};

shared int exchange[THREADS];

int shuffle_xor(int value, uint mask)
{
    barrier();
    exchange[gl_LocalInvocationIndex] = value;
    barrier();
    return exchange[gl_LocalInvocationIndex ^ mask];
}

void load_pixels(out PIXELS matrix, uint offset, uint stride)
{
    matrix = uvec2(offset, stride);
}

SUMS unpack_piece(uvec4 piece)
{
    return SUMS(unpack_quad(piece.xy), unpack_quad(piece.zw));
}

/* The half of each row that the lane has sums for. */
WEIGHTS load_weights(uint fragment)
{
    WEIGHTS weights;
    [[dont_unroll]] for (uint k = 0; k < 16; k++)
        weights.rows[k] =
            unpack_piece(Pieces(args.weights).data[fragment * 32 + k * 2 + LANE % 2]);
    return weights;
}

void multiply_add(inout SUMS sums, PIXELS pixels, WEIGHTS weights)
{
    uint row = pixels.x + LANE / 2 * pixels.y;
    SUMS low = unpack_piece(stage[row]), high = unpack_piece(stage[row + 1]);
    [[dont_unroll]] for (uint k = 0; k < 8; k++) {
        sums += low[k / 4][k % 4] * weights.rows[k];
        sums += high[k / 4][k % 4] * weights.rows[k + 8];
    }
}

SUMS sums_of(float value)
{
    return SUMS(vec4(value), vec4(value));
}

void load_constants(out SUMS sums, uint first)
{
    [[dont_unroll]] for (uint i = 0; i < 8; i++)
        sums[i / 4][i % 4] = Floats(args.constants).data[first + LANE % 2 * 8 + i];
}

void store_sums(SUMS sums, uint offset, uint stride)
{
    uint at = offset + LANE / 2 * stride + LANE % 2 * 2;
    stage[at] = floatBitsToUint(sums[0]);
    stage[at + 1] = floatBitsToUint(sums[1]);
}

void store_results(SUMS sums, uint offset, uint stride)
{
    stage[offset + LANE / 2 * stride + LANE % 2] = uvec4(pack_quad(sums[0]), pack_quad(sums[1]));
}

SUMS load_results(uint offset, uint stride)
{
    return unpack_piece(stage[offset + LANE / 2 * stride + LANE % 2]);
}

SUMS bend(SUMS value, SUMS slopes)
{
    [[dont_unroll]] for (uint i = 0; i < 8; i++) {
        float v = value[i / 4][i % 4], slope = ACTIVATION == 1 ? 0.0 : slopes[i / 4][i % 4];
        value[i / 4][i % 4] = v < 0.0 ? v * slope : v;
    }
    return value;
}

#endif
