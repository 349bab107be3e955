/* SPDX-License-Identifier: MIT */
/* Memory planner, greedy by lifetimes: each tensor is put into the lowest gap that is free for as
 * long as it lives. What comes out depends on which is placed first: those that are made first, or
 * the largest. Both orders are tried. */
#include "backend/tiles/memory_planner.h"

#include <stdlib.h>
#include <string.h>

#define ALIGNMENT UINT64_C(256)

/* A tensor's bytes and its life: the steps from the one that makes it to its last reader. */
struct span {
    uint64_t bytes, offset;
    int tensor, first, last;
};

/* Those of one plan. */
struct spans {
    int count;
    const struct planche_memory_format *format;
    uint64_t total;      /* of all bytes */
    struct span *list;   /* [count], in the order in which they are to be placed */
    struct span *placed; /* [count], by offset */
};

/* Shaders with matrices count pieces of 8 values, all count pixels and the bytes of a row. */
static bool is_countable(uint64_t width, uint64_t height, uint64_t pitch, unsigned value_bytes)
{
    uint64_t pixels, row, pieces;
    return !__builtin_mul_overflow(width, height, &pixels) && pixels <= INT32_MAX &&
           !__builtin_mul_overflow(pixels, (pitch + 7) / 8, &pieces) && pieces <= INT32_MAX &&
           !__builtin_mul_overflow(width, pitch * value_bytes, &row) && row <= INT32_MAX;
}

static bool span_bytes(const struct planche_rect *r, int pitch,
                       const struct planche_memory_format *format, uint64_t *bytes)
{
    uint64_t width = (uint64_t)(r->x1 - r->x0), height = (uint64_t)(r->y1 - r->y0);
    if (!is_countable(width, height, (uint64_t)pitch, format->value_bytes))
        return false;
    *bytes = width * height * (uint64_t)pitch * format->value_bytes;
    *bytes = (*bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return !format->block || *bytes <= format->block;
}

static bool add_span(struct spans *spans, int tensor, int first, int last,
                     const struct planche_rect *region)
{
    struct span *span = &spans->list[spans->count];
    if (planche_rect_is_empty(*region) ||
        (spans->format->elsewhere && spans->format->elsewhere[tensor]))
        return true;
    *span = (struct span){.tensor = tensor, .first = first, .last = last};
    spans->count++;
    /* No offset exceeds the sum. */
    return span_bytes(region, spans->format->pitches[tensor], spans->format, &span->bytes) &&
           !__builtin_add_overflow(spans->total, span->bytes, &spans->total);
}

static int source_of(const struct planche_memory_format *format, int tensor)
{
    return format->sources ? format->sources[tensor] : tensor;
}

/* last[tensor]: the last step that reads it. */
static void find_last(const struct planche_net *net, const bool *needed,
                      const struct planche_memory_format *format, int *last)
{
    memset(last, 0, (size_t)net->tensor_count * sizeof(*last));
    for (int s = 0; s < net->step_count; s++) {
        const struct planche_step *step = &net->steps[s];
        if (!needed[s])
            continue;
        last[step->output] = s;
        for (int i = 0; i < step->input_count; i++)
            last[source_of(format, step->inputs[i].tensor)] = s;
        for (int r = 0; r < step->residual_count; r++)
            last[source_of(format, step->residuals[r].view.tensor)] = s;
    }
    last[net->output.tensor] = net->step_count;
}

/* In the order of the steps that make them. */
static bool find_spans(struct spans *spans, const struct planche_net *net,
                       const struct planche_rect *regions, const bool *needed, const int *last)
{
    bool fits = add_span(spans, 0, -1, last[0], &regions[0]);
    for (int s = 0; s < net->step_count && fits; s++) {
        int t = net->steps[s].output;
        if (needed[s] && source_of(spans->format, t) == t)
            fits = add_span(spans, t, s, last[t], &regions[t]);
    }
    return fits;
}

/* The first offset from `offset` on where so many bytes lie in one block. */
static uint64_t within_block(uint64_t offset, uint64_t bytes, uint64_t block)
{
    return !block || offset / block == (offset + bytes - 1) / block ? offset
                                                                    : (offset / block + 1) * block;
}

/* Puts a span into the lowest gap between those placed before it that live when it does. */
static void place(struct span *placed, int count, struct span *span, uint64_t block)
{
    int at = count;
    span->offset = 0;
    for (int i = 0; i < count; i++) {
        if (placed[i].first > span->last || placed[i].last < span->first)
            continue;
        if (placed[i].offset >= span->offset + span->bytes)
            break;
        if (placed[i].offset + placed[i].bytes > span->offset)
            span->offset = within_block(placed[i].offset + placed[i].bytes, span->bytes, block);
    }
    while (at > 0 && placed[at - 1].offset > span->offset)
        at--;
    memmove(&placed[at + 1], &placed[at], (size_t)(count - at) * sizeof(*placed));
    placed[at] = *span;
}

/* Takes the offsets over if they need less than what the plan has so far. */
static void place_all(struct spans *spans, struct planche_memory_plan *plan)
{
    uint64_t bytes = 0;
    for (int i = 0; i < spans->count; i++) {
        struct span *span = &spans->list[i];
        place(spans->placed, i, span, spans->format->block);
        if (span->offset + span->bytes > bytes)
            bytes = span->offset + span->bytes;
    }
    if (bytes >= plan->bytes)
        return;
    plan->bytes = bytes;
    for (int i = 0; i < spans->count; i++)
        plan->offsets[spans->list[i].tensor] = spans->list[i].offset;
}

/* The larger first; among equals the order of time. */
static int compare_sizes(const void *a, const void *b)
{
    const struct span *one = a, *other = b;
    if (one->bytes != other->bytes)
        return one->bytes > other->bytes ? -1 : 1;
    return one->first - other->first;
}

bool planche_memory_plan_make(struct planche_memory_plan *plan, const struct planche_net *net,
                              const struct planche_rect *regions, const bool *needed,
                              const struct planche_memory_format *format,
                              struct planche_budget *budget)
{
    size_t tensors = (size_t)net->tensor_count;
    struct spans spans = {.format = format,
                          .list = planche_calloc(budget, 2 * tensors, sizeof(*spans.list))};
    int *last = planche_calloc(budget, tensors, sizeof(*last));
    bool made = spans.list && last;
    if (made) {
        spans.placed = spans.list + tensors;
        find_last(net, needed, format, last);
        made = find_spans(&spans, net, regions, needed, last);
    }
    if (made) {
        memset(plan->offsets, 0, tensors * sizeof(*plan->offsets));
        plan->bytes = spans.count > 0 ? UINT64_MAX : 0;
        place_all(&spans, plan);
        qsort(spans.list, (size_t)spans.count, sizeof(*spans.list), compare_sizes);
        place_all(&spans, plan);
    }
    planche_free(spans.list);
    planche_free(last);
    return made;
}
