/* SPDX-License-Identifier: MIT */
/* Formats of planche-decode. */
#ifndef PLANCHE_DECODE_FORMATS_H
#define PLANCHE_DECODE_FORMATS_H

#include "codec/format.h"

#include <stdio.h>

struct decode_format {
    const char *name;                      /* the KIND of the protocol */
    const char *library;                   /* Debian's package of the library, to build with */
    const struct planche_reading_ops *ops; /* NULL: left out of this build */
    void (*prepare)(void);                 /* before the sandbox closes; NULL: nothing */
};

/* NULL: there is none of that name. */
const struct decode_format *decode_find_format(const char *name);
/* Those of this build and their libraries, in a line. */
void decode_list_formats(FILE *file);

#endif
