/* SPDX-License-Identifier: MIT */
/* Isolation of all pages: no format is decoded in this process.
 *
 * A program serves one page and ends: what a hostile page may have done to it reaches no other
 * page. So that nobody waits for its start, some are kept that have started, are confined and have
 * not seen a byte yet. */
#ifndef PLANCHE_CODEC_ISOLATION_H
#define PLANCHE_CODEC_ISOLATION_H

#include "codec/format.h"
#include "io/helper.h"
#include "os/shared_memory.h"

/* What planche-decode takes without asking: itself, and a library's state. */
#define PLANCHE_DECODE_FIRST_BYTES ((uint64_t)4 << 20)
/* More is for no page. */
#define PLANCHE_DECODE_MAX_BYTES ((uint64_t)64 << 30)
/* A processor decodes at least so many pixels in a second, whatever the format. */
#define PLANCHE_DECODE_SLOWEST ((uint64_t)1 << 19)
/* Of computing time, for a page of at most so many pixels. */
#define PLANCHE_DECODE_SECONDS(pixels) (UINT64_C(60) + (pixels) / PLANCHE_DECODE_SLOWEST)
/* Programs that are kept at most. */
#define PLANCHE_ISOLATION_KEPT 16

extern const struct planche_helper_kind planche_decode_kind;

struct planche_isolation_options {
    struct planche_budget *budget; /* counts what kept programs take; must outlive the isolation */
    unsigned kept;                 /* programs that wait, up to PLANCHE_ISOLATION_KEPT; 0: one is
                                      started for each page */
    bool background;               /* the programs leave the processors to others */
    uint64_t max_pixels;           /* of any page */
    uint64_t patience_ms;          /* a program may be silent for, and longer for large pages; 0:
                                      10 seconds, 60 in the background */
};

/* A program with the memory that is shared with it. */
struct planche_isolation_child {
    struct planche_helper helper;
    struct planche_shared input, window;
};

struct planche_isolation;

/* Starts the first program, if some are to wait. Errors: UNSUPPORTED (the kernel has no filters for
 * system calls, or the program is missing), MEMORY, BUDGET, IO. */
enum planche_status planche_isolation_create(struct planche_isolation **out,
                                             const struct planche_isolation_options *options,
                                             struct planche_error *error);
/* Ends the programs that wait, so that a page has their memory. NULL is fine. Thread-safe. */
void planche_isolation_trim(struct planche_isolation *isolation);
/* Ends the programs that wait. No reader may use it any more. NULL is fine. */
void planche_isolation_destroy(struct planche_isolation **isolation);

/* Whether programs are kept for this format; for others one is started. */
bool planche_isolation_suits(enum planche_format format);
/* A program for the decoder's page, which counts in the decoder's budget from now on; the caller's
 * to stop. Thread-safe, as all that follows. Errors: as above. */
enum planche_status planche_isolation_take(struct planche_isolation *isolation,
                                           struct planche_isolation_child *child,
                                           const struct planche_decoder *decoder,
                                           struct planche_error *error);
/* Starts a program in the place of one that was taken, if too few wait. */
void planche_isolation_renew(struct planche_isolation *isolation);
uint64_t planche_isolation_patience(const struct planche_isolation *isolation);

/* Has a program say that it is confined, and ends it. Errors: as planche_isolation_create. */
enum planche_status planche_isolation_try(struct planche_error *error);

#endif
