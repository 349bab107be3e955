/* SPDX-License-Identifier: MIT */
/* Examples of products: values that are the same everywhere, and the layer as it is defined. */
#include "backend/vulkan/trial/example.h"

#include "backend/vulkan/conv_matmul.h"
#include "backend/vulkan/half.h"
#include "backend/vulkan/winograd/winograd.h"
#include "base/status.h"

#include <string.h>

/* Outputs that are computed on the host at most, spread over all of them: what goes wrong in one
 * lane, row, column or phase does so in a sixty-fourth of them at least. */
#define SAMPLES 768
/* Whole numbers up to this are exact in half precision. */
#define EXACT 2048.0f
/* What Winograd's transforms, whose factors are no whole numbers, may be off. */
#define WINOGRAD_ERROR 0.015f

/* What has values. */
enum kind { INPUT = 1, WEIGHT, BIAS, SLOPE, SCALE, RESIDUAL, RESIDUAL_SCALE, KINDS };
#define LEAKY_SLOPE 2.0f
#define SELF        (-1.0f)
#define OTHER       2.0f

/* A whole number from least to most: noise, by position. */
static float pick(uint32_t kind, uint32_t a, uint32_t b, uint32_t c, int least, int most)
{
    uint32_t mixed = kind * 0x9e3779b1u ^ a * 0x85ebca6bu ^ b * 0xc2b2ae35u ^ c * 0x27d4eb2fu;
    mixed = (mixed ^ mixed >> 15) * 0x2c1b3c6du;
    mixed = (mixed ^ mixed >> 12) * 0x297a2d39u;
    mixed ^= mixed >> 15;
    return (float)(least + (int)(mixed % (uint32_t)(most - least + 1)));
}

/* Pixel x, y of input or residual number n. */
static float pixel(enum kind kind, int n, int x, int y, int c)
{
    int most = kind == INPUT ? 1 : 9;
    return pick((uint32_t)(kind + n * KINDS), (uint32_t)x, (uint32_t)y, (uint32_t)c, -most, most);
}

static float scale(enum kind kind, int n, int c)
{
    return pick((uint32_t)(kind + n * KINDS), (uint32_t)c, 0, 0, 1, 3);
}

static float bias(int c)
{
    return pick(BIAS, (uint32_t)c, 0, 0, -8, 8);
}

static float slope(int c)
{
    return pick(SLOPE, (uint32_t)c, 0, 0, 0, 2);
}

static float weight(size_t i)
{
    return pick(WEIGHT, (uint32_t)i, 0, 0, -1, 1);
}

static const struct planche_step *step_of(const struct planche_gpu_example *e)
{
    return &e->program->net->steps[e->step];
}

static int channels_of(const struct planche_gpu_example *e, int tensor)
{
    return e->program->net->tensors[tensor].channels;
}

static bool is_scaled(const struct planche_gpu_example *e, const struct planche_view *view)
{
    return e->program->folding.vectors && e->program->folding.vectors[view->tensor] >= 0;
}

static uint64_t take(uint64_t *at, uint64_t bytes)
{
    uint64_t begin = *at;
    *at += planche_gpu_align(bytes);
    return begin;
}

static uint64_t tensor_bytes(const struct planche_gpu_example *e, int width, int height, int tensor)
{
    return (uint64_t)width * (uint64_t)height * (uint64_t)e->program->pitches[tensor] *
           e->program->device->value_bytes;
}

static const struct planche_gpu_step *made_of(const struct planche_gpu_example *e)
{
    return &e->program->steps[e->step];
}

static bool is_winograd(const struct planche_gpu_example *e)
{
    return made_of(e)->winograd.out_parts > 0;
}

/* Pixels of a product side by side that it makes of one of its own. */
static int phases_of(const struct planche_gpu_example *e)
{
    return is_winograd(e) ? 1 : made_of(e)->product.phases;
}

/* Of the constants: outputs of a product, or the output's pitch. */
static int outputs_of(const struct planche_gpu_example *e)
{
    return is_winograd(e) ? e->program->pitches[step_of(e)->output] : made_of(e)->product.outputs;
}

static uint64_t vector_bytes(const struct planche_gpu_example *e, int tensor)
{
    return (uint64_t)e->program->pitches[tensor] * sizeof(float);
}

/* More than one workgroup in both directions. Inputs end where the outputs do, or a little before:
 * what lies outside is zero. */
static void choose_sizes(struct planche_gpu_example *e)
{
    const struct planche_gpu_step *made = made_of(e);
    int n = phases_of(e);
    e->out_width = made->shape.pixels_x * n + 3;
    e->out_height = made->shape.pixels_y * n + 2;
    e->x = n > 1;
    e->y = n - 1;
    e->width = n > 1 ? (e->out_width + e->x) / n : e->out_width * step_of(e)->stride_w;
    e->height = n > 1 ? (e->out_height + e->y) / n : e->out_height * step_of(e)->stride_h;
}

static uint64_t sums_bytes(const struct planche_gpu_example *e)
{
    return 2 * vector_bytes(e, step_of(e)->output) * PLANCHE_GPU_SUM_COPIES;
}

void planche_gpu_example_init(struct planche_gpu_example *e,
                              const struct planche_gpu_program *program, int s, uint64_t *at)
{
    const struct planche_gpu_step *made = &program->steps[s];
    size_t values = 0;
    *e = (struct planche_gpu_example){.program = program, .step = s};
    const struct planche_step *step = step_of(e);
    choose_sizes(e);
    if (is_winograd(e))
        planche_gpu_winograd_count(program, s, &values);
    else
        planche_gpu_matrix_count(&made->product, &values);
    uint64_t bytes = values * (is_winograd(e) ? sizeof(float) : 2);
    e->rows = take(at, bytes);
    e->weights = made->prepare ? take(at, bytes) : e->rows;
    e->constants = take(at, 2 * (uint64_t)outputs_of(e) * sizeof(float));
    e->out = take(at, tensor_bytes(e, e->out_width, e->out_height, step->output));
    e->sums = take(at, sums_bytes(e));
    for (int i = 0; i < step->input_count; i++) {
        int tensor = step->inputs[i].tensor;
        e->inputs[i] = take(at, tensor_bytes(e, e->width, e->height, tensor));
        e->scales[i] = take(at, vector_bytes(e, tensor));
    }
    for (int r = 0; r < step->residual_count; r++) { /* a row and a column more */
        int tensor = step->residuals[r].view.tensor;
        e->residuals[r] = take(at, tensor_bytes(e, e->out_width + 1, e->out_height + 1, tensor));
        e->residual_scales[r] = take(at, vector_bytes(e, tensor));
    }
}

/* Values of tensors, as the device has them. */
static void put_value(const struct planche_gpu_example *e, void *to, size_t at, float value)
{
    if (e->program->device->value_bytes == 2)
        ((uint16_t *)to)[at] = planche_half_from_float(value);
    else
        ((float *)to)[at] = value;
}

static float get_value(const struct planche_gpu_example *e, const void *from, size_t at)
{
    return e->program->device->value_bytes == 2
               ? planche_half_to_float(((const uint16_t *)from)[at])
               : ((const float *)from)[at];
}

static void fill_pixels(const struct planche_gpu_example *e, enum kind kind, int n, int width,
                        int height, int tensor, uint8_t *to)
{
    size_t at = 0;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < e->program->pitches[tensor]; c++)
                put_value(e, to, at++, c < channels_of(e, tensor) ? pixel(kind, n, x, y, c) : 0);
}

static void fill_scales(const struct planche_gpu_example *e, enum kind kind, int n, int tensor,
                        uint8_t *to)
{
    float *floats = (float *)(void *)to;
    for (int c = 0; c < e->program->pitches[tensor]; c++)
        floats[c] = scale(kind, n, c);
}

static void fill_constants(const struct planche_gpu_example *e, uint8_t *to)
{
    int channels = channels_of(e, step_of(e)->output), outputs = outputs_of(e);
    float *floats = (float *)(void *)to;
    for (int n = 0; n < outputs; n++) {
        int c = !is_winograd(e) ? planche_gpu_matrix_channel(&made_of(e)->product, channels, n)
                : n < channels  ? n
                                : -1;
        floats[n] = c < 0 ? 0 : bias(c);
        floats[outputs + n] = c < 0 ? 0 : slope(c);
    }
}

static int inputs_of(const struct planche_gpu_example *e)
{
    int count = 0;
    for (int i = 0; i < step_of(e)->input_count; i++)
        count += channels_of(e, step_of(e)->inputs[i].tensor);
    return count;
}

/* As the network's own are packed. */
static enum planche_status fill_weights(const struct planche_gpu_example *e, uint8_t *to,
                                        struct planche_error *error)
{
    struct planche_step step = *step_of(e);
    struct planche_net net = *e->program->net;
    struct planche_gpu_program program = *e->program;
    size_t count = (size_t)channels_of(e, step.output) * (size_t)inputs_of(e) *
                   (size_t)step.kernel_w * (size_t)step.kernel_h;
    float *weights = planche_calloc(e->program->budget, count, sizeof(*weights));
    if (!weights)
        return planche_fail_memory(error, e->program->budget, count * sizeof(*weights),
                                   "a trial of a GPU");
    for (size_t i = 0; i < count; i++)
        weights[i] = weight(i);
    step.weights = weights;
    net.steps = &step;
    program.net = &net;
    program.steps = &e->program->steps[e->step];
    if (is_winograd(e))
        planche_gpu_winograd_pack(&program, 0, (float *)(void *)to);
    else
        planche_gpu_matrix_pack(&program, 0, (uint16_t *)(void *)to);
    planche_free(weights);
    return PLANCHE_OK;
}

enum planche_status planche_gpu_example_fill(const struct planche_gpu_example *e, uint8_t *block,
                                             struct planche_error *error)
{
    const struct planche_step *step = step_of(e);
    for (int i = 0; i < step->input_count; i++) {
        int tensor = step->inputs[i].tensor;
        fill_pixels(e, INPUT, i, e->width, e->height, tensor, block + e->inputs[i]);
        fill_scales(e, SCALE, i, tensor, block + e->scales[i]);
    }
    for (int r = 0; r < step->residual_count; r++) {
        int tensor = step->residuals[r].view.tensor;
        fill_pixels(e, RESIDUAL, r, e->out_width + 1, e->out_height + 1, tensor,
                    block + e->residuals[r]);
        fill_scales(e, RESIDUAL_SCALE, r, tensor, block + e->residual_scales[r]);
    }
    fill_constants(e, block + e->constants);
    memset(block + e->sums, 0, sums_bytes(e));
    memset(block + e->out, 0xff, tensor_bytes(e, e->out_width, e->out_height, step->output));
    return fill_weights(e, block + e->rows, error);
}

static struct planche_gpu_view view_of(const struct planche_gpu_example *e, int tensor, int width,
                                       int height, uint64_t address)
{
    return (struct planche_gpu_view){
        .address = address,
        .width = width,
        .height = height,
        .pitch = e->program->pitches[tensor],
        .channels = channels_of(e, tensor),
    };
}

/* Without the last rows and columns of the output, and the first: a page's tile has part of them.
 */
static void set_sums(const struct planche_gpu_example *e, uint64_t block,
                     struct planche_gpu_args *args)
{
    args->sums = block + e->sums;
    args->sums_x0 = args->sums_y0 = 1;
    args->sums_x1 = e->out_width - 1;
    args->sums_y1 = e->out_height - 1;
}

void planche_gpu_example_args(const struct planche_gpu_example *e, uint64_t block,
                              struct planche_gpu_args *args)
{
    const struct planche_step *step = step_of(e);
    int n = phases_of(e);
    *args = (struct planche_gpu_args){
        .out = view_of(e, step->output, e->out_width, e->out_height, block + e->out),
        .weights = block + e->weights,
        .constants = block + e->constants,
        .in_count = step->input_count,
        .residual_count = step->residual_count,
        .activation = (int32_t)step->activation,
        .act0 = LEAKY_SLOPE,
        .pad_left = n > 1 ? -(e->x % n) : step->pad_left,
        .pad_top = n > 1 ? -(e->y % n) : step->pad_top,
        .in_width = e->width,
        .in_height = e->height,
    };
    args->out.x = e->x;
    args->out.y = e->y;
    for (int i = 0; i < step->input_count; i++) {
        args->in[i] = view_of(e, step->inputs[i].tensor, e->width, e->height, block + e->inputs[i]);
        args->in[i].scale = is_scaled(e, &step->inputs[i]) ? block + e->scales[i] : 0;
        args->in[i].x = n > 1 ? e->x / n : -step->pad_left;
        args->in[i].y = n > 1 ? e->y / n : -step->pad_top;
    }
    for (int r = 0; r < step->residual_count; r++) {
        const struct planche_view *view = &step->residuals[r].view;
        args->residual[r].view =
            view_of(e, view->tensor, e->out_width + 1, e->out_height + 1, block + e->residuals[r]);
        args->residual[r].view.scale = is_scaled(e, view) ? block + e->residual_scales[r] : 0;
        args->residual[r].view.x = args->residual[r].view.y = 1;
        args->residual[r].self = SELF;
        args->residual[r].other = OTHER;
    }
    if (e->program->folding.averages && e->program->folding.averages[e->step] >= 0)
        set_sums(e, block, args);
}

/* The input pixel that tap k of output x meets along one axis; -1: none. */
static int meet(const struct planche_gpu_example *e, int x, int k, int pad, int size)
{
    const struct planche_step *step = step_of(e);
    int n = step->stride_w, from = x * n - pad + k;
    if (step->op == PLANCHE_STEP_DECONV) {
        from = x + pad - k;
        if (from < 0 || from % n)
            return -1;
        from /= n;
    } else if (e->program->steps[e->step].product.enlarges) {
        from = from < 0 ? -1 : from / 2;
    }
    return from < size ? from : -1;
}

/* What one input adds to an output; `first`: its first channel among those of all inputs. */
static float add_input(const struct planche_gpu_example *e, int i, int first, int x, int y, int o)
{
    const struct planche_step *step = step_of(e);
    bool scaled = is_scaled(e, &step->inputs[i]);
    int channels = channels_of(e, step->inputs[i].tensor), inputs = inputs_of(e);
    float sum = 0;
    for (int ky = 0; ky < step->kernel_h; ky++)
        for (int kx = 0; kx < step->kernel_w; kx++) {
            int from_x = meet(e, x, kx, step->pad_left, e->width);
            int from_y = meet(e, y, ky, step->pad_top, e->height);
            for (int c = 0; from_x >= 0 && from_y >= 0 && c < channels; c++) {
                size_t kernel = (size_t)o * (size_t)inputs + (size_t)(first + c);
                size_t at =
                    (kernel * (size_t)step->kernel_h + (size_t)ky) * (size_t)step->kernel_w +
                    (size_t)kx;
                sum += weight(at) * pixel(INPUT, i, from_x, from_y, c) *
                       (scaled ? scale(SCALE, i, c) : 1);
            }
        }
    return sum;
}

/* Output o of a pixel of the region. */
static float expect(const struct planche_gpu_example *e, int x, int y, int o)
{
    const struct planche_step *step = step_of(e);
    float sum = bias(o);
    for (int i = 0, first = 0; i < step->input_count; i++) {
        sum += add_input(e, i, first, x + e->x, y + e->y, o);
        first += channels_of(e, step->inputs[i].tensor);
    }
    if (sum < 0 && step->activation != PLANCHE_ACT_NONE)
        sum *= step->activation == PLANCHE_ACT_RELU    ? 0
               : step->activation == PLANCHE_ACT_LEAKY ? LEAKY_SLOPE
                                                       : slope(o);
    for (int r = 0; r < step->residual_count; r++) {
        float other = pixel(RESIDUAL, r, x + 1, y + 1, o);
        if (is_scaled(e, &step->residuals[r].view))
            other *= scale(RESIDUAL_SCALE, r, o);
        sum = sum * SELF + other * OTHER;
    }
    return sum;
}

static float output_at(const struct planche_gpu_example *e, const uint8_t *block, int x, int y,
                       int o)
{
    size_t at = (size_t)y * (size_t)e->out_width + (size_t)x;
    return get_value(e, block + e->out,
                     at * (size_t)e->program->pitches[step_of(e)->output] + (size_t)o);
}

/* Outputs that are not exact in half precision, which are few, are not compared. */
static bool outputs_hold(const struct planche_gpu_example *e, const uint8_t *block)
{
    uint64_t channels = (uint64_t)channels_of(e, step_of(e)->output);
    uint64_t width = (uint64_t)e->out_width, all = channels * width * (uint64_t)e->out_height;
    uint64_t stride = all / SAMPLES | 1;
    while (channels > 1 && stride > 1 && (channels % stride == 0 || stride % channels == 0))
        stride += 2;
    for (uint64_t i = 0; i < all; i += stride) {
        int o = (int)(i % channels);
        int x = (int)(i / channels % width), y = (int)(i / channels / width);
        float expected = expect(e, x, y, o), actual = output_at(e, block, x, y, o);
        bool exact = expected >= -EXACT && expected <= EXACT;
        float off = actual > expected ? actual - expected : expected - actual;
        if (exact && !(off <= (is_winograd(e) ? WINOGRAD_ERROR : 0)))
            return false;
    }
    return true;
}

/* Of the outputs as they are, in units of 2^-16. */
static bool sums_hold(const struct planche_gpu_example *e, const uint8_t *block)
{
    const uint64_t *sums = (const uint64_t *)(const void *)(block + e->sums);
    int pitch = e->program->pitches[step_of(e)->output];
    for (int o = 0; o < channels_of(e, step_of(e)->output); o++) {
        double sum = 0;
        for (int y = 1; y < e->out_height - 1; y++)
            for (int x = 1; x < e->out_width - 1; x++)
                sum += (double)output_at(e, block, x, y, o);
        uint64_t got = 0;
        for (int copy = 0; copy < PLANCHE_GPU_SUM_COPIES; copy++)
            got += sums[copy * pitch + o];
        if (!((double)(int64_t)got == sum * 65536))
            return false;
    }
    return true;
}

bool planche_gpu_example_holds(const struct planche_gpu_example *e, const uint8_t *block)
{
    bool summed = e->program->folding.averages && e->program->folding.averages[e->step] >= 0;
    return outputs_hold(e, block) && (!summed || sums_hold(e, block));
}
