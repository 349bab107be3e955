/* SPDX-License-Identifier: MIT */
/* Receptive fields, row by row and for rectangles. */
#include "net/receptive_field.h"

#include "net/integers.h"

#include <assert.h>

static void conv_field(const struct planche_step *s, struct planche_receptive_field *rows,
                       struct planche_receptive_field *columns)
{
    bool deconv = s->op == PLANCHE_STEP_DECONV;
    rows->kind = columns->kind =
        deconv ? PLANCHE_RECEPTIVE_FIELD_DECONV : PLANCHE_RECEPTIVE_FIELD_CONV;
    rows->stride = s->stride_h;
    columns->stride = s->stride_w;
    rows->offset = deconv ? s->pad_top : -s->pad_top;
    columns->offset = deconv ? s->pad_left : -s->pad_left;
    rows->extent = (s->kernel_h - 1) * s->dilation_h;
    columns->extent = (s->kernel_w - 1) * s->dilation_w;
}

static struct planche_receptive_field pad_field(enum planche_pad_mode mode, int pad)
{
    switch (mode) {
    case PLANCHE_PAD_REFLECT:
        return (struct planche_receptive_field){PLANCHE_RECEPTIVE_FIELD_REFLECT, 1, pad, 0};
    case PLANCHE_PAD_EDGE:
        return (struct planche_receptive_field){PLANCHE_RECEPTIVE_FIELD_EDGE, 1, pad, 0};
    default:
        return (struct planche_receptive_field){PLANCHE_RECEPTIVE_FIELD_CONV, 1, -pad, 0};
    }
}

void planche_receptive_field_step(const struct planche_step *s,
                                  struct planche_receptive_field *rows,
                                  struct planche_receptive_field *columns)
{
    *rows = *columns = PLANCHE_RECEPTIVE_FIELD_IDENTITY;
    switch (s->op) {
    case PLANCHE_STEP_CONV:
    case PLANCHE_STEP_DECONV:
    case PLANCHE_STEP_DEPTHWISE:
        conv_field(s, rows, columns);
        break;
    case PLANCHE_STEP_INTERP:
        rows->kind = PLANCHE_RECEPTIVE_FIELD_INTERP;
        rows->extent = s->interp == PLANCHE_INTERP_NEAREST    ? 1
                       : s->interp == PLANCHE_INTERP_BILINEAR ? 2
                                                              : 4;
        rows->offset = (int)s->place;
        *columns = *rows;
        break;
    case PLANCHE_STEP_PAD:
        *rows = pad_field(s->pad_mode, s->pad_top);
        *columns = pad_field(s->pad_mode, s->pad_left);
        break;
    case PLANCHE_STEP_ATTENTION:
        *rows = *columns = (struct planche_receptive_field){PLANCHE_RECEPTIVE_FIELD_WINDOW,
                                                            s->window, s->shift, 0};
        break;
    case PLANCHE_STEP_SHUFFLE:
        *rows = *columns = (struct planche_receptive_field){PLANCHE_RECEPTIVE_FIELD_DECONV,
                                                            s->shuffle, 0, s->shuffle - 1};
        break;
    default:
        break;
    }
}

int64_t planche_reflect(int64_t i, int64_t size)
{
    if (size == 1)
        return 0;
    int64_t period = 2 * (size - 1);
    int64_t r = i % period;
    if (r < 0)
        r += period;
    return r < size ? r : period - r;
}

/* Whether [a, b) holds a number that is `rest` modulo period. */
static bool holds(int64_t a, int64_t b, int64_t rest, int64_t period)
{
    return a + ((rest - a) % period + period) % period < b;
}

/* Between its turning points the reflection is monotone, so the extremes are at the ends or at a
 * turning point. */
static void need_reflect(int64_t a, int64_t b, int64_t size, int64_t *lo, int64_t *hi)
{
    *lo = 0;
    *hi = 1;
    if (size == 1)
        return;
    int64_t first = planche_reflect(a, size), last = planche_reflect(b - 1, size);
    int64_t period = 2 * (size - 1);
    *lo = holds(a, b, 0, period) ? 0 : first < last ? first : last;
    *hi = (holds(a, b, size - 1, period) ? size - 1 : first > last ? first : last) + 1;
}

int64_t planche_interp_parts(const struct planche_receptive_field *field, int64_t out)
{
    bool aligned = field->offset == PLANCHE_INTERP_ALIGN_CORNERS;
    return 2 * (aligned ? out > 1 ? out - 1 : 1 : out);
}

/* extent holds the taps: 1 (nearest), 2 (bilinear) or 4 (bicubic). In whole numbers, so that where
 * a row lies among its taps repeats exactly. */
int64_t planche_interp_first(const struct planche_receptive_field *field, int64_t i, int64_t in,
                             int64_t out, int64_t *rest)
{
    int64_t parts = planche_interp_parts(field, out), at, base;
    if (field->offset == PLANCHE_INTERP_ALIGN_CORNERS)
        at = 2 * i * (in - 1) + (field->extent == 1 ? parts / 2 : 0);
    else if (field->offset == PLANCHE_INTERP_ASYMMETRIC || field->extent == 1)
        at = 2 * i * in;
    else
        at = (2 * i + 1) * in - out;
    base = planche_floor_div(at, parts);
    *rest = at - base * parts;
    return field->extent == 1 ? base : base - (field->extent / 2 - 1);
}

void planche_receptive_field_rows(const struct planche_receptive_field *field, int64_t y0,
                                  int64_t y1, int64_t in, int64_t out, int64_t *lo, int64_t *hi)
{
    int64_t rest;
    switch (field->kind) {
    case PLANCHE_RECEPTIVE_FIELD_CONV:
        *lo = y0 * field->stride + field->offset;
        *hi = (y1 - 1) * field->stride + field->offset + field->extent + 1;
        break;
    case PLANCHE_RECEPTIVE_FIELD_DECONV:
        *lo = planche_ceil_div(y0 + field->offset - field->extent, field->stride);
        *hi = planche_floor_div(y1 - 1 + field->offset, field->stride) + 1;
        break;
    case PLANCHE_RECEPTIVE_FIELD_INTERP:
        *lo = planche_interp_first(field, y0, in, out, &rest);
        *hi = planche_interp_first(field, y1 - 1, in, out, &rest) + field->extent;
        break;
    case PLANCHE_RECEPTIVE_FIELD_EDGE:
        *lo = planche_int_clamp(y0 - field->offset, 0, in - 1);
        *hi = planche_int_clamp(y1 - 1 - field->offset, 0, in - 1) + 1;
        break;
    case PLANCHE_RECEPTIVE_FIELD_WINDOW:
        *lo = planche_floor_div(y0 - field->offset, field->stride) * field->stride + field->offset;
        *hi = planche_ceil_div(y1 - field->offset, field->stride) * field->stride + field->offset;
        break;
    case PLANCHE_RECEPTIVE_FIELD_REFLECT:
        need_reflect(y0 - field->offset, y1 - field->offset, in, lo, hi);
        break;
    }
}

void planche_receptive_field_clip(const struct planche_receptive_field *field, int64_t y0,
                                  int64_t y1, int64_t in, int64_t out, int64_t *lo, int64_t *hi)
{
    planche_receptive_field_rows(field, y0, y1, in, out, lo, hi);
    *lo = planche_int_clamp(*lo, 0, in);
    *hi = planche_int_clamp(*hi, 0, in);
}

struct planche_rect planche_view_rect(const struct planche_view *view,
                                      const struct planche_shape *shapes, struct planche_rect part)
{
    struct planche_shape size = planche_view_shape(view, shapes);
    return (struct planche_rect){
        .x0 = planche_int_clamp(part.x0, 0, size.width) + view->left,
        .x1 = planche_int_clamp(part.x1, 0, size.width) + view->left,
        .y0 = planche_int_clamp(part.y0, 0, size.height) + view->top,
        .y1 = planche_int_clamp(part.y1, 0, size.height) + view->top,
    };
}

struct planche_rect planche_receptive_field_rect(const struct planche_receptive_field *rows,
                                                 const struct planche_receptive_field *columns,
                                                 const struct planche_view *view,
                                                 const struct planche_shape *shapes,
                                                 struct planche_shape out, struct planche_rect made)
{
    struct planche_shape in = planche_view_shape(view, shapes);
    struct planche_rect read;
    assert(!planche_rect_is_empty(made));
    planche_receptive_field_rows(rows, made.y0, made.y1, in.height, out.height, &read.y0, &read.y1);
    planche_receptive_field_rows(columns, made.x0, made.x1, in.width, out.width, &read.x0,
                                 &read.x1);
    return planche_view_rect(view, shapes, read);
}
