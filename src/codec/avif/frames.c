/* SPDX-License-Identifier: MIT */
/* Walk over the units (OBUs) of an AV1 stream: a byte with their type, a byte more if its third
 * lowest bit is set, their size in groups of seven bits, if its second lowest bit is set. */
#include "codec/avif/avif.h"

#define EXTENDED 4
#define SIZED    2
enum { FRAME_HEADER = 3, FRAME = 6 };

/* The size at *at, which is then behind it; SIZE_MAX: there is none. */
static size_t read_size(const uint8_t *stream, size_t size, size_t *at)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < 8 && *at < size; i++) {
        uint8_t byte = stream[(*at)++];
        value |= (uint64_t)(byte & 127) << 7 * i;
        if (byte < 128)
            return value < SIZE_MAX ? (size_t)value : SIZE_MAX;
    }
    return SIZE_MAX;
}

unsigned planche_avif_count_frames(const uint8_t *stream, size_t size)
{
    const unsigned most = PLANCHE_AVIF_KEPT_FRAMES + 1;
    unsigned frames = 0;
    for (size_t at = 0; at < size && frames < most;) {
        uint8_t head = stream[at];
        unsigned type = head >> 3 & 15;
        at += head & EXTENDED ? 2 : 1;
        frames += type == FRAME_HEADER || type == FRAME;
        if (!(head & SIZED))
            return frames; /* to the end */
        size_t length = read_size(stream, size, &at);
        if (at > size || length > size - at)
            return most;
        at += length;
    }
    return frames;
}
