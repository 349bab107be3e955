/* SPDX-License-Identifier: MIT */
/* Putting a network on a GPU: shaders chosen, weights packed and sent. */
#include "backend/vulkan/create_program.h"

#include "backend/vulkan/conv_matmul.h"
#include "backend/vulkan/debug_labels.h"
#include "backend/vulkan/pack_weights.h"
#include "backend/vulkan/pipeline.h"
#include "backend/vulkan/queue.h"
#include "backend/vulkan/shaders/args.h"
#include "backend/vulkan/winograd/winograd.h"
#include "base/status.h"
#include "net/levels.h"

#include <assert.h>
#include <string.h>

/* Quads of channels that a workgroup of a plain convolution makes at most. */
#define CONV_QUADS 16
/* Invocations that share the input channels of the same pixels at most. */
#define MOST_PARTS 8

int planche_gpu_pitch(int channels)
{
    return channels <= 4 ? 4 : (channels + 15) / 16 * 16;
}

static const struct planche_gpu_shape shapes[] = {
#define PLANCHE_SHADER(name, pixels_x, pixels_y, values_z) {pixels_x, pixels_y, values_z},
#include "backend/vulkan/shaders.def"
#undef PLANCHE_SHADER
};

static const enum planche_shader shaders[] = {
    [PLANCHE_STEP_CONV] = PLANCHE_SHADER_CONV,
    [PLANCHE_STEP_DECONV] = PLANCHE_SHADER_DECONV,
    [PLANCHE_STEP_BINARY] = PLANCHE_SHADER_ELEMENTWISE,
    [PLANCHE_STEP_BINARY_SCALAR] = PLANCHE_SHADER_ELEMENTWISE,
    [PLANCHE_STEP_BINARY_VECTOR] = PLANCHE_SHADER_ELEMENTWISE,
    [PLANCHE_STEP_CHANNEL] = PLANCHE_SHADER_ELEMENTWISE,
    [PLANCHE_STEP_CONCAT] = PLANCHE_SHADER_COPY,
    [PLANCHE_STEP_INTERP] = PLANCHE_SHADER_INTERP,
    [PLANCHE_STEP_SHUFFLE] = PLANCHE_SHADER_SHUFFLE,
    [PLANCHE_STEP_POOL] = PLANCHE_SHADER_POOL,
    [PLANCHE_STEP_INNER] = PLANCHE_SHADER_INNER,
    [PLANCHE_STEP_DEPTHWISE] = PLANCHE_SHADER_DEPTHWISE,
    [PLANCHE_STEP_NORM] = PLANCHE_SHADER_NORM,
    [PLANCHE_STEP_PAD] = PLANCHE_SHADER_BORDER,
    [PLANCHE_STEP_ATTENTION] = PLANCHE_SHADER_ATTENTION,
};

static const char *const kinds[] = {
    [PLANCHE_STEP_CONV] = "conv",           [PLANCHE_STEP_DECONV] = "deconv",
    [PLANCHE_STEP_BINARY] = "binary",       [PLANCHE_STEP_BINARY_SCALAR] = "binary",
    [PLANCHE_STEP_BINARY_VECTOR] = "scale", [PLANCHE_STEP_CHANNEL] = "channel",
    [PLANCHE_STEP_CONCAT] = "concat",       [PLANCHE_STEP_INTERP] = "interp",
    [PLANCHE_STEP_SHUFFLE] = "shuffle",     [PLANCHE_STEP_POOL] = "pool",
    [PLANCHE_STEP_INNER] = "dense",         [PLANCHE_STEP_DEPTHWISE] = "depthwise",
    [PLANCHE_STEP_NORM] = "norm",           [PLANCHE_STEP_PAD] = "border",
    [PLANCHE_STEP_ATTENTION] = "attention",
};

const char *planche_gpu_step_kind(const struct planche_gpu_program *program, int step)
{
    return kinds[program->net->steps[step].op];
}

static bool is_conv(const struct planche_step *step)
{
    return step->op == PLANCHE_STEP_CONV || step->op == PLANCHE_STEP_DECONV;
}

static bool is_whole(const struct planche_view *view)
{
    return !view->top && !view->left && !view->bottom && !view->right;
}

/* Whether the last three steps are such as STORE can make. */
static void find_tail(struct planche_gpu_program *program)
{
    const struct planche_net *net = program->net;
    struct planche_gpu_tail *tail = &program->tail;
    tail->first = net->step_count;
    if (net->step_count < 3)
        return;
    const struct planche_step *steps = &net->steps[net->step_count - 3];
    const struct planche_step *sum = &steps[2];
    int shuffle = steps[0].op == PLANCHE_STEP_SHUFFLE ? 0 : 1;
    tail->shuffle = &steps[shuffle];
    tail->interp = &steps[!shuffle];
    tail->enlargement = (int32_t)tail->interp->factor_w;
    if (tail->shuffle->op != PLANCHE_STEP_SHUFFLE || tail->interp->op != PLANCHE_STEP_INTERP ||
        tail->interp->interp != PLANCHE_INTERP_NEAREST ||
        tail->interp->place == PLANCHE_INTERP_ALIGN_CORNERS ||
        !is_whole(&tail->interp->inputs[0]) || tail->interp->factor_w != (float)tail->enlargement ||
        tail->interp->factor_h != tail->interp->factor_w || sum->op != PLANCHE_STEP_BINARY ||
        sum->binary != PLANCHE_BINARY_ADD || sum->self != 1 || sum->other != 1 ||
        net->output.tensor != sum->output || net->tensors[sum->output].channels != 3)
        return;
    int first = sum->inputs[0].tensor == tail->shuffle->output ? 0 : 1;
    tail->shuffled = &sum->inputs[first];
    tail->enlarged = &sum->inputs[!first];
    if (tail->shuffled->tensor == tail->shuffle->output &&
        tail->enlarged->tensor == tail->interp->output)
        tail->first = net->step_count - 3;
}

/* Shaders take what lies outside a region for padding, which is only right at a tensor's own
 * edges. */
static enum planche_status check_step(const struct planche_step *step, struct planche_error *error)
{
    bool pads = step->op == PLANCHE_STEP_DECONV || step->pad_top || step->pad_left ||
                step->pad_bottom || step->pad_right;
    if (step->input_count > PLANCHE_GPU_INPUTS)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "layer '%s' has %d inputs: on a GPU at most %d are supported",
                            step->name, step->input_count, PLANCHE_GPU_INPUTS);
    for (int i = 0; is_conv(step) && pads && i < step->input_count; i++)
        if (!is_whole(&step->inputs[i]))
            return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                                "layer '%s' pads a cropped blob, which is not supported on a GPU",
                                step->name);
    return PLANCHE_OK;
}

static enum planche_status make_step(const struct planche_gpu_program *program,
                                     enum planche_shader shader, const int32_t constants[3],
                                     struct planche_gpu_step *step, struct planche_error *error)
{
    step->shape = shapes[shader];
    return planche_gpu_pipeline_get(program->device, shader, constants, 3, &step->pipeline, error);
}

/* Invocations that share the input channels of a convolution, see shaders/products.glsl. */
static int32_t count_parts(const struct planche_gpu_program *program,
                           const struct planche_step *step)
{
    int32_t parts = MOST_PARTS;
    for (int i = 0; i < step->input_count; i++)
        while (parts > program->pitches[step->inputs[i].tensor] / 4)
            parts /= 2;
    return parts;
}

/* Convolutions: how a workgroup divides channels, see shaders/products.glsl. Others know what kind
 * of step they make. */
static enum planche_status make_network_step(struct planche_gpu_program *program, int s,
                                             struct planche_error *error)
{
    const struct planche_step *step = &program->net->steps[s];
    int32_t quads = program->pitches[step->output] / 4;
    int32_t constants[3] = {(int32_t)step->op, 0, 1};
    if (is_conv(step)) {
        constants[1] = quads > 1 ? 2 : 1;
        constants[0] = (quads < CONV_QUADS ? quads : CONV_QUADS) / constants[1];
        if (quads == 1)
            constants[0] = constants[2] = count_parts(program, step);
    }
    if (step->op == PLANCHE_STEP_ATTENTION) /* of a head, whose channels fill whole blocks */
        constants[1] = quads / step->heads;
    enum planche_status status = check_step(step, error);
    if (program->folding.skipped[s])
        return status;
    if (status || (is_conv(step) && planche_gpu_matrix_choose(program, s, &status, error)) ||
        (is_conv(step) && planche_gpu_winograd_choose(program, s, &status, error)))
        return status;
    status = make_step(program, shaders[step->op], constants, &program->steps[s], error);
    if (step->op == PLANCHE_STEP_ATTENTION) /* a workgroup makes a head */
        program->steps[s].shape.channels = 4 * constants[1];
    return status;
}

/* Drivers take a second to compile some shaders, so all threads do. */
struct making {
    struct planche_gpu_program *program;
    atomic_int status; /* the first that failed, with its error */
    struct planche_error error;
};

static void make_one(void *user, size_t index, unsigned worker)
{
    struct making *making = user;
    struct planche_error error;
    int none = PLANCHE_OK;
    enum planche_status status = make_network_step(making->program, (int)index, &error);
    (void)worker;
    if (status && atomic_compare_exchange_strong(&making->status, &none, (int)status))
        making->error = error;
}

static enum planche_status make_steps(struct planche_gpu_program *program,
                                      struct planche_pool *pool, struct planche_error *error)
{
    const int32_t none[3] = {0};
    struct making making = {.program = program};
    enum planche_status status =
        make_step(program, PLANCHE_SHADER_LOAD, none, &program->load, error);
    if (!status)
        status = make_step(program, PLANCHE_SHADER_STORE, none, &program->store, error);
    if (!status && program->levels)
        status = make_step(program, PLANCHE_SHADER_AVERAGE, none, &program->average, error);
    if (status)
        return status;
    planche_pool_run(pool, (size_t)program->net->step_count, make_one, &making);
    status = (enum planche_status)atomic_load(&making.status);
    if (status && error)
        *error = making.error;
    return status;
}

/* Sums first, so that they can be cleared in one go. */
static void place_vectors(struct planche_gpu_program *program)
{
    const struct planche_net *net = program->net;
    uint64_t at = 0;
    for (int s = 0; s < net->step_count; s++)
        if (net->steps[s].op == PLANCHE_STEP_POOL) {
            int tensor = net->steps[s].output;
            program->sums[tensor] = at;
            at += planche_gpu_align((uint64_t)program->pitches[tensor] * PLANCHE_GPU_SUM_COPIES *
                                    sizeof(uint64_t));
        }
    program->sum_bytes = at;
    for (int t = 0; t < net->tensor_count; t++)
        if (net->tensors[t].vector) {
            program->vectors[t] = at;
            at += planche_gpu_align((uint64_t)program->pitches[t] * sizeof(float));
        }
    program->vector_bytes = at;
}

/* A step's constants: what CONV and DECONV add and multiply with per channel, what CHANNEL and
 * INNER do. Weights of CHANNEL and NORM (their scale), DEPTHWISE, INNER and ATTENTION are floats.
 */
struct constants {
    const float *weights;
    size_t weight_count;   /* floats; 0 and no weights: none */
    const float *parts[2]; /* bias, slopes */
    size_t channels;
};

static struct constants constants_of(const struct planche_gpu_program *program,
                                     const struct planche_step *step)
{
    const struct planche_tensor *tensors = program->net->tensors;
    struct constants constants = {.channels = (size_t)tensors[step->output].channels};
    switch (step->op) {
    case PLANCHE_STEP_CONV:
    case PLANCHE_STEP_DECONV:
        constants.parts[0] = step->bias;
        constants.parts[1] = step->activation == PLANCHE_ACT_SLOPES ? step->slope : NULL;
        break;
    case PLANCHE_STEP_DEPTHWISE:
        constants.weights = step->weights;
        constants.weight_count = (size_t)step->kernel_w * (size_t)step->kernel_h *
                                 (size_t)program->pitches[step->output];
        constants.parts[0] = step->bias;
        constants.parts[1] = step->activation == PLANCHE_ACT_SLOPES ? step->slope : NULL;
        break;
    case PLANCHE_STEP_NORM:
    case PLANCHE_STEP_CHANNEL:
        constants.weights = step->scale;
        constants.weight_count = step->scale ? constants.channels : 0;
        constants.parts[0] = step->bias;
        constants.parts[1] = step->activation == PLANCHE_ACT_SLOPES ? step->slope : NULL;
        break;
    case PLANCHE_STEP_ATTENTION:
        constants.weights = step->offsets;
        constants.weight_count =
            (size_t)(2 * step->window - 1) * (size_t)(2 * step->window - 1) * (size_t)step->heads;
        constants.channels = 0;
        break;
    case PLANCHE_STEP_INNER:
        constants.weights = step->weights;
        constants.weight_count =
            constants.channels * (size_t)tensors[step->inputs[0].tensor].channels;
        constants.parts[0] = step->bias;
        break;
    default:
        constants.channels = 0;
    }
    return constants;
}

static bool is_product(const struct planche_gpu_step *step)
{
    return step->product.taps_x > 0;
}

/* Bias, then slopes: of a product's outputs, else of the output's pitch. */
static size_t constant_count(const struct planche_gpu_program *program, int s)
{
    const struct planche_gpu_step *made = &program->steps[s];
    return is_product(made) ? (size_t)made->product.outputs
                            : (size_t)program->pitches[program->net->steps[s].output];
}

static bool is_winograd(const struct planche_gpu_step *step)
{
    return step->winograd.out_parts > 0;
}

/* Bytes of a value of a step's weights. */
static uint64_t weight_bytes(const struct planche_gpu_program *program, int s)
{
    const struct planche_gpu_step *made = &program->steps[s];
    if (!is_conv(&program->net->steps[s]) || is_winograd(made))
        return sizeof(float);
    return program->device->value_bytes;
}

static bool count_weights(const struct planche_gpu_program *program, int s, size_t *values)
{
    const struct planche_gpu_step *made = &program->steps[s];
    if (is_winograd(made))
        return planche_gpu_winograd_count(program, s, values);
    return is_product(made) ? planche_gpu_matrix_count(&made->product, values)
                            : planche_gpu_pack_count(program, &program->net->steps[s], values);
}

static enum planche_status place_weights(struct planche_gpu_program *program, uint64_t *bytes,
                                         struct planche_error *error)
{
    const struct planche_net *net = program->net;
    *bytes = 0;
    assert(program->steps);
    for (int s = 0; s < net->step_count; s++) {
        const struct planche_step *step = &net->steps[s];
        struct constants constants = constants_of(program, step);
        size_t values = 0;
        if (is_conv(step) && !count_weights(program, s, &values))
            return planche_fail(error, PLANCHE_ERROR_MODEL, "layer '%s' is too large", step->name);
        if (!is_conv(step))
            values = constants.weight_count;
        program->steps[s].weights = values ? *bytes + PLANCHE_GPU_ALIGN : 0;
        *bytes += planche_gpu_align(values * weight_bytes(program, s));
        program->steps[s].constants = constants.channels ? *bytes + PLANCHE_GPU_ALIGN : 0;
        if (constants.channels)
            *bytes += planche_gpu_align(2 * (uint64_t)constant_count(program, s) * sizeof(float));
    }
    return PLANCHE_OK;
}

static void fill_constants(const struct planche_gpu_program *program, int s,
                           const struct constants *constants, float *to)
{
    const struct planche_gpu_product *product = &program->steps[s].product;
    size_t count = constant_count(program, s);
    memset(to, 0, 2 * count * sizeof(float));
    for (int p = 0; p < 2; p++)
        for (size_t n = 0; constants->parts[p] && n < count; n++) {
            int channel =
                is_product(&program->steps[s])
                    ? planche_gpu_matrix_channel(product, (int)constants->channels, (int)n)
                    : (int)n;
            if (channel >= 0 && (size_t)channel < constants->channels)
                to[(size_t)p * count + n] = constants->parts[p][channel];
        }
}

/* [tap][pitch] */
static void fill_depthwise(const struct planche_gpu_program *program,
                           const struct planche_step *step, float *to)
{
    size_t taps = (size_t)step->kernel_w * (size_t)step->kernel_h;
    size_t pitch = (size_t)program->pitches[step->output];
    size_t channels = (size_t)program->net->tensors[step->output].channels;
    memset(to, 0, taps * pitch * sizeof(*to));
    for (size_t c = 0; c < channels; c++)
        for (size_t t = 0; t < taps; t++)
            to[t * pitch + c] = step->weights[c * taps + t];
}

static void fill_step(const struct planche_gpu_program *program, int s, uint8_t *block)
{
    const struct planche_step *step = &program->net->steps[s];
    const struct planche_gpu_step *made = &program->steps[s];
    struct constants constants = constants_of(program, step);
    if (is_product(made))
        planche_gpu_matrix_pack(program, s, (uint16_t *)(void *)(block + made->weights));
    else if (is_winograd(made))
        planche_gpu_winograd_pack(program, s, (float *)(void *)(block + made->weights));
    else if (is_conv(step))
        planche_gpu_pack(program, step, program->device->value_bytes == 2, block + made->weights);
    else if (step->op == PLANCHE_STEP_DEPTHWISE)
        fill_depthwise(program, step, (float *)(void *)(block + made->weights));
    else if (constants.weight_count)
        memcpy(block + made->weights, constants.weights, constants.weight_count * sizeof(float));
    if (constants.channels)
        fill_constants(program, s, &constants, (float *)(void *)(block + made->constants));
}

/* Packs the weights and sends them; the addresses in steps are offsets until then. Weights of
 * products are to be prepared from what is still on the host. */
static enum planche_status send_weights(struct planche_gpu_program *program,
                                        struct planche_error *error)
{
    struct planche_gpu_memory *staging = &program->staging;
    uint64_t bytes;
    enum planche_status status = place_weights(program, &bytes, error);
    if (!status)
        status =
            planche_gpu_memory_create(&program->weights, program->device, bytes + PLANCHE_GPU_ALIGN,
                                      PLANCHE_GPU_MEMORY_DEVICE, error);
    if (!status)
        status = planche_gpu_memory_create(staging, program->device, bytes + PLANCHE_GPU_ALIGN,
                                           PLANCHE_GPU_MEMORY_UPLOAD, error);
    if (!status)
        planche_gpu_name_buffer(program->device, program->weights.buffer, "weights");
    for (int s = 0; s < program->net->step_count && !status; s++)
        fill_step(program, s, staging->host);
    if (!status)
        status = planche_gpu_copy_now(&program->weights, staging, bytes + PLANCHE_GPU_ALIGN, error);
    for (int s = 0; s < program->net->step_count; s++) {
        struct planche_gpu_step *step = &program->steps[s];
        step->weights += step->weights ? program->weights.address : 0;
        step->constants += step->constants ? program->weights.address : 0;
    }
    return status;
}

static bool allocate(struct planche_gpu_program *program)
{
    size_t tensors = (size_t)program->net->tensor_count;
    struct planche_budget *budget = program->budget;
    program->tensor_levels = planche_calloc(budget, tensors, sizeof(int));
    program->pitches = planche_calloc(budget, tensors, sizeof(int));
    program->vectors = planche_calloc(budget, tensors, sizeof(uint64_t));
    program->sums = planche_calloc(budget, tensors, sizeof(uint64_t));
    program->steps =
        planche_calloc(budget, (size_t)program->net->step_count, sizeof(*program->steps));
    program->squares = planche_calloc(budget, (size_t)program->net->step_count, sizeof(int));
    return program->squares && program->tensor_levels && program->pitches && program->vectors &&
           program->sums && program->steps;
}

enum planche_status
planche_gpu_program_create(struct planche_gpu_program **out, struct planche_gpu_device *device,
                           const struct planche_net *net, struct planche_pool *pool,
                           struct planche_budget *budget, struct planche_error *error)
{
    struct planche_gpu_program *program = *out = planche_calloc(budget, 1, sizeof(*program));
    if (!program)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a network on a GPU");
    program->device = device;
    program->budget = budget;
    program->net = net;
    if (!allocate(program)) {
        planche_gpu_program_destroy(out);
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a network on a GPU");
    }
    program->levels = planche_net_levels(net, program->tensor_levels);
    for (int t = 0; t < net->tensor_count; t++)
        program->pitches[t] = planche_gpu_pitch(net->tensors[t].channels);
    place_vectors(program);
    find_tail(program);
    enum planche_status status;
    if (!planche_folding_make(&program->folding, net, planche_gpu_matrix_folds, program, budget))
        status = planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a network on a GPU");
    else
        status = make_steps(program, pool, error);
    for (int s = 0; s < net->step_count && !status; s++)
        program->squares[s] = is_winograd(&program->steps[s]) ? PLANCHE_GPU_WINOGRAD_SIDE : 0;
    if (!status)
        status = send_weights(program, error);
    if (status)
        planche_gpu_program_destroy(out);
    return status;
}

void planche_gpu_program_destroy(struct planche_gpu_program **program)
{
    struct planche_gpu_program *p = *program;
    if (!p)
        return;
    planche_gpu_memory_destroy(&p->weights);
    planche_gpu_memory_destroy(&p->staging);
    planche_free(p->tensor_levels);
    planche_free(p->pitches);
    planche_free(p->vectors);
    planche_free(p->sums);
    planche_free(p->steps);
    planche_free(p->squares);
    planche_folding_free(&p->folding);
    planche_free(p);
    *program = NULL;
}
