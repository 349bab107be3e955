/* SPDX-License-Identifier: MIT */
/* ONNX graphs in double precision: node by node, whole arrays. */
#include "onnx_compute.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct onnx_array *find(const struct run *run, const char *name)
{
    for (int i = run->count - 1; i >= 0; i--)
        if (strcmp(run->arrays[i].name, name) == 0)
            return &run->arrays[i];
    for (int i = 0; i < run->graph->arrays; i++)
        if (strcmp(run->graph->array[i].name, name) == 0)
            return &run->graph->array[i];
    return NULL;
}

const struct onnx_array *run_input(const struct run *run, int i)
{
    return i < run->step->inputs && run->step->input[i][0] ? find(run, run->step->input[i]) : NULL;
}

static struct onnx_array *add(struct run *run, const char *name, enum onnx_type type, int rank,
                              const int64_t *dims)
{
    struct onnx_array *array = &run->arrays[run->count++];
    *array = (struct onnx_array){.type = type, .rank = rank, .count = 1};
    snprintf(array->name, sizeof(array->name), "%s", name);
    for (int i = 0; i < rank; i++) {
        array->dims[i] = dims[i];
        array->count *= (size_t)dims[i];
    }
    array->values = calloc(array->count + 1, sizeof(double));
    return array;
}

struct onnx_array *run_output(struct run *run, int i, enum onnx_type type, int rank,
                              const int64_t *dims)
{
    return add(run, run->step->output[i], type, rank, dims);
}

const struct onnx_setting *run_setting(const struct run *run, const char *name)
{
    for (int i = 0; i < run->step->settings; i++)
        if (strcmp(run->step->setting[i].name, name) == 0)
            return &run->step->setting[i];
    return NULL;
}

int64_t run_integer(const struct run *run, const char *name, int64_t fallback)
{
    const struct onnx_setting *setting = run_setting(run, name);
    return setting ? setting->list[0] : fallback;
}

double run_real(const struct run *run, const char *name, double fallback)
{
    const struct onnx_setting *setting = run_setting(run, name);
    return setting ? (float)setting->number : fallback;
}

bool run_is(const struct run *run, const char *type)
{
    return strcmp(run->step->type, type) == 0;
}

int run_list(const struct run *run, const char *name, int i, int64_t list[16])
{
    const struct onnx_setting *setting = run_setting(run, name);
    const struct onnx_array *array = i >= 0 ? run_input(run, i) : NULL;
    int count = setting ? setting->count : array ? (int)array->count : 0;
    for (int j = 0; j < count; j++)
        list[j] = setting ? setting->list[j] : (int64_t)array->values[j];
    return count;
}

static bool compute_step(struct run *run)
{
    if (run_elementwise(run) || run_window(run) || run_moving(run))
        return true;
    fprintf(stderr, "%s is not computed\n", run->step->type);
    return false;
}

bool onnx_compute(const struct onnx_graph *graph, const double *in, int h, int w, double **out,
                  int *oc, int *oh, int *ow)
{
    struct run *run = calloc(1, sizeof(*run));
    const int64_t dims[] = {1, graph->channels ? graph->channels : 3, h, w};
    const struct onnx_array *result;
    bool ok = true;
    run->graph = graph;
    struct onnx_array *x = add(run, "x", graph->io, 4, dims);
    memcpy(x->values, in, x->count * sizeof(double));
    for (int i = 0; ok && i < graph->steps; i++) {
        run->step = &graph->step[i];
        ok = compute_step(run);
    }
    result = ok ? find(run, graph->output) : NULL;
    ok = result && result->rank == 4;
    if (ok) {
        *out = calloc(result->count, sizeof(double));
        memcpy(*out, result->values, result->count * sizeof(double));
        *oc = (int)result->dims[1];
        *oh = (int)result->dims[2];
        *ow = (int)result->dims[3];
    }
    for (int i = 0; i < run->count; i++)
        free(run->arrays[i].values);
    free(run);
    return ok;
}
