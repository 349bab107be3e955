/* SPDX-License-Identifier: MIT */
/* CONV and DECONV as an implicit matrix product on cooperative matrices of a workgroup: rows are
 * WIDTH neighbouring pixels, columns BLOCK outputs, and the sum runs over input channels and taps.
 * How its subgroups share a matrix is the driver's business.
 *
 * A workgroup makes ROWS rows of pixels. It stages the input under them in shared memory, 16
 * channels at a time; a row of these serves every vertical tap, so that it is read once per
 * horizontal tap. Weights lie in memory as each thread holds them (pack_nv2.comp).
 *
 * Every pixel's sum takes channels in steps of 16, then horizontal, then vertical taps, then the
 * bias: a value does not depend on where its tile begins.
 *
 * Pixel p of the product reads pixel p * STRIDE + (in.x, in.y) + tap of each view. With SHUFFLE 2
 * it makes the outputs 2 * p + phase + (pad_left, pad_top), see src/backend/vulkan/matrix.h. */
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

layout(constant_id = 2) const uint TAPS_X = 3;
layout(constant_id = 3) const uint TAPS_Y = 3;
layout(constant_id = 4) const uint STRIDE = 1;
layout(constant_id = 5) const uint WIDTH = 16; // a multiple of 16
layout(constant_id = 6) const uint ROWS = 8;
layout(constant_id = 7) const uint OUTPUTS = 64; // a multiple of BLOCK
layout(constant_id = 8) const uint STEP = 64;    // outputs of one phase, likewise
layout(constant_id = 9) const uint SHUFFLE = 1;  // 2: outputs are 2 x 2 phases of STEP
layout(constant_id = 10) const int ACTIVATION = 0; // 0 none, 1 ReLU, 2 leaky ReLU, 100 PReLU
layout(constant_id = 11) const uint RESIDUALS = 0;

const uint BLOCKS = OUTPUTS / BLOCK; // workgroups of a tile
const uint INPUT_ROWS = (ROWS - 1) * STRIDE + TAPS_Y;

// The stage, in pieces of 8 halves. A pixel has one more than it needs, so that no bank of shared
// memory serves two rows of a matrix.
const uint PARTS = CHANNELS / 8;
const uint STAGE_PITCH = PARTS + 1;
const uint STAGE_WIDTH = (WIDTH - 1) * STRIDE + TAPS_X;
const uint STAGE_PIECES = STAGE_WIDTH * INPUT_ROWS * PARTS;
const uint STAGE_SIZE = STAGE_WIDTH * INPUT_ROWS * STAGE_PITCH;
const uint SHARE = (STAGE_PIECES + THREADS - 1) / THREADS; // of a thread

// In the end rows of outputs pass through it, padded too.
const uint ROW_PARTS = BLOCK / 8;
const uint ROW_PITCH = ROW_PARTS + 1;
const uint ROW_SIZE = WIDTH * ROW_PITCH;

shared uvec4 stage[STAGE_SIZE > ROW_SIZE ? STAGE_SIZE : ROW_SIZE];

#define PIXELS coopmat<float16_t, gl_ScopeWorkgroup, WIDTH, CHANNELS, gl_MatrixUseA>
#define SUMS coopmat<float, gl_ScopeWorkgroup, WIDTH, BLOCK, gl_MatrixUseAccumulator>
#define RESULTS coopmat<float16_t, gl_ScopeWorkgroup, WIDTH, BLOCK, gl_MatrixUseAccumulator>

SUMS sums[ROWS];

// Stages channels from `first` on of the pixels from `corner` on.
void stage_channels(planche_gpu_view view, ivec2 corner, uint first)
{
    uvec4 pieces[SHARE];
    [[unroll]] for (uint i = 0; i < SHARE; i++) {
        uint piece = i * THREADS + gl_LocalInvocationIndex;
        uint pixel = piece / PARTS, part = piece % PARTS;
        ivec2 at = corner + ivec2(pixel % STAGE_WIDTH, pixel / STAGE_WIDTH);
        pieces[i] = uvec4(0);
        if (piece < STAGE_PIECES && inside(at, view))
            pieces[i] =
                Pieces(view.address)
                    .data[pixel_index(view, at) * (uint(view.pitch) / 8) + first / 8 + part];
    }
    barrier(); // what was staged before is no longer needed
    [[unroll]] for (uint i = 0; i < SHARE; i++) {
        uint piece = i * THREADS + gl_LocalInvocationIndex;
        if (piece < STAGE_PIECES)
            stage[piece / PARTS * STAGE_PITCH + piece % PARTS] = pieces[i];
    }
    barrier();
}

WEIGHTS load_weights(uint matrix)
{
    WEIGHTS taps;
    uint from = matrix * SLOT + gl_LocalInvocationIndex;
    [[unroll]] for (uint i = 0; i < taps.length(); i += 8) {
        uvec4 piece = Pieces(args.weights).data[from + i / 8 * THREADS];
        [[unroll]] for (uint k = 0; k < 8; k += 2) {
            f16vec2 pair = unpackFloat2x16(piece[k / 2]);
            if (i + k < taps.length()) {
                taps[i + k] = pair.x;
                taps[i + k + 1] = pair.y;
            }
        }
    }
    return taps;
}

// Adds the products of the staged channels under every tap. `matrix`: the first one's weights.
void multiply(uint matrix)
{
    [[unroll]] for (uint dx = 0; dx < TAPS_X; dx++) {
        PIXELS pixels[INPUT_ROWS];
        [[unroll]] for (uint row = 0; row < INPUT_ROWS; row++)
            coopMatLoad(pixels[row], stage, (row * STAGE_WIDTH + dx) * STAGE_PITCH,
                        STAGE_PITCH * STRIDE, gl_CooperativeMatrixLayoutRowMajor);
        [[unroll]] for (uint dy = 0; dy < TAPS_Y; dy++) {
            WEIGHTS taps = load_weights(matrix + (dx * TAPS_Y + dy) * BLOCKS);
            [[unroll]] for (uint row = 0; row < ROWS; row++)
                sums[row] = coopMatMulAdd(pixels[row * STRIDE + dy], taps, sums[row]);
        }
    }
}

float activate(const in uint row, const in uint column, const in float sum, const in uint first)
{
    float value = sum + Floats(args.constants).data[first + column];
    float slope = args.act0;
    if (ACTIVATION == 100)
        slope = Floats(args.constants).data[OUTPUTS + first + column];
    if (ACTIVATION == 1)
        return max(value, 0.0);
    return ACTIVATION != 0 && value < 0.0 ? value * slope : value;
}

// What residual i has from `channel` on for the outputs at `to` and every SHUFFLE-th to the right.
RESULTS load_residual(uint i, ivec2 to, uint channel)
{
    planche_gpu_view view = args.residual[i].view;
    ivec2 from = to + ivec2(view.x, view.y);
    RESULTS values = RESULTS(float16_t(0.0));
    if (uint(from.y) >= uint(view.height))
        return values;
    // Tells the compiler that pixels begin at multiples of 16 halves.
    int pitch = view.pitch & ~15, step = int(SHUFFLE), phase = from.x & (step - 1);
    uvec2 row = address_of(view.address, from.y, view.width * pitch * 2, uint(phase * pitch * 2));
    tensorLayoutNV<2, gl_CooperativeMatrixClampModeConstantNV> pixels =
        createTensorLayoutNV(2, gl_CooperativeMatrixClampModeConstantNV);
    pixels = setTensorLayoutDimensionNV(pixels, (view.width - phase + step - 1) / step, pitch);
    pixels = setTensorLayoutStrideNV(pixels, step * pitch, 1);
    pixels = sliceTensorLayoutNV(pixels, from.x >> (step - 1), WIDTH, channel, BLOCK);
    coopMatLoadTensorNV(values, Halves(row).data, 0, pixels);
    return values;
}

// Ends a row of sums that begins with pixel `at` of the product and output `first` of it. Rows are
// written through the stage, 16 bytes a thread, which is faster than straight from the matrix.
void finish_row(SUMS sum, ivec2 at, uint first)
{
    uint channel = first % STEP, phase = first / STEP;
    ivec2 to = at;
    if (SHUFFLE != 1)
        to = at * int(SHUFFLE) + ivec2(phase % SHUFFLE, phase / SHUFFLE) +
             ivec2(args.pad_left, args.pad_top);
    coopMatPerElementNV(sum, sum, activate, first);
    [[unroll]] for (uint i = 0; i < RESIDUALS; i++)
        sum = sum * args.residual[i].self +
              SUMS(load_residual(i, to, channel)) * args.residual[i].other;
    barrier();
    coopMatStore(RESULTS(sum), stage, 0, ROW_PITCH, gl_CooperativeMatrixLayoutRowMajor);
    barrier();
    [[unroll]] for (uint base = 0; base < WIDTH * ROW_PARTS; base += THREADS) {
        uint piece = base + gl_LocalInvocationIndex;
        uint pixel = piece / ROW_PARTS, part = piece % ROW_PARTS;
        ivec2 own = to + ivec2(pixel * SHUFFLE, 0);
        if (piece < WIDTH * ROW_PARTS && inside(own, args.result))
            OutPieces(args.result.address)
                .data[pixel_index(args.result, own) * (uint(args.result.pitch) / 8) + channel / 8 +
                      part] = stage[pixel * ROW_PITCH + part];
    }
}

void main()
{
    uint block = gl_WorkGroupID.x % BLOCKS;
    ivec2 tile = ivec2(gl_WorkGroupID.x / BLOCKS * WIDTH, gl_WorkGroupID.y * ROWS);
    uint matrix = block;
    [[unroll]] for (uint row = 0; row < ROWS; row++)
        sums[row] = SUMS(0.0);
    for (int i = 0; i < args.in_count; i++) {
        planche_gpu_view view = args.sources[i];
        ivec2 corner = tile * int(STRIDE) + ivec2(view.x, view.y);
        for (uint first = 0; first < uint(view.channels); first += CHANNELS) {
            stage_channels(view, corner, first);
            multiply(matrix);
            matrix += TAPS_X * TAPS_Y * BLOCKS;
        }
    }
    [[unroll]] for (uint row = 0; row < ROWS; row++)
        finish_row(sums[row], tile + ivec2(0, row), block * BLOCK);
}
