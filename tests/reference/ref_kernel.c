/* SPDX-License-Identifier: MIT */
/* Convolution, deconvolution and dense layers: the sums as they are defined. Threads share the
 * output channels. */
#include "ref_internal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_THREADS 8

struct geometry {
    int kw, kh, sw, sh, dw, dh, top, left, groups;
};

struct job {
    const struct ref_layer *layer;
    const struct ref_tensor *in;
    struct ref_tensor *out;
    struct geometry g;
    int first, step; /* of blocks of output channels */
};

/* Output channels whose sums are made at once, in registers: most of many tests' time is theirs. */
#define BLOCK 8

/* A pixel of BLOCK output channels; weights [input][ky][kx][BLOCK]. */
static void sum_pixel(const struct job *job, const double *weights, int first_input, int y, int x,
                      double *out)
{
    const struct geometry *g = &job->g;
    const struct ref_tensor *in = job->in;
    const int top = y * g->sh - g->top, left = x * g->sw - g->left;
    double sums[BLOCK];
    memcpy(sums, out, sizeof sums);
    for (int i = first_input; i < first_input + in->c / g->groups; i++)
        for (int ky = 0; ky < g->kh; ky++)
            for (int kx = 0; kx < g->kw; kx++, weights += BLOCK) {
                int iy = top + ky * g->dh, ix = left + kx * g->dw;
                if (iy < 0 || iy >= in->h || ix < 0 || ix >= in->w)
                    continue;
                double value = in->data[((size_t)i * in->h + iy) * in->w + ix];
                for (int j = 0; j < BLOCK; j++)
                    sums[j] += weights[j] * value;
            }
    memcpy(out, sums, sizeof sums);
}

/* Output channels o to o + count, which have the same inputs. */
static bool convolve_channels(const struct job *job, int o, int count)
{
    const struct geometry *g = &job->g;
    const struct ref_tensor *in = job->in, *out = job->out;
    const int inputs = in->c / g->groups, first = o / (out->c / g->groups) * inputs;
    const size_t taps = (size_t)inputs * g->kh * g->kw;
    double bias[BLOCK] = {0}, *weights = calloc(taps, BLOCK * sizeof(double));
    if (!weights)
        return false;
    for (int j = 0; j < count; j++) {
        bias[j] = job->layer->bias ? job->layer->bias[o + j] : 0;
        for (size_t tap = 0; tap < taps; tap++)
            weights[tap * BLOCK + j] = job->layer->weights[(o + j) * taps + tap];
    }
    for (int y = 0; y < out->h; y++)
        for (int x = 0; x < out->w; x++) {
            double sums[BLOCK];
            memcpy(sums, bias, sizeof sums);
            sum_pixel(job, weights, first, y, x, sums);
            for (int j = 0; j < count; j++)
                out->data[((size_t)(o + j) * out->h + y) * out->w + x] = sums[j];
        }
    free(weights);
    return true;
}

/* Every input pixel adds its kernel to the result at stride times its place. */
static void scatter_row(const struct job *job, double *out, const double *in, const double *weights)
{
    for (int kx = 0; kx < job->g.kw; kx++)
        for (int x = 0; x < job->in->w; x++) {
            int ox = x * job->g.sw + kx * job->g.dw - job->g.left;
            if (ox >= 0 && ox < job->out->w)
                out[ox] += weights[kx] * in[x];
        }
}

static void deconvolve_channel(const struct job *job, int o)
{
    const struct geometry *g = &job->g;
    const struct ref_tensor *in = job->in, *out = job->out;
    int inputs = in->c / g->groups, first = o / (out->c / g->groups) * inputs;
    const double *weights = job->layer->weights + (size_t)o * inputs * g->kh * g->kw;
    double *plane = out->data + (size_t)o * out->h * out->w;
    for (int i = 0; i < out->h * out->w; i++)
        plane[i] = job->layer->bias ? job->layer->bias[o] : 0;
    for (int i = 0; i < inputs; i++)
        for (int y = 0; y < in->h; y++)
            for (int ky = 0; ky < g->kh; ky++) {
                int oy = y * g->sh + ky * g->dh - g->top;
                if (oy >= 0 && oy < out->h)
                    scatter_row(job, plane + (size_t)oy * out->w,
                                in->data + ((size_t)(first + i) * in->h + y) * in->w,
                                weights + ((size_t)i * g->kh + ky) * g->kw);
            }
}

/* Blocks of channels in turn; those of a block are of the same group. */
static void *run_job(void *user)
{
    struct job *job = user;
    const bool transposed = strcmp(job->layer->type, "Deconvolution") == 0;
    const int plane = job->out->h * job->out->w, outputs = job->out->c / job->g.groups;
    for (int o = 0, turn = 0, count; o < job->out->c; o += count, turn++) {
        int left = outputs - o % outputs;
        count = transposed ? 1 : left < BLOCK ? left : BLOCK;
        if (turn % job->step != job->first)
            continue;
        if (transposed)
            deconvolve_channel(job, o);
        else if (!convolve_channels(job, o, count))
            abort();
        double *made = job->out->data + (size_t)o * plane;
        for (int i = 0; i < plane * count; i++)
            made[i] = ref_activate(job->layer, made[i]);
    }
    return NULL;
}

static void run_all(struct job job)
{
    struct job jobs[MAX_THREADS];
    pthread_t threads[MAX_THREADS];
    bool started[MAX_THREADS] = {false};
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    int count = cpus < 1 ? 1 : cpus > MAX_THREADS ? MAX_THREADS : (int)cpus;
    for (int i = 0; i < count; i++) {
        jobs[i] = job;
        jobs[i].first = i;
        jobs[i].step = count;
        started[i] = i > 0 && pthread_create(&threads[i], NULL, run_job, &jobs[i]) == 0;
    }
    for (int i = 0; i < count; i++)
        if (started[i])
            pthread_join(threads[i], NULL);
        else
            run_job(&jobs[i]);
}

/* Rows and columns round the input that are not zero are made before. */
static void run_padded(struct job job, int right, int bottom)
{
    int mode = (int)ref_get(job.layer, 17, 0);
    struct ref_sides sides = {job.g.top, bottom, job.g.left, right};
    struct ref_tensor padded = {0};
    if (mode) {
        ref_pad(sides, mode, job.in, &padded);
        job.in = &padded;
        job.g.top = job.g.left = 0;
    }
    run_all(job);
    free(padded.data);
}

static bool dense(const struct ref_layer *layer, const struct ref_tensor *in,
                  struct ref_tensor *out, int outputs)
{
    if (!in->vector || layer->weight_count != in->c * outputs)
        return ref_complain(layer, "a dense layer that does not fit");
    if (!ref_shape(out, in, outputs, 1, 1))
        return false;
    for (int o = 0; in->data && o < outputs; o++) {
        double sum = layer->bias ? layer->bias[o] : 0;
        for (int i = 0; i < in->c; i++)
            sum += layer->weights[(size_t)o * in->c + i] * in->data[i];
        out->data[o] = ref_activate(layer, sum);
    }
    return true;
}

bool ref_kernel(const struct ref_layer *layer, const struct ref_tensor *in, struct ref_tensor *out)
{
    struct job job = {.layer = layer, .in = in, .out = out};
    struct geometry *g = &job.g;
    int outputs = (int)ref_get(layer, 0, 0), right, bottom, extent_w, extent_h, ow, oh;
    if (in->vector)
        return dense(layer, in, out, outputs);
    g->kw = (int)ref_get(layer, 1, 0);
    g->kh = (int)ref_get(layer, 11, g->kw);
    g->dw = (int)ref_get(layer, 2, 1);
    g->dh = (int)ref_get(layer, 12, g->dw);
    g->sw = (int)ref_get(layer, 3, 1);
    g->sh = (int)ref_get(layer, 13, g->sw);
    g->groups = (int)ref_get(layer, 7, 1);
    g->left = (int)ref_get(layer, 4, 0);
    g->top = (int)ref_get(layer, 14, g->left);
    right = (int)ref_get(layer, 15, g->left);
    bottom = (int)ref_get(layer, 16, g->top);
    extent_w = (g->kw - 1) * g->dw + 1;
    extent_h = (g->kh - 1) * g->dh + 1;
    if (layer->weight_count != in->c / g->groups * outputs * g->kw * g->kh)
        return ref_complain(layer, "the number of weights does not fit the input's channels");
    if (strcmp(layer->type, "Convolution") == 0) {
        if (in->w + g->left + right < extent_w || in->h + g->top + bottom < extent_h)
            return ref_complain(layer, "the kernel is larger than its input");
        ow = (in->w + g->left + right - extent_w) / g->sw + 1;
        oh = (in->h + g->top + bottom - extent_h) / g->sh + 1;
    } else {
        int more = (int)ref_get(layer, 18, 0);
        ow = (in->w - 1) * g->sw + extent_w + more - g->left - right;
        oh = (in->h - 1) * g->sh + extent_h + (int)ref_get(layer, 19, more) - g->top - bottom;
    }
    if (!ref_shape(out, in, outputs, oh, ow))
        return ref_complain(layer, "nothing comes out");
    if (in->data)
        run_padded(job, right, bottom);
    return true;
}
