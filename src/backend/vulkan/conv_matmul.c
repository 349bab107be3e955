/* SPDX-License-Identifier: MIT */
/* Implicit GEMM: which convolutions are matrix products, in which shape, and with which weights. */
#include "backend/vulkan/conv_matmul.h"

#include "backend/vulkan/fault.h"
#include "backend/vulkan/half.h"
#include "backend/vulkan/pack_weights.h"
#include "backend/vulkan/pipeline.h"
#include "backend/vulkan/wgmma/args.h"
#include "base/checked.h"
#include "base/status.h"

#include <string.h>

/* Inputs and outputs of a fragment. */
#define SIDE 16
/* The vendor whose lanes hold 8 values of a fragment each. */
#define NVIDIA 0x10de

/* How workgroups and subgroups divide a product: see shaders/conv_khr.comp. */
struct shape {
    int32_t rows, columns, groups; /* of a subgroup, in fragments */
    int32_t down, deep;            /* subgroups of a workgroup */
    int32_t chunk;                 /* inputs staged at a time */
    int32_t ahead;                 /* 1: the next chunk is loaded while this one is multiplied */
    int32_t strip;                 /* tiles of a workgroup, one below the other */
};

/* Of its constants, those that say which variant it is. */
enum { PHASES_CONSTANT = 12, ACTIVATION_CONSTANT = 13 };
static const int fold_constants[PLANCHE_GPU_VARIANT_THIRDS] = {
    [PLANCHE_GPU_VARIANT_SCALED_INPUT] = 20,
    [PLANCHE_GPU_VARIANT_SCALED_RESIDUAL] = 21,
    [PLANCHE_GPU_VARIANT_ENLARGED_INPUT] = 22,
    [PLANCHE_GPU_VARIANT_SUMS] = 23,
};

/* Variants in which a lane has the same channels of all pixels, which 3 groups do not allow. */
#define BY_LANES (1u << PLANCHE_GPU_VARIANT_SCALED_RESIDUAL | 1u << PLANCHE_GPU_VARIANT_SUMS)

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* Deconvolutions: one tap and many outputs, or few outputs. */
static struct shape choose_phased(const struct planche_gpu_product *product, int32_t chunk)
{
    if (product->taps_x == 1 && product->outputs % (16 * SIDE) == 0)
        return (struct shape){2, 1, 4, 2, 4, chunk, 1, 1};
    return (struct shape){6, 1, 1, 1, 1, SIDE, 1, 1};
}

static struct shape choose_strided(const struct planche_gpu_product *product, int32_t chunk)
{
    if (product->outputs % (8 * SIDE) == 0)
        return (struct shape){2, 1, 4, 1, 2, least(chunk, 2 * SIDE), 1, 1};
    if (product->outputs == 6 * SIDE)
        return (struct shape){2, 1, 2, 1, 3, least(chunk, 2 * SIDE), 1, 1};
    if (product->outputs % (4 * SIDE) == 0)
        return (struct shape){1, 1, 4, 1, 1, least(chunk, 2 * SIDE), 1, 4};
    return (struct shape){2, 1, 1, 1, 1, SIDE, 1, 1};
}

static struct shape choose_square(const struct planche_gpu_product *product, int32_t chunk)
{
    int32_t groups = (product->enlarges ? product->step : product->outputs) / SIDE;
    int32_t ahead = product->inputs < 128;
    chunk = least(chunk, 2 * SIDE);
    if (groups == 2)
        return (struct shape){12, 1, 1, 1, 2, SIDE, 0, 1};
    if (groups == 3)
        return (struct shape){3, 1, 3, 2, 1, chunk, 1, 1};
    if (groups % 8 == 0)
        return (struct shape){7, 1, 2, 1, 4, chunk, ahead, 1};
    if (groups % 4 == 0)
        return (struct shape){6, 1, 2, 1, 2, chunk, ahead, 1};
    return (struct shape){8, 1, 1, 1, 1, SIDE, 0, 1};
}

/* One tap on one pixel, and all of the outputs. */
static bool is_single(const struct planche_gpu_product *product)
{
    return product->taps_x == 1 && product->taps_y == 1 && product->phases == 1;
}

/* Memory limits them: a workgroup makes many outputs, so that inputs are read seldom. */
static struct shape choose_single(const struct planche_gpu_product *product, int32_t chunk)
{
    int32_t all = product->outputs / SIDE, groups = all % 4 == 0 ? 4 : all % 2 == 0 ? 2 : 1;
    int32_t rows = 8 / groups, deep = 4;
    while (all / groups % deep)
        deep--;
    if (rows > 2)
        chunk = least(chunk, 2 * SIDE);
    return (struct shape){rows, 1, groups, 2, deep, chunk, 1, 1};
}

/* What measured fastest on an H200, but for 1 x 1 convolutions: docs/performance.md. */
static struct shape choose_shape(const struct planche_gpu_product *product, int32_t chunk)
{
    int32_t groups = product->outputs / SIDE;
    if (product->gathers)
        return (struct shape){2, 1, groups % 4 == 0 ? 4 : groups % 2 ? 1 : 2, 2, 1, SIDE, 1, 4};
    if (product->folds)
        return (struct shape){2, 2, 1, 4, 1, SIDE, 1, 4};
    if (product->phases > 1 && !product->enlarges)
        return choose_phased(product, chunk);
    if (is_single(product))
        return choose_single(product, chunk);
    return product->stride == 2 ? choose_strided(product, chunk) : choose_square(product, chunk);
}

/* Compilers for software devices take minutes for what is unrolled: fewer rows and outputs. */
static struct shape shrink(struct shape shape)
{
    shape.rows = least(shape.rows, 2);
    shape.groups = 1;
    return shape;
}

/* Rows decide which pixels a subgroup has, not how any is computed. */
static int32_t tuned_rows(const struct planche_gpu_program *program, int32_t rows)
{
    int32_t fewer = rows / (int32_t)program->device->tuning.rows;
    return fewer < 1 ? 1 : fewer;
}

/* The most inputs, of 16, 32 and 64, that can be staged at a time: they are of one tensor. */
static int32_t choose_chunk(const struct planche_gpu_program *program,
                            const struct planche_step *step)
{
    int32_t chunk = 4 * SIDE;
    for (int i = 0; i < step->input_count; i++)
        while (chunk > SIDE && program->net->tensors[step->inputs[i].tensor].channels % chunk)
            chunk /= 2;
    return chunk;
}

static bool refuses(const struct planche_gpu_program *program, unsigned variant)
{
    return atomic_load(&program->device->refused) >> variant & 1;
}

/* What the shaders can do: square kernels without dilation, strides alike. */
static bool is_square(const struct planche_step *step)
{
    return step->kernel_w == step->kernel_h && step->stride_w == step->stride_h &&
           step->dilation_w == 1 && step->dilation_h == 1;
}

static bool has_whole_fragments(const struct planche_gpu_program *program,
                                const struct planche_step *step)
{
    for (int i = 0; i < step->input_count; i++)
        if (program->net->tensors[step->inputs[i].tensor].channels % SIDE)
            return false;
    return true;
}

/* Of a square step. */
static bool is_first(const struct planche_gpu_program *program, const struct planche_step *step)
{
    return step->op == PLANCHE_STEP_CONV && step->input_count == 1 &&
           program->pitches[step->inputs[0].tensor] == 4 && step->kernel_w == 3 &&
           step->stride_w == 1;
}

/* Whether the step's input is an enlargement that it folds in. */
static bool enlarges(const struct planche_gpu_program *program, const struct planche_step *step)
{
    const bool *enlarged = program->folding.enlarged;
    return enlarged && step->op == PLANCHE_STEP_CONV && enlarged[step->inputs[0].tensor];
}

static int32_t round_up(int32_t count)
{
    return (count + SIDE - 1) / SIDE * SIDE;
}

/* The product that a step is; false: it is none. */
static bool describe(const struct planche_gpu_program *program, const struct planche_step *step,
                     struct planche_gpu_product *product)
{
    int32_t pitch = program->pitches[step->output];
    *product = (struct planche_gpu_product){
        .taps_x = step->kernel_w,
        .taps_y = step->kernel_h,
        .stride = step->stride_w,
        .phases = 1,
        .step = pitch,
        .outputs = round_up(pitch),
        .inputs = planche_gpu_padded_inputs(program, step),
    };
    if (!is_square(step))
        return false;
    if (is_first(program, step)) {
        product->gathers = true;
        product->taps_x = 1;
        product->inputs = SIDE;
        return pitch > 4;
    }
    if (!has_whole_fragments(program, step))
        return false;
    product->folds = step->op == PLANCHE_STEP_CONV && pitch == 4 && step->kernel_w == 3 &&
                     step->stride_w == 1 && step->activation != PLANCHE_ACT_SLOPES;
    if (product->folds)
        product->taps_x = 1;
    if (enlarges(program, step)) {
        product->enlarges = true;
        product->phases = product->taps_x = product->taps_y = 2;
        product->outputs = 4 * pitch;
        return true;
    }
    if (step->op == PLANCHE_STEP_CONV)
        return (step->kernel_w == 3 && step->stride_w == 1) ||
               (step->kernel_w == 2 && step->stride_w == 2) ||
               (step->kernel_w == 1 && step->stride_w == 1 && pitch % SIDE == 0 &&
                !refuses(program, PLANCHE_GPU_VARIANT_SINGLE));
    /* Pixel np + phase gets input p + dy through kernel row phase + pad - n dy. */
    int32_t n = step->stride_w;
    product->phases = n;
    product->stride = 1;
    product->taps_x = product->taps_y = (n - 1 + step->pad_top) / n + 1;
    product->outputs = round_up(n * n * pitch);
    if (n == 3 && refuses(program, PLANCHE_GPU_VARIANT_THIRDS))
        return false;
    return (n == 2 || n == 3) && step->pad_top == step->pad_left && product->taps_x <= 3 &&
           step->pad_top >= step->kernel_w - n;
}

/* Whether shaders/conv_nv2.comp takes it. */
static bool takes_nv2(const struct planche_gpu_program *program,
                      const struct planche_gpu_product *product)
{
    return program->device->path == PLANCHE_GPU_PATH_NV2 && !product->gathers && !product->folds &&
           !product->enlarges && !is_single(product) && product->phases <= 2 &&
           product->step % SIDE == 0;
}

/* Whether the enlarged input of a step could be folded in: a 3 x 3 convolution that pads by 1. */
static bool can_enlarge(const struct planche_step *step, const struct planche_gpu_product *product)
{
    return step->op == PLANCHE_STEP_CONV && step->kernel_w == 3 && step->stride_w == 1 &&
           step->pad_top == 1 && step->pad_left == 1 && step->pad_bottom == 1 &&
           step->pad_right == 1 && !product->gathers && product->step % SIDE == 0;
}

bool planche_gpu_matrix_folds(const void *user, int s, enum planche_fold fold)
{
    const struct planche_gpu_program *program = user;
    const struct planche_step *step = &program->net->steps[s];
    struct planche_gpu_product product;
    bool conv = step->op == PLANCHE_STEP_CONV || step->op == PLANCHE_STEP_DECONV;
    if (!conv || program->device->path < PLANCHE_GPU_PATH_KHR || refuses(program, fold) ||
        !describe(program, step, &product) || takes_nv2(program, &product))
        return false;
    switch (fold) {
    case PLANCHE_FOLD_SCALED_INPUT:
        return !product.gathers && !product.enlarges;
    case PLANCHE_FOLD_SCALED_RESIDUAL:
        return product.step % SIDE == 0;
    case PLANCHE_FOLD_ENLARGED_INPUT:
        return can_enlarge(step, &product);
    default:
        return product.phases == 1 && product.step % SIDE == 0;
    }
}

/* Whether a step reads anything that a vector scales. */
static bool reads_scaled(const struct planche_gpu_program *program, const struct planche_step *step,
                         bool residuals)
{
    const int *vectors = program->folding.vectors;
    int count = residuals ? step->residual_count : step->input_count;
    for (int i = 0; vectors && i < count; i++)
        if (vectors[residuals ? step->residuals[i].view.tensor : step->inputs[i].tensor] >= 0)
            return true;
    return false;
}

static unsigned variant_of(enum planche_gpu_kernel kernel)
{
    return PLANCHE_GPU_VARIANT_WGMMA + (unsigned)kernel - PLANCHE_GPU_KERNEL_CONV;
}

unsigned planche_gpu_matrix_variants(const struct planche_gpu_program *program, int s)
{
    const struct planche_step *step = &program->net->steps[s];
    const struct planche_gpu_product *product = &program->steps[s].product;
    unsigned bits = 0;
    if (program->steps[s].kernel)
        return 1u << variant_of(program->steps[s].kernel);
    if (program->steps[s].winograd.out_parts)
        return 1u << PLANCHE_GPU_VARIANT_WINOGRAD;
    if (!product->taps_x || takes_nv2(program, product))
        return 0;
    if (reads_scaled(program, step, false))
        bits |= 1u << PLANCHE_GPU_VARIANT_SCALED_INPUT;
    if (reads_scaled(program, step, true))
        bits |= 1u << PLANCHE_GPU_VARIANT_SCALED_RESIDUAL;
    if (product->enlarges)
        bits |= 1u << PLANCHE_GPU_VARIANT_ENLARGED_INPUT;
    if (program->folding.averages && program->folding.averages[s] >= 0)
        bits |= 1u << PLANCHE_GPU_VARIANT_SUMS;
    if (product->phases == 3)
        bits |= 1u << PLANCHE_GPU_VARIANT_THIRDS;
    if (is_single(product))
        bits |= 1u << PLANCHE_GPU_VARIANT_SINGLE;
    return bits ? bits : 1u << PLANCHE_GPU_VARIANT_PLAIN;
}

static const char *const variant_names[PLANCHE_GPU_VARIANT_COUNT] = {
    [PLANCHE_GPU_VARIANT_SCALED_INPUT] = "matrix products with scaled inputs",
    [PLANCHE_GPU_VARIANT_SCALED_RESIDUAL] = "matrix products with scaled residuals",
    [PLANCHE_GPU_VARIANT_ENLARGED_INPUT] = "matrix products of enlarged inputs",
    [PLANCHE_GPU_VARIANT_SUMS] = "matrix products with sums of their outputs",
    [PLANCHE_GPU_VARIANT_THIRDS] = "matrix products for deconvolutions of stride 3",
    [PLANCHE_GPU_VARIANT_SINGLE] = "matrix products for 1x1 convolutions",
    [PLANCHE_GPU_VARIANT_PLAIN] = "matrix products of any kind",
    [PLANCHE_GPU_VARIANT_WGMMA] = "matrix products by wgmma",
    [PLANCHE_GPU_VARIANT_WGMMA_RESIDUAL] = "matrix products by wgmma with a residual",
    [PLANCHE_GPU_VARIANT_WGMMA_RESIDUALS] = "matrix products by wgmma with two residuals",
    [PLANCHE_GPU_VARIANT_WGMMA_SUMS] = "matrix products by wgmma with sums of their outputs",
    [PLANCHE_GPU_VARIANT_WGMMA_ENLARGED] = "matrix products by wgmma of enlarged inputs",
    [PLANCHE_GPU_VARIANT_WGMMA_PAIRED] = "matrix products by wgmma with few outputs",
    [PLANCHE_GPU_VARIANT_WINOGRAD] = "convolutions by Winograd",
};

void planche_gpu_matrix_refuse(struct planche_gpu_device *device, unsigned variants,
                               const char *reason)
{
    unsigned before = atomic_fetch_or(&device->refused, variants);
    for (unsigned v = 0; v < PLANCHE_GPU_VARIANT_COUNT; v++)
        if ((variants & ~before) >> v & 1)
            planche_log_write(&device->log, PLANCHE_LOG_WARNING, "GPU %u (%s): %s are left out: %s",
                              device->index, device->name, variant_names[v], reason);
}

/* For tests: constants with which the variants compute something else. */
static void spoil(int32_t *constants, unsigned variants)
{
    for (unsigned v = 0; v < PLANCHE_GPU_VARIANT_THIRDS; v++)
        if (variants >> v & 1)
            constants[fold_constants[v]] = 0;
    if (variants >> PLANCHE_GPU_VARIANT_THIRDS & 1)
        constants[PHASES_CONSTANT] = 2;
    if (variants & (1u << PLANCHE_GPU_VARIANT_SINGLE | 1u << PLANCHE_GPU_VARIANT_PLAIN))
        constants[ACTIVATION_CONSTANT] = !constants[ACTIVATION_CONSTANT];
}

/* The pipeline of constants; none if the driver refuses it, which is no error. */
static enum planche_status get_khr(const struct planche_gpu_program *program, unsigned variants,
                                   int32_t *constants, unsigned count, VkPipeline *pipeline,
                                   struct planche_error *error)
{
    struct planche_gpu_device *device = program->device;
    struct planche_error reason;
    enum planche_status status;
    spoil(constants, variants & planche_gpu_spoiled_variants());
    if (variants & planche_gpu_refused_variants())
        status = planche_fail(&reason, PLANCHE_ERROR_DEVICE, "a test refuses it");
    else
        status = planche_gpu_pipeline_get(
            device, device->soft_matrices ? PLANCHE_SHADER_CONV_SOFT : PLANCHE_SHADER_CONV_KHR,
            constants, count, pipeline, &reason);
    if (status == PLANCHE_ERROR_DEVICE && !atomic_load(&device->lost)) {
        planche_gpu_matrix_refuse(device, variants, reason.message);
        return PLANCHE_OK;
    }
    if (status && error)
        *error = reason;
    return status;
}

/* With shaders/conv_khr.comp. Fragments are laid out as its lanes hold them where that is known. */
static enum planche_status make_khr(const struct planche_gpu_program *program, int s,
                                    struct planche_error *error)
{
    const struct planche_step *step = &program->net->steps[s];
    struct planche_gpu_step *made = &program->steps[s];
    struct planche_gpu_product *product = &made->product;
    bool soft = program->device->soft_matrices;
    unsigned variants = planche_gpu_matrix_variants(program, s);
    struct shape shape = choose_shape(product, choose_chunk(program, step));
    if (shape.groups == 3 && variants & BY_LANES)
        shape = (struct shape){6, 1, 1, 1, 3, SIDE, 1, 1};
    if (soft)
        shape = shrink(shape);
    shape.rows = tuned_rows(program, shape.rows);
    bool packed = program->device->properties.vendorID == NVIDIA && !soft;
    product->columns = SIDE;
    product->copies = 1;
    product->blocks = product->outputs / SIDE / (shape.groups * shape.deep);
    made->shape = (struct planche_gpu_shape){
        .pixels_x = SIDE * shape.columns - (product->folds ? 2 : 0),
        .pixels_y = shape.rows * shape.down * shape.strip,
    };
    int32_t constants[] = {
        PLANCHE_GPU_SUBGROUP * shape.down * shape.deep,
        product->taps_x,
        product->taps_y,
        product->stride,
        shape.rows,
        shape.columns,
        shape.groups,
        shape.down,
        shape.deep,
        shape.chunk,
        product->outputs,
        product->step,
        product->phases,
        (int32_t)step->activation,
        step->residual_count,
        shape.ahead,
        shape.strip,
        product->gathers,
        product->folds,
        packed,
        reads_scaled(program, step, false),
        reads_scaled(program, step, true),
        product->enlarges,
        program->folding.averages && program->folding.averages[s] >= 0,
    };
    enum planche_status status =
        get_khr(program, variants, constants, sizeof(constants) / sizeof(constants[0]),
                &made->pipeline, error);
    if (!status && packed)
        status = planche_gpu_pipeline_get(program->device, PLANCHE_SHADER_PACK_KHR, NULL, 0,
                                          &made->prepare, error);
    return status;
}

/* A block of outputs belongs to one phase. Rows are wider where there are few outputs, and fewer
 * where a stride takes more of the shared memory. */
static enum planche_status make_nv2(const struct planche_gpu_program *program, int s,
                                    struct planche_error *error)
{
    const struct planche_step *step = &program->net->steps[s];
    struct planche_gpu_step *made = &program->steps[s];
    struct planche_gpu_product *product = &made->product;
    int32_t columns = 4 * SIDE;
    while (product->step % columns)
        columns -= SIDE;
    product->columns = columns;
    product->copies = PLANCHE_GPU_NV2_THREADS / PLANCHE_GPU_SUBGROUP;
    product->blocks = product->outputs / columns;
    made->shape = (struct planche_gpu_shape){
        .pixels_x = columns > 2 * SIDE ? SIDE : 2 * SIDE,
        .pixels_y = product->stride == 1 ? 8 : 4,
    };
    const int32_t constants[] = {
        PLANCHE_GPU_NV2_THREADS,
        columns,
        product->taps_x,
        product->taps_y,
        product->stride,
        made->shape.pixels_x,
        made->shape.pixels_y,
        product->outputs,
        product->step,
        product->phases,
        (int32_t)step->activation,
        step->residual_count,
    };
    enum planche_status status =
        planche_gpu_pipeline_get(program->device, PLANCHE_SHADER_CONV_NV2, constants,
                                 sizeof(constants) / sizeof(constants[0]), &made->pipeline, error);
    if (!status) /* knows the first two */
        status = planche_gpu_pipeline_get(program->device, PLANCHE_SHADER_PACK_NV2, constants, 2,
                                          &made->prepare, error);
    return status;
}

/* The kernel for a 3 x 3 convolution by what it does besides. Outputs that fill three quarters of a
 * block of 64 are padded. */
static enum planche_gpu_kernel find_kernel(const struct planche_gpu_program *program, int s)
{
    const struct planche_step *step = &program->net->steps[s];
    const struct planche_gpu_product *product = &program->steps[s].product;
    bool sums = program->folding.averages && program->folding.averages[s] >= 0;
    bool plain = !sums && !step->residual_count;
    bool whole = product->step % PLANCHE_WGMMA_OUTPUTS == 0;
    int32_t blocks = (product->step + PLANCHE_WGMMA_OUTPUTS - 1) / PLANCHE_WGMMA_OUTPUTS;
    if (product->enlarges)
        return whole && plain ? PLANCHE_GPU_KERNEL_ENLARGED : PLANCHE_GPU_KERNEL_NONE;
    if (!whole && product->step % PLANCHE_WGMMA_PAIRED == 0)
        return plain ? PLANCHE_GPU_KERNEL_PAIRED : PLANCHE_GPU_KERNEL_NONE;
    if (product->step * 4 < blocks * PLANCHE_WGMMA_OUTPUTS * 3)
        return PLANCHE_GPU_KERNEL_NONE;
    if (sums)
        return whole && !step->residual_count ? PLANCHE_GPU_KERNEL_SUMS : PLANCHE_GPU_KERNEL_NONE;
    return PLANCHE_GPU_KERNEL_CONV + (unsigned)step->residual_count;
}

/* The kernel that makes a step; NONE: a shader does. */
static enum planche_gpu_kernel choose_kernel(const struct planche_gpu_program *program, int s)
{
    const struct planche_step *step = &program->net->steps[s];
    const struct planche_gpu_product *product = &program->steps[s].product;
    if (program->device->path != PLANCHE_GPU_PATH_WGMMA || step->op != PLANCHE_STEP_CONV ||
        step->kernel_w != 3 || step->stride_w != 1 || product->gathers || product->folds ||
        reads_scaled(program, step, false) || reads_scaled(program, step, true))
        return PLANCHE_GPU_KERNEL_NONE;
    for (int i = 0; i < step->input_count; i++)
        if (program->net->tensors[step->inputs[i].tensor].channels % PLANCHE_WGMMA_CHUNK)
            return PLANCHE_GPU_KERNEL_NONE;
    enum planche_gpu_kernel kernel = find_kernel(program, s);
    return kernel && !refuses(program, variant_of(kernel)) ? kernel : PLANCHE_GPU_KERNEL_NONE;
}

static void make_kernel(const struct planche_gpu_program *program, int s,
                        enum planche_gpu_kernel kernel)
{
    struct planche_gpu_step *made = &program->steps[s];
    struct planche_gpu_product *product = &made->product;
    bool paired = kernel == PLANCHE_GPU_KERNEL_PAIRED, square = product->taps_x == 3;
    int32_t block = paired ? PLANCHE_WGMMA_PAIRED : PLANCHE_WGMMA_OUTPUTS;
    made->kernel = kernel;
    made->shape = (struct planche_gpu_shape){
        .pixels_x = PLANCHE_WGMMA_BOX_X - (square ? 2 : product->enlarges),
        .pixels_y = PLANCHE_WGMMA_ROWS * (paired ? 2 : 1),
    };
    product->paired = paired;
    product->columns = SIDE;
    product->copies = 1;
    product->blocks = (product->outputs + block - 1) / block;
    product->outputs = product->blocks * block;
}

bool planche_gpu_matrix_choose(const struct planche_gpu_program *program, int s,
                               enum planche_status *status, struct planche_error *error)
{
    const struct planche_step *step = &program->net->steps[s];
    struct planche_gpu_product *product = &program->steps[s].product;
    *status = PLANCHE_OK;
    if (program->device->path < PLANCHE_GPU_PATH_KHR || !describe(program, step, product)) {
        *product = (struct planche_gpu_product){0};
        return false;
    }
    enum planche_gpu_kernel kernel = choose_kernel(program, s);
    if (kernel) {
        make_kernel(program, s, kernel);
        return true;
    }
    *status =
        takes_nv2(program, product) ? make_nv2(program, s, error) : make_khr(program, s, error);
    return true;
}

bool planche_gpu_matrix_count(const struct planche_gpu_product *product, size_t *count)
{
    size_t taps = (size_t)product->taps_x * (size_t)product->taps_y;
    if (product->paired) /* the rows of a pair have four taps, of 64 rows */
        taps = (size_t)product->taps_x * 4 * 2;
    return planche_mul_size(taps, (size_t)product->copies, count) &&
           planche_mul_size(*count, (size_t)product->inputs, count) &&
           planche_mul_size(*count, (size_t)product->outputs, count);
}

int32_t planche_gpu_matrix_fragments(const struct planche_gpu_product *product)
{
    return product->columns ? product->taps_x * product->taps_y * (product->inputs / SIDE) *
                                  (product->outputs / product->columns)
                            : 0;
}

int planche_gpu_matrix_channel(const struct planche_gpu_product *product, int channels, int n)
{
    int phase = n / product->step, channel = n % product->step;
    int phases = product->phases * product->phases; /* of taps that are outputs, the first alone */
    return phase < phases && channel < channels ? channel : -1;
}

struct packer {
    const struct planche_step *step;
    const struct planche_gpu_product *product;
    int inputs, outputs; /* of the step */
};

/* The kernel's taps that meet tap `tap` of a phase of an enlargement: first and count. */
static void find_enlarged(int phase, int tap, int *first, int *count)
{
    *first = tap == 0 ? 0 : 1 + phase;
    *count = tap == phase ? 1 : 2;
}

/* Their sum. */
static float enlarged_weight(const struct planche_step *step, size_t kernel, int phase, int x,
                             int y)
{
    int x0, columns, y0, rows;
    float sum = 0;
    find_enlarged(phase % 2, x, &x0, &columns);
    find_enlarged(phase / 2, y, &y0, &rows);
    for (int ky = y0; ky < y0 + rows; ky++)
        for (int kx = x0; kx < x0 + columns; kx++)
            sum += step->weights[(kernel * 3 + (size_t)ky) * 3 + (size_t)kx];
    return sum;
}

/* The kernel's weight for output n, input c under tap (x, y) of the product. */
static float weight_at(const struct packer *packer, int n, int c, int x, int y)
{
    const struct planche_gpu_product *product = packer->product;
    const struct planche_step *step = packer->step;
    int phase = n / product->step, output = n % product->step;
    int kx = x, ky = y, phases = product->phases * product->phases;
    if (product->gathers) {
        kx = c / 4;
        c %= 4;
    } else if (product->folds) {
        kx = phase;
        phases = step->kernel_w;
    } else if (product->phases > 1 && !product->enlarges) {
        kx = phase % product->phases + step->pad_left - product->phases * x;
        ky = phase / product->phases + step->pad_top - product->phases * y;
    }
    if (phase >= phases || output >= packer->outputs || c >= packer->inputs || kx < 0 || ky < 0 ||
        kx >= step->kernel_w || ky >= step->kernel_h)
        return 0;
    size_t kernel = (size_t)output * (size_t)packer->inputs + (size_t)c;
    if (product->enlarges)
        return enlarged_weight(step, kernel, phase, x, y);
    return step->weights[(kernel * (size_t)step->kernel_h + (size_t)ky) * (size_t)step->kernel_w +
                         (size_t)kx];
}

/* A fragment of a kernel's weights: 64 rows, which are outputs, or 32 outputs of two rows of
 * pixels, and 16 inputs. */
struct fragment {
    int output, input;
    int x, y;    /* the tap */
    bool paired; /* the second 32 rows are one pixel further down: y - 1 */
};

static float fragment_at(const struct packer *packer, const struct fragment *f, int row, int column)
{
    int y = f->paired ? f->y - row / PLANCHE_WGMMA_PAIRED : f->y;
    int output = f->output + (f->paired ? row % PLANCHE_WGMMA_PAIRED : row);
    return weight_at(packer, output, f->input + column, f->x, y);
}

/* As the threads of a warpgroup hold it: each has two rows, 8 apart, and of these two neighbouring
 * columns twice, 8 apart. */
static uint16_t *pack_fragment(const struct packer *packer, struct fragment f, uint16_t *to)
{
    for (int thread = 0; thread < 128; thread++)
        for (int i = 0; i < 8; i++)
            *to++ = planche_half_from_float(
                fragment_at(packer, &f, thread / 32 * 16 + thread % 32 / 4 + i / 2 % 2 * 8,
                            thread % 4 * 2 + i % 2 + i / 4 * 8));
    return to;
}

/* [64 outputs][32 inputs][tap y][tap x][16 of the inputs] */
static void pack_for_kernel(const struct packer *packer, uint16_t *to)
{
    const struct planche_gpu_product *product = packer->product;
    int taps = product->taps_x * product->taps_y;
    for (int n = 0; n < product->outputs; n += PLANCHE_WGMMA_OUTPUTS)
        for (int c = 0; c < product->inputs; c += PLANCHE_WGMMA_CHUNK)
            for (int i = 0; i < taps * 2; i++) {
                int tap = i / 2, input = c + i % 2 * SIDE;
                struct fragment fragment = {n, input, tap % product->taps_x, tap / product->taps_x,
                                            .paired = false};
                to = pack_fragment(packer, fragment, to);
            }
}

/* [32 outputs][16 inputs][4 taps y][tap x] */
static void pack_paired(const struct packer *packer, uint16_t *to)
{
    for (int n = 0; n < packer->product->outputs; n += PLANCHE_WGMMA_PAIRED)
        for (int c = 0; c < packer->product->inputs; c += SIDE)
            for (int tap = 0; tap < 12; tap++)
                to = pack_fragment(packer,
                                   (struct fragment){n, c, tap % 3, tap / 3, .paired = true}, to);
}

void planche_gpu_matrix_pack(const struct planche_gpu_program *program, int s, uint16_t *to)
{
    const struct planche_net *net = program->net;
    const struct planche_step *step = &net->steps[s];
    const struct planche_gpu_product *product = &program->steps[s].product;
    struct packer packer = {.step = step, .product = product};
    packer.outputs = net->tensors[step->output].channels;
    for (int i = 0; i < step->input_count; i++)
        packer.inputs += net->tensors[step->inputs[i].tensor].channels;
    if (program->steps[s].kernel == PLANCHE_GPU_KERNEL_PAIRED)
        pack_paired(&packer, to);
    else if (program->steps[s].kernel)
        pack_for_kernel(&packer, to);
    if (program->steps[s].kernel)
        return;
    for (int first = 0; first < product->inputs; first += SIDE)
        for (int x = 0; x < product->taps_x; x++)
            for (int y = 0; y < product->taps_y; y++)
                for (int n = 0; n < product->outputs; n += product->columns)
                    for (int c = 0; c < SIDE; c++)
                        for (int o = 0; o < product->columns; o++)
                            *to++ =
                                planche_half_from_float(weight_at(&packer, n + o, first + c, x, y));
}
