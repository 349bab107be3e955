/* SPDX-License-Identifier: MIT */
/* Runs the layers: each blob is computed when somebody wants it and freed after its last reader. */
#include "ref_internal.h"

#include <stdlib.h>
#include <string.h>

static void release(struct ref_tensor *tensor)
{
    if (--tensor->readers <= 0) {
        free(tensor->data);
        tensor->data = NULL;
    }
}

static bool copy_tensor(struct ref_tensor *out, const struct ref_tensor *in)
{
    out->vector = in->vector;
    if (!ref_shape(out, in, in->c, in->h, in->w))
        return false;
    if (in->data)
        memcpy(out->data, in->data, (size_t)in->c * in->h * in->w * sizeof(double));
    return true;
}

static bool want(const struct ref_net *net, struct ref_tensor *tensors, bool *done, int blob)
{
    int index = net->producer[blob];
    const struct ref_layer *layer = &net->layers[index];
    const struct ref_tensor **ins;
    bool ok = true;
    if (done[blob])
        return true;
    ins = calloc((size_t)layer->nin + 1, sizeof(*ins));
    for (int i = 0; ok && i < layer->nin; i++) {
        ok = want(net, tensors, done, layer->in[i]);
        ins[i] = &tensors[layer->in[i]];
    }
    if (ok && strcmp(layer->type, "Split") == 0)
        for (int i = 0; i < layer->nout; i++)
            ok = ok && copy_tensor(&tensors[layer->out[i]], ins[0]);
    else if (ok)
        ok = ref_compute(layer, ins, &tensors[layer->out[0]]);
    for (int i = 0; i < layer->nout; i++)
        done[layer->out[i]] = true;
    for (int i = 0; ok && i < layer->nin; i++)
        release(&tensors[layer->in[i]]);
    free(ins);
    return ok;
}

static bool run(const struct ref_net *net, struct ref_tensor in, struct ref_tensor *out)
{
    struct ref_tensor *tensors = calloc((size_t)net->blob_count, sizeof(*tensors));
    bool *done = calloc((size_t)net->blob_count, sizeof(*done)), ok;
    for (int i = 0; i < net->blob_count; i++)
        tensors[i].readers = net->readers[i];
    in.readers = net->readers[net->input];
    tensors[net->input] = in;
    done[net->input] = true;
    ok = want(net, tensors, done, net->output);
    *out = tensors[net->output];
    tensors[net->output].data = NULL;
    for (int i = 0; i < net->blob_count; i++)
        free(tensors[i].data);
    free(tensors);
    free(done);
    return ok;
}

bool ref_run(const struct ref_net *net, const double *in, int c, int h, int w, double **out,
             int *oc, int *oh, int *ow)
{
    struct ref_tensor tensor = {.c = c, .h = h, .w = w}, result;
    size_t bytes = (size_t)c * h * w * sizeof(double);
    tensor.data = malloc(bytes);
    memcpy(tensor.data, in, bytes);
    if (!run(net, tensor, &result)) {
        free(result.data);
        return false;
    }
    *out = result.data;
    *oc = result.c;
    *oh = result.h;
    *ow = result.w;
    return true;
}

bool ref_sizes(const struct ref_net *net, int h, int w, int *oc, int *oh, int *ow)
{
    struct ref_tensor tensor = {.c = 3, .h = h, .w = w}, result;
    if (!run(net, tensor, &result))
        return false;
    *oc = result.c;
    *oh = result.h;
    *ow = result.w;
    return true;
}
