/* SPDX-License-Identifier: MIT */
/* Preparing a convolution's weights: kernel choice, phases of deconvolutions, packing. */
#include "backend/cpu/pack.h"

#include "base/checked.h"
#include "base/status.h"

#include <string.h>

/* The place of an input channel: its block and lane among the node's concatenated inputs. */
struct lane_map {
    unsigned count;
    unsigned *place; /* block * depth + lane */
};

static const struct planche_tensor_layout *layout_of(const struct planche_program *program,
                                                     const struct planche_edge *edge)
{
    return &program->tensors[edge->view.tensor];
}

static bool lane_map_create(struct lane_map *map, const struct planche_program *program,
                            const struct planche_node *node)
{
    unsigned block = 0, channel = 0;
    for (int i = 0; i < node->step->input_count; i++)
        map->count += (unsigned)layout_of(program, &node->edges[i])->channels;
    map->place = planche_calloc(program->budget, map->count, sizeof(*map->place));
    if (!map->place)
        return false;
    for (int i = 0; i < node->step->input_count; i++) {
        const struct planche_tensor_layout *layout = layout_of(program, &node->edges[i]);
        for (unsigned c = 0; c < (unsigned)layout->channels; c++)
            map->place[channel++] = block * layout->lanes + c;
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

/* The larger tile needs fewer products, and is exact enough: docs/performance.md. */
#define WINOGRAD_TILE 6

static bool is_plain_3x3(const struct planche_step *s)
{
    return s->op == PLANCHE_STEP_CONV && s->kernel_w == 3 && s->kernel_h == 3 && s->stride_w == 1 &&
           s->stride_h == 1 && s->dilation_w == 1 && s->dilation_h == 1;
}

/* Planar ends have kernels of their own. */
static bool suits_winograd(const struct planche_node *node)
{
    return is_plain_3x3(node->step) && node->conv->depth == PLANCHE_LANES && !node->conv->narrow;
}

static double padded_channels(const struct planche_net *net, int tensor)
{
    int channels = net->tensors[tensor].channels;
    return channels <= PLANCHE_PLANAR_CHANNELS
               ? channels
               : (channels + PLANCHE_LANES - 1) / PLANCHE_LANES * PLANCHE_LANES;
}

uint64_t planche_pack_bytes(const struct planche_net *net)
{
    double floats = 0;
    for (int s = 0; s < net->step_count; s++) {
        const struct planche_step *step = &net->steps[s];
        if (step->op != PLANCHE_STEP_CONV && step->op != PLANCHE_STEP_DECONV)
            continue;
        double in = 0, out = padded_channels(net, step->output);
        for (int i = 0; i < step->input_count; i++)
            in += padded_channels(net, step->inputs[i].tensor);
        bool winograd =
            is_plain_3x3(step) && in > PLANCHE_PLANAR_CHANNELS && out > PLANCHE_PLANAR_CHANNELS;
        floats += in * out *
                  (winograd ? PLANCHE_WINOGRAD_POINTS(WINOGRAD_TILE)
                            : (double)step->kernel_w * step->kernel_h);
    }
    return floats < 1e18 ? (uint64_t)floats * sizeof(float) : UINT64_MAX / 2;
}

static bool pack_winograd(struct planche_program *program, struct planche_node *node,
                          const struct lane_map *map, uint64_t l2_bytes)
{
    struct planche_conv_program *conv = node->conv;
    unsigned tile = (unsigned)node->tile;
    size_t floats, bytes;
    if (!planche_winograd_weights(tile, conv->in_blocks, conv->out_blocks, &floats) ||
        !planche_mul_size(floats, sizeof(float), &bytes))
        return false;
    conv->winograd = planche_alloc(program->budget, bytes);
    if (!conv->winograd)
        return false;
    planche_winograd_pack(tile, conv->winograd, node->step->weights,
                          (unsigned)program->tensors[node->output].channels, map->count, map->place,
                          conv->in_blocks, conv->out_blocks);
    conv->tiles = planche_winograd_tiles(tile, conv->in_blocks, conv->out_blocks, l2_bytes);
    return true;
}

/* The taps of one phase; a convolution's only phase has them all. */
static bool find_taps(struct planche_program *program, const struct planche_step *step,
                      struct planche_phase *phase, int phase_y, int phase_x)
{
    bool deconv = step->op == PLANCHE_STEP_DECONV;
    size_t most = (size_t)step->kernel_h * (size_t)step->kernel_w;
    phase->tap_y = planche_calloc(program->budget, most, sizeof(int16_t));
    phase->tap_x = planche_calloc(program->budget, most, sizeof(int16_t));
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

/* Puts the weight of one output channel where the kernel expects it (see planche_conv_args). */
static void place_weights(const struct planche_conv_program *conv, const struct planche_step *step,
                          const struct planche_phase *phase, const struct lane_map *map,
                          unsigned out_channel)
{
    size_t window = (size_t)step->kernel_h * (size_t)step->kernel_w;
    size_t entries = (size_t)phase->tap_count * conv->in_blocks;
    unsigned block = conv->narrow ? out_channel : out_channel / PLANCHE_LANES;
    unsigned group = block / 4, blocks = planche_group_blocks(conv->out_blocks, group);
    float *to = phase->weights[group];
    for (unsigned c = 0; c < map->count; c++) {
        const float *from = step->weights + ((size_t)out_channel * map->count + c) * window;
        unsigned in_block = map->place[c] / conv->depth, lane = map->place[c] % conv->depth;
        for (int t = 0; t < phase->tap_count; t++) {
            float w = from[phase->tap_y[t] * step->kernel_w + phase->tap_x[t]];
            size_t entry = (size_t)t * conv->in_blocks + in_block;
            if (conv->narrow)
                to[(block % 4 * entries + entry) * PLANCHE_LANES + lane] = w;
            else
                to[((entry * conv->depth + lane) * blocks + block % 4) * PLANCHE_LANES +
                   out_channel % PLANCHE_LANES] = w;
        }
    }
}

static bool pack_phase(struct planche_program *program, const struct planche_node *node,
                       struct planche_phase *phase, const struct lane_map *map)
{
    const struct planche_conv_program *conv = node->conv;
    unsigned groups = (conv->out_blocks + 3) / 4;
    phase->weights = planche_calloc(program->budget, groups, sizeof(float *));
    if (!phase->weights)
        return false;
    for (unsigned g = 0; g < groups; g++) {
        size_t floats = (size_t)planche_group_blocks(conv->out_blocks, g) * PLANCHE_LANES;
        size_t entries = (size_t)phase->tap_count * conv->in_blocks;
        if (!planche_mul_size(floats, entries, &floats) ||
            !planche_mul_size(floats, conv->narrow ? 1 : conv->depth, &floats))
            return false;
        /* A phase without taps is the bias alone; one float keeps the pointer valid. */
        phase->weights[g] = planche_calloc(program->budget, floats ? floats : 1, sizeof(float));
        if (!phase->weights[g])
            return false;
    }
    for (int c = 0; c < program->tensors[node->output].channels; c++)
        place_weights(conv, node->step, phase, map, (unsigned)c);
    return true;
}

static bool pack_phases(struct planche_program *program, struct planche_node *node,
                        const struct lane_map *map)
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
        for (int x = 0; x < phases_x; x++) {
            struct planche_phase *phase = &conv->phases[y * phases_x + x];
            if (!find_taps(program, step, phase, y, x) || !pack_phase(program, node, phase, map))
                return false;
        }
    return true;
}

enum planche_status planche_pack_conv(struct planche_program *program, struct planche_node *node,
                                      uint64_t l2_bytes, struct planche_error *error)
{
    struct lane_map map = {0, NULL};
    enum planche_status status = PLANCHE_OK;
    bool packed = false;
    node->conv = planche_calloc(program->budget, 1, sizeof(*node->conv));
    if (!node->conv)
        goto done;
    status = count_blocks(program, node, error);
    if (status)
        goto done;
    if (!lane_map_create(&map, program, node) || !pack_epilogue(program, node))
        goto done;
    if (suits_winograd(node)) {
        node->kind = PLANCHE_NODE_WINOGRAD;
        node->tile = WINOGRAD_TILE;
        packed = pack_winograd(program, node, &map, l2_bytes);
    } else {
        packed = pack_phases(program, node, &map);
    }
done:
    planche_free(map.place);
    if (status || packed)
        return status;
    return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the weights of layer %s",
                        node->name);
}

void planche_pack_destroy(struct planche_conv_program *conv)
{
    if (!conv)
        return;
    for (int i = 0; i < conv->phases_y * conv->phases_x; i++) {
        struct planche_phase *phase = &conv->phases[i];
        for (unsigned g = 0; phase->weights && g < (conv->out_blocks + 3) / 4; g++)
            planche_free(phase->weights[g]);
        planche_free(phase->weights);
        planche_free(phase->tap_y);
        planche_free(phase->tap_x);
    }
    planche_free(conv->phases);
    planche_free(conv->bias);
    planche_free(conv->slope);
    planche_free(conv->winograd);
    planche_free(conv);
}

bool planche_pack_scratch(const struct planche_node *node, size_t *bytes)
{
    const struct planche_conv_program *conv = node->conv;
    size_t pointers = 0, floats = 0;
    if (node->kind == PLANCHE_NODE_WINOGRAD) {
        unsigned tile = (unsigned)node->tile;
        pointers = conv->in_blocks * (tile + 2) + conv->out_blocks * tile * 3;
        if (!planche_winograd_scratch(tile, conv->in_blocks, conv->out_blocks, conv->tiles,
                                      &floats))
            return false;
    } else {
        pointers =
            (size_t)node->step->kernel_h * (size_t)node->step->kernel_w * conv->in_blocks + 12;
        floats = conv->via_lanes ? PLANCHE_CONV_RUN * PLANCHE_LANES : 0;
    }
    return planche_mul_size(floats, sizeof(float), bytes) &&
           planche_add_size(*bytes, pointers * sizeof(void *) + 2 * PLANCHE_ALIGN, bytes);
}
