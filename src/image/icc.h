/* SPDX-License-Identifier: MIT */
/* ICC profiles: what they describe, and making the few that Planche needs. */
#ifndef PLANCHE_IMAGE_ICC_H
#define PLANCHE_IMAGE_ICC_H

#include "base/alloc.h"
#include "base/error_trap.h"

#include <lcms2.h>
#include <planche/error.h>

/* Links of a ring. */
struct planche_icc_block {
    struct planche_icc_block *previous, *next;
};

/* A context of lcms2 whose memory counts in a budget, and is all given back when it is closed. */
struct planche_icc {
    cmsContext context;
    struct planche_budget *budget;
    struct planche_icc_block blocks; /* what lcms2 holds */
    struct planche_error_trap trap;
    bool running; /* a step is */
};

/* icc must stay where it is until it is closed. Errors: MEMORY, BUDGET. */
enum planche_status planche_icc_open(struct planche_icc *icc, struct planche_budget *budget,
                                     struct planche_error *error);
void planche_icc_close(struct planche_icc *icc);
/* Runs step(user), which uses lcms2 with the context. An allocation that fails ends the step at
 * once, since lcms2 would go on without the memory and crash; all that is left to do then is to
 * close icc. Errors: MEMORY, BUDGET. */
enum planche_status planche_icc_run(struct planche_icc *icc, struct planche_error *error,
                                    void (*step)(void *user), void *user);

enum planche_icc_kind {
    PLANCHE_ICC_DAMAGED = 0,
    PLANCHE_ICC_GREY = 1,
    PLANCHE_ICC_RGB = 3,
    PLANCHE_ICC_CMYK = 4,
    PLANCHE_ICC_OTHER = 5 /* sound, but not a profile of pixels that Planche knows */
};

/* Which pixels a profile is for; it is read far enough to be used. Errors: MEMORY, BUDGET. */
enum planche_status planche_icc_get_kind(struct planche_budget *budget, const void *data,
                                         size_t size, enum planche_icc_kind *kind,
                                         struct planche_error *error);

/* Version of lcms2 as it is loaded: 2140 is 2.14. */
int planche_icc_library_version(void);

/* Primaries and exponent as a file states them by numbers; 0: not stated. */
struct planche_icc_colours {
    double gamma; /* exponent from sample to light: 2.2 */
    double white_x, white_y, red_x, red_y, green_x, green_y, blue_x, blue_y;
    bool video; /* the curve of Rec. 709 instead of an exponent */
};

/* A profile (to be planche_free()d) for 1 or 3 channels of such colours; *data stays NULL when they
 * are those of sRGB as far as the eye can tell, or no colours at all. Errors: MEMORY, BUDGET. */
enum planche_status planche_icc_from_colours(struct planche_budget *budget, unsigned channels,
                                             const struct planche_icc_colours *colours,
                                             uint8_t **data, size_t *size,
                                             struct planche_error *error);

/* An RGB profile (to be planche_free()d) in which grey pixels repeated in three channels look as
 * the grey profile says; *data stays NULL when it cannot be made. Errors: MEMORY, BUDGET. */
enum planche_status planche_icc_grey_to_rgb(struct planche_budget *budget, const void *grey,
                                            size_t grey_size, uint8_t **data, size_t *size,
                                            struct planche_error *error);

/* A grey profile (to be planche_free()d) in which pixels look as pixels of three equal channels do
 * in the RGB profile; *data stays NULL when there is none: unless all that the profile has is a
 * matrix that makes white of equal channels, and one curve for all of them. Errors: MEMORY, BUDGET.
 */
enum planche_status planche_icc_rgb_to_grey(struct planche_budget *budget, const void *rgb,
                                            size_t rgb_size, uint8_t **data, size_t *size,
                                            struct planche_error *error);

/* Fills in 3 tables of `count` points (at least 2) with the light, 0..1, of even steps of the
 * sample as a profile for 1 or 3 colours has it. *found is false when it has no such curves:
 * damaged, or of tables only. Errors: MEMORY, BUDGET. */
enum planche_status planche_icc_get_curves(struct planche_budget *budget, const void *data,
                                           size_t size, unsigned colours, float *tables,
                                           size_t count, bool *found, struct planche_error *error);

#endif
