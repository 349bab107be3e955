/* SPDX-License-Identifier: MIT */
/* State dicts of tests: named tensors, written as the programs that train networks write them. The
 * writers are those of files that can be read; hostile files are made from theirs. */
#ifndef PLANCHE_TESTS_WEIGHTS_DICT_H
#define PLANCHE_TESTS_WEIGHTS_DICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DICT_RANK 6

enum dict_type { DICT_F32, DICT_F16, DICT_BF16, DICT_F64 };

struct dict_tensor {
    char name[96];
    enum dict_type type;
    int rank, shape[DICT_RANK];
    bool turned; /* stored with the axes the other way round: its strides are those of a view */
    size_t count;
    double *values; /* exactly as its type has them; [shape] in order */
};

struct dict {
    int count, room;
    struct dict_tensor *tensors;
    uint64_t random;
    enum dict_type type; /* of tensors that are added */
    const char *wrapper; /* "params_ema", or NULL */
    const char *prefix;  /* before all names in files, or NULL */
    const char *network; /* as the file is to state it, or NULL; nunif's form of .pth */
    bool unclipped;      /* .pth: nunif's no_clip */
    bool antialiased;    /* and pre_antialias */
};

void dict_free(struct dict *dict);
/* Adds a tensor of random numbers between low and high; shape ends with 0. */
struct dict_tensor *dict_add(struct dict *dict, const char *name, double low, double high,
                             const int *shape);
/* NAME.weight [out][in][rows][columns] and NAME.bias, of a size that keeps numbers in range. */
void dict_conv(struct dict *dict, int out, int in, int kernel, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void dict_conv_only(struct dict *dict, int out, int in, int kernel, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* NULL: there is none. */
const struct dict_tensor *dict_find(const struct dict *dict, const char *name);

/* Bytes of a file; free data with free(). */
struct file {
    uint8_t *data;
    size_t size, room;
};
struct file dict_safetensors(const struct dict *dict);
struct file dict_zip(const struct dict *dict);
struct file dict_legacy(const struct dict *dict);
void file_put(struct file *file, const void *data, size_t size);
void file_number(struct file *file, uint64_t value, int bytes);

#endif
