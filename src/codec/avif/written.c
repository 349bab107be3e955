/* SPDX-License-Identifier: MIT */
/* Check of an AVIF file that was encoded: boxes to the end of the file, "mdat" among them, and the
 * size that "ispe" states. */
#include "codec/written.h"
#include "base/big_endian.h"

#include <string.h>

#define BOX_HEADER 8
#define ISPE_BYTES 12
enum { BEGIN, BOX, SPACE };

static bool is(const struct planche_written *written, const char *type)
{
    return memcmp(written->head + 4, type, 4) == 0;
}

/* Boxes of boxes on the way to ispe; *skip: bytes before the first of them. */
static bool is_container(const struct planche_written *written, uint64_t *skip)
{
    *skip = is(written, "meta") ? 4 : 0;
    return is(written, "meta") || is(written, "iprp") || is(written, "ipco");
}

static void next_box(struct planche_written *written)
{
    uint64_t at = written->at + written->pass;
    while (written->depth > 0 && written->ends[written->depth - 1] == at)
        written->depth--;
    written->state = BOX;
    written->need = BOX_HEADER;
    written->may_end = written->depth == 0;
}

static void follow_box(struct planche_written *written)
{
    uint64_t skip, size = get32_big(written->head);
    uint64_t end = written->at - BOX_HEADER + size;
    uint64_t most = written->depth ? written->ends[written->depth - 1] : UINT64_MAX;
    bool space = is(written, "ispe");
    if (size < BOX_HEADER || end > most || (space && size != BOX_HEADER + ISPE_BYTES) ||
        (written->at == BOX_HEADER && !is(written, "ftyp"))) {
        planche_written_damaged(written);
        return;
    }
    written->pass = end - written->at;
    written->picture |= is(written, "mdat") && written->pass > 0;
    if (space) {
        written->pass = 0;
        written->state = SPACE;
        written->need = ISPE_BYTES;
        return;
    }
    if (is_container(written, &skip) && written->depth < PLANCHE_WRITTEN_DEPTH &&
        written->pass > skip) {
        written->ends[written->depth++] = end;
        written->pass = skip;
    }
    next_box(written);
}

void planche_avif_follow(struct planche_written *written)
{
    switch (written->state) {
    case BEGIN:
        next_box(written);
        written->may_end = false;
        break;
    case BOX:
        follow_box(written);
        break;
    default:
        planche_written_size(written, get32_big(written->head + 4), get32_big(written->head + 8));
        next_box(written);
    }
}
