/* SPDX-License-Identifier: MIT */
/* The header of a 7z archive, as far as it tells how the contents are packed (7zFormat.txt). It may
 * be packed itself. */
#include "archive/scan.h"
#include "archive/zip.h"
#include "base/status.h"
#include "os/fd.h"

#include <inttypes.h>
#include <lzma.h>
#include <string.h>
#include <zlib.h>

#define START_BYTES 32u
/* A header of 100,000 long names takes a third of it. */
#define MAX_HEADER_BYTES ((uint64_t)64 << 20)
#define STATE_BYTES      ((uint64_t)4 << 20)
/* What libarchive makes of a header's byte. */
#define HEADER_FACTOR 8u
#define MAX_CODERS    32u

enum id {
    END,
    HEADER = 1,
    PROPERTIES,
    ADDITIONAL,
    MAIN_STREAMS,
    PACK_INFO = 6,
    UNPACK_INFO,
    SIZE = 9,
    DIGEST,
    FOLDER,
    UNPACK_SIZE,
    PACKED_HEADER = 0x17
};

#define CODER_COPY  0x00u
#define CODER_LZMA2 0x21u
#define CODER_LZMA  0x030101u
#define CODER_PPMD  0x030401u
#define CODER_AES   0x06f10701u

struct coder {
    uint64_t id;
    const uint8_t *properties;
    size_t size;
};

/* How the contents are packed, and where, if it is a header. */
struct streams {
    uint64_t position, packed, unpacked;
    uint64_t window; /* the most that one folder takes */
    bool encrypted, external;
    struct coder coder; /* the only one of the only folder; size SIZE_MAX: another case */
};

struct cursor {
    const uint8_t *at, *end; /* at > end: it was too short */
};

static unsigned take_byte(struct cursor *cursor)
{
    if (cursor->at < cursor->end)
        return *cursor->at++;
    cursor->at = cursor->end + 1;
    return 0;
}

/* As many ones as the first byte begins with, so many bytes follow, the lowest first. */
static uint64_t take(struct cursor *cursor)
{
    unsigned first = take_byte(cursor);
    uint64_t value = 0;
    unsigned mask = 0x80;
    for (unsigned i = 0; i < 8; i++, mask >>= 1) {
        if (!(first & mask))
            return value | (uint64_t)(first & (mask - 1)) << (8 * i);
        value |= (uint64_t)take_byte(cursor) << (8 * i);
    }
    return value;
}

static bool sound(const struct cursor *cursor)
{
    return cursor->at <= cursor->end;
}

static void skip(struct cursor *cursor, uint64_t bytes)
{
    if (sound(cursor) && bytes <= (uint64_t)(cursor->end - cursor->at))
        cursor->at += bytes;
    else
        cursor->at = cursor->end + 1;
}

static uint64_t coder_window(const struct coder *coder)
{
    if ((coder->id == CODER_LZMA || coder->id == CODER_PPMD) && coder->size >= 5)
        return get32(coder->properties + 1);
    if (coder->id == CODER_LZMA2 && coder->size == 1 && *coder->properties <= 40) {
        uint8_t code = *coder->properties;
        return code == 40 ? UINT32_MAX : (uint64_t)(2 | (code & 1)) << (code / 2 + 11);
    }
    return 0;
}

static void take_folder(struct cursor *cursor, struct streams *streams)
{
    uint64_t coders = take(cursor), in = 0, out = 0, window = 0;
    if (coders > MAX_CODERS)
        cursor->at = cursor->end + 1;
    for (uint64_t i = 0; i < coders && sound(cursor); i++) {
        struct coder coder = {0};
        unsigned flags = take_byte(cursor);
        for (unsigned k = 0; k < (flags & 15); k++)
            coder.id = coder.id << 8 | take_byte(cursor);
        in += flags & 0x10 ? take(cursor) : 1;
        out += flags & 0x10 ? take(cursor) : 1;
        if (flags & 0x20) {
            uint64_t size = take(cursor);
            coder.properties = cursor->at;
            coder.size = (size_t)size;
            skip(cursor, size);
        }
        if (!sound(cursor))
            return;
        window += coder_window(&coder);
        streams->encrypted = streams->encrypted || coder.id == CODER_AES;
        streams->coder = coder;
        if (coders != 1)
            streams->coder.size = SIZE_MAX;
    }
    if (in > MAX_CODERS || out > MAX_CODERS)
        cursor->at = cursor->end + 1;
    for (uint64_t i = 1; i < out && sound(cursor); i++) {
        take(cursor);
        take(cursor);
        in--;
    }
    for (uint64_t i = 0; in > 1 && i < in && sound(cursor); i++)
        take(cursor);
    if (window > streams->window)
        streams->window = window;
}

static void take_pack_info(struct cursor *cursor, struct streams *streams)
{
    streams->position = take(cursor);
    uint64_t count = take(cursor);
    unsigned id = take_byte(cursor);
    for (uint64_t i = 0; id == SIZE && i < count && sound(cursor); i++)
        streams->packed = take(cursor);
    if (id == SIZE)
        id = take_byte(cursor);
    if (id == DIGEST) {
        bool all = take_byte(cursor) != 0;
        uint64_t digests = all ? count : 0;
        for (uint64_t i = 0; !all && i < count && sound(cursor); i += 8)
            digests += (unsigned)__builtin_popcount(take_byte(cursor));
        skip(cursor, digests < UINT32_MAX ? digests * 4 : UINT64_MAX);
        id = take_byte(cursor);
    }
    if (id != END)
        cursor->at = cursor->end + 1;
}

/* Up to the folders, and the size of the last one's content if there is no more than one. */
static void take_streams(struct cursor *cursor, struct streams *streams)
{
    unsigned id = take_byte(cursor);
    if (id == PACK_INFO) {
        take_pack_info(cursor, streams);
        id = take_byte(cursor);
    }
    if (id != UNPACK_INFO)
        return;
    bool is_folder = take_byte(cursor) == FOLDER;
    uint64_t folders = is_folder ? take(cursor) : 0;
    streams->external = take_byte(cursor) != 0;
    for (uint64_t i = 0; !streams->external && i < folders && sound(cursor); i++)
        take_folder(cursor, streams);
    if (folders == 1 && take_byte(cursor) == UNPACK_SIZE)
        streams->unpacked = take(cursor);
    else
        streams->coder.size = SIZE_MAX;
}

static void *allocate(void *budget, size_t count, size_t size)
{
    (void)count; /* liblzma asks for one */
    return planche_alloc(budget, size);
}

static void release(void *budget, void *block)
{
    (void)budget;
    planche_free(block);
}

static enum planche_status fail_damaged(const struct planche_archive *archive,
                                        struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_DATA, "%s: is a 7z whose header is damaged",
                        archive->path);
}

/* size bytes of the file in a new block. */
static enum planche_status read_block(const struct planche_archive *archive, uint64_t offset,
                                      uint64_t size, uint8_t **block, struct planche_error *error)
{
    *block = NULL;
    if (offset > archive->file_size || size > archive->file_size - offset)
        return planche_fail(error, PLANCHE_ERROR_DATA, "%s: is a 7z that is cut short",
                            archive->path);
    if (size > MAX_HEADER_BYTES)
        return planche_fail(error, PLANCHE_ERROR_LIMIT,
                            "%s: is a 7z with a header of %" PRIu64 " bytes; Planche takes 64 MiB",
                            archive->path, size);
    *block = planche_alloc(archive->budget, (size_t)size + 1);
    if (!*block)
        return planche_fail_memory(error, archive->budget, size, archive->path);
    if (planche_fd_read_at(archive->fd, *block, (size_t)size, offset) == (int64_t)size)
        return PLANCHE_OK;
    planche_free(*block);
    *block = NULL;
    return planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot be read", archive->path);
}

static lzma_ret unpack(const struct planche_archive *archive, const struct coder *coder,
                       const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size)
{
    lzma_allocator allocator = {allocate, release, archive->budget};
    lzma_filter filters[2] = {
        {.id = coder->id == CODER_LZMA2 ? LZMA_FILTER_LZMA2 : LZMA_FILTER_LZMA1},
        {.id = LZMA_VLI_UNKNOWN}};
    lzma_stream stream = LZMA_STREAM_INIT;
    lzma_ret result =
        lzma_properties_decode(&filters[0], &allocator, coder->properties, coder->size);
    if (result != LZMA_OK)
        return result;
    /* A header needs no dictionary longer than itself. */
    lzma_options_lzma *options = filters[0].options;
    if (options->dict_size > out_size)
        options->dict_size =
            out_size < LZMA_DICT_SIZE_MIN ? LZMA_DICT_SIZE_MIN : (uint32_t)out_size;
    stream.allocator = &allocator;
    stream.next_in = in;
    stream.avail_in = in_size;
    stream.next_out = out;
    stream.avail_out = out_size;
    result = lzma_raw_decoder(&stream, filters);
    planche_free(filters[0].options);
    /* The stream need not have an end mark. */
    while (result == LZMA_OK && stream.avail_out > 0)
        result = lzma_code(&stream, LZMA_FINISH);
    lzma_end(&stream);
    if (result == LZMA_STREAM_END && stream.avail_out > 0)
        return LZMA_DATA_ERROR;
    return result == LZMA_STREAM_END ? LZMA_OK : result;
}

/* Replaces a packed header by what is in it. */
static enum planche_status unpack_header(const struct planche_archive *archive,
                                         const struct streams *streams, uint8_t **header,
                                         uint64_t *size, struct planche_error *error)
{
    uint8_t *packed = NULL, *unpacked = NULL;
    const struct coder *coder = &streams->coder;
    if (streams->unpacked > MAX_HEADER_BYTES || streams->unpacked == 0)
        return fail_damaged(archive, error);
    enum planche_status status =
        streams->position > UINT64_MAX - START_BYTES
            ? fail_damaged(archive, error)
            : read_block(archive, START_BYTES + streams->position, streams->packed, &packed, error);
    if (status)
        return status;
    unpacked = planche_alloc(archive->budget, (size_t)streams->unpacked);
    lzma_ret result = LZMA_MEM_ERROR;
    if (unpacked)
        result = unpack(archive, coder, packed, (size_t)streams->packed, unpacked,
                        (size_t)streams->unpacked);
    planche_free(packed);
    if (result == LZMA_OK) {
        planche_free(*header);
        *header = unpacked;
        *size = streams->unpacked;
        return PLANCHE_OK;
    }
    planche_free(unpacked);
    return result == LZMA_MEM_ERROR
               ? planche_fail_memory(error, archive->budget, streams->unpacked, archive->path)
               : fail_damaged(archive, error);
}

static enum planche_status scan_header(const struct planche_archive *archive, uint8_t **header,
                                       uint64_t *size, struct streams *streams,
                                       struct planche_error *error)
{
    struct cursor cursor = {*header, *header + *size};
    unsigned id = take_byte(&cursor);
    *streams = (struct streams){.coder.size = SIZE_MAX};
    if (id == HEADER)
        id = take_byte(&cursor) == MAIN_STREAMS ? (unsigned)MAIN_STREAMS : (unsigned)END;
    if (id == MAIN_STREAMS || id == PACKED_HEADER)
        take_streams(&cursor, streams);
    if (!sound(&cursor) || streams->external)
        return fail_damaged(archive, error);
    if (streams->encrypted)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED, "%s: is encrypted", archive->path);
    /* Packed some other way, or more than once, it is left to libarchive. */
    bool ours = streams->coder.size != SIZE_MAX &&
                (streams->coder.id == CODER_LZMA || streams->coder.id == CODER_LZMA2);
    if (id != PACKED_HEADER || !ours)
        return PLANCHE_OK;
    uint64_t window = streams->window;
    enum planche_status status = unpack_header(archive, streams, header, size, error);
    if (status == PLANCHE_OK && **header != HEADER)
        return PLANCHE_OK;
    if (status == PLANCHE_OK)
        status = scan_header(archive, header, size, streams, error);
    if (streams->window < window)
        streams->window = window;
    return status;
}

enum planche_status planche_scan_7z(const struct planche_archive *archive,
                                    struct planche_scan *scan, struct planche_error *error)
{
    uint8_t start[START_BYTES], *header;
    struct streams streams;
    if (planche_fd_read_at(archive->fd, start, sizeof start, 0) != START_BYTES)
        return planche_fail(error, PLANCHE_ERROR_DATA, "%s: is a 7z that is cut short",
                            archive->path);
    uint64_t offset = get64(start + 12), size = get64(start + 20);
    if (crc32(0, start + 12, 20) != get32(start + 8) || offset > INT64_MAX)
        return fail_damaged(archive, error);
    enum planche_status status = read_block(archive, START_BYTES + offset, size, &header, error);
    if (status)
        return status;
    if (size > 0 && crc32_z(0, header, (size_t)size) != get32(start + 28))
        status = fail_damaged(archive, error);
    else if (size > 0)
        status = scan_header(archive, &header, &size, &streams, error);
    else
        streams.window = 0;
    scan->memory = STATE_BYTES + size * HEADER_FACTOR;
    if (status == PLANCHE_OK)
        scan->memory += streams.window;
    planche_free(header);
    return status;
}
