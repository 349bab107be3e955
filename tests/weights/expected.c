/* SPDX-License-Identifier: MIT */
/* What a network of the tests makes of a page. */
#include "expected.h"

#include <stdlib.h>

/* A coordinate as reflection about the edges finds it, as often as it takes. */
static int reflect(int at, int size)
{
    int period = size > 1 ? 2 * (size - 1) : 1;
    at = ((at % period) + period) % period;
    return at < size ? at : period - at;
}

/* The page as the recipe extends it, in colours, opaque where they have transparency, or the first
 * plane alone. */
static struct picture extend(struct forward *f, const struct planche_recipe *recipe,
                             const struct page *page, int channels)
{
    int m = (int)recipe->multiple, pad = (int)recipe->pad;
    struct picture x = f_new(f, channels, (page->height + m - 1) / m * m + 2 * pad,
                             (page->width + m - 1) / m * m + 2 * pad);
    for (int c = 0; c < channels; c++)
        for (int i = 0; i < x.h; i++)
            for (int j = 0; j < x.w; j++)
                x.v[(c * x.h + i) * x.w + j] =
                    recipe->in_scale *
                        (c == 3 ? 1
                                : page->planes[c][reflect(i - pad, page->height) * page->width +
                                                  reflect(j - pad, page->width)]) +
                    recipe->in_bias;
    return x;
}

double *net_case_expected(struct forward *f, const struct net_case *net,
                          const struct planche_recipe *recipe, const struct page *page)
{
    struct picture y = net->run(f, net, extend(f, recipe, page, net->channels));
    int width = page->width * net->scale, height = page->height * net->scale;
    double *planes = calloc(3 * (size_t)width * (size_t)height, sizeof(double));
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < height; i++)
            for (int j = 0; j < width; j++)
                planes[(c * height + i) * width + j] =
                    recipe->out_scale *
                        y.v[((net->channels == 1 ? 0 : c) * y.h + i + (int)recipe->crop) * y.w + j +
                            (int)recipe->crop] +
                    recipe->out_bias;
    return planes;
}
