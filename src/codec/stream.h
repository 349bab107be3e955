/* SPDX-License-Identifier: MIT */
/* Encoded bytes from a file or from memory, in order, with a way back to the start. */
#ifndef PLANCHE_CODEC_STREAM_H
#define PLANCHE_CODEC_STREAM_H

#include "codec/codec.h"

struct planche_stream {
    const char *name; /* for messages; the stream's owner keeps it */
    int fd;           /* -1: memory */
    const uint8_t *memory;
    uint64_t size;       /* bytes in all */
    uint8_t *buffer;     /* of a file */
    const uint8_t *next; /* bytes that were fetched and not yet taken, */
    size_t left;         /* and how many */
};

/* Errors: NOT_FOUND, IO (not a regular file among them), MEMORY, BUDGET. After an error the stream
 * is closed. */
enum planche_status planche_stream_open(struct planche_stream *stream,
                                        const struct planche_source *source, const char *name,
                                        struct planche_budget *budget, struct planche_error *error);
/* The same for a file that is open, from its first byte; the stream closes it, whatever comes. */
enum planche_status planche_stream_open_fd(struct planche_stream *stream, int fd, const char *name,
                                           struct planche_budget *budget,
                                           struct planche_error *error);
void planche_stream_close(struct planche_stream *stream);

/* The next piece of the file, at least one byte unless it has ended; taken as a whole. Error: IO.
 */
enum planche_status planche_stream_next(struct planche_stream *stream, const uint8_t **data,
                                        size_t *size, struct planche_error *error);
/* Copies size bytes; *got says how many there were before the end. Error: IO. */
enum planche_status planche_stream_read(struct planche_stream *stream, void *data, size_t size,
                                        size_t *got, struct planche_error *error);
/* The same from any place, without a change of the place that the others read at. */
enum planche_status planche_stream_read_at(const struct planche_stream *stream, uint64_t at,
                                           void *data, size_t size, size_t *got,
                                           struct planche_error *error);
/* The whole file in one piece, counted in budget; it stays until the stream is closed, and nothing
 * else can be read any more. Errors: IO (the file became shorter among them), MEMORY, BUDGET. */
enum planche_status planche_stream_hold(struct planche_stream *stream,
                                        struct planche_budget *budget, const uint8_t **data,
                                        size_t *size, struct planche_error *error);
/* Back to the first byte. Error: IO. */
enum planche_status planche_stream_rewind(struct planche_stream *stream,
                                          struct planche_error *error);

#endif
