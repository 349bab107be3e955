/* SPDX-License-Identifier: MIT */
/* Files of the main page, as bytes of the command. embed.py makes the table. */
#ifndef PLANCHE_WEB_FILES_H
#define PLANCHE_WEB_FILES_H

#include <stddef.h>

struct planche_web_file {
    const char *name; /* app.js */
    const char *type; /* its Content-Type */
    const char *tag;  /* a strong ETag, with its quotes */
    const char *data; /* no 0 behind it */
    size_t size;
};

extern const struct planche_web_file planche_web_files[];
extern const size_t planche_web_file_count;

#endif
