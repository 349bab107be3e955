/* SPDX-License-Identifier: MIT */
/* waifu2x's swin_unet with random weights and in double precision, as torchvision has its blocks:
 * the picture is rolled for the later windows, and a mask keeps apart what was not together. form:
 * 1: with layer norm; 2: the page is enlarged and reduced first. */
#include "nets.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define WINDOW 6
#define PIXELS (WINDOW * WINDOW)
#define APART  -100.0

static void dense_make(struct dict *dict, int out, int in, const char *key)
{
    char name[128];
    double most = 1.5 / sqrt(in);
    snprintf(name, sizeof(name), "%.100s.weight", key);
    dict_add(dict, name, -most, most, (int[]){out, in, 0});
    snprintf(name, sizeof(name), "%.100s.bias", key);
    dict_add(dict, name, -0.1, 0.1, (int[]){out, 0});
}

static void norm_make(struct dict *dict, int channels, const char *block, int number)
{
    char name[128];
    snprintf(name, sizeof(name), "%s.norm%d.weight", block, number);
    dict_add(dict, name, 0.5, 1.5, (int[]){channels, 0});
}

static void blocks_make(struct dict *dict, const struct net_case *net, int part, int channels,
                        int blocks)
{
    char key[64], name[128];
    for (int b = 0; b < blocks; b++) {
        snprintf(key, sizeof(key), "unet.swin%d.block.%d", part, b);
        for (int n = 1; net->form == 1 && n <= 2; n++)
            norm_make(dict, channels, key, n);
        snprintf(name, sizeof(name), "%s.attn.qkv", key);
        dense_make(dict, 3 * channels, channels, name);
        snprintf(name, sizeof(name), "%s.attn.proj", key);
        dense_make(dict, channels, channels, name);
        snprintf(name, sizeof(name), "%s.attn.relative_position_bias_table", key);
        dict_add(dict, name, -1, 1,
                 (int[]){(2 * WINDOW - 1) * (2 * WINDOW - 1), net->features / 16, 0});
        snprintf(name, sizeof(name), "%s.mlp.0", key);
        dense_make(dict, 2 * channels, channels, name);
        snprintf(name, sizeof(name), "%s.mlp.3", key);
        dense_make(dict, channels, 2 * channels, name);
    }
}

void swin_make(struct dict *dict, const struct net_case *net)
{
    int c = net->features, last = net->scale >= 4 ? 2 * c : c;
    int made = net->channels * net->scale * net->scale;
    if (net->form == 2) {
        dict->network = "waifu2x.swin_unet_4x";
        dict->wrapper = "state_dict";
        dict->antialiased = true;
    }
    dict_conv(dict, c / 2, net->channels, 3, "unet.patch.0");
    dict_conv(dict, c, c / 2, 3, "unet.patch.2");
    blocks_make(dict, net, 1, c, 2);
    dict_conv(dict, 2 * c, c, 2, "unet.down1.conv");
    blocks_make(dict, net, 2, 2 * c, 2);
    dict_conv(dict, 2 * c, 2 * c, 2, "unet.down2.conv");
    blocks_make(dict, net, 3, 2 * c, net->depth);
    dense_make(dict, 8 * c, 2 * c, "unet.up2.proj");
    blocks_make(dict, net, 4, 2 * c, 2);
    dense_make(dict, 4 * last, 2 * c, "unet.up1.proj");
    if (net->scale >= 4)
        dense_make(dict, 2 * c, c, "unet.proj2");
    blocks_make(dict, net, 5, last, 2);
    dense_make(dict, made, last, net->scale == 8 ? "unet.to_image.proj.0" : "unet.to_image.proj");
    if (net->scale == 8)
        dense_make(dict, made, made, "unet.to_image.proj.2");
}

static const double *values(struct forward *f, const char *key, const char *part)
{
    char name[128];
    snprintf(name, sizeof(name), "%.80s.%.40s", key, part);
    const struct dict_tensor *tensor = dict_find(f->dict, name);
    return tensor ? tensor->values : NULL;
}

static struct picture dense(struct forward *f, struct picture x, const char *key, const char *part)
{
    char name[128];
    snprintf(name, sizeof(name), "%.60s%s%.20s", key, part ? "." : "", part ? part : "");
    const double *bias = values(f, name, "bias"), *weights = values(f, name, "weight");
    char weight[160];
    snprintf(weight, sizeof(weight), "%.100s.weight", name);
    size_t pixels = (size_t)x.h * (size_t)x.w;
    struct picture out = f_new(f, dict_find(f->dict, weight)->shape[0], x.h, x.w);
    for (int o = 0; o < out.c; o++)
        for (int i = -1; i < x.c; i++)
            for (size_t p = 0; p < pixels; p++)
                out.v[(size_t)o * pixels + p] +=
                    i < 0 ? bias[o] : weights[o * x.c + i] * x.v[(size_t)i * pixels + p];
    return out;
}

static struct picture norm(struct forward *f, struct picture x, const char *block, int number)
{
    char key[96];
    snprintf(key, sizeof(key), "%s.norm%d", block, number);
    const double *weight = values(f, key, "weight");
    int pixels = x.h * x.w;
    struct picture out = f_new(f, x.c, x.h, x.w);
    for (int p = 0; weight && p < pixels; p++) {
        double mean = 0, square = 0;
        for (int c = 0; c < x.c; c++)
            mean += x.v[c * pixels + p] / x.c;
        for (int c = 0; c < x.c; c++)
            square += pow(x.v[c * pixels + p] - mean, 2) / x.c;
        for (int c = 0; c < x.c; c++)
            out.v[c * pixels + p] = (x.v[c * pixels + p] - mean) / sqrt(square + 1e-5) * weight[c];
    }
    return weight ? out : x;
}

/* Moves what lies at (y + rows, x + columns), and round the edges, to (y, x). */
static struct picture roll(struct forward *f, struct picture x, int by)
{
    struct picture out = f_new(f, x.c, x.h, x.w);
    for (int c = 0; c < x.c; c++)
        for (int i = 0; i < x.h; i++)
            for (int j = 0; j < x.w; j++)
                out.v[(c * x.h + i) * x.w + j] =
                    x.v[(c * x.h + (i + by + x.h) % x.h) * x.w + (j + by + x.w) % x.w];
    return out;
}

/* Which of the parts that the roll has put next to each other. */
static int region(int at, int size, int shift)
{
    return at < size - WINDOW ? 0 : at < size - shift ? 1 : 2;
}

/* Shares of pixel i of a window at (top, left). */
static void find_shares(struct picture qkv, const double *table, int heads, int head, int top,
                        int left, int shift, int i, double *shares)
{
    int channels = qkv.c / 3, each = channels / heads, area = qkv.h * qkv.w;
    int yi = i / WINDOW, xi = i % WINDOW;
    double most = -INFINITY, sum = 0;
    for (int j = 0; j < PIXELS; j++) {
        int yj = j / WINDOW, xj = j % WINDOW;
        int a = (top + yi) * qkv.w + left + xi, b = (top + yj) * qkv.w + left + xj;
        bool apart = shift && (region(top + yi, qkv.h, shift) != region(top + yj, qkv.h, shift) ||
                               region(left + xi, qkv.w, shift) != region(left + xj, qkv.w, shift));
        double v = 0;
        for (int d = head * each; d < (head + 1) * each; d++)
            v += qkv.v[d * area + a] * qkv.v[(channels + d) * area + b];
        v = v / sqrt(each) + (apart ? APART : 0) +
            table[((yi - yj + WINDOW - 1) * (2 * WINDOW - 1) + xi - xj + WINDOW - 1) * heads +
                  head];
        shares[j] = v;
        most = fmax(most, v);
    }
    for (int j = 0; j < PIXELS; j++)
        sum += shares[j] = exp(shares[j] - most);
    for (int j = 0; j < PIXELS; j++)
        shares[j] /= sum;
}

static struct picture attend(struct forward *f, struct picture qkv, const double *table, int heads,
                             int shift)
{
    int channels = qkv.c / 3, each = channels / heads, area = qkv.h * qkv.w;
    struct picture out = f_new(f, channels, qkv.h, qkv.w);
    double shares[PIXELS];
    for (int n = 0; n < area / PIXELS * heads * PIXELS; n++) {
        int i = n % PIXELS, head = n / PIXELS % heads, window = n / PIXELS / heads;
        int top = window / (qkv.w / WINDOW) * WINDOW, left = window % (qkv.w / WINDOW) * WINDOW;
        find_shares(qkv, table, heads, head, top, left, shift, i, shares);
        for (int d = head * each; d < (head + 1) * each; d++)
            for (int j = 0; j < PIXELS; j++)
                out.v[d * area + (top + i / WINDOW) * qkv.w + left + i % WINDOW] +=
                    shares[j] * qkv.v[(2 * channels + d) * area + (top + j / WINDOW) * qkv.w +
                                      left + j % WINDOW];
    }
    return out;
}

static double gelu(double v)
{
    return v / 2 * (1 + erf(v / sqrt(2)));
}

static struct picture blocks_run(struct forward *f, const struct net_case *net, struct picture x,
                                 int part)
{
    char key[64];
    for (int b = 0;; b++) {
        int shift = b % 2 ? WINDOW / 2 : 0;
        snprintf(key, sizeof(key), "unet.swin%d.block.%d", part, b);
        if (!values(f, key, "attn.qkv.weight"))
            return x;
        struct picture y = roll(f, dense(f, norm(f, x, key, 1), key, "attn.qkv"), shift);
        y = attend(f, y, values(f, key, "attn.relative_position_bias_table"), net->features / 16,
                   shift);
        x = f_add(f, x, 1, roll(f, dense(f, y, key, "attn.proj"), -shift), 1);
        y = f_map(f, dense(f, norm(f, x, key, 2), key, "mlp.0"), gelu);
        x = f_add(f, x, 1, dense(f, y, key, "mlp.3"), 1);
    }
}

static double keys(double x)
{
    x = fabs(x);
    if (x < 1)
        return 1.5 * x * x * x - 2.5 * x * x + 1;
    return x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2 : 0;
}

/* One axis of a picture to another size, by PyTorch's smooth bicubic interpolation: the kernel is
 * as much wider as the picture becomes smaller. What lies beyond the edges has no weight. */
static struct picture resize_axis(struct forward *f, struct picture x, int size, bool rows)
{
    int old = rows ? x.h : x.w;
    double ratio = (double)old / size, wide = fmax(ratio, 1);
    struct picture out = f_new(f, x.c, rows ? size : x.h, rows ? x.w : size);
    for (int n = 0; n < out.c * out.h * out.w; n++) {
        int at = rows ? n / out.w % out.h : n % out.w, c = n / (out.h * out.w);
        double centre = ratio * (at + 0.5), sum = 0, weights = 0;
        for (int i = 0; i < old; i++) {
            double weight = keys((i + 0.5 - centre) / wide);
            int row = rows ? i : n / out.w % out.h, column = rows ? n % out.w : i;
            weights += weight;
            sum += weight * x.v[(c * x.h + row) * x.w + column];
        }
        out.v[n] = sum / weights;
    }
    return out;
}

/* Cut to what no edge has touched, as Planche pads no more than that. */
static struct picture smooth(struct forward *f, struct picture x)
{
    struct picture y = resize_axis(f, resize_axis(f, x, 2 * x.h, true), 2 * x.w, false);
    y = resize_axis(f, resize_axis(f, y, x.h, true), x.w, false);
    return f_crop(f, y, 3);
}

struct picture swin_run(struct forward *f, const struct net_case *net, struct picture x)
{
    struct picture first, second;
    if (net->form == 2)
        x = smooth(f, x);
    x = f_leaky(f, f_conv(f, x, 0, "unet.patch.0"), 0.1);
    x = f_crop(f, f_leaky(f, f_conv(f, x, 0, "unet.patch.2"), 0.1), 6);
    first = blocks_run(f, net, x, 1);
    second = blocks_run(f, net, f_conv_as(f, first, "unet.down1.conv", 0, 0, 2, 1), 2);
    x = blocks_run(f, net, f_conv_as(f, second, "unet.down2.conv", 0, 0, 2, 1), 3);
    x = f_shuffle(f, dense(f, x, "unet.up2.proj", NULL), 2);
    x = blocks_run(f, net, f_add(f, x, 1, second, 1), 4);
    x = f_shuffle(f, dense(f, x, "unet.up1.proj", NULL), 2);
    if (net->scale >= 4)
        first = dense(f, first, "unet.proj2", NULL);
    x = blocks_run(f, net, f_add(f, x, 1, first, 1), 5);
    if (net->scale == 8)
        x = dense(f, f_leaky(f, dense(f, x, "unet.to_image.proj.0", NULL), 0.2),
                  "unet.to_image.proj.2", NULL);
    else
        x = dense(f, x, "unet.to_image.proj", NULL);
    return f_shuffle(f, x, net->scale);
}
