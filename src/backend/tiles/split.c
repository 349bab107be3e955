/* SPDX-License-Identifier: MIT */
/* Splitting a page: the largest tiles whose arena fits. */
#include "backend/tiles/split.h"

#include "base/status.h"

#include <assert.h>

/* Sides that are tried: ever smaller by a quarter, down to this. */
#define MIN_SIDE 16
/* The longest side: devices need not take more than 65535 workgroups side by side, and those of
 * some shaders make 4 rows. */
#define MAX_SIDE 16384

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

bool planche_split_is_whole(const struct planche_split *split)
{
    return split->columns == 1 && split->rows == 1;
}

struct planche_rect planche_split_rect(const struct planche_split *split,
                                       const struct planche_tile_page *page, int64_t column,
                                       int64_t row)
{
    int64_t scale = page->net->recipe.scale;
    int64_t x = column * split->tile_width, y = row * split->tile_height;
    struct planche_rect rect = {
        .x0 = x * scale,
        .x1 = least(x + split->tile_width, page->width) * scale,
        .y0 = y * scale,
        .y1 = least(y + split->tile_height, page->height) * scale,
    };
    assert(column >= 0 && column < split->columns && row >= 0 && row < split->rows);
    assert(!planche_rect_is_empty(rect) && rect.x1 <= page->result.width &&
           rect.y1 <= page->result.height);
    return rect;
}

static void set_sides(struct planche_split *split, const struct planche_tile_page *page,
                      int64_t side)
{
    int64_t width = page->width, height = page->height;
    split->keeps = 0;
    split->kept = 0;
    split->tile_width = least(side, width);
    split->tile_height = least(side, height);
    split->columns = (width + split->tile_width - 1) / split->tile_width;
    split->rows = (height + split->tile_height - 1) / split->tile_height;
}

/* Bytes of the arena that one tile takes at most, in any run of the network over it. */
static bool measure_tile(const struct planche_split *split, struct planche_tile_plan *plan,
                         int64_t column, int64_t row, uint64_t *bytes)
{
    struct planche_rect rect = planche_split_rect(split, plan->page, column, row);
    if (planche_split_is_whole(split)) {
        bool fits = planche_tile_plan_make(plan, PLANCHE_TILE_WHOLE, 0, rect);
        *bytes = plan->bytes;
        return fits;
    }
    for (int level = 0; level <= plan->page->tensors.highest_level; level++) {
        enum planche_tile_goal goal = level ? PLANCHE_TILE_SUMS : PLANCHE_TILE_RESULT;
        if (!planche_tile_plan_make(plan, goal, level, rect))
            return false;
        if (plan->bytes > *bytes)
            *bytes = plan->bytes;
    }
    return true;
}

/* Tiles at edges need less of their surroundings and may begin elsewhere: of each axis the first,
 * one in the middle and the last are looked at. */
static bool measure(struct planche_split *split, struct planche_tile_plan *plan)
{
    int64_t columns[3] = {split->columns / 2, 0, split->columns - 1};
    int64_t rows[3] = {split->rows / 2, 0, split->rows - 1};
    split->arena = 0;
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 3; c++) {
            bool seen = (c > 0 && columns[c] == columns[0]) || (r > 0 && rows[r] == rows[0]);
            if (!seen && !measure_tile(split, plan, columns[c], rows[r], &split->arena))
                return false;
        }
    return true;
}

/* Multiply-adds of all runs over one tile; negative: there is no memory. */
static double tile_macs(const struct planche_split *split, struct planche_tile_plan *plan,
                        int64_t column, int64_t row)
{
    struct planche_rect rect = planche_split_rect(split, plan->page, column, row);
    double macs = 0;
    for (int level = 0; level <= plan->page->tensors.highest_level; level++) {
        enum planche_tile_goal goal = level ? PLANCHE_TILE_SUMS : PLANCHE_TILE_RESULT;
        if (!planche_tile_plan_make(plan, goal, level, rect))
            return -1;
        macs += planche_tile_plan_macs(plan);
    }
    return macs;
}

double planche_split_work(const struct planche_split *split, struct planche_tile_plan *plan)
{
    const struct planche_tile_page *page = plan->page;
    double whole = 0, tiles = 0;
    if (planche_split_is_whole(split))
        return 1;
    for (int s = 0; s < page->net->step_count; s++)
        whole += planche_step_macs(page->net, &page->net->steps[s], page->shapes);
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 3; c++) {
            int64_t rows = r == 1 ? split->rows - 2 : r == 0 || split->rows > 1;
            int64_t columns = c == 1 ? split->columns - 2 : c == 0 || split->columns > 1;
            if (rows <= 0 || columns <= 0)
                continue;
            int64_t row = r == 1 ? split->rows / 2 : r ? split->rows - 1 : 0;
            int64_t column = c == 1 ? split->columns / 2 : c ? split->columns - 1 : 0;
            double macs = tile_macs(split, plan, column, row);
            if (macs < 0)
                return 0;
            tiles += macs * (double)rows * (double)columns;
        }
    return whole > 0 ? tiles / whole : 0;
}

enum planche_status planche_split_page(struct planche_split *split, struct planche_tile_plan *plan,
                                       const struct planche_split_limits *limits,
                                       struct planche_error *error)
{
    const struct planche_tile_page *page = plan->page;
    int64_t longer = page->width > page->height ? page->width : page->height;
    int64_t now = least(limits->side ? limits->side : longer, MAX_SIDE);
    for (;;) {
        set_sides(split, page, now);
        bool fits = measure(split, plan);
        if (fits && split->arena <= limits->memory)
            return PLANCHE_OK;
        if (limits->side || now <= MIN_SIDE)
            return planche_fail(
                error, PLANCHE_ERROR_MEMORY,
                "%s: tiles of %lld x %lld pixels take %llu KiB of GPU memory, and there are %llu; "
                "allow more (option gpu_memory) or smaller ones (option tile)",
                limits->device, (long long)split->tile_width, (long long)split->tile_height,
                (unsigned long long)((split->arena >> 10) + 1),
                (unsigned long long)(limits->memory >> 10));
        now = now * 3 / 4 / PLANCHE_TILE_STEP * PLANCHE_TILE_STEP;
        if (now < MIN_SIDE)
            now = MIN_SIDE;
    }
}

/* The highest bands that fit with what is kept. */
static bool find_bands(struct planche_split *split, struct planche_tile_plan *plan,
                       const struct planche_keeping *keeping,
                       const struct planche_split_limits *limits)
{
    const struct planche_tile_page *page = plan->page;
    if (keeping->bytes >= limits->together)
        return false;
    uint64_t memory = limits->together - keeping->bytes;
    for (int64_t height = page->height; height > MIN_SIDE;) {
        height = height * 3 / 4 / PLANCHE_TILE_STEP * PLANCHE_TILE_STEP;
        if (height < MIN_SIDE)
            height = MIN_SIDE;
        *split = (struct planche_split){
            .tile_width = page->width,
            .tile_height = height,
            .columns = 1,
            .rows = (page->height + height - 1) / height,
            .keeps = keeping->first,
            .kept = keeping->bytes,
        };
        if (split->rows > 1 && measure(split, plan) && split->arena <= memory &&
            split->arena <= limits->memory)
            return true;
    }
    return false;
}

void planche_split_keep(struct planche_split *split, struct planche_tile_plan *plan,
                        struct planche_keeping *keeping, const struct planche_split_limits *limits)
{
    const struct planche_tile_page *page = plan->page;
    *keeping = (struct planche_keeping){0};
    plan->keeping = NULL;
    if (planche_split_is_whole(split) || limits->side || !limits->together ||
        page->width > MAX_SIDE)
        return;
    double work = planche_split_work(split, plan);
    const struct planche_kept_page kept = {
        .net = page->net,
        .shapes = page->shapes,
        .levels = page->tensors.levels,
        .pitches = page->tensors.pitches,
        .sources = page->tensors.sources,
        .highest_level = page->tensors.highest_level,
        .value_bytes = page->tensors.value_bytes,
    };
    for (int first = 1; first <= page->tensors.highest_level; first++) {
        struct planche_split bands;
        if (planche_keeping_make(keeping, &kept, first, plan->budget)) {
            plan->keeping = keeping;
            if (find_bands(&bands, plan, keeping, limits) &&
                planche_split_work(&bands, plan) < work) {
                *split = bands;
                return;
            }
        }
        plan->keeping = NULL;
        planche_keeping_free(keeping);
    }
}
