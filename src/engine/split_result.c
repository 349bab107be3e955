/* SPDX-License-Identifier: MIT */
/* Split of a result: where it is cut, and one writer after the other. */
#include "engine/split_result.h"

#include "base/status.h"

/* A row that varies no more than this is of one colour: paper in a JPEG is not quite even. */
#define BLANK 6
/* The least part of what a file can hold that a part has, so that there are not too many. */
#define MIN_SHARE 4

/* The row of the result that the middle of a row of the page becomes. */
static uint32_t row_of(const struct planche_split_options *options, uint32_t y)
{
    return (uint32_t)((2 * (uint64_t)y + 1) * options->out_height /
                      (2 * (uint64_t)options->in_height));
}

/* The first row of the page whose middle is at or behind a row of the result. */
static uint32_t first_at(const struct planche_split_options *options, uint32_t row)
{
    uint32_t y = (uint32_t)((uint64_t)row * options->in_height / options->out_height);
    while (y > 0 && row_of(options, y - 1) >= row)
        y--;
    while (y < options->in_height && row_of(options, y) < row)
        y++;
    return y;
}

static uint32_t distance(uint32_t a, uint32_t b)
{
    return a > b ? a - b : b - a;
}

/* The middle of the blank rows around y that lie within first .. last. */
static uint32_t middle_of_blank(const struct planche_split_options *options, uint32_t y,
                                uint32_t first, uint32_t last)
{
    uint32_t from = y, to = y;
    while (from > first && options->variation[from - 1] <= BLANK)
        from--;
    while (to < last && options->variation[to + 1] <= BLANK)
        to++;
    return from + (to - from) / 2;
}

/* The blank row within low .. high of the result that is nearest to `ideal`, as a row of the
 * result; 0: there is none. */
static uint32_t find_blank(const struct planche_split_options *options, uint32_t low, uint32_t high,
                           uint32_t ideal)
{
    uint32_t first = first_at(options, low), end = first_at(options, high + 1), best = end;
    for (uint32_t y = first; y < end; y++)
        if (options->variation[y] <= BLANK &&
            (best == end ||
             distance(row_of(options, y), ideal) < distance(row_of(options, best), ideal)))
            best = y;
    return best == end ? 0 : row_of(options, middle_of_blank(options, best, first, end - 1));
}

/* The row within low .. high of the result in which least happens, the last of several. */
static uint32_t find_quiet(const struct planche_split_options *options, uint32_t low, uint32_t high)
{
    uint32_t first = first_at(options, low), end = first_at(options, high + 1), best = end;
    for (uint32_t y = first; y < end; y++)
        if (best == end || options->variation[y] <= options->variation[best])
            best = y;
    return best == end ? high : row_of(options, best);
}

/* The row at which the part that begins at start ends; more than a part is left. */
static uint32_t choose_end(const struct planche_split_options *options, uint32_t start)
{
    uint32_t left = options->out_height - start, max_rows = options->max_rows;
    uint32_t parts = left / max_rows + (left % max_rows != 0);
    uint32_t share = max_rows / MIN_SHARE ? max_rows / MIN_SHARE : 1;
    uint32_t low = start + share,
             high = start + (left - share < max_rows ? left - share : max_rows);
    /* From here on no more parts follow than must. */
    uint32_t needed = (uint32_t)(options->out_height - (uint64_t)(parts - 1) * max_rows);
    uint32_t few = needed > low ? needed : low;
    uint32_t end = find_blank(options, few, high, start + left / parts);
    if (!end)
        end = find_blank(options, low, high, high);
    if (!end)
        end = find_quiet(options, few + share < high ? few : low, high);
    return end;
}

enum planche_status planche_split_choose(struct planche_split_result *parts,
                                         const struct planche_split_options *options,
                                         struct planche_error *error)
{
    uint32_t start = 0;
    parts->count = 0;
    parts->ends = planche_calloc(parts->options.budget, PLANCHE_MAX_PARTS, sizeof *parts->ends);
    if (!parts->ends)
        return planche_fail_memory(error, parts->options.budget,
                                   PLANCHE_MAX_PARTS * sizeof *parts->ends, "the result's parts");
    while (parts->count < PLANCHE_MAX_PARTS && start < options->out_height) {
        bool last = !options->variation || options->out_height - start <= options->max_rows;
        start = last ? options->out_height : choose_end(options, start);
        parts->ends[parts->count++] = start;
    }
    if (start == options->out_height)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_LIMIT,
                        "the result would be split into more than %d parts", PLANCHE_MAX_PARTS);
}

static uint32_t height_of(const struct planche_split_result *parts, unsigned part)
{
    return parts->ends[part] - (part ? parts->ends[part - 1] : 0);
}

uint32_t planche_split_tallest(const struct planche_split_result *parts)
{
    uint32_t tallest = 0;
    for (unsigned part = 0; part < parts->count; part++)
        tallest = height_of(parts, part) > tallest ? height_of(parts, part) : tallest;
    return tallest;
}

/* Only the last part's encoder tells its progress: the others run beside the network, on other
 * threads than the page's. */
static enum planche_status open_part(struct planche_split_result *parts,
                                     struct planche_error *error)
{
    struct planche_image_info info = parts->info;
    struct planche_writer_options options = parts->options;
    enum planche_status status = PLANCHE_OK;
    info.height = height_of(parts, parts->part);
    if (parts->part + 1 < parts->count)
        options.progress = NULL;
    if (parts->begin)
        status = parts->begin(parts->sink_user, options.budget, parts->part, error);
    if (status)
        return status;
    return planche_writer_open(&parts->writer, &info, &options, parts->sink, parts->sink_user,
                               error);
}

enum planche_status planche_split_open(struct planche_split_result *parts,
                                       struct planche_error *error)
{
    parts->part = 0;
    parts->row = 0;
    return open_part(parts, error);
}

static enum planche_status next_part(struct planche_split_result *parts,
                                     struct planche_error *error)
{
    enum planche_status status = planche_writer_finish(parts->writer, error);
    planche_writer_destroy(&parts->writer);
    parts->part++;
    return status ? status : open_part(parts, error);
}

enum planche_status planche_split_write(struct planche_split_result *parts, const void *row,
                                        size_t bytes, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    if (parts->row == parts->ends[parts->part])
        status = next_part(parts, error);
    parts->row++;
    return status ? status : planche_writer_write(parts->writer, row, bytes, 1, error);
}

enum planche_status planche_split_finish(struct planche_split_result *parts,
                                         struct planche_error *error)
{
    return planche_writer_finish(parts->writer, error);
}

void planche_split_close(struct planche_split_result *parts)
{
    planche_writer_destroy(&parts->writer);
}
