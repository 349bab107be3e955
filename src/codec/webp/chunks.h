/* SPDX-License-Identifier: MIT */
/* Chunks of a WebP file: where its one picture lies, and its metadata. RIFF's own size is only
 * believed where it agrees with the chunks. */
#ifndef PLANCHE_CODEC_WEBP_CHUNKS_H
#define PLANCHE_CODEC_WEBP_CHUNKS_H

#include "codec/format.h"

/* A part of the file; size 0: there is none. */
struct planche_webp_part {
    uint64_t at, size;
};

struct planche_webp_chunks {
    bool canvas;            /* the next two are stated */
    uint32_t width, height; /* of the canvas */
    /* The picture's bitstream, from its alpha to its end, as libwebp takes it without RIFF's head;
     * cut: the file ends within it. */
    struct planche_webp_part picture;
    bool cut, alpha;
    uint64_t pixels; /* where in the file the chunk behind the alpha begins */
    uint64_t frames; /* of an animation; 0: it is none */
    uint32_t x, y;   /* of a frame on the canvas */
    struct planche_webp_part icc, exif, xmp; /* contents */
    const char *oddity; /* what the file should not be like, for a warning; NULL: nothing */
};

/* Reads the heads of the chunks. Errors: DATA (no picture, too many chunks), IO. */
enum planche_status planche_webp_chunks_find(struct planche_webp_chunks *chunks,
                                             const struct planche_stream *stream,
                                             struct planche_error *error);

#endif
