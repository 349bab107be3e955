/* SPDX-License-Identifier: MIT */
/* Gzip for tars: libarchive's own does not check the checksums. */
#include "archive/gunzip.h"

#include "os/fd.h"

#include <errno.h>
#include <string.h>

#define GZIP_BITS (MAX_WBITS + 16)

struct planche_gunzip *planche_gunzip_create(int fd, struct planche_budget *budget)
{
    struct planche_gunzip *gunzip = planche_calloc(budget, 1, sizeof *gunzip);
    if (!gunzip)
        return NULL;
    gunzip->fd = fd;
    gunzip->inflating = planche_inflater_init(&gunzip->inflater, GZIP_BITS, budget);
    if (!gunzip->inflating)
        planche_gunzip_destroy(&gunzip);
    return gunzip;
}

void planche_gunzip_destroy(struct planche_gunzip **gunzip)
{
    if (!*gunzip)
        return;
    if ((*gunzip)->inflating)
        inflateEnd(&(*gunzip)->inflater);
    planche_free(*gunzip);
    *gunzip = NULL;
}

static bool fetch(struct planche_gunzip *gunzip)
{
    int64_t got = planche_fd_read_at(gunzip->fd, gunzip->in, sizeof gunzip->in, gunzip->at);
    if (got < 0) {
        gunzip->wrong = strerror(errno);
        gunzip->reason = EIO;
    }
    gunzip->inflater.next_in = gunzip->in;
    gunzip->inflater.avail_in = got > 0 ? (uInt)got : 0;
    gunzip->at += gunzip->inflater.avail_in;
    return got >= 0;
}

/* Members follow each other; what comes behind the last and is none is padding. */
static void go_on(struct planche_gunzip *gunzip)
{
    z_stream *inflater = &gunzip->inflater;
    gunzip->ended = inflater->avail_in == 0 || inflater->next_in[0] != 0x1f;
    if (!gunzip->ended)
        inflateReset(inflater);
}

int64_t planche_gunzip_next(struct planche_gunzip *gunzip)
{
    z_stream *inflater = &gunzip->inflater;
    inflater->next_out = gunzip->out;
    inflater->avail_out = sizeof gunzip->out;
    while (!gunzip->wrong && !gunzip->ended && inflater->avail_out > 0) {
        if (inflater->avail_in == 0 && !fetch(gunzip))
            break;
        int result = inflate(inflater, Z_NO_FLUSH);
        if (result == Z_STREAM_END) {
            if (inflater->avail_in == 0 && !fetch(gunzip))
                break;
            go_on(gunzip);
        } else if (result != Z_OK) {
            gunzip->reason = result == Z_MEM_ERROR ? ENOMEM : EILSEQ;
            gunzip->wrong = result == Z_BUF_ERROR   ? "the gzip data are cut short"
                            : result == Z_MEM_ERROR ? "no memory"
                                                    : "the gzip data are damaged";
        }
    }
    /* What came before something wrong comes out before it is told. */
    int64_t made = (int64_t)sizeof gunzip->out - inflater->avail_out;
    return gunzip->wrong && made == 0 ? -1 : made;
}
