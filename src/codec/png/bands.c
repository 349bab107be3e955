/* SPDX-License-Identifier: MIT */
/* Bands of a zlib stream. */
#include "codec/png/bands.h"

#include "base/pool.h"
#include "base/status.h"

#include <assert.h>
#include <string.h>
#include <zlib.h>

/* Bytes of a band before compression: files are 0.1 % larger at most than without bands. */
#define BAND_BYTES ((size_t)128 << 10)
/* The most that deflate looks back. */
#define WINDOW_BYTES ((size_t)32 << 10)
/* Bands worked on at once: each takes half a megabyte. */
#define MOST_BANDS 8
/* What deflateInit2 was seen to allocate, with some room. */
#define STATE_BYTES ((uint64_t)280 << 10)

#define HEADER_BYTES  2
#define TRAILER_BYTES 4
/* An empty stored block, which ends a band at a byte. */
#define FLUSH_BYTES 16

struct band {
    z_stream stream;
    bool begun; /* the stream is to be ended */
    const uint8_t *in;
    size_t in_size;
    bool first, last;
    uint8_t *out; /* room for the stream's header in front and its trailer behind */
    size_t out_begin, out_end;
    uint32_t checksum; /* of the bytes that went in */
    bool failed;
};

struct planche_png_bands {
    struct planche_budget *budget;
    struct planche_pool *pool;
    int level;
    uint64_t size, compressed; /* of the rows */
    uint8_t *in;               /* the window, then bands */
    size_t filled;             /* bytes of the bands */
    size_t out_bytes;          /* room of each band's output */
    uint32_t checksum;         /* of the bytes that were compressed */
    unsigned count;
    struct band bands[MOST_BANDS];
};

static unsigned count_bands(uint64_t size, const struct planche_pool *pool)
{
    unsigned threads = pool ? planche_pool_threads(pool) : 1;
    uint64_t bands = size / BAND_BYTES + (size % BAND_BYTES != 0);
    unsigned most = threads < MOST_BANDS ? threads : MOST_BANDS;
    return bands < most ? (unsigned)bands : most;
}

/* deflate makes stored blocks of what it cannot make smaller: 5 bytes for each of at least 16 KB,
 * and its own bound has much more room than that. */
static size_t room_of_output(void)
{
    return HEADER_BYTES + compressBound(BAND_BYTES) + FLUSH_BYTES + TRAILER_BYTES;
}

uint64_t planche_png_bands_memory(uint64_t size, const struct planche_pool *pool)
{
    uint64_t each = BAND_BYTES + room_of_output() + STATE_BYTES;
    return sizeof(struct planche_png_bands) + WINDOW_BYTES + count_bands(size, pool) * each;
}

static voidpf allocate(voidpf budget, uInt count, uInt size)
{
    return planche_calloc(budget, count, size);
}

static void release(voidpf budget, voidpf block)
{
    (void)budget;
    planche_free(block);
}

static enum planche_status begin_band(struct planche_png_bands *bands, struct band *band,
                                      struct planche_error *error)
{
    static const char what[] = "the PNG writer";
    band->stream = (z_stream){.zalloc = allocate, .zfree = release, .opaque = bands->budget};
    band->out = planche_alloc(bands->budget, bands->out_bytes);
    if (!band->out)
        return planche_fail_memory(error, bands->budget, bands->out_bytes, what);
    int result = deflateInit2(&band->stream, bands->level, Z_DEFLATED, -MAX_WBITS,
                              MAX_MEM_LEVEL - 1, Z_FILTERED);
    band->begun = result == Z_OK;
    if (result == Z_MEM_ERROR)
        return planche_fail_memory(error, bands->budget, STATE_BYTES, what);
    if (result != Z_OK)
        return planche_fail(error, PLANCHE_ERROR_INTERNAL, "%s: zlib fails with %d", what, result);
    return PLANCHE_OK;
}

/* count: of bands that are worked on at once. */
static enum planche_status create(struct planche_png_bands **out, unsigned count,
                                  const struct planche_png_bands *like, struct planche_error *error)
{
    struct planche_budget *budget = like->budget;
    struct planche_png_bands *bands = planche_calloc(budget, 1, sizeof *bands);
    *out = bands;
    if (!bands)
        return planche_fail_memory(error, budget, sizeof *bands, "the PNG writer");
    *bands = *like;
    bands->count = count;
    size_t in_bytes = WINDOW_BYTES + count * BAND_BYTES;
    bands->in = planche_alloc(budget, in_bytes);
    enum planche_status status = PLANCHE_OK;
    if (!bands->in)
        status = planche_fail_memory(error, budget, in_bytes, "the PNG writer");
    for (unsigned i = 0; i < count && !status; i++)
        status = begin_band(bands, &bands->bands[i], error);
    if (status)
        planche_png_bands_destroy(out);
    return status;
}

enum planche_status planche_png_bands_create(struct planche_png_bands **out, uint64_t size,
                                             int level, struct planche_pool *pool,
                                             struct planche_budget *budget,
                                             struct planche_error *error)
{
    const struct planche_png_bands like = {
        .budget = budget,
        .pool = pool,
        .level = level,
        .size = size,
        .out_bytes = room_of_output(),
        .checksum = (uint32_t)adler32(0, NULL, 0),
    };
    unsigned count = count_bands(size, pool);
    enum planche_status status = create(out, count, &like, error);
    /* One band after the other makes the same bytes. */
    if (count > 1 && (status == PLANCHE_ERROR_MEMORY || status == PLANCHE_ERROR_BUDGET))
        status = create(out, 1, &like, error);
    return status;
}

void planche_png_bands_destroy(struct planche_png_bands **bands)
{
    if (!*bands)
        return;
    for (unsigned i = 0; i < (*bands)->count; i++) {
        struct band *band = &(*bands)->bands[i];
        if (band->begun)
            (void)deflateEnd(&band->stream); /* says that there was more to come */
        planche_free(band->out);
    }
    planche_free((*bands)->in);
    planche_free(*bands);
    *bands = NULL;
}

bool planche_png_bands_add(struct planche_png_bands *bands, const uint8_t **data, size_t *size)
{
    size_t room = bands->count * BAND_BYTES - bands->filled;
    size_t taken = *size < room ? *size : room;
    memcpy(bands->in + WINDOW_BYTES + bands->filled, *data, taken);
    *data += taken;
    *size -= taken;
    bands->filled += taken;
    return taken == room || bands->compressed + bands->filled == bands->size;
}

static void write_header(uint8_t *out, int level)
{
    const uint8_t method = 0x78; /* deflate, a window of 32 KiB */
    uint8_t told = level < 2 ? 0 : level < 6 ? 1 : level == 6 ? 2 : 3;
    unsigned both = (unsigned)method << 8 | (unsigned)told << 6;
    out[0] = method;
    out[1] = (uint8_t)(both + (31 - both % 31) % 31);
}

static void write_trailer(uint8_t *out, uint32_t checksum)
{
    for (int i = 0; i < TRAILER_BYTES; i++)
        out[i] = (uint8_t)(checksum >> (24 - 8 * i));
}

static void compress_band(void *user, size_t index, unsigned worker)
{
    (void)worker;
    struct planche_png_bands *bands = user;
    struct band *band = &bands->bands[index];
    z_stream *stream = &band->stream;
    size_t room = bands->out_bytes - HEADER_BYTES - TRAILER_BYTES;
    bool fine = deflateReset(stream) == Z_OK;
    if (fine && !band->first)
        fine = deflateSetDictionary(stream, band->in - WINDOW_BYTES, (uInt)WINDOW_BYTES) == Z_OK;
    stream->next_in = (z_const Bytef *)band->in;
    stream->avail_in = (uInt)band->in_size;
    stream->next_out = band->out + HEADER_BYTES;
    stream->avail_out = (uInt)room;
    int result = fine ? deflate(stream, band->last ? Z_FINISH : Z_SYNC_FLUSH) : Z_STREAM_ERROR;
    /* Without room left it might not have been all. */
    band->failed = result != (band->last ? Z_STREAM_END : Z_OK) || stream->avail_in != 0 ||
                   stream->avail_out == 0;
    band->out_begin = HEADER_BYTES;
    band->out_end = HEADER_BYTES + room - stream->avail_out;
    band->checksum = (uint32_t)adler32(adler32(0, NULL, 0), band->in, (uInt)band->in_size);
}

/* Cuts what has come; returns the number of bands. */
static unsigned cut(struct planche_png_bands *bands)
{
    unsigned count = 0;
    for (size_t at = 0; at < bands->filled; at += BAND_BYTES, count++) {
        struct band *band = &bands->bands[count];
        size_t left = bands->filled - at;
        band->in = bands->in + WINDOW_BYTES + at;
        band->in_size = left < BAND_BYTES ? left : BAND_BYTES;
        band->first = bands->compressed + at == 0;
        band->last = bands->compressed + at + band->in_size == bands->size;
    }
    return count;
}

/* Joins what the bands have made. */
static bool join(struct planche_png_bands *bands, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct band *band = &bands->bands[i];
        if (band->failed)
            return false;
        bands->checksum =
            (uint32_t)adler32_combine(bands->checksum, band->checksum, (z_off_t)band->in_size);
        if (band->first) {
            write_header(band->out, bands->level);
            band->out_begin = 0;
        }
        if (band->last) {
            write_trailer(band->out + band->out_end, bands->checksum);
            band->out_end += TRAILER_BYTES;
        }
    }
    return true;
}

unsigned planche_png_bands_compress(struct planche_png_bands *bands)
{
    unsigned count = cut(bands);
    assert(count > 0 && count <= bands->count);
    if (bands->pool)
        planche_pool_run(bands->pool, count, compress_band, bands);
    else
        compress_band(bands, 0, 0);
    if (!join(bands, count))
        return 0;
    bands->compressed += bands->filled;
    /* The last bytes are the next band's dictionary; a band that is not full is the last. */
    if (bands->compressed < bands->size)
        memcpy(bands->in, bands->in + bands->filled, WINDOW_BYTES);
    bands->filled = 0;
    return count;
}

const uint8_t *planche_png_bands_piece(const struct planche_png_bands *bands, unsigned number,
                                       size_t *size)
{
    const struct band *band = &bands->bands[number];
    *size = band->out_end - band->out_begin;
    return band->out + band->out_begin;
}
