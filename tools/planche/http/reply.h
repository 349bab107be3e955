/* SPDX-License-Identifier: MIT */
/* Head of an answer of another server: its line and its fields (RFC 9112), parsed strictly. */
#ifndef PLANCHE_HTTP_REPLY_H
#define PLANCHE_HTTP_REPLY_H

#include "http/head.h"

struct planche_http_reply {
    unsigned status;
    const char *reason; /* "" if there is none */
    unsigned minor;     /* HTTP/1.minor: 0 or 1 */
    bool keep_alive;    /* the connection may serve another request */
    bool chunked; /* how the body comes; else it has length bytes, or ends with the connection */
    bool has_length;
    uint64_t length;
    size_t count;
    struct planche_http_field fields[PLANCHE_HTTP_MAX_FIELDS];
};

/* Parses a whole head, data[0..size), whose end planche_http_head_end has found, and cuts it into
 * strings: the texts of *out lie in data. NULL: it is one; else what is wrong with it. Refused, as
 * in requests: what two programs could read differently. */
const char *planche_http_reply_parse(char *data, size_t size, struct planche_http_reply *out);
/* Whether the answer to a request has a body at all. head: the request was HEAD. */
bool planche_http_reply_has_body(const struct planche_http_reply *reply, bool head);
/* The value of a field, NULL if there is none; of several the first. name in any case. */
const char *planche_http_reply_field(const struct planche_http_reply *reply, const char *name);
/* A copy with texts of its own, to be given to free. NULL: no memory. */
struct planche_http_reply *planche_http_reply_copy(const struct planche_http_reply *reply);

#endif
