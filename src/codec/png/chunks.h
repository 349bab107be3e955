/* SPDX-License-Identifier: MIT */
/* Chunk filter: what libpng gets to see of a PNG file. A chunk that a page needs nothing of is
 * passed over here, whatever its length, name and checksum; of the others none is longer than what
 * is left of the file. A file that ends behind its last row is completed. */
#ifndef PLANCHE_CODEC_PNG_CHUNKS_H
#define PLANCHE_CODEC_PNG_CHUNKS_H

#include "codec/format.h"

/* Length, name. */
#define PLANCHE_PNG_HEAD_SIZE 8

/* Zeroed, but for the first four, it is at the beginning of the stream. */
struct planche_png_chunks {
    struct planche_stream *stream;
    struct planche_budget *budget;
    const struct planche_log *log; /* NULL: warnings have been given */
    const char *name;              /* for messages */

    /* What the file says about itself that libpng does not know. */
    bool has_cicp;
    uint8_t cicp[4];  /* primaries, transfer, matrix, full range: numbers of H.273 */
    uint32_t frames;  /* of an animation; 0: it is none */
    bool still_apart; /* the picture is none of the frames */
    bool ended_early; /* the file ends before its end chunk */

    bool begun;         /* the signature has been handed out */
    bool pixels;        /* have begun, */
    bool behind;        /* and ended */
    bool has_xmp;       /* one packet is enough */
    bool ended;         /* the end chunk has been handed out */
    uint64_t at;        /* of the stream */
    const uint8_t *out; /* bytes to be handed out, */
    size_t out_size;    /* how many, */
    uint64_t passing;   /* and how many of the stream behind them */
    bool cut;           /* those are the last of the file: their checksum is made here */
    uint32_t crc;       /* of them */
    uint8_t *held;      /* a whole chunk */
    uint8_t small[16];  /* a head, a checksum */
};

/* The next bytes for libpng: exactly size. Errors: DATA (the file ends too early), UNSUPPORTED (a
 * chunk that Planche does not know and should), IO, MEMORY, BUDGET. */
enum planche_status planche_png_chunks_read(struct planche_png_chunks *chunks, uint8_t *data,
                                            size_t size, struct planche_error *error);
/* Gives memory back; what the file said about itself stays. */
void planche_png_chunks_free(struct planche_png_chunks *chunks);

#endif
