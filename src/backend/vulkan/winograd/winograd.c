/* SPDX-License-Identifier: MIT */
/* Winograd on GPUs: which convolutions, how workgroups divide them, and their weights. */
#include "backend/vulkan/winograd/winograd.h"

#include "backend/vulkan/conv_matmul.h"
#include "backend/vulkan/fault.h"
#include "backend/vulkan/pack_weights.h"
#include "backend/vulkan/pipeline.h"
#include "base/checked.h"
#include "base/status.h"
#include "kernels/kernels.h"

#include <string.h>

#define SIDE   PLANCHE_GPU_WINOGRAD_SIDE
#define POINTS 36
#define LANES  PLANCHE_LANES
/* Of an invocation: what registers hold. */
#define TILES 4
#define QUADS 2
/* Parts of a workgroup: those of tiles times those of channels. */
#define MOST_PARTS 16
#define VARIANT    (1u << PLANCHE_GPU_VARIANT_WINOGRAD)

/* Which of the shader's constants says how many tiles lie side by side. */
#define COLUMNS_CONSTANT 6

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* Channels of 3 colours are too few: transforms would take longer than products. Copies are to be
 * exact. Software devices take seconds to compile the shader. */
static bool suits(const struct planche_gpu_program *program, const struct planche_step *step)
{
    if (atomic_load(&program->device->refused) & VARIANT ||
        (program->device->software && !planche_gpu_forces_winograd()))
        return false;
    for (int i = 0; i < step->input_count; i++)
        if (program->pitches[step->inputs[i].tensor] % 16)
            return false;
    return step->op == PLANCHE_STEP_CONV && !step->copies && step->kernel_w == 3 &&
           step->kernel_h == 3 && step->stride_w == 1 && step->stride_h == 1 &&
           step->dilation_w == 1 && step->dilation_h == 1 &&
           program->pitches[step->output] % 16 == 0;
}

/* Channels of a workgroup divide those of the output; the fewer they are the more tiles it has. Few
 * columns are staged where there are few invocations for them. What measured fastest on an H200:
 * docs/performance.md. */
static struct planche_gpu_winograd choose_shape(const struct planche_gpu_program *program,
                                                const struct planche_step *step)
{
    const VkPhysicalDeviceLimits *limits = &program->device->properties.limits;
    uint32_t invocations = limits->maxComputeWorkGroupInvocations;
    if (invocations > limits->maxComputeWorkGroupSize[0])
        invocations = limits->maxComputeWorkGroupSize[0];
    int32_t all = program->pitches[step->output] / (4 * QUADS);
    int32_t parts = least(MOST_PARTS, (int32_t)(invocations / POINTS));
    struct planche_gpu_winograd w = {.out_parts = least(parts, 8), .tile_parts = 8};
    while (all % w.out_parts)
        w.out_parts--;
    while (w.tile_parts * w.out_parts > parts)
        w.tile_parts /= 2;
    int32_t tiles = w.tile_parts * TILES;
    w.staged = least(32 / tiles, 4);
    w.columns = tiles > 16 ? 8 : tiles > 4 ? 4 : 2;
    w.passed = w.tile_parts * w.out_parts > 8 ? 2 : 4;
    w.slots = w.staged * (tiles + 1); /* so that columns lie in different banks */
    if (w.slots < w.passed * w.tile_parts * w.out_parts)
        w.slots = w.passed * w.tile_parts * w.out_parts;
    return w;
}

/* The pipeline of constants; none if the driver refuses it, which is no error. Tests may spoil it.
 */
static enum planche_status get_pipeline(struct planche_gpu_device *device, int32_t *constants,
                                        unsigned count, VkPipeline *pipeline,
                                        struct planche_error *error)
{
    struct planche_error reason;
    enum planche_status status;
    if (planche_gpu_spoiled_variants() & VARIANT)
        constants[COLUMNS_CONSTANT] = 1;
    if (planche_gpu_refused_variants() & VARIANT)
        status = planche_fail(&reason, PLANCHE_ERROR_DEVICE, "a test refuses it");
    else
        status = planche_gpu_pipeline_get(device, PLANCHE_SHADER_WINOGRAD, constants, count,
                                          pipeline, &reason);
    if (status == PLANCHE_ERROR_DEVICE && !atomic_load(&device->lost)) {
        planche_gpu_matrix_refuse(device, VARIANT, reason.message);
        return PLANCHE_OK;
    }
    if (status && error)
        *error = reason;
    return status;
}

bool planche_gpu_winograd_choose(const struct planche_gpu_program *program, int s,
                                 enum planche_status *status, struct planche_error *error)
{
    const struct planche_step *step = &program->net->steps[s];
    struct planche_gpu_step *made = &program->steps[s];
    *status = PLANCHE_OK;
    if (!suits(program, step))
        return false;
    struct planche_gpu_winograd w = made->winograd = choose_shape(program, step);
    made->shape = (struct planche_gpu_shape){
        .pixels_x = SIDE * w.columns,
        .pixels_y = SIDE * w.tile_parts * TILES / w.columns,
        .channels = 4 * QUADS * w.out_parts,
    };
    int32_t constants[] = {
        POINTS * w.tile_parts * w.out_parts,
        w.tile_parts,
        w.out_parts,
        TILES,
        QUADS,
        w.staged,
        w.columns,
        w.passed,
        w.slots,
    };
    *status = get_pipeline(program->device, constants, sizeof(constants) / sizeof(constants[0]),
                           &made->pipeline, error);
    return true;
}

/* Channels that workgroups make, of which the last may have too many. */
static size_t made_channels(const struct planche_gpu_program *program, int s)
{
    size_t each = (size_t)program->steps[s].shape.channels;
    size_t pitch = (size_t)program->pitches[program->net->steps[s].output];
    return (pitch + each - 1) / each * each;
}

bool planche_gpu_winograd_count(const struct planche_gpu_program *program, int s, size_t *count)
{
    const struct planche_step *step = &program->net->steps[s];
    return planche_mul_size(POINTS, (size_t)planche_gpu_padded_inputs(program, step), count) &&
           planche_mul_size(*count, made_channels(program, s), count);
}

struct packer {
    const struct planche_gpu_winograd *shape;
    const struct planche_step *step;
    size_t inputs, outputs; /* not padded */
    size_t padded;          /* inputs */
    float *to;
};

/* Where the weight of the first point between padded input c and output o goes; points are
 * 4 * out_parts apart. */
static size_t place_of(const struct packer *packer, size_t c, size_t o)
{
    size_t parts = (size_t)packer->shape->out_parts, quads = QUADS;
    size_t each = 4 * parts * quads, block = o / each, quad = o % each / (4 * parts);
    return ((block * packer->padded + c) * quads + quad) * POINTS * 4 * parts + o % (4 * parts);
}

/* LANES outputs from `first` on, of input `from`, which is `padded` in the shader's count. */
static void pack_lanes(const struct packer *packer, size_t from, size_t padded, size_t first)
{
    const float *kernels[LANES];
    float points[POINTS * LANES];
    for (size_t l = 0; l < LANES; l++)
        kernels[l] = first + l < packer->outputs
                         ? packer->step->weights + ((first + l) * packer->inputs + from) * 9
                         : NULL;
    planche_winograd_kernels(kernels, points);
    for (size_t l = 0; l < LANES && kernels[l]; l++) {
        size_t at = place_of(packer, padded, first + l);
        size_t step = 4 * (size_t)packer->shape->out_parts;
        for (size_t p = 0; p < POINTS; p++, at += step)
            packer->to[at] = points[p * LANES + l];
    }
}

void planche_gpu_winograd_pack(const struct planche_gpu_program *program, int s, float *to)
{
    const struct planche_net *net = program->net;
    const struct planche_step *step = &net->steps[s];
    struct packer packer = {.shape = &program->steps[s].winograd, .step = step, .to = to};
    size_t count, from = 0, padded = 0;
    packer.outputs = (size_t)net->tensors[step->output].channels;
    packer.padded = (size_t)planche_gpu_padded_inputs(program, step);
    if (!planche_gpu_winograd_count(program, s, &count))
        return;
    memset(to, 0, count * sizeof(float));
    for (int i = 0; i < step->input_count; i++)
        packer.inputs += (size_t)net->tensors[step->inputs[i].tensor].channels;
    for (int i = 0; i < step->input_count; i++) {
        int tensor = step->inputs[i].tensor;
        for (int c = 0; c < net->tensors[tensor].channels; c++, from++)
            for (size_t o = 0; o < packer.outputs; o += LANES)
                pack_lanes(&packer, from, padded + (size_t)c, o);
        padded += (size_t)program->pitches[tensor];
    }
}
