/* SPDX-License-Identifier: MIT */
/* Client of planche-decode. Nothing that it sends is trusted: sizes are checked here as well, and
 * pixels are only pixels. */
#include "codec/isolated.h"

#include "base/checked.h"
#include "base/status.h"
#include "codec/blob.h"
#include "codec/decode_protocol.h"
#include "codec/isolation.h"
#include "io/helper.h"
#include "os/shared_memory.h"

#include <errno.h>
#include <string.h>

#define WINDOW_BYTES ((size_t)1 << 20)

struct isolated {
    struct planche_helper helper;
    struct planche_shared input; /* a copy of encoded bytes that lie in memory */
    struct planche_shared window;
    uint64_t reserved; /* for those two */
    size_t row_bytes;
    uint32_t row;          /* the next */
    uint32_t window_rows;  /* that it has room for */
    uint32_t ready, taken; /* rows in the window, and how many of them were copied */
};

static enum planche_status reserve(struct planche_decoder *decoder, uint64_t bytes,
                                   struct planche_error *error)
{
    struct isolated *isolated = decoder->state;
    if (!planche_budget_reserve(decoder->budget, bytes))
        return planche_fail_memory(error, decoder->budget, bytes, decoder->name);
    isolated->reserved += bytes;
    return PLANCHE_OK;
}

static enum planche_status system_failure(const struct planche_decoder *decoder,
                                          struct planche_error *error)
{
    bool memory = errno == ENOMEM || errno == ENOSPC;
    return planche_fail(error, memory ? PLANCHE_ERROR_MEMORY : PLANCHE_ERROR_IO,
                        "%s: no memory can be shared with %s: %s", decoder->name,
                        planche_decode_kind.name, strerror(errno));
}

/* Encoded bytes as a file, which the program reads; a file is handed over as it is. */
static enum planche_status share_input(struct planche_decoder *decoder, struct planche_error *error)
{
    struct isolated *isolated = decoder->state;
    const struct planche_stream *stream = &decoder->stream;
    if (stream->fd >= 0)
        return PLANCHE_OK;
    enum planche_status status = reserve(decoder, stream->size, error);
    if (status)
        return status;
    if ((isolated->input.fd < 0 && !planche_shared_create(&isolated->input)) ||
        !planche_shared_append(&isolated->input, stream->memory, (size_t)stream->size))
        return system_failure(decoder, error);
    return PLANCHE_OK;
}

static enum planche_status start(struct planche_decoder *decoder, const char *format,
                                 struct planche_error *error)
{
    struct isolated *isolated = decoder->state;
    if (!planche_shared_create(&isolated->window))
        return system_failure(decoder, error);
    const int inherited[] = {decoder->stream.fd >= 0 ? decoder->stream.fd : isolated->input.fd,
                             isolated->window.fd};
    const struct planche_helper_options options = {
        .kind = &planche_decode_kind,
        .format = format,
        .subject = decoder->name,
        .inherited = inherited,
        .inherited_count = 2,
        .seconds = PLANCHE_DECODE_SECONDS(decoder->max_pixels),
        .first_bytes = PLANCHE_DECODE_FIRST_BYTES,
        .most_bytes = PLANCHE_DECODE_MAX_BYTES,
        .budget = decoder->budget,
        .cancel = decoder->cancel,
    };
    return planche_helper_start(&isolated->helper, &options, error);
}

static enum planche_status receive_warning(struct planche_decoder *decoder, uint32_t size,
                                           struct planche_error *error)
{
    struct isolated *isolated = decoder->state;
    char text[PLANCHE_DECODE_WARNING_BYTES + 1];
    struct planche_error line; /* whose text has no control characters */
    if (size >= sizeof text)
        return planche_helper_fail_protocol(&isolated->helper, error);
    enum planche_status status = planche_helper_receive(&isolated->helper, text, size, error);
    if (status)
        return status;
    text[size] = 0;
    planche_fail(&line, PLANCHE_ERROR_DATA, "%s: %s", decoder->name, text);
    planche_log_write(decoder->log, PLANCHE_LOG_WARNING, "%s", line.message);
    return PLANCHE_OK;
}

static enum planche_status receive_blob(struct planche_decoder *decoder, uint32_t size,
                                        struct planche_error *error)
{
    struct isolated *isolated = decoder->state;
    struct planche_metadata *metadata = &decoder->metadata;
    struct planche_decode_blob head;
    if (size < sizeof head || size - sizeof head > PLANCHE_MAX_METADATA)
        return planche_helper_fail_protocol(&isolated->helper, error);
    enum planche_status status =
        planche_helper_receive(&isolated->helper, &head, sizeof head, error);
    if (status)
        return status;
    struct planche_blob *blob = head.kind == PLANCHE_DECODE_ICC    ? &metadata->icc
                                : head.kind == PLANCHE_DECODE_EXIF ? &metadata->exif
                                : head.kind == PLANCHE_DECODE_XMP  ? &metadata->xmp
                                                                   : NULL;
    if (!blob || blob->data)
        return planche_helper_fail_protocol(&isolated->helper, error);
    size -= (uint32_t)sizeof head;
    status = planche_blob_make(blob, size, decoder->budget, decoder->name, error);
    return status ? status : planche_helper_receive(&isolated->helper, blob->data, size, error);
}

/* Warnings and blobs, until something else comes. */
static enum planche_status skip_to_answer(struct planche_decoder *decoder,
                                          struct planche_helper_frame *frame,
                                          struct planche_error *error)
{
    struct isolated *isolated = decoder->state;
    enum planche_status status = PLANCHE_OK;
    bool lost;
    while (status == PLANCHE_OK &&
           (frame->type == PLANCHE_DECODE_WARNING || frame->type == PLANCHE_DECODE_BLOB)) {
        status = frame->type == PLANCHE_DECODE_BLOB ? receive_blob(decoder, frame->size, error)
                                                    : receive_warning(decoder, frame->size, error);
        if (status == PLANCHE_OK)
            status = planche_helper_receive_frame(&isolated->helper, frame, &lost, error);
    }
    return status;
}

static enum planche_status ask(struct planche_decoder *decoder, enum planche_decode_verb verb,
                               uint32_t size, struct planche_helper_frame *frame,
                               struct planche_error *error)
{
    struct isolated *isolated = decoder->state;
    bool lost;
    enum planche_status status =
        planche_helper_ask(&isolated->helper, (uint32_t)verb, size, frame, &lost, error);
    return status ? status : skip_to_answer(decoder, frame, error);
}

/* A request whose answer is DONE. */
static enum planche_status order(struct planche_decoder *decoder, enum planche_decode_verb verb,
                                 uint32_t size, struct planche_error *error)
{
    struct isolated *isolated = decoder->state;
    struct planche_helper_frame frame;
    uint64_t given_back = 0;
    enum planche_status status = ask(decoder, verb, size, &frame, error);
    if (status)
        return status;
    if (frame.type != PLANCHE_DECODE_DONE || frame.size != sizeof given_back)
        return planche_helper_fail_protocol(&isolated->helper, error);
    status = planche_helper_receive(&isolated->helper, &given_back, sizeof given_back, error);
    if (status == PLANCHE_OK)
        planche_helper_take_back(&isolated->helper, given_back);
    return status;
}

static bool makes_sense(const struct planche_decode_image *image)
{
    return image->channels >= 1 && image->channels <= 4 &&
           (image->depth == 8 || image->depth == 16) && image->orientation <= 8 &&
           image->x_density >= 0 && image->y_density >= 0 && image->quality <= 100 &&
           image->chroma <= 4 && image->lost < 2 * (uint32_t)PLANCHE_LOST_XMP;
}

/* The program does not know of the result, whose size is what is too large. */
static enum planche_status explain(const struct planche_decoder *decoder,
                                   enum planche_status status, struct planche_error *error)
{
    if (status != PLANCHE_ERROR_LIMIT || decoder->scale <= 1 || !error ||
        !strstr(error->message, "(option max_pixels)"))
        return status;
    return planche_fail(error, status,
                        "%s: the result would be %u times as wide and high, and have more than the "
                        "limit of %llu pixels; choose a smaller scale, or raise the limit (option "
                        "max_pixels)",
                        decoder->name, decoder->scale,
                        (unsigned long long)decoder->max_result_pixels);
}

static enum planche_status look(struct planche_decoder *decoder, struct planche_error *error)
{
    struct isolated *isolated = decoder->state;
    struct planche_helper_frame frame;
    struct planche_decode_image image;
    uint32_t most = decoder->max_pixels < UINT32_MAX ? (uint32_t)decoder->max_pixels : UINT32_MAX;
    enum planche_status status = ask(decoder, PLANCHE_DECODE_OPEN, most, &frame, error);
    if (status)
        return explain(decoder, status, error);
    if (frame.type != PLANCHE_DECODE_IMAGE || frame.size != sizeof image)
        return planche_helper_fail_protocol(&isolated->helper, error);
    status = planche_helper_receive(&isolated->helper, &image, sizeof image, error);
    if (status == PLANCHE_OK && !makes_sense(&image))
        status = planche_helper_fail_protocol(&isolated->helper, error);
    if (status)
        return status;
    decoder->width = image.width;
    decoder->height = image.height;
    decoder->channels = image.channels;
    decoder->depth = image.depth;
    decoder->orientation = image.orientation;
    decoder->lost = image.lost;
    decoder->pictures = image.pictures;
    decoder->encoding.quality = image.quality;
    decoder->encoding.chroma = image.chroma;
    decoder->metadata.x_density = image.x_density;
    decoder->metadata.y_density = image.y_density;
    return planche_decoder_check_size(decoder, image.width, image.height, error);
}

/* All that reading rows will need. */
static enum planche_status prepare_rows(struct planche_decoder *decoder,
                                        struct planche_error *error)
{
    struct isolated *isolated = decoder->state;
    size_t pixel = (size_t)decoder->channels * (decoder->depth / 8), size;
    if (!planche_mul_size(decoder->width, pixel, &isolated->row_bytes))
        return planche_fail_memory(error, decoder->budget, UINT64_MAX, decoder->name);
    size_t rows = WINDOW_BYTES / isolated->row_bytes;
    isolated->window_rows = rows == 0                ? 1
                            : rows < decoder->height ? (uint32_t)rows
                                                     : decoder->height;
    size = isolated->window_rows * isolated->row_bytes;
    enum planche_status status = reserve(decoder, size, error);
    if (status == PLANCHE_OK && !planche_shared_map(&isolated->window, size))
        status = system_failure(decoder, error);
    return status ? status : order(decoder, PLANCHE_DECODE_PIXELS, 0, error);
}

static enum planche_status create(struct planche_decoder *decoder, struct planche_error *error)
{
    struct isolated *isolated = planche_calloc(decoder->budget, 1, sizeof *isolated);
    if (!isolated)
        return planche_fail_memory(error, decoder->budget, sizeof *isolated, decoder->name);
    isolated->helper = (struct planche_helper)PLANCHE_HELPER_NONE;
    isolated->input = isolated->window = (struct planche_shared)PLANCHE_SHARED_NONE;
    decoder->state = isolated;
    return PLANCHE_OK;
}

/* How long the program may be silent: decoding a page is one answer. */
static void set_patience(const struct planche_decoder *decoder, uint64_t pixels)
{
    struct isolated *isolated = decoder->state;
    if (decoder->isolation)
        isolated->helper.child.patience_ms =
            planche_isolation_patience(decoder->isolation) + pixels * 1000 / PLANCHE_DECODE_SLOWEST;
}

static enum planche_status begin(struct planche_decoder *decoder, struct planche_error *error)
{
    enum planche_status status = look(decoder, error);
    if (status == PLANCHE_OK)
        set_patience(decoder, (uint64_t)decoder->width * decoder->height);
    if (status == PLANCHE_OK && !decoder->header_only && !decoder->check_only)
        status = prepare_rows(decoder, error);
    return status;
}

/* A program that waits for a page is told what it is; another one is started. */
static enum planche_status find_program(struct planche_decoder *decoder,
                                        struct planche_error *error)
{
    struct isolated *isolated = decoder->state;
    struct planche_isolation *isolation = decoder->isolation;
    struct planche_isolation_child child;
    if (!isolation || decoder->stream.fd >= 0 || !planche_isolation_suits(decoder->format)) {
        enum planche_status status = share_input(decoder, error);
        return status ? status : start(decoder, planche_codec_extension(decoder->format), error);
    }
    enum planche_status status = planche_isolation_take(isolation, &child, decoder, error);
    if (status)
        return status;
    isolated->helper = child.helper;
    isolated->input = child.input;
    isolated->window = child.window;
    status = share_input(decoder, error);
    return status ? status
                  : planche_helper_tell(&isolated->helper, PLANCHE_DECODE_FORMAT,
                                        (uint32_t)decoder->format, error);
}

enum planche_status planche_isolated_open(struct planche_decoder *decoder,
                                          struct planche_error *error)
{
    enum planche_status status = create(decoder, error);
    if (status == PLANCHE_OK)
        status = find_program(decoder, error);
    if (status)
        return status;
    set_patience(decoder, 0);
    return begin(decoder, error);
}

enum planche_status planche_isolated_begin(struct planche_decoder *decoder,
                                           const struct planche_helper *helper,
                                           struct planche_error *error)
{
    enum planche_status status = create(decoder, error);
    if (status)
        return status;
    struct isolated *isolated = decoder->state;
    isolated->helper = *helper;
    isolated->helper.kind = &planche_decode_kind;
    if (!planche_shared_create(&isolated->window))
        return system_failure(decoder, error);
    return begin(decoder, error);
}

/* As many rows into the window as it holds, or are left. */
static enum planche_status fetch(struct planche_decoder *decoder, struct planche_error *error)
{
    struct isolated *isolated = decoder->state;
    uint32_t left = decoder->height - isolated->row;
    isolated->ready = left < isolated->window_rows ? left : isolated->window_rows;
    isolated->taken = 0;
    return order(decoder, PLANCHE_DECODE_ROWS, isolated->ready, error);
}

enum planche_status planche_isolated_read(struct planche_decoder *decoder, uint8_t *rows,
                                          size_t stride, uint32_t count,
                                          struct planche_error *error)
{
    struct isolated *isolated = decoder->state;
    for (uint32_t i = 0; i < count; i++, isolated->row++, isolated->taken++) {
        enum planche_status status =
            isolated->taken < isolated->ready ? PLANCHE_OK : fetch(decoder, error);
        if (status)
            return status;
        memcpy(rows + i * stride,
               (const uint8_t *)isolated->window.data + isolated->taken * isolated->row_bytes,
               isolated->row_bytes);
    }
    return PLANCHE_OK;
}

enum planche_status planche_isolated_rewind(struct planche_decoder *decoder,
                                            struct planche_error *error)
{
    struct isolated *isolated = decoder->state;
    isolated->row = isolated->ready = isolated->taken = 0;
    return order(decoder, PLANCHE_DECODE_REWIND, 0, error);
}

void planche_isolated_close(struct planche_decoder *decoder)
{
    struct isolated *isolated = decoder->state;
    if (!isolated)
        return;
    planche_helper_stop(&isolated->helper);
    if (decoder->isolation)
        planche_isolation_renew(decoder->isolation);
    planche_shared_destroy(&isolated->input);
    planche_shared_destroy(&isolated->window);
    planche_budget_release(decoder->budget, isolated->reserved);
    planche_free(isolated);
    decoder->state = NULL;
}

static enum planche_status check(struct planche_decoder *decoder, struct planche_error *error)
{
    return order(decoder, PLANCHE_DECODE_CHECK, 0, error);
}

const struct planche_reading_ops planche_isolated_reading = {
    .open = planche_isolated_open,
    .read = planche_isolated_read,
    .rewind = planche_isolated_rewind,
    .check = check,
    .close = planche_isolated_close,
};
