/* SPDX-License-Identifier: MIT */
/* Loader of ONNX models. */
#include "model/loader.h"

#include "base/status.h"
#include "model/onnx/state.h"

#include <string.h>

#define OPSET_FIRST 11
#define OPSET_LAST  20

static bool recognise(const char *name, const uint8_t *head, size_t size)
{
    size_t length = strlen(name);
    (void)head;
    (void)size;
    return length >= 5 && strcmp(name + length - 5, ".onnx") == 0;
}

static enum planche_status check_opset(const struct planche_onnx_model *model)
{
    if (model->opset >= OPSET_FIRST && model->opset <= OPSET_LAST)
        return PLANCHE_OK;
    return planche_fail(model->error, PLANCHE_ERROR_UNSUPPORTED,
                        "%s: opset %lld is not supported (%d to %d); export or convert the model "
                        "to one of these",
                        model->names.name, (long long)model->opset, OPSET_FIRST, OPSET_LAST);
}

/* An empty graph again, with what belongs to its file. */
static void restart(struct planche_graph *graph)
{
    struct planche_graph empty = {.budget = graph->budget, .name = graph->name};
    planche_graph_destroy(graph);
    *graph = empty;
}

/* A network with sizes that are computed may need pages of a multiple of so many pixels. */
static enum planche_status translate(planche_onnx_t *t)
{
    static const int multiples[] = {1, 2, 4, 8, 16, 32, 64, 3, 6, 12, 24, 48};
    enum planche_status status = PLANCHE_ERROR_INTERNAL;
    for (size_t i = 0; i < sizeof(multiples) / sizeof(multiples[0]); i++) {
        restart(t->graph);
        *t = (planche_onnx_t){.model = t->model, .graph = t->graph, .multiple = multiples[i]};
        status = planche_onnx_translate(t);
        if (status != PLANCHE_ERROR_UNSUPPORTED || !t->depends_on_size)
            break;
    }
    return status;
}

static enum planche_status make_graph(planche_onnx_t *t, struct planche_error *error)
{
    struct planche_graph *graph = t->graph;
    enum planche_status status = translate(t);
    if (status == PLANCHE_OK)
        status = planche_graph_order(graph, error);
    if (status == PLANCHE_OK)
        status = planche_graph_channels(graph, error);
    if (status == PLANCHE_OK)
        status = planche_onnx_read_kernels(t);
    graph->multiple = t->multiple;
    graph->in_scale = t->in_scale;
    graph->out_scale = t->out_scale;
    return status;
}

static enum planche_status load(struct planche_graph *graph, struct planche_model_file *file,
                                const struct planche_model_source *source,
                                struct planche_error *error)
{
    struct planche_onnx_model *model = planche_calloc(graph->budget, 1, sizeof(*model));
    enum planche_status status;
    (void)source;
    if (!model)
        return planche_graph_no_memory(graph, error);
    model->names = (struct planche_graph){.budget = graph->budget, .name = graph->name};
    model->source = (struct planche_onnx_source){.file = file, .error = error};
    model->error = error;
    status = planche_model_file_limit(file, PLANCHE_MODEL_FILE_LIMIT, error);
    if (status == PLANCHE_OK)
        status = planche_onnx_parse(model);
    if (status == PLANCHE_OK)
        status = check_opset(model);
    if (status == PLANCHE_OK)
        status = planche_onnx_rewrite(model);
    if (status == PLANCHE_OK) {
        planche_onnx_t t = {.model = model, .graph = graph};
        status = make_graph(&t, error);
    }
    planche_onnx_destroy(model);
    planche_free(model);
    return status;
}

const struct planche_model_loader planche_onnx_loader = {
    .format = "onnx",
    .extensions = (const char *const[]){".onnx", NULL},
    .recognise = recognise,
    .load = load,
};
