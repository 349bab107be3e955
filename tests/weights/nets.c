/* SPDX-License-Identifier: MIT */
/* Compact and RRDB, with random weights and in double precision. */
#include "nets.h"

#include <stdio.h>
#include <string.h>

void compact_make(struct dict *dict, const struct net_case *net)
{
    char name[32];
    for (int i = 0; i <= net->depth; i++) {
        dict_conv(dict, net->features, i ? net->features : net->channels, 3, "body.%d", 2 * i);
        snprintf(name, sizeof(name), "body.%d.weight", 2 * i + 1);
        dict_add(dict, name, 0, 0.4, (int[]){net->features, 0});
    }
    dict_conv(dict, net->channels * net->scale * net->scale, net->features, 3, "body.%d",
              2 * net->depth + 2);
}

struct picture compact_run(struct forward *f, const struct net_case *net, struct picture x)
{
    struct picture base = f_nearest(f, x, net->scale);
    for (int i = 0; i <= net->depth; i++) {
        x = f_conv(f, x, 1, "body.%d", 2 * i);
        x = f_prelu(f, x, "body.%d.weight", 2 * i + 1);
    }
    x = f_conv(f, x, 1, "body.%d", 2 * net->depth + 2);
    return f_add(f, f_shuffle(f, x, net->scale), 1, base, 1);
}

#define GROWTH 5

enum { OLD, NEW, BSRGAN, PLUS };

/* Names of the convolutions, in key[64]. */
static void dense_key(int form, int block, int dense, int conv, char *key)
{
    static const char *const formats[] = {"model.1.sub.%d.RDB%d.conv%d.0", "body.%d.rdb%d.conv%d",
                                          "RRDB_trunk.%d.RDB%d.conv%d",
                                          "model.1.sub.%d.RDB%d.conv%d.0"};
    snprintf(key, 64, formats[form], block, dense, conv);
}

enum { FIRST, TRUNK, UP, HIGH, LAST };

static void other_key(const struct net_case *net, int ups, int kind, int number, char *key)
{
    static const char *const new_names[] = {"conv_first", "conv_body", "conv_up%d", "conv_hr",
                                            "conv_last"};
    static const char *const bsrgan_names[] = {"conv_first", "trunk_conv", "upconv%d", "HRconv",
                                               "conv_last"};
    const char *const *names = net->form == NEW ? new_names : bsrgan_names;
    if (net->form == NEW || net->form == BSRGAN)
        snprintf(key, 64, names[kind], number);
    else if (kind == TRUNK)
        snprintf(key, 64, "model.1.sub.%d", net->depth);
    else
        snprintf(key, 64, "model.%d",
                 kind == FIRST  ? 0
                 : kind == UP   ? 3 * number
                 : kind == HIGH ? 2 + 3 * ups
                                : 4 + 3 * ups);
}

static int up_count(const struct net_case *net, int *factor)
{
    int ups = 0, scale = net->scale * (net->more ? net->more : 1);
    *factor = scale == 3 ? 3 : 2;
    for (int s = 1; s < scale; s *= *factor)
        ups++;
    return ups;
}

void rrdb_make(struct dict *dict, const struct net_case *net)
{
    int nf = net->features, factor, ups = up_count(net, &factor);
    int unshuffle = net->more ? net->more : 1;
    char key[64];
    other_key(net, ups, FIRST, 0, key);
    dict_conv(dict, nf, net->channels * unshuffle * unshuffle, 3, "%s", key);
    for (int b = 0; b < net->depth; b++)
        for (int d = 1; d <= 3; d++) {
            if (net->form == PLUS)
                dict_conv_only(dict, GROWTH, nf, 1, "model.1.sub.%d.RDB%d.conv1x1", b, d);
            for (int c = 1; c <= 5; c++) {
                dense_key(net->form, b, d, c, key);
                dict_conv(dict, c < 5 ? GROWTH : nf, nf + (c - 1) * GROWTH, 3, "%s", key);
            }
        }
    other_key(net, ups, TRUNK, 0, key);
    dict_conv(dict, nf, nf, 3, "%s", key);
    for (int u = 1; u <= ups; u++) {
        other_key(net, ups, UP, u, key);
        dict_conv(dict, nf, nf, 3, "%s", key);
    }
    other_key(net, ups, HIGH, 0, key);
    dict_conv(dict, nf, nf, 3, "%s", key);
    other_key(net, ups, LAST, 0, key);
    dict_conv(dict, net->channels, nf, 3, "%s", key);
}

static struct picture dense(struct forward *f, const struct net_case *net, struct picture x,
                            int block, int number)
{
    struct picture parts[5] = {x}, y = x;
    char key[64];
    for (int c = 1; c <= 5; c++) {
        dense_key(net->form, block, number, c, key);
        y = f_conv(f, f_cat(f, c, parts), 1, "%s", key);
        if (c == 5)
            break;
        y = f_leaky(f, y, 0.2);
        if (net->form == PLUS && c == 2)
            y = f_add(f, y, 1, f_conv(f, x, 0, "model.1.sub.%d.RDB%d.conv1x1", block, number), 1);
        if (net->form == PLUS && c == 4)
            y = f_add(f, y, 1, parts[2], 1);
        parts[c] = y;
    }
    return f_add(f, y, 0.2, x, 1);
}

struct picture rrdb_run(struct forward *f, const struct net_case *net, struct picture x)
{
    int factor, ups = up_count(net, &factor);
    struct picture head;
    char key[64];
    if (net->more)
        x = f_unshuffle(f, x, net->more);
    other_key(net, ups, FIRST, 0, key);
    head = x = f_conv(f, x, 1, "%s", key);
    for (int b = 0; b < net->depth; b++) {
        struct picture y = x;
        for (int d = 1; d <= 3; d++)
            y = dense(f, net, y, b, d);
        x = f_add(f, y, 0.2, x, 1);
    }
    other_key(net, ups, TRUNK, 0, key);
    x = f_add(f, f_conv(f, x, 1, "%s", key), 1, head, 1);
    for (int u = 1; u <= ups; u++) {
        other_key(net, ups, UP, u, key);
        x = f_leaky(f, f_conv(f, f_nearest(f, x, factor), 1, "%s", key), 0.2);
    }
    other_key(net, ups, HIGH, 0, key);
    x = f_leaky(f, f_conv(f, x, 1, "%s", key), 0.2);
    other_key(net, ups, LAST, 0, key);
    return f_conv(f, x, 1, "%s", key);
}

const struct net_case net_cases[] = {
    {"compact-1x", compact_make, compact_run, 3, 1, 8, 2, 0, 0},
    {"compact-2x", compact_make, compact_run, 3, 2, 16, 3, 0, 0},
    {"compact-3x-grey", compact_make, compact_run, 1, 3, 7, 1, 0, 0},
    {"compact-4x", compact_make, compact_run, 3, 4, 24, 0, 0, 0},
    {"compact-alpha-2x", compact_make, compact_run, 4, 2, 9, 1, 0, 0},
    {"old-1x", rrdb_make, rrdb_run, 3, 1, 8, 1, OLD, 0},
    {"old-4x", rrdb_make, rrdb_run, 3, 4, 16, 1, OLD, 0},
    {"3x-old", rrdb_make, rrdb_run, 3, 3, 6, 1, OLD, 0},
    {"new-2x-grey", rrdb_make, rrdb_run, 1, 2, 8, 2, NEW, 0},
    {"new-x3", rrdb_make, rrdb_run, 3, 3, 4, 1, NEW, 0},
    {"new-alpha-4x", rrdb_make, rrdb_run, 4, 4, 6, 1, NEW, 0},
    {"new-8x", rrdb_make, rrdb_run, 3, 8, 4, 1, NEW, 0},
    {"new-unshuffled-2x", rrdb_make, rrdb_run, 3, 2, 8, 1, NEW, 2},
    {"new-unshuffled-1x", rrdb_make, rrdb_run, 3, 1, 8, 1, NEW, 4},
    {"bsrgan-4x", rrdb_make, rrdb_run, 3, 4, 5, 1, BSRGAN, 0},
    {"bsrgan-16x", rrdb_make, rrdb_run, 1, 16, 3, 1, BSRGAN, 0},
    {"plus-2x", rrdb_make, rrdb_run, 3, 2, 8, 2, PLUS, 0},
    {"cugan-2x", cugan_make, cugan_run, 3, 2, 4, 0, 0, 0},
    {"cugan-3x-pro", cugan_make, cugan_run, 3, 3, 3, 0, 1, 0},
    {"cugan-4x", cugan_make, cugan_run, 3, 4, 4, 0, 0, 1},
    {"cugan-2x-fast", cugan_make, cugan_run, 3, 2, 4, 0, 0, 2},
    {"cugan-2x-nose", cugan_make, cugan_run, 3, 2, 5, 0, 2, 0},
    {"cunet-1x", cugan_make, cugan_run, 3, 1, 4, 0, 3, 0},
    {"upcunet-2x", cugan_make, cugan_run, 3, 2, 5, 0, 3, 0},
    {"upcunet-unclipped", cugan_make, cugan_run, 3, 2, 4, 0, 4, 0},
    {"upconv7-2x", waifu2x_make, waifu2x_run, 3, 2, 3, 0, 0, 0},
    {"vgg7-1x-grey", waifu2x_make, waifu2x_run, 1, 1, 5, 0, 0, 0},
    {"rcan-2x", rcan_make, rcan_run, 3, 2, 6, 2, 1, 2},
    {"rcan-3x-grey", rcan_make, rcan_run, 1, 3, 5, 1, 0, 0},
    {"span-2x", span_make, span_run, 3, 2, 6, 0, 0, 0},
    {"span-grey-4x", span_make, span_run, 1, 4, 4, 0, 1, 0},
    {"spanplus-2x", spanplus_make, spanplus_run, 3, 2, 5, 1, 0, 0},
    {"spanplus-1x-grey", spanplus_make, spanplus_run, 1, 1, 3, 2, 1, 0},
    {"rtmosr-2x", rtmosr_make, rtmosr_run, 3, 2, 4, 2, 1, 2},
    {"rtmosr-3x", rtmosr_make, rtmosr_run, 3, 3, 3, 1, 0, 0},
    {"spanf3-2x", spanf3_make, spanf3_run, 3, 2, 6, 3, 0, 2},
    {"spanf3-1x", spanf3_make, spanf3_run, 3, 1, 4, 1, 0, 4},
    {"spanf3-3x", spanf3_make, spanf3_run, 3, 3, 4, 2, 0, 0},
    {"artcnn-2x", artcnn_make, artcnn_run, 3, 2, 6, 2, 0, 0},
    {"realplksr-2x", realplksr_make, realplksr_run, 3, 2, 7, 2, 1, 0},
    {"realplksr-tiny-4x", realplksr_make, realplksr_run, 3, 4, 8, 1, 0, 0},
    {"plksr-3x", plksr_make, plksr_run, 3, 3, 5, 2, 1, 0},
    {"plksr-crossed-2x", plksr_make, plksr_run, 1, 2, 7, 1, 0, 1},
    {"mosr-4x", mosr_make, mosr_run, 3, 4, 6, 2, 0, 0},
    {"mosr-averaged-2x", mosr_make, mosr_run, 3, 2, 5, 1, 3, 1},
    {"mosrv2-2x", mosrv2_make, mosrv2_run, 3, 2, 16, 2, 0, 2},
    {"mosrv2-4x", mosrv2_make, mosrv2_run, 3, 4, 8, 1, 0, 0},
    {"mosrv2-layer-norm-2x", mosrv2_make, mosrv2_run, 3, 2, 16, 2, 1, 0},
    {"swin-unet-1x", swin_make, swin_run, 3, 1, 16, 2, 0, 0},
    {"swin-unet-2x", swin_make, swin_run, 3, 2, 32, 2, 0, 0},
    {"swin-unet-4x-smoothed", swin_make, swin_run, 3, 4, 16, 1, 2, 0},
    {"swin-unet-4xl", swin_make, swin_run, 3, 4, 16, 2, 1, 0},
    {"swin-unet-8x-grey", swin_make, swin_run, 1, 8, 16, 1, 0, 0},
};
const int net_case_count = sizeof(net_cases) / sizeof(net_cases[0]);
