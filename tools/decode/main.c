/* SPDX-License-Identifier: MIT */
/* planche-decode: decodes images of some formats for libplanche in a process of its own, bounded by
 * the operating system, so that a decompression bomb, a fault in a library or a lack of memory does
 * no harm. See codec/decode_protocol.h. */
#include "child/frames.h"
#include "child/memory.h"
#include "child/start.h"
#include "formats.h"

#include "base/checked.h"
#include "base/status.h"
#include "codec/blob.h"
#include "codec/decode_protocol.h"
#include "os/shared_memory.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Begins the messages of readers; the library puts the file's name in its place. */
static const char NAME[] = "image";

/* The only image of this process. */
struct session {
    const struct planche_reading_ops *ops;
    struct planche_decoder decoder;
    struct planche_log log;
    bool opened, failed;
    uint8_t *picture; /* one that is decoded as a whole */
    size_t row_bytes;
    uint32_t row; /* the next */
    uint8_t *window;
    size_t window_bytes;
};

static const char *without_name(const char *text)
{
    size_t length = strlen(NAME);
    return strncmp(text, NAME, length) == 0 && text[length] == ':' && text[length + 1] == ' '
               ? text + length + 2
               : text;
}

static void send_error(struct session *session, const struct planche_error *error)
{
    const struct planche_helper_error head = {.status = (uint32_t)error->status, .fatal = 1};
    const char *text = without_name(error->message);
    session->failed = true;
    child_send(PLANCHE_HELPER_ERROR, &head, sizeof head, text,
               strnlen(text, PLANCHE_HELPER_TEXT_BYTES));
}

static void send_warning(void *user, enum planche_log_level level, const char *message)
{
    const char *text = without_name(message);
    (void)user;
    if (level >= PLANCHE_LOG_WARNING)
        child_send(PLANCHE_DECODE_WARNING, text, strnlen(text, PLANCHE_DECODE_WARNING_BYTES), NULL,
                   0);
}

static void send_done(void)
{
    const uint64_t spare = child_memory_give_back();
    child_send(PLANCHE_DECODE_DONE, &spare, sizeof spare, NULL, 0);
}

static void send_blob(enum planche_decode_blob_kind kind, const struct planche_blob *blob)
{
    const struct planche_decode_blob head = {.kind = (uint32_t)kind};
    if (blob->size > 0 && blob->size <= PLANCHE_MAX_METADATA)
        child_send(PLANCHE_DECODE_BLOB, &head, sizeof head, blob->data, blob->size);
}

static enum planche_status measure(struct session *session, struct planche_error *error)
{
    const struct planche_decoder *decoder = &session->decoder;
    size_t pixel = (size_t)decoder->channels * (decoder->depth / 8);
    if (!planche_mul_size(decoder->width, pixel, &session->row_bytes))
        return planche_fail_memory(error, NULL, UINT64_MAX, NAME);
    return PLANCHE_OK;
}

static enum planche_status answer_open(struct session *session, uint32_t most,
                                       struct planche_error *error)
{
    struct planche_decoder *decoder = &session->decoder;
    decoder->max_pixels = most;
    enum planche_status status =
        planche_stream_open_fd(&decoder->stream, PLANCHE_HELPER_INPUT, NAME, NULL, error);
    if (status)
        return status;
    session->opened = true;
    status = session->ops->open(decoder, error);
    if (status == PLANCHE_OK)
        status = measure(session, error);
    if (status)
        return status;
    const struct planche_decode_image image = {
        .width = decoder->width,
        .height = decoder->height,
        .channels = decoder->channels,
        .depth = decoder->depth,
        .orientation = decoder->orientation,
        .lost = decoder->lost,
        .pictures = decoder->pictures,
        .quality = decoder->encoding.quality,
        .chroma = decoder->encoding.chroma,
        .x_density = decoder->metadata.x_density,
        .y_density = decoder->metadata.y_density,
    };
    send_blob(PLANCHE_DECODE_ICC, &decoder->metadata.icc);
    send_blob(PLANCHE_DECODE_EXIF, &decoder->metadata.exif);
    send_blob(PLANCHE_DECODE_XMP, &decoder->metadata.xmp);
    child_send(PLANCHE_DECODE_IMAGE, &image, sizeof image, NULL, 0);
    planche_metadata_free(&decoder->metadata);
    return PLANCHE_OK;
}

/* What only decoding needs goes as soon as the picture is complete. */
static enum planche_status decode_picture(struct session *session, struct planche_error *error)
{
    struct planche_decoder *decoder = &session->decoder;
    size_t size;
    if (!planche_mul_size(decoder->height, session->row_bytes, &size))
        size = SIZE_MAX;
    session->picture = planche_alloc(NULL, size);
    if (!session->picture)
        return planche_fail_memory(error, NULL, size, NAME);
    enum planche_status status =
        session->ops->read(decoder, session->picture, session->row_bytes, decoder->height, error);
    session->ops->close(decoder);
    planche_stream_close(&decoder->stream);
    session->opened = false;
    return status;
}

static enum planche_status answer_pixels(struct session *session, struct planche_error *error)
{
    session->window = planche_shared_attach(PLANCHE_DECODE_WINDOW, &session->window_bytes);
    if (!session->window)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: no memory can be shared", NAME);
    enum planche_status status =
        session->decoder.whole ? decode_picture(session, error) : PLANCHE_OK;
    if (status == PLANCHE_OK)
        send_done();
    return status;
}

static enum planche_status answer_rows(struct session *session, uint32_t count,
                                       struct planche_error *error)
{
    struct planche_decoder *decoder = &session->decoder;
    enum planche_status status = PLANCHE_OK;
    if (!session->window || count > decoder->height - session->row ||
        count > session->window_bytes / session->row_bytes)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: there are no such rows", NAME);
    if (session->picture)
        memcpy(session->window, session->picture + session->row * session->row_bytes,
               count * session->row_bytes);
    else
        status = session->ops->read(decoder, session->window, session->row_bytes, count, error);
    session->row += count;
    if (status == PLANCHE_OK)
        send_done();
    return status;
}

/* Once: what is decoded is gone. */
static enum planche_status answer_check(struct session *session, struct planche_error *error)
{
    if (session->window || session->picture)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: it is read already", NAME);
    enum planche_status status = planche_decoder_check(&session->decoder, session->ops, error);
    session->failed = true;
    if (status == PLANCHE_OK)
        send_done();
    return status;
}

static enum planche_status answer_rewind(struct session *session, struct planche_error *error)
{
    enum planche_status status = session->picture || session->row == 0
                                     ? PLANCHE_OK
                                     : session->ops->rewind(&session->decoder, error);
    session->row = 0;
    if (status == PLANCHE_OK)
        send_done();
    return status;
}

static bool take_format(struct session *session, uint32_t number)
{
    const struct decode_format *format = decode_find_page_format(number);
    session->ops = format && !session->ops ? format->ops : NULL;
    return session->ops != NULL;
}

/* False: it makes no sense, or comes at the wrong time. */
static bool answer(struct session *session, const struct planche_helper_request *request)
{
    struct planche_error error;
    enum planche_status status;
    bool open = session->opened || session->picture;
    if (request->verb == PLANCHE_DECODE_FORMAT)
        return take_format(session, request->size);
    if (!session->ops || session->failed || (request->verb == PLANCHE_DECODE_OPEN) == open)
        return false;
    switch (request->verb) {
    case PLANCHE_DECODE_OPEN:
        status = answer_open(session, request->size, &error);
        break;
    case PLANCHE_DECODE_PIXELS:
        status = answer_pixels(session, &error);
        break;
    case PLANCHE_DECODE_ROWS:
        status = answer_rows(session, request->size, &error);
        break;
    case PLANCHE_DECODE_CHECK:
        status = answer_check(session, &error);
        break;
    case PLANCHE_DECODE_REWIND:
        status = answer_rewind(session, &error);
        break;
    default:
        return false;
    }
    if (status)
        send_error(session, &error);
    return true;
}

int main(int count, char **words)
{
    static struct session session;
    struct child_arguments arguments;
    struct planche_helper_request request;
    if (!child_take_arguments(count, words, PLANCHE_DECODE_VERSION, &arguments)) {
        fputs("planche-decode is a part of libplanche " PLANCHE_DECODE_VERSION
              ", which starts it to decode images: ",
              stderr);
        decode_list_formats(stderr);
        return PLANCHE_HELPER_EXIT_USAGE;
    }
    const bool pages = strcmp(arguments.format, PLANCHE_DECODE_PAGES) == 0;
    const struct decode_format *format = decode_find_format(arguments.format);
    session.log = (struct planche_log){.fn = send_warning};
    session.decoder =
        (struct planche_decoder){.name = NAME, .log = &session.log, .stream = {.fd = -1}};
    if (format && format->prepare)
        format->prepare();
    bool confined = child_confine(&arguments, !pages);
    if (!confined && (pages || (format && !format->library)))
        return PLANCHE_HELPER_EXIT_OPEN;
    if (!pages && (!format || !format->ops)) {
        struct planche_error error;
        if (child_receive(&request)) {
            planche_fail(&error, PLANCHE_ERROR_UNSUPPORTED,
                         "%s files were left out when this planche-decode was built: build it "
                         "with %s, or convert them to PNG",
                         arguments.format, format ? format->library : "their library");
            send_error(&session, &error);
        }
        return 0;
    }
    session.ops = pages ? NULL : format->ops;
    while (child_receive(&request) && answer(&session, &request))
        continue;
    return 0;
}
