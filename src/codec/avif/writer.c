/* SPDX-License-Identifier: MIT */
/* Writing AVIF: libavif wants the whole picture. It is kept as libavif keeps it itself, in planes
 * of luma and chroma, and converted by libavif a row or two at a time. */
#include "base/pool.h"
#include "base/status.h"
#include "codec/avif/avif.h"
#include "codec/metadata.h"

#include <string.h>

/* Libavif's ten speeds, the last the fastest, for each effort. Seven is a quarter faster than six,
 * which makes no smaller files; eight makes them 4 % larger. */
static const int speeds[PLANCHE_MAX_EFFORT + 1] = {0, 10, 9, 8, 7, 6, 6, 5, 4, 3};
/* Coloured lines show chroma at half the size: as for JPEG. */
#define FULL_CHROMA_QUALITY 90
/* Pixels of a tile at least: smaller ones make larger files. */
#define TILE_PIXELS     ((uint64_t)1 << 20)
#define MOST_TILES_LOG2 4

struct avif_writer {
    avifImage *image; /* its planes are in memory, its metadata the encoder's */
    avifImage *view;  /* of the rows that are converted */
    uint8_t *memory;
    uint8_t *rows;     /* one or two, as RGB(A), that wait to be converted */
    uint64_t reserved; /* for what libavif and its encoder allocate themselves */
    uint32_t next;     /* row */
    uint8_t density_exif[PLANCHE_EXIF_DENSITY_SIZE];
};

/* How pictures are kept. */
struct layout {
    avifPixelFormat format;
    uint32_t depth;             /* bits */
    size_t sample;              /* bytes */
    uint32_t group;             /* rows that must be converted together */
    size_t luma, chroma, alpha; /* bytes of a plane */
    size_t row;                 /* bytes of a row of RGB(A) */
};

static struct layout lay_out(const struct planche_image_info *info,
                             const struct planche_writer_options *options)
{
    bool half = !options->lossless && options->quality < FULL_CHROMA_QUALITY;
    bool grey = info->channels < 3, alpha = info->channels % 2 == 0;
    struct layout layout = {.depth = 8, .sample = info->depth / 8, .group = 1};
    size_t pixels = (size_t)info->width * info->height;
    if (info->depth == 16)
        layout.depth = options->lossless ? 12 : 10;
    layout.luma = pixels * layout.sample;
    layout.alpha = alpha ? layout.luma : 0;
    layout.row = (size_t)info->width * (alpha ? 4 : 3) * layout.sample;
    if (grey) {
        layout.format = AVIF_PIXEL_FORMAT_YUV400;
        layout.group = 2;
    } else if (half) {
        layout.format = AVIF_PIXEL_FORMAT_YUV420;
        layout.group = 2;
        layout.chroma = ((size_t)info->width + 1) / 2 * (((size_t)info->height + 1) / 2);
        layout.chroma *= layout.sample;
    } else {
        layout.format = AVIF_PIXEL_FORMAT_YUV444;
        layout.chroma = layout.luma;
    }
    return layout;
}

static size_t planes_size(const struct layout *layout)
{
    return layout->luma + 2 * layout->chroma + layout->alpha;
}

/* Logarithm of the number of tiles, each of which is encoded by a thread of its own; by the size of
 * the picture alone, so that the file does not depend on threads. */
static int tiles_log2(uint32_t width, uint32_t height)
{
    uint64_t pixels = (uint64_t)width * height;
    int tiles = 0;
    while (tiles < MOST_TILES_LOG2 && pixels >> (tiles + 1) >= TILE_PIXELS)
        tiles++;
    return tiles;
}

/* What libavif and libaom were measured to take beside the planes for pictures of noise, the worst
 * there are, with some room; the encoded file is part of it. */
static uint64_t encoder_memory(const struct planche_image_info *info, const struct layout *layout,
                               int effort)
{
    const uint64_t fixed = (uint64_t)4 << 20, thread = (uint64_t)3 << 20;
    uint64_t pixels = planche_avif_padded_pixels(info->width, info->height);
    uint64_t halves = layout->format == AVIF_PIXEL_FORMAT_YUV400   ? 2 /* planes */
                      : layout->format == AVIF_PIXEL_FORMAT_YUV420 ? 3
                                                                   : 6;
    uint64_t per_pixel = (28 + 15 * halves) * (layout->sample + 1) / 4 + (layout->alpha ? 5 : 0);
    if (speeds[effort] < 7) /* up to a third more was seen */
        per_pixel += per_pixel / 2;
    return fixed + per_pixel * pixels + (thread << tiles_log2(info->width, info->height));
}

uint64_t planche_avif_memory(const struct planche_image_info *info,
                             const struct planche_writer_options *options)
{
    struct layout layout = lay_out(info, options);
    return sizeof(struct avif_writer) + planes_size(&layout) + layout.group * layout.row +
           encoder_memory(info, &layout, options->effort);
}

static enum planche_status status_of(avifResult result, struct planche_error *error)
{
    if (result == AVIF_RESULT_OK)
        return PLANCHE_OK;
    if (result == AVIF_RESULT_OUT_OF_MEMORY)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "the system has no memory left");
    return planche_fail(error, PLANCHE_ERROR_INTERNAL, "libavif says: %s",
                        planche_libavif.ResultToString(result));
}

static void set_planes(struct avif_writer *writer, const struct planche_image_info *info,
                       const struct layout *layout)
{
    avifImage *image = writer->image;
    uint32_t row = info->width * (uint32_t)layout->sample;
    uint32_t chroma_row =
        layout->group == 2 ? (info->width + 1) / 2 * (uint32_t)layout->sample : row;
    image->yuvPlanes[AVIF_CHAN_Y] = writer->memory;
    image->yuvRowBytes[AVIF_CHAN_Y] = row;
    if (layout->chroma) {
        image->yuvPlanes[AVIF_CHAN_U] = writer->memory + layout->luma;
        image->yuvPlanes[AVIF_CHAN_V] = image->yuvPlanes[AVIF_CHAN_U] + layout->chroma;
        image->yuvRowBytes[AVIF_CHAN_U] = image->yuvRowBytes[AVIF_CHAN_V] = chroma_row;
    }
    if (layout->alpha) {
        image->alphaPlane = writer->memory + layout->luma + 2 * layout->chroma;
        image->alphaRowBytes = row;
    }
}

/* Without a profile the numbers say sRGB; with one it decides alone. */
static void set_colours(struct avif_writer *writer, const struct planche_encoder *encoder,
                        const struct layout *layout)
{
    avifImage *image = writer->image;
    bool identity = encoder->options.lossless && layout->format == AVIF_PIXEL_FORMAT_YUV444;
    image->yuvRange = AVIF_RANGE_FULL;
    image->matrixCoefficients =
        identity ? AVIF_MATRIX_COEFFICIENTS_IDENTITY : AVIF_MATRIX_COEFFICIENTS_BT601;
    image->colorPrimaries = AVIF_COLOR_PRIMARIES_UNSPECIFIED;
    image->transferCharacteristics = AVIF_TRANSFER_CHARACTERISTICS_UNSPECIFIED;
    if (encoder->metadata.icc.size)
        return;
    image->colorPrimaries = AVIF_COLOR_PRIMARIES_BT709;
    image->transferCharacteristics = AVIF_TRANSFER_CHARACTERISTICS_SRGB;
}

/* Lent, not copied: abandon takes them back. */
static void lend_metadata(struct avif_writer *writer, const struct planche_encoder *encoder)
{
    const struct planche_metadata *metadata = &encoder->metadata;
    struct planche_blob exif = planche_metadata_exif(metadata, writer->density_exif);
    writer->image->icc = (avifRWData){metadata->icc.data, metadata->icc.size};
    writer->image->xmp = (avifRWData){metadata->xmp.data, metadata->xmp.size};
    /* libavif would refuse the whole picture. */
    if (planche_exif_is_sound(exif.data, exif.size))
        writer->image->exif = (avifRWData){exif.data, exif.size};
    else if (exif.size)
        planche_log_write(encoder->options.log, PLANCHE_LOG_WARNING,
                          "the EXIF data are damaged and left out: AVIF cannot hold them");
}

static enum planche_status allocate(struct avif_writer *writer,
                                    const struct planche_encoder *encoder,
                                    const struct layout *layout, struct planche_error *error)
{
    static const char what[] = "the AVIF picture";
    const struct planche_image_info *info = &encoder->info;
    struct planche_budget *budget = encoder->options.budget;
    uint64_t foreign = encoder_memory(info, layout, encoder->options.effort);
    writer->memory = planche_alloc(budget, planes_size(layout));
    if (!writer->memory)
        return planche_fail_memory(error, budget, planche_avif_memory(info, &encoder->options),
                                   what);
    writer->rows = planche_alloc(budget, layout->group * layout->row);
    if (!writer->rows)
        return planche_fail_memory(error, budget, layout->group * layout->row, what);
    if (!planche_budget_reserve(budget, foreign))
        return planche_fail_memory(error, budget, foreign, what);
    writer->reserved = foreign;
    enum planche_status status = planche_encoder_enter(encoder, foreign, error);
    if (status)
        return status;
    writer->image =
        planche_libavif.ImageCreate(info->width, info->height, layout->depth, layout->format);
    writer->view = planche_libavif.ImageCreateEmpty();
    planche_foreign_leave(foreign);
    return status_of(writer->image && writer->view ? AVIF_RESULT_OK : AVIF_RESULT_OUT_OF_MEMORY,
                     error);
}

enum planche_status planche_avif_start(struct planche_encoder *encoder, struct planche_error *error)
{
    enum planche_status status = planche_avif_load(NULL, error);
    if (status)
        return status;
    struct planche_budget *budget = encoder->options.budget;
    struct layout layout = lay_out(&encoder->info, &encoder->options);
    struct avif_writer *writer = planche_calloc(budget, 1, sizeof *writer);
    if (!writer)
        return planche_fail_memory(error, budget, sizeof *writer, "the AVIF writer");
    encoder->state = writer;
    status = allocate(writer, encoder, &layout, error);
    if (status)
        return status;
    set_planes(writer, &encoder->info, &layout);
    set_colours(writer, encoder, &layout);
    lend_metadata(writer, encoder);
    return PLANCHE_OK;
}

/* libavif has no grey rows: three equal channels, then. Of 16 bits: see copy_grey. */
static void spread_grey(uint8_t *out, const uint8_t *row, const struct planche_image_info *info)
{
    size_t sample = info->depth / 8;
    for (uint32_t x = 0; x < info->width; x++, row += info->channels * sample) {
        for (int i = 0; i < 3; i++, out += sample)
            memcpy(out, row, sample);
        if (info->channels == 2) {
            memcpy(out, row + sample, sample);
            out += sample;
        }
    }
}

/* Grey of 8 bits is luma as it stands: libavif's conversion takes a fifth of a quick encoder's time
 * for the same planes. */
static void copy_grey(const struct avif_writer *writer, const uint8_t *row,
                      const struct planche_image_info *info, uint32_t y)
{
    size_t begin = (size_t)y * info->width;
    uint8_t *luma = writer->image->yuvPlanes[AVIF_CHAN_Y] + begin;
    if (info->channels == 1) {
        memcpy(luma, row, info->width);
        return;
    }
    uint8_t *alpha = writer->image->alphaPlane + begin;
    for (uint32_t x = 0; x < info->width; x++) {
        luma[x] = row[2 * x];
        alpha[x] = row[2 * x + 1];
    }
}

/* Rows y.. of the planes out of those that wait. */
static enum planche_status convert_rows(struct avif_writer *writer,
                                        const struct planche_image_info *info, size_t row_bytes,
                                        uint32_t y, uint32_t count, struct planche_error *error)
{
    avifCropRect rect = {0, y, info->width, count};
    avifResult result = planche_libavif.ImageSetViewRect(writer->view, writer->image, &rect);
    if (result != AVIF_RESULT_OK)
        return status_of(result, error);
    avifRGBImage rgb;
    planche_libavif.RGBImageSetDefaults(&rgb, writer->view);
    rgb.depth = info->depth;
    rgb.format = info->channels % 2 == 0 ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
    rgb.avoidLibYUV = AVIF_TRUE;
    rgb.pixels = writer->rows;
    rgb.rowBytes = (uint32_t)row_bytes;
    result = planche_libavif.ImageRGBToYUV(writer->view, &rgb);
    /* Older libavif believes that whatever it filled is its own, and would free it. */
    writer->view->imageOwnsYUVPlanes = writer->view->imageOwnsAlphaPlane = AVIF_FALSE;
    return status_of(result, error);
}

enum planche_status planche_avif_write(struct planche_encoder *encoder, const uint8_t *rows,
                                       size_t stride, uint32_t count, struct planche_error *error)
{
    const struct planche_image_info *info = &encoder->info;
    struct avif_writer *writer = encoder->state;
    struct layout layout = lay_out(info, &encoder->options);
    enum planche_status status = PLANCHE_OK;
    for (uint32_t i = 0; i < count && status == PLANCHE_OK; i++, rows += stride) {
        uint32_t y = writer->next++, waiting = y % layout.group;
        if (info->channels < 3 && info->depth == 8) {
            copy_grey(writer, rows, info, y);
            continue;
        }
        uint8_t *row = writer->rows + waiting * layout.row;
        if (info->channels < 3)
            spread_grey(row, rows, info);
        else
            memcpy(row, rows, layout.row);
        if (waiting + 1 == layout.group || y + 1 == info->height)
            status = convert_rows(writer, info, layout.row, y - waiting, waiting + 1, error);
    }
    return status;
}

/* Tiles and threads, if libaom encodes. Rows of blocks at once, which libavif asks for with
 * threads, would make other files. The longer side is cut first. */
static avifResult set_tiles(avifEncoder *avif, const avifImage *image, unsigned threads)
{
    const char *codec =
        planche_libavif.CodecName(AVIF_CODEC_CHOICE_AUTO, AVIF_CODEC_FLAG_CAN_ENCODE);
    int tiles = tiles_log2(image->width, image->height);
    if (!tiles || !codec || strcmp(codec, "aom") != 0)
        return AVIF_RESULT_OK;
    uint32_t width = image->width, height = image->height;
    for (int cut = 0; cut < tiles; cut++) {
        bool across = width > height;
        avif->tileColsLog2 += across;
        avif->tileRowsLog2 += !across;
        width >>= across;
        height >>= !across;
    }
    avif->maxThreads = threads < 1u << tiles ? (int)threads : 1 << tiles;
#if AVIF_VERSION >= 1000000
    return planche_libavif.EncoderSetCodecSpecificOption(avif, "row-mt", "0");
#else
    planche_libavif.EncoderSetCodecSpecificOption(avif, "row-mt", "0");
    return AVIF_RESULT_OK;
#endif
}

/* As libavif's own tools take a quality; alpha is always lossless. */
static void configure(avifEncoder *avif, const struct planche_writer_options *options)
{
    int worst = AVIF_QUANTIZER_WORST_QUALITY;
    int quantizer =
        options->lossless ? AVIF_QUANTIZER_LOSSLESS : ((100 - options->quality) * worst + 50) / 100;
    avif->maxThreads = 1;
    avif->speed = speeds[options->effort];
    avif->minQuantizer = avif->maxQuantizer = quantizer;
    avif->minQuantizerAlpha = avif->maxQuantizerAlpha = AVIF_QUANTIZER_LOSSLESS;
}

static avifResult encode_once(const struct planche_encoder *encoder, unsigned threads,
                              avifRWData *file)
{
    const struct avif_writer *writer = encoder->state;
    avifEncoder *avif = planche_libavif.EncoderCreate();
    if (!avif)
        return AVIF_RESULT_OUT_OF_MEMORY;
    configure(avif, &encoder->options);
    avifResult result = set_tiles(avif, writer->image, threads);
    if (result == AVIF_RESULT_OK)
        result = planche_libavif.EncoderWrite(avif, writer->image, file);
    planche_libavif.EncoderDestroy(avif);
    return result;
}

/* Other threads are the first thing to do without where the system lacks something. */
static enum planche_status encode(struct planche_encoder *encoder, struct planche_error *error)
{
    struct planche_pool *pool = encoder->options.pool;
    unsigned threads = pool ? planche_pool_spare(pool) : 1;
    avifRWData file = AVIF_DATA_EMPTY;
    avifResult result = encode_once(encoder, threads, &file);
    if (result != AVIF_RESULT_OK && threads > 1) {
        planche_libavif.RWDataFree(&file);
        result = encode_once(encoder, 1, &file);
    }
    enum planche_status status = status_of(result, error);
    if (status == PLANCHE_OK)
        status = planche_encoder_ask(encoder, 1.0, error);
    if (status == PLANCHE_OK)
        status = planche_encoder_emit(encoder, file.data, file.size, error);
    planche_libavif.RWDataFree(&file);
    return status;
}

enum planche_status planche_avif_finish(struct planche_encoder *encoder,
                                        struct planche_error *error)
{
    const struct avif_writer *writer = encoder->state;
    enum planche_status status = planche_encoder_ask(encoder, 0.0, error);
    if (status == PLANCHE_OK)
        status = planche_encoder_enter(encoder, writer->reserved, error);
    if (status)
        return status;
    status = encode(encoder, error);
    planche_foreign_leave(writer->reserved);
    return status;
}

void planche_avif_abandon(struct planche_encoder *encoder)
{
    static const avifRWData none = AVIF_DATA_EMPTY;
    struct avif_writer *writer = encoder->state;
    if (!writer)
        return;
    if (writer->image) {
        writer->image->icc = writer->image->exif = writer->image->xmp = none;
        planche_libavif.ImageDestroy(writer->image);
    }
    if (writer->view)
        planche_libavif.ImageDestroy(writer->view);
    planche_budget_release(encoder->options.budget, writer->reserved);
    planche_free(writer->memory);
    planche_free(writer->rows);
    planche_free(writer);
    encoder->state = NULL;
}
