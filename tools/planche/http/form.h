/* SPDX-License-Identifier: MIT */
/* Forms with a file in them (RFC 7578), piece by piece, in bounded memory. */
#ifndef PLANCHE_HTTP_FORM_H
#define PLANCHE_HTTP_FORM_H

#include "http/multipart.h"

#define PLANCHE_HTTP_FORM_HEAD 4096 /* bytes of the head of a part at most */

enum planche_http_form_state {
    PLANCHE_HTTP_FORM_PREAMBLE, /* before the first delimiter */
    PLANCHE_HTTP_FORM_LINE,     /* behind a delimiter, to the end of its line */
    PLANCHE_HTTP_FORM_PART,     /* in the head of a part */
    PLANCHE_HTTP_FORM_FILE,     /* in the file */
    PLANCHE_HTTP_FORM_OTHER,    /* in a part that is not the file */
    PLANCHE_HTTP_FORM_DONE,     /* behind the last delimiter */
    PLANCHE_HTTP_FORM_BROKEN
};

struct planche_http_form {
    enum planche_http_form_state state;
    char delimiter[PLANCHE_HTTP_MAX_BOUNDARY + 5]; /* CR LF - - boundary */
    size_t length, matched; /* matched: bytes of the delimiter that stand at the end so far */
    size_t borrowed;        /* of those, what is no content if the delimiter is none */
    char head[PLANCHE_HTTP_FORM_HEAD];
    size_t head_size;
    bool found;                    /* the file has begun */
    struct planche_http_part part; /* the file, without its content, once it is found */
};

/* Takes bytes of the file. False: no more are wanted. */
typedef bool (*planche_http_form_fn)(void *user, const char *data, size_t size);

/* False: type (of Content-Type) is no multipart/form-data with a boundary. */
bool planche_http_form_begin(struct planche_http_form *form, const char *type);
/* Takes a piece of the body, and gives on what it has of the file: the first part that has the name
 * of one. False: the form is broken, or the taker wants no more. */
bool planche_http_form_take(struct planche_http_form *form, const char *data, size_t size,
                            planche_http_form_fn take, void *user);

#endif
