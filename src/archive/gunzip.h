/* SPDX-License-Identifier: MIT */
/* Gzip for tars: libarchive's own does not check the checksums. */
#ifndef PLANCHE_ARCHIVE_GUNZIP_H
#define PLANCHE_ARCHIVE_GUNZIP_H

#include "archive/inflater.h"

#define PLANCHE_GUNZIP_BYTES ((size_t)64 << 10)

struct planche_gunzip {
    int fd;
    uint64_t at; /* in the file */
    z_stream inflater;
    bool inflating; /* the inflater is made */
    bool ended;     /* the last member is complete */
    const char *wrong;
    int reason; /* errno's kind: EIO, ENOMEM, EILSEQ */
    uint8_t in[PLANCHE_GUNZIP_BYTES], out[PLANCHE_GUNZIP_BYTES];
};

/* NULL: no memory. Reads from the beginning of fd, which stays the caller's. */
struct planche_gunzip *planche_gunzip_create(int fd, struct planche_budget *budget);
/* NULL is fine. */
void planche_gunzip_destroy(struct planche_gunzip **gunzip);
/* The next bytes, in out; 0: the end; -1: wrong says why. */
int64_t planche_gunzip_next(struct planche_gunzip *gunzip);

#endif
