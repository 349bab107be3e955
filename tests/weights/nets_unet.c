/* SPDX-License-Identifier: MIT */
/* Real-CUGAN, waifu2x and RCAN with random weights and in double precision. form: 0 plain, 1 pro, 2
 * no averages, 3 nunif's, 4 nunif's without clipping; more: 1: the network of scale 4, 2: the fast
 * one. */
#include "nets.h"

#include <stdio.h>
#include <string.h>

static void pair_make(struct dict *dict, const char *key, int in, int middle, int out, bool se)
{
    dict_conv(dict, middle, in, 3, "%s.conv.0", key);
    dict_conv(dict, out, middle, 3, "%s.conv.2", key);
    if (!se)
        return;
    dict_conv(dict, 2, out, 1, "%s.seblock.conv1", key);
    dict_conv(dict, out, 2, 1, "%s.seblock.conv2", key);
}

static void up_make(struct dict *dict, const char *key, int in, int out, int kernel)
{
    char name[64];
    snprintf(name, sizeof(name), "%s.weight", key);
    dict_add(dict, name, -0.3, 0.3, (int[]){in, out, kernel, kernel, 0});
    snprintf(name, sizeof(name), "%s.bias", key);
    dict_add(dict, name, -0.1, 0.1, (int[]){out, 0});
}

void cugan_make(struct dict *dict, const struct net_case *net)
{
    int nf = net->features, in = net->more == 2 ? 12 : 3, between = net->more ? nf : 3;
    bool se = net->form != 2;
    if (net->form == 1)
        dict_add(dict, "pro", 0, 0, (int[]){1, 0});
    if (net->form >= 3) {
        dict->network = net->scale == 2 ? "waifu2x.upcunet" : "waifu2x.cunet";
        dict->wrapper = "state_dict";
        dict->unclipped = net->form == 4;
    }
    pair_make(dict, "unet1.conv1", in, 3, nf, false);
    dict_conv(dict, nf, nf, 2, "unet1.conv1_down");
    pair_make(dict, "unet1.conv2", nf, 5, nf, se);
    up_make(dict, "unet1.conv2_up", nf, nf, 2);
    dict_conv(dict, nf, nf, 3, "unet1.conv3");
    if (net->scale == 1)
        dict_conv(dict, between, nf, 3, "unet1.conv_bottom");
    else
        up_make(dict, "unet1.conv_bottom", nf, between, net->scale == 3 ? 5 : 4);
    pair_make(dict, "unet2.conv1", between, 3, nf, false);
    dict_conv(dict, nf, nf, 2, "unet2.conv1_down");
    pair_make(dict, "unet2.conv2", nf, 5, 2 * nf, se);
    dict_conv(dict, 2 * nf, 2 * nf, 2, "unet2.conv2_down");
    pair_make(dict, "unet2.conv3", 2 * nf, 7, 2 * nf, se);
    up_make(dict, "unet2.conv3_up", 2 * nf, 2 * nf, 2);
    pair_make(dict, "unet2.conv4", 2 * nf, 5, nf, se);
    up_make(dict, "unet2.conv4_up", nf, nf, 2);
    dict_conv(dict, nf, nf, 3, "unet2.conv5");
    dict_conv(dict, between, nf, 3, "unet2.conv_bottom");
    if (net->more)
        dict_conv(dict, 12, nf, 3, "conv_final");
}

static struct picture leak(struct forward *f, struct picture x)
{
    return f_leaky(f, x, 0.1);
}

static struct picture pair(struct forward *f, struct picture x, const char *key)
{
    char name[96];
    x = leak(f, f_conv(f, x, 0, "%s.conv.0", key));
    x = leak(f, f_conv(f, x, 0, "%s.conv.2", key));
    snprintf(name, sizeof(name), "%s.seblock.conv1.weight", key);
    if (!dict_find(f->dict, name))
        return x;
    struct picture y = f_conv(f, f_mean(f, x), 0, "%s.seblock.conv1", key);
    y = f_conv(f, f_map(f, y, f_relu), 0, "%s.seblock.conv2", key);
    return f_mul(f, x, f_map(f, y, f_sigmoid));
}

static struct picture down(struct forward *f, struct picture x, const char *key)
{
    return leak(f, f_conv_as(f, x, key, 0, 0, 2, 1));
}

static struct picture up(struct forward *f, struct picture x, const char *key)
{
    return leak(f, f_deconv(f, x, 2, 0, "%s", key));
}

static double clip(double v)
{
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

struct picture cugan_run(struct forward *f, const struct net_case *net, struct picture x)
{
    struct picture page = x, x1, x2, x3;
    x = net->more == 2 ? f_unshuffle(f, x, 2) : x;
    x1 = pair(f, x, "unet1.conv1");
    x2 = up(f, pair(f, down(f, x1, "unet1.conv1_down"), "unet1.conv2"), "unet1.conv2_up");
    x1 = f_add(f, f_crop(f, x1, 4), 1, x2, 1);
    x = leak(f, f_conv(f, x1, 0, "unet1.conv3"));
    if (net->scale == 1)
        x = f_conv(f, x, 0, "unet1.conv_bottom");
    else
        x = f_deconv(f, x, net->scale == 3 ? 3 : 2, net->scale == 3 ? 2 : 3, "unet1.conv_bottom");
    if (net->form == 3)
        x = f_map(f, x, clip);
    x1 = pair(f, x, "unet2.conv1");
    x2 = pair(f, down(f, x1, "unet2.conv1_down"), "unet2.conv2");
    x3 = up(f, pair(f, down(f, x2, "unet2.conv2_down"), "unet2.conv3"), "unet2.conv3_up");
    x2 = up(f, pair(f, f_add(f, f_crop(f, x2, 4), 1, x3, 1), "unet2.conv4"), "unet2.conv4_up");
    x1 = leak(f, f_conv(f, f_add(f, f_crop(f, x1, 16), 1, x2, 1), 0, "unet2.conv5"));
    x = f_add(f, f_conv(f, x1, 0, "unet2.conv_bottom"), 1, f_crop(f, x, 20), 1);
    if (!net->more)
        return x;
    x = f_shuffle(f, f_crop(f, f_conv(f, x, 0, "conv_final"), 1), 2);
    page = f_nearest(f, page, net->scale);
    return f_add(f, x, 1, f_crop(f, page, (page.h - x.h) / 2), 1);
}

/* upconv_7 (2x) and vgg_7 (1x). */
void waifu2x_make(struct dict *dict, const struct net_case *net)
{
    int in = net->channels;
    for (int i = 0; i < 12; i += 2) {
        dict_conv(dict, net->features + i, in, 3, "net.%d", i);
        in = net->features + i;
    }
    if (net->scale == 2)
        up_make(dict, "net.12", in, net->channels, 4);
    else
        dict_conv(dict, net->channels, in, 3, "net.12");
}

struct picture waifu2x_run(struct forward *f, const struct net_case *net, struct picture x)
{
    for (int i = 0; i < 12; i += 2)
        x = leak(f, f_conv(f, x, 0, "net.%d", i));
    return net->scale == 2 ? f_deconv(f, x, 2, 3, "net.12") : f_conv(f, x, 0, "net.12");
}

static void mean_make(struct dict *dict, const char *key, double sign)
{
    static const double means[] = {0.4488, 0.4371, 0.4040};
    enum dict_type type = dict->type;
    char name[64];
    dict->type = DICT_F32;
    snprintf(name, sizeof(name), "%s.weight", key);
    struct dict_tensor *tensor = dict_add(dict, name, 0, 0, (int[]){3, 3, 1, 1, 0});
    for (int i = 0; i < 3; i++)
        tensor->values[i * 4] = 1;
    snprintf(name, sizeof(name), "%s.bias", key);
    tensor = dict_add(dict, name, 0, 0, (int[]){3, 0});
    for (int i = 0; i < 3; i++)
        tensor->values[i] = (float)(sign * 255 * means[i]);
    dict->type = type;
}

/* depth: groups of two blocks; form: 1: with the mean; more: factor by which pixels are taken
 * apart, or 0. */
void rcan_make(struct dict *dict, const struct net_case *net)
{
    int nf = net->features, total = net->scale * (net->more ? net->more : 1), at = 0;
    if (net->form) {
        mean_make(dict, "sub_mean", -1);
        mean_make(dict, "add_mean", 1);
    }
    dict_conv(dict, nf, net->channels * (net->more ? net->more * net->more : 1), 3, "head.%d",
              net->more ? 1 : 0);
    for (int g = 0; g < net->depth; g++) {
        for (int b = 0; b < 2; b++) {
            dict_conv(dict, nf, nf, 3, "body.%d.body.%d.body.0", g, b);
            dict_conv(dict, nf, nf, 3, "body.%d.body.%d.body.2", g, b);
            dict_conv(dict, 2, nf, 1, "body.%d.body.%d.body.3.conv_du.0", g, b);
            dict_conv(dict, nf, 2, 1, "body.%d.body.%d.body.3.conv_du.2", g, b);
        }
        dict_conv(dict, nf, nf, 3, "body.%d.body.2", g);
    }
    dict_conv(dict, nf, nf, 3, "body.%d", net->depth);
    for (int r = total % 3 ? 2 : 3; total > 1; total /= r, at += 2)
        dict_conv(dict, r * r * nf, nf, 3, "tail.0.%d", at);
    dict_conv(dict, net->channels, nf, 3, "tail.1");
}

static struct picture rcan_block(struct forward *f, struct picture x, int g, int b)
{
    struct picture y = f_map(f, f_conv(f, x, 1, "body.%d.body.%d.body.0", g, b), f_relu), z;
    y = f_conv(f, y, 1, "body.%d.body.%d.body.2", g, b);
    z = f_conv(f, f_mean(f, y), 0, "body.%d.body.%d.body.3.conv_du.0", g, b);
    z = f_conv(f, f_map(f, z, f_relu), 0, "body.%d.body.%d.body.3.conv_du.2", g, b);
    return f_add(f, f_mul(f, y, f_map(f, z, f_sigmoid)), 1, x, 1);
}

struct picture rcan_run(struct forward *f, const struct net_case *net, struct picture x)
{
    int total = net->scale * (net->more ? net->more : 1), at = 0;
    struct picture head, y;
    if (net->form)
        x = f_conv(f, f_add(f, x, 255, x, 0), 0, "sub_mean");
    head = x =
        f_conv(f, net->more ? f_unshuffle(f, x, net->more) : x, 1, "head.%d", net->more ? 1 : 0);
    for (int g = 0; g < net->depth; g++) {
        y = rcan_block(f, rcan_block(f, x, g, 0), g, 1);
        x = f_add(f, f_conv(f, y, 1, "body.%d.body.2", g), 1, x, 1);
    }
    x = f_add(f, f_conv(f, x, 1, "body.%d", net->depth), 1, head, 1);
    for (int r = total % 3 ? 2 : 3; total > 1; total /= r, at += 2)
        x = f_shuffle(f, f_conv(f, x, 1, "tail.0.%d", at), r);
    x = f_conv(f, x, 1, "tail.1");
    if (!net->form)
        return x;
    x = f_conv(f, x, 0, "add_mean");
    return f_add(f, x, 1.0 / 255, x, 0);
}
