/* SPDX-License-Identifier: MIT */
/* Structs between callers and the library: the smaller of two sizes is copied, and what a caller
 * asks for beyond this library's is refused. */
#include "api/args.h"

#include <stdbool.h>
#include <string.h>

/* No struct grows beyond a page: what claims more was not initialised. */
#define MAX_STRUCT_SIZE 4096

static size_t size_of(const void *sized)
{
    size_t size;
    memcpy(&size, sized, sizeof(size));
    return size;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool is_size(size_t size)
{
    return size >= sizeof(size_t) && size <= MAX_STRUCT_SIZE;
}

static enum planche_status bad_size(size_t size, const struct planche_args_struct *type,
                                    struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                        "%s: struct_size cannot be %zu; initialise the struct with %s", type->name,
                        size, type->initialiser);
}

static bool is_zero(const unsigned char *bytes, size_t from, size_t to)
{
    while (from < to && bytes[from] == 0)
        from++;
    return from >= to;
}

enum planche_status planche_args_take(void *to, const void *from,
                                      const struct planche_args_struct *type,
                                      struct planche_error *error)
{
    size_t size = from ? size_of(from) : type->size;
    memset(to, 0, type->size);
    if (from && is_size(size))
        memcpy(to, from, smaller(size, type->size));
    memcpy(to, &type->size, sizeof(type->size));
    if (!is_size(size))
        return bad_size(size, type, error);
    if (from && !is_zero(from, type->size, size))
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: a field is set that this version of the library does not have: "
                            "the caller was built against a newer header",
                            type->name);
    return PLANCHE_OK;
}

enum planche_status planche_args_check_result(const void *to,
                                              const struct planche_args_struct *type,
                                              struct planche_error *error)
{
    return to && !is_size(size_of(to)) ? bad_size(size_of(to), type, error) : PLANCHE_OK;
}

void planche_args_give(void *to, const void *from, const struct planche_args_struct *type)
{
    size_t size = to ? size_of(to) : 0;
    if (!is_size(size))
        return;
    memcpy((char *)to + sizeof(size), (const char *)from + sizeof(size),
           smaller(size, type->size) - sizeof(size));
}
