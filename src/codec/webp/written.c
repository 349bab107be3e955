/* SPDX-License-Identifier: MIT */
/* Check of a WebP file that was encoded: chunks up to the end that RIFF's header states. */
#include "codec/written.h"

#include "base/little_endian.h"

#include <string.h>

#define RIFF_HEADER  12
#define CHUNK_HEADER 8
enum { BEGIN, RIFF, CHUNK, CANVAS, LOSSY, LOSSLESS };
enum { CANVAS_BYTES = 10, LOSSY_BYTES = 10, LOSSLESS_BYTES = 5 };

static uint32_t get24(const uint8_t *p)
{
    return get16(p) | (uint32_t)p[2] << 16;
}

static void pass_to(struct planche_written *written, uint64_t end)
{
    written->state = CHUNK;
    written->need = CHUNK_HEADER;
    written->pass = end - written->at;
    written->done = written->may_end = end == written->ends[0];
}

/* Looks at the first bytes of a chunk's content. */
static void look(struct planche_written *written, unsigned state, size_t need)
{
    written->state = state;
    written->need = need;
    if (written->at + need > written->ends[1])
        planche_written_damaged(written);
}

static void follow_chunk(struct planche_written *written)
{
    const uint8_t *tag = written->head;
    uint32_t size = get32(written->head + 4);
    uint64_t end = written->at + size + size % 2;
    written->ends[1] = end;
    if (end > written->ends[0])
        planche_written_damaged(written);
    else if (memcmp(tag, "VP8X", 4) == 0)
        look(written, CANVAS, CANVAS_BYTES);
    else if (memcmp(tag, "VP8 ", 4) == 0)
        look(written, LOSSY, LOSSY_BYTES);
    else if (memcmp(tag, "VP8L", 4) == 0)
        look(written, LOSSLESS, LOSSLESS_BYTES);
    else
        pass_to(written, end);
}

/* The first partition is followed by others; behind it is the picture's size. */
static void follow_lossy(struct planche_written *written)
{
    static const uint8_t start[3] = {0x9d, 0x01, 0x2a};
    const uint8_t *head = written->head;
    uint32_t first = get24(head) >> 5;
    written->picture = true;
    if (memcmp(head + 3, start, sizeof start) != 0 || first == 0 ||
        written->at + first >= written->ends[1])
        planche_written_damaged(written);
    else
        planche_written_size(written, get16(head + 6) & 0x3fff, get16(head + 8) & 0x3fff);
    pass_to(written, written->ends[1]);
}

static void follow_content(struct planche_written *written)
{
    const uint8_t *head = written->head;
    uint32_t bits = get32(head + 1);
    written->picture |= written->state == LOSSLESS;
    if (written->state == LOSSLESS)
        planche_written_size(written, (bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1);
    else
        planche_written_size(written, (uint64_t)get24(head + 4) + 1, (uint64_t)get24(head + 7) + 1);
    pass_to(written, written->ends[1]);
}

void planche_webp_follow(struct planche_written *written)
{
    switch (written->state) {
    case BEGIN:
        written->state = RIFF;
        written->need = RIFF_HEADER;
        break;
    case RIFF:
        written->ends[0] = (uint64_t)get32(written->head + 4) + 8;
        if (memcmp(written->head, "RIFF", 4) != 0 || memcmp(written->head + 8, "WEBP", 4) != 0)
            planche_written_damaged(written);
        written->state = CHUNK;
        written->need = CHUNK_HEADER;
        break;
    case CHUNK:
        follow_chunk(written);
        break;
    case LOSSY:
        follow_lossy(written);
        break;
    default:
        follow_content(written);
    }
}
