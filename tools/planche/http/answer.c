/* SPDX-License-Identifier: MIT */
/* Answers to requests. Nothing of a request is ever reflected in the fields of its answer. */
#include "http/answer.h"

#include "http/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define PIPE_BYTES (128 << 10) /* of which the pipe of a slow reader stays full */

const char *planche_http_reason(unsigned status)
{
    static const struct {
        unsigned status;
        const char *reason;
    } reasons[] = {
        {100, "Continue"},
        {102, "Processing"},
        {103, "Early Hints"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
        {507, "Insufficient Storage"},
        {508, "Loop Detected"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "Unknown";
}

/* The time of day as HTTP has it, made once a second. */
static const char *make_date(void)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    static char text[64];
    static time_t made;
    time_t seconds = time(NULL);
    struct tm parts;
    if (seconds != made && gmtime_r(&seconds, &parts) != NULL) {
        snprintf(text, sizeof text, "%.3s, %02d %.3s %d %02d:%02d:%02d GMT",
                 days + (ptrdiff_t)3 * parts.tm_wday, parts.tm_mday,
                 months + (ptrdiff_t)3 * parts.tm_mon, parts.tm_year + 1900, parts.tm_hour,
                 parts.tm_min, parts.tm_sec);
        made = seconds;
    }
    return text;
}

static bool is_plain(const char *text)
{
    while (planche_http_is_text((unsigned char)*text))
        text++;
    return *text == 0;
}

void planche_http_add_field(struct planche_http_connection *c, const char *name, const char *value)
{
    size_t length = strlen(name) + strlen(value) + 4;
    if (!is_plain(value) || length >= sizeof c->extra - c->extra_size)
        return;
    snprintf(c->extra + c->extra_size, sizeof c->extra - c->extra_size, "%s: %s\r\n", name, value);
    c->extra_size += length;
}

void planche_http_add_field_format(struct planche_http_connection *c, const char *name,
                                   const char *format, ...)
{
    char value[512];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(value, sizeof value, format, args);
    va_end(args);
    if (length >= 0 && (size_t)length < sizeof value)
        planche_http_add_field(c, name, value);
}

void planche_http_close_after(struct planche_http_connection *c)
{
    c->closes = true;
}

void planche_http_on_gone(struct planche_http_connection *c, void (*gone)(void *user), void *user)
{
    c->gone = gone;
    c->gone_user = user;
}

void planche_http_allow_half_close(struct planche_http_connection *c, bool allowed)
{
    c->half_closed = allowed;
}

static bool has_no_body(unsigned status)
{
    return status == 204 || status == 304;
}

/* How long the body is, or that it comes in chunks. */
static void write_framing(const struct planche_http_connection *c, unsigned status, int64_t length,
                          char *text, size_t size)
{
    *text = 0;
    if (length >= 0 && !has_no_body(status))
        snprintf(text, size, "Content-Length: %lld\r\n", (long long)length);
    else if (c->out_chunked)
        snprintf(text, size, "Transfer-Encoding: chunked\r\n");
}

/* The head of an answer; length < 0: not known. False: no memory. */
static bool write_head(struct planche_http_connection *c, const struct planche_http_answer *answer,
                       int64_t length)
{
    char framing[64], own[128] = "";
    size_t room = sizeof framing + sizeof own + PLANCHE_HTTP_MAX_EXTRA + 1024 + answer->fields_size;
    char *head = malloc(room);
    /* A request that was not read to its end is the last one. */
    c->closes = c->closes || (c->input != PLANCHE_HTTP_INPUT_DONE && !c->stream);
    c->status = answer->status;
    write_framing(c, answer->status, length, framing, sizeof framing);
    if (answer->fields == NULL)
        snprintf(own, sizeof own,
                 "Date: %s\r\nServer: planche\r\nX-Content-Type-Options: nosniff\r\n", make_date());
    if (head == NULL)
        return false;
    const char *type = answer->type, *keep = c->head.minor == 0 ? "Connection: keep-alive\r\n" : "";
    const char *reason =
        answer->reason != NULL ? answer->reason : planche_http_reason(answer->status);
    int written = snprintf(
        head, room, "HTTP/1.1 %u %.256s\r\n%s%s%s%s%s%s%.*s%.*s\r\n", answer->status, reason, own,
        c->closes ? "Connection: close\r\n" : keep, type != NULL ? "Content-Type: " : "",
        type != NULL ? type : "", type != NULL ? "\r\n" : "", framing, (int)answer->fields_size,
        answer->fields != NULL ? answer->fields : "", (int)c->extra_size, c->extra);
    bool fits = written > 0 && (size_t)written < room &&
                planche_http_output_copy(&c->out, head, (size_t)written);
    free(head);
    return fits;
}

static bool wants_no_body(const struct planche_http_connection *c, unsigned status)
{
    return has_no_body(status) || strcmp(c->head.method, "HEAD") == 0;
}

static bool write_body(struct planche_http_connection *c, const struct planche_http_answer *answer)
{
    if (answer->has_file)
        return planche_http_output_file(&c->out, answer->fd, answer->file_offset,
                                        answer->file_size);
    if (answer->blob != NULL)
        return planche_http_output_blob(&c->out, answer->blob, answer->offset, answer->size);
    return planche_http_output_copy(&c->out, answer->text, answer->size);
}

void planche_http_answer(struct planche_http_connection *c,
                         const struct planche_http_answer *answer)
{
    uint64_t size = answer->has_file ? answer->file_size : answer->size;
    bool bare = wants_no_body(c, answer->status);
    bool written = write_head(c, answer, (int64_t)size);
    if (bare || !written) {
        if (answer->has_file)
            close(answer->fd);
    } else {
        written = write_body(c, answer);
        c->bytes_out = size;
    }
    c->answered = true;
    c->gone = NULL;
    if (!written)
        c->closing = true;
    planche_http_connection_kick(c);
}

void planche_http_drop(struct planche_http_connection *c)
{
    c->gone = NULL;
    planche_http_connection_close(c);
}

void planche_http_interim_as(struct planche_http_connection *c, unsigned status, const char *fields,
                             size_t size)
{
    char line[64];
    if (c->head.minor == 0 || c->streaming || c->answered)
        return;
    int length =
        snprintf(line, sizeof line, "HTTP/1.1 %u %s\r\n", status, planche_http_reason(status));
    if (!planche_http_output_copy(&c->out, line, (size_t)length) ||
        !planche_http_output_copy(&c->out, fields, size) ||
        !planche_http_output_copy(&c->out, "\r\n", 2))
        c->closing = true;
    planche_http_connection_push(c);
}

void planche_http_interim(struct planche_http_connection *c, unsigned status)
{
    planche_http_interim_as(c, status, "", 0);
}

void planche_http_begin_as(struct planche_http_connection *c,
                           const struct planche_http_answer *head, int64_t length)
{
    c->streaming = true;
    c->out_chunked = length < 0 && c->head.minor == 1 && !wants_no_body(c, head->status);
    c->closes = c->closes || (length < 0 && c->head.minor == 0);
    if (!write_head(c, head, length))
        c->closing = true;
    planche_http_connection_push(c);
}

void planche_http_begin(struct planche_http_connection *c, unsigned status, const char *type,
                        int64_t length)
{
    const struct planche_http_answer head = {.status = status, .type = type};
    planche_http_begin_as(c, &head, length);
}

void planche_http_be_patient(struct planche_http_connection *c, int64_t ns)
{
    c->patience_ns = ns;
}

/* Writes pieces, without copying what the socket takes at once. */
static void write_pieces(struct planche_http_connection *c, const struct iovec *pieces, int count)
{
    size_t sent = c->closing ? 0 : planche_http_output_send(&c->out, c->watch.fd, pieces, count);
    for (int i = 0; i < count; i++) {
        size_t size = pieces[i].iov_len, own = sent < size ? sent : size;
        sent -= own;
        if (!planche_http_output_copy(&c->out, (const char *)pieces[i].iov_base + own, size - own))
            c->closing = true;
    }
}

uint64_t planche_http_write(struct planche_http_connection *c, const void *data, size_t size)
{
    char line[32], end[] = "\r\n";
    if (size == 0 || wants_no_body(c, c->status))
        return c->out.size;
    struct iovec pieces[3] = {{line, 0}, {(void *)data, size}, {end, 0}};
    if (c->out_chunked) {
        pieces[0].iov_len = (size_t)snprintf(line, sizeof line, "%zx\r\n", size);
        pieces[2].iov_len = 2;
    }
    write_pieces(c, pieces, 3);
    c->bytes_out += size;
    return planche_http_connection_push(c);
}

/* A pipe that holds more than what one read would. */
static bool make_pipe(struct planche_http_connection *c)
{
    if (c->pipe[0] > 0)
        return true;
    if (pipe2(c->pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
        c->pipe[0] = c->pipe[1] = 0;
        return false;
    }
    fcntl(c->pipe[1], F_SETPIPE_SZ, PIPE_BYTES); /* else it stays as it is */
    return true;
}

int64_t planche_http_write_from(struct planche_http_connection *c, int fd, uint64_t most)
{
    const unsigned flags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;
    if (c->out_chunked || c->out.size > 0 || c->closing || wants_no_body(c, c->status) ||
        !make_pipe(c))
        return -1;
    size_t size = most < PIPE_BYTES ? (size_t)most : PIPE_BYTES;
    ssize_t moved = splice(fd, NULL, c->pipe[1], NULL, size, flags);
    if (moved < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (moved <= 0)
        return -1;
    if (!planche_http_output_pipe(&c->out, c->pipe[0], (uint64_t)moved))
        c->closing = true;
    c->bytes_out += (uint64_t)moved;
    planche_http_connection_push(c);
    return moved;
}

void planche_http_write_blob(struct planche_http_connection *c, struct planche_http_blob *blob)
{
    char line[32];
    bool written = true;
    if (blob->size == 0 || wants_no_body(c, c->status))
        return;
    if (c->out_chunked) {
        int length = snprintf(line, sizeof line, "%zx\r\n", blob->size);
        written = planche_http_output_copy(&c->out, line, (size_t)length);
    }
    written = written && planche_http_output_blob(&c->out, blob, 0, blob->size) &&
              (!c->out_chunked || planche_http_output_copy(&c->out, "\r\n", 2));
    c->closing = c->closing || !written;
    c->bytes_out += blob->size;
    planche_http_connection_push(c);
}

void planche_http_on_drained(struct planche_http_connection *c, void (*drained)(void *user),
                             void *user)
{
    c->drained = drained;
    c->drained_user = user;
    planche_http_connection_kick(c);
}

void planche_http_end(struct planche_http_connection *c)
{
    if (c->out_chunked && !planche_http_output_copy(&c->out, "0\r\n\r\n", 5))
        c->closing = true;
    c->answered = true;
    c->gone = NULL;
    planche_http_connection_kick(c);
}

int planche_http_take_socket(struct planche_http_connection *c, char **data, size_t *size)
{
    return planche_http_connection_give(c, data, size);
}
