/* SPDX-License-Identifier: MIT */
/* Outcomes: every function that can fail returns a status and fills an optional error. */
#ifndef PLANCHE_ERROR_H
#define PLANCHE_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) && !defined(PLANCHE_STATIC)
#define PLANCHE_API __attribute__((visibility("default")))
#else
#define PLANCHE_API
#endif

/* Initialiser of an option or result struct: struct_size set, the rest zero (C++17 has no
 * designated initialisers).
 *
 * struct_size is the caller's sizeof(struct). It tells the library which fields the caller has:
 * - smaller than the library's: the caller was built against an older header. Fields that it lacks
 *   are taken as zero, their default; of results only the fields that it has are filled.
 * - larger: the caller was built against a newer header. Fields that the library lacks must be
 *   zero, else the error is UNSUPPORTED; in results they stay as they are.
 * - 0 (a struct that was only zeroed), or no possible size: the error is ARGUMENT and names the
 *   initialiser. Nothing is done, nothing is filled.
 * All functions that take such a struct may return these two errors. Fields are only ever added at
 * the end.
 *
 * Every PLANCHE_X_INIT has a function planche_x_init(out, size) that does the same for languages
 * that cannot use the macro: it zeroes size bytes and sets struct_size to size, which is the
 * caller's sizeof(*out). NULL, and a size that does not hold struct_size, do nothing. */
#ifdef __cplusplus
#define PLANCHE_STRUCT_INIT(type)                                                                  \
    [] {                                                                                           \
        type made{};                                                                               \
        made.struct_size = sizeof made;                                                            \
        return made;                                                                               \
    }()
#else
#define PLANCHE_STRUCT_INIT(type)                                                                  \
    {                                                                                              \
        .struct_size = sizeof(type)                                                                \
    }
#endif

enum planche_status {
    PLANCHE_OK = 0,
    PLANCHE_ERROR_ARGUMENT = 1, /* an argument is not valid */
    PLANCHE_ERROR_MEMORY = 2,   /* the system has no more memory */
    PLANCHE_ERROR_BUDGET = 3, /* the memory budget is too small; the message says what is needed */
    PLANCHE_ERROR_LIMIT = 4,  /* a limit of a format or an option (max_pixels) is exceeded */
    PLANCHE_ERROR_IO = 5,     /* reading or writing a file failed */
    PLANCHE_ERROR_DATA = 6,   /* an image is damaged, cut short or not an image */
    PLANCHE_ERROR_MODEL = 7,  /* a model file is damaged or inconsistent */
    PLANCHE_ERROR_UNSUPPORTED = 8, /* well-formed, but not supported by Planche */
    PLANCHE_ERROR_NOT_FOUND = 9,   /* no such file, model or model file in the cache */
    PLANCHE_ERROR_EXISTS = 10,     /* the output exists and may not be overwritten */
    PLANCHE_ERROR_CANCELLED = 11,  /* its owner asked to stop */
    PLANCHE_ERROR_INTERNAL = 12,   /* a bug in Planche */
    PLANCHE_ERROR_DEVICE = 13,     /* a GPU failed: lost, too slow, or its result is impossible */
    PLANCHE_ERROR_DEADLINE = 14    /* the deadline passed before the work was done */
};

#define PLANCHE_ERROR_MESSAGE_SIZE 512

/* What went wrong, where, and what to do about it. Owned by the caller; on success it is untouched.
 * The message is UTF-8, one line, always terminated. */
struct planche_error {
    enum planche_status status;
    char message[PLANCHE_ERROR_MESSAGE_SIZE];
};

/* A short English name of a status ("memory budget", "damaged image"); never NULL. */
PLANCHE_API const char *planche_status_name(enum planche_status status);

#ifdef __cplusplus
}
#endif
#endif
