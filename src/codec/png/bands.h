/* SPDX-License-Identifier: MIT */
/* Compression of a PNG's filtered rows by several threads. The rows, as one row of bytes, are cut
 * into bands; each is a run of deflate blocks that ends at a byte and begins with what lies before
 * it as its dictionary, so that bands behind each other are one zlib stream (RFC 1950, 1951). Where
 * the cuts are depends on nothing but the size: any number of threads makes the same bytes. */
#ifndef PLANCHE_CODEC_PNG_BANDS_H
#define PLANCHE_CODEC_PNG_BANDS_H

#include "base/alloc.h"

struct planche_pool;
struct planche_png_bands;

/* Most bytes that bands take. size: of all filtered rows; pool: may be NULL. */
uint64_t planche_png_bands_memory(uint64_t size, const struct planche_pool *pool);
/* level: zlib's, 1..9. The pool's idle threads will help, if there is memory for bands of theirs.
 * Errors: MEMORY, BUDGET, INTERNAL. */
enum planche_status planche_png_bands_create(struct planche_png_bands **out, uint64_t size,
                                             int level, struct planche_pool *pool,
                                             struct planche_budget *budget,
                                             struct planche_error *error);
void planche_png_bands_destroy(struct planche_png_bands **bands);

/* Takes some of *data, which moves on. True: as many bands as are worked on at once are full, or
 * all bytes have come; planche_png_bands_compress must follow. */
bool planche_png_bands_add(struct planche_png_bands *bands, const uint8_t **data, size_t *size);
/* Returns how many pieces of the stream there are now; 0: zlib failed. */
unsigned planche_png_bands_compress(struct planche_png_bands *bands);
/* A piece, until the next compression. */
const uint8_t *planche_png_bands_piece(const struct planche_png_bands *bands, unsigned number,
                                       size_t *size);

#endif
