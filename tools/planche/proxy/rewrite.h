/* SPDX-License-Identifier: MIT */
/* Rewriting heads on their way (RFC 9110, 7.6): what concerns one connection alone stays there, and
 * the upstream is told who asks. Functions of texts alone. */
#ifndef PLANCHE_PROXY_REWRITE_H
#define PLANCHE_PROXY_REWRITE_H

#include "base/text_buffer.h"
#include "http/reply.h"

/* That a request has gone through a server of this kind: one that comes again runs in a circle. */
#define PLANCHE_PROXY_LOOP "X-Planche-Loop"

/* How a request is passed on. */
struct planche_proxy_way {
    const char *peer;     /* address of who sent it; NULL: it is not told */
    const char *upstream; /* host for requests that name none */
    const char *method;   /* NULL: the request's */
    const char *target;   /* NULL: the request's */
    bool whole;           /* for a page: without conditions, ranges and codings */
    bool no_body;         /* of a request that Planche makes from another one */
    const char *more;     /* lines that are added; NULL: none */
};

/* Writes the head for the upstream. */
void planche_proxy_write_request(struct planche_text_buffer *text,
                                 const struct planche_http_head *head,
                                 const struct planche_proxy_way *way);

/* What of an answer's fields is kept. */
enum planche_proxy_fields {
    PLANCHE_PROXY_ALL,    /* all but those of the connection and of the body's length */
    PLANCHE_PROXY_LATER,  /* without what lets it be kept or compared: a stand-in for now */
    PLANCHE_PROXY_CHANGED /* without what describes the bytes: others take their place */
};

/* Writes fields (lines) for the client. */
void planche_proxy_write_fields(struct planche_text_buffer *text,
                                const struct planche_http_reply *reply,
                                enum planche_proxy_fields kept);
/* Writes a Content-Disposition whose file names end in another extension ("jpg"). */
void planche_proxy_write_disposition(struct planche_text_buffer *text, const char *value,
                                     const char *extension);
/* Whether a client wants to change to another protocol. */
bool planche_proxy_wants_upgrade(const struct planche_http_head *head);

#endif
