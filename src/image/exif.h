/* SPDX-License-Identifier: MIT */
/* The few things Planche reads and changes in EXIF (a TIFF structure) and XMP. */
#ifndef PLANCHE_IMAGE_EXIF_H
#define PLANCHE_IMAGE_EXIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The orientation, 1..8, that the first directory states (1 when it says none or nonsense), which
 * is then set to 1 in place. */
unsigned planche_exif_take_orientation(uint8_t *exif, size_t size);

/* The structure begins as it should. */
bool planche_exif_is_sound(const uint8_t *exif, size_t size);

/* The resolution in pixels per metre; false: none is stated. */
bool planche_exif_get_density(const uint8_t *exif, size_t size, double *x, double *y);

/* Removes the thumbnail, which is one of another picture: the second directory is cut off, and a
 * JPEG that it points to is removed if it is the last thing in the structure, else made zeroes.
 * *size becomes what is left. */
void planche_exif_drop_thumbnail(uint8_t *exif, size_t *size);

/* The number of further pictures in a file that an index of them states (CIPA DC-007, the content
 * of a marker "MPF"), without smaller versions of the first. */
unsigned planche_exif_count_pictures(const uint8_t *index, size_t size);

/* A structure that states a resolution and nothing else, for a format that has no other place for
 * it. */
#define PLANCHE_EXIF_DENSITY_SIZE 66
void planche_exif_from_density(uint8_t exif[PLANCHE_EXIF_DENSITY_SIZE], double x, double y);

/* Sets every tiff:Orientation in an XMP packet to 1, in place. */
void planche_xmp_reset_orientation(uint8_t *xmp, size_t size);

#endif
