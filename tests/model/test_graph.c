/* SPDX-License-Identifier: MIT */
/* Graphs that no ncnn file made: what a second loader may rely on. */
#include "model/graph.h"
#include "model/loader.h"
#include "model/lower/lower.h"

#include "support/testing.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IN, FEATURES, CUT, LARGE, LAYERS };

static float *floats(size_t count, float value)
{
    float *list = planche_alloc(NULL, count * sizeof(*list));
    assert_non_null(list);
    for (size_t i = 0; i < count; i++)
        list[i] = value;
    return list;
}

static struct planche_layer *set_layer(struct planche_graph *graph, int index,
                                       enum planche_layer_type type, const char *type_name,
                                       const char *name)
{
    struct planche_layer *layer = &graph->layers[index];
    layer->type = type;
    layer->type_name = type_name;
    layer->name = name;
    layer->outputs = planche_graph_alloc(graph, 1, sizeof(int));
    layer->inputs = planche_graph_alloc(graph, 1, sizeof(int));
    layer->output_count = 1;
    layer->outputs[0] = planche_graph_blob(graph, name);
    assert_int_equal(layer->outputs[0], index);
    graph->blobs[index].producer = index;
    if (index > 0) {
        layer->input_count = 1;
        layer->inputs[0] = index - 1;
        graph->blobs[index - 1].consumed = true;
    }
    return layer;
}

/* Input, convolution 3 -> 12 without padding, a crop, a pixel shuffle by 2. */
static void make_graph(struct planche_graph *graph)
{
    struct planche_layer *conv;
    *graph = (struct planche_graph){.name = "a.toy", .layer_count = LAYERS, .blob_limit = LAYERS};
    graph->layers = planche_graph_alloc(graph, LAYERS, sizeof(*graph->layers));
    assert_non_null(graph->layers);
    set_layer(graph, IN, PLANCHE_LAYER_INPUT, "placeholder", "x");
    conv = set_layer(graph, FEATURES, PLANCHE_LAYER_CONVOLUTION, "Conv", "features");
    conv->channels = 12;
    conv->kernel_w = conv->kernel_h = 3;
    conv->stride_w = conv->stride_h = conv->dilation_w = conv->dilation_h = 1;
    conv->weight_count = 12 * 3 * 9;
    conv->activation = PLANCHE_ACT_LEAKY;
    conv->act[0] = 0.5f;
    set_layer(graph, CUT, PLANCHE_LAYER_CROP, "Slice", "cut");
    set_layer(graph, LARGE, PLANCHE_LAYER_SHUFFLE, "DepthToSpace", "large")->shuffle = 2;
}

static void read_weights(struct planche_graph *graph)
{
    graph->kernels = floats(12 * 3 * 9, 0.25f);
    graph->layers[FEATURES].weights = graph->kernels;
}

static void lowers_without_a_file(void **state)
{
    struct planche_graph graph;
    struct planche_net *net = planche_calloc(NULL, 1, sizeof(*net));
    struct planche_crop crops[LAYERS] = {0};
    struct planche_error error = {0};
    int64_t shrink;
    (void)state;
    assert_non_null(net);
    make_graph(&graph);
    graph.layers[CUT].crop_y = (struct planche_crop_axis){.start = 1, .end = -2};
    graph.layers[CUT].crop_x = (struct planche_crop_axis){.start = 2, .end = -1};
    assert_int_equal(planche_graph_order(&graph, &error), PLANCHE_OK);
    assert_int_equal(planche_graph_channels(&graph, &error), PLANCHE_OK);
    read_weights(&graph);
    net->kernels = graph.kernels;
    graph.kernels = NULL;
    assert_int_equal(planche_recipe_derive(&graph, &net->recipe, crops, &shrink, &error),
                     PLANCHE_OK);
    assert_int_equal(planche_graph_lower(&graph, crops, net, &error), PLANCHE_OK);
    planche_graph_destroy(&graph);
    assert_int_equal(net->recipe.scale, 2);
    assert_int_equal(shrink, 2 * (2 + 3));
    assert_int_equal(net->step_count, 2);
    assert_int_equal(net->steps[0].op, PLANCHE_STEP_CONV);
    assert_int_equal(net->steps[0].activation, PLANCHE_ACT_LEAKY);
    assert_float_equal(net->steps[0].weights[100], 0.25f, 0);
    assert_int_equal(net->steps[1].op, PLANCHE_STEP_SHUFFLE);
    assert_int_equal(net->steps[1].inputs[0].top, 1);
    assert_int_equal(net->steps[1].inputs[0].bottom, 2);
    assert_int_equal(net->steps[1].inputs[0].left, 2);
    assert_int_equal(net->steps[1].inputs[0].right, 1);
    planche_net_destroy(&net);
}

/* One axis of 100 rows or columns, less the convolution's two. */
static void crops_an_axis(void **state)
{
    static const struct {
        struct planche_crop_axis axis;
        int before, after; /* -1: nothing is left */
    } cases[] = {{{0, 0, 0}, 0, 0},     {{5, 0, 0}, 5, 0},     {{5, -7, 0}, 5, 7},
                 {{5, 60, 0}, 5, 38},   {{5, 200, 0}, 5, 0},   {{-20, 0, 0}, 78, 0},
                 {{-20, -5, 0}, 78, 5}, {{5, -7, 30}, 5, 63},  {{5, -7, 90}, 5, 7},
                 {{98, 0, 0}, -1, -1},  {{50, 40, 0}, -1, -1}, {{-99, 0, 0}, -1, -1},
                 {{0, -98, 0}, -1, -1}};
    struct planche_graph graph;
    struct planche_error error = {0};
    (void)state;
    make_graph(&graph);
    assert_int_equal(planche_graph_order(&graph, &error), PLANCHE_OK);
    assert_int_equal(planche_graph_channels(&graph, &error), PLANCHE_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct planche_shape shapes[LAYERS];
        struct planche_crop crops[LAYERS] = {0};
        const char *why = NULL;
        int culprit = -1;
        bool fits;
        graph.layers[CUT].crop_y = cases[i].axis;
        fits = planche_graph_sizes(&graph, (struct planche_shape){100, 100}, shapes, crops,
                                   &culprit, &why);
        assert_int_equal(fits, cases[i].before >= 0);
        if (!fits) {
            assert_int_equal(culprit, CUT);
            assert_non_null(why);
            continue;
        }
        assert_int_equal(crops[CUT].top, cases[i].before);
        assert_int_equal(crops[CUT].bottom, cases[i].after);
        assert_int_equal(shapes[LARGE].height, 2 * (98 - cases[i].before - cases[i].after));
        assert_int_equal(shapes[LARGE].width, 2 * 98);
    }
    planche_graph_destroy(&graph);
}

/* Formats without lines have none in their messages. */
static void names_the_layer_only(void **state)
{
    struct planche_graph graph;
    struct planche_error error = {0};
    (void)state;
    make_graph(&graph);
    graph.layers[FEATURES].weight_count = 7;
    assert_int_equal(planche_graph_order(&graph, &error), PLANCHE_OK);
    assert_int_equal(planche_graph_channels(&graph, &error), PLANCHE_ERROR_MODEL);
    assert_string_equal(error.message,
                        "a.toy: layer 'features' (Conv): 7 weights do not fit 3 input channels, "
                        "12 output channels and a kernel of 9 (324 wanted)");
    graph.layers[FEATURES].line = 12;
    assert_int_equal(planche_graph_channels(&graph, &error), PLANCHE_ERROR_MODEL);
    assert_memory_equal(error.message, "a.toy:12: layer 'features' (Conv): ", 35);
    planche_graph_destroy(&graph);
}

static bool is_toy(const char *name, const uint8_t *head, size_t size)
{
    return (size >= 3 && memcmp(head, "toy", 3) == 0) || strstr(name, ".toy");
}

static void chooses_the_loader(void **state)
{
    static const struct planche_model_loader toy = {.format = "toy", .recognise = is_toy};
    const struct planche_model_loader *const loaders[] = {&planche_ncnn_loader, &toy};
    static const struct {
        const char *name, *head, *format;
    } cases[] = {{"a.param", "7767517\n3 3\n", "ncnn"},
                 {"memory", "7767517\r\n", "ncnn"},
                 {"a.param", "anything", "ncnn"},
                 {"a.toy", "anything", "toy"},
                 {"param", "toy", "toy"},
                 {"param", "what nobody knows", "toy"},
                 {"param", "", "toy"},
                 {"a.param", "", "ncnn"},
                 {"param", "7767518", "toy"}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const uint8_t *head = (const uint8_t *)cases[i].head;
        const struct planche_model_loader *loader =
            planche_model_loader_choose(loaders, 2, cases[i].name, head, strlen(cases[i].head));
        assert_string_equal(loader->format, cases[i].format);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lowers_without_a_file),
        cmocka_unit_test(crops_an_axis),
        cmocka_unit_test(names_the_layer_only),
        cmocka_unit_test(chooses_the_loader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
