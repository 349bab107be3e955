/* SPDX-License-Identifier: MIT */
/* A small ncnn model that tests write themselves, so that they need no fetched one: bilinear
 * enlargement and a little of everything else that known models have (convolutions, a page-wide
 * average, pixel shuffle, a skip connection). */
#ifndef PLANCHE_TESTS_SUPPORT_TINY_MODEL_H
#define PLANCHE_TESTS_SUPPORT_TINY_MODEL_H

#include <stddef.h>

struct tiny_model {
    char param[1536];
    size_t param_size;
    unsigned char bin[64 << 10];
    size_t bin_size;
};

/* scale: 2 to 4. */
void tiny_model_make(struct tiny_model *model, unsigned scale);
/* Writes PATH.param and PATH.bin; nonzero on success. */
int tiny_model_write(const struct tiny_model *model, const char *path);

#endif
