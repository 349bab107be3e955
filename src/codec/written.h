/* SPDX-License-Identifier: MIT */
/* Check of an encoder's output on its way to the sink: its size in pixels as its header states it,
 * and whether it runs to its end. What a library reports as success is not believed alone. Nothing
 * is decoded or held: a few bytes of each chunk are looked at. */
#ifndef PLANCHE_CODEC_WRITTEN_H
#define PLANCHE_CODEC_WRITTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest piece that a format looks at. */
#define PLANCHE_WRITTEN_HEAD 16
/* Boxes within boxes. */
#define PLANCHE_WRITTEN_DEPTH 4

struct planche_written {
    uint32_t width, height; /* expected */

    uint64_t at; /* bytes so far */
    uint8_t last[2];
    const char *wrong; /* NULL: nothing yet */
    uint8_t head[PLANCHE_WRITTEN_HEAD];
    size_t have;

    /* The format's, set by its follow. */
    size_t need;   /* bytes of head to collect for the next call */
    uint64_t pass; /* bytes to pass over before that; UINT64_MAX: all that follow */
    unsigned state;
    uint64_t ends[PLANCHE_WRITTEN_DEPTH]; /* where open boxes end */
    unsigned depth;
    bool sized;          /* a size was stated */
    bool picture;        /* the pixels' part was met */
    bool may_end;        /* the file may end when pass bytes have gone by */
    bool done;           /* and must */
    bool cut;            /* head may have fewer bytes than needed, the file being so short */
    const char *trailer; /* the file's last two bytes; NULL: any */
};

/* Looks at the need bytes of head, and sets need and pass. First called for state 0 with the first
 * bytes of the file, whose number is the format's. */
typedef void (*planche_follow_fn)(struct planche_written *written);

void planche_written_add(struct planche_written *written, planche_follow_fn follow,
                         const uint8_t *data, size_t size);
/* What is wrong with the file after its last byte; NULL: nothing. */
const char *planche_written_finish(struct planche_written *written, planche_follow_fn follow);

/* For formats: the file states a size. */
void planche_written_size(struct planche_written *written, uint64_t width, uint64_t height);
/* The file is none of its format. */
void planche_written_damaged(struct planche_written *written);

/* One for each format. */
void planche_png_follow(struct planche_written *written);
void planche_jpeg_follow(struct planche_written *written);
void planche_webp_follow(struct planche_written *written);
void planche_avif_follow(struct planche_written *written);
void planche_jxl_follow(struct planche_written *written);

#endif
