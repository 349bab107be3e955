/* SPDX-License-Identifier: MIT */
/* Halo of a tile: receptive fields added up from the last step back to the first. */
#include "backend/tiles/halo.h"

#include "net/receptive_field.h"

#include <string.h>

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void widen_view(const struct planche_view *view, const struct planche_shape *shapes,
                       struct planche_rect part, struct planche_rect *regions)
{
    planche_rect_widen(&regions[view->tensor], planche_view_rect(view, shapes, part));
}

static void widen_inputs(const struct planche_step *step, const struct planche_shape *shapes,
                         struct planche_rect *regions)
{
    struct planche_shape out = shapes[step->output];
    struct planche_rect made = regions[step->output];
    struct planche_receptive_field rows, columns;
    planche_receptive_field_step(step, &rows, &columns);
    for (int i = 0; i < step->input_count; i++)
        planche_rect_widen(
            &regions[step->inputs[i].tensor],
            planche_receptive_field_rect(&rows, &columns, &step->inputs[i], shapes, out, made));
    for (int r = 0; r < step->residual_count; r++)
        widen_view(&step->residuals[r].view, shapes, made, regions);
}

/* Makes a step's part of its output one of whole squares. */
static void take_squares(const struct planche_net *net, const struct planche_shape *shapes,
                         const int *squares, int s, struct planche_rect *regions)
{
    int tensor = net->steps[s].output, side = squares ? squares[s] : 0;
    struct planche_rect *region = &regions[tensor];
    if (!side)
        return;
    region->x0 -= region->x0 % side;
    region->y0 -= region->y0 % side;
    region->x1 = least((region->x1 + side - 1) / side * side, shapes[tensor].width);
    region->y1 = least((region->y1 + side - 1) / side * side, shapes[tensor].height);
}

static bool makes_vector(const struct planche_step *step)
{
    return step->op == PLANCHE_STEP_POOL || step->op == PLANCHE_STEP_INNER;
}

static void walk_back(const struct planche_net *net, const struct planche_shape *shapes,
                      const int *squares, struct planche_rect *regions, bool *needed)
{
    for (int s = net->step_count - 1; s >= 0; s--) {
        const struct planche_step *step = &net->steps[s];
        if (makes_vector(step) || planche_rect_is_empty(regions[step->output]))
            continue;
        needed[s] = true;
        take_squares(net, shapes, squares, s, regions);
        widen_inputs(step, shapes, regions);
    }
}

static void clear(const struct planche_net *net, struct planche_rect *regions, bool *needed)
{
    memset(regions, 0, (size_t)net->tensor_count * sizeof(*regions));
    memset(needed, 0, (size_t)net->step_count * sizeof(*needed));
}

void planche_halo_of_tile(const struct planche_net *net, const struct planche_shape *shapes,
                          const int *squares, struct planche_rect tile,
                          struct planche_rect *regions, bool *needed)
{
    int64_t crop = net->recipe.crop;
    clear(net, regions, needed);
    tile.x0 += crop;
    tile.x1 += crop;
    tile.y0 += crop;
    tile.y1 += crop;
    widen_view(&net->output, shapes, tile, regions);
    walk_back(net, shapes, squares, regions, needed);
}

/* Borders are places in the result brought down to the view, so tiles that meet there meet here. */
static struct planche_rect own_part(struct planche_shape view, struct planche_shape result,
                                    struct planche_rect tile)
{
    return (struct planche_rect){
        .x0 = tile.x0 * view.width / result.width,
        .x1 = tile.x1 * view.width / result.width,
        .y0 = tile.y0 * view.height / result.height,
        .y1 = tile.y1 * view.height / result.height,
    };
}

void planche_halo_of_level(const struct planche_net *net, const struct planche_shape *shapes,
                           struct planche_shape result, const int *squares,
                           const int *tensor_levels, int level, struct planche_rect tile,
                           struct planche_rect *regions, bool *needed, struct planche_rect *owned)
{
    clear(net, regions, needed);
    memset(owned, 0, (size_t)net->step_count * sizeof(*owned));
    for (int s = 0; s < net->step_count; s++) {
        const struct planche_step *step = &net->steps[s];
        if (step->op != PLANCHE_STEP_POOL || tensor_levels[step->output] != level)
            continue;
        owned[s] = own_part(planche_view_shape(&step->inputs[0], shapes), result, tile);
        needed[s] = !planche_rect_is_empty(owned[s]);
        widen_view(&step->inputs[0], shapes, owned[s], regions);
    }
    walk_back(net, shapes, squares, regions, needed);
}

/* The region of a tensor that is kept, in whole rows from one on that is well aligned. */
static void take_rows(struct planche_rect *region, struct planche_shape shape)
{
    region->x0 = 0;
    region->x1 = shape.width;
    region->y0 = region->y0 / PLANCHE_KEPT_ROWS * PLANCHE_KEPT_ROWS;
}

void planche_halo_keep(const struct planche_net *net, const struct planche_shape *shapes,
                       struct planche_shape result, const int *squares,
                       const struct planche_keeping *keeping, int run, struct planche_rect tile,
                       struct planche_rect *regions, bool *needed, const struct planche_rect *owned)
{
    struct planche_rect goal = regions[net->output.tensor];
    bool pools = planche_rect_is_empty(goal);
    clear(net, regions, needed);
    regions[net->output.tensor] = pools ? regions[net->output.tensor] : goal;
    for (int s = 0; s < net->step_count; s++) {
        const struct planche_step *step = &net->steps[s];
        if (pools && step->op == PLANCHE_STEP_POOL && !planche_rect_is_empty(owned[s])) {
            needed[s] = true;
            widen_view(&step->inputs[0], shapes, owned[s], regions);
        }
        if (planche_keeping_makes(keeping, run, step->output))
            planche_rect_widen(&regions[step->output],
                               own_part(shapes[step->output], result, tile));
    }
    for (int s = net->step_count - 1; s >= 0; s--) {
        const struct planche_step *step = &net->steps[s];
        int tensor = step->output;
        if (makes_vector(step) || planche_rect_is_empty(regions[tensor]))
            continue;
        if (planche_keeping_finds(keeping, run, tensor)) {
            regions[tensor] =
                (struct planche_rect){0, shapes[tensor].width, 0, shapes[tensor].height};
            continue;
        }
        if (planche_keeping_makes(keeping, run, tensor))
            take_rows(&regions[tensor], shapes[tensor]);
        needed[s] = true;
        take_squares(net, shapes, squares, s, regions);
        widen_inputs(step, shapes, regions);
    }
}
