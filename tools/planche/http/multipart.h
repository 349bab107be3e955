/* SPDX-License-Identifier: MIT */
/* Forms with files in them: multipart/form-data (RFC 7578), in memory. */
#ifndef PLANCHE_HTTP_MULTIPART_H
#define PLANCHE_HTTP_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#define PLANCHE_HTTP_MAX_BOUNDARY 70

struct planche_http_part {
    char name[64];       /* of the field; longer ones: "" */
    bool is_file;        /* it has the name of a file, which may be "" */
    char file_name[256]; /* as it was sent; longer ones, and those in other charsets: "" */
    const char *data;
    size_t size;
};

/* A form that is being read; the data is not changed and not copied. */
struct planche_http_multipart {
    const char *data;
    size_t size, at;                               /* at: behind the last delimiter */
    char delimiter[PLANCHE_HTTP_MAX_BOUNDARY + 5]; /* CR LF - - boundary */
    size_t length;
};

/* False: type (of Content-Type) is no multipart/form-data with a boundary, or the data does not
 * begin as one, after its preamble. */
bool planche_http_multipart_begin(struct planche_http_multipart *form, const char *type,
                                  const char *data, size_t size);
/* 1: *part is the next part; 0: that was all; -1: the form is cut off or broken. */
int planche_http_multipart_next(struct planche_http_multipart *form,
                                struct planche_http_part *part);

/* Reads the head of a part, data[0..size) without the empty line: all but its content. */
void planche_http_multipart_head(const char *data, size_t size, struct planche_http_part *part);

#endif
