/* SPDX-License-Identifier: MIT */
/* The version of the headers, and of the library that is running. */
#ifndef PLANCHE_VERSION_H
#define PLANCHE_VERSION_H

#include <planche/error.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PLANCHE_VERSION_MAJOR 0
#define PLANCHE_VERSION_MINOR 1
#define PLANCHE_VERSION_PATCH 0
#define PLANCHE_VERSION       "0.1.0"

/* "0.1.0": the version of the library that is running. */
PLANCHE_API const char *planche_version(void);

#ifdef __cplusplus
}
#endif
#endif
