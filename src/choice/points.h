/* SPDX-License-Identifier: MIT */
/* Black and white point of a grey page: what scans have in the place of black and white, by the
 * histogram of the page's samples.
 *
 * From the dark end, samples are passed over that are no more than one in 500 of the page (dust).
 * If that ends at 8 or before, the page has black, which stays. Else the black point is the most
 * frequent value within the next 24, if it is at most 64 and stands out: the nine values about it
 * have three times as many samples as nine of the darker half have on average. The white point is
 * the same from the other end. So a page with black and white in it stays as it is, and so does one
 * of thin soft lines, which have all values and none most. */
#ifndef PLANCHE_CHOICE_POINTS_H
#define PLANCHE_CHOICE_POINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLANCHE_GREYS 256

/* Samples as they are counted: of 16 bits their upper 8. Zeroes at first. */
struct planche_greys {
    uint64_t count[PLANCHE_GREYS];
};

/* What becomes black and what white; 0 and 255: nothing moves. */
struct planche_points {
    uint8_t black, white;
};

/* Adds a row of grey samples, the first of each of so many channels. */
void planche_greys_add(struct planche_greys *greys, const void *row, size_t width,
                       unsigned channels, unsigned depth);
struct planche_points planche_points_find(const struct planche_greys *greys);
static inline bool planche_points_move(const struct planche_points *points)
{
    return points->black != 0 || points->white != PLANCHE_GREYS - 1;
}

/* Tables by which samples are moved: of 8 bits, and the line that those of 16 follow. */
struct planche_stretch {
    uint8_t bytes[PLANCHE_GREYS];
    uint32_t black, range; /* of 16 bits */
};
void planche_stretch_make(struct planche_stretch *stretch, const struct planche_points *points);
/* Moves the colours of a row of grey pixels, which may have alpha behind each. */
void planche_stretch_row(const struct planche_stretch *stretch, void *row, size_t width,
                         unsigned channels, unsigned depth);

#endif
