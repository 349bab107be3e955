/* SPDX-License-Identifier: MIT */
/* Walk over the chunks of a WebP file: "RIFF", size, "WEBP", then chunks of a tag, a size and an
 * even number of bytes. A frame of an animation (ANMF) has chunks of its own. */
#include "codec/webp/chunks.h"

#include "base/little_endian.h"
#include "base/status.h"

#include <string.h>

#define RIFF_HEAD  12
#define CHUNK_HEAD 8
#define VP8X_SIZE  10
#define ANMF_SIZE  16
/* A file may be nothing but heads. */
#define MAX_CHUNKS 65536

/* A chunk: its head is at `at`, its content behind it; end: of the whole, padded. */
struct chunk {
    char tag[5];
    uint64_t at, size, end;
    bool cut; /* the file ends within its content */
};

struct walk {
    struct planche_webp_chunks *chunks;
    const struct planche_stream *stream;
    unsigned count;
};

static enum planche_status say_damaged(const struct walk *walk, const char *why,
                                       struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_DATA, "%s: the WebP image is damaged: %s",
                        walk->stream->name, why);
}

static uint32_t get24(const uint8_t *p)
{
    return get16(p) | (uint32_t)p[2] << 16;
}

/* The chunk at *at, which is then behind it. *end: there is none before `limit`. A content that
 * is longer than the file is as long as the file has it. */
static enum planche_status next(struct walk *walk, uint64_t *at, uint64_t limit,
                                struct chunk *chunk, bool *end, struct planche_error *error)
{
    uint8_t head[CHUNK_HEAD];
    size_t got = 0;
    *chunk = (struct chunk){.at = *at};
    *end = *at >= limit;
    if (*end)
        return PLANCHE_OK;
    enum planche_status status =
        planche_stream_read_at(walk->stream, *at, head, sizeof head, &got, error);
    *end = status != PLANCHE_OK || got < sizeof head;
    if (*end)
        return status;
    if (++walk->count > MAX_CHUNKS)
        return say_damaged(walk, "it has more than 65536 chunks", error);
    uint64_t left = walk->stream->size - *at - CHUNK_HEAD;
    memcpy(chunk->tag, head, 4);
    chunk->size = get32(head + 4);
    chunk->cut = chunk->size > left;
    if (chunk->cut)
        chunk->size = left;
    chunk->end = *at + CHUNK_HEAD + chunk->size + chunk->size % 2;
    *at = chunk->end;
    return PLANCHE_OK;
}

static bool is(const struct chunk *chunk, const char *tag)
{
    return memcmp(chunk->tag, tag, 4) == 0;
}

/* Adds a chunk to the picture, which begins with its alpha; true: the picture ends with it. */
static bool add_to_picture(struct planche_webp_chunks *chunks, const struct chunk *chunk)
{
    struct planche_webp_part *picture = &chunks->picture;
    bool pixels = is(chunk, "VP8 ") || is(chunk, "VP8L");
    if (picture->size == 0 && !pixels && !is(chunk, "ALPH"))
        return false;
    if (picture->size == 0)
        picture->at = chunk->at;
    picture->size = chunk->at + CHUNK_HEAD + chunk->size - picture->at;
    chunks->cut |= chunk->cut;
    chunks->alpha |= !pixels;
    chunks->pixels = chunk->at;
    return pixels;
}

static enum planche_status read_content(const struct walk *walk, const struct chunk *chunk,
                                        uint8_t *data, size_t size, struct planche_error *error)
{
    size_t got = 0;
    enum planche_status status = PLANCHE_OK;
    if (chunk->size >= size)
        status =
            planche_stream_read_at(walk->stream, chunk->at + CHUNK_HEAD, data, size, &got, error);
    return status || got == size ? status : say_damaged(walk, "a chunk is too short", error);
}

static enum planche_status read_canvas(const struct walk *walk, const struct chunk *chunk,
                                       struct planche_error *error)
{
    uint8_t content[VP8X_SIZE] = {0};
    enum planche_status status = read_content(walk, chunk, content, sizeof content, error);
    if (status)
        return status;
    walk->chunks->canvas = true;
    walk->chunks->width = get24(content + 4) + 1;
    walk->chunks->height = get24(content + 7) + 1;
    return PLANCHE_OK;
}

/* The first frame; of the others only the number is of interest. */
static enum planche_status read_frame(struct walk *walk, const struct chunk *frame,
                                      struct planche_error *error)
{
    uint8_t content[ANMF_SIZE] = {0};
    struct chunk chunk;
    bool end = false;
    if (walk->chunks->frames++ > 0)
        return PLANCHE_OK;
    enum planche_status status = read_content(walk, frame, content, sizeof content, error);
    if (status)
        return status;
    walk->chunks->x = 2 * get24(content);
    walk->chunks->y = 2 * get24(content + 3);
    for (uint64_t at = frame->at + CHUNK_HEAD + ANMF_SIZE; !status && !end;) {
        status = next(walk, &at, frame->end, &chunk, &end, error);
        if (!status && !end)
            end = add_to_picture(walk->chunks, &chunk);
    }
    return status;
}

static void take_part(struct planche_webp_chunks *chunks, struct planche_webp_part *part,
                      const struct chunk *chunk)
{
    if (chunk->cut)
        chunks->oddity = "ends within its metadata";
    else if (part->size == 0)
        *part = (struct planche_webp_part){chunk->at + CHUNK_HEAD, chunk->size};
}

static enum planche_status take_chunk(struct walk *walk, const struct chunk *chunk, bool *picture,
                                      struct planche_error *error)
{
    struct planche_webp_chunks *chunks = walk->chunks;
    if (is(chunk, "VP8X"))
        return chunks->canvas ? PLANCHE_OK : read_canvas(walk, chunk, error);
    if (is(chunk, "ICCP"))
        take_part(chunks, &chunks->icc, chunk);
    else if (is(chunk, "EXIF"))
        take_part(chunks, &chunks->exif, chunk);
    else if (is(chunk, "XMP "))
        take_part(chunks, &chunks->xmp, chunk);
    else if (is(chunk, "ANMF"))
        *picture = true;
    else if (!*picture)
        *picture = add_to_picture(chunks, chunk);
    return is(chunk, "ANMF") ? read_frame(walk, chunk, error) : PLANCHE_OK;
}

enum planche_status planche_webp_chunks_find(struct planche_webp_chunks *chunks,
                                             const struct planche_stream *stream,
                                             struct planche_error *error)
{
    struct walk walk = {.chunks = chunks, .stream = stream};
    struct chunk chunk;
    uint8_t head[RIFF_HEAD];
    size_t got;
    bool end = false, picture = false;
    *chunks = (struct planche_webp_chunks){0};
    enum planche_status status = planche_stream_read_at(stream, 0, head, sizeof head, &got, error);
    if (status)
        return status;
    uint64_t stated = got == sizeof head ? get32(head + 4) + (uint64_t)8 : 0, at = RIFF_HEAD;
    /* To the stated end, or to the picture if that lies behind it. */
    while (!status && !end) {
        status = next(&walk, &at, picture ? stated : UINT64_MAX, &chunk, &end, error);
        if (!status && !end)
            status = take_chunk(&walk, &chunk, &picture, error);
    }
    if (status)
        return status;
    if (!picture || chunks->picture.size == 0)
        return say_damaged(&walk, "the file ends too early, or holds no picture", error);
    if (!chunks->oddity && (at != stated + stated % 2 || stated > stream->size + stated % 2))
        chunks->oddity = "states a wrong size";
    return PLANCHE_OK;
}
