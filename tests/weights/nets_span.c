/* SPDX-License-Identifier: MIT */
/* SPAN, SPANPlus, SPANF3, ArtCNN and RTMoSR with random weights and in double precision:
 * convolutions in the form that they are trained in. */
#include "nets.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void xc_make(struct dict *dict, int out, int in, const char *key)
{
    dict_conv(dict, out, in, 1, "%s.sk", key);
    dict_conv(dict, 2 * in, in, 1, "%s.conv.0", key);
    dict_conv(dict, 2 * out, 2 * in, 3, "%s.conv.1", key);
    dict_conv(dict, out, 2 * out, 1, "%s.conv.2", key);
    /* Nobody reads this one. */
    dict_conv(dict, out, in, 3, "%s.eval_conv", key);
}

/* The picture is padded with zeroes before all three, whose biases count in the padding too. */
struct picture xc_run(struct forward *f, struct picture x, const char *key)
{
    struct picture padded = f_new(f, x.c, x.h + 2, x.w + 2), y;
    for (int c = 0; c < x.c; c++)
        for (int i = 0; i < x.h; i++)
            memcpy(padded.v + (c * padded.h + i + 1) * padded.w + 1, x.v + (c * x.h + i) * x.w,
                   (size_t)x.w * sizeof(double));
    y = f_conv(f, padded, 0, "%s.conv.0", key);
    y = f_conv(f, y, 0, "%s.conv.1", key);
    y = f_conv(f, y, 0, "%s.conv.2", key);
    return f_add(f, y, 1, f_conv(f, x, 0, "%s.sk", key), 1);
}

static double half_gate(double v)
{
    return f_sigmoid(v) - 0.5;
}

/* Pixels in steps of 8 bits want small weights, as trained ones are: else the gates of all blocks
 * are steep, and differences of the last bit grow. */
static void head_make(struct dict *dict, const struct net_case *net)
{
    enum dict_type type = dict->type;
    int first = dict->count;
    dict->type = net->form ? type : DICT_F32;
    xc_make(dict, net->features, net->channels, "conv_1");
    dict->type = type;
    for (int i = first; !net->form && i < dict->count; i++)
        for (size_t n = 0; n < dict->tensors[i].count; n++)
            if (strstr(dict->tensors[i].name, "sk.") || strstr(dict->tensors[i].name, "conv.2."))
                dict->tensors[i].values[n] *= 0x1p-8;
}

/* form: 0: with the mean, 1: without. */
void span_make(struct dict *dict, const struct net_case *net)
{
    static const char *const inner[] = {"c1_r", "c2_r", "c3_r"};
    int nf = net->features;
    char key[64];
    if (net->form)
        dict_add(dict, "no_norm", 0, 0, (int[]){1, 0});
    head_make(dict, net);
    for (int block = 1; block <= 6; block++)
        for (int i = 0; i < 3; i++) {
            snprintf(key, sizeof(key), "block_%d.%s", block, inner[i]);
            xc_make(dict, nf, nf, key);
        }
    dict_conv(dict, nf, 4 * nf, 1, "conv_cat");
    xc_make(dict, nf, nf, "conv_2");
    dict_conv(dict, net->channels * net->scale * net->scale, nf, 3, "upsampler.0");
}

/* One of the block's convolutions. */
static struct picture block_xc(struct forward *f, struct picture x, int block, int number)
{
    char key[64];
    snprintf(key, sizeof(key), "block_%d.c%d_r", block, number);
    return xc_run(f, x, key);
}

struct picture span_run(struct forward *f, const struct net_case *net, struct picture x)
{
    static const double mean[] = {0.4488, 0.4371, 0.4040};
    struct picture head, first = {0}, inner = {0}, y;
    for (int i = 0; !net->form && i < x.c * x.h * x.w; i++)
        x.v[i] = (x.v[i] - mean[i / (x.h * x.w)]) * 255;
    head = x = xc_run(f, x, "conv_1");
    for (int block = 1; block <= 6; block++) {
        inner = f_map(f, block_xc(f, x, block, 1), f_silu);
        y = f_map(f, block_xc(f, inner, block, 2), f_silu);
        y = block_xc(f, y, block, 3);
        x = f_mul(f, f_add(f, y, 1, x, 1), f_map(f, y, half_gate));
        first = block == 1 ? x : first;
    }
    x = xc_run(f, x, "conv_2");
    x = f_conv(f, f_cat(f, 4, (struct picture[]){head, x, first, inner}), 0, "conv_cat");
    return f_shuffle(f, f_conv(f, x, 1, "upsampler.0"), net->scale);
}

/* more: factor by which pixels are taken apart, or 0. */
void spanf3_make(struct dict *dict, const struct net_case *net)
{
    int nf = net->features, in = net->channels * (net->more ? net->more * net->more : 1);
    int shuffle = net->more ? 4 : net->scale;
    char key[64];
    xc_make(dict, nf, in, net->more ? "conv_1.1" : "conv_1");
    for (int block = 1; block <= net->depth; block++) {
        for (int i = 1; i <= 3; i++) {
            snprintf(key, sizeof(key), "block_%d.c%d_r", block, i);
            xc_make(dict, nf, nf, key);
        }
        dict_conv(dict, nf, nf, 1, "block_%d.att_conv", block);
    }
    dict_conv(dict, nf, 4 * nf, 1, "conv_cat");
    xc_make(dict, net->channels * shuffle * shuffle, nf, "to_pixel");
}

struct picture spanf3_run(struct forward *f, const struct net_case *net, struct picture x)
{
    struct picture head, first = {0}, inner = {0}, y;
    if (net->more)
        x = f_unshuffle(f, x, net->more);
    head = x = xc_run(f, x, net->more ? "conv_1.1" : "conv_1");
    for (int block = 1; block <= net->depth; block++) {
        inner = f_map(f, block_xc(f, x, block, 1), f_relu);
        y = f_map(f, block_xc(f, inner, block, 2), f_relu);
        y = block_xc(f, y, block, 3);
        x = f_mul(f, f_add(f, y, 1, x, 1),
                  f_map(f, f_conv(f, y, 0, "block_%d.att_conv", block), tanh));
        first = block == 1 ? x : first;
    }
    x = f_conv(f, f_cat(f, 4, (struct picture[]){head, x, first, inner}), 0, "conv_cat");
    return f_shuffle(f, xc_run(f, x, "to_pixel"), net->more ? 4 : net->scale);
}

void artcnn_make(struct dict *dict, const struct net_case *net)
{
    int nf = net->features;
    dict_conv(dict, nf, net->channels, 3, "conv0");
    for (int block = 0; block < net->depth; block++) {
        dict_conv(dict, nf, nf, 3, "res_block.%d.conv.0.0", block);
        dict_conv(dict, nf, nf, 3, "res_block.%d.conv.1.0", block);
        dict_conv(dict, nf, nf, 3, "res_block.%d.conv.2", block);
    }
    dict_conv(dict, nf, nf, 3, "res_block.%d", net->depth);
    dict_conv(dict, net->channels * net->scale * net->scale, nf, 3, "depth_to_space.upscale.0");
}

struct picture artcnn_run(struct forward *f, const struct net_case *net, struct picture x)
{
    struct picture head = x = f_conv(f, x, 1, "conv0");
    for (int block = 0; block < net->depth; block++) {
        struct picture y = f_map(f, f_conv(f, x, 1, "res_block.%d.conv.0.0", block), f_relu);
        y = f_map(f, f_conv(f, y, 1, "res_block.%d.conv.1.0", block), f_relu);
        x = f_add(f, f_conv(f, y, 1, "res_block.%d.conv.2", block), 1, x, 1);
    }
    x = f_add(f, f_conv(f, x, 1, "res_block.%d", net->depth), 1, head, 1);
    return f_shuffle(f, f_conv(f, x, 1, "depth_to_space.upscale.0"), net->scale);
}
