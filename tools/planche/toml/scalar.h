/* SPDX-License-Identifier: MIT */
/* Strings, numbers and booleans of TOML. */
#ifndef PLANCHE_TOML_SCALAR_H
#define PLANCHE_TOML_SCALAR_H

#include "toml/tree.h"

#include <planche/error.h>

#include <stddef.h>

struct planche_toml_reader {
    const char *next, *end;
    unsigned line;
    const char *name;
    struct planche_error *error;
    enum planche_status status;
    bool failed;
};

/* Keeps an error, with the file and the line. */
__attribute__((format(printf, 2, 3))) void planche_toml_fail(struct planche_toml_reader *r,
                                                             const char *format, ...);
void planche_toml_no_memory(struct planche_toml_reader *r);
/* A copy of a text, to be freed. NULL: an error. */
char *planche_toml_copy(struct planche_toml_reader *r, const char *text, size_t size);
/* A string in quotes; to be freed. NULL: an error. */
char *planche_toml_take_string(struct planche_toml_reader *r);
/* A string, number or boolean. */
void planche_toml_take_scalar(struct planche_toml_reader *r, struct planche_toml *value);

#endif
