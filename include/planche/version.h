/* SPDX-License-Identifier: MIT */
/* The version of the headers, and of the library that is running. */
#ifndef PLANCHE_VERSION_H
#define PLANCHE_VERSION_H

#include <planche/error.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PLANCHE_VERSION_MAJOR 0
#define PLANCHE_VERSION_MINOR 1
#define PLANCHE_VERSION_PATCH 0
#define PLANCHE_VERSION       "0.1.0"

/* "0.1.0": the version of the library that is running. */
PLANCHE_API const char *planche_version(void);

/* What the library that is running was built and is linked with, for bug reports: fact `index` (0
 * ..) as a name, a space and a value ("libpng 1.6.39"), written into text[size], cut to fit and
 * terminated. Libraries have the version that is loaded. Returns 0 past the last, else 1.
 * Thread-safe. */
PLANCHE_API int planche_build_info(size_t index, char *text, size_t size);

/* Whether the library that is running has a part that builds may be without, by the name of its
 * option of meson: "vulkan" (GPUs), "avif", "jxl", "unpack" (RAR, 7z and tar); and whether the
 * library behind AVIF or JPEG XL can be loaded. Whether there is a GPU, planche_gpu_get_info tells.
 * Thread-safe. Errors: UNSUPPORTED (the build is without it), NOT_FOUND (its library cannot be
 * loaded), ARGUMENT (there is no such part), MEMORY. */
PLANCHE_API enum planche_status planche_build_check(const char *part, struct planche_error *error);

#ifdef __cplusplus
}
#endif
#endif
