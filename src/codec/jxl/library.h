/* SPDX-License-Identifier: MIT */
/* libjxl, found when it is needed. */
#ifndef PLANCHE_CODEC_JXL_LIBRARY_H
#define PLANCHE_CODEC_JXL_LIBRARY_H

#include <jxl/decode.h>
#include <jxl/encode.h>
#include <planche/error.h>

struct planche_libjxl {
#define PLANCHE_JXL(name) __typeof__(Jxl##name) *name;
#include "codec/jxl/functions.def"
#undef PLANCHE_JXL
};

/* Its functions: after planche_jxl_load. */
extern struct planche_libjxl planche_libjxl;

/* To be called before any of them. name: of the file that needs it, or NULL. Errors: UNSUPPORTED,
 * MEMORY. */
enum planche_status planche_jxl_load(const char *name, struct planche_error *error);

#endif
