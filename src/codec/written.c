/* SPDX-License-Identifier: MIT */
/* Check of an encoder's output: collecting the bytes that a format looks at, passing over others.
 */
#include "codec/written.h"

#include <string.h>

void planche_written_damaged(struct planche_written *written)
{
    written->wrong = "its structure is damaged";
}

void planche_written_size(struct planche_written *written, uint64_t width, uint64_t height)
{
    if (width != written->width || height != written->height)
        written->wrong = "its header states another size";
    written->sized = true;
}

static size_t least(uint64_t a, size_t b)
{
    return a < b ? (size_t)a : b;
}

static void keep_last(struct planche_written *written, const uint8_t *data, size_t size)
{
    if (size > 1)
        written->last[0] = data[size - 2];
    else if (size == 1)
        written->last[0] = written->last[1];
    if (size > 0)
        written->last[1] = data[size - 1];
}

/* Takes some of the bytes; returns how many. */
static size_t take(struct planche_written *written, planche_follow_fn follow, const uint8_t *data,
                   size_t size)
{
    if (written->pass) {
        size_t passed = least(written->pass, size);
        if (written->pass != UINT64_MAX)
            written->pass -= passed;
        written->at += passed;
        return passed;
    }
    if (written->done) {
        written->wrong = "bytes follow its end";
        return size;
    }
    size_t taken = least(written->need - written->have, size);
    memcpy(written->head + written->have, data, taken);
    written->have += taken;
    written->at += taken;
    if (written->have == written->need) {
        written->have = 0;
        follow(written);
    }
    return taken;
}

/* Lets the format say how many bytes it begins with. */
static void begin(struct planche_written *written, planche_follow_fn follow)
{
    if (written->at == 0 && written->need == 0)
        follow(written);
}

void planche_written_add(struct planche_written *written, planche_follow_fn follow,
                         const uint8_t *data, size_t size)
{
    begin(written, follow);
    keep_last(written, data, size);
    while (size > 0 && !written->wrong) {
        size_t taken = take(written, follow, data, size);
        data += taken;
        size -= taken;
    }
}

const char *planche_written_finish(struct planche_written *written, planche_follow_fn follow)
{
    if (written->cut && written->have && !written->wrong) {
        memset(written->head + written->have, 0, written->need - written->have);
        written->have = 0;
        follow(written);
    }
    if (written->wrong)
        return written->wrong;
    bool passed = written->pass == 0 || written->pass == UINT64_MAX;
    bool trailed = !written->trailer || memcmp(written->last, written->trailer, 2) == 0;
    if (written->at == 0)
        return "it is empty";
    if (!passed || written->have || !written->may_end || !trailed)
        return "it ends too early";
    return written->sized && written->picture ? NULL : "it has no picture";
}
