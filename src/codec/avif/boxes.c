/* SPDX-License-Identifier: MIT */
/* Walk over the boxes of an AVIF file, as far as they tell what it holds beside its picture: items
 * of type "tmap" (a gain map by ISO 21496-1), auxiliary pictures. libavif says nothing of them, and
 * nothing of the memory that it takes for items and their properties. */
#include "base/big_endian.h"
#include "codec/avif/avif.h"

#include <string.h>

/* Boxes that are looked at: a file may be nothing but heads. */
#define MAX_BOXES 65536
/* Libavif was read to take at most so much for an item, for a byte of the list of which item has
 * which properties, and for the samples of a track (of which it is told to take only so many). */
#define ITEM_BYTES     3072
#define PROPERTY_BYTES 256
#define TRACK_BYTES    ((uint64_t)PLANCHE_AVIF_MAX_FRAMES * 128)
/* The shortest statements about an item: in the list of places, and in one of references. */
#define MIN_PLACE     6
#define MIN_REFERENCE 2
/* Of a box's content that is read: the longest name of an auxiliary picture. */
#define CONTENT_BYTES 64

struct walk {
    const struct planche_stream *stream;
    unsigned boxes;
    unsigned lost;
    uint64_t memory;
};

/* A box: its content is from `at` to before `end`. */
struct box {
    char type[5];
    uint64_t at, end;
};

/* Bytes of the file, with zeroes behind its end. */
static enum planche_status read_at(const struct walk *walk, uint64_t at, uint8_t *data, size_t size,
                                   struct planche_error *error)
{
    size_t got;
    memset(data, 0, size);
    return planche_stream_read_at(walk->stream, at, data, size, &got, error);
}

/* The box at *at, which is then behind it; an empty type: there is none before `end`. */
static enum planche_status next(struct walk *walk, uint64_t *at, uint64_t end, struct box *box,
                                struct planche_error *error)
{
    uint8_t head[16];
    *box = (struct box){.type = ""};
    if (*at >= end || end - *at < 8 || ++walk->boxes > MAX_BOXES)
        return PLANCHE_OK;
    enum planche_status status = read_at(walk, *at, head, sizeof head, error);
    uint64_t size = get32_big(head), head_size = 8;
    if (size == 1) {
        size = get64_big(head + 8);
        head_size = 16;
    }
    if (size == 0 || size > end - *at)
        size = end - *at;
    if (status || size < head_size)
        return status;
    memcpy(box->type, head + 4, 4);
    box->at = *at + head_size;
    box->end = *at + size;
    *at = box->end;
    return PLANCHE_OK;
}

/* The first box of a type between two places; one with an empty type: there is none. */
static enum planche_status find(struct walk *walk, uint64_t at, uint64_t end, const char *type,
                                struct box *box, struct planche_error *error)
{
    enum planche_status status;
    do
        status = next(walk, &at, end, box, error);
    while (!status && *box->type && memcmp(box->type, type, 4) != 0);
    return status;
}

/* An entry about an item: version 2 has numbers of two bytes, 3 of four. */
static enum planche_status look_at_item(struct walk *walk, const struct box *box,
                                        struct planche_error *error)
{
    uint8_t content[14];
    enum planche_status status = read_at(walk, box->at, content, sizeof content, error);
    walk->memory += ITEM_BYTES;
    const uint8_t *type = content + (content[0] == 3 ? 10 : 8);
    if (content[0] >= 2 && memcmp(type, "tmap", 4) == 0)
        walk->lost |= PLANCHE_LOST_GAIN_MAP;
    return status;
}

/* A property that says what an auxiliary picture is. */
static enum planche_status look_at_property(struct walk *walk, const struct box *box,
                                            struct planche_error *error)
{
    static const struct {
        const char *name;
        unsigned lost;
    } kinds[] = {
        {"urn:com:apple:photo:2020:aux:hdrgainmap", PLANCHE_LOST_GAIN_MAP},
        {"urn:mpeg:hevc:2015:auxid:2", PLANCHE_LOST_DEPTH},
        {"urn:mpeg:mpegB:cicp:systems:auxiliary:depth", PLANCHE_LOST_DEPTH},
    };
    uint8_t content[CONTENT_BYTES + 1];
    enum planche_status status = read_at(walk, box->at, content, CONTENT_BYTES, error);
    content[CONTENT_BYTES] = 0;
    if (memcmp(box->type, "auxC", 4) != 0)
        return status;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp((const char *)content + 4, kinds[i].name) == 0)
            walk->lost |= kinds[i].lost;
    return status;
}

static enum planche_status look_at_all(struct walk *walk, uint64_t at, uint64_t end,
                                       enum planche_status (*look)(struct walk *walk,
                                                                   const struct box *box,
                                                                   struct planche_error *error),
                                       struct planche_error *error)
{
    struct box box;
    enum planche_status status;
    do {
        status = next(walk, &at, end, &box, error);
        if (!status && *box.type)
            status = look(walk, &box, error);
    } while (!status && *box.type);
    return status;
}

/* The list of items begins with its version and its length, of two or four bytes. */
static enum planche_status look_at_items(struct walk *walk, const struct box *meta,
                                         struct planche_error *error)
{
    struct box list;
    uint8_t version;
    enum planche_status status = find(walk, meta->at + 4, meta->end, "iinf", &list, error);
    if (status || !*list.type)
        return status;
    status = read_at(walk, list.at, &version, 1, error);
    return status ? status
                  : look_at_all(walk, list.at + (version ? 8 : 6), list.end, look_at_item, error);
}

static enum planche_status look_at_properties(struct walk *walk, const struct box *meta,
                                              struct planche_error *error)
{
    struct box properties, list = {.type = ""};
    enum planche_status status = find(walk, meta->at + 4, meta->end, "iprp", &properties, error);
    if (!status && *properties.type)
        status = find(walk, properties.at, properties.end, "ipco", &list, error);
    if (status || !*list.type)
        return status;
    status = look_at_all(walk, list.at, list.end, look_at_property, error);
    if (!status)
        status = find(walk, properties.at, properties.end, "ipma", &list, error);
    walk->memory += (list.end - list.at) * PROPERTY_BYTES;
    return status;
}

/* Lists of places and of references may name items that nothing else does. */
static enum planche_status count_named_items(struct walk *walk, const struct box *meta,
                                             struct planche_error *error)
{
    struct box list;
    uint8_t head[12];
    enum planche_status status = find(walk, meta->at + 4, meta->end, "iloc", &list, error);
    if (!status)
        status = read_at(walk, list.at, head, sizeof head, error);
    if (status)
        return status;
    uint64_t places = (list.end - list.at) / MIN_PLACE;
    uint64_t stated = head[0] < 2 ? get32_big(head + 4) & 0xffff : get32_big(head + 6);
    walk->memory += (stated < places ? stated : places) * ITEM_BYTES;
    status = find(walk, meta->at + 4, meta->end, "iref", &list, error);
    walk->memory += (list.end - list.at) / MIN_REFERENCE * ITEM_BYTES;
    return status;
}

static enum planche_status look_at_track(struct walk *walk, struct planche_error *error)
{
    struct box movie;
    enum planche_status status = find(walk, 0, walk->stream->size, "moov", &movie, error);
    if (*movie.type)
        walk->memory += TRACK_BYTES;
    return status;
}

enum planche_status planche_avif_look_at_boxes(struct planche_decoder *decoder, uint64_t *memory,
                                               struct planche_error *error)
{
    struct walk walk = {.stream = &decoder->stream};
    struct box meta;
    enum planche_status status = find(&walk, 0, decoder->stream.size, "meta", &meta, error);
    if (!status && *meta.type)
        status = look_at_items(&walk, &meta, error);
    if (!status && *meta.type)
        status = look_at_properties(&walk, &meta, error);
    if (!status && *meta.type)
        status = count_named_items(&walk, &meta, error);
    if (!status)
        status = look_at_track(&walk, error);
    decoder->lost |= walk.lost;
    *memory = walk.memory;
    return status;
}
