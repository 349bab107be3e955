/* SPDX-License-Identifier: MIT */
/* Padding recipe: how a page must be extended and padded for a network, found by inferring the
 * graph's sizes at many input sizes. */
#include "model/graph.h"

#include "base/status.h"

#include <string.h>

#define PROBES     9
#define PROBE_SIZE 320 /* large enough for every network to have something left in its middle */
#define MAX_SCALE  16
#define SAME_PAD   10 /* for networks that pad with zeroes themselves: keeps those off the page */
#define EXTRA_PAD  64

/* Networks are consistent at input sizes that leave a remainder on division by a multiple. */
struct candidate {
    int multiple, remainder;
    int64_t scale, shrink_h, shrink_w; /* output = scale * input - shrink */
};

struct search {
    const struct planche_graph *graph;
    struct planche_shape *shapes;
    struct planche_crop *cuts, *first_cuts;
    int culprit;
    const char *why;
};

static int64_t probe_size(const struct candidate *candidate, int probe)
{
    return (int64_t)candidate->multiple * (PROBE_SIZE / candidate->multiple + probe) +
           candidate->remainder;
}

static bool sizes_at(struct search *search, int64_t height, int64_t width,
                     struct planche_crop *cuts, struct planche_shape *out)
{
    struct planche_shape in = {height, width};
    if (!planche_graph_sizes(search->graph, in, search->shapes, cuts, &search->culprit,
                             &search->why))
        return false;
    *out = search->shapes[search->graph->output];
    return true;
}

static bool cuts_agree(struct search *search)
{
    for (int i = 0; i < search->graph->order_count; i++) {
        int layer = search->graph->order[i];
        if (search->graph->layers[layer].type == PLANCHE_LAYER_CROP &&
            memcmp(&search->cuts[layer], &search->first_cuts[layer], sizeof(*search->cuts)) != 0) {
            search->culprit = layer;
            search->why = "what it cuts away depends on the size of the page";
            return false;
        }
    }
    return true;
}

/* The rows and columns of the probes run in opposite directions so that they differ. */
static bool try_candidate(struct search *search, struct candidate *candidate)
{
    struct planche_shape out[PROBES];
    for (int i = 0; i < PROBES; i++) {
        struct planche_crop *cuts = i ? search->cuts : search->first_cuts;
        if (!sizes_at(search, probe_size(candidate, i), probe_size(candidate, PROBES - 1 - i), cuts,
                      &out[i]) ||
            (i && !cuts_agree(search)))
            return false;
    }
    search->culprit = search->graph->blobs[search->graph->output].producer;
    search->why = "the output's size is not a whole multiple of the input's";
    candidate->scale = (out[1].height - out[0].height) / candidate->multiple;
    candidate->shrink_h = candidate->scale * probe_size(candidate, 0) - out[0].height;
    candidate->shrink_w = candidate->scale * probe_size(candidate, PROBES - 1) - out[0].width;
    if (candidate->scale < 1 || candidate->scale > MAX_SCALE)
        return false;
    for (int i = 0; i < PROBES; i++)
        if (out[i].height != candidate->scale * probe_size(candidate, i) - candidate->shrink_h ||
            out[i].width !=
                candidate->scale * probe_size(candidate, PROBES - 1 - i) - candidate->shrink_w)
            return false;
    return true;
}

static bool pads_with_zeroes(const struct planche_graph *graph)
{
    for (int i = 0; i < graph->order_count; i++) {
        const struct planche_layer *layer = &graph->layers[graph->order[i]];
        if ((layer->type == PLANCHE_LAYER_CONVOLUTION || layer->type == PLANCHE_LAYER_PAD) &&
            layer->pad_top + layer->pad_left + layer->pad_bottom + layer->pad_right > 0)
            return true;
    }
    return false;
}

/* Enough for the result to cover the page, for the remainder, and for the smallest page to pass. */
static bool find_pad(struct search *search, const struct candidate *candidate, int64_t shrink,
                     int64_t *pad)
{
    int64_t min = 0;
    if (shrink > 0)
        min = (shrink + 2 * candidate->scale - 1) / (2 * candidate->scale);
    if (shrink <= 0 || pads_with_zeroes(search->graph))
        min += SAME_PAD;
    for (*pad = min; *pad <= min + EXTRA_PAD; ++*pad) {
        int64_t size = candidate->multiple + 2 * *pad;
        struct planche_shape out;
        if ((size - candidate->remainder) % candidate->multiple == 0 &&
            sizes_at(search, size, size, search->cuts, &out))
            return cuts_agree(search);
    }
    return false;
}

static bool accept(struct search *search, struct candidate *candidate,
                   struct planche_recipe *recipe, int64_t *shrink)
{
    int64_t max, min, pad;
    if (!try_candidate(search, candidate))
        return false;
    max = candidate->shrink_h > candidate->shrink_w ? candidate->shrink_h : candidate->shrink_w;
    min = candidate->shrink_h + candidate->shrink_w - max;
    if (!find_pad(search, candidate, max, &pad))
        return false;
    recipe->scale = (unsigned)candidate->scale;
    recipe->multiple = (unsigned)candidate->multiple;
    recipe->pad = (unsigned)pad;
    /* What is left over lies round the page, as much before it as after it. */
    recipe->crop = (unsigned)((2 * candidate->scale * pad - max) / 2);
    *shrink = max == min ? max : -1;
    return true;
}

enum planche_status planche_recipe_derive(const struct planche_graph *graph,
                                          struct planche_recipe *recipe, struct planche_crop *cuts,
                                          int64_t *shrink, struct planche_error *error)
{
    static const int multiples[] = {1, 2, 3, 4, 6, 8, 12, 16, 48};
    struct search search = {.graph = graph, .first_cuts = cuts};
    enum planche_status status = PLANCHE_OK;
    bool found = false;
    search.shapes =
        planche_calloc(graph->budget, (size_t)graph->blob_count, sizeof(*search.shapes));
    search.cuts = planche_calloc(graph->budget, (size_t)graph->layer_count, sizeof(*search.cuts));
    if (!search.shapes || !search.cuts)
        status = planche_graph_no_memory(graph, error);
    int unit = graph->multiple > 1 ? graph->multiple : 1;
    for (size_t i = 0;
         status == PLANCHE_OK && !found && i < sizeof(multiples) / sizeof(multiples[0]); i++)
        for (int remainder = 0; !found && remainder < multiples[i]; remainder++) {
            struct candidate candidate = {.multiple = unit * multiples[i],
                                          .remainder = unit * remainder};
            found = accept(&search, &candidate, recipe, shrink);
        }
    if (status == PLANCHE_OK && !found)
        status =
            planche_layer_fail(graph, &graph->layers[search.culprit], PLANCHE_ERROR_UNSUPPORTED,
                               error, "no page size suits the network: %s", search.why);
    planche_free(search.shapes);
    planche_free(search.cuts);
    return status;
}
