/* SPDX-License-Identifier: MIT */
/* Check of a JPEG file that was encoded: segments up to the first scan, and EOI at the end. */
#include "codec/written.h"

#define SEGMENT_HEADER 4
#define FRAME_BYTES    5 /* precision, height, width */
enum { BEGIN, START, SEGMENT, FRAME };
enum { SOI = 0xd8, SOS = 0xda, DHT = 0xc4, JPG = 0xc8, DAC = 0xcc };

static unsigned be16(const uint8_t *bytes)
{
    return (unsigned)bytes[0] << 8 | bytes[1];
}

static bool is_frame(unsigned marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != DHT && marker != JPG && marker != DAC;
}

static void follow_segment(struct planche_written *written)
{
    unsigned marker = written->head[1], length = be16(written->head + 2);
    bool frame = is_frame(marker);
    if (written->head[0] != 0xff || length < 2 || (frame && length < 2 + FRAME_BYTES) ||
        (marker == SOS && !written->sized)) {
        planche_written_damaged(written);
    } else if (marker == SOS) {
        written->pass = UINT64_MAX;
        written->picture = written->may_end = true;
        written->trailer = "\xff\xd9";
    } else if (frame) {
        written->state = FRAME;
        written->need = FRAME_BYTES;
        written->ends[0] = written->at + length - 2;
    } else {
        written->pass = length - 2;
    }
}

void planche_jpeg_follow(struct planche_written *written)
{
    switch (written->state) {
    case BEGIN:
        written->state = START;
        written->need = 2;
        break;
    case START:
        if (be16(written->head) != (0xff00 | SOI))
            planche_written_damaged(written);
        written->state = SEGMENT;
        written->need = SEGMENT_HEADER;
        break;
    case SEGMENT:
        follow_segment(written);
        break;
    default:
        planche_written_size(written, be16(written->head + 3), be16(written->head + 1));
        written->state = SEGMENT;
        written->need = SEGMENT_HEADER;
        written->pass = written->ends[0] - written->at;
    }
}
