/* SPDX-License-Identifier: MIT */
/* Chunked transfer coding. A bare LF is refused wherever one could stand: other servers may take it
 * for an end of line, or not. */
#include "http/chunked.h"

#include "http/text.h"

#include <stdbool.h>

#define MAX_DIGITS    16
#define MAX_EXTENSION 256
#define MAX_TRAILERS  8192

static int hex_value(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

static enum planche_http_chunked_state take_size(struct planche_http_chunked *chunked, char byte)
{
    int value = hex_value(byte);
    if (value >= 0 && chunked->digits < MAX_DIGITS) {
        chunked->left = chunked->left << 4 | (unsigned)value;
        chunked->digits++;
        return PLANCHE_HTTP_CHUNK_SIZE;
    }
    chunked->other = 0;
    if (chunked->digits == 0 || value >= 0)
        return PLANCHE_HTTP_CHUNK_BROKEN;
    if (byte == ';' || byte == ' ' || byte == '\t')
        return PLANCHE_HTTP_CHUNK_EXTENSION;
    return byte == '\r' ? PLANCHE_HTTP_CHUNK_SIZE_LF : PLANCHE_HTTP_CHUNK_BROKEN;
}

static enum planche_http_chunked_state take_other(struct planche_http_chunked *chunked, char byte,
                                                  unsigned most,
                                                  enum planche_http_chunked_state same,
                                                  enum planche_http_chunked_state end)
{
    if (byte == '\r')
        return end;
    bool fits = ++chunked->other <= most && planche_http_is_text((unsigned char)byte);
    return fits ? same : PLANCHE_HTTP_CHUNK_BROKEN;
}

/* After the line with a chunk's size. */
static enum planche_http_chunked_state begin_chunk(struct planche_http_chunked *chunked)
{
    chunked->digits = 0;
    chunked->other = 0;
    return chunked->left > 0 ? PLANCHE_HTTP_CHUNK_DATA : PLANCHE_HTTP_CHUNK_TRAILER;
}

static enum planche_http_chunked_state take_byte(struct planche_http_chunked *chunked, char byte)
{
    const enum planche_http_chunked_state broken = PLANCHE_HTTP_CHUNK_BROKEN;
    switch (chunked->state) {
    case PLANCHE_HTTP_CHUNK_SIZE:
        return take_size(chunked, byte);
    case PLANCHE_HTTP_CHUNK_EXTENSION:
        return take_other(chunked, byte, MAX_EXTENSION, PLANCHE_HTTP_CHUNK_EXTENSION,
                          PLANCHE_HTTP_CHUNK_SIZE_LF);
    case PLANCHE_HTTP_CHUNK_SIZE_LF:
        return byte == '\n' ? begin_chunk(chunked) : broken;
    case PLANCHE_HTTP_CHUNK_DATA_CR:
        return byte == '\r' ? PLANCHE_HTTP_CHUNK_DATA_LF : broken;
    case PLANCHE_HTTP_CHUNK_DATA_LF:
        return byte == '\n' ? PLANCHE_HTTP_CHUNK_SIZE : broken;
    case PLANCHE_HTTP_CHUNK_TRAILER:
        if (byte == '\r')
            return PLANCHE_HTTP_CHUNK_END_LF;
        /* fallthrough */
    case PLANCHE_HTTP_CHUNK_TRAILER_LINE:
        return take_other(chunked, byte, MAX_TRAILERS, PLANCHE_HTTP_CHUNK_TRAILER_LINE,
                          PLANCHE_HTTP_CHUNK_TRAILER_LF);
    case PLANCHE_HTTP_CHUNK_TRAILER_LF:
        return byte == '\n' ? PLANCHE_HTTP_CHUNK_TRAILER : broken;
    case PLANCHE_HTTP_CHUNK_END_LF:
        return byte == '\n' ? PLANCHE_HTTP_CHUNK_DONE : broken;
    default:
        return broken;
    }
}

size_t planche_http_chunked_take(struct planche_http_chunked *chunked, const char *data,
                                 size_t size, const char **piece, size_t *piece_size)
{
    size_t taken = 0;
    *piece_size = 0;
    while (taken < size && chunked->state < PLANCHE_HTTP_CHUNK_DONE) {
        if (chunked->state != PLANCHE_HTTP_CHUNK_DATA) {
            chunked->state = take_byte(chunked, data[taken++]);
            continue;
        }
        size_t here = size - taken < chunked->left ? size - taken : (size_t)chunked->left;
        *piece = data + taken;
        *piece_size = here;
        chunked->left -= here;
        if (chunked->left == 0)
            chunked->state = PLANCHE_HTTP_CHUNK_DATA_CR;
        return taken + here;
    }
    return taken;
}
