/* SPDX-License-Identifier: MIT */
/* Weight packing of convolutions: kernel choice, phases of deconvolutions, packing. */
#include "backend/cpu/pack_weights.h"

#include "backend/cpu/cost.h"
#include "base/checked.h"
#include "base/status.h"
#include "kernels/bf16.h"

static const struct planche_tensor_layout *layout_of(const struct planche_program *program,
                                                     const struct planche_edge *edge)
{
    return &program->tensors[edge->view.tensor];
}

/* The lanes that the input channels have among the node's concatenated inputs. */
static bool place_channels(const struct planche_program *program, const struct planche_node *node)
{
    struct planche_conv_program *conv = node->conv;
    unsigned block = 0, channel = 0;
    for (int i = 0; i < node->step->input_count; i++)
        conv->in_channels += (unsigned)layout_of(program, &node->edges[i])->channels;
    conv->in_lane = planche_calloc(program->budget, conv->in_channels, sizeof(*conv->in_lane));
    if (!conv->in_lane)
        return false;
    for (int i = 0; i < node->step->input_count; i++) {
        const struct planche_tensor_layout *layout = layout_of(program, &node->edges[i]);
        for (unsigned c = 0; c < (unsigned)layout->channels; c++)
            conv->in_lane[channel++] = block * layout->lanes + c;
        conv->in_lanes = block * layout->lanes + (unsigned)layout->channels;
        block += layout->blocks;
    }
    return true;
}

static enum planche_status count_blocks(const struct planche_program *program,
                                        struct planche_node *node, struct planche_error *error)
{
    struct planche_conv_program *conv = node->conv;
    const struct planche_tensor_layout *out = &program->tensors[node->output];
    conv->depth = layout_of(program, &node->edges[0])->lanes;
    conv->out_blocks = (unsigned)(out->channels + PLANCHE_LANES - 1) / PLANCHE_LANES;
    for (int i = 0; i < node->step->input_count; i++) {
        const struct planche_tensor_layout *layout = layout_of(program, &node->edges[i]);
        if (layout->lanes != conv->depth)
            return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                                "layer %s: narrow and wide inputs side by side", node->name);
        conv->in_blocks += layout->blocks;
    }
    if (out->lanes == 1) {
        conv->narrow = conv->depth == PLANCHE_LANES;
        conv->via_lanes = !conv->narrow;
    }
    if (conv->narrow)
        conv->out_blocks = (unsigned)out->channels;
    return PLANCHE_OK;
}

/* Planar ends take little of the time: they stay exact. */
static void choose_kernel(const struct planche_program *program, const struct planche_step *step,
                          struct planche_conv_program *conv)
{
    const struct planche_kernels *kernels = &program->kernels;
    if (conv->depth == PLANCHE_LANES && !conv->narrow && !step->copies)
        conv->precision = program->precision;
    conv->run = conv->narrow                                ? kernels->conv_narrow
                : conv->precision == PLANCHE_PRECISION_BF16 ? kernels->conv_bf16
                                                            : kernels->conv;
}

static bool pack_epilogue(struct planche_program *program, const struct planche_node *node)
{
    const struct planche_step *step = node->step;
    struct planche_conv_program *conv = node->conv;
    size_t lanes = (size_t)conv->out_blocks * (conv->narrow ? 1 : PLANCHE_LANES);
    int channels = program->tensors[node->output].channels;
    conv->bias = planche_calloc(program->budget, lanes, sizeof(float));
    conv->slope = planche_calloc(program->budget, lanes, sizeof(float));
    if (!conv->bias || !conv->slope)
        return false;
    for (int c = 0; c < channels; c++) {
        conv->bias[c] = step->bias ? step->bias[c] : 0.0f;
        conv->slope[c] = step->activation == PLANCHE_ACT_NONE     ? 1.0f
                         : step->activation == PLANCHE_ACT_LEAKY  ? step->act[0]
                         : step->activation == PLANCHE_ACT_SLOPES ? step->slope[c]
                                                                  : 0.0f;
    }
    return true;
}

static bool is_plain_3x3(const struct planche_step *s)
{
    return s->op == PLANCHE_STEP_CONV && s->kernel_w == 3 && s->kernel_h == 3 && s->stride_w == 1 &&
           s->stride_h == 1 && s->dilation_w == 1 && s->dilation_h == 1;
}

/* The tile with which a 3x3 convolution of whole blocks is cheapest; 0: it is cheaper without
 * Winograd. In bf16 tiles of 6 x 6 would lose 13 dB a layer for 5 % of the time:
 * docs/performance.md. */
static unsigned choose_tile(enum planche_precision precision, uint32_t features, double in,
                            double out)
{
    unsigned max = precision == PLANCHE_PRECISION_BF16 ? 4 : 6, best = 0;
    double min = planche_cost_direct(9.0, precision, features, in, out);
    for (unsigned tile = 4; tile <= max; tile += 2) {
        double cost = planche_cost_winograd(tile, precision, features, in, out);
        best = cost < min ? tile : best;
        min = cost < min ? cost : min;
    }
    return best;
}

static double padded_channels(const struct planche_net *net, int tensor)
{
    int channels = net->tensors[tensor].channels;
    return channels <= PLANCHE_PLANAR_CHANNELS
               ? channels
               : (channels + PLANCHE_LANES - 1) / PLANCHE_LANES * PLANCHE_LANES;
}

uint64_t planche_pack_bytes(const struct planche_net *net, enum planche_precision precision,
                            uint32_t features)
{
    double floats = 0;
    for (int s = 0; s < net->step_count; s++) {
        const struct planche_step *step = &net->steps[s];
        if (step->op == PLANCHE_STEP_DEPTHWISE)
            floats += (double)step->kernel_w * step->kernel_h * padded_channels(net, step->output);
        if (step->op != PLANCHE_STEP_CONV && step->op != PLANCHE_STEP_DECONV)
            continue;
        double in = 0, out = padded_channels(net, step->output);
        for (int i = 0; i < step->input_count; i++)
            in += padded_channels(net, step->inputs[i].tensor);
        bool wide = in > PLANCHE_PLANAR_CHANNELS && out > PLANCHE_PLANAR_CHANNELS;
        unsigned tile = wide && is_plain_3x3(step) ? choose_tile(precision, features, in, out) : 0;
        floats += in * out *
                  (tile ? PLANCHE_WINOGRAD_POINTS(tile) : (double)step->kernel_w * step->kernel_h) /
                  (wide && precision == PLANCHE_PRECISION_BF16 ? 2 : 1);
    }
    return floats < 1e18 ? (uint64_t)floats * sizeof(float) : UINT64_MAX / 2;
}

/* Planar ends have kernels of their own. */
static unsigned choose_node_tile(const struct planche_program *program,
                                 const struct planche_node *node)
{
    const struct planche_conv_program *conv = node->conv;
    if (!is_plain_3x3(node->step) || conv->depth != PLANCHE_LANES || conv->narrow)
        return 0;
    return choose_tile(conv->precision, program->features, conv->in_blocks * PLANCHE_LANES,
                       conv->out_blocks * PLANCHE_LANES);
}

static bool prepare_winograd(const struct planche_program *program, struct planche_node *node,
                             unsigned tile, uint64_t l2_bytes)
{
    const struct planche_kernels *kernels = &program->kernels;
    struct planche_conv_program *conv = node->conv;
    node->kind = PLANCHE_NODE_WINOGRAD;
    node->tile = (int)tile;
    conv->run_winograd = conv->precision == PLANCHE_PRECISION_BF16
                             ? (tile == 4 ? kernels->winograd4_bf16 : kernels->winograd6_bf16)
                             : (tile == 4 ? kernels->winograd4 : kernels->winograd6);
    conv->tiles =
        planche_winograd_tiles(tile, conv->precision, conv->in_blocks, conv->out_blocks, l2_bytes);
    return planche_winograd_weights(tile, conv->precision, conv->in_blocks, conv->out_blocks,
                                    &conv->weight_floats);
}

/* The taps of one phase; a convolution's only phase has them all. */
static bool find_taps(struct planche_program *program, const struct planche_step *step,
                      struct planche_phase *phase, int phase_y, int phase_x)
{
    bool deconv = step->op == PLANCHE_STEP_DECONV;
    size_t max = (size_t)step->kernel_h * (size_t)step->kernel_w;
    phase->tap_y = planche_calloc(program->budget, max, sizeof(int16_t));
    phase->tap_x = planche_calloc(program->budget, max, sizeof(int16_t));
    if (!phase->tap_y || !phase->tap_x)
        return false;
    for (int ky = 0; ky < step->kernel_h; ky++)
        for (int kx = 0; kx < step->kernel_w; kx++) {
            if (deconv && ((phase_y - ky * step->dilation_h) % step->stride_h != 0 ||
                           (phase_x - kx * step->dilation_w) % step->stride_w != 0))
                continue;
            phase->tap_y[phase->tap_count] = (int16_t)ky;
            phase->tap_x[phase->tap_count++] = (int16_t)kx;
        }
    return true;
}

static unsigned weights_per_float(const struct planche_conv_program *conv)
{
    return conv->precision == PLANCHE_PRECISION_BF16 ? 2 : 1;
}

/* Floats of the packed weights of one group of output blocks of a phase. */
static bool group_floats(const struct planche_conv_program *conv, const struct planche_phase *phase,
                         unsigned group, size_t *floats)
{
    size_t lanes = (size_t)planche_group_blocks(conv->out_blocks, group) * PLANCHE_LANES;
    return planche_mul_size((size_t)phase->tap_count, conv->in_blocks, floats) &&
           planche_mul_size(*floats, lanes, floats) &&
           planche_mul_size(*floats, conv->narrow ? 1 : conv->depth / weights_per_float(conv),
                            floats);
}

static unsigned group_count(const struct planche_conv_program *conv)
{
    return (conv->out_blocks + 3) / 4;
}

static bool prepare_phase(struct planche_program *program, const struct planche_step *step,
                          struct planche_conv_program *conv, int phase_y, int phase_x)
{
    struct planche_phase *phase = &conv->phases[phase_y * conv->phases_x + phase_x];
    size_t floats;
    phase->weights = planche_calloc(program->budget, group_count(conv), sizeof(float *));
    if (!phase->weights || !find_taps(program, step, phase, phase_y, phase_x))
        return false;
    for (unsigned g = 0; g < group_count(conv); g++)
        if (!group_floats(conv, phase, g, &floats) ||
            !planche_add_size(conv->weight_floats, floats, &conv->weight_floats))
            return false;
    return true;
}

static bool prepare_phases(struct planche_program *program, const struct planche_node *node)
{
    const struct planche_step *step = node->step;
    struct planche_conv_program *conv = node->conv;
    bool deconv = step->op == PLANCHE_STEP_DECONV;
    int phases_y = deconv ? step->stride_h : 1, phases_x = deconv ? step->stride_w : 1;
    conv->phases =
        planche_calloc(program->budget, (size_t)phases_y * (size_t)phases_x, sizeof(*conv->phases));
    if (!conv->phases)
        return false;
    conv->phases_y = phases_y;
    conv->phases_x = phases_x;
    for (int y = 0; y < phases_y; y++)
        for (int x = 0; x < phases_x; x++)
            if (!prepare_phase(program, step, conv, y, x))
                return false;
    return true;
}

static enum planche_status no_memory(const struct planche_node *node, struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the weights of layer %s",
                        node->name);
}

enum planche_status planche_pack_conv(struct planche_program *program, struct planche_node *node,
                                      uint64_t l2_bytes, struct planche_error *error)
{
    enum planche_status status;
    node->conv = planche_calloc(program->budget, 1, sizeof(*node->conv));
    if (!node->conv)
        return no_memory(node, error);
    status = count_blocks(program, node, error);
    if (status)
        return status;
    choose_kernel(program, node->step, node->conv);
    unsigned tile = choose_node_tile(program, node);
    if (place_channels(program, node) && pack_epilogue(program, node) &&
        (tile ? prepare_winograd(program, node, tile, l2_bytes) : prepare_phases(program, node)))
        return PLANCHE_OK;
    return no_memory(node, error);
}

enum planche_status planche_pack_depthwise(struct planche_program *program,
                                           struct planche_node *node, struct planche_error *error)
{
    const struct planche_step *step = node->step;
    struct planche_conv_program *conv = node->conv =
        planche_calloc(program->budget, 1, sizeof(*conv));
    if (!conv)
        return no_memory(node, error);
    conv->in_blocks = 1;
    conv->depth = PLANCHE_LANES;
    conv->out_blocks = program->tensors[node->output].blocks;
    conv->precision = PLANCHE_PRECISION_F32;
    if (pack_epilogue(program, node) &&
        planche_mul_size((size_t)step->kernel_w * (size_t)step->kernel_h,
                         (size_t)conv->out_blocks * PLANCHE_LANES, &conv->weight_floats))
        return PLANCHE_OK;
    return no_memory(node, error);
}

/* [block][tap][lane]; lanes without a channel stay zero. */
static void place_depthwise(const struct planche_node *node, size_t channels)
{
    const struct planche_step *step = node->step;
    size_t taps = (size_t)step->kernel_w * (size_t)step->kernel_h;
    for (size_t c = 0; c < channels; c++)
        for (size_t t = 0; t < taps; t++)
            node->conv
                ->depthwise[(c / PLANCHE_LANES * taps + t) * PLANCHE_LANES + c % PLANCHE_LANES] =
                step->weights[c * taps + t];
}

/* Gives a node the next part of the block of weights; returns what is behind it. */
static float *point_weights(const struct planche_node *node, float *weights)
{
    struct planche_conv_program *conv = node->conv;
    float *next = weights;
    if (node->kind == PLANCHE_NODE_WINOGRAD)
        conv->winograd = weights;
    if (node->kind == PLANCHE_NODE_DEPTHWISE)
        conv->depthwise = weights;
    for (int p = 0; p < conv->phases_y * conv->phases_x; p++)
        for (unsigned g = 0; g < group_count(conv); g++) {
            size_t floats = 0;
            group_floats(conv, &conv->phases[p], g, &floats);
            conv->phases[p].weights[g] = next;
            next += floats;
        }
    return weights + conv->weight_floats;
}

/* Puts the weights of one output channel where the kernel expects them (see planche_conv_args). */
static void place_weights(const struct planche_node *node, const struct planche_phase *phase,
                          unsigned out_channel)
{
    const struct planche_step *step = node->step;
    const struct planche_conv_program *conv = node->conv;
    size_t window = (size_t)step->kernel_h * (size_t)step->kernel_w;
    size_t entries = (size_t)phase->tap_count * conv->in_blocks;
    unsigned block = conv->narrow ? out_channel : out_channel / PLANCHE_LANES;
    unsigned group = block / 4, blocks = planche_group_blocks(conv->out_blocks, group);
    float *to = phase->weights[group];
    uint16_t *pairs = (uint16_t *)(void *)to;
    for (unsigned c = 0; c < conv->in_channels; c++) {
        const float *from = step->weights + ((size_t)out_channel * conv->in_channels + c) * window;
        unsigned in_block = conv->in_lane[c] / conv->depth, lane = conv->in_lane[c] % conv->depth;
        for (int t = 0; t < phase->tap_count; t++) {
            float w = from[phase->tap_y[t] * step->kernel_w + phase->tap_x[t]];
            size_t entry = (size_t)t * conv->in_blocks + in_block;
            if (conv->narrow)
                to[(block % 4 * entries + entry) * PLANCHE_LANES + lane] = w;
            else if (conv->precision == PLANCHE_PRECISION_BF16)
                pairs[((entry * PLANCHE_LANES / 2 + lane / 2) * blocks + block % 4) * 2 *
                          PLANCHE_LANES +
                      out_channel % PLANCHE_LANES * 2 + lane % 2] = planche_bf16_round(w);
            else
                to[((entry * conv->depth + lane) * blocks + block % 4) * PLANCHE_LANES +
                   out_channel % PLANCHE_LANES] = w;
        }
    }
}

/* The packing of one node's weights. */
struct packing {
    const struct planche_node *node;
    unsigned out_channels;
    struct planche_winograd_pack_args winograd;
};

static void pack_winograd(void *user, size_t index, unsigned worker)
{
    const struct packing *packing = user;
    (void)worker;
    planche_winograd_pack(&packing->winograd, index);
}

/* A phase of a group of output blocks. The block of weights was zero when it was allocated. */
static void pack_group(void *user, size_t index, unsigned worker)
{
    const struct packing *packing = user;
    const struct planche_conv_program *conv = packing->node->conv;
    unsigned channels = 4 * (conv->narrow ? 1 : PLANCHE_LANES);
    unsigned first = (unsigned)(index % group_count(conv)) * channels;
    (void)worker;
    for (unsigned c = first; c < first + channels && c < packing->out_channels; c++)
        place_weights(packing->node, &conv->phases[index / group_count(conv)], c);
}

static void pack_node(const struct planche_program *program, const struct planche_node *node,
                      struct planche_pool *pool)
{
    const struct planche_conv_program *conv = node->conv;
    struct packing packing = {.node = node,
                              .out_channels = (unsigned)program->tensors[node->output].channels};
    packing.winograd = (struct planche_winograd_pack_args){
        .tile = (unsigned)node->tile,
        .precision = conv->precision,
        .weights = node->step->weights,
        .out_channels = packing.out_channels,
        .in_channels = conv->in_channels,
        .in_lane = conv->in_lane,
        .in_blocks = conv->in_blocks,
        .out_blocks = conv->out_blocks,
        .packed = conv->winograd,
    };
    if (node->kind == PLANCHE_NODE_DEPTHWISE)
        place_depthwise(node, packing.out_channels);
    else if (node->kind == PLANCHE_NODE_WINOGRAD)
        planche_pool_run(pool, planche_winograd_pack_parts(&packing.winograd), pack_winograd,
                         &packing);
    else
        planche_pool_run(pool, (size_t)(conv->phases_y * conv->phases_x) * group_count(conv),
                         pack_group, &packing);
}

enum planche_status planche_pack_weights(struct planche_program *program, struct planche_pool *pool,
                                         struct planche_error *error)
{
    size_t floats = 1; /* a network may have no convolutions */
    for (int n = 0; n < program->node_count; n++)
        if (program->nodes[n].conv &&
            !planche_add_size(floats, program->nodes[n].conv->weight_floats, &floats))
            return no_memory(&program->nodes[n], error);
    program->weights = planche_calloc(program->budget, floats, sizeof(float));
    if (!program->weights)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the network's weights");
    program->weight_bytes = (uint64_t)floats * sizeof(float);
    float *next = program->weights;
    for (int n = 0; n < program->node_count; n++)
        if (program->nodes[n].conv) {
            next = point_weights(&program->nodes[n], next);
            pack_node(program, &program->nodes[n], pool);
        }
    return PLANCHE_OK;
}

void planche_pack_destroy(struct planche_conv_program *conv)
{
    if (!conv)
        return;
    for (int i = 0; i < conv->phases_y * conv->phases_x; i++) {
        struct planche_phase *phase = &conv->phases[i];
        planche_free(phase->weights);
        planche_free(phase->tap_y);
        planche_free(phase->tap_x);
    }
    planche_free(conv->phases);
    planche_free(conv->bias);
    planche_free(conv->slope);
    planche_free(conv->in_lane);
    planche_free(conv);
}

bool planche_pack_scratch(const struct planche_node *node, size_t *bytes)
{
    const struct planche_conv_program *conv = node->conv;
    size_t pointers = 0, floats = 0, scratch = 0;
    if (node->kind == PLANCHE_NODE_WINOGRAD) {
        unsigned tile = (unsigned)node->tile;
        pointers = conv->in_blocks * (tile + 2) + conv->out_blocks * tile * 3;
        if (!planche_winograd_scratch(tile, conv->in_blocks, conv->out_blocks, conv->tiles,
                                      &floats))
            return false;
    } else {
        size_t entries =
            (size_t)node->step->kernel_h * (size_t)node->step->kernel_w * conv->in_blocks;
        pointers = entries + 12;
        floats = conv->via_lanes ? PLANCHE_CONV_RUN * PLANCHE_LANES : 0;
        if (!planche_conv_scratch(conv->precision, entries, &scratch))
            return false;
    }
    return planche_mul_size(floats, sizeof(float), bytes) &&
           planche_add_size(*bytes, scratch, bytes) &&
           planche_add_size(*bytes, pointers * sizeof(void *) + 2 * PLANCHE_ALIGN, bytes);
}
