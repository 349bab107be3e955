/* SPDX-License-Identifier: MIT */
/* conv, conv_narrow and depthwise against plain sums in double precision, of rounded factors in
 * bf16. */
#include "kernel_test.h"

#include "kernels/bf16.h"

#include <string.h>

#define MAX_ENTRIES 40
#define MAX_OUTPUTS 4
#define TOLERANCE   5e-7 /* of the sum of the products' magnitudes */

struct run {
    bool narrow, bf16, depthwise;
    unsigned out_lanes; /* of an output block: 16, or 1 (narrow) */
    size_t output_row;  /* floats of an output from its first pixel to the end of its last one */
    struct planche_conv_args args;
    unsigned blocks, taps; /* entries: [row][tap][block], a tap one pixel after the last one */
    const float *entry_inputs[MAX_ENTRIES]; /* at the first pixel */
    struct buffer inputs[MAX_ENTRIES], weights, scratch, outputs[MAX_OUTPUTS], again[MAX_OUTPUTS];
    struct buffer residuals[PLANCHE_RESIDUALS][MAX_OUTPUTS];
    const float *input_rows[MAX_ENTRIES], *residual_rows[PLANCHE_RESIDUALS][MAX_OUTPUTS];
    float *output_rows[MAX_OUTPUTS];
    struct test_epilogue epilogue;
};

/* Floats of a row of `count` pixels of `lanes` lanes, `step` floats apart. */
static size_t row_floats(size_t count, ptrdiff_t step, size_t lanes)
{
    return (count - 1) * (size_t)step + lanes;
}

static void choose_shape(struct run *run, struct random *random)
{
    struct planche_conv_args *args = &run->args;
    /* The phase of a deconvolution may have no entry at all. */
    args->entries = random_once(random, 30) ? 0 : random_size(random, 1, MAX_ENTRIES);
    args->depth = run->narrow || run->bf16 || run->depthwise || random_once(random, 2) ? LANES : 1;
    args->input_step = (ptrdiff_t)(args->depth * random_size(random, 1, 3));
    args->out_blocks = run->depthwise ? 1 : (unsigned)random_size(random, 1, MAX_OUTPUTS);
    args->output_step = (ptrdiff_t)(run->out_lanes * random_size(random, 1, 3));
    args->count = random_size(random, 1, random_once(random, 8) ? 150 : 40);
    run->blocks = (unsigned)random_size(random, 1, 4);
    run->taps = (unsigned)random_size(random, 1, 3);
    for (unsigned r = 0; r < PLANCHE_RESIDUALS; r++)
        args->residual_step[r] = (ptrdiff_t)(run->out_lanes * random_size(random, 1, 2));
    run->output_row = row_floats(args->count, args->output_step, run->out_lanes);
}

static struct buffer create_weights(size_t count, bool bf16, struct random *random)
{
    if (!bf16)
        return buffer_create_random(count, true, random);
    const struct buffer buffer = buffer_create(count / 2, true);
    for (size_t i = 0; i < count; i++)
        ((uint16_t *)(void *)buffer.data)[i] = planche_bf16_round(random_float(random));
    return buffer;
}

static void create_inputs(struct run *run, struct random *random)
{
    const struct planche_conv_args *args = &run->args;
    const size_t row = row_floats(args->count + run->taps - 1, args->input_step, args->depth);
    for (size_t e = 0; e < args->entries; e++) {
        const size_t tap = e / run->blocks % run->taps;
        const size_t first = e - tap * run->blocks;
        if (tap == 0)
            run->inputs[e] = buffer_create_random(row, args->depth == LANES, random);
        run->entry_inputs[e] = run->inputs[first].data + (ptrdiff_t)tap * args->input_step;
    }
}

static void create_run(struct run *run, bool narrow, bool bf16, bool depthwise,
                       struct random *random)
{
    struct planche_conv_args *args = &run->args;
    memset(run, 0, sizeof *run);
    run->narrow = narrow;
    run->bf16 = bf16;
    run->depthwise = depthwise;
    run->out_lanes = narrow ? 1 : LANES;
    choose_shape(run, random);
    size_t scratch;
    assert_true(planche_conv_scratch(bf16 ? PLANCHE_PRECISION_BF16 : PLANCHE_PRECISION_F32,
                                     args->entries, &scratch));
    run->scratch = buffer_create(scratch / sizeof(float) + 1, true);
    create_inputs(run, random);
    run->weights = create_weights(args->entries * args->out_blocks * LANES *
                                      (narrow || depthwise ? 1 : args->depth),
                                  bf16, random);
    for (unsigned b = 0; b < args->out_blocks; b++) {
        run->outputs[b] = buffer_create(run->output_row, !narrow);
        run->again[b] = buffer_create(run->output_row, !narrow);
        for (unsigned r = 0; r < PLANCHE_RESIDUALS; r++) {
            const size_t row = row_floats(args->count, args->residual_step[r], run->out_lanes);
            run->residuals[r][b] = buffer_create_random(row, !narrow, random);
        }
    }
    run->epilogue = epilogue_create((size_t)args->out_blocks * run->out_lanes, random);
}

static void destroy_run(struct run *run)
{
    for (size_t e = 0; e < run->args.entries; e++)
        if (e / run->blocks % run->taps == 0)
            buffer_destroy(&run->inputs[e]);
    buffer_destroy(&run->scratch);
    buffer_destroy(&run->weights);
    for (unsigned b = 0; b < run->args.out_blocks; b++) {
        buffer_destroy(&run->outputs[b]);
        buffer_destroy(&run->again[b]);
        for (unsigned r = 0; r < PLANCHE_RESIDUALS; r++)
            buffer_destroy(&run->residuals[r][b]);
    }
    epilogue_destroy(&run->epilogue);
}

/* Runs pixels first..first + count - 1 into outputs. */
static void run_pixels(struct run *run, planche_conv_fn fn, size_t first, size_t count,
                       const struct buffer *outputs)
{
    struct planche_conv_args args = run->args;
    for (size_t e = 0; e < args.entries; e++)
        run->input_rows[e] = run->entry_inputs[e] + (ptrdiff_t)first * args.input_step;
    for (unsigned b = 0; b < args.out_blocks; b++) {
        run->output_rows[b] = outputs[b].data + (ptrdiff_t)first * args.output_step;
        for (unsigned r = 0; r < PLANCHE_RESIDUALS; r++)
            run->residual_rows[r][b] =
                run->residuals[r][b].data + (ptrdiff_t)first * args.residual_step[r];
    }
    args.inputs = run->input_rows;
    args.weights = run->weights.data;
    args.outputs = run->output_rows;
    args.scratch = run->scratch.data;
    args.count = count;
    args.epilogue = run->epilogue.epilogue;
    for (unsigned r = 0; r < PLANCHE_RESIDUALS; r++)
        args.residual[r] = run->residual_rows[r];
    fn(&args);
}

/* Between lane k of entry e and an output lane. */
static float weight_at(const struct run *run, size_t e, unsigned k, unsigned block, unsigned lane)
{
    const struct planche_conv_args *args = &run->args;
    if (run->depthwise)
        return run->weights.data[e * LANES + k];
    if (run->narrow)
        return run->weights.data[(block * args->entries + e) * LANES + k];
    if (!run->bf16)
        return run->weights.data[((e * args->depth + k) * args->out_blocks + block) * LANES + lane];
    const uint16_t *pairs = (const uint16_t *)(void *)run->weights.data;
    return planche_bf16_value(
        pairs[(((e * LANES + k) / 2 * args->out_blocks + block) * LANES + lane) * 2 + k % 2]);
}

static struct expected expect(const struct run *run, unsigned block, unsigned lane, size_t pixel)
{
    const struct planche_conv_args *args = &run->args;
    struct expected expected = {0};
    for (size_t e = 0; e < args->entries; e++)
        for (unsigned k = 0; k < args->depth; k++) {
            if (run->depthwise && k != lane)
                continue;
            const float x = run->entry_inputs[e][pixel * (size_t)args->input_step + k];
            expected_add(&expected, run->bf16 ? planche_bf16_value(planche_bf16_round(x)) : x,
                         weight_at(run, e, k, block, lane));
        }
    float residuals[PLANCHE_RESIDUALS];
    for (unsigned r = 0; r < PLANCHE_RESIDUALS; r++)
        residuals[r] = run->residuals[r][block].data[pixel * (size_t)args->residual_step[r] + lane];
    epilogue_apply(&run->epilogue.epilogue, block * run->out_lanes + lane, residuals, &expected);
    return expected;
}

/* Floats between the pixels of an output must stay as they were. */
static void compare_run(const struct run *run)
{
    const struct planche_conv_args *args = &run->args;
    static const unsigned char canary[sizeof(float)] = {0xff, 0xff, 0xff, 0xff};
    for (unsigned b = 0; b < args->out_blocks; b++)
        for (size_t i = 0; i < run->output_row; i++) {
            const size_t pixel = i / (size_t)args->output_step;
            const size_t lane = i % (size_t)args->output_step;
            const float *actual = run->outputs[b].data + i;
            if (lane < run->out_lanes) {
                const struct expected expected = expect(run, b, (unsigned)lane, pixel);
                expected_compare(&expected, *actual, TOLERANCE, "conv", i);
            } else {
                assert_memory_equal(actual, canary, sizeof canary);
            }
        }
}

static void check_run(planche_conv_fn fn, bool narrow, bool bf16, bool depthwise,
                      struct random *random)
{
    for (unsigned i = 0; i < 150; i++) {
        struct run run;
        create_run(&run, narrow, bf16, depthwise, random);
        const size_t count = run.args.count, cut = random_size(random, 1, count);
        run_pixels(&run, fn, 0, count, run.outputs);
        compare_run(&run);
        run_pixels(&run, fn, 0, cut, run.again);
        run_pixels(&run, fn, cut, count - cut, run.again);
        for (unsigned b = 0; b < run.args.out_blocks; b++)
            assert_memory_equal(run.outputs[b].data, run.again[b].data,
                                run.output_row * sizeof(float));
        destroy_run(&run);
    }
}

void check_conv_f32(const struct planche_kernels *kernels, struct random *random)
{
    check_run(kernels->conv, false, false, false, random);
}

void check_conv_narrow_f32(const struct planche_kernels *kernels, struct random *random)
{
    check_run(kernels->conv_narrow, true, false, false, random);
}

void check_conv_bf16(const struct planche_kernels *kernels, struct random *random)
{
    check_run(kernels->conv_bf16, false, true, false, random);
}

void check_depthwise_f32(const struct planche_kernels *kernels, struct random *random)
{
    check_run(kernels->depthwise, false, false, true, random);
}
