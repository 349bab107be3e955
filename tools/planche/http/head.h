/* SPDX-License-Identifier: MIT */
/* Head of a request: its line and its fields (RFC 9112), parsed strictly. */
#ifndef PLANCHE_HTTP_HEAD_H
#define PLANCHE_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLANCHE_HTTP_MAX_HEAD   32768 /* bytes of a head */
#define PLANCHE_HTTP_MAX_TARGET 8192
#define PLANCHE_HTTP_MAX_FIELDS 100

struct planche_http_field {
    const char *name, *value; /* as they came; the value without spaces around it */
};

struct planche_http_head {
    const char *method; /* as it came: methods are case-sensitive */
    const char *target; /* path and query, in origin-form, or "*"; escapes are not resolved */
    size_t path_length; /* of the target, up to its '?' */
    const char *host;   /* of the Host field or an absolute target; NULL: HTTP/1.0 without one */
    unsigned minor;     /* HTTP/1.minor: 0 or 1 */
    bool keep_alive;    /* the connection may serve another request */
    bool chunked;       /* how the body comes; else it has length bytes */
    bool has_length;
    uint64_t length;
    bool expects_continue;
    size_t count;
    struct planche_http_field fields[PLANCHE_HTTP_MAX_FIELDS];
};

/* Where the head in data ends, after its empty line; 0: not yet. *seen is 0 at first, and what the
 * call has looked at so far. */
size_t planche_http_head_end(const char *data, size_t size, size_t *seen);

/* Parses a whole head, data[0..size), and cuts it into strings: the texts of *out lie in data. 0:
 * it is one; else the status to answer with, after which the connection has to be closed, since
 * nobody knows where the next request begins. Refused, not repaired: bare LF or CR, NUL, obs-fold,
 * space before a colon, both or several of Content-Length and Transfer-Encoding, codings but
 * chunked, a missing or second Host. */
unsigned planche_http_head_parse(char *data, size_t size, struct planche_http_head *out);

/* For http/reply.c, which has fields, too. Cuts the line that begins at *next off: its text ends
 * with a 0 where the CR was. NULL: it has a bare CR or LF or a control character in it. What *next
 * points into ends with CR LF. */
char *planche_http_cut_line(char **next);
/* Cuts a line in two and adds it to the fields. 0, or the status to refuse it with. */
unsigned planche_http_take_field(char *line, struct planche_http_field *fields, size_t *count);

/* The value of a field, NULL if there is none; of several the first. name in any case. */
const char *planche_http_head_field(const struct planche_http_head *head, const char *name);

#endif
