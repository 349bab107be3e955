/* SPDX-License-Identifier: MIT */
/* Range of pixels: 0 to 1, unless a network divides its input by 255 first or multiplies its result
 * by 255 last, or takes or gives bytes. */
#include "model/onnx/state.h"

#include <math.h>
#include <string.h>

#define CHAIN 8 /* nodes that are followed */

static bool is_type(const struct planche_onnx_node *node, const char *const *types)
{
    for (; *types; types++)
        if (strcmp(node->type, *types) == 0)
            return true;
    return false;
}

/* The only live node that reads a value; NULL: there are several. */
static struct planche_onnx_node *reader_of(planche_onnx_t *t, int value)
{
    struct planche_onnx_model *model = t->model;
    for (int i = 0; t->uses[value] == 1 && i < model->node_count; i++)
        for (int j = 0; model->nodes[i].live && j < model->nodes[i].input_count; j++)
            if (model->nodes[i].inputs[j] == value)
                return &model->nodes[i];
    return NULL;
}

/* Whether a node multiplies one of its inputs by a number; *input: which. */
static bool multiplies(planche_onnx_t *t, const struct planche_onnx_node *node, double wanted,
                       int *input)
{
    bool divides = strcmp(node->type, "Div") == 0;
    double number;
    if ((!divides && strcmp(node->type, "Mul") != 0) || node->input_count != 2)
        return false;
    for (int i = 0; i < 2; i++) {
        *input = !i;
        if ((divides && i == 0) || node->inputs[!i] < 0 ||
            !planche_onnx_stated(t->model, node->inputs[i], &number) || number == 0)
            continue;
        number = divides ? 1 / number : number;
        return fabs(number - wanted) <= 5e-3 * wanted;
    }
    return false;
}

static bool find_input(planche_onnx_t *t)
{
    static const char *const same[] = {"Cast", "Identity", NULL};
    int value = t->model->input.value, input;
    struct planche_onnx_node *node = reader_of(t, value);
    for (int i = 0; i < CHAIN && node && is_type(node, same) && node->output_count == 1 &&
                    node->outputs[0] >= 0;
         i++)
        node = reader_of(t, node->outputs[0]);
    if (!node || !multiplies(t, node, 1.0 / 255, &input))
        return false;
    node->passes = input + 1;
    return true;
}

static bool find_output(planche_onnx_t *t)
{
    static const char *const same[] = {"Cast", "Identity", "Clip", "Round", "Floor", NULL};
    struct planche_onnx_model *model = t->model;
    int value = model->output.value, input, first = -1;
    for (int i = 0; i < CHAIN && value >= 0 && model->producers[value] >= 0 && t->uses[value] == 1;
         i++) {
        struct planche_onnx_node *node = &model->nodes[model->producers[value]];
        if (multiplies(t, node, 255, &input)) {
            node->passes = input + 1;
            first = model->producers[value];
            break;
        }
        if (!is_type(node, same) || node->input_count < 1)
            break;
        value = node->inputs[0];
    }
    /* What rounds and clips bytes is done with pages anyway. */
    for (value = model->output.value; first >= 0 && model->producers[value] != first;) {
        struct planche_onnx_node *node = &model->nodes[model->producers[value]];
        node->passes = 1;
        value = node->inputs[0];
    }
    return first >= 0;
}

void planche_onnx_find_range(planche_onnx_t *t)
{
    for (int i = 0; i < t->model->node_count; i++)
        t->model->nodes[i].passes = 0;
    t->in_scale = !find_input(t) && t->model->input.type == PLANCHE_ONNX_UINT8 ? 255 : 1;
    t->out_scale = !find_output(t) && t->model->output.type == PLANCHE_ONNX_UINT8 ? 1.0f / 255 : 1;
}
