/* SPDX-License-Identifier: MIT */
/* CONV and DECONV as an implicit matrix product on cooperative matrices of a subgroup: pixels are
 * the rows, output channels the columns, and the sum runs over input channels and taps.
 *
 * A workgroup stages the input under its tile of 16 * COLS pixels by ROWS * DOWN in shared memory,
 * CHUNK channels at a time. Each subgroup multiplies ROWS x COLS fragments of 16 neighbouring
 * pixels with GROUPS fragments of 16 outputs; a row of fragments serves every vertical tap, so that
 * it is read once per horizontal tap. Weights lie in memory as each lane holds them (pack_khr.comp;
 * where PACKED is 0 they lie row by row): one load of 16 bytes a fragment, from the L1 cache. While
 * a chunk is multiplied the next one is on its way to registers (AHEAD); small workgroups, several
 * to a multiprocessor, hide the rest.
 *
 * Every pixel's sum takes the bias, then channels in steps of 16, then horizontal, then vertical
 * taps: a value does not depend on where its tile begins.
 *
 * Pixel p of the product reads pixel p * STRIDE + (in.x, in.y) + tap of each view. With a SHUFFLE
 * of n it makes the outputs n * p + phase + (pad_left, pad_top), see backend/vulkan/conv_matmul.h.
 *
 * Steps that are folded in (backend/tiles/folding.h) make the values that they made as steps: what
 * a vector scales is rounded before it is staged, and sums are of rounded outputs. */
#include "common.glsl"
#include "pieces.glsl"

#if SOFT /* devices without matrix units are rather those that compile slowly */
#define UNROLL [[dont_unroll]]
#else
#define UNROLL [[unroll]]
#endif

layout(local_size_x_id = 0) in; /* 32 * DOWN * DEEP */
layout(constant_id = 1) const uint TAPS_X = 3;
layout(constant_id = 2) const uint TAPS_Y = 3;
layout(constant_id = 3) const uint STRIDE = 1;
layout(constant_id = 4) const uint ROWS = 6;      /* a subgroup's rows */
layout(constant_id = 5) const uint COLS = 1;      /* a subgroup's fragments in a row */
layout(constant_id = 6) const uint GROUPS = 2;    /* a subgroup's groups of 16 outputs */
layout(constant_id = 7) const uint DOWN = 1;      /* subgroups of a workgroup along y */
layout(constant_id = 8) const uint DEEP = 2;      /* subgroups of a workgroup along the outputs */
layout(constant_id = 9) const uint CHUNK = 32;    /* divides the channels of every input */
layout(constant_id = 10) const uint OUTPUTS = 64; /* a multiple of 16 * GROUPS * DEEP */
layout(constant_id = 11) const uint STEP = 64;    /* outputs of one phase, the output's pitch */
layout(constant_id = 12) const uint SHUFFLE = 1;  /* n: outputs are n x n phases of STEP */
layout(constant_id = 13) const int ACTIVATION = 0; /* 0 none, 1 ReLU, 2 leaky ReLU, 100 PReLU */
layout(constant_id = 14) const uint RESIDUALS = 0;
layout(constant_id = 15) const uint AHEAD = 1;
layout(constant_id = 16) const uint STRIP = 1;  /* tiles of a workgroup, one below the other */
layout(constant_id = 17) const uint GATHER = 0; /* 1: a first layer, see gather_piece */
layout(constant_id = 18) const uint FOLD = 0;   /* 1: a last layer, see fold_row */
layout(constant_id = 19) const uint PACKED = 0; /* 1: weights lie as lanes hold them */
layout(constant_id = 20) const uint SCALED = 0; /* 1: inputs have scales; 21: residuals have */
layout(constant_id = 21) const uint SCALED_RESIDUALS = 0;
layout(constant_id = 22) const uint ENLARGES = 0; /* 1: phases have taps of their own */
layout(constant_id = 23) const uint SUMMED = 0;   /* 1: outputs are added up, see add_piece */

const uint THREADS = 32 * DOWN * DEEP;
const uint TILE_WIDTH = 16 * COLS;
const uint TILE_HEIGHT = ROWS * DOWN;
const uint BLOCKS = OUTPUTS / (16 * GROUPS * DEEP); /* workgroups of a tile */
const uint ALL_GROUPS = OUTPUTS / 16;

/* The stage, in pieces of 8 halves. A pixel has one more than it needs, so that no bank of shared
 * memory serves two rows of a fragment. */
const uint PARTS = CHUNK / 8;
const uint STAGE_PITCH = PARTS + 1;
const uint STAGE_WIDTH = (TILE_WIDTH - 1) * STRIDE + TAPS_X;
const uint STAGE_HEIGHT = (TILE_HEIGHT - 1) * STRIDE + TAPS_Y;
const uint STAGE_PIECES = STAGE_WIDTH * STAGE_HEIGHT * PARTS;
const uint STAGE_SIZE = STAGE_WIDTH * STAGE_HEIGHT * STAGE_PITCH;
const uint INPUT_ROWS = (ROWS - 1) * STRIDE + TAPS_Y;

/* In the end each subgroup passes rows of outputs through it to write whole pieces, padded too. */
const uint ROW_PITCH = GROUPS * 2 + 1;
const uint FOLD_PITCH = 5; /* 16 sums in fp32 */
const uint ROW_SIZE = TILE_WIDTH * (FOLD != 0 ? FOLD_PITCH : ROW_PITCH);
const uint ROWS_SIZE = ROW_SIZE * DOWN * DEEP;

shared uvec4 stage[STAGE_SIZE > ROWS_SIZE ? STAGE_SIZE : ROWS_SIZE];

#if SOFT
#include "matrix_soft.glsl"
#else
#include "matrix_khr.glsl"
#endif

SUMS sums[ROWS * COLS * GROUPS]; /* [row][column][group] */

/* What is staged at a time: channels from `first` on of an input, under a tile. */
struct Chunk {
    ivec2 tile;
    int source;
    uint first;
};

const uint SHARE = (STAGE_PIECES + THREADS - 1) / THREADS;
uvec4 ahead[SHARE]; /* a thread's share of a chunk on its way to the stage */
vec4 scales[2];     /* of the 8 channels that all pieces of the thread have */

/* Floats from a channel on; 1 where there are none. */
void load_scales(uvec2 address, uint channel, out vec4 low, out vec4 high)
{
    low = high = vec4(1.0);
    if (!is_null(address)) {
        low = vectors(address).at[channel / 4];
        high = vectors(address).at[channel / 4 + 1];
    }
}

uvec4 scale_piece(uvec4 piece, vec4 low, vec4 high)
{
    return uvec4(pack_quad(unpack_quad(piece.xy) * low), pack_quad(unpack_quad(piece.zw) * high));
}

Chunk following(Chunk chunk)
{
    chunk.first += CHUNK;
    if (chunk.first >= uint(args.sources[chunk.source].channels)) {
        chunk.first = 0;
        chunk.source++;
    }
    if (chunk.source == args.in_count) {
        chunk.source = 0;
        chunk.tile.y += int(TILE_HEIGHT);
    }
    return chunk;
}

/* A first layer's input has 3 channels in a pitch of 4: a pixel and its three neighbours to the
 * right become 16 channels of a layer without horizontal taps (the third neighbour and the fourth
 * channel meet zero weights). */
uvec4 gather_piece(planche_gpu_view view, ivec2 at, uint part)
{
    uvec4 value = uvec4(0);
    ivec2 left = at + ivec2(part * 2, 0), right = left + ivec2(1, 0);
    if (inside(left, view))
        value.xy = Quads(view.address).data[pixel_index(view, left)];
    if (inside(right, view))
        value.zw = Quads(view.address).data[pixel_index(view, right)];
    return value;
}

/* The phase of all outputs of a workgroup, where STEP is a multiple of these. */
ivec2 phase_of_group()
{
    uint phase = gl_WorkGroupID.x % BLOCKS * DEEP * GROUPS * 16 / STEP;
    return ivec2(phase % SHUFFLE, phase / SHUFFLE);
}

void load_chunk(Chunk chunk)
{
    planche_gpu_view view = args.sources[chunk.source];
    ivec2 origin = chunk.tile * int(STRIDE) + ivec2(view.x, view.y);
    if (ENLARGES != 0)
        origin += phase_of_group() - 1;
    if (SCALED != 0)
        load_scales(view.scale, chunk.first + gl_LocalInvocationIndex % PARTS * 8, scales[0],
                    scales[1]);
    UNROLL for (uint i = 0; i < SHARE; i++) {
        uint piece = i * THREADS + gl_LocalInvocationIndex;
        uint pixel = piece / PARTS, part = piece % PARTS;
        ivec2 at = origin + ivec2(pixel % STAGE_WIDTH, pixel / STAGE_WIDTH);
        ahead[i] = uvec4(0);
        if (GATHER != 0)
            ahead[i] = gather_piece(view, at, part);
        else if (piece < STAGE_PIECES && inside(at, view))
            ahead[i] = Pieces(view.address)
                           .data[pixel_index(view, at) * (uint(view.pitch) / 8) +
                                 chunk.first / 8 + part];
    }
}

void store_chunk()
{
    UNROLL for (uint i = 0; i < SHARE; i++) {
        uint piece = i * THREADS + gl_LocalInvocationIndex;
        uint pixel = piece / PARTS, part = piece % PARTS;
        if (piece < STAGE_PIECES)
            stage[pixel * STAGE_PITCH + part] =
                SCALED != 0 ? scale_piece(ahead[i], scales[0], scales[1]) : ahead[i];
    }
}

/* Adds the products of 16 channels under every tap. `corner`: the subgroup's first piece in the
 * stage; `fragment`: its first fragment of weights. */
void multiply(uint corner, uint fragment)
{
    UNROLL for (uint dx = 0; dx < TAPS_X; dx++) {
        PIXELS pixels[INPUT_ROWS * COLS];
        UNROLL for (uint i = 0; i < INPUT_ROWS * COLS; i++) {
            uint pixel = i / COLS * STAGE_WIDTH + i % COLS * 16 * STRIDE + dx;
            load_pixels(pixels[i], corner + pixel * STAGE_PITCH, STAGE_PITCH * STRIDE);
        }
        UNROLL for (uint i = 0; i < TAPS_Y * GROUPS; i++) {
            uint dy = i / GROUPS, group = i % GROUPS;
            WEIGHTS taps = load_weights(fragment + (dx * TAPS_Y + dy) * ALL_GROUPS + group);
            UNROLL for (uint k = 0; k < ROWS * COLS; k++) {
                uint sum = k * GROUPS + group;
                uint under = (k / COLS * STRIDE + dy) * COLS + k % COLS;
                multiply_add(sums[sum], pixels[under], taps);
            }
        }
    }
}

void start_sums(uint channel)
{
    UNROLL for (uint group = 0; group < GROUPS; group++) {
        SUMS bias; /* a stride of 0: the same for each pixel */
        load_constants(bias, channel + group * 16);
        UNROLL for (uint i = 0; i < ROWS * COLS; i++)
            sums[i * GROUPS + group] = bias;
    }
}

/* The sums of the chunk's tile, of which this is the first chunk; returns the next tile's first.
 * With AHEAD a chunk is loaded before its predecessor is multiplied, the next tile's too. */
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
        if (AHEAD != 0 && (STRIP > 1 ? chunk.tile.y < bottom : chunk.tile.y == y))
            load_chunk(chunk);
        for (uint step = 0; step < CHUNK / 16; step++) {
            multiply(corner + step * 2, fragment);
            fragment += TAPS_X * TAPS_Y * ALL_GROUPS;
        }
    }
    barrier(); /* the stage is free for outputs */
    return chunk;
}

/* Where output `channel` of pixel `at` of the product lies in the layer's output. */
ivec2 place(ivec2 at, uint channel)
{
    uint phase = channel / STEP;
    if (SHUFFLE == 1)
        return at;
    return at * int(SHUFFLE) + ivec2(phase % SHUFFLE, phase / SHUFFLE) +
           ivec2(args.pad_left, args.pad_top);
}

/* Writes 4 outputs of a pixel whose pitch is 4. Outputs beyond the last phase are padding. */
void write_quad(ivec2 at, uint channel, uvec2 value)
{
    ivec2 to = place(at, channel);
    if (channel < SHUFFLE * SHUFFLE * 4 && inside(to, args.result))
        OutQuads(args.result.address).data[pixel_index(args.result, to)] = value;
}

uvec2 read_quad(planche_gpu_view view, ivec2 at, uint channel)
{
    ivec2 from = place(at, channel) + ivec2(view.x, view.y);
    return inside(from, view) ? Quads(view.address).data[pixel_index(view, from)] : uvec2(0);
}

/* Writes 8 outputs from `channel` on of pixel `at` of the product. */
void write_piece(ivec2 at, uint channel, uvec4 value)
{
    if (STEP == 4) {
        write_quad(at, channel, value.xy);
        write_quad(at, channel + 4, value.zw);
        return;
    }
    ivec2 to = place(at, channel);
    if (inside(to, args.result))
        OutPieces(args.result.address)
            .data[pixel_index(args.result, to) * (uint(args.result.pitch) / 8) +
                  channel % STEP / 8] = value;
}

/* Reads what residual i has for them. */
uvec4 read_piece(int i, ivec2 at, uint channel)
{
    planche_gpu_view view = args.residual[i].view;
    if (STEP == 4)
        return uvec4(read_quad(view, at, channel), read_quad(view, at, channel + 4));
    ivec2 from = place(at, channel) + ivec2(view.x, view.y);
    if (!inside(from, view))
        return uvec4(0);
    return Pieces(view.address)
        .data[pixel_index(view, from) * (uint(view.pitch) / 8) + channel % STEP / 8];
}

void activate_sums(uint channel)
{
    UNROLL for (uint group = 0; group < GROUPS; group++) {
        SUMS slopes = sums_of(args.act0);
        if (ACTIVATION == 100)
            load_constants(slopes, OUTPUTS + channel + group * 16);
        UNROLL for (uint k = 0; k < ROWS * COLS; k++)
            sums[k * GROUPS + group] = bend(sums[k * GROUPS + group], slopes);
    }
}

/* Sums of a thread's outputs of a tile in units of 2^-16, as POOL makes them: 8 channels, the lower
 * 16 bits of each value and the upper ones. */
int lower[8], upper[8];

void start_sums_of_outputs()
{
    UNROLL for (uint c = 0; c < 8; c++)
        lower[c] = upper[c] = 0;
}

void add_piece(uvec4 piece, ivec2 at)
{
    if (at.x < args.sums_x0 || at.x >= args.sums_x1 || at.y < args.sums_y0 || at.y >= args.sums_y1)
        return;
    UNROLL for (uint q = 0; q < 2; q++) {
        vec4 v = clamp(unpack_quad(q == 0 ? piece.xy : piece.zw), -32767.0, 32767.0);
        ivec4 fixed_point = ivec4(roundEven(v * 65536.0));
        UNROLL for (uint c = 0; c < 4; c++) {
            lower[q * 4 + c] += fixed_point[c] & 0xffff;
            upper[q * 4 + c] += fixed_point[c] >> 16;
        }
    }
}

/* Adds the sums of all lanes that have the same channels to a copy of those of the page: whole
 * numbers, so that their order does not matter. Lanes of a part have a channel each, or two. */
void add_sums_of_outputs(uint channel)
{
    const uint parts = GROUPS * 2;
    uint part = LANE % parts, own = LANE / parts;
    words total = words(args.sums);
    uint copy = (gl_WorkGroupID.x / BLOCKS + gl_WorkGroupID.y * 7) % PLANCHE_GPU_SUM_COPIES;
    channel += copy * uint(args.result.pitch);
    UNROLL for (uint c = 0; c < 8; c++) {
        UNROLL for (uint other = parts; other < 32; other *= 2) {
            lower[c] += shuffle_xor(lower[c], other);
            upper[c] += shuffle_xor(upper[c], other);
        }
        uint carry, low = uaddCarry(uint(upper[c]) << 16, uint(lower[c]), carry);
        uint high = uint(upper[c] >> 16) + carry;
        if (c % (32 / parts) == own && (low | high) != 0) {
            uint at = (channel + part * 8 + c) * 2;
            uint before = atomicAdd(total.at[at], low);
            uaddCarry(before, low, carry);
            atomicAdd(total.at[at + 1], high + carry);
        }
    }
}

/* Moves a row of outputs between the stage (from piece `own` on) and residual i; memory if i is
 * negative. */
void move_row(int i, ivec2 at, uint channel, uint own)
{
    const uint parts = GROUPS * 2;
    vec4 low, high;
    if (SCALED_RESIDUALS != 0 && i >= 0)
        load_scales(args.residual[i].view.scale,
                    (channel + LANE % parts * 8) % STEP, low, high);
    UNROLL for (uint base = 0; base < TILE_WIDTH * parts; base += 32) {
        uint piece = base + LANE;
        uint pixel = piece / parts, part = piece % parts;
        uint staged = own + pixel * ROW_PITCH + part;
        ivec2 to = at + ivec2(pixel, 0);
        if (i >= 0) {
            stage[staged] = read_piece(i, to, channel + part * 8);
            if (SCALED_RESIDUALS != 0)
                stage[staged] = scale_piece(stage[staged], low, high);
            continue;
        }
        write_piece(to, channel + part * 8, stage[staged]);
        if (SUMMED != 0)
            add_piece(stage[staged], to);
    }
}

/* Adds residuals to a row of sums from `first` on, rounds and writes it. */
void finish_row(uint first, ivec2 at, uint channel, uint own)
{
    const uint fragments = COLS * GROUPS;
    UNROLL for (uint r = 0; r < RESIDUALS; r++) {
        move_row(int(r), at, channel, own);
        SUBGROUP_BARRIER();
        UNROLL for (uint i = 0; i < fragments; i++) {
            SUMS other = load_results(own + i / GROUPS * 16 * ROW_PITCH + i % GROUPS * 2,
                                      ROW_PITCH);
            sums[first + i] =
                sums[first + i] * args.residual[r].self + other * args.residual[r].other;
        }
        SUBGROUP_BARRIER();
    }
    UNROLL for (uint i = 0; i < fragments; i++)
        store_results(sums[first + i], own + i / GROUPS * 16 * ROW_PITCH + i % GROUPS * 2,
                      ROW_PITCH);
    SUBGROUP_BARRIER();
    move_row(-1, at, channel, own);
    SUBGROUP_BARRIER();
}

/* A last layer's few outputs would be a product of mostly padding, so its horizontal taps become
 * columns: 4 * dx + o is what a pixel gives output o of the pixel dx to its left. This adds the
 * three up. The row's last two pixels lack neighbours: tiles overlap by two. */
void fold_row(uint first, ivec2 at, uint own)
{
    UNROLL for (uint col = 0; col < COLS; col++)
        store_sums(sums[first + col], own + col * 16 * FOLD_PITCH, FOLD_PITCH);
    SUBGROUP_BARRIER();
    UNROLL for (uint base = 0; base < TILE_WIDTH; base += 32) {
        uint pixel = base + LANE;
        ivec2 to = at + ivec2(pixel, 0);
        if (pixel < TILE_WIDTH - 2) {
            vec4 value = vec4(0.0);
            UNROLL for (uint dx = 0; dx < 3; dx++)
                value += uintBitsToFloat(stage[own + (pixel + dx) * FOLD_PITCH + dx]);
            if (ACTIVATION == 1)
                value = max(value, vec4(0.0));
            if (ACTIVATION == 2)
                value = mix(value, value * args.act0, lessThan(value, vec4(0.0)));
            UNROLL for (uint r = 0; r < RESIDUALS; r++)
                value = value * args.residual[r].self +
                        unpack_quad(read_quad(args.residual[r].view, to, 0)) *
                            args.residual[r].other;
            write_quad(to, 0, pack_quad(value));
        }
    }
    SUBGROUP_BARRIER();
}

void finish_tile(ivec2 at, uint channel)
{
    uint own = SUBGROUP * ROW_SIZE;
    bool summed = SUMMED != 0 && !is_null(args.sums);
    if (FOLD == 0 && ACTIVATION != 0)
        activate_sums(channel);
    if (summed)
        start_sums_of_outputs();
    UNROLL for (uint row = 0; row < ROWS; row++)
        if (FOLD != 0)
            fold_row(row * COLS, at + ivec2(0, row), own);
        else
            finish_row(row * COLS * GROUPS, at + ivec2(0, row), channel, own);
    if (summed)
        add_sums_of_outputs(channel);
}

void main()
{
    uint down = SUBGROUP % DOWN, deep = SUBGROUP / DOWN;
    uint group = (gl_WorkGroupID.x % BLOCKS * DEEP + deep) * GROUPS;
    uint corner = down * ROWS * STRIDE * STAGE_WIDTH * STAGE_PITCH;
    Chunk chunk;
    chunk.tile = ivec2(gl_WorkGroupID.x / BLOCKS * (TILE_WIDTH - 2 * FOLD),
                       gl_WorkGroupID.y * TILE_HEIGHT * STRIP);
    chunk.source = 0;
    chunk.first = 0;
    /* No tiles below the output's last row. */
    int end = SHUFFLE == 1
                  ? args.result.height
                  : (args.result.height - args.pad_top + int(SHUFFLE) - 1) / int(SHUFFLE);
    int bottom = min(chunk.tile.y + int(TILE_HEIGHT * STRIP), end);

    if (AHEAD != 0)
        load_chunk(chunk);
    do {
        ivec2 at = chunk.tile + ivec2(0, down * ROWS);
        start_sums(group * 16);
        chunk = multiply_tile(chunk, bottom, corner, group);
        finish_tile(at, group * 16);
    } while (STRIP > 1 && chunk.tile.y < bottom);
}
