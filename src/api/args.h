/* SPDX-License-Identifier: MIT */
/* Argument checks of the public functions: structs of callers that were built against an older or a
 * newer header, and errors that a caller does not want. Behind src/api, structs have this library's
 * size and `error` is never NULL. */
#ifndef PLANCHE_API_ARGS_H
#define PLANCHE_API_ARGS_H

#include "base/status.h"

#include <stddef.h>

/* Where the function's error goes: the caller's struct, or `own` for a caller that passed NULL. */
static inline struct planche_error *planche_args_error(struct planche_error *error,
                                                       struct planche_error *own)
{
    return error ? error : own;
}

/* A struct that begins with struct_size. */
struct planche_args_struct {
    const char *name;        /* "struct planche_page_options" */
    const char *initialiser; /* "PLANCHE_PAGE_OPTIONS_INIT" */
    size_t size;             /* in this library */
};
#define PLANCHE_ARGS_STRUCT(type, init)                                                            \
    (&(const struct planche_args_struct){.name = #type, .initialiser = #init, .size = sizeof(type)})

/* Copies the caller's options (NULL: defaults) into `to`, a struct of this library's size. What an
 * older caller's header did not have is zero. Errors: ARGUMENT: struct_size is none; UNSUPPORTED: a
 * newer caller has set a field that this library does not know. *to is set in any case. */
enum planche_status planche_args_take(void *to, const void *from,
                                      const struct planche_args_struct *type,
                                      struct planche_error *error);

/* Checks the struct_size of a struct that is filled for the caller; NULL is fine. Error: ARGUMENT.
 */
enum planche_status planche_args_check_result(const void *to,
                                              const struct planche_args_struct *type,
                                              struct planche_error *error);

/* Fills the caller's struct (NULL: nothing happens) with as much of `from` as it has room for; its
 * struct_size stays. */
void planche_args_give(void *to, const void *from, const struct planche_args_struct *type);

#endif
