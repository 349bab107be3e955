/* SPDX-License-Identifier: MIT */
/* Gzip decompression. */
#include "gunzip.h"

#include "os/fd.h"

#include <errno.h>

#define GZIP_BITS (MAX_WBITS + 16)

bool gunzip_start(struct gunzip *gunzip, int fd)
{
    gunzip->fd = fd;
    return inflateInit2(&gunzip->inflater, GZIP_BITS) == Z_OK;
}

static void fail(struct gunzip *gunzip, int reason, const char *fault)
{
    gunzip->reason = reason;
    gunzip->fault = fault;
}

/* More input, if there is any. */
static bool fetch(struct gunzip *gunzip)
{
    int64_t got = planche_fd_read_at(gunzip->fd, gunzip->in, sizeof gunzip->in, gunzip->at);
    if (got < 0)
        fail(gunzip, EIO, "cannot be read");
    gunzip->inflater.next_in = gunzip->in;
    gunzip->inflater.avail_in = got > 0 ? (uInt)got : 0;
    gunzip->at += gunzip->inflater.avail_in;
    return got >= 0;
}

/* Members follow each other; what comes behind the last and is none is padding. */
static void next_member(struct gunzip *gunzip)
{
    z_stream *inflater = &gunzip->inflater;
    gunzip->ended = inflater->avail_in == 0 || inflater->next_in[0] != 0x1f;
    if (!gunzip->ended)
        (void)inflateReset(inflater); /* fails only for what was never made */
}

static void inflate_some(struct gunzip *gunzip)
{
    switch (inflate(&gunzip->inflater, Z_NO_FLUSH)) {
    case Z_OK:
        break;
    case Z_STREAM_END:
        if (gunzip->inflater.avail_in > 0 || fetch(gunzip))
            next_member(gunzip);
        break;
    case Z_BUF_ERROR:
        fail(gunzip, EILSEQ, "the gzip data are cut short");
        break;
    case Z_MEM_ERROR:
        fail(gunzip, ENOMEM, "no memory");
        break;
    default:
        fail(gunzip, EILSEQ, "the gzip data are damaged");
    }
}

int64_t gunzip_next(struct gunzip *gunzip)
{
    z_stream *inflater = &gunzip->inflater;
    inflater->next_out = gunzip->out;
    inflater->avail_out = sizeof gunzip->out;
    while (!gunzip->fault && !gunzip->ended && inflater->avail_out > 0) {
        if (inflater->avail_in > 0 || fetch(gunzip))
            inflate_some(gunzip);
    }
    int64_t made = (int64_t)sizeof gunzip->out - inflater->avail_out;
    return gunzip->fault && made == 0 ? -1 : made;
}
