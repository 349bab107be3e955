/* SPDX-License-Identifier: MIT */
/* Check of a PNG file that was encoded: chunks up to IEND. */
#include "codec/written.h"
#include "base/big_endian.h"

#include <string.h>

#define CHUNK_HEADER 8
#define IHDR_BYTES   13
#define CRC_BYTES    4
enum { BEGIN, SIGNATURE, CHUNK, IHDR };

static void follow_chunk(struct planche_written *written)
{
    const uint8_t *tag = written->head + 4;
    uint32_t length = get32_big(written->head);
    bool first = written->at == 2 * CHUNK_HEADER;
    if (first != (memcmp(tag, "IHDR", 4) == 0) || (first && length != IHDR_BYTES)) {
        planche_written_damaged(written);
    } else if (first) {
        written->state = IHDR;
        written->need = IHDR_BYTES;
    } else {
        written->picture |= memcmp(tag, "IDAT", 4) == 0;
        written->done = written->may_end = memcmp(tag, "IEND", 4) == 0;
        written->pass = (uint64_t)length + CRC_BYTES;
    }
}

void planche_png_follow(struct planche_written *written)
{
    static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    switch (written->state) {
    case BEGIN:
        written->state = SIGNATURE;
        written->need = sizeof signature;
        break;
    case SIGNATURE:
        if (memcmp(written->head, signature, sizeof signature) != 0)
            planche_written_damaged(written);
        written->state = CHUNK;
        written->need = CHUNK_HEADER;
        break;
    case CHUNK:
        follow_chunk(written);
        break;
    default:
        planche_written_size(written, get32_big(written->head), get32_big(written->head + 4));
        written->state = CHUNK;
        written->need = CHUNK_HEADER;
        written->pass = CRC_BYTES;
    }
}
