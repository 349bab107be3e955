/* SPDX-License-Identifier: MIT */
/* libavif, found when it is needed. */
#ifndef PLANCHE_CODEC_AVIF_LIBRARY_H
#define PLANCHE_CODEC_AVIF_LIBRARY_H

#include <avif/avif.h>
#include <planche/error.h>

struct planche_libavif {
#define PLANCHE_AVIF(name) __typeof__(avif##name) *name;
#include "codec/avif/functions.def"
#undef PLANCHE_AVIF
};

/* Its functions: after planche_avif_load. */
extern struct planche_libavif planche_libavif;

/* To be called before any of them. name: of the file that needs it, or NULL. Errors: UNSUPPORTED,
 * MEMORY. */
enum planche_status planche_avif_load(const char *name, struct planche_error *error);

#endif
