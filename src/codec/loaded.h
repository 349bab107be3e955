/* SPDX-License-Identifier: MIT */
/* Libraries that are loaded when the first file of their format is met. libavif and libjxl bring
 * some thirty others with them, which would take two thirds of the time in which a process starts,
 * and some megabytes of its memory, for formats that few pages have. */
#ifndef PLANCHE_CODEC_LOADED_H
#define PLANCHE_CODEC_LOADED_H

#include "os/dl.h"
#include "os/thread.h"

#include <planche/error.h>

#include <stdatomic.h>

/* A library, which stays until the process ends. */
struct planche_loaded {
    const char *file; /* "libavif.so.15": by the interface that was compiled for; NULL: linked in */
    /* Takes its functions; returns the name of one that it lacks, or NULL. */
    const char *(*find)(void *library);
    struct planche_mutex lock;
    _Atomic bool ready;
};

/* Loads it unless it is there; any thread may ask. name: of the file that needs it, or NULL.
 * Errors: UNSUPPORTED, MEMORY. */
enum planche_status planche_loaded_get(struct planche_loaded *library, const char *name,
                                       struct planche_error *error);

#endif
