/* SPDX-License-Identifier: MIT */
/* Which networks can be quantised, and their quantisation. */
#include "backend/cpu/int8_network.h"

#include "backend/cpu/int8_picture.h"
#include "base/status.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define WEIGHT_MAX 127
#define BYTE_MAX   255
/* Ranges are this much wider than the picture's: pages have more in them. */
#define SLACK 1.05
/* Of values before they are limited to bytes, with room to spare. */
#define VALUE_MAX 0x1p30

/* What is known of a net while its steps are gone through. */
struct chain {
    const struct planche_net *net;
    int last;     /* tensor of the last convolution so far; 0: the page */
    int shuffled; /* tensors, -1: not yet */
    int repeated, sum;
    int shuffle, repeat; /* factors */
    const struct planche_step *convs[PLANCHE_INT8_LAYERS];
    int conv_count;
};

static bool is_whole(const struct planche_view *view, int tensor)
{
    return view->tensor == tensor && !view->top && !view->left && !view->bottom && !view->right;
}

static const char *take_conv(struct chain *chain, const struct planche_step *s)
{
    if (s->kernel_w != 3 || s->kernel_h != 3 || s->stride_w != 1 || s->stride_h != 1 ||
        s->dilation_w != 1 || s->dilation_h != 1 || s->pad_top != 1 || s->pad_left != 1 ||
        s->pad_bottom != 1 || s->pad_right != 1)
        return "is not a 3x3 convolution with a padding of 1";
    if (chain->shuffled >= 0 || s->input_count != 1 || !is_whole(&s->inputs[0], chain->last) ||
        s->residual_count)
        return "does not follow the layer before it alone";
    if (chain->net->tensors[s->output].channels > PLANCHE_INT8_CHANNELS)
        return "has more than 256 channels";
    if (chain->conv_count == PLANCHE_INT8_LAYERS)
        return "is one convolution too many";
    chain->convs[chain->conv_count++] = s;
    chain->last = s->output;
    return NULL;
}

static const char *take_sum(struct chain *chain, const struct planche_step *s)
{
    const int a = s->inputs[0].tensor == chain->shuffled ? 0 : 1;
    if (s->binary != PLANCHE_BINARY_ADD || s->self != 1 || s->other != 1 || chain->sum >= 0 ||
        chain->shuffled < 0 || chain->repeated < 0 || chain->repeat != chain->shuffle ||
        !is_whole(&s->inputs[a], chain->shuffled) || !is_whole(&s->inputs[1 - a], chain->repeated))
        return "is not the sum of the pixel shuffle and the page";
    chain->sum = s->output;
    return NULL;
}

/* Why a step does not fit; NULL: it does. */
static const char *take_step(struct chain *chain, const struct planche_step *s)
{
    switch (s->op) {
    case PLANCHE_STEP_CONV:
        return take_conv(chain, s);
    case PLANCHE_STEP_SHUFFLE:
        if (chain->shuffled >= 0 || chain->conv_count == 0 || !is_whole(&s->inputs[0], chain->last))
            return "does not end the chain of convolutions";
        chain->shuffled = s->output;
        chain->shuffle = s->shuffle;
        return NULL;
    case PLANCHE_STEP_INTERP:
        if (chain->repeated >= 0 || s->interp != PLANCHE_INTERP_NEAREST ||
            s->factor_w != s->factor_h || s->factor_w != floorf(s->factor_w) ||
            !is_whole(&s->inputs[0], 0))
            return "does not repeat the page's pixels";
        chain->repeated = s->output;
        chain->repeat = (int)s->factor_w;
        return NULL;
    case PLANCHE_STEP_BINARY:
        return take_sum(chain, s);
    default:
        return "is of another kind";
    }
}

static enum planche_status misfit(const char *layer, const char *reason,
                                  struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                        "precision int8 is for chains of 3x3 convolutions that end in a pixel "
                        "shuffle, and layer %s %s: use f32",
                        layer, reason);
}

static enum planche_status read_chain(struct chain *chain, const struct planche_net *net,
                                      struct planche_error *error)
{
    *chain = (struct chain){.net = net, .shuffled = -1, .repeated = -1, .sum = -1};
    for (const struct planche_step *s = net->steps; s < net->steps + net->step_count; s++) {
        const char *reason = take_step(chain, s);
        if (reason)
            return misfit(s->name, reason, error);
    }
    const int end = chain->sum >= 0 ? chain->sum : chain->shuffled;
    const int factor = chain->shuffle;
    if (end < 0 || !is_whole(&net->output, end) || (int)net->recipe.scale != factor ||
        (chain->repeated >= 0) != (chain->sum >= 0))
        return misfit(net->tensors[net->output.tensor].name, "ends otherwise", error);
    if (net->tensors[0].channels != 3 || net->tensors[end].channels != 3 ||
        net->tensors[chain->last].channels != 3 * factor * factor)
        return misfit(net->tensors[chain->last].name, "is not one of three colours", error);
    return PLANCHE_OK;
}

static float slope_of(const struct planche_step *s, unsigned channel)
{
    switch (s->activation) {
    case PLANCHE_ACT_RELU:
        return 0.0f;
    case PLANCHE_ACT_LEAKY:
        return s->act[0];
    case PLANCHE_ACT_SLOPES:
        return s->slope[channel];
    default:
        return 1.0f;
    }
}

/* Activations of a tensor while it is being calibrated: value = (byte - zero) * step. */
struct range {
    double step[PLANCHE_INT8_CHANNELS];
    int zero[PLANCHE_INT8_CHANNELS];
};

/* Weights of one output channel: times the steps of their inputs, they get one step themselves. The
 * bias takes what the zeros of the inputs add. False: some are not finite. */
static bool quantise_channel(const struct planche_step *s, const struct range *range,
                             struct planche_int8_layer *layer, unsigned o, int8_t *out)
{
    const unsigned in = layer->in_channels;
    const float *weights = s->weights + (size_t)o * in * 9;
    double max = 0.0;
    int64_t zeros = 0;
    bool finite = isfinite(slope_of(s, o));
    for (unsigned i = 0; i < in * 9; i++) {
        finite = finite && isfinite(weights[i]);
        max = fmax(max, fabs(weights[i] * range->step[i / 9]));
    }
    const double step = max > 0.0 ? max / WEIGHT_MAX : 1.0;
    const double bias = (s->bias ? s->bias[o] : 0.0) / step;
    if (!finite || !isfinite((float)step) || !isfinite((float)(step * slope_of(s, o))) ||
        !(fabs(bias) < VALUE_MAX))
        return false;
    for (unsigned i = 0; i < in * 9; i++) {
        out[i] = (int8_t)lrint(weights[i] * range->step[i / 9] / step);
        zeros += (int64_t)out[i] * range->zero[i / 9];
    }
    layer->bias[o] = (int32_t)(llrint(bias) - zeros);
    layer->scale[o] = (float)step;
    layer->below[o] = (float)(step * slope_of(s, o));
    return true;
}

static bool allocate_layer(struct planche_int8_layer *layer, struct planche_budget *budget)
{
    const size_t lanes = (size_t)layer->out_quads * PLANCHE_QUAD;
    layer->weights =
        planche_calloc(budget, (size_t)layer->in_quads * layer->out_quads, PLANCHE_QUAD_WEIGHTS);
    layer->bias = planche_calloc(budget, lanes, sizeof(*layer->bias));
    layer->scale = planche_calloc(budget, 3 * lanes, sizeof(*layer->scale));
    layer->outside = planche_calloc(budget, layer->in_quads, PLANCHE_QUAD);
    layer->below = layer->scale + lanes;
    layer->zero = layer->below + lanes;
    return layer->weights && layer->bias && layer->scale && layer->outside;
}

static unsigned quads(unsigned channels)
{
    return (channels + PLANCHE_QUAD - 1) / PLANCHE_QUAD;
}

/* Sums become values of the network, not bytes: planche_int8_finish_layer follows. */
static enum planche_status make_layer(struct planche_int8_network *network,
                                      const struct planche_step *s, const struct range *range,
                                      struct planche_int8_layer *layer, struct planche_error *error)
{
    layer->in_channels = (unsigned)planche_step_in_channels(network->net, s);
    layer->out_channels = (unsigned)network->net->tensors[s->output].channels;
    layer->in_quads = quads(layer->in_channels);
    layer->out_quads = quads(layer->out_channels);
    const size_t all = (size_t)layer->out_channels * layer->in_channels * 9;
    int8_t *weights = planche_alloc(network->budget, all);
    bool finite = true;
    if (!allocate_layer(layer, network->budget) || !weights) {
        planche_free(weights);
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for layer %s", s->name);
    }
    for (unsigned o = 0; finite && o < layer->out_channels; o++)
        finite = quantise_channel(s, range, layer, o, weights + (size_t)o * layer->in_channels * 9);
    if (finite)
        planche_conv3_int8_pack(weights, layer->out_channels, layer->in_channels, layer->weights);
    for (unsigned i = 0; i < layer->in_channels; i++)
        layer->outside[i] = (uint8_t)range->zero[i];
    planche_free(weights);
    return finite ? PLANCHE_OK
                  : misfit(s->name, "has weights that are not finite, or are out of proportion",
                           error);
}

/* Bytes of a channel whose values lie between lo and hi. */
static void finish_channel(struct planche_int8_layer *layer, unsigned o, double lo, double hi,
                           struct range *range)
{
    lo = fmin(lo * SLACK, 0.0);
    hi = fmax(hi * SLACK, 0.0);
    /* No sum may leave 32 bits once it is scaled, whatever the page. */
    const double most =
        9.0 * layer->in_channels * (BYTE_MAX * (WEIGHT_MAX + 1)) + fabs((double)layer->bias[o]);
    const double least = most / VALUE_MAX * fmax(layer->scale[o], fabsf(layer->below[o]));
    const double step = fmax(fmax((hi - lo) / BYTE_MAX, least), (double)FLT_MIN);
    range->step[o] = step;
    range->zero[o] = (int)lrint(fmin(fmax(-lo / step, 0.0), BYTE_MAX));
    layer->zero[o] = (float)range->zero[o];
    layer->scale[o] = (float)(layer->scale[o] / step);
    layer->below[o] = (float)(layer->below[o] / step);
}

/* The picture on its way through the network. */
struct calibration {
    const struct planche_int8_network *network;
    struct planche_int8_layer *layer;
    struct planche_int8_rows rows[2]; /* what the layer reads, what it makes */
    float *planes;                    /* [channels][HEIGHT][WIDTH] */
    struct range range;
};

#define WIDTH  PLANCHE_INT8_PICTURE_WIDTH
#define HEIGHT PLANCHE_INT8_PICTURE_HEIGHT
#define AREA   ((size_t)WIDTH * HEIGHT)

static void measure_row(void *user, size_t y, unsigned worker)
{
    const struct calibration *c = user;
    float *planes[PLANCHE_INT8_CHANNELS] = {0};
    (void)worker;
    for (unsigned o = 0; o < c->layer->out_channels; o++)
        planes[o] = c->planes + o * AREA + y * WIDTH;
    planche_int8_convolve(&c->network->kernels, c->layer, &c->rows[0], (int64_t)y, 0, WIDTH, NULL,
                          planes);
}

static void make_row(void *user, size_t y, unsigned worker)
{
    const struct calibration *c = user;
    (void)worker;
    planche_int8_convolve(&c->network->kernels, c->layer, &c->rows[0], (int64_t)y, 0, WIDTH,
                          &c->rows[1], NULL);
}

static void find_range(struct calibration *c, unsigned o)
{
    const float *plane = c->planes + o * AREA;
    float lo = plane[0], hi = plane[0];
    for (size_t i = 1; i < AREA; i++) {
        lo = plane[i] < lo ? plane[i] : lo;
        hi = plane[i] > hi ? plane[i] : hi;
    }
    finish_channel(c->layer, o, lo, hi, &c->range);
}

/* One layer: its values on the picture, their ranges, the bytes that the next layer reads. */
static void calibrate_layer(struct calibration *c, struct planche_pool *pool, bool last)
{
    if (last)
        return;
    planche_int8_rows_clear(&c->rows[0], WIDTH, c->layer);
    planche_pool_run(pool, HEIGHT, measure_row, c);
    for (unsigned o = 0; o < c->layer->out_channels; o++)
        find_range(c, o);
    planche_pool_run(pool, HEIGHT, make_row, c);
    const struct planche_int8_rows made = c->rows[1];
    c->rows[1] = c->rows[0];
    c->rows[0] = made;
}

static unsigned most_channels(const struct planche_net *net)
{
    int most = net->tensors[0].channels;
    for (const struct planche_step *s = net->steps; s < net->steps + net->step_count; s++)
        if (s->op == PLANCHE_STEP_CONV && net->tensors[s->output].channels > most)
            most = net->tensors[s->output].channels;
    return (unsigned)most;
}

static enum planche_status allocate_calibration(struct calibration *c, struct planche_error *error)
{
    struct planche_budget *budget = c->network->budget;
    const unsigned channels = most_channels(c->network->net);
    for (int i = 0; i < 2; i++) {
        size_t bytes;
        if (planche_int8_rows_size(&c->rows[i], quads(channels), WIDTH, HEIGHT, HEIGHT, &bytes))
            c->rows[i].data = planche_calloc(budget, bytes, 1);
    }
    c->planes = planche_alloc(budget, channels * AREA * sizeof(*c->planes));
    return c->rows[0].data && c->rows[1].data && c->planes
               ? PLANCHE_OK
               : planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory to calibrate the network");
}

/* Bytes of the page are its samples where it has 8 bits. */
static void start_range(struct planche_int8_network *network, struct range *range)
{
    const struct planche_recipe *recipe = &network->recipe;
    const double step = recipe->in_scale / BYTE_MAX;
    const int zero = (int)lrint(fmin(fmax(-recipe->in_bias / step, 0.0), BYTE_MAX));
    for (int c = 0; c < 3; c++) {
        range->step[c] = step;
        range->zero[c] = zero;
    }
    network->byte_scale = (float)(1.0 / step);
    network->byte_bias = (float)zero;
}

static enum planche_status quantise(struct planche_int8_network *network, const struct chain *chain,
                                    struct planche_pool *pool, struct planche_error *error)
{
    struct calibration *c = planche_calloc(network->budget, 1, sizeof(*c));
    if (!c)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory to calibrate the network");
    c->network = network;
    enum planche_status status = allocate_calibration(c, error);
    if (!status) {
        planche_int8_draw(&c->rows[0]);
        start_range(network, &c->range);
    }
    for (int i = 0; !status && i < chain->conv_count; i++) {
        c->layer = &network->layers[network->layer_count++];
        status = make_layer(network, chain->convs[i], &c->range, c->layer, error);
        if (!status)
            calibrate_layer(c, pool, i + 1 == chain->conv_count);
    }
    planche_free(c->rows[0].data);
    planche_free(c->rows[1].data);
    planche_free(c->planes);
    planche_free(c);
    return status;
}

enum planche_status planche_int8_network_create(struct planche_int8_network **out,
                                                const struct planche_net *net, uint32_t features,
                                                struct planche_pool *pool,
                                                struct planche_budget *budget,
                                                struct planche_error *error)
{
    struct chain chain;
    *out = NULL;
    enum planche_status status = read_chain(&chain, net, error);
    if (status)
        return status;
    struct planche_int8_network *network = planche_calloc(budget, 1, sizeof(*network));
    if (network)
        network->layers =
            planche_calloc(budget, (size_t)chain.conv_count, sizeof(*network->layers));
    if (!network || !network->layers) {
        planche_free(network);
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the network");
    }
    network->budget = budget;
    network->net = net;
    network->recipe = net->recipe;
    network->factor = (unsigned)chain.shuffle;
    network->adds_page = chain.sum >= 0;
    planche_kernels_init(&network->kernels, features);
    status = quantise(network, &chain, pool, error);
    if (status)
        planche_int8_network_destroy(&network);
    *out = network;
    return status;
}

void planche_int8_network_destroy(struct planche_int8_network **network)
{
    struct planche_int8_network *n = *network;
    if (!n)
        return;
    for (int i = 0; i < n->layer_count; i++) {
        planche_free(n->layers[i].weights);
        planche_free(n->layers[i].bias);
        planche_free(n->layers[i].scale);
        planche_free(n->layers[i].outside);
    }
    planche_free(n->layers);
    planche_free(n);
    *network = NULL;
}

uint64_t planche_int8_network_bytes(const struct planche_net *net)
{
    uint64_t bytes = 0;
    for (const struct planche_step *s = net->steps; s < net->steps + net->step_count; s++)
        if (s->op == PLANCHE_STEP_CONV)
            bytes += (uint64_t)planche_step_in_channels(net, s) *
                     (uint64_t)net->tensors[s->output].channels * 9;
    /* The picture of the calibration, too. */
    return bytes + 2 * most_channels(net) * AREA * sizeof(float);
}
