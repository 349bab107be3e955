/* SPDX-License-Identifier: MIT */
/* Inter-process protocol between a reader and planche-decode, the helper program that runs the
 * libraries of some formats: what it adds to io/helper_protocol.h. KIND is the name of a format
 * (planche_format_extension), or PLANCHE_DECODE_PAGES: then FORMAT comes before OPEN. Rows pass
 * through shared memory, PLANCHE_DECODE_WINDOW, which the reader gives a size before the first
 * ROWS. */
#ifndef PLANCHE_CODEC_DECODE_PROTOCOL_H
#define PLANCHE_CODEC_DECODE_PROTOCOL_H

#include "io/helper_protocol.h"

#define PLANCHE_DECODE_VERSION "3"
#define PLANCHE_DECODE_PROGRAM "planche-decode"
#define PLANCHE_DECODE_WINDOW  (PLANCHE_HELPER_INPUT + 1)

/* The formats whose libraries the program is linked with: which one it is to be need not be known
 * when it is started. */
#define PLANCHE_DECODE_PAGES "pages"

/* Bytes of a warning at most. */
#define PLANCHE_DECODE_WARNING_BYTES 512u

enum planche_decode_verb {
    PLANCHE_DECODE_OPEN = 16, /* size: pixels at most; answer: BLOBs, then IMAGE; or ERROR */
    PLANCHE_DECODE_PIXELS,    /* decodes what cannot be decoded in pieces; answer: DONE or ERROR */
    PLANCHE_DECODE_ROWS,      /* the next size rows into the window; answer: DONE or ERROR */
    PLANCHE_DECODE_REWIND,    /* back to row 0; answer: DONE or ERROR */
    PLANCHE_DECODE_FORMAT,    /* size: enum planche_format; no answer */
    PLANCHE_DECODE_CHECK,     /* decodes all, and keeps nothing; answer: DONE or ERROR */
};

enum planche_decode_type {
    PLANCHE_DECODE_IMAGE = 16, /* struct planche_decode_image */
    PLANCHE_DECODE_BLOB,       /* struct planche_decode_blob, then its bytes */
    PLANCHE_DECODE_DONE,       /* uint64_t: bytes of memory that are given back */
    PLANCHE_DECODE_WARNING,    /* a text; may come before any answer */
};

struct planche_decode_image {
    uint32_t width, height; /* as stored, before orientation */
    uint32_t channels, depth;
    uint32_t orientation;     /* what the format itself states, 1..8; 0: EXIF says it */
    uint32_t lost, pictures;  /* as struct planche_decoder has them */
    uint32_t quality, chroma; /* struct planche_encoding */
    uint32_t reserved;
    double x_density, y_density; /* pixels per metre; 0: unknown */
};

enum planche_decode_blob_kind {
    PLANCHE_DECODE_ICC = 1,
    PLANCHE_DECODE_EXIF,
    PLANCHE_DECODE_XMP,
};

struct planche_decode_blob {
    uint32_t kind;
};

#endif
