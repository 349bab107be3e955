/* SPDX-License-Identifier: MIT */
/* What libwebp takes for decoding a picture: measured for lossy pictures, read from the stream for
 * lossless ones. */
#include "base/little_endian.h"
#include "codec/webp/lossless.h"
#include "codec/webp/webp.h"

#include <string.h>

#define CHUNK_HEAD 8
/* Before the stream of alpha: its kind in two bits, and more. */
#define ALPHA_HEAD     1
#define ALPHA_LOSSLESS 1

/* What is decoded as a lossless stream, if there is anything: pixels or alpha. */
struct lossless {
    bool alpha; /* also one that is not compressed */
    const uint8_t *stream;
    size_t size;
};

static void take_chunk(struct lossless *lossless, const uint8_t *chunk, size_t size)
{
    const uint8_t *content = chunk + CHUNK_HEAD;
    lossless->alpha = memcmp(chunk, "ALPH", 4) == 0;
    size_t head = lossless->alpha ? ALPHA_HEAD : PLANCHE_WEBP_LOSSLESS_HEAD;
    if (size < head || (lossless->alpha && (content[0] & 3) != ALPHA_LOSSLESS))
        return;
    lossless->stream = content + head;
    lossless->size = size - head;
}

static struct lossless find(const uint8_t *chunks, size_t size)
{
    struct lossless lossless = {.stream = NULL};
    size_t at = 0;
    while (size - at >= CHUNK_HEAD) {
        const uint8_t *chunk = chunks + at;
        size_t most = size - at - CHUNK_HEAD, stated = get32(chunk + 4);
        if (memcmp(chunk, "VP8L", 4) == 0 || memcmp(chunk, "ALPH", 4) == 0) {
            take_chunk(&lossless, chunk, stated < most ? stated : most);
            return lossless;
        }
        if (stated >= most)
            return lossless;
        at += CHUNK_HEAD + stated + stated % 2;
    }
    return lossless;
}

bool planche_webp_decoder_memory(const uint8_t *chunks, size_t size, uint32_t width,
                                 uint32_t height, struct planche_budget *budget, uint64_t *memory)
{
    const uint64_t fixed = (uint64_t)1 << 20, per_column = 256;
    uint64_t pixels = (uint64_t)width * height;
    struct lossless lossless = find(chunks, size);
    *memory = fixed + per_column * width + (lossless.alpha ? pixels : 0);
    if (!lossless.stream)
        return true;
    /* The pixels in words, and for two transforms and the groups of codes pictures that have at
     * most a pixel for every sixteen. */
    uint64_t blocks = ((uint64_t)width + 3) / 4 * (((uint64_t)height + 3) / 4);
    *memory += sizeof(uint32_t) * (pixels + 3 * blocks);
    return planche_webp_lossless_tables(lossless.stream, lossless.size, width, height, budget,
                                        memory);
}
