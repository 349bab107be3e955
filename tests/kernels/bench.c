/* SPDX-License-Identifier: MIT */
/* Measures kernels on the shapes of known models: direct-equivalent GFLOP/s (2 x multiply-adds of
 * the plain convolution) and their ratio to the FMA peak that is measured next to them. */
#include "kernel_test.h"

#include "base/alloc.h"
#include "os/cpu.h"

#include <planche/engine.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Time that this thread ran, so that others who share the machine do not count. */
static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double bench_measure(work_fn fn, const void *user)
{
    const double min = 0.05;
    double best = 0.0;
    for (unsigned round = 0; round < 5; round++) {
        const double start = cpu_seconds();
        double now = start;
        unsigned calls = 0;
        for (; now - start < min; calls++) {
            fn(user);
            now = cpu_seconds();
        }
        const double rate = calls / (now - start);
        best = rate > best ? rate : best;
    }
    return best;
}

#define PEAK_STEPS 20000
#define PEAK_FLOPS (2e-9 * PEAK_STEPS * PEAK_CHAINS) /* GFLOP of a lane */

#if defined(__x86_64__)
#define PEAK_CHAINS 12 /* hide the latency of two FMA units */
#define CHAIN(r, n) "vfmadd231ps %%" r "0, %%" r "0, %%" r n "\n\t"
/* Twelve independent chains of FMAs, in assembly since no compiler may take them away. */
#define PEAK(isa, r)                                                                               \
    static void peak_##isa(const void *user)                                                       \
    {                                                                                              \
        (void)user;                                                                                \
        unsigned steps = PEAK_STEPS;                                                               \
        __asm__ volatile("1:\n\t" CHAIN(r, "4") CHAIN(r, "5") CHAIN(r, "6") CHAIN(r, "7")          \
                             CHAIN(r, "8") CHAIN(r, "9") CHAIN(r, "10") CHAIN(r, "11")             \
                                 CHAIN(r, "12") CHAIN(r, "13") CHAIN(r, "14")                      \
                                     CHAIN(r, "15") "dec %0\n\t"                                   \
                                                    "jnz 1b\n\t"                                   \
                                                    "vzeroupper"                                   \
                         : "+r"(steps)                                                             \
                         :                                                                         \
                         : "xmm0", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",        \
                           "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "cc");                     \
    }
PEAK(avx2, "ymm")
PEAK(avx512, "zmm")
#elif defined(__aarch64__)
#define PEAK_CHAINS 16 /* hide the latency of four FMA units */
#define CHAIN(n)    "fmla v" n ".4s, v0.4s, v0.4s\n\t"
static void peak_neon(const void *user)
{
    (void)user;
    unsigned steps = PEAK_STEPS;
    __asm__ volatile("1:\n\t" CHAIN("16") CHAIN("17") CHAIN("18") CHAIN("19") CHAIN("20")
                         CHAIN("21") CHAIN("22") CHAIN("23") CHAIN("24") CHAIN("25") CHAIN("26")
                             CHAIN("27") CHAIN("28") CHAIN("29") CHAIN("30")
                                 CHAIN("31") "subs %w0, %w0, #1\n\t"
                                             "b.ne 1b"
                     : "+r"(steps)
                     :
                     : "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26",
                       "v27", "v28", "v29", "v30", "v31", "cc");
}
#endif

/* FMA GFLOP/s of one core with the widest of the features; 0 where there is no measurement. */
static double fma_peak(uint32_t features)
{
#if defined(__x86_64__)
    if (features &
        (PLANCHE_CPU_AVX512 | PLANCHE_CPU_AVX512BF16 | PLANCHE_CPU_AMX | PLANCHE_CPU_AVX512VNNI))
        return bench_measure(peak_avx512, NULL) * PEAK_FLOPS * 16;
    if (features & (PLANCHE_CPU_AVX2 | PLANCHE_CPU_AVXVNNI))
        return bench_measure(peak_avx2, NULL) * PEAK_FLOPS * 8;
#elif defined(__aarch64__)
    if (features & PLANCHE_CPU_NEON)
        return bench_measure(peak_neon, NULL) * PEAK_FLOPS * 4;
#else
    (void)features;
#endif
    return 0.0;
}

/* A layer of a model on one band of rows of a page. */
struct shape {
    const char *op, *name;
    unsigned in_channels, out_channels;
    unsigned kernel, stride; /* conv: inputs' columns and rows; the phases of deconvolutions too */
    size_t residual_rows;    /* conv: rows that are added, one after another; 0: none is */
};

/* More rows than caches hold: a tensor that was retained from the pass before. */
#define COLD 400

#define BOTH_TILES(name, in, out)                                                                  \
    {"winograd4", name, in, out, 3, 1, 0},                                                         \
    {                                                                                              \
        "winograd6", name, in, out, 3, 1, 0                                                        \
    }

static const struct shape shapes[] = {
    BOTH_TILES("3x3", 16, 16),
    BOTH_TILES("3x3", 24, 24),
    BOTH_TILES("3x3", 32, 32),
    BOTH_TILES("3x3", 40, 40),
    BOTH_TILES("3x3", 48, 48),
    BOTH_TILES("3x3", 64, 64),
    BOTH_TILES("3x3", 96, 96),
    BOTH_TILES("3x3", 32, 64),
    BOTH_TILES("3x3", 64, 128),
    BOTH_TILES("3x3", 128, 64),
    BOTH_TILES("3x3", 128, 128),
    BOTH_TILES("3x3", 128, 256),
    BOTH_TILES("3x3", 256, 128),
    BOTH_TILES("3x3, dense block", 64, 32),
    BOTH_TILES("3x3, dense block", 96, 32),
    BOTH_TILES("3x3, dense block", 128, 32),
    BOTH_TILES("3x3, dense block", 160, 32),
    BOTH_TILES("3x3, dense block", 192, 64),
    BOTH_TILES("3x3, before a shuffle", 24, 12),
    BOTH_TILES("3x3, before a shuffle", 48, 12),
    BOTH_TILES("3x3, before a shuffle", 64, 48),
    {"conv", "3x3, first", 3, 32, 3, 1, 0},
    {"conv", "3x3, first", 3, 24, 3, 1, 0},
    {"conv", "3x3, first", 3, 48, 3, 1, 0},
    {"conv", "3x3, first", 3, 64, 3, 1, 0},
    {"conv", "3x3", 64, 64, 3, 1, 0},
    {"conv", "2x2 stride 2", 48, 96, 2, 2, 0},
    {"conv", "2x2 stride 2", 64, 64, 2, 2, 0},
    {"conv", "2x2 stride 2", 128, 128, 2, 2, 0},
    {"conv", "deconvolution 2x2, one phase", 96, 48, 1, 1, 0},
    {"conv", "deconvolution 2x2, one phase", 64, 64, 1, 1, 0},
    {"conv", "deconvolution 2x2, one phase", 128, 128, 1, 1, 0},
    {"conv", "deconvolution 2x2, far residual", 64, 64, 1, 1, COLD},
    {"conv", "deconvolution 4x4, one phase", 64, 64, 2, 1, 0},
    {"conv", "1x1", 64, 32, 1, 1, 0},
    {"conv_narrow", "3x3, last", 64, 3, 3, 1, 0},
    {"conv_narrow", "3x3, last, with a residual", 64, 3, 3, 1, 1},
    {"conv_narrow", "deconvolution 4x4, one phase", 64, 3, 2, 1, 0},
    {"conv3", "3x3, quantised", 16, 16, 3, 1, 0},
    {"conv3", "3x3, quantised", 24, 24, 3, 1, 0},
    {"conv3", "3x3, quantised", 32, 32, 3, 1, 0},
    {"conv3", "3x3, quantised", 48, 48, 3, 1, 0},
    {"conv3", "3x3, quantised", 64, 64, 3, 1, 0},
    {"conv3", "3x3, quantised, first", 3, 24, 3, 1, 0},
    {"conv3", "3x3, quantised, to planes", 24, 12, 3, 1, 0},
};

#define WIDTH                           1236 /* columns of a page of 1200 with its padding */
#define MAX_TILES                       256
#define MAX_ROWS                        (16 * PLANCHE_WINOGRAD_MAX_INPUT_ROWS)
#define PLANCHE_WINOGRAD_MAX_INPUT_ROWS PLANCHE_WINOGRAD_INPUT(PLANCHE_WINOGRAD_TILE_MAX)

/* What a layer needs, in one piece of memory each. */
struct bench {
    const struct planche_kernels *kernels;
    const struct shape *shape;
    enum planche_precision precision;
    unsigned tile, in_blocks, out_blocks, in_lanes, out_lanes;
    size_t columns; /* of the output */
    float *input, *output, *weights, *scratch, *bias, *slope, *residuals;
    size_t input_row; /* floats of a row of one block */
    size_t *residual; /* the row that is next */
};

static float *floats(size_t count)
{
    struct random random = {count};
    float *data = planche_alloc(NULL, count * sizeof *data);
    if (!data)
        abort();
    for (size_t i = 0; i < count; i++)
        data[i] = random_float(&random) * 0.1f;
    return data;
}

static void bench_winograd(const void *user)
{
    const struct bench *bench = user;
    const unsigned tile = bench->tile, input = PLANCHE_WINOGRAD_INPUT(tile);
    const size_t at_once = tile * planche_winograd_tiles(tile, bench->precision, bench->in_blocks,
                                                         bench->out_blocks, planche_cpu_l2_bytes());
    for (size_t x = 0; x < bench->columns; x += at_once) {
        const float *inputs[MAX_ROWS];
        float *outputs[MAX_ROWS];
        for (unsigned i = 0; i < bench->in_blocks * input; i++)
            inputs[i] = bench->input + i * bench->input_row + x * LANES;
        for (unsigned i = 0; i < bench->out_blocks * tile; i++)
            outputs[i] = bench->output + (i * bench->columns + x) * LANES;
        const struct planche_winograd_args args = {
            .in_blocks = bench->in_blocks,
            .in_lanes = bench->shape->in_channels,
            .input_rows = inputs,
            .input_columns = bench->columns + 2 - x,
            .weights = bench->weights,
            .out_blocks = bench->out_blocks,
            .out_lanes = bench->shape->out_channels,
            .output_rows = outputs,
            .columns = bench->columns - x < at_once ? bench->columns - x : at_once,
            .epilogue = {.bias = bench->bias, .slope = bench->slope},
            .scratch = bench->scratch,
        };
        const struct planche_kernels *kernels = bench->kernels;
        if (bench->precision == PLANCHE_PRECISION_BF16)
            (tile == 4 ? kernels->winograd4_bf16 : kernels->winograd6_bf16)(&args);
        else
            (tile == 4 ? kernels->winograd4 : kernels->winograd6)(&args);
    }
}

static void bench_conv(const void *user)
{
    const struct bench *bench = user;
    const struct shape *shape = bench->shape;
    const float *inputs[MAX_ROWS];
    const bool narrow = bench->out_lanes == 1;
    const unsigned group = narrow ? bench->out_blocks : 4;
    const size_t out_block = bench->columns * bench->out_lanes;
    const float *added = bench->residuals + *bench->residual * bench->out_blocks * out_block;
    unsigned entries = 0;
    for (unsigned y = 0; y < shape->kernel; y++)
        for (unsigned x = 0; x < shape->kernel; x++)
            for (unsigned b = 0; b < bench->in_blocks; b++)
                inputs[entries++] = bench->input + (y * bench->in_blocks + b) * bench->input_row +
                                    (size_t)x * bench->in_lanes;
    for (unsigned first = 0; first < bench->out_blocks; first += group) {
        const unsigned left = bench->out_blocks - first;
        float *outputs[4];
        const float *residuals[4];
        for (unsigned b = 0; b < group && b < left; b++) {
            outputs[b] = bench->output + (first + b) * out_block;
            residuals[b] = added + (first + b) * out_block;
        }
        const struct planche_conv_args args = {
            .entries = entries,
            .inputs = inputs,
            .depth = bench->in_lanes,
            .input_step = (ptrdiff_t)(bench->in_lanes * shape->stride),
            .weights = bench->weights + (size_t)entries * bench->in_lanes * first * LANES /
                                            (bench->precision == PLANCHE_PRECISION_BF16 ? 2 : 1),
            .out_blocks = left < group ? left : group,
            .outputs = outputs,
            .output_step = bench->out_lanes,
            .count = bench->columns,
            .epilogue = {.bias = bench->bias,
                         .slope = bench->slope,
                         .residuals = shape->residual_rows > 0,
                         .self = {1.0f},
                         .other = {1.0f}},
            .residual = {residuals},
            .residual_step = {bench->out_lanes},
            .scratch = bench->scratch,
        };
        (narrow                                       ? bench->kernels->conv_narrow
         : bench->precision == PLANCHE_PRECISION_BF16 ? bench->kernels->conv_bf16
                                                      : bench->kernels->conv)(&args);
    }
    *bench->residual = shape->residual_rows ? (*bench->residual + 1) % shape->residual_rows : 0;
}

/* The buffers are large enough: a quad of bytes takes a quarter of what its floats would. Up to
 * 16 channels out are planes. */
static void bench_conv3(const void *user)
{
    const struct bench *bench = user;
    const uint8_t *inputs[MAX_ROWS];
    uint8_t *outputs[MAX_ROWS];
    float *planes[LANES] = {0};
    const struct shape *shape = bench->shape;
    const unsigned in_quads = (shape->in_channels + PLANCHE_QUAD - 1) / PLANCHE_QUAD;
    const unsigned out_quads = (shape->out_channels + PLANCHE_QUAD - 1) / PLANCHE_QUAD;
    for (unsigned i = 0; i < 3 * in_quads; i++)
        inputs[i] = (const uint8_t *)bench->input + i * (bench->columns + 2) * PLANCHE_QUAD;
    for (unsigned i = 0; i < out_quads; i++)
        outputs[i] = (uint8_t *)bench->output + i * bench->columns * PLANCHE_QUAD;
    const bool planar = shape->out_channels < LANES;
    for (unsigned i = 0; planar && i < shape->out_channels; i++)
        planes[i] = bench->output + i * bench->columns;
    bench->kernels->conv3_int8(&(struct planche_conv3_int8_args){
        .in_quads = in_quads,
        .out_quads = out_quads,
        .inputs = inputs,
        .weights = (const int8_t *)bench->weights,
        .bias = (const int32_t *)(const void *)bench->scratch,
        .scale = bench->bias,
        .below = bench->slope,
        .zero = bench->bias,
        .outputs = outputs,
        .planes = planar ? planes : NULL,
        .count = bench->columns,
    });
}

/* Multiply-adds of one call. */
static double macs(const struct bench *bench)
{
    const struct shape *shape = bench->shape;
    return (double)bench->columns * (bench->tile ? bench->tile : 1) * shape->kernel *
           shape->kernel * shape->in_channels * shape->out_channels;
}

static double bench_shape(const struct planche_kernels *kernels, const struct shape *shape,
                          enum planche_precision precision)
{
    size_t residual = 0;
    struct bench bench = {
        .kernels = kernels, .shape = shape, .precision = precision, .residual = &residual};
    bench.tile = strcmp(shape->op, "winograd4") == 0   ? 4
                 : strcmp(shape->op, "winograd6") == 0 ? 6
                                                       : 0;
    bench.in_lanes = shape->in_channels <= PLANCHE_PLANAR_CHANNELS ? 1 : LANES;
    bench.out_lanes = shape->out_channels <= PLANCHE_PLANAR_CHANNELS ? 1 : LANES;
    bench.in_blocks = (shape->in_channels + bench.in_lanes - 1) / bench.in_lanes;
    bench.out_blocks = (shape->out_channels + bench.out_lanes - 1) / bench.out_lanes;
    bench.columns = WIDTH / shape->stride;
    bench.input_row = (size_t)(WIDTH + shape->kernel) * bench.in_lanes;
    const unsigned rows = bench.tile ? bench.tile : 1;
    bench.input = floats((rows + shape->kernel - 1) * bench.in_blocks * bench.input_row);
    bench.output = floats(rows * bench.out_blocks * bench.columns * bench.out_lanes);
    bench.residuals = floats((shape->residual_rows ? shape->residual_rows : 1) * bench.out_blocks *
                             bench.columns * bench.out_lanes);
    bench.bias = floats(bench.out_blocks * bench.out_lanes);
    bench.slope = floats(bench.out_blocks * bench.out_lanes);
    size_t count = (size_t)shape->kernel * shape->kernel * bench.in_blocks * bench.in_lanes *
                   bench.out_blocks * LANES;
    if (bench.tile)
        planche_winograd_weights(bench.tile, bench.precision, bench.in_blocks, bench.out_blocks,
                                 &count);
    bench.weights = floats(count);
    count = 1;
    if (bench.tile)
        planche_winograd_scratch(bench.tile, bench.in_blocks, bench.out_blocks, MAX_TILES, &count);
    else if (planche_conv_scratch(bench.precision,
                                  (size_t)shape->kernel * shape->kernel * bench.in_blocks, &count))
        count = count / sizeof(float) + 1;
    const bool quantised = strcmp(shape->op, "conv3") == 0;
    if (quantised && count < bench.out_blocks * bench.out_lanes)
        count = bench.out_blocks * bench.out_lanes;
    bench.scratch = floats(count);
    const work_fn work = quantised ? bench_conv3 : bench.tile ? bench_winograd : bench_conv;
    const double rate = bench_measure(work, &bench);
    const double result = 2e-9 * rate * macs(&bench);
    planche_free(bench.input);
    planche_free(bench.output);
    planche_free(bench.residuals);
    planche_free(bench.bias);
    planche_free(bench.slope);
    planche_free(bench.weights);
    planche_free(bench.scratch);
    return result;
}

void bench_kernels(uint32_t features, const char *op, const char *isa)
{
    printf("%-12s %-4s %-10s %-30s %9s %9s %9s %6s\n", "kernel", "type", "ISA", "shape", "channels",
           "GFLOP/s", "FMA peak", "ratio");
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (size_t i = 0; i < kernel_version_count; i++) {
            const struct version *version = &kernel_versions[i];
            const bool bf16 = strcmp(version->type, "bf16") == 0;
            if (strcmp(version->op, shapes[s].op) != 0 || !(version->feature & features) ||
                (op && strcmp(op, version->op) != 0) || (isa && strcmp(isa, version->isa) != 0) ||
                (bf16 && shapes[s].in_channels <= PLANCHE_PLANAR_CHANNELS))
                continue;
            struct planche_kernels kernels;
            planche_kernels_init(&kernels, 0);
            version->use(&kernels);
            char channels[32];
            snprintf(channels, sizeof channels, "%u>%u", shapes[s].in_channels,
                     shapes[s].out_channels);
            const double peak =
                fma_peak(version->feature & ~PLANCHE_CPU_PORTABLE ? version->feature : features);
            const double rate = bench_shape(&kernels, &shapes[s],
                                            bf16 ? PLANCHE_PRECISION_BF16 : PLANCHE_PRECISION_F32);
            printf("%-12s %-4s %-10s %-30s %9s %9.1f %9.1f %6.2f\n", version->op, version->type,
                   version->isa, shapes[s].name, channels, rate, peak,
                   peak > 0.0 ? rate / peak : 0.0);
        }
}
