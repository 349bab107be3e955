/* SPDX-License-Identifier: MIT */
/* PLKSR, RealPLKSR, MoSR and MoSRv2 with random weights and in double precision. */
#include "nets.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void values_make(struct dict *dict, const char *name, double low, double high, int count)
{
    dict_add(dict, name, low, high, (int[]){count, 0});
}

double f_mish(double v)
{
    return v * tanh(log1p(exp(v)));
}

/* Of each pixel over its channels; rms: without the mean. */
struct picture f_norm(struct forward *f, struct picture x, const char *scale, const char *offset,
                      bool rms)
{
    const struct dict_tensor *factors = dict_find(f->dict, scale),
                             *shifts = dict_find(f->dict, offset);
    struct picture out = f_new(f, x.c, x.h, x.w);
    int size = x.h * x.w;
    for (int i = 0; i < size; i++) {
        double mean = 0, squares = 0;
        for (int c = 0; c < x.c && !rms; c++)
            mean += x.v[c * size + i] / x.c;
        for (int c = 0; c < x.c; c++)
            squares += pow(x.v[c * size + i] - mean, 2) / x.c;
        double by = rms ? sqrt(squares) + 1e-6 : sqrt(squares + 1e-6);
        for (int c = 0; c < x.c; c++)
            out.v[c * size + i] =
                (x.v[c * size + i] - mean) / by * factors->values[c] + shifts->values[c];
    }
    return out;
}

#define PART 3

/* form: 1: with a gate of each pixel. */
void realplksr_make(struct dict *dict, const struct net_case *net)
{
    int nf = net->features;
    char name[64];
    dict_conv(dict, nf, net->channels, 3, "feats.0");
    for (int block = 1; block <= net->depth; block++) {
        snprintf(name, sizeof(name), "feats.%d.layer_norm.weight", block);
        values_make(dict, name, 0.5, 1.5, nf);
        snprintf(name, sizeof(name), "feats.%d.layer_norm.bias", block);
        values_make(dict, name, -0.5, 0.5, nf);
        dict_conv(dict, 2 * nf, nf, 3, "feats.%d.channel_mixer.0", block);
        dict_conv(dict, nf, 2 * nf, 3, "feats.%d.channel_mixer.2", block);
        dict_conv(dict, PART, PART, 7, "feats.%d.lk.conv", block);
        if (net->form)
            dict_conv(dict, nf, nf, 3, "feats.%d.attn.f.0", block);
        dict_conv(dict, nf, nf, 1, "feats.%d.refine", block);
    }
    dict_conv(dict, net->channels * net->scale * net->scale, nf, 3, "feats.%d", net->depth + 2);
}

struct picture realplksr_run(struct forward *f, const struct net_case *net, struct picture x)
{
    struct picture page = x;
    char scale[64], offset[64];
    x = f_conv(f, x, 1, "feats.0");
    for (int block = 1; block <= net->depth; block++) {
        struct picture y, part;
        snprintf(scale, sizeof(scale), "feats.%d.layer_norm.weight", block);
        snprintf(offset, sizeof(offset), "feats.%d.layer_norm.bias", block);
        y = f_norm(f, x, scale, offset, false);
        y = f_map(f, f_conv(f, y, 1, "feats.%d.channel_mixer.0", block), f_mish);
        y = f_conv(f, y, 1, "feats.%d.channel_mixer.2", block);
        part = f_conv(f, f_slice(f, y, 0, PART), 3, "feats.%d.lk.conv", block);
        y = f_cat(f, 2, (struct picture[]){part, f_slice(f, y, PART, y.c - PART)});
        if (net->form)
            y = f_mul(f, y, f_map(f, f_conv(f, y, 1, "feats.%d.attn.f.0", block), f_sigmoid));
        x = f_add(f, f_conv(f, y, 0, "feats.%d.refine", block), 1, x, 1);
    }
    x = f_shuffle(f, f_conv(f, x, 1, "feats.%d", net->depth + 2), net->scale);
    return f_add(f, x, 1, f_nearest(f, page, net->scale), 1);
}

static void rect_make(struct dict *dict, const char *name, int channels, int h, int w)
{
    char key[96];
    snprintf(key, sizeof(key), "%.64s.weight", name);
    dict_add(dict, key, -0.2, 0.2, (int[]){channels, channels, h, w, 0});
    snprintf(key, sizeof(key), "%.64s.bias", name);
    values_make(dict, key, -0.1, 0.1, channels);
}

/* form: 1: with a gate of each pixel; more: 1: kernels of 9x3, 3x9 and 3x3. */
void plksr_make(struct dict *dict, const struct net_case *net)
{
    static const int sides[3][2] = {{9, 3}, {3, 9}, {3, 3}};
    int nf = net->features;
    char name[64];
    dict_conv(dict, nf, net->channels, 3, "feats.0");
    for (int block = 1; block <= net->depth; block++) {
        dict_conv(dict, 2 * nf, nf, net->form ? 3 : 1, "feats.%d.channe_mixer.0", block);
        dict_conv(dict, nf, 2 * nf, net->form ? 1 : 3, "feats.%d.channe_mixer.2", block);
        for (int i = 0; i < 3 && net->more; i++) {
            snprintf(name, sizeof(name), "feats.%d.lk.%s_conv", block,
                     (const char *[]){"mn", "nm", "nn"}[i]);
            rect_make(dict, name, PART, sides[i][0], sides[i][1]);
        }
        if (!net->more)
            dict_conv(dict, PART, PART, 9, "feats.%d.lk.conv", block);
        if (net->form)
            dict_conv(dict, nf, nf, 3, "feats.%d.attn.f.0", block);
        dict_conv(dict, nf, nf, 1, "feats.%d.refine", block);
    }
    dict_conv(dict, net->channels * net->scale * net->scale, nf, 3, "feats.%d", net->depth + 1);
}

static double gelu(double v)
{
    return 0.5 * v * (1 + erf(v / sqrt(2)));
}

static struct picture large(struct forward *f, const struct net_case *net, struct picture x,
                            int block)
{
    static const int sides[3][2] = {{9, 3}, {3, 9}, {3, 3}};
    struct picture y = {0};
    char name[64];
    if (!net->more)
        return f_conv(f, x, 4, "feats.%d.lk.conv", block);
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof(name), "feats.%d.lk.%s_conv", block,
                 (const char *[]){"mn", "nm", "nn"}[i]);
        struct picture part = f_conv_as(f, x, name, sides[i][0] / 2, sides[i][1] / 2, 1, 1);
        y = i ? f_add(f, y, 1, part, 1) : part;
    }
    return y;
}

struct picture plksr_run(struct forward *f, const struct net_case *net, struct picture x)
{
    struct picture page = x, y;
    x = f_conv(f, x, 1, "feats.0");
    for (int block = 1; block <= net->depth; block++) {
        y = f_conv(f, x, net->form ? 1 : 0, "feats.%d.channe_mixer.0", block);
        y = f_conv(f, f_map(f, y, gelu), net->form ? 0 : 1, "feats.%d.channe_mixer.2", block);
        y = f_cat(f, 2,
                  (struct picture[]){large(f, net, f_slice(f, y, 0, PART), block),
                                     f_slice(f, y, PART, y.c - PART)});
        if (net->form)
            y = f_mul(f, y, f_map(f, f_conv(f, y, 1, "feats.%d.attn.f.0", block), f_sigmoid));
        x = f_add(f, f_conv(f, y, 0, "feats.%d.refine", block), 1, x, 1);
    }
    x = f_shuffle(f, f_conv(f, x, 1, "feats.%d", net->depth + 1), net->scale);
    return f_add(f, x, 1, f_nearest(f, page, net->scale), 1);
}

/* form: so many channels less than all go through kernels of their own; more: 1: the average of
 * eight results is shuffled. */
void mosr_make(struct dict *dict, const struct net_case *net)
{
    int nf = net->features, hidden = nf * 3 / 2, part = nf - net->form, at = 1;
    int all = net->channels * net->scale * net->scale;
    char name[64];
    dict_conv(dict, nf, net->channels, 3, "gblocks.0");
    for (; at <= net->depth; at++) {
        snprintf(name, sizeof(name), "gblocks.%d.norm.weight", at);
        values_make(dict, name, 0.5, 1.5, nf);
        snprintf(name, sizeof(name), "gblocks.%d.norm.bias", at);
        values_make(dict, name, -0.5, 0.5, nf);
        dict_conv(dict, 2 * hidden, nf, 3, "gblocks.%d.fc1", at);
        dict_conv(dict, part, 1, 7, "gblocks.%d.conv", at);
        dict_conv(dict, nf, hidden, 3, "gblocks.%d.fc2", at);
    }
    dict_conv(dict, 2 * nf, nf, 3, "gblocks.%d", at);
    dict_conv(dict, nf, 2 * nf, 3, "gblocks.%d", at + 2);
    dict_conv(dict, nf, nf, 1, "gblocks.%d", at + 4);
    dict_conv(dict, nf, net->channels, 3, "shortcut.block.0");
    dict_conv(dict, nf, nf, 3, "shortcut.block.2");
    dict_conv(dict, nf, net->channels, 1, "shortcut.conv11");
    if (net->more)
        dict_conv(dict, 8 * all, nf, 3, "upsampler.in_to_k");
    else
        dict_conv(dict, all, nf, 3, "upsampler.0");
}

static double less_half(double v)
{
    return v - 0.5;
}

static struct picture mosr_block(struct forward *f, const struct net_case *net, struct picture x,
                                 int at)
{
    int nf = net->features, hidden = nf * 3 / 2, part = nf - net->form;
    char scale[64], offset[64], key[64];
    struct picture y, beside, through;
    snprintf(scale, sizeof(scale), "gblocks.%d.norm.weight", at);
    snprintf(offset, sizeof(offset), "gblocks.%d.norm.bias", at);
    snprintf(key, sizeof(key), "gblocks.%d.conv", at);
    y = f_conv(f, f_norm(f, x, scale, offset, false), 1, "gblocks.%d.fc1", at);
    beside = f_slice(f, y, hidden, hidden - part);
    through = f_conv_as(f, f_slice(f, y, 2 * hidden - part, part), key, 3, 3, 1, part);
    y = f_mul(f, f_map(f, f_slice(f, y, 0, hidden), f_mish),
              f_cat(f, 2, (struct picture[]){beside, through}));
    y = f_map(f, f_conv(f, y, 1, "gblocks.%d.fc2", at), f_mish);
    return f_add(f, y, 1, f_map(f, x, less_half), 1);
}

struct picture mosr_run(struct forward *f, const struct net_case *net, struct picture x)
{
    struct picture page = x, y, sum;
    int at = 1;
    x = f_conv(f, x, 1, "gblocks.0");
    for (; at <= net->depth; at++)
        x = mosr_block(f, net, x, at);
    x = f_map(f, f_conv(f, x, 1, "gblocks.%d", at), f_mish);
    x = f_map(f, f_conv(f, x, 1, "gblocks.%d", at + 2), f_mish);
    x = f_conv(f, x, 0, "gblocks.%d", at + 4);
    y = f_map(f, f_conv(f, page, 1, "shortcut.block.0"), f_mish);
    y = f_map(f, f_conv(f, y, 1, "shortcut.block.2"), f_mish);
    y = f_add(f, y, 1, f_conv(f, page, 0, "shortcut.conv11"), 1);
    x = f_add(f, x, 1, f_map(f, y, less_half), 1);
    if (!net->more)
        return f_shuffle(f, f_conv(f, x, 1, "upsampler.0"), net->scale);
    y = f_conv(f, x, 1, "upsampler.in_to_k");
    sum = f_slice(f, y, 0, y.c / 8);
    for (int i = 1; i < 8; i++)
        sum = f_add(f, sum, 1, f_slice(f, y, i * y.c / 8, y.c / 8), 1);
    return f_shuffle(f, f_add(f, sum, 1.0 / 8, sum, 0), net->scale);
}

/* more: factor by which pixels are taken apart, or 0; eight channels a part of the kernels. */
void mosrv2_make(struct dict *dict, const struct net_case *net)
{
    int nf = net->features, hidden = nf * 3 / 2, part = nf / 8, head = net->more ? 1 : 0;
    int at = head + 1, shuffle = net->more ? net->more * net->scale : net->scale;
    char name[64];
    dict_conv(dict, nf, net->channels * (net->more ? net->more * net->more : 1), 3, "gblocks.%d",
              head);
    for (int block = 0; block < net->depth; block++, at++) {
        snprintf(name, sizeof(name), "gblocks.%d.norm.%s", at, net->form ? "weight" : "scale");
        values_make(dict, name, 0.5, 1.5, nf);
        snprintf(name, sizeof(name), "gblocks.%d.norm.%s", at, net->form ? "bias" : "offset");
        values_make(dict, name, -0.5, 0.5, nf);
        snprintf(name, sizeof(name), "gblocks.%d.gamma", at);
        values_make(dict, name, 0.5, 1, nf);
        dict_conv(dict, 2 * hidden, nf, 3, "gblocks.%d.fc1", at);
        dict_conv(dict, nf, hidden, 3, "gblocks.%d.fc2", at);
        dict_conv(dict, part, 1, 3, "gblocks.%d.conv.dwconv_hw", at);
        for (int down = 0; down <= 1; down++) {
            snprintf(name, sizeof(name), "gblocks.%d.conv.dwconv_%c.weight", at, down ? 'h' : 'w');
            dict_add(dict, name, -0.4, 0.4, (int[]){part, 1, down ? 11 : 1, down ? 1 : 11, 0});
            snprintf(name, sizeof(name), "gblocks.%d.conv.dwconv_%c.bias", at, down ? 'h' : 'w');
            values_make(dict, name, -0.1, 0.1, part);
        }
    }
    dict_conv(dict, 2 * nf, nf, 3, "gblocks.%d", at);
    dict_conv(dict, nf, 2 * nf, 3, "gblocks.%d", at + 2);
    dict_conv(dict, nf, nf, 1, "gblocks.%d", at + 4);
    dict_conv(dict, net->channels * shuffle * shuffle, nf, 3, "to_img.0");
}

/* Bilinear, centres of pixels at halves, edges repeated. */
static struct picture bilinear(struct forward *f, struct picture x, int r)
{
    struct picture out = f_new(f, x.c, x.h * r, x.w * r);
    for (int i = 0; i < out.c * out.h * out.w; i++) {
        double at_y = fmax((i / out.w % out.h + 0.5) / r - 0.5, 0),
               at_x = fmax((i % out.w + 0.5) / r - 0.5, 0);
        int y = (int)at_y, left = (int)at_x, c = i / (out.h * out.w);
        int down = y + 1 < x.h ? y + 1 : y, right = left + 1 < x.w ? left + 1 : left;
        const double *p = x.v + c * x.h * x.w;
        double above = p[y * x.w + left] * (1 - at_x + left) + p[y * x.w + right] * (at_x - left);
        double below =
            p[down * x.w + left] * (1 - at_x + left) + p[down * x.w + right] * (at_x - left);
        out.v[i] = above * (1 - at_y + y) + below * (at_y - y);
    }
    return out;
}

static struct picture gated(struct forward *f, const struct net_case *net, struct picture x, int at)
{
    int nf = net->features, hidden = nf * 3 / 2, part = nf / 8;
    char scale[64], offset[64], key[64];
    struct picture y, all[5];
    snprintf(scale, sizeof(scale), "gblocks.%d.norm.%s", at, net->form ? "weight" : "scale");
    snprintf(offset, sizeof(offset), "gblocks.%d.norm.%s", at, net->form ? "bias" : "offset");
    y = f_conv(f, f_norm(f, x, scale, offset, !net->form), 1, "gblocks.%d.fc1", at);
    all[0] = f_slice(f, y, hidden, hidden - nf);
    all[1] = f_slice(f, y, 2 * hidden - nf, nf - 3 * part);
    for (int i = 0; i < 3; i++) {
        static const char *const names[] = {"hw", "w", "h"};
        snprintf(key, sizeof(key), "gblocks.%d.conv.dwconv_%s", at, names[i]);
        all[2 + i] = f_conv_as(f, f_slice(f, y, 2 * hidden + (i - 3) * part, part), key,
                               i == 0   ? 1
                               : i == 2 ? 5
                                        : 0,
                               i == 0   ? 1
                               : i == 1 ? 5
                                        : 0,
                               1, part);
    }
    y = f_mul(f, f_map(f, f_slice(f, y, 0, hidden), f_mish), f_cat(f, 5, all));
    y = f_map(f, f_conv(f, y, 1, "gblocks.%d.fc2", at), f_mish);
    snprintf(key, sizeof(key), "gblocks.%d.gamma", at);
    for (int i = 0; i < y.c * y.h * y.w; i++)
        y.v[i] *= dict_find(f->dict, key)->values[i / (y.h * y.w)];
    return f_add(f, y, 1, x, 1);
}

struct picture mosrv2_run(struct forward *f, const struct net_case *net, struct picture x)
{
    struct picture page = x;
    int head = net->more ? 1 : 0, at = head + 1;
    x = f_conv(f, net->more ? f_unshuffle(f, x, net->more) : x, 1, "gblocks.%d", head);
    for (int block = 0; block < net->depth; block++, at++)
        x = gated(f, net, x, at);
    x = f_map(f, f_conv(f, x, 1, "gblocks.%d", at), f_mish);
    x = f_map(f, f_conv(f, x, 1, "gblocks.%d", at + 2), f_mish);
    x = f_conv(f, f_conv(f, x, 0, "gblocks.%d", at + 4), 1, "to_img.0");
    x = f_shuffle(f, x, net->more ? net->more * net->scale : net->scale);
    return f_add(f, x, 1, bilinear(f, page, net->scale), 1);
}
