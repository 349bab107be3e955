/* SPDX-License-Identifier: MIT */
/* Formats of planche-decode. */
#ifndef PLANCHE_DECODE_FORMATS_H
#define PLANCHE_DECODE_FORMATS_H

#include "codec/format.h"

#include <stdio.h>

struct decode_format {
    const char *name; /* the KIND of the protocol */
    enum planche_format format;
    bool is_page;        /* one of PLANCHE_DECODE_PAGES */
    const char *library; /* Debian's package of the library, to build with; NULL: the
                            library's own format, which is decoded in a sandbox
                            or not at all */
    const struct planche_reading_ops *ops; /* NULL: left out of this build */
    void (*prepare)(void);                 /* before the sandbox closes; NULL: nothing */
};

/* NULL: there is none of that name. */
const struct decode_format *decode_find_format(const char *name);
/* Of PLANCHE_DECODE_PAGES; NULL: there is none. */
const struct decode_format *decode_find_page_format(uint32_t format);
/* Those of this build and their libraries, in a line. */
void decode_list_formats(FILE *file);

#endif
