/* SPDX-License-Identifier: MIT */
/* Receptive field: how rows (and, apart from them, columns) of what a step makes depend on those of
 * what it reads. Arithmetic that all backends share. */
#ifndef PLANCHE_NET_RECEPTIVE_FIELD_H
#define PLANCHE_NET_RECEPTIVE_FIELD_H

#include "net/net.h"
#include "net/rect.h"

/* How the rows (or columns) of an output depend on those of one input. */
enum planche_receptive_field_kind {
    PLANCHE_RECEPTIVE_FIELD_CONV,    /* input y*stride + offset .. + extent */
    PLANCHE_RECEPTIVE_FIELD_DECONV,  /* every i with i*stride <= y + offset <= i*stride + extent */
    PLANCHE_RECEPTIVE_FIELD_INTERP,  /* around (y + 0.5) * in / out - 0.5 */
    PLANCHE_RECEPTIVE_FIELD_REFLECT, /* reflect(y - offset) within the input */
    PLANCHE_RECEPTIVE_FIELD_EDGE,    /* y - offset, or the edge of the input that it lies beyond */
    PLANCHE_RECEPTIVE_FIELD_WINDOW   /* all of the `stride` rows of which one begins at offset */
};

struct planche_receptive_field {
    enum planche_receptive_field_kind kind;
    int stride, offset, extent; /* extent: rows beyond the first; INTERP: taps, and offset is an
                                   enum planche_interp_place */
};

/* Row y of the output needs row y of the input: residuals, and steps that work pixel by pixel. */
#define PLANCHE_RECEPTIVE_FIELD_IDENTITY                                                           \
    ((struct planche_receptive_field){PLANCHE_RECEPTIVE_FIELD_CONV, 1, 0, 0})

/* How a step reads its own inputs (its residuals are read pixel by pixel). POOL and INNER, which
 * make vectors, get the identity. */
void planche_receptive_field_step(const struct planche_step *step,
                                  struct planche_receptive_field *rows,
                                  struct planche_receptive_field *columns);

/* The input rows [*lo, *hi) that output rows [y0, y1) need, before clamping to the input; y0 < y1.
 * in and out are the sizes of the view and of the output. Rows without any input give *lo >= *hi.
 */
void planche_receptive_field_rows(const struct planche_receptive_field *field, int64_t y0,
                                  int64_t y1, int64_t in, int64_t out, int64_t *lo, int64_t *hi);
/* The same, clamped to the view: those beyond it are padding. */
void planche_receptive_field_clip(const struct planche_receptive_field *field, int64_t y0,
                                  int64_t y1, int64_t in, int64_t out, int64_t *lo, int64_t *hi);
/* The part of a tensor that a part of a view of it is, less what lies beyond the view. */
struct planche_rect planche_view_rect(const struct planche_view *view,
                                      const struct planche_shape *shapes, struct planche_rect part);
/* Halo propagation: the part of a tensor that a part `made` of an output, which is not empty and
 * has the whole size out, needs through a view of the tensor. May be empty. */
struct planche_rect planche_receptive_field_rect(const struct planche_receptive_field *rows,
                                                 const struct planche_receptive_field *columns,
                                                 const struct planche_view *view,
                                                 const struct planche_shape *shapes,
                                                 struct planche_shape out,
                                                 struct planche_rect made);
/* The first input row of output row i's taps for an INTERP field, which may lie outside the input,
 * and how far i lies beyond its place: *rest of planche_interp_parts(). */
int64_t planche_interp_first(const struct planche_receptive_field *field, int64_t i, int64_t in,
                             int64_t out, int64_t *rest);
int64_t planche_interp_parts(const struct planche_receptive_field *field, int64_t out);
/* Index into [0, size) of position i reflected about the edges, which are not repeated. */
int64_t planche_reflect(int64_t i, int64_t size);

#endif
