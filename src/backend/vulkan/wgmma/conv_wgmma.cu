/* SPDX-License-Identifier: MIT */
/* Convolutions on the matrix units of NVIDIA's Hopper (wgmma), as VK_NVX_binary_import runs them
 * inside of Vulkan: 48 KiB of shared memory and no library.
 *
 * The product has 64 outputs as its rows and 256 pixels, 8 rows of 32, as its columns. Pixels come
 * by TMA, 32 channels at a time, into one of two stages; what lies outside of a tensor's region
 * arrives as zeros, which is the padding. Pixels of a stage are 64 bytes apart, so that a tap is
 * nothing but another start address: columns that wrap around at the end of a row are computed and
 * thrown away. Weights lie in memory as wgmma wants them in registers, and come from the L1 cache.
 *
 * A block lives as long as there are tiles. Two warpgroups take tiles in turn: one multiplies while
 * the other activates, adds residuals, rounds and writes. A warp of a third warpgroup loads.
 *
 * A pixel's sum takes chunks of channels, and within a chunk taps and 16 channels at a time, then the
 * bias: an order that does not depend on where its tile begins. */
#include "args.h"

#include <cuda_fp16.h>

#define BOX_X   PLANCHE_WGMMA_BOX_X
#define ROWS    PLANCHE_WGMMA_ROWS
#define STAGE   PLANCHE_WGMMA_STAGE
#define COLUMNS 256
/* A row outside of all tensors, and of their sizes. */
#define NOWHERE (1 << 30)
#define INLINE  __device__ __forceinline__

/* What a kernel makes. */
enum kind {
    CONV,     /* 3 x 3 */
    ENLARGED, /* 3 x 3 of a nearest enlargement: 2 x 2 taps for each of 2 x 2 phases */
    PAIRED    /* 3 x 3 with few outputs: 32 of two rows of pixels, with 4 x 3 taps for both */
};

/* Pixels of a row of a tile that count; rows of a box that is loaded; bytes of its pixels. */
constexpr __device__ int tile_x(kind k)
{
    return k == ENLARGED ? BOX_X - 1 : BOX_X - 2;
}
constexpr __device__ int box_y(kind k)
{
    return k == CONV ? ROWS + 2 : ROWS + 1;
}
constexpr __device__ int pixel_bytes(kind k)
{
    return k == PAIRED ? 32 : 64;
}
constexpr __device__ int box_bytes(kind k)
{
    return BOX_X * box_y(k) * pixel_bytes(k);
}

/* Products of a chunk are made in two halves; how many each has, and where the pixels of one lie in
 * the stage. Odd rows of PAIRED have a box of their own behind that of the even ones. */
constexpr __device__ int half_of(kind k)
{
    return k == CONV ? 9 : k == ENLARGED ? 4 : 6;
}
constexpr __device__ int taps_x(kind k)
{
    return k == ENLARGED ? 2 : 3;
}
constexpr __device__ int place_of(kind k, int f)
{
    return k == PAIRED ? f / 3 % 2 * box_bytes(k) + (f / 6 * BOX_X + f % 3) * pixel_bytes(k)
                       : (f / 2 / taps_x(k) * BOX_X + f / 2 % taps_x(k)) * pixel_bytes(k) +
                             f % 2 * 32;
}

INLINE uint32_t shared_address(const void *p)
{
    return (uint32_t)__cvta_generic_to_shared(p);
}

INLINE void barrier_init(uint32_t barrier, uint32_t count)
{
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(count) : "memory");
}

INLINE void barrier_expect(uint32_t barrier, uint32_t bytes)
{
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes)
                 : "memory");
}

INLINE void barrier_arrive(uint32_t barrier)
{
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory");
}

INLINE void barrier_wait(uint32_t barrier, uint32_t parity)
{
    asm volatile("{\n"
                 " .reg .pred done;\n"
                 "again:\n"
                 " mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
                 " @!done bra again;\n"
                 "}" ::"r"(barrier),
                 "r"(parity)
                 : "memory");
}

INLINE void load_box(uint32_t to, const planche_wgmma_map *map, uint32_t barrier, int c, int x,
                     int y)
{
    asm volatile("cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::complete_tx::bytes "
                 "[%0], [%1, {%3, %4, %5}], [%2];" ::"r"(to),
                 "l"(map), "r"(barrier), "r"(c), "r"(x), "r"(y)
                 : "memory");
}

/* Weights are read by every tile: the cache should rather keep them than pixels of outputs. */
INLINE uint4 load_weights(const uint4 *from)
{
    uint4 v;
    asm volatile("ld.global.nc.L1::evict_last.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
                 : "l"(from));
    return v;
}

/* Pixels from an address on, in the swizzle of their size, groups of 8 one behind the other. */
template <kind KIND> INLINE uint64_t describe(uint32_t address)
{
    const uint64_t swizzle = pixel_bytes(KIND) == 64 ? 2 : 3;
    return (uint64_t)(address >> 4 & 0x3fff) | (uint64_t)1 << 16 |
           (uint64_t)(8 * pixel_bytes(KIND) / 16) << 32 | swizzle << 62;
}

#define OPERANDS4(i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3])
#define OPERANDS16(i) OPERANDS4(i), OPERANDS4(i + 4), OPERANDS4(i + 8), OPERANDS4(i + 12)
#define OPERANDS64(i) OPERANDS16(i), OPERANDS16(i + 16), OPERANDS16(i + 32), OPERANDS16(i + 48)

/* d = weights x 16 channels of 256 pixels, added to what d was unless they are the first. */
INLINE void multiply(float (&d)[COLUMNS / 2], const uint4 &weights, uint64_t pixels, bool first)
{
    asm volatile(
        "{\n"
        " .reg .pred add;\n"
        " setp.ne.b32 add, %133, 0;\n"
        " wgmma.mma_async.sync.aligned.m64n256k16.f32.f16.f16 {"
        "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
        "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, "
        "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "
        "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, "
        "%64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, "
        "%80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, "
        "%96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, "
        "%111, %112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, "
        "%125, %126, %127}, {%128, %129, %130, %131}, %132, add, 1, 1, 0;\n"
        "}"
        : OPERANDS64(0), OPERANDS64(64)
        : "r"(weights.x), "r"(weights.y), "r"(weights.z), "r"(weights.w), "l"(pixels), "r"((int)!first));
}

/* Orders what the compiler does with the sums before and after products that run meanwhile. */
INLINE void fence_sums(float (&d)[COLUMNS / 2])
{
#pragma unroll
    for (int i = 0; i < COLUMNS / 2; i++)
        asm volatile("" : "+f"(d[i])::"memory");
}

INLINE void begin_products(void)
{
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}

INLINE void commit_products(void)
{
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}

template <int PENDING> INLINE void wait_products(void)
{
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(PENDING) : "memory");
}

/* The two warpgroups take turns: number 1 is free for the first, 2 for the second. */
INLINE void turn_wait(int number)
{
    asm volatile("bar.sync %0, 256;" ::"r"(number) : "memory");
}

INLINE void turn_pass(int number)
{
    asm volatile("bar.arrive %0, 256;" ::"r"(number) : "memory");
}

/* The producer: all chunks under all tiles of the block. */
template <kind KIND>
INLINE void load_tiles(const planche_wgmma_args &a, uint32_t stages, uint32_t full, uint32_t empty,
                       int block, int first, int stride)
{
    const uint32_t bytes = box_bytes(KIND) * (KIND == PAIRED ? 2 : 1);
    int n = 0, phase = KIND == ENLARGED ? block / a.step_blocks : 0;
    for (int t = first; t < a.tiles; t += stride) {
        int x = t % a.tiles_x * tile_x(KIND);
        int y = t / a.tiles_x * ROWS * (KIND == PAIRED ? 2 : 1);
        if (KIND == ENLARGED) { /* phase f reads p - 1 + f and p + f */
            x += phase % 2 - 1;
            y += phase / 2 - 1;
        }
        for (int i = 0; i < a.in_count; i++)
            for (int c = 0; c < a.in_chunks[i]; c++, n++) {
                uint32_t stage = n % 2, to = stages + stage * STAGE, barrier = full + 8 * stage;
                const planche_wgmma_map *map = &a.maps[i];
                if (n >= 2)
                    barrier_wait(empty + 8 * stage, (n / 2 - 1) & 1);
                barrier_expect(barrier, bytes);
                if (KIND == PAIRED) {
                    for (int odd = 0; odd < 2; odd++) { /* rows of a kind have a map of their own */
                        int row = y + a.in_y[i] + odd, lower = row & 1;
                        load_box(to + odd * box_bytes(KIND), map + lower * PLANCHE_WGMMA_INPUTS,
                                 barrier, c * PLANCHE_WGMMA_CHUNK / 2, x + a.in_x[i],
                                 lower && !a.in_odd_rows[i] ? NOWHERE : row >> 1);
                    }
                } else {
                    load_box(to, map, barrier, c * PLANCHE_WGMMA_CHUNK, x + a.in_x[i],
                             y + a.in_y[i]);
                }
            }
    }
}

/* How a warp passes 16 pixels of 16 outputs through shared memory: 32 bytes a pixel, whose two
 * halves change places in every other group of 4 pixels so that no bank is met twice. */
struct exchange {
    uint32_t matrix; /* where a lane's row of an 8 x 8 matrix lies */
    uint32_t piece;  /* where 8 outputs of its pixel lie */
};

INLINE exchange exchange_of(uint32_t own, int lane)
{
    int pixel = lane / 16 * 8 + lane % 8, half = lane / 8 % 2;
    exchange e;
    e.matrix = own + pixel * 32 + (half ^ (pixel >> 2 & 1)) * 16;
    pixel = lane / 2;
    half = lane % 2;
    e.piece = own + pixel * 32 + (half ^ (pixel >> 2 & 1)) * 16;
    return e;
}

INLINE uint4 to_pieces(const exchange &e, const uint32_t (&matrices)[4])
{
    uint4 v;
    __syncwarp();
    asm volatile("stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(
                     e.matrix),
                 "r"(matrices[0]), "r"(matrices[1]), "r"(matrices[2]), "r"(matrices[3])
                 : "memory");
    __syncwarp();
    asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
                 : "r"(e.piece)
                 : "memory");
    return v;
}

INLINE void to_matrices(const exchange &e, const uint4 &v, uint32_t (&matrices)[4])
{
    __syncwarp();
    asm volatile("st.shared.v4.u32 [%0], {%1, %2, %3, %4};" ::"r"(e.piece), "r"(v.x), "r"(v.y),
                 "r"(v.z), "r"(v.w)
                 : "memory");
    __syncwarp();
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(matrices[0]), "=r"(matrices[1]), "=r"(matrices[2]), "=r"(matrices[3])
                 : "r"(e.matrix)
                 : "memory");
}

INLINE uint4 read_piece(const planche_wgmma_residual &r, int x, int y, int channel, bool used)
{
    x += r.x;
    y += r.y;
    if (!used || (uint32_t)x >= (uint32_t)r.width || (uint32_t)y >= (uint32_t)r.height)
        return make_uint4(0, 0, 0, 0);
    return *(const uint4 *)((const __half *)r.address +
                            ((size_t)y * r.width + x) * (size_t)r.pitch + channel);
}

/* What a thread knows of its outputs: of the products' result it has two channels. */
struct outputs {
    float bias[2], slope[2];
    int64_t sums[2];
};

/* Adds the two pixels of a register of outputs to the sums, in units of 2^-16 as the shader POOL
 * makes them; what is larger than it allows stays at the limit. `unit` is 0 for pixels that do not
 * count. */
INLINE void add_up(int64_t &sum, uint32_t halves, const float (&unit)[2])
{
    float2 v = __half22float2(*(const __half2 *)&halves);
    asm("mad.wide.s32 %0, %1, 1, %0;" : "+l"(sum) : "r"(__float2int_rn(v.x * unit[0])));
    asm("mad.wide.s32 %0, %1, 1, %0;" : "+l"(sum) : "r"(__float2int_rn(v.y * unit[1])));
}

/* The first of 16 outputs that a warp has of a block: of its phase, and of all. */
template <kind KIND> INLINE int phase_channel(const planche_wgmma_args &a, int block, int warp)
{
    if (KIND == PAIRED)
        return block * PLANCHE_WGMMA_PAIRED + warp % 2 * 16;
    if (KIND == ENLARGED)
        block %= a.step_blocks;
    return block * PLANCHE_WGMMA_OUTPUTS + warp * 16;
}
template <kind KIND> INLINE int first_channel(int block, int warp)
{
    return KIND == PAIRED ? block * PLANCHE_WGMMA_PAIRED + warp % 2 * 16
                          : block * PLANCHE_WGMMA_OUTPUTS + warp * 16;
}

/* Weights of a half of a chunk. */
template <kind KIND>
INLINE void load_half(uint4 (&w)[half_of(KIND)], const uint4 *from, int chunk, int half)
{
    from += (chunk * 2 + half) * half_of(KIND) * 128;
#pragma unroll
    for (int j = 0; j < half_of(KIND); j++)
        w[j] = load_weights(from + j * 128);
}

/* Where a thread's outputs of a tile go. */
template <kind KIND> struct target {
    const planche_wgmma_args &a;
    int x0, y0, phase, warp, pixel; /* pixel: the thread's of 16 */
    int channel;                    /* the first of its 8 */

    INLINE target(const planche_wgmma_args &args, int tile, int block, int warp, int lane)
        : a(args), x0(tile % args.tiles_x * tile_x(KIND)), y0(tile / args.tiles_x * ROWS),
          phase(PHASED ? block / args.step_blocks : 0), warp(warp), pixel(lane / 2),
          channel(phase_channel<KIND>(args, block, warp) + lane % 2 * 8)
    {
    }
    static constexpr bool PHASED = KIND == ENLARGED;
    /* Of the j-th 16 columns. */
    INLINE int x(int j) const
    {
        int x = x0 + j % 2 * 16 + pixel;
        return PHASED ? 2 * x + phase % 2 + a.pad_left : x;
    }
    INLINE int y(int j) const
    {
        int y = y0 + j / 2;
        return PHASED ? 2 * y + phase / 2 + a.pad_top : KIND == PAIRED ? 2 * y + warp / 2 : y;
    }
    INLINE void write(int j, const uint4 &piece) const
    {
        int to_x = x(j), to_y = y(j);
        if (channel < a.pitch && j % 2 * 16 + pixel < tile_x(KIND) &&
            (uint32_t)to_x < (uint32_t)a.width && (uint32_t)to_y < (uint32_t)a.height)
            *(uint4 *)((__half *)a.out +
                       ((size_t)to_y * a.width + to_x) * (size_t)a.pitch + channel) = piece;
    }
};

/* Residuals are read so many times 16 columns ahead. */
#define AHEAD 4

template <kind KIND, int RESIDUALS>
INLINE void read_ahead(const planche_wgmma_args &a, const target<KIND> &to, int j,
                       uint4 (&other)[RESIDUALS > 0 ? RESIDUALS : 1][AHEAD])
{
#pragma unroll
    for (int r = 0; r < RESIDUALS; r++)
        other[r][j % AHEAD] =
            read_piece(a.residual[r], to.x(j), to.y(j), to.channel, to.channel < a.pitch);
}

/* The values of the j-th 16 columns as halves, but for residuals. */
INLINE void activate(const float (&d)[COLUMNS / 2], const outputs &o, int j, float (&value)[4][2])
{
#pragma unroll
    for (int q = 0; q < 4; q++)
#pragma unroll
        for (int i = 0; i < 2; i++) {
            float v = d[(2 * j + q / 2) * 4 + q % 2 * 2 + i] + o.bias[q % 2];
            value[q][i] = v > 0.0f ? v : v * o.slope[q % 2];
        }
}

INLINE void add_residual(const planche_wgmma_residual &r, const exchange &e, const uint4 &other,
                         float (&value)[4][2])
{
    uint32_t halves[4];
    to_matrices(e, other, halves);
#pragma unroll
    for (int q = 0; q < 4; q++) {
        float2 v = __half22float2(*(const __half2 *)&halves[q]);
        value[q][0] = value[q][0] * r.self + v.x * r.other;
        value[q][1] = value[q][1] * r.self + v.y * r.other;
    }
}

/* Pixels of a row of a tile that count for the sums, for each half of the row. */
INLINE void find_counted(const planche_wgmma_args &a, int x0, int width, int lane,
                         float (&unit)[2][2][2])
{
#pragma unroll
    for (int k = 0; k < 8; k++) {
        int column = k / 4 * 16 + k / 2 % 2 * 8 + lane % 4 * 2 + k % 2, x = x0 + column;
        unit[k / 4][k / 2 % 2][k % 2] =
            column < width && x >= a.sums_x0 && x < a.sums_x1 ? 65536.0f : 0.0f;
    }
}

/* Bias, activation, residuals; rounded, written and added up: a tile's 256 columns of sums. Loads
 * the weights that the group begins its next tile with once there are registers for them. */
template <kind KIND, int RESIDUALS, bool SUMS>
INLINE void finish_tile(const planche_wgmma_args &a, float (&d)[COLUMNS / 2], outputs &o,
                        const exchange &e, const target<KIND> &to, const uint4 *weights, int lane,
                        uint4 (&other)[RESIDUALS > 0 ? RESIDUALS : 1][AHEAD],
                        uint4 (&w)[half_of(KIND)])
{
    float unit[2][2][2];
    if (SUMS)
        find_counted(a, to.x0, tile_x(KIND), lane, unit);
#pragma unroll
    for (int j = 0; j < COLUMNS / 16; j++) {
        float value[4][2];
        uint32_t halves[4];
        activate(d, o, j, value);
#pragma unroll
        for (int r = 0; r < RESIDUALS; r++)
            add_residual(a.residual[r], e, other[r][j % AHEAD], value);
        if (j + AHEAD < COLUMNS / 16)
            read_ahead<KIND, RESIDUALS>(a, to, j + AHEAD, other);
#pragma unroll
        for (int q = 0; q < 4; q++) {
            __half2 h = __floats2half2_rn(value[q][0], value[q][1]);
            halves[q] = *(const uint32_t *)&h;
        }
        if (SUMS && to.y0 + j / 2 >= a.sums_y0 && to.y0 + j / 2 < a.sums_y1) {
#pragma unroll
            for (int q = 0; q < 4; q++)
                add_up(o.sums[q % 2], halves[q], unit[j % 2][q / 2]);
        }
        to.write(j, to_pieces(e, halves));
        if (j == COLUMNS / 16 - 5)
            load_half<KIND>(w, weights, 0, 0);
    }
    __syncwarp();
}

/* Over all lanes that have the same channels; whole numbers, so their order does not matter. */
INLINE void add_to_page(const planche_wgmma_args &a, outputs &o, int channel, int lane)
{
#pragma unroll
    for (int i = 0; i < 2; i++) {
        int64_t sum = o.sums[i];
        sum += __shfl_xor_sync(0xffffffffu, (long long)sum, 1);
        sum += __shfl_xor_sync(0xffffffffu, (long long)sum, 2);
        if (lane % 4 == 0 && sum != 0)
            atomicAdd((unsigned long long *)a.sums + channel + i * 8, (unsigned long long)sum);
    }
}

template <kind KIND>
INLINE void set_outputs(const planche_wgmma_args &a, outputs &o, int block, int warp, int lane)
{
    const float *constants = (const float *)a.constants;
    int channel = first_channel<KIND>(block, warp) + lane / 4;
#pragma unroll
    for (int i = 0; i < 2; i++) {
        o.bias[i] = constants[channel + i * 8];
        o.slope[i] = a.slopes ? constants[a.outputs + channel + i * 8] : a.slope;
        o.sums[i] = 0;
    }
}

/* Barriers of the two stages, and what is in them. */
struct pipeline {
    uint32_t stages, full, empty; /* shared addresses */
};

/* The products of one chunk, the n-th of the block; w[0] has its first weights, and the next ones'
 * if there are any when it ends. The last one lets the other group begin (`turn`). */
template <kind KIND, bool FIRST>
INLINE void multiply_chunk(const planche_wgmma_args &a, float (&d)[COLUMNS / 2],
                           uint4 (&w)[2][half_of(KIND)], const uint4 *weights,
                           const pipeline &p, int n, int c, int turn, int lane)
{
    constexpr int HALF = half_of(KIND);
    uint32_t stage = n % 2, pixels = p.stages + stage * STAGE;
    barrier_wait(p.full + 8 * stage, (n / 2) & 1);
#pragma unroll
    for (int half = 0; half < 2; half++) {
        begin_products();
#pragma unroll
        for (int j = 0; j < HALF; j++)
            multiply(d, w[half][j], describe<KIND>(pixels + place_of(KIND, half * HALF + j)),
                     FIRST && half == 0 && j == 0);
        commit_products();
        if (half == 1 && c + 1 == a.chunks)
            turn_pass(turn);
        wait_products<1>();
        if (half == 0) {
            if (!FIRST && lane == 0) /* the chunk before is done with */
                barrier_arrive(p.empty + 8 * (stage ^ 1));
            load_half<KIND>(w[1], weights, c, 1);
        } else if (c + 1 < a.chunks) {
            load_half<KIND>(w[0], weights, c + 1, 0);
        }
    }
}

/* A warpgroup: every other tile of the block. */
template <kind KIND, int RESIDUALS, bool SUMS>
INLINE void multiply_tiles(const planche_wgmma_args &a, const pipeline &p, uint32_t own, int group,
                           int block, int first, int stride)
{
    constexpr int HALF = half_of(KIND);
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32 % 4;
    const exchange e = exchange_of(own, lane);
    const uint4 *weights =
        (const uint4 *)a.weights + (size_t)block * a.chunks * 2 * HALF * 128 + threadIdx.x % 128;
    outputs o;
    set_outputs<KIND>(a, o, block, warp, lane);
    uint4 w[2][HALF], other[RESIDUALS > 0 ? RESIDUALS : 1][AHEAD];
    load_half<KIND>(w[0], weights, 0, 0);
    if (group == 1)
        turn_pass(1);
    for (int i = group; first + i * stride < a.tiles; i += 2) {
        float d[COLUMNS / 2];
        const target<KIND> to(a, first + i * stride, block, warp, lane);
        turn_wait(1 + group);
        multiply_chunk<KIND, true>(a, d, w, weights, p, i * a.chunks, 0, 2 - group, lane);
        for (int c = 1; c < a.chunks; c++)
            multiply_chunk<KIND, false>(a, d, w, weights, p, i * a.chunks + c, c, 2 - group, lane);
#pragma unroll
        for (int j = 0; j < AHEAD; j++)
            read_ahead<KIND, RESIDUALS>(a, to, j, other);
        wait_products<0>();
        fence_sums(d);
        if (lane == 0)
            barrier_arrive(p.empty + 8 * ((i * a.chunks + a.chunks - 1) % 2));
        finish_tile<KIND, RESIDUALS, SUMS>(a, d, o, e, to, weights, lane, other, w[0]);
    }
    if (SUMS && a.sums)
        add_to_page(a, o, first_channel<KIND>(block, warp) + lane / 4, lane);
}

template <kind KIND, int RESIDUALS, bool SUMS> INLINE void convolve(const planche_wgmma_args &a)
{
    extern __shared__ uint8_t raw[];
    uint32_t stages = (shared_address(raw) + 1023) & ~1023u;
    uint32_t rows = stages + 2 * STAGE + 512;
    const pipeline p = {stages, rows + 8 * 512, rows + 8 * 512 + 16};
    int group = threadIdx.x / 128, block = blockIdx.x % a.blocks;
    int first = a.first_tile + blockIdx.x / a.blocks, stride = gridDim.x / a.blocks;
    if (threadIdx.x == 0) {
        for (int s = 0; s < 2; s++) {
            barrier_init(p.full + 8 * s, 1);
            barrier_init(p.empty + 8 * s, 4);
        }
        asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
    }
    __syncthreads();
    if (group == 2) {
        asm volatile("setmaxnreg.dec.sync.aligned.u32 24;");
        if (threadIdx.x == 256)
            load_tiles<KIND>(a, p.stages, p.full, p.empty, block, first, stride);
    } else {
        asm volatile("setmaxnreg.inc.sync.aligned.u32 240;");
        multiply_tiles<KIND, RESIDUALS, SUMS>(a, p, rows + threadIdx.x / 32 * 512, group, block,
                                              first, stride);
    }
}

#define KERNEL(name, kind, residuals, sums)                                                        \
    extern "C" __global__ void __launch_bounds__(PLANCHE_WGMMA_THREADS, 1)                         \
        name(const __grid_constant__ planche_wgmma_args a)                                         \
    {                                                                                              \
        convolve<kind, residuals, sums>(a);                                                        \
    }

KERNEL(planche_conv, CONV, 0, false)
KERNEL(planche_conv_residual, CONV, 1, false)
KERNEL(planche_conv_residuals, CONV, 2, false)
KERNEL(planche_conv_sums, CONV, 0, true)
KERNEL(planche_conv_enlarged, ENLARGED, 0, false)
KERNEL(planche_conv_paired, PAIRED, 0, false)
