/* SPDX-License-Identifier: MIT */
/* Nodes that move numbers: shapes, slices, shuffles, padding. */
#include "onnx_compute.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int64_t axis_of(int64_t axis, int rank)
{
    return axis < 0 ? axis + rank : axis;
}

/* Cuts a number into its place along each axis. */
static void places_of(size_t at, const struct onnx_array *array, int64_t *places)
{
    for (int i = array->rank - 1; i >= 0; i--) {
        places[i] = (int64_t)(at % (size_t)array->dims[i]);
        at /= (size_t)array->dims[i];
    }
}

static double value_at(const struct onnx_array *array, const int64_t *places)
{
    int64_t at = 0;
    for (int i = 0; i < array->rank; i++)
        at = at * array->dims[i] + places[i];
    return array->values[at];
}

static void copy_as(struct run *run, const struct onnx_array *in, int rank, const int64_t *dims)
{
    struct onnx_array *out = run_output(run, 0, in->type, rank, dims);
    memcpy(out->values, in->values, in->count * sizeof(double));
}

static bool reshape(struct run *run, const struct onnx_array *in)
{
    int64_t list[16], dims[ONNX_RANK], known = 1;
    int rank = run_list(run, "", 1, list), rest = -1;
    for (int i = 0; i < rank; i++) {
        dims[i] = list[i] == 0 ? in->dims[i] : list[i];
        rest = list[i] == -1 ? i : rest;
        known *= list[i] == -1 ? 1 : dims[i];
    }
    if (rest >= 0)
        dims[rest] = (int64_t)in->count / known;
    copy_as(run, in, rank, dims);
    return true;
}

static bool squeeze(struct run *run, const struct onnx_array *in)
{
    int64_t list[16], dims[ONNX_RANK];
    int count = run_list(run, "axes", 1, list), rank = 0;
    for (int i = 0; i < in->rank; i++) {
        bool goes = count == 0 && in->dims[i] == 1;
        for (int j = 0; j < count; j++)
            goes = goes || axis_of(list[j], in->rank) == i;
        if (!goes)
            dims[rank++] = in->dims[i];
    }
    copy_as(run, in, rank, dims);
    return true;
}

static bool unsqueeze(struct run *run, const struct onnx_array *in)
{
    int64_t list[16], dims[ONNX_RANK];
    int count = run_list(run, "axes", 1, list), next = 0, rank = in->rank + count;
    for (int i = 0; i < rank; i++) {
        bool new = false;
        for (int j = 0; j < count; j++)
            new = new || axis_of(list[j], rank) == i;
        dims[i] = new ? 1 : in->dims[next++];
    }
    copy_as(run, in, rank, dims);
    return true;
}

static bool transpose(struct run *run, const struct onnx_array *in)
{
    int64_t order[16], dims[ONNX_RANK], places[ONNX_RANK], from[ONNX_RANK];
    if (!run_list(run, "perm", -1, order))
        for (int i = 0; i < in->rank; i++)
            order[i] = in->rank - 1 - i;
    for (int i = 0; i < in->rank; i++)
        dims[i] = in->dims[order[i]];
    struct onnx_array *out = run_output(run, 0, in->type, in->rank, dims);
    for (size_t i = 0; i < out->count; i++) {
        places_of(i, out, places);
        for (int j = 0; j < in->rank; j++)
            from[order[j]] = places[j];
        out->values[i] = value_at(in, from);
    }
    return true;
}

static bool concat(struct run *run, const struct onnx_array *in)
{
    int axis = (int)axis_of(run_integer(run, "axis", 0), in->rank);
    int64_t dims[ONNX_RANK], places[ONNX_RANK];
    memcpy(dims, in->dims, sizeof(dims));
    for (int i = 1; i < run->step->inputs; i++)
        dims[axis] += run_input(run, i)->dims[axis];
    struct onnx_array *out = run_output(run, 0, in->type, in->rank, dims);
    for (size_t i = 0; i < out->count; i++) {
        int part = 0;
        places_of(i, out, places);
        while (places[axis] >= run_input(run, part)->dims[axis])
            places[axis] -= run_input(run, part++)->dims[axis];
        out->values[i] = value_at(run_input(run, part), places);
    }
    return true;
}

static bool split(struct run *run, const struct onnx_array *in)
{
    int axis = (int)axis_of(run_integer(run, "axis", 0), in->rank);
    int64_t list[16], dims[ONNX_RANK], places[ONNX_RANK], from = 0;
    int count = run_list(run, "split", 1, list);
    struct onnx_array source = *in;
    memcpy(dims, in->dims, sizeof(dims));
    for (int part = 0; part < run->step->outputs; part++) {
        dims[axis] = count ? list[part] : source.dims[axis] / run->step->outputs;
        struct onnx_array *out = run_output(run, part, source.type, source.rank, dims);
        for (size_t i = 0; i < out->count; i++) {
            places_of(i, out, places);
            places[axis] += from;
            out->values[i] = value_at(&source, places);
        }
        from += dims[axis];
    }
    return true;
}

static bool slice(struct run *run, const struct onnx_array *in)
{
    int64_t starts[16], ends[16], axes[16], steps[16], dims[ONNX_RANK], places[ONNX_RANK];
    int64_t first[ONNX_RANK] = {0}, pace[ONNX_RANK];
    int count = run_list(run, "starts", 1, starts), named, paced;
    run_list(run, "ends", 2, ends);
    named = run_list(run, "axes", 3, axes);
    paced = run_list(run, "steps", 4, steps);
    for (int i = 0; i < in->rank; i++) {
        dims[i] = in->dims[i];
        pace[i] = 1;
    }
    for (int i = 0; i < count; i++) {
        int64_t axis = named ? axis_of(axes[i], in->rank) : i, dim = in->dims[axis];
        int64_t start = axis_of(starts[i], (int)dim), end = axis_of(ends[i], (int)dim);
        pace[axis] = paced ? steps[i] : 1;
        start = start < 0 ? 0 : start > dim ? dim : start;
        end = end < 0 ? 0 : end > dim ? dim : end;
        first[axis] = start;
        dims[axis] = (end - start + pace[axis] - 1) / pace[axis];
    }
    struct onnx_array *out = run_output(run, 0, in->type, in->rank, dims);
    for (size_t i = 0; i < out->count; i++) {
        places_of(i, out, places);
        for (int j = 0; j < in->rank; j++)
            places[j] = first[j] + places[j] * pace[j];
        out->values[i] = value_at(in, places);
    }
    return true;
}

static bool shuffle(struct run *run, const struct onnx_array *in)
{
    const struct onnx_setting *mode = run_setting(run, "mode");
    bool crd = mode && strcmp(mode->text, "CRD") == 0, up = run_is(run, "DepthToSpace");
    int64_t r = run_integer(run, "blocksize", 1), places[4], dims[4] = {1};
    dims[1] = up ? in->dims[1] / (r * r) : in->dims[1] * r * r;
    for (int i = 2; i < 4; i++)
        dims[i] = up ? in->dims[i] * r : in->dims[i] / r;
    struct onnx_array *out = run_output(run, 0, in->type, 4, dims);
    const struct onnx_array *wide = up ? out : in, *deep = up ? in : out;
    for (size_t i = 0; i < wide->count; i++) {
        places_of(i, wide, places);
        int64_t place = places[2] % r * r + places[3] % r;
        int64_t c = crd ? places[1] * r * r + place : place * wide->dims[1] + places[1];
        int64_t at = (c * deep->dims[2] + places[2] / r) * deep->dims[3] + places[3] / r;
        if (up)
            out->values[i] = in->values[at];
        else
            out->values[at] = in->values[i];
    }
    return true;
}

static int64_t reflect(int64_t at, int64_t size)
{
    while (at < 0 || at >= size)
        at = at < 0 ? -at : 2 * (size - 1) - at;
    return at;
}

static bool pad(struct run *run, const struct onnx_array *in)
{
    const struct onnx_setting *mode = run_setting(run, "mode");
    int64_t list[16], axes[16], before[4] = {0}, dims[4], places[4];
    int named = run_list(run, "axes", 3, axes), half = run_list(run, "pads", 1, list) / 2;
    memcpy(dims, in->dims, sizeof(dims));
    for (int i = 0; i < half; i++) {
        int64_t axis = named ? axis_of(axes[i], 4) : i;
        before[axis] = list[i];
        dims[axis] += list[i] + list[half + i];
    }
    struct onnx_array *out = run_output(run, 0, in->type, 4, dims);
    for (size_t i = 0; i < out->count; i++) {
        bool inside = true;
        places_of(i, out, places);
        for (int j = 0; j < 4; j++) {
            int64_t at = places[j] - before[j], size = in->dims[j];
            if (mode && strcmp(mode->text, "reflect") == 0)
                at = reflect(at, size);
            else if (mode && strcmp(mode->text, "edge") == 0)
                at = at < 0 ? 0 : at >= size ? size - 1 : at;
            inside = inside && at >= 0 && at < size;
            places[j] = at;
        }
        out->values[i] = inside ? value_at(in, places) : 0;
    }
    return true;
}

static bool gather(struct run *run, const struct onnx_array *in)
{
    const struct onnx_array *which = run_input(run, 1);
    struct onnx_array *out = run_output(run, 0, in->type, which->rank, which->dims);
    for (size_t i = 0; i < out->count; i++)
        out->values[i] = in->values[axis_of((int64_t)which->values[i], (int)in->count)];
    return true;
}

static bool fill(struct run *run, const struct onnx_array *in)
{
    const struct onnx_setting *value = run_setting(run, "value");
    int64_t dims[ONNX_RANK];
    for (size_t i = 0; i < in->count; i++)
        dims[i] = (int64_t)in->values[i];
    struct onnx_array *out =
        run_output(run, 0, value ? value->array->type : ONNX_FLOAT, (int)in->count, dims);
    for (size_t i = 0; value && i < out->count; i++)
        out->values[i] = value->array->values[0];
    return true;
}

static bool constant(struct run *run)
{
    const struct onnx_setting *setting = &run->step->setting[0];
    int64_t dim = setting->count;
    if (setting->kind == 't') {
        copy_as(run, setting->array, setting->array->rank, setting->array->dims);
        return true;
    }
    bool real = setting->kind == 'f';
    struct onnx_array *out =
        run_output(run, 0, real ? ONNX_FLOAT : ONNX_INT64, setting->kind == 'l', &dim);
    for (size_t i = 0; i < out->count; i++)
        out->values[i] = real ? (float)setting->number : (double)setting->list[i];
    return true;
}

static bool shape(struct run *run, const struct onnx_array *in)
{
    int64_t start = axis_of(run_integer(run, "start", 0), in->rank);
    int64_t end = axis_of(run_integer(run, "end", in->rank), in->rank), dim;
    end = end > in->rank ? in->rank : end;
    dim = end - start;
    int64_t dims[ONNX_RANK];
    memcpy(dims, in->dims, sizeof(dims));
    struct onnx_array *out = run_output(run, 0, ONNX_INT64, 1, &dim);
    for (int64_t i = 0; i < dim; i++)
        out->values[i] = (double)dims[start + i];
    return true;
}

static bool flatten(struct run *run, const struct onnx_array *in)
{
    int64_t dims[2] = {1, in->dims[1]};
    copy_as(run, in, 2, dims);
    return true;
}

bool run_moving(struct run *run)
{
    static const struct {
        const char *type;
        bool (*compute)(struct run *run, const struct onnx_array *in);
    } kinds[] = {
        {"Reshape", reshape},      {"Squeeze", squeeze},
        {"Unsqueeze", unsqueeze},  {"Transpose", transpose},
        {"Concat", concat},        {"Split", split},
        {"Slice", slice},          {"DepthToSpace", shuffle},
        {"SpaceToDepth", shuffle}, {"Pad", pad},
        {"Gather", gather},        {"ConstantOfShape", fill},
        {"Shape", shape},          {"Flatten", flatten},
    };
    if (run_is(run, "Constant"))
        return constant(run);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (run_is(run, kinds[i].type))
            return kinds[i].compute(run, run_input(run, 0));
    return false;
}
