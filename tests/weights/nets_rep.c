/* SPDX-License-Identifier: MIT */
/* SPANPlus and RTMoSR with random weights and in double precision: convolutions in the form that
 * they are trained in. */
#include "nets.h"

#include <math.h>
#include <stdio.h>

static double half_gate(double v)
{
    return f_sigmoid(v) - 0.5;
}

static const char *const plus_blocks[] = {"block_1", "block_n.0", "block_n.1", "block_end"};

/* depth: groups; form: 1: a convolution alone at the end. */
void spanplus_make(struct dict *dict, const struct net_case *net)
{
    int nf = net->features;
    char key[64];
    xc_make(dict, nf, net->channels, "feats.0");
    for (int group = 1; group <= net->depth; group++) {
        for (int b = 0; b < 4; b++)
            for (int c = 1; c <= 3; c++) {
                snprintf(key, sizeof(key), "feats.%d.%s.c%d_r", group, plus_blocks[b], c);
                xc_make(dict, nf, nf, key);
            }
        snprintf(key, sizeof(key), "feats.%d.conv_2", group);
        xc_make(dict, nf, nf, key);
        dict_conv(dict, nf, 4 * nf, 1, "feats.%d.conv_cat", group);
    }
    if (net->form)
        dict_conv(dict, net->channels, nf, 3, "upsampler");
    else
        dict_conv(dict, net->channels * net->scale * net->scale, nf, 3, "upsampler.0");
}

static struct picture plus_block(struct forward *f, struct picture x, int group, const char *name,
                                 struct picture *inner)
{
    char key[64];
    struct picture y = x;
    for (int c = 1; c <= 3; c++) {
        snprintf(key, sizeof(key), "feats.%d.%s.c%d_r", group, name, c);
        y = xc_run(f, y, key);
        if (c < 3)
            y = f_map(f, y, f_mish);
        if (c == 1)
            *inner = y;
    }
    return f_mul(f, f_add(f, y, 1, x, 1), f_map(f, y, half_gate));
}

struct picture spanplus_run(struct forward *f, const struct net_case *net, struct picture x)
{
    char key[64];
    x = xc_run(f, x, "feats.0");
    for (int group = 1; group <= net->depth; group++) {
        struct picture input = x, first = {0}, inner = {0};
        for (int b = 0; b < 4; b++) {
            x = plus_block(f, x, group, plus_blocks[b], &inner);
            if (b == 0)
                first = x;
        }
        snprintf(key, sizeof(key), "feats.%d.conv_2", group);
        x = f_cat(f, 4, (struct picture[]){input, xc_run(f, x, key), first, inner});
        x = f_conv(f, x, 0, "feats.%d.conv_cat", group);
    }
    if (net->form)
        return f_conv(f, x, 1, "upsampler");
    return f_shuffle(f, f_conv(f, x, 1, "upsampler.0"), net->scale);
}

static void rep_make(struct dict *dict, int out, int in, const char *key)
{
    char name[96];
    snprintf(name, sizeof(name), "%s.alpha", key);
    dict_add(dict, name, 0.2, 0.6, (int[]){3, 0});
    snprintf(name, sizeof(name), "%s.conv1.k0", key);
    dict_add(dict, name, -0.6, 0.6, (int[]){2 * out, in, 1, 1, 0});
    snprintf(name, sizeof(name), "%s.conv1.b0", key);
    dict_add(dict, name, -0.1, 0.1, (int[]){2 * out, 0});
    snprintf(name, sizeof(name), "%s.conv1.k1", key);
    dict_add(dict, name, -0.1, 0.1, (int[]){out, 2 * out, 3, 3, 0});
    snprintf(name, sizeof(name), "%s.conv1.b1", key);
    dict_add(dict, name, -0.1, 0.1, (int[]){out, 0});
    dict_conv(dict, out, in, 3, "%s.conv2", key);
    snprintf(name, sizeof(name), "%s.conv3", key);
    xc_make(dict, out, in, name);
    /* Nobody reads this one. */
    dict_conv(dict, out, in, 3, "%s.conv_3x3_rep", key);
}

static const struct dict_tensor *part(const struct forward *f, const char *key, const char *name)
{
    char text[96];
    snprintf(text, sizeof(text), "%s.%s", key, name);
    return dict_find(f->dict, text);
}

/* 1x1 and 3x3 with the first one's bias round the picture. */
static struct picture two(struct forward *f, struct picture x, const char *key)
{
    const struct dict_tensor *k0 = part(f, key, "conv1.k0"), *b0 = part(f, key, "conv1.b0");
    const struct dict_tensor *k1 = part(f, key, "conv1.k1"), *b1 = part(f, key, "conv1.b1");
    int middle = k0->shape[0], w = x.w + 2;
    struct picture y = f_new(f, middle, x.h + 2, w), z = f_new(f, k1->shape[0], x.h, x.w);
    for (int m = 0; m < middle; m++)
        for (int i = 0; i < y.h * w; i++) {
            int row = i / w - 1, column = i % w - 1;
            double sum = b0->values[m];
            for (int c = 0; c < x.c && row >= 0 && row < x.h && column >= 0 && column < x.w; c++)
                sum += k0->values[m * x.c + c] * x.v[(c * x.h + row) * x.w + column];
            y.v[m * y.h * w + i] = sum;
        }
    for (int o = 0; o < z.c; o++)
        for (int i = 0; i < x.h * x.w; i++) {
            double sum = b1->values[o];
            for (int k = 0; k < middle * 9; k++)
                sum += k1->values[o * middle * 9 + k] *
                       y.v[(k / 9 * y.h + i / x.w + k % 9 / 3) * w + i % x.w + k % 3];
            z.v[o * x.h * x.w + i] = sum;
        }
    return z;
}

static struct picture rep(struct forward *f, struct picture x, const char *key)
{
    const double *alpha = part(f, key, "alpha")->values;
    char name[96];
    struct picture y =
        f_add(f, two(f, x, key), alpha[0], f_conv(f, x, 1, "%s.conv2", key), alpha[1]);
    snprintf(name, sizeof(name), "%s.conv3", key);
    return f_add(f, y, 1, xc_run(f, x, name), alpha[2]);
}

static void shift_make(struct dict *dict, int channels, const char *key)
{
    char name[96];
    for (int i = 1; i <= 4; i++) {
        snprintf(name, sizeof(name), "%s.alpha%d", key, i);
        dict_add(dict, name, 0.2, 0.6, (int[]){1, channels, 1, 1, 0});
    }
    for (int side = 1; side <= 5; side += 2)
        dict_conv(dict, channels, 1, side, "%s.conv%dx%d", key, side, side);
    /* Nobody reads this one. */
    dict_conv(dict, channels, 1, 5, "%s.conv5x5_reparam", key);
}

static struct picture weighted(struct forward *f, struct picture x, const double *by)
{
    struct picture y = f_new(f, x.c, x.h, x.w);
    for (int i = 0; i < x.c * x.h * x.w; i++)
        y.v[i] = x.v[i] * by[i / (x.h * x.w)];
    return y;
}

static struct picture shift(struct forward *f, struct picture x, const char *key)
{
    struct picture y = weighted(f, x, part(f, key, "alpha1")->values);
    for (int i = 0; i < 3; i++) {
        static const char *const alphas[] = {"alpha2", "alpha3", "alpha4"};
        char name[96];
        snprintf(name, sizeof(name), "%s.conv%dx%d", key, 2 * i + 1, 2 * i + 1);
        struct picture z = f_conv_as(f, x, name, i, i, 1, x.c);
        y = f_add(f, y, 1, weighted(f, z, part(f, key, alphas[i])->values), 1);
    }
    return y;
}

static struct picture largest(struct forward *f, struct picture x)
{
    struct picture y = f_new(f, x.c, x.h / 2, x.w / 2);
    for (int c = 0; c < x.c; c++)
        for (int i = 0; i < y.h; i++)
            for (int j = 0; j < y.w; j++) {
                const double *p = x.v + (c * x.h + 2 * i) * x.w + 2 * j;
                y.v[(c * y.h + i) * y.w + j] = fmax(fmax(p[0], p[1]), fmax(p[x.w], p[x.w + 1]));
            }
    return y;
}

static double hard_sigmoid(double v)
{
    return fmin(fmax(v + 3, 0), 6) / 6;
}

/* form: 1: with averages and three kernels at the end of blocks; more: factor by which pixels are
 * taken apart, or 0. */
void rtmosr_make(struct dict *dict, const struct net_case *net)
{
    int nf = net->features, hidden = 2 * nf, apart = net->more ? net->more * net->more : 1;
    int shuffle = net->more ? 4 : net->scale;
    char key[64];
    rep_make(dict, nf, net->channels * apart, net->more ? "to_feat.1" : "to_feat");
    for (int block = 0; block < net->depth; block++) {
        snprintf(key, sizeof(key), "body.%d.norm.scale", block);
        dict_add(dict, key, 0.5, 1.5, (int[]){nf, 0});
        snprintf(key, sizeof(key), "body.%d.norm.offset", block);
        dict_add(dict, key, -0.5, 0.5, (int[]){nf, 0});
        snprintf(key, sizeof(key), "body.%d.fc1", block);
        rep_make(dict, 2 * hidden, nf, key);
        snprintf(key, sizeof(key), "body.%d.conv.0.poll.1", block);
        rep_make(dict, 4 * nf, nf, key);
        snprintf(key, sizeof(key), "body.%d.conv.1", block);
        shift_make(dict, 4 * nf, key);
        snprintf(key, sizeof(key), "body.%d.fc2", block);
        if (!net->form) {
            dict_conv(dict, nf, hidden, 1, "%s", key);
            continue;
        }
        rep_make(dict, nf, hidden, key);
        dict_conv(dict, 2 * nf, 4 * nf, 1, "body.%d.conv.2.squeezing.0", block);
        dict_conv(dict, 4 * nf, 2 * nf, 1, "body.%d.conv.2.squeezing.2", block);
    }
    rep_make(dict, net->channels * shuffle * shuffle, nf, "to_img.0");
}

static struct picture halved(struct forward *f, const struct net_case *net, struct picture x,
                             int block)
{
    char key[64];
    struct picture y;
    snprintf(key, sizeof(key), "body.%d.conv.0.poll.1", block);
    x = f_add(f, f_unshuffle(f, x, 2), 1, rep(f, largest(f, x), key), 1);
    snprintf(key, sizeof(key), "body.%d.conv.1", block);
    x = shift(f, x, key);
    if (net->form) {
        y = f_conv(f, f_mean(f, x), 0, "body.%d.conv.2.squeezing.0", block);
        y = f_conv(f, f_map(f, y, f_relu), 0, "body.%d.conv.2.squeezing.2", block);
        x = f_mul(f, x, f_map(f, y, hard_sigmoid));
    }
    return f_shuffle(f, x, 2);
}

struct picture rtmosr_run(struct forward *f, const struct net_case *net, struct picture x)
{
    struct picture page = x, y, g;
    int nf = net->features, hidden = 2 * nf;
    char key[64], scale[64], offset[64];
    x = rep(f, net->more ? f_unshuffle(f, x, net->more) : x, net->more ? "to_feat.1" : "to_feat");
    for (int block = 0; block < net->depth; block++) {
        snprintf(scale, sizeof(scale), "body.%d.norm.scale", block);
        snprintf(offset, sizeof(offset), "body.%d.norm.offset", block);
        snprintf(key, sizeof(key), "body.%d.fc1", block);
        y = rep(f, f_norm(f, x, scale, offset, true), key);
        g = f_map(f, f_slice(f, y, 0, hidden), f_mish);
        y = f_cat(f, 2,
                  (struct picture[]){f_slice(f, y, hidden, hidden - nf),
                                     halved(f, net, f_slice(f, y, 2 * hidden - nf, nf), block)});
        snprintf(key, sizeof(key), "body.%d.fc2", block);
        y = f_mul(f, g, y);
        y = net->form ? rep(f, y, key) : f_conv(f, y, 0, "%s", key);
        x = f_add(f, f_map(f, y, f_mish), 1, x, 1);
    }
    x = f_shuffle(f, rep(f, x, "to_img.0"), net->more ? 4 : net->scale);
    return f_add(f, x, 1, f_nearest(f, page, net->scale), 1);
}
