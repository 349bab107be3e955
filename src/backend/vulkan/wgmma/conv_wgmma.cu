/* SPDX-License-Identifier: MIT */
/* 3 x 3 convolutions on the matrix units of NVIDIA's Hopper (wgmma), as VK_NVX_binary_import runs
 * them inside of Vulkan: 48 KiB of shared memory and no library.
 *
 * The product has 64 outputs as its rows and 256 pixels, 8 rows of 32, as its columns. Pixels come
 * by TMA, 32 channels at a time, into one of two stages; what lies outside of a tensor's region
 * arrives as zeros, which is the padding. Pixels of a stage are 64 bytes apart, so that a tap is
 * nothing but another start address: columns that wrap around at the end of a row are computed and
 * thrown away. Weights lie in memory as wgmma wants them in registers, and come from the L1 cache.
 *
 * A block lives as long as there are tiles. Two warpgroups take tiles in turn: one multiplies while
 * the other activates, adds residuals, rounds and writes. A fifth part of a third warpgroup, one
 * warp, loads.
 *
 * A pixel's sum takes chunks of 32 channels, then halves of the chunk and taps, in an order that
 * does not depend on where its tile begins; the bias comes first. */
#include "args.h"

#include <cuda_fp16.h>

#define BOX_X   PLANCHE_WGMMA_BOX_X
#define TILE_Y  PLANCHE_WGMMA_TILE_Y
#define ROW     64 /* bytes of a pixel in a stage */
#define STAGE   PLANCHE_WGMMA_STAGE
#define COLUMNS 256
#define INLINE  __device__ __forceinline__

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

template <int COUNT> INLINE void load_half(uint4 (&w)[COUNT], const uint4 *from)
{
#pragma unroll
    for (int j = 0; j < COUNT; j++)
        w[j] = load_weights(from + j * 128);
}

/* Pixels from an address on: 64 bytes each, in the swizzle of 64 bytes, groups of 8 one behind the
 * other. */
INLINE uint64_t describe(uint32_t address)
{
    return (uint64_t)(address >> 4 & 0x3fff) | (uint64_t)1 << 16 | (uint64_t)(8 * ROW / 16) << 32 |
           (uint64_t)2 << 62;
}

#define OPERANDS4(i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3])
#define OPERANDS16(i) OPERANDS4(i), OPERANDS4(i + 4), OPERANDS4(i + 8), OPERANDS4(i + 12)
#define OPERANDS64(i) OPERANDS16(i), OPERANDS16(i + 16), OPERANDS16(i + 32), OPERANDS16(i + 48)

/* d += weights x 16 channels of 256 pixels. */
INLINE void multiply(float (&d)[COLUMNS / 2], const uint4 &weights, uint64_t pixels)
{
    asm volatile(
        "wgmma.mma_async.sync.aligned.m64n256k16.f32.f16.f16 {"
        "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
        "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, "
        "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "
        "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, "
        "%64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, "
        "%80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, "
        "%96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, "
        "%111, %112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, "
        "%125, %126, %127}, {%128, %129, %130, %131}, %132, 1, 1, 1, 0;"
        : OPERANDS64(0), OPERANDS64(64)
        : "r"(weights.x), "r"(weights.y), "r"(weights.z), "r"(weights.w), "l"(pixels));
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
template <int TAPS>
INLINE void load_tiles(const planche_wgmma_args &a, uint32_t stages, uint32_t full, uint32_t empty,
                       int block, int first, int stride)
{
    const uint32_t bytes = BOX_X * PLANCHE_WGMMA_BOX_Y(TAPS) * ROW;
    int n = 0, phase = TAPS == 2 ? block / a.step_blocks : 0;
    for (int t = first; t < a.tiles; t += stride) {
        int x = t % a.tiles_x * PLANCHE_WGMMA_TILE_X(TAPS), y = t / a.tiles_x * TILE_Y;
        if (TAPS == 2) { /* phase f reads p - 1 + f and p + f */
            x += phase % 2 - 1;
            y += phase / 2 - 1;
        }
        for (int i = 0; i < a.in_count; i++)
            for (int c = 0; c < a.in_chunks[i]; c++, n++) {
                uint32_t stage = n % 2;
                if (n >= 2)
                    barrier_wait(empty + 8 * stage, (n / 2 - 1) & 1);
                barrier_expect(full + 8 * stage, bytes);
                load_box(stages + stage * STAGE, &a.maps[i], full + 8 * stage,
                         c * PLANCHE_WGMMA_CHUNK, x + a.in_x[i], y + a.in_y[i]);
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

INLINE uint4 read_piece(const planche_wgmma_residual &r, int x, int y, int channel)
{
    x += r.x;
    y += r.y;
    if ((uint32_t)x >= (uint32_t)r.width || (uint32_t)y >= (uint32_t)r.height)
        return make_uint4(0, 0, 0, 0);
    return *(const uint4 *)((const __half *)r.address +
                            ((size_t)y * r.width + x) * (size_t)r.pitch + channel);
}

/* In units of 2^-16, as the shader POOL makes it. */
INLINE int64_t fixed_point(float v)
{
    return __float2int_rn(fminf(fmaxf(v, -32767.0f), 32767.0f) * 65536.0f);
}

/* What a thread knows of its outputs: two channels of the products' result. */
struct outputs {
    float bias[2], slope[2];
    int64_t sums[2];
};

/* Adds the two pixels of a register of outputs of 16 pixels to the sums. */
INLINE void add_up(outputs &o, int which, uint32_t halves, bool first, bool second)
{
    float2 v = __half22float2(*(const __half2 *)&halves);
    if (first)
        o.sums[which] += fixed_point(v.x);
    if (second)
        o.sums[which] += fixed_point(v.y);
}

/* Bias, activation, residuals; rounded, written and added up: a tile's 256 columns of sums. */
template <int TAPS, int RESIDUALS, bool SUMS>
INLINE void finish_tile(const planche_wgmma_args &a, float (&d)[COLUMNS / 2], outputs &o,
                        const exchange &e, int tile, int block, int warp, int lane)
{
    const int tile_x = PLANCHE_WGMMA_TILE_X(TAPS), batch = RESIDUALS == 2 ? 2 : 4;
    int x0 = tile % a.tiles_x * tile_x, y0 = tile / a.tiles_x * TILE_Y;
    int pixel = lane / 2, channel = warp * 16 + lane % 2 * 8;
    int phase = 0;
    if (TAPS == 2) {
        phase = block / a.step_blocks;
        channel += block % a.step_blocks * PLANCHE_WGMMA_OUTPUTS;
    } else {
        channel += block * PLANCHE_WGMMA_OUTPUTS;
    }
    uint4 other[RESIDUALS > 0 ? RESIDUALS : 1][batch];
#pragma unroll
    for (int j = 0; j < COLUMNS / 16; j++) {
        if (RESIDUALS > 0 && j % batch == 0) {
#pragma unroll
            for (int b = 0; b < batch; b++)
#pragma unroll
                for (int r = 0; r < RESIDUALS; r++)
                    other[r][b] = read_piece(a.residual[r], x0 + (j + b) % 2 * 16 + pixel,
                                             y0 + (j + b) / 2, channel);
        }
        uint32_t halves[4];
        float value[4][2];
#pragma unroll
        for (int q = 0; q < 4; q++)
#pragma unroll
            for (int i = 0; i < 2; i++) {
                float v = d[(2 * j + q / 2) * 4 + q % 2 * 2 + i] ;
                value[q][i] = v > 0.0f ? v : v * o.slope[q % 2];
            }
#pragma unroll
        for (int r = 0; r < RESIDUALS; r++) {
            to_matrices(e, other[r][j % batch], halves);
#pragma unroll
            for (int q = 0; q < 4; q++) {
                float2 v = __half22float2(*(const __half2 *)&halves[q]);
                value[q][0] = value[q][0] * a.residual[r].self + v.x * a.residual[r].other;
                value[q][1] = value[q][1] * a.residual[r].self + v.y * a.residual[r].other;
            }
        }
#pragma unroll
        for (int q = 0; q < 4; q++) {
            __half2 h = __floats2half2_rn(value[q][0], value[q][1]);
            halves[q] = *(const uint32_t *)&h;
        }
        int y = y0 + j / 2;
        if (SUMS && y >= a.sums_y0 && y < a.sums_y1) {
#pragma unroll
            for (int q = 0; q < 4; q++) {
                int column = j % 2 * 16 + q / 2 * 8 + lane % 4 * 2, x = x0 + column;
                add_up(o, q % 2, halves[q],
                       column < tile_x && x >= a.sums_x0 && x < a.sums_x1,
                       column + 1 < tile_x && x + 1 >= a.sums_x0 && x + 1 < a.sums_x1);
            }
        }
        uint4 piece = to_pieces(e, halves);
        int column = j % 2 * 16 + pixel, x = x0 + column;
        if (TAPS == 2) {
            x = 2 * x + phase % 2 + a.pad_left;
            y = 2 * y + phase / 2 + a.pad_top;
        }
        if (column < tile_x && (uint32_t)x < (uint32_t)a.width && (uint32_t)y < (uint32_t)a.height)
            *(uint4 *)((__half *)a.out + ((size_t)y * a.width + x) * (size_t)a.pitch + channel) =
                piece;
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

INLINE void start_sums(float (&d)[COLUMNS / 2], const outputs &o)
{
#pragma unroll
    for (int i = 0; i < COLUMNS / 2; i++)
        d[i] = o.bias[i / 2 % 2];
}

/* A warpgroup: every other tile of the block. */
template <int TAPS, int RESIDUALS, bool SUMS>
INLINE void multiply_tiles(const planche_wgmma_args &a, uint32_t stages, uint32_t full,
                           uint32_t empty, uint32_t own, int group, int block, int first,
                           int stride)
{
    constexpr int HALF = TAPS * TAPS; /* products of half a chunk's work */
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32 % 4;
    const int channel = block * PLANCHE_WGMMA_OUTPUTS + warp * 16 + lane / 4;
    const exchange e = exchange_of(own, lane);
    const uint4 *weights =
        (const uint4 *)a.weights + (size_t)block * a.chunks * 2 * HALF * 128 + threadIdx.x % 128;
    const float *constants = (const float *)a.constants;
    outputs o;
#pragma unroll
    for (int i = 0; i < 2; i++) {
        o.bias[i] = constants[channel + i * 8];
        o.slope[i] =
            a.slopes ? constants[a.blocks * PLANCHE_WGMMA_OUTPUTS + channel + i * 8] : a.slope;
        o.sums[i] = 0;
    }
    float d[COLUMNS / 2];
    uint4 w[2][HALF];
    if (group == 1)
        turn_pass(1);
    int i = 0;
    for (int t = first; t < a.tiles; t += stride, i++) {
        if (i % 2 != group)
            continue;
        start_sums(d, o);
        load_half(w[0], weights);
        turn_wait(1 + group);
        fence_sums(d);
        for (int c = 0; c < a.chunks; c++) {
            int n = i * a.chunks + c;
            uint32_t stage = n % 2, pixels = stages + stage * STAGE;
            barrier_wait(full + 8 * stage, (n / 2) & 1);
#pragma unroll
            for (int g = 0; g < 2; g++) {
                begin_products();
#pragma unroll
                for (int j = 0; j < HALF; j++) {
                    const int f = g * HALF + j, tap = f / 2, k = f % 2;
                    const uint32_t at = (tap / TAPS * BOX_X + tap % TAPS) * ROW;
                    multiply(d, w[g][j], describe(pixels + at) + k * 2);
                }
                commit_products();
                if (g == 1 && c + 1 == a.chunks)
                    turn_pass(2 - group);
                wait_products<1>();
                if (g == 0) {
                    if (c > 0 && lane == 0) /* the chunk before is done with */
                        barrier_arrive(empty + 8 * (stage ^ 1));
                    load_half(w[1], weights + (c * 2 + 1) * HALF * 128);
                } else if (c + 1 < a.chunks) {
                    load_half(w[0], weights + (c + 1) * 2 * HALF * 128);
                }
            }
        }
        wait_products<0>();
        fence_sums(d);
        if (lane == 0)
            barrier_arrive(empty + 8 * ((i * a.chunks + a.chunks - 1) % 2));
        finish_tile<TAPS, RESIDUALS, SUMS>(a, d, o, e, t, block, warp, lane);
    }
    if (SUMS && a.sums)
        add_to_page(a, o, channel, lane);
}

template <int TAPS, int RESIDUALS, bool SUMS> INLINE void convolve(const planche_wgmma_args &a)
{
    extern __shared__ uint8_t raw[];
    uint32_t stages = (shared_address(raw) + 1023) & ~1023u;
    uint32_t rows = stages + 2 * STAGE + 512, full = rows + 8 * 512, empty = full + 16;
    int group = threadIdx.x / 128, block = blockIdx.x % a.blocks;
    int first = a.first_tile + blockIdx.x / a.blocks, stride = gridDim.x / a.blocks;
    if (threadIdx.x == 0) {
        for (int s = 0; s < 2; s++) {
            barrier_init(full + 8 * s, 1);
            barrier_init(empty + 8 * s, 4);
        }
        asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
    }
    __syncthreads();
    if (group == 2) {
        asm volatile("setmaxnreg.dec.sync.aligned.u32 24;");
        if (threadIdx.x == 256)
            load_tiles<TAPS>(a, stages, full, empty, block, first, stride);
    } else {
        asm volatile("setmaxnreg.inc.sync.aligned.u32 240;");
        multiply_tiles<TAPS, RESIDUALS, SUMS>(a, stages, full, empty, rows + threadIdx.x / 32 * 512,
                                              group, block, first, stride);
    }
}

#define KERNEL(name, taps, residuals, sums)                                                        \
    extern "C" __global__ void __launch_bounds__(PLANCHE_WGMMA_THREADS, 1)                         \
        name(const __grid_constant__ planche_wgmma_args a)                                         \
    {                                                                                              \
        convolve<taps, residuals, sums>(a);                                                        \
    }

KERNEL(planche_conv, 3, 0, false)
KERNEL(planche_conv_residual, 3, 1, false)
KERNEL(planche_conv_residuals, 3, 2, false)
KERNEL(planche_conv_sums, 3, 0, true)
KERNEL(planche_conv_enlarged, 2, 0, false)
