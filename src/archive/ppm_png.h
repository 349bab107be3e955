/* SPDX-License-Identifier: MIT */
/* A picture as netpbm's programs write it (PPM) becomes a PNG as it comes. poppler's own PNG takes
 * twenty times as long as drawing the page: it is packed as small as can be. */
#ifndef PLANCHE_ARCHIVE_PPM_PNG_H
#define PLANCHE_ARCHIVE_PPM_PNG_H

#include "base/alloc.h"

#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>

/* Header of a binary PPM of 8 bits. Zeroed, it is at its beginning. */
struct planche_ppm {
    uint32_t width, height;
    unsigned fields; /* how many of the header's four have come; 4: the pixels follow */
    uint32_t number; /* the one that is coming */
    unsigned digits;
    bool broken;
};
/* Reads at most size bytes, no pixels. Returns how many. */
size_t planche_ppm_read(struct planche_ppm *ppm, const uint8_t *data, size_t size);

#define PLANCHE_PNG_CHUNK_BYTES ((size_t)64 << 10)

enum planche_ppm_png_state {
    PLANCHE_PPM_PNG_MORE,  /* more input is wanted */
    PLANCHE_PPM_PNG_READY, /* a part of the PNG is there */
    PLANCHE_PPM_PNG_DONE,
    PLANCHE_PPM_PNG_BROKEN, /* the picture is not what its header says */
    PLANCHE_PPM_PNG_MEMORY
};

/* A conversion. For one thread at a time. */
struct planche_ppm_png {
    struct planche_ppm ppm;
    uint32_t density;    /* pixels per metre; 0: unknown */
    uint64_t max_pixels; /* more are broken */
    struct planche_budget *budget;
    z_stream deflater;
    bool deflating, ended, last_sent;
    uint8_t left[3];         /* the pixel before */
    uint8_t lowest, highest; /* of all samples so far */
    uint64_t column, row;    /* bytes of the current row, rows */
    uint8_t filtered[4096];
    /* The part of the PNG that is ready: a whole chunk. */
    uint8_t out[PLANCHE_PNG_CHUNK_BYTES + 12];
    size_t out_size;
};

/* Takes some of *data, moving it. With *size 0 the picture has ended. What is READY in out must be
 * taken before the next call. */
enum planche_ppm_png_state planche_ppm_png_step(struct planche_ppm_png *png, const uint8_t **data,
                                                size_t *size);
/* Gives back what it holds. Zeroed, it holds nothing. */
void planche_ppm_png_end(struct planche_ppm_png *png);

#endif
