/* SPDX-License-Identifier: MIT */
/* The page in eight orientations, and the sum of what becomes of them. */
#include "engine/tta.h"

#include "base/status.h"

#include <string.h>

/* Bits of a turn. The eight combinations are four rotations and their mirror images. */
enum { FLIP_ROWS = 1, FLIP_COLUMNS = 2, SIDEWAYS = 4 };

struct planche_tta {
    struct planche_tta_options options;
    size_t pixel_bytes;
    int turn;
    uint8_t *page;  /* [height][width] pixels */
    uint8_t *row;   /* a row of a turned page */
    float *sums;    /* [height * scale][width * scale][colours] */
    float *mean[3]; /* [colours] rows of the result */
};

bool planche_tta_is_sideways(int turn)
{
    return (turn & SIDEWAYS) != 0;
}

static size_t pixel_bytes(const struct planche_tta_options *o)
{
    return (size_t)o->colours * (o->depth / 8);
}

static size_t longest(const struct planche_tta_options *o)
{
    return o->width > o->height ? o->width : o->height;
}

uint64_t planche_tta_memory(const struct planche_tta_options *o)
{
    const uint64_t uncountable = UINT64_MAX / 4;
    uint64_t pixels = (uint64_t)o->width * o->height;
    uint64_t each = pixel_bytes(o) + (uint64_t)o->scale * o->scale * o->colours * sizeof(float);
    uint64_t row =
        longest(o) * pixel_bytes(o) + (uint64_t)o->width * o->scale * o->colours * sizeof(float);
    if (pixels > (uncountable - row) / each)
        return uncountable;
    return pixels * each + row + sizeof(struct planche_tta) + 1024;
}

static bool allocate(struct planche_tta *tta, struct planche_budget *budget)
{
    const struct planche_tta_options *o = &tta->options;
    size_t pixels = (size_t)o->width * o->height;
    size_t samples = (size_t)o->scale * o->scale * o->colours;
    size_t wide = (size_t)o->width * o->scale;
    tta->page = planche_calloc(budget, pixels, tta->pixel_bytes);
    tta->row = planche_calloc(budget, longest(o), tta->pixel_bytes);
    tta->sums = planche_calloc(budget, pixels, samples * sizeof(float));
    tta->mean[0] = planche_calloc(budget, wide, o->colours * sizeof(float));
    if (!tta->page || !tta->row || !tta->sums || !tta->mean[0])
        return false;
    for (unsigned c = 1; c < PLANCHE_PLANES; c++)
        tta->mean[c] = tta->mean[0] + (o->colours == PLANCHE_PLANES ? c * wide : 0);
    return true;
}

enum planche_status planche_tta_create(struct planche_tta **out,
                                       const struct planche_tta_options *options,
                                       struct planche_budget *budget, struct planche_error *error)
{
    struct planche_tta *tta = planche_calloc(budget, 1, sizeof(*tta));
    *out = tta;
    if (tta) {
        tta->options = *options;
        tta->pixel_bytes = pixel_bytes(options);
        if (allocate(tta, budget))
            return PLANCHE_OK;
    }
    planche_tta_destroy(out);
    return planche_fail(
        error, PLANCHE_ERROR_MEMORY, "no memory for the sum of %d results (tta) of %u x %u pixels",
        PLANCHE_TTA_TURNS, options->width * options->scale, options->height * options->scale);
}

void planche_tta_destroy(struct planche_tta **tta)
{
    struct planche_tta *t = *tta;
    if (!t)
        return;
    planche_free(t->page);
    planche_free(t->row);
    planche_free(t->sums);
    planche_free(t->mean[0]);
    planche_free(t);
    *tta = NULL;
}

enum planche_status planche_tta_fill(struct planche_tta *tta, struct planche_input *input,
                                     struct planche_error *error)
{
    size_t row_bytes = tta->options.width * tta->pixel_bytes;
    for (int64_t y = 0; y < tta->options.height; y++) {
        const void *row;
        enum planche_status status = planche_input_row(input, y, &row, error);
        if (status)
            return status;
        memcpy(tta->page + (size_t)y * row_bytes, row, row_bytes);
    }
    return PLANCHE_OK;
}

void planche_tta_turn(struct planche_tta *tta, int turn)
{
    tta->turn = turn;
}

/* A row of a turned picture lies along a row or a column of the picture, forwards or backwards. */
struct walk {
    ptrdiff_t start, step; /* pixels */
};

static struct walk walk_from(const struct planche_tta *tta, unsigned scale, int64_t row,
                             int64_t column)
{
    ptrdiff_t width = (ptrdiff_t)tta->options.width * scale;
    ptrdiff_t height = (ptrdiff_t)tta->options.height * scale;
    bool sideways = planche_tta_is_sideways(tta->turn);
    ptrdiff_t y = sideways ? column : row, x = sideways ? row : column;
    ptrdiff_t down = width, right = 1;
    if (tta->turn & FLIP_ROWS) {
        y = height - 1 - y;
        down = -down;
    }
    if (tta->turn & FLIP_COLUMNS) {
        x = width - 1 - x;
        right = -right;
    }
    return (struct walk){.start = y * width + x, .step = sideways ? down : right};
}

const void *planche_tta_row(struct planche_tta *tta, int64_t y, int64_t x, size_t count)
{
    struct walk walk = walk_from(tta, 1, y, x);
    ptrdiff_t bytes = (ptrdiff_t)tta->pixel_bytes;
    const uint8_t *from = tta->page + walk.start * bytes;
    for (size_t i = 0; i < count; i++)
        memcpy(tta->row + i * tta->pixel_bytes, from + (ptrdiff_t)i * walk.step * bytes,
               tta->pixel_bytes);
    return tta->row;
}

void planche_tta_add(struct planche_tta *tta, int64_t y, int64_t x, size_t count,
                     const float *const planes[PLANCHE_PLANES])
{
    struct walk walk = walk_from(tta, tta->options.scale, y, x);
    ptrdiff_t colours = (ptrdiff_t)tta->options.colours;
    float *sums = tta->sums + walk.start * colours;
    for (size_t i = 0; i < count; i++) {
        float *to = sums + (ptrdiff_t)i * walk.step * colours;
        if (colours == 1) {
            to[0] += planes[0][i] + planes[1][i] + planes[2][i];
        } else {
            to[0] += planes[0][i];
            to[1] += planes[1][i];
            to[2] += planes[2][i];
        }
    }
}

void planche_tta_mean(struct planche_tta *tta, int64_t y, const float *planes[PLANCHE_PLANES])
{
    size_t wide = (size_t)tta->options.width * tta->options.scale;
    size_t colours = tta->options.colours;
    const float *sums = tta->sums + (size_t)y * wide * colours;
    /* What is grey has the sum of three planes. */
    const float each = colours == 1 ? 1.0f / (3 * PLANCHE_TTA_TURNS) : 1.0f / PLANCHE_TTA_TURNS;
    for (size_t i = 0; i < wide; i++)
        for (size_t c = 0; c < colours; c++)
            tta->mean[c][i] = sums[i * colours + c] * each;
    for (int c = 0; c < PLANCHE_PLANES; c++)
        planes[c] = tta->mean[c];
}
