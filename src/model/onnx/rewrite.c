/* SPDX-License-Identifier: MIT */
/* What exporters write as several nodes becomes one node again: Swish, Mish, HardSwish, Gelu in
 * both of its forms, and the normalisation of a pixel's channels. What then nobody reads is not
 * translated. */
#include "model/onnx/state.h"

#include <math.h>
#include <string.h>

#define MAX_FACTORS 6

/* A product: a constant, and values. */
struct product {
    double constant;
    int count, values[MAX_FACTORS];
};

static const struct planche_onnx_node *producer(const struct planche_onnx_model *model, int value,
                                                const char *type)
{
    const struct planche_onnx_node *node =
        value >= 0 && model->producers[value] >= 0 ? &model->nodes[model->producers[value]] : NULL;
    return node && strcmp(node->type, type) == 0 && node->input_count > 0 ? node : NULL;
}

static bool near(double a, double b)
{
    return fabs(a - b) <= 2e-3 * fabs(b);
}

/* The factors that a value is the product of: Mul nodes are followed a few times. */
static bool factors_of(struct planche_onnx_model *model, int value, int depth,
                       struct product *product)
{
    const struct planche_onnx_node *mul = producer(model, value, "Mul");
    const struct planche_onnx_node *div = producer(model, value, "Div");
    double number;
    if (planche_onnx_stated(model, value, &number)) {
        product->constant *= number;
        return true;
    }
    if (depth < 4 && mul && mul->input_count == 2)
        return factors_of(model, mul->inputs[0], depth + 1, product) &&
               factors_of(model, mul->inputs[1], depth + 1, product);
    if (depth < 4 && div && div->input_count == 2 &&
        planche_onnx_stated(model, div->inputs[1], &number) && number != 0) {
        product->constant /= number;
        return factors_of(model, div->inputs[0], depth + 1, product);
    }
    if (product->count == MAX_FACTORS)
        return false;
    product->values[product->count++] = value;
    return true;
}

static struct product find_factors(struct planche_onnx_model *model, int value)
{
    struct product product = {.constant = 1};
    if (!factors_of(model, value, 0, &product))
        product.count = 0;
    return product;
}

/* The operand of an Add beside a constant; -1: it is none. */
static int beside(struct planche_onnx_model *model, int value, double wanted)
{
    const struct planche_onnx_node *add = producer(model, value, "Add");
    double number;
    for (int i = 0; add && add->input_count == 2 && i < 2; i++)
        if (planche_onnx_stated(model, add->inputs[i], &number) && near(number, wanted))
            return add->inputs[!i];
    return -1;
}

/* sqrt(2 / pi) * (x + 0.044715 * x^3) */
static bool is_tanh_argument(struct planche_onnx_model *model, int value, int x)
{
    struct product outer = find_factors(model, value), inner;
    const struct planche_onnx_node *add, *power;
    double exponent;
    if (outer.count != 1 || !near(outer.constant, 0.7978845608))
        return false;
    add = producer(model, outer.values[0], "Add");
    for (int i = 0; add && add->input_count == 2 && i < 2; i++) {
        if (add->inputs[i] != x)
            continue;
        inner = find_factors(model, add->inputs[!i]);
        if (!near(inner.constant, 0.044715))
            return false;
        if (inner.count == 3)
            return inner.values[0] == x && inner.values[1] == x && inner.values[2] == x;
        power = inner.count == 1 ? producer(model, inner.values[0], "Pow") : NULL;
        return power && power->input_count == 2 && power->inputs[0] == x &&
               planche_onnx_stated(model, power->inputs[1], &exponent) && exponent == 3;
    }
    return false;
}

/* "", or the activation that x times a factor (times a constant) is. */
static const char *activation_of(struct planche_onnx_model *model, int x, int factor,
                                 double constant)
{
    const struct planche_onnx_node *node;
    int argument = beside(model, factor, 1);
    if (constant == 1 && (node = producer(model, factor, "Sigmoid")) && node->inputs[0] == x)
        return "Swish";
    if (constant == 1 && (node = producer(model, factor, "HardSigmoid")) && node->inputs[0] == x) {
        const struct planche_onnx_attribute *alpha = planche_onnx_find_attribute(node, "alpha");
        const struct planche_onnx_attribute *beta = planche_onnx_find_attribute(node, "beta");
        return alpha && near(alpha->real, 1.0 / 6) && (!beta || beta->real == 0.5f) ? "HardSwish"
                                                                                    : "";
    }
    if (constant == 1 && (node = producer(model, factor, "Tanh")) &&
        (node = producer(model, node->inputs[0], "Softplus")) && node->inputs[0] == x)
        return "Mish";
    if (!near(constant, 0.5) || argument < 0)
        return "";
    if ((node = producer(model, argument, "Tanh")) && is_tanh_argument(model, node->inputs[0], x))
        return "GeluTanh";
    node = producer(model, argument, "Erf");
    struct product product = {0};
    if (node)
        product = find_factors(model, node->inputs[0]);
    return product.count == 1 && product.values[0] == x && near(product.constant, 0.7071067812)
               ? "Gelu"
               : "";
}

static void rewrite(struct planche_onnx_model *model, struct planche_onnx_node *node)
{
    struct product product = {.constant = 1};
    if (strcmp(node->type, "Mul") != 0 || node->input_count != 2 || node->output_count != 1 ||
        !factors_of(model, node->outputs[0], 0, &product) || product.count != 2)
        return;
    for (int i = 0; i < 2; i++) {
        const char *type =
            activation_of(model, product.values[i], product.values[!i], product.constant);
        if (!*type)
            continue;
        node->type = type;
        node->inputs[0] = product.values[i];
        node->input_count = 1;
        node->attribute_count = 0;
        return;
    }
}

/* The input of an average over the channels; -1: it is none. */
static int averaged(struct planche_onnx_model *model, int value)
{
    const struct planche_onnx_node *mean = producer(model, value, "ReduceMean");
    const struct planche_onnx_attribute *axes, *keep;
    double axis;
    if (!mean)
        return -1;
    axes = planche_onnx_find_attribute(mean, "axes");
    keep = planche_onnx_find_attribute(mean, "keepdims");
    if (keep && keep->integer != 1)
        return -1;
    if (axes && axes->integers)
        return axes->count == 1 && axes->integers[0] == 1 ? mean->inputs[0] : -1;
    return mean->input_count == 2 && planche_onnx_stated(model, mean->inputs[1], &axis) && axis == 1
               ? mean->inputs[0]
               : -1;
}

static bool is_square(struct planche_onnx_model *model, int value, int of)
{
    const struct planche_onnx_node *node = producer(model, value, "Pow");
    double exponent;
    if (node)
        return node->input_count == 2 && node->inputs[0] == of &&
               planche_onnx_stated(model, node->inputs[1], &exponent) && exponent == 2;
    node = producer(model, value, "Mul");
    return node && node->input_count == 2 && node->inputs[0] == of && node->inputs[1] == of;
}

/* (x - mean) / sqrt(mean of the squares of that + epsilon), over the channels. */
static bool rewrite_norm(struct planche_onnx_model *model, struct planche_onnx_node *node)
{
    const struct planche_onnx_node *difference, *root, *sum;
    struct planche_onnx_attribute *epsilon;
    double number;
    if (strcmp(node->type, "Div") != 0 || node->input_count != 2 ||
        !(difference = producer(model, node->inputs[0], "Sub")) || difference->input_count != 2 ||
        averaged(model, difference->inputs[1]) != difference->inputs[0] ||
        difference->inputs[0] < 0 || !(root = producer(model, node->inputs[1], "Sqrt")) ||
        !(sum = producer(model, root->inputs[0], "Add")) || sum->input_count != 2 ||
        !planche_onnx_stated(model, sum->inputs[1], &number) ||
        !is_square(model, averaged(model, sum->inputs[0]), node->inputs[0]))
        return true;
    epsilon = planche_graph_alloc(&model->names, 1, sizeof(*epsilon));
    if (!epsilon)
        return false;
    *epsilon =
        (struct planche_onnx_attribute){.name = "epsilon", .text = "", .real = (float)number};
    node->type = "ChannelNormalization";
    node->inputs[0] = difference->inputs[0];
    node->input_count = 1;
    node->attributes = epsilon;
    node->attribute_count = 1;
    return true;
}

enum planche_status planche_onnx_rewrite(struct planche_onnx_model *model)
{
    for (int i = 0; i < model->node_count; i++) {
        rewrite(model, &model->nodes[i]);
        if (!rewrite_norm(model, &model->nodes[i]))
            return planche_onnx_no_memory(model);
    }
    return PLANCHE_OK;
}
