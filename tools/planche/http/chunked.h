/* SPDX-License-Identifier: MIT */
/* Chunked transfer coding (RFC 9112, 7.1): the body in pieces, as they come. */
#ifndef PLANCHE_HTTP_CHUNKED_H
#define PLANCHE_HTTP_CHUNKED_H

#include <stddef.h>
#include <stdint.h>

enum planche_http_chunked_state {
    PLANCHE_HTTP_CHUNK_SIZE, /* where a body begins: zeroes are a decoder */
    PLANCHE_HTTP_CHUNK_EXTENSION,
    PLANCHE_HTTP_CHUNK_SIZE_LF,
    PLANCHE_HTTP_CHUNK_DATA,
    PLANCHE_HTTP_CHUNK_DATA_CR,
    PLANCHE_HTTP_CHUNK_DATA_LF,
    PLANCHE_HTTP_CHUNK_TRAILER,      /* at the beginning of a line */
    PLANCHE_HTTP_CHUNK_TRAILER_LINE, /* within one */
    PLANCHE_HTTP_CHUNK_TRAILER_LF,
    PLANCHE_HTTP_CHUNK_END_LF,
    PLANCHE_HTTP_CHUNK_DONE,
    PLANCHE_HTTP_CHUNK_BROKEN
};

struct planche_http_chunked {
    enum planche_http_chunked_state state;
    uint64_t left;   /* bytes of the chunk */
    unsigned digits; /* of its size */
    unsigned other;  /* bytes of this chunk's extensions, or of the trailers */
};

/* Takes bytes of a coded body and returns how many. *piece: a piece of the body among them, at
 * their end, of *piece_size bytes (0: none). Returns when there is a piece, when all has been
 * taken, or when the state is DONE or BROKEN. Extensions and trailers are read and dropped. */
size_t planche_http_chunked_take(struct planche_http_chunked *chunked, const char *data,
                                 size_t size, const char **piece, size_t *piece_size);

#endif
