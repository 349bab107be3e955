/* SPDX-License-Identifier: MIT */
/* Whole pages: padding, normalisation, the network, cropping. */
#include "ref_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct ref_recipe ref_recipe_for(const char *model, int scale)
{
    struct ref_recipe recipe = {.scale = scale, .multiple = 1, .in_scale = 1, .out_scale = 1};
    if (strcmp(model, "realcugan") == 0) {
        recipe.multiple = scale == 3 ? 4 : 2;
        recipe.pad = scale == 2 ? 18 : scale == 3 ? 14 : 19;
        recipe.add_enlarged = scale == 4;
    } else if (strcmp(model, "waifu2x-cunet") == 0) {
        recipe.multiple = scale == 1 ? 4 : 2;
        recipe.pad = scale == 1 ? 28 : 18;
    } else if (strcmp(model, "waifu2x-upconv7") == 0) {
        recipe.pad = 7;
    } else if (strncmp(model, "realesr", 7) == 0 || strcmp(model, "small") == 0 ||
               strcmp(model, "medium") == 0 || strcmp(model, "large") == 0) {
        recipe.pad = 10;
        recipe.crop = 10 * scale;
    } else {
        recipe.scale = 0;
    }
    return recipe;
}

double *ref_pixels(const void *samples, int channels, int depth, int h, int w)
{
    double *page = malloc((size_t)h * w * 3 * sizeof(double));
    for (size_t i = 0; i < (size_t)h * w * 3; i++) {
        size_t at = channels == 3 ? i : i / 3;
        page[i] = depth == 8 ? ((const uint8_t *)samples)[at] / 255.0
                             : ((const uint16_t *)samples)[at] / 65535.0;
    }
    return page;
}

/* Mirrors a coordinate at both ends until it lies inside; the edges are not repeated. */
static int reflect(int i, int count)
{
    while (count > 1 && (i < 0 || i >= count))
        i = i < 0 ? -i : 2 * (count - 1) - i;
    return count > 1 ? i : 0;
}

static int round_up(int size, int multiple)
{
    return (size + multiple - 1) / multiple * multiple;
}

/* Channel c at a place of the padded page, as the network sees it. */
static double padded(const struct ref_recipe *recipe, const double *page, int h, int w, int c,
                     int y, int x)
{
    int py = reflect(y - recipe->pad, h), px = reflect(x - recipe->pad, w);
    if (c == 3)
        return recipe->in_scale + recipe->in_bias; /* opaque */
    return page[((size_t)py * w + px) * 3 + c] * recipe->in_scale + recipe->in_bias;
}

static double *cut_out(const struct ref_recipe *recipe, const double *page, int h, int w,
                       const double *result, int oh, int ow)
{
    int s = recipe->scale;
    double *out = malloc((size_t)h * s * w * s * 3 * sizeof(double));
    for (int y = 0; y < h * s; y++)
        for (int x = 0; x < w * s; x++)
            for (int c = 0; c < 3; c++) {
                int from = recipe->colours == 1 ? 0 : c;
                double v = result[((size_t)from * oh + y + recipe->crop) * ow + x + recipe->crop];
                if (recipe->add_enlarged)
                    v += padded(recipe, page, h, w, c, y / s + recipe->pad, x / s + recipe->pad);
                out[((size_t)y * w * s + x) * 3 + c] = v * recipe->out_scale + recipe->out_bias;
            }
    return out;
}

bool ref_page(const struct ref_net *net, const struct ref_recipe *recipe, const double *page, int h,
              int w, double **out)
{
    int ih = round_up(h, recipe->multiple) + 2 * recipe->pad;
    int iw = round_up(w, recipe->multiple) + 2 * recipe->pad;
    double *in = malloc((size_t)ih * iw * 4 * sizeof(double)), *result;
    int oc, oh, ow, channels = recipe->colours ? recipe->colours : 3;
    bool ok;
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < ih; y++)
            for (int x = 0; x < iw; x++)
                in[((size_t)c * ih + y) * iw + x] = padded(recipe, page, h, w, c, y, x);
    ok = ref_run(net, in, channels, ih, iw, &result, &oc, &oh, &ow);
    free(in);
    if (!ok)
        return false;
    ok = oc == channels && oh >= recipe->crop + h * recipe->scale &&
         ow >= recipe->crop + w * recipe->scale;
    if (ok)
        *out = cut_out(recipe, page, h, w, result, oh, ow);
    else
        fprintf(stderr, "reference: the result does not cover the page\n");
    free(result);
    return ok;
}

double ref_psnr(const double *a, const double *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum > 0 ? -10 * log10(sum / (double)count) : INFINITY;
}

double ref_difference(const double *a, const double *b, size_t count)
{
    double most = 1, worst = 0;
    for (size_t i = 0; i < count; i++) {
        most = fmax(most, fabs(a[i]));
        worst = fmax(worst, fabs(a[i] - b[i]));
    }
    return worst / most;
}
