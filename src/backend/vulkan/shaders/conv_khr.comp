#version 460
// SPDX-License-Identifier: MIT
// variants: f16
// target: vulkan1.3
// A convolution as an implicit matrix product on cooperative matrices of one subgroup: pixels are
// the rows, output channels the columns, input channels under each tap the sum.
//
// A workgroup stages the input under its tile, CHUNK channels at a time, in shared memory. Each
// subgroup multiplies ROWS x COLS fragments of 16 neighbouring pixels with GROUPS fragments of 16
// outputs. A row of fragments serves every tap above it, so it is read from shared memory once per
// horizontal tap. Weights lie in memory as each lane holds them (see pack_weights.comp): one
// 16-byte load a fragment, which the L1 cache serves.
//
// The sum runs over channels in steps of 16, horizontal taps, vertical taps, for every pixel alike:
// a pixel's value does not depend on where its tile begins.
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#include "pieces.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint TAPS_X = 3;
layout(constant_id = 2) const uint TAPS_Y = 3;
layout(constant_id = 3) const uint STRIDE = 1;
layout(constant_id = 4) const uint ROWS = 4;     // a subgroup's rows of fragments
layout(constant_id = 5) const uint COLS = 1;     // a subgroup's fragments along x
layout(constant_id = 6) const uint GROUPS = 4;   // a subgroup's groups of 16 outputs
layout(constant_id = 7) const uint ACROSS = 1;   // subgroups along x
layout(constant_id = 8) const uint DOWN = 4;     // subgroups along y
layout(constant_id = 9) const uint DEEP = 1;     // subgroups along the outputs
layout(constant_id = 10) const uint CHUNK = 64;   // input channels staged at a time
layout(constant_id = 11) const uint OUTPUTS = 64; // outputs of the product, a multiple of 16
layout(constant_id = 12) const uint SHUFFLE = 1;  // 2: each pixel gives 2 x 2 (deconvolution)
layout(constant_id = 13) const uint STEP = 64;    // outputs of one of these: OUTPUTS, or 4
layout(constant_id = 14) const int ACTIVATION = 0; // 0 none, 1 ReLU, 2 leaky, 100 PReLU
layout(constant_id = 15) const uint RESIDUALS = 0;
layout(constant_id = 16) const uint MODE = 0; // 1: gathers, 2: folds
const uint GATHER = MODE & 1;
const uint FOLD = MODE >> 1;
layout(constant_id = 18) const uint PACKED = 0; // 1: weights lie as lanes hold them, else row by row
layout(constant_id = 17) const uint AHEAD = 1;   // 1: loads the next chunk while multiplying
const uint BATCH = 1; // rows of fragments exchanged at a time

const uint THREADS = 32 * ACROSS * DOWN * DEEP;
const uint TILE_WIDTH = 16 * COLS * ACROSS;
const uint TILE_HEIGHT = ROWS * DOWN;
const uint STAGE_WIDTH = (TILE_WIDTH - 1) * STRIDE + TAPS_X;
const uint STAGE_HEIGHT = (TILE_HEIGHT - 1) * STRIDE + TAPS_Y;
const uint PARTS = CHUNK / 8;                 // pieces of 16 bytes of a staged pixel
const uint STAGE_PITCH = (CHUNK + 8) / 8;   // padded: no bank serves two rows of a fragment
const uint STAGE_PIECES = STAGE_WIDTH * STAGE_HEIGHT * PARTS;
const uint INPUT_ROWS = (ROWS - 1) * STRIDE + TAPS_Y;
const uint ALL_GROUPS = OUTPUTS / 16;
// The end of the layer exchanges BATCH rows of fragments of a subgroup through shared memory.
const uint OUT_PITCH = GROUPS * 2 + 1; // pieces, padded likewise
const uint FOLD_PITCH = 5;             // pieces of a pixel's 16 sums in fp32
const uint OUT_SIZE = FOLD != 0 ? COLS * 16 * FOLD_PITCH : BATCH * COLS * 16 * OUT_PITCH;
const uint STAGE_SIZE = STAGE_WIDTH * STAGE_HEIGHT * STAGE_PITCH;
const uint SUMS_SIZE = OUT_SIZE * ACROSS * DOWN * DEEP;

shared uvec4 stage[(STAGE_SIZE > SUMS_SIZE ? STAGE_SIZE : SUMS_SIZE)];

#define PIXELS coopmat<float16_t, gl_ScopeSubgroup, 16, 16, gl_MatrixUseA>
#define WEIGHTS coopmat<float16_t, gl_ScopeSubgroup, 16, 16, gl_MatrixUseB>
#define SUMS coopmat<float, gl_ScopeSubgroup, 16, 16, gl_MatrixUseAccumulator>
#define RESULTS coopmat<float16_t, gl_ScopeSubgroup, 16, 16, gl_MatrixUseAccumulator>

SUMS sums[ROWS * COLS * GROUPS];

// A first layer's input has 3 channels in a pitch of 4: a pixel and its three neighbours to the right
// become the 16 channels of a layer with no horizontal taps (the fourth neighbour and the fourth
// channel meet zero weights).
uvec4 gather_piece(planche_gpu_view view, ivec2 at, uint part)
{
    Quads source = Quads(view.address);
    uvec4 value = uvec4(0);
    at.x += int(part) * 2;
    uint from = uint(at.y) * uint(view.width) + uint(at.x);
    if (inside(at, view.width, view.height))
        value.xy = source.data[from];
    if (inside(at + ivec2(1, 0), view.width, view.height))
        value.zw = source.data[from + 1];
    return value;
}

const uint SHARE = (STAGE_PIECES + THREADS - 1) / THREADS;
uvec4 ahead[SHARE]; // a thread's share of the chunk to be staged

// Loads CHUNK channels from channel `first` of the view under the tile whose corner is `origin`.
void load_chunk(planche_gpu_view view, ivec2 origin, uint first)
{
    uint pitch = uint(view.pitch) / 8;
    [[unroll]] for (uint i = 0; i < SHARE; i++) {
        uint piece = i * THREADS + gl_LocalInvocationIndex;
        uint pixel = piece / PARTS;
        uint part = piece % PARTS;
        ivec2 at = origin + ivec2(pixel % STAGE_WIDTH, pixel / STAGE_WIDTH);
        if (GATHER != 0) {
            ahead[i] = gather_piece(view, at, part);
        } else {
            ahead[i] = uvec4(0);
            if (piece < STAGE_PIECES && inside(at, view.width, view.height))
                ahead[i] = Pieces(view.address)
                               .data[(uint(at.y) * uint(view.width) + uint(at.x)) * pitch +
                                     first / 8 + part];
        }
    }
}

void store_chunk()
{
    [[unroll]] for (uint i = 0; i < SHARE; i++) {
        uint piece = i * THREADS + gl_LocalInvocationIndex;
        if (piece < STAGE_PIECES)
            stage[piece / PARTS * STAGE_PITCH + piece % PARTS] = ahead[i];
    }
}

WEIGHTS load_weights(uint fragment)
{
    WEIGHTS matrix;
    if (PACKED == 0) {
        coopMatLoad(matrix, Halves(args.weights).data, fragment * 256, 16,
                    gl_CooperativeMatrixLayoutRowMajor);
        return matrix;
    }
    uvec4 lane = Pieces(args.weights).data[fragment * 32 + gl_SubgroupInvocationID];
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

// 16 staged channels of 16 pixels. row, column: in the input, from the subgroup's first piece on.
void load_pixels(out PIXELS pixels, uint corner, uint row, uint column)
{
    coopMatLoad(pixels, stage, corner + (row * STAGE_WIDTH + column) * STAGE_PITCH,
                STAGE_PITCH * STRIDE, gl_CooperativeMatrixLayoutRowMajor);
}

// Adds the products of 16 channels under every tap. `corner`: the subgroup's first piece in the
// stage; `fragment`: its first fragment of weights.
void multiply(uint corner, uint fragment)
{
    [[unroll]] for (uint dx = 0; dx < TAPS_X; dx++) {
        PIXELS pixels[INPUT_ROWS * COLS];
        [[unroll]] for (uint row = 0; row < INPUT_ROWS; row++)
            [[unroll]] for (uint col = 0; col < COLS; col++)
                load_pixels(pixels[row * COLS + col], corner, row, col * 16 * STRIDE + dx);
        [[unroll]] for (uint dy = 0; dy < TAPS_Y; dy++)
            [[unroll]] for (uint group = 0; group < GROUPS; group++) {
                WEIGHTS taps = load_weights(fragment + (dx * TAPS_Y + dy) * ALL_GROUPS + group);
                [[unroll]] for (uint row = 0; row < ROWS; row++)
                    [[unroll]] for (uint col = 0; col < COLS; col++) {
                        uint sum = (row * COLS + col) * GROUPS + group;
                        sums[sum] = coopMatMulAdd(pixels[(row * STRIDE + dy) * COLS + col], taps,
                                                  sums[sum]);
                    }
            }
    }
}

// What is staged next: channels from `first` on of an input, under a tile.
struct Chunk {
    ivec2 tile;
    int input_;
    uint first;
};

Chunk following(Chunk chunk)
{
    chunk.first += CHUNK;
    if (chunk.first >= uint(args.sources[chunk.input_].channels)) {
        chunk.first = 0;
        chunk.input_++;
    }
    if (chunk.input_ == args.in_count) {
        chunk.input_ = 0;
        chunk.tile.y += int(TILE_HEIGHT);
    }
    return chunk;
}

void load_chunk(Chunk chunk)
{
    planche_gpu_view view = args.sources[chunk.input_];
    load_chunk(view, chunk.tile * int(STRIDE) + ivec2(view.x, view.y), chunk.first);
}

// The sum over all inputs of one tile, CHUNK channels staged at a time. With AHEAD the first chunk is
// loaded already, and the next is loaded before a chunk's products, be it the next tile's.
Chunk multiply_tile(Chunk chunk, int bottom, uint corner, uint fragment)
{
    int y = chunk.tile.y;
    while (chunk.tile.y == y) {
        if (AHEAD == 0)
            load_chunk(chunk);
        barrier();
        store_chunk();
        barrier();
        chunk = following(chunk);
        if (AHEAD != 0 && chunk.tile.y < bottom)
            load_chunk(chunk);
        for (uint step = 0; step < CHUNK / 16; step++) {
            multiply(corner + step * 2, fragment);
            fragment += TAPS_X * TAPS_Y * ALL_GROUPS;
        }
    }
    barrier();
    return chunk;
}

// Where the output channel `channel` of the pixel `at` of the product belongs, in the layer's output.
ivec2 place(ivec2 at, uint channel)
{
    uint phase = channel / STEP;
    ivec2 to = at * int(SHUFFLE) + ivec2(phase % SHUFFLE, phase / SHUFFLE);
    if (SHUFFLE != 1)
        to += ivec2(args.pad_left, args.pad_top);
    return to;
}

uint pixel_index(planche_gpu_view view, ivec2 at)
{
    return uint(at.y) * uint(view.width) + uint(at.x);
}

// Eight neighbouring outputs from `channel` on of the pixel `at` of the product: to memory.
void write_piece(ivec2 at, uint channel, uvec4 value)
{
    planche_gpu_view view = args.result;
    ivec2 to = place(at, channel);
    if (STEP == 4) { // three channels in a pitch of 4: two phases in a piece
        if (channel / 4 < SHUFFLE * SHUFFLE && inside(to, view.width, view.height))
            OutQuads(view.address).data[pixel_index(view, to)] = value.xy;
        to = place(at, channel + 4);
        if (channel / 4 + 1 < SHUFFLE * SHUFFLE && inside(to, view.width, view.height))
            OutQuads(view.address).data[pixel_index(view, to)] = value.zw;
    } else if (inside(to, view.width, view.height)) {
        uint from = pixel_index(view, to) * uint(view.pitch) + channel % STEP;
        OutPieces(view.address).data[from / 8] = value;
    }
}

// The same of a residual: from memory.
uvec4 read_piece(planche_gpu_view view, ivec2 at, uint channel)
{
    uvec4 value = uvec4(0);
    ivec2 shift = ivec2(view.x, view.y);
    ivec2 from = place(at, channel) + shift;
    if (STEP == 4) {
        if (inside(from, view.width, view.height))
            value.xy = Quads(view.address).data[pixel_index(view, from)];
        from = place(at, channel + 4) + shift;
        if (inside(from, view.width, view.height))
            value.zw = Quads(view.address).data[pixel_index(view, from)];
    } else if (inside(from, view.width, view.height)) {
        value = Pieces(view.address)
                    .data[(pixel_index(view, from) * uint(view.pitch) + channel % STEP) / 8];
    }
    return value;
}

// Moves a batch of fragments' outputs between shared memory and the output (i < 0) or residual i.
void move_batch(int i, ivec2 at, uint channel, uint exchange)
{
    const uint parts = GROUPS * 2;
    [[unroll]] for (uint base = 0; base < BATCH * COLS * 16 * parts; base += 32) {
        uint piece = base + gl_SubgroupInvocationID;
        uint pixel = piece / parts;
        uint own = exchange + pixel * OUT_PITCH + piece % parts;
        uint first = channel + piece % parts * 8;
        ivec2 to = at + ivec2(pixel % (COLS * 16), pixel / (COLS * 16));
        if (i < 0)
            write_piece(to, first, stage[own]);
        else
            stage[own] = read_piece(args.residual[i].view, to, first);
    }
}

SUMS activated(SUMS value, uint channel)
{
    SUMS slopes;
    if (ACTIVATION == 100)
        coopMatLoad(slopes, Floats(args.constants).data, OUTPUTS + channel, 0,
                    gl_CooperativeMatrixLayoutRowMajor);
    for (int i = 0; i < value.length(); i++) {
        if (ACTIVATION == 1)
            value[i] = max(value[i], 0.0);
        if (ACTIVATION == 2)
            value[i] = value[i] < 0.0 ? value[i] * args.act0 : value[i];
        if (ACTIVATION == 100)
            value[i] = value[i] < 0.0 ? value[i] * slopes[i] : value[i];
    }
    return value;
}

// Activates, adds residuals to and writes BATCH rows of fragments from `first` on, whose first pixel
// is `at` and whose first output is `channel`.
void finish_batch(uint first, ivec2 at, uint channel, uint exchange)
{
    const uint fragments = BATCH * COLS;
    [[unroll]] for (uint i = 0; i < fragments * GROUPS; i++)
        sums[first + i] = activated(sums[first + i], channel + i % GROUPS * 16);
    [[unroll]] for (uint r = 0; r < RESIDUALS; r++) {
        move_batch(int(r), at, channel, exchange);
        subgroupBarrier();
        [[unroll]] for (uint i = 0; i < fragments * GROUPS; i++) {
            RESULTS other;
            coopMatLoad(other, stage, exchange + i / GROUPS * 16 * OUT_PITCH + i % GROUPS * 2,
                        OUT_PITCH, gl_CooperativeMatrixLayoutRowMajor);
            sums[first + i] =
                sums[first + i] * args.residual[r].self + SUMS(other) * args.residual[r].other;
        }
        subgroupBarrier();
    }
    [[unroll]] for (uint i = 0; i < fragments * GROUPS; i++)
        coopMatStore(RESULTS(sums[first + i]), stage,
                     exchange + i / GROUPS * 16 * OUT_PITCH + i % GROUPS * 2, OUT_PITCH,
                     gl_CooperativeMatrixLayoutRowMajor);
    subgroupBarrier();
    move_batch(-1, at, channel, exchange);
    subgroupBarrier();
}

vec4 unpack4(uvec2 bits)
{
    return vec4(unpackHalf2x16(bits.x), unpackHalf2x16(bits.y));
}

// Ends a row of a layer with up to 4 outputs: column 4 * dx + o of a pixel is what it gives output o
// of the pixel dx to its left. Of the row's pixels the last two are not ended here.
void fold_row(uint first, ivec2 at, uint exchange)
{
    [[unroll]] for (uint col = 0; col < COLS; col++)
        coopMatStore(sums[first + col], stage, exchange + col * 16 * FOLD_PITCH, FOLD_PITCH,
                     gl_CooperativeMatrixLayoutRowMajor);
    subgroupBarrier();
    [[unroll]] for (uint base = 0; base < COLS * 16; base += 32) {
        uint pixel = base + gl_SubgroupInvocationID;
        ivec2 to = at + ivec2(pixel, 0);
        if (pixel < COLS * 16 - 2) {
            vec4 value = vec4(0.0);
            [[unroll]] for (uint dx = 0; dx < 3; dx++)
                value += uintBitsToFloat(stage[exchange + (pixel + dx) * FOLD_PITCH + dx]);
            if (ACTIVATION == 1)
                value = max(value, vec4(0.0));
            if (ACTIVATION == 2)
                value = mix(value, value * args.act0, lessThan(value, vec4(0.0)));
            [[unroll]] for (uint i = 0; i < RESIDUALS; i++)
                value = value * args.residual[i].self +
                        unpack4(read_piece(args.residual[i].view, to, 0).xy) * args.residual[i].other;
            write_piece(to, 0, uvec4(packFloat2x16(f16vec2(value.xy)),
                                     packFloat2x16(f16vec2(value.zw)), 0, 0));
        }
    }
    subgroupBarrier();
}

void start_sums(uint group0)
{
    [[unroll]] for (uint group = 0; group < GROUPS; group++) {
        SUMS bias; // the same for each pixel
        coopMatLoad(bias, Floats(args.constants).data, (group0 + group) * 16, 0,
                    gl_CooperativeMatrixLayoutRowMajor);
        [[unroll]] for (uint i = 0; i < ROWS * COLS; i++)
            sums[i * GROUPS + group] = bias;
    }
}

void finish_tile(ivec2 at, uint channel)
{
    uint exchange = gl_SubgroupID * OUT_SIZE;
    [[unroll]] for (uint row = 0; row < ROWS; row += BATCH)
        if (FOLD != 0)
            fold_row(row * COLS, at + ivec2(0, row), exchange);
        else
            finish_batch(row * COLS * GROUPS, at + ivec2(0, row), channel, exchange);
}

void main()
{
    const uint blocks = (ALL_GROUPS + GROUPS * DEEP - 1) / (GROUPS * DEEP);
    uint block = gl_WorkGroupID.x % blocks;
    uint across = gl_SubgroupID % ACROSS;
    uint down = gl_SubgroupID / ACROSS % DOWN;
    uint deep = gl_SubgroupID / (ACROSS * DOWN);
    uint group0 = (block * DEEP + deep) * GROUPS;
    uvec2 own = uvec2(across * COLS * 16, down * ROWS);
    uint corner = (own.y * STAGE_WIDTH + own.x) * STRIDE * STAGE_PITCH;

    Chunk chunk;
    chunk.tile = ivec2(gl_WorkGroupID.x / blocks * (TILE_WIDTH - 2 * FOLD),
                       gl_WorkGroupID.y * TILE_HEIGHT);
    chunk.input_ = 0;
    chunk.first = 0;
    int bottom = chunk.tile.y + int(TILE_HEIGHT);
    if (AHEAD != 0)
        load_chunk(chunk);
    while (chunk.tile.y < bottom) {
        ivec2 at = chunk.tile + ivec2(own);
        start_sums(group0);
        chunk = multiply_tile(chunk, bottom, corner, group0);
        finish_tile(at, group0 * 16);
    }
}
