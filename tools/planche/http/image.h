/* SPDX-License-Identifier: MIT */
/* Image types: what a file is by its first bytes. */
#ifndef PLANCHE_HTTP_IMAGE_H
#define PLANCHE_HTTP_IMAGE_H

#include <stddef.h>

/* "image/png"; NULL: none that is known. Static. */
const char *planche_http_image_type(const void *data, size_t size);

#endif
