/* SPDX-License-Identifier: MIT */
/* Check of a JPEG XL file that was encoded: boxes to the end of the file, and the size that the
 * codestream begins with. A codestream has no mark at its end. */
#include "codec/written.h"
#include "base/big_endian.h"

#include <string.h>

#define BOX_HEADER  8
#define INDEX_BYTES 4
#define INDEX_LAST  0x80u
/* The longest beginning of a codestream that states its size. */
#define SIZE_BYTES 11
enum { BEGIN, START, BOX, INDEX, STREAM };

/* Bits of a codestream, the lowest first. */
struct bits {
    const uint8_t *bytes;
    unsigned at;
};

static uint32_t get_bits(struct bits *bits, unsigned count)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < count; i++, bits->at++)
        value |= (uint32_t)(bits->bytes[bits->at / 8] >> bits->at % 8 & 1) << i;
    return value;
}

static uint64_t get_side(struct bits *bits, bool small)
{
    static const uint8_t widths[4] = {9, 13, 18, 30};
    if (small)
        return ((uint64_t)get_bits(bits, 5) + 1) * 8;
    return (uint64_t)get_bits(bits, widths[get_bits(bits, 2)]) + 1;
}

/* SizeHeader of ISO/IEC 18181-1, behind the two bytes of the signature. */
static void follow_size(struct planche_written *written)
{
    static const uint8_t ratios[8][2] = {{1, 1}, {1, 1},  {12, 10}, {4, 3},
                                         {3, 2}, {16, 9}, {5, 4},   {2, 1}};
    struct bits bits = {written->head, 16};
    if (written->head[0] != 0xff || written->head[1] != 0x0a) {
        planche_written_damaged(written);
        return;
    }
    bool small = get_bits(&bits, 1);
    uint64_t height = get_side(&bits, small);
    uint32_t ratio = get_bits(&bits, 3);
    uint64_t width = ratio ? height * ratios[ratio][0] / ratios[ratio][1] : get_side(&bits, small);
    planche_written_size(written, width, height);
}

static void look(struct planche_written *written, unsigned state, size_t need)
{
    written->state = state;
    written->need = need;
}

/* The codestream begins in this box, which may end soon behind its header. */
static void look_at_stream(struct planche_written *written)
{
    uint64_t left = written->ends[0] > written->at ? written->ends[0] - written->at : 1;
    memset(written->head, 0, sizeof written->head);
    look(written, STREAM, left < SIZE_BYTES ? (size_t)left : SIZE_BYTES);
}

/* What is left of a box, or of the file. */
static void pass_box(struct planche_written *written)
{
    uint64_t end = written->ends[0];
    if (end != UINT64_MAX && end < written->at)
        planche_written_damaged(written);
    else
        written->pass = end == UINT64_MAX ? UINT64_MAX : end - written->at;
    written->may_end = written->picture;
    look(written, BOX, BOX_HEADER);
}

static void follow_box(struct planche_written *written)
{
    const uint8_t *type = written->head + 4;
    uint64_t size = get32_big(written->head);
    bool whole = memcmp(type, "jxlc", 4) == 0, part = memcmp(type, "jxlp", 4) == 0;
    if (size > 0 && size < BOX_HEADER) {
        planche_written_damaged(written);
        return;
    }
    written->ends[0] = size ? written->at - BOX_HEADER + size : UINT64_MAX;
    written->picture |= whole;
    if (part)
        look(written, INDEX, INDEX_BYTES);
    else if (whole && !written->sized)
        look_at_stream(written);
    else
        pass_box(written);
}

static void follow_start(struct planche_written *written)
{
    static const uint8_t box[12] = {0, 0, 0, 12, 'J', 'X', 'L', ' ', '\r', '\n', 0x87, '\n'};
    if (memcmp(written->head, box, sizeof box) == 0) {
        look(written, BOX, BOX_HEADER);
        return;
    }
    follow_size(written);
    written->picture = written->may_end = true;
    written->pass = UINT64_MAX;
}

void planche_jxl_follow(struct planche_written *written)
{
    switch (written->state) {
    case BEGIN:
        look(written, START, 12);
        written->cut = true;
        break;
    case START:
        follow_start(written);
        written->cut = false;
        break;
    case BOX:
        follow_box(written);
        break;
    case INDEX:
        written->picture |= (written->head[0] & INDEX_LAST) != 0;
        if (written->sized)
            pass_box(written);
        else
            look_at_stream(written);
        break;
    default:
        follow_size(written);
        pass_box(written);
    }
}
