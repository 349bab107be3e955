/* SPDX-License-Identifier: MIT */
/* Files of Planche's own networks for tests: made at random, and told again as ncnn models, from
 * the description of the format alone (training/stored.py). Shares no code with src/. */
#ifndef PLANCHE_TESTS_SUPPORT_OWN_NETWORK_H
#define PLANCHE_TESTS_SUPPORT_OWN_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct own_file {
    uint8_t *data; /* free() */
    size_t size;
};

/* Weights such that values stay about as large as they are. */
struct own_file own_file_make(unsigned channels, unsigned depth, unsigned scale, unsigned colours,
                              uint64_t seed);
/* Likewise with a middle of `inner` layers of `wide` channels at half the size, unless inner is 0;
 * bytes: the kernels between the first and the last layer are in bytes. */
struct own_form {
    unsigned channels, depth, scale, colours, wide, inner;
    bool bytes;
};
struct own_file own_file_make_form(const struct own_form *form, uint64_t seed);
/* Writes it. False: that failed. */
bool own_file_write(const struct own_file *file, const char *path);

/* The same network at a level of cleaning; grey: of one colour; clean: of scale 1. */
struct own_ncnn {
    char *param;
    float *bin;
    size_t param_size, bin_size;
};
struct own_ncnn own_file_to_ncnn(const uint8_t *data, double level, bool grey, bool clean);
void own_ncnn_free(struct own_ncnn *model);

#endif
