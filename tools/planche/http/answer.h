/* SPDX-License-Identifier: MIT */
/* Answers to requests: whole, or piece by piece, or none at all. */
#ifndef PLANCHE_HTTP_ANSWER_H
#define PLANCHE_HTTP_ANSWER_H

#include "http/connection.h"

#include <stdbool.h>

/* A whole answer. The body is one of the next three; none: it is empty. */
struct planche_http_answer {
    unsigned status;
    const char *reason; /* NULL: the usual one */
    const char *type;   /* Content-Type; NULL: none */
    const char *fields; /* lines that another server has sent, instead of this server's
                           own fields; NULL: its own */
    size_t fields_size;
    struct planche_http_blob *blob; /* held until it is written; the caller's holding stays */
    size_t offset, size;            /* of the blob: the part that is the body; size of text */
    const char *text;               /* copied */
    int fd;                         /* a file, if has_file; closed */
    bool has_file;
    uint64_t file_offset, file_size;
};

/* After the next four functions the handler has no connection any more: the exchange is over or
 * goes on without it. A request is answered once. */

/* Answers. A request by HEAD gets the head alone. The whole of it is handed to the system in one
 * call if it takes it. */
void planche_http_answer(struct planche_http_connection *connection,
                         const struct planche_http_answer *answer);
/* Closes the connection without a byte. */
void planche_http_drop(struct planche_http_connection *connection);
/* Ends an answer that was begun. */
void planche_http_end(struct planche_http_connection *connection);
/* Takes the socket away: see planche_http_connection_give. */
int planche_http_take_socket(struct planche_http_connection *connection, char **data, size_t *size);

/* Adds a field to the answer to come; what does not fit, or has control characters in it, is left
 * out. */
void planche_http_add_field(struct planche_http_connection *connection, const char *name,
                            const char *value);
__attribute__((format(printf, 3, 4))) void
planche_http_add_field_format(struct planche_http_connection *connection, const char *name,
                              const char *format, ...);
/* The connection serves no other request. */
void planche_http_close_after(struct planche_http_connection *connection);
/* Calls gone if the client leaves before it is answered, instead of any other call about this
 * exchange; the connection is no more then. NULL: nobody is to be called. */
void planche_http_on_gone(struct planche_http_connection *connection, void (*gone)(void *user),
                          void *user);

/* Whether a client that has sent all and closed its direction still gets the answer; else, and at
 * first, that is taken for leaving while the answer is waited for. */
void planche_http_allow_half_close(struct planche_http_connection *connection, bool allowed);

/* An interim answer (1xx), for clients that wait for long. Nothing for HTTP/1.0. */
void planche_http_interim(struct planche_http_connection *connection, unsigned status);
/* The same with fields (lines). */
void planche_http_interim_as(struct planche_http_connection *connection, unsigned status,
                             const char *fields, size_t size);

/* Begins an answer that is written piece by piece: of length bytes, or, if that is negative, of any
 * length. */
void planche_http_begin(struct planche_http_connection *connection, unsigned status,
                        const char *type, int64_t length);
/* The same with a status, reason, type and fields. */
void planche_http_begin_as(struct planche_http_connection *connection,
                           const struct planche_http_answer *head, int64_t length);
/* Waits so long, instead of the time that is set for all, for a client that takes no more of this
 * answer. */
void planche_http_be_patient(struct planche_http_connection *connection, int64_t ns);
/* Writes a piece of it (copied). Returns how many bytes are not written yet: who sees many of them
 * waits for planche_http_on_drained. */
uint64_t planche_http_write(struct planche_http_connection *connection, const void *data,
                            size_t size);
/* Moves at most so many bytes of the answer from another socket, without copying them through this
 * process. How many; 0: there are none now; -1: they have to be read and written, which also tells
 * what is wrong. */
int64_t planche_http_write_from(struct planche_http_connection *connection, int fd, uint64_t most);
/* Writes a blob as a piece; it is held until then. */
void planche_http_write_blob(struct planche_http_connection *connection,
                             struct planche_http_blob *blob);
/* Calls drained once, when all pieces are written; perhaps before this returns. */
void planche_http_on_drained(struct planche_http_connection *connection,
                             void (*drained)(void *user), void *user);

/* "Not Found". */
const char *planche_http_reason(unsigned status);

#endif
